"""From written arguments to an operator: defaults, geometry, positions and names, bounds.

`conv3-64/2(pad=1)` becomes `Conv(kernel=(3, 3), channels=64, stride=(2, 2), pad=...)`. What a field may hold is
said by the operator's own file; this module puts the values in their places and turns a refusal into a diagnostic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from netdsl import ops
from netdsl.diagnostics import Related, did_you_mean
from netdsl.elaborate.values import Word, show
from netdsl.ir import Setting
from netdsl.ops import Operator
from netdsl.source import Span
from netdsl.syntax import tree


class Given(NamedTuple):
    """A value and where it was written."""

    value: Any
    span: Span


class Problem(Exception):
    """Something wrong with an argument, to be reported by whoever knows the calls that led here."""

    def __init__(
        self,
        code: str,
        message: str,
        span: Span,
        help: str | None = None,
        related: Sequence[Related] = (),
        label: str = "",
    ):
        super().__init__(message)
        self.code, self.message, self.span, self.help = code, message, span, help
        self.related, self.label = tuple(related), label


def field_names(cls: type[Operator]) -> list[str]:
    """The arguments of an operator as a spec writes them, in order."""
    return [info.alias or name for name, info in cls.model_fields.items()]


def bind(
    what: str, names: Sequence[str], extra: Sequence[str], arguments: Sequence[tree.Argument], value: Any
) -> dict[str, Given]:
    """Give each argument its name: positional ones in the order of `names`, named ones from `names` and `extra`.

    `value` evaluates an expression. Raises `Problem` for unknown, repeated and misplaced arguments.
    """
    bound: dict[str, Given] = {}
    named = False
    for index, argument in enumerate(arguments):
        if argument.name is None:
            if named:
                raise Problem("E0406", "a positional argument after a named one", argument.span, "give its name too")
            if index >= len(names):
                most = f"{len(names)} argument{'s' if len(names) != 1 else ''}"
                raise Problem(
                    "E0403", f"`{what}` takes at most {most}", argument.span, _listing(what, [*names, *extra])
                )
            name = names[index]
        else:
            named = True
            name = argument.name.text
            if name not in names and name not in extra:
                match = next((known for known in (*names, *extra) if known == name.lower()), None)
                if match is None:
                    raise Problem(
                        "E0401",
                        f"`{what}` has no argument `{name}`",
                        argument.name.span,
                        did_you_mean(name, [*names, *extra], "its arguments") or _listing(what, [*names, *extra]),
                    )
                name = match
        if name in bound:
            raise Problem(
                "E0402",
                f"`{name}` is given twice",
                argument.span,
                related=[Related(bound[name].span, "first given here")],
            )
        bound[name] = Given(value(argument.value), argument.span)
    return bound


def _listing(what: str, names: Sequence[str]) -> str:
    return f"`{what}` takes " + (", ".join(names) if names else "no arguments")


_cache: dict[Any, Operator] = {}


def construct(cls: type[Operator], values: Mapping[str, Given], span: Span) -> Operator:
    """The operator with these arguments. Raises `Problem` at the argument that is out of bounds or missing."""
    plain = {name: given.value for name, given in values.items()}
    key: Any = (cls, tuple((name, type(value), value) for name, value in plain.items()))
    try:
        found = _cache.get(key)
    except TypeError:  # an unhashable setting
        key, found = None, None
    if found is not None:
        return found
    try:
        operator = cls.model_validate(plain)
    except ValidationError as problem:
        raise _refusal(cls, values, span, problem) from None
    if key is not None:
        if len(_cache) > 4096:
            _cache.clear()
        _cache[key] = operator
    return operator


def _refusal(cls: type[Operator], values: Mapping[str, Given], span: Span, problem: ValidationError) -> Problem:
    """A pydantic refusal in the words of the spec, at the argument it is about."""
    error = problem.errors(include_url=False)[0]
    name = str(error["loc"][0]) if error["loc"] else ""
    place = values[name].span if name in values else span
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        part = {cls.geometry.kernel: "{}3", cls.geometry.out: "{}-64", cls.geometry.stride: "{}/2"}.get(name)
        hint = f"write it as in `{_example(cls)}`" if part else f"write `{cls.name}({name}=...)`"
        return Problem("E0404", f"`{cls.name}` needs its {name}", span, hint)
    if not name:
        return Problem("E0405", f"`{cls.name}`: {_words(error['msg'])}", span)
    value = values[name].value if name in values else error.get("input")
    bounds = {
        "greater_than_equal": ("at least", "ge"),
        "greater_than": ("greater than", "gt"),
        "less_than_equal": ("at most", "le"),
        "less_than": ("less than", "lt"),
    }
    if isinstance(value, Word) and not _takes_word(cls, name):
        return Problem("E0201", f"unknown name `{value}`", place, f"`{name}` of `{cls.name}` takes {_type(cls, name)}")
    if kind in bounds and len(error["loc"]) <= 2 and not isinstance(value, tuple):
        words, bound = bounds[kind]
        return Problem("E0405", f"`{name}` (={show(value)}) must be {words} {context[bound]}", place)
    if kind == "value_error":
        return Problem("E0405", f"`{name}` (={show(value)}): {_words(error['msg'])}", place)
    return Problem("E0405", f"`{name}` (={show(value)}) must be {_type(cls, name)}", place)


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")


def _example(cls: type[Operator]) -> str:
    geometry = cls.geometry
    return cls.name + ("3" if geometry.kernel else "") + ("-64" if geometry.out else "")


def _takes_word(cls: type[Operator], name: str) -> bool:
    from netdsl.ops._reference import choices

    return bool(choices(cls, name))


def _type(cls: type[Operator], name: str) -> str:
    from netdsl.ops._reference import type_in_words

    return type_in_words(cls, name)


# norm= and act= ----------------------------------------------------------------------------------------------------

FOLLOWERS = {"norm": ops.Family.NORMALIZATION, "act": ops.Family.ACTIVATION}


def follower(argument: str, given: Given, defaults: Mapping[str, Mapping[str, Given]]) -> Operator | None:
    """The operator that `norm=` or `act=` names, with its own defaults; None for `none`."""
    value, span = given
    if value is None:
        return None
    setting = value if isinstance(value, Setting) else None
    name = setting.name if setting else value
    family = FOLLOWERS[argument]
    known = [each for each in ops.names() if ops.find(each).family == family] if not isinstance(name, str) else None
    resolved = ops.resolve(name) if isinstance(name, str) else None
    if resolved is None or resolved[1] or ops.find(resolved[0]).family != family:
        known = [each for each in ops.names() if ops.find(each).family == family]
        raise Problem(
            "E0405",
            f"`{argument}` (={show(value)}) must be none or one of the {family} operators",
            span,
            did_you_mean(str(name), known) or ", ".join(known),
        )
    cls = ops.find(resolved[0])
    values = dict(defaults.get(cls.name, {}))
    if setting:
        names = field_names(cls)
        if len(setting.args) > len(names):
            raise Problem("E0403", f"`{cls.name}` takes at most {len(names)} arguments", span)
        written = {**dict(zip(names, setting.args, strict=False))}
        for key, item in setting.kwargs.items():
            if key not in names:
                raise Problem("E0401", f"`{cls.name}` has no argument `{key}`", span, did_you_mean(key, names))
            if key in written:
                raise Problem("E0402", f"`{key}` is given twice", span)
            written[key] = item
        values.update({key: Given(item, span) for key, item in written.items()})
    return construct(cls, values, span)
