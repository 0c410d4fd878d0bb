"""From written arguments to an operator: defaults, geometry, positions and names, bounds.

`conv3-64/2(pad=1)` becomes `Conv(kernel=(3, 3), channels=64, stride=(2, 2), pad=...)`. What a field may hold is
said by the operator's own file; this module puts the values in their places and turns a refusal into a diagnostic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from netdsl import ops
from netdsl.elaborate.values import Word, show
from netdsl.ir import Setting
from netdsl.ops import Operator
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit, Related, did_you_mean, misspelt
from netdsl.text.source import Span


class Given(NamedTuple):
    """A value and where it was written; `term` is the text of an expression that names something."""

    value: Any
    span: Span
    term: str | None = None


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
        edits: Sequence[Edit] = (),
    ):
        super().__init__(message)
        self.code, self.message, self.span, self.help = code, message, span, help
        self.related, self.label, self.edits = tuple(related), label, tuple(edits)


def field_names(cls: type[Operator]) -> list[str]:
    """The arguments of an operator as a spec writes them, in order."""
    return [info.alias or name for name, info in cls.model_fields.items()]


def bind(
    what: str,
    names: Sequence[str],
    extra: Sequence[str],
    arguments: Sequence[tree.Argument],
    value: Any,
    term: Callable[[tree.Expression], str | None] = lambda expression: None,
) -> dict[str, Given]:
    """Give each argument its name: positional ones in the order of `names`, named ones from `names` and `extra`.

    `value` evaluates an expression, `term` tells its text. Raises `Problem` for unknown, repeated and misplaced
    arguments.
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
                    raise _unknown(what, names, extra, argument, arguments)
                name = match
        if name in bound:
            raise Problem(
                "E0402",
                f"`{name}` is given twice",
                argument.span,
                related=[Related(bound[name].span, "first given here")],
            )
        bound[name] = Given(value(argument.value), argument.span, term(argument.value))
    return bound


def _unknown(
    what: str, free: Sequence[str], extra: Sequence[str], argument: tree.Argument, arguments: Sequence[tree.Argument]
) -> Problem:
    """An argument that there is not, with what netdsl calls it, where others call it so."""
    from netdsl import foreign

    assert argument.name is not None
    name, span = argument.name.text, argument.name.span
    known = list(dict.fromkeys((*free, *extra)))
    edits: list[Edit] = []
    same = next((each for each in foreign.ARGUMENTS.get(name.lower(), ()) if each in known), None)
    if same is not None and free and same not in free and same not in FOLLOWERS:
        help: str | None = f"the notation has said `{same}` already: leave it out"
    elif same is not None:
        written = any(each.name is not None and each.name.text == same for each in arguments)
        edits = [] if written else [Edit(span, same)]
        help = f"netdsl calls it `{same}`"
        if what in ops.names() and same in ops.find(what).geometry:
            help += f", and writes it into the layer: `{_example(ops.find(what), whole=True)}`"
    elif name.lower() in foreign.NEEDLESS:
        help = foreign.NEEDLESS[name.lower()]
        edits = _left_out(argument, arguments) if help.endswith("leave it out") else []
    else:
        certain = misspelt(name, known)
        edits = [Edit(span, certain)] if certain else []
        help = did_you_mean(name, known, "its arguments") or _listing(what, known)
    return Problem("E0401", f"`{what}` has no argument `{name}`", span, help, edits=edits)


def _left_out(argument: tree.Argument, arguments: Sequence[tree.Argument]) -> list[Edit]:
    """The edit that takes an argument away, with the comma that separates it from its neighbour."""
    place = next(index for index, each in enumerate(arguments) if each is argument)
    span = argument.span
    if place + 1 < len(arguments):
        return [Edit(Span(span.file, span.start, arguments[place + 1].span.start), "")]
    start = arguments[place - 1].span.end if place else span.start
    return [Edit(Span(span.file, start, span.end), "")]


def _listing(what: str, names: Sequence[str]) -> str:
    return f"`{what}` takes " + (", ".join(dict.fromkeys(names)) if names else "no arguments")


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
    message, _, way_out = error["msg"].removeprefix("Value error, ").partition("; ")
    if not name:
        return Problem("E0405", f"`{cls.name}`: {message}", span, way_out or None)
    value = values[name].value if name in values else error.get("input")
    if isinstance(value, Word) and not _takes_word(cls, name):
        help: str | None = f"`{name}` of `{cls.name}` takes {_type(cls, name)}"
        if re.fullmatch(r"x[0-9]+", value):
            help = f"a repetition stands behind the layer, without parentheses: `{_example(cls)} {value}`"
        return Problem("E0201", f"unknown name `{value}`", place, help)
    if kind == "value_error":
        return Problem("E0405", f"`{name}` (={show(value)}): {message}", place, way_out or None)
    bound = _BOUNDS.get(kind)
    wanted = _type(cls, name)
    if bound and len(error["loc"]) <= 2 and not isinstance(value, tuple) and not wanted.startswith(_IN_WORDS):
        number = context[bound[1]]
        wanted = f"{bound[0]} {int(number) if float(number).is_integer() else number}"
    return Problem(
        "E0405", f"`{name}` (={show(value)}) must be {wanted}", place, **_way_out(cls, name, value, values, place)
    )


_IN_WORDS = ("a rate", "a small number")  # types whose words say more than the bound that was broken
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("greater than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def _way_out(cls: type[Operator], name: str, value: Any, values: Mapping[str, Given], place: Span) -> dict[str, Any]:
    """The help for a value that an argument cannot have, and the edit where it is certain what was meant."""
    if isinstance(value, str) and _takes_word(cls, name):
        from netdsl.ops.shared.reference import choices

        known = choices(cls, name)
        best = misspelt(value, known) or next((each for each in known if each == value.lower()), None)
        return {"help": did_you_mean(value, known), "edits": _replaced(name, value, place, best) if best else []}
    wanted = _type(cls, name)
    if name == cls.geometry.out and isinstance(value, tuple):
        return {"help": f"the kernel comes before the channels: `{_example(cls)}`, `[3x3, 64]`"}
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return {}
    if wanted.startswith("a small number") and isinstance(value, int):  # as PyTorch's nn.BatchNorm2d(64)
        return {"help": f"the channels are known: write `{cls.name}`", "edits": _replaced("", str(value), place, "")}
    if wanted.startswith("a rate") and 1 < value < 100:
        text = f"{value}%"
        return {"help": f"write `{text}`", "edits": _replaced(name, str(value), place, text)}
    out = cls.geometry.out
    if wanted == "true or false" and out is not None and isinstance(value, int):
        sizes = [given.value for key, given in values.items() if key in (out, name)]
        if len(sizes) == 2:  # as PyTorch's nn.Linear(512, 10)
            return {"help": f"what comes in is known; write what comes out: `{cls.name}-{value}`"}
    if isinstance(value, float) and value.is_integer() and wanted.startswith("an integer"):
        return {"help": f"write `{int(value)}`", "edits": _replaced(name, str(value), place, str(int(value)))}
    if wanted == "true or false" and value in (0, 1):
        return {"help": f"write `{name}={'true' if value else 'false'}`"}
    return {}


def _replaced(name: str, old: str, place: Span, new: str) -> list[Edit]:
    """The edit that puts `new` for the value `old` of an argument; none where it may be the value of an expression."""
    if place.end - place.start not in (len(old), len(name) + 1 + len(old)):
        return []
    return [Edit(Span(place.file, place.end - len(old), place.end), new)]


def _example(cls: type[Operator], whole: bool = False) -> str:
    """The operator in its notation, with its stride too if it is to be `whole`."""
    geometry = cls.geometry
    text = cls.name + ("3" if geometry.kernel else "") + ("-64" if geometry.out else "")
    return text + ("/2" if whole and geometry.stride else "")


def _takes_word(cls: type[Operator], name: str) -> bool:
    from netdsl.ops.shared.reference import choices

    return bool(choices(cls, name))


def _type(cls: type[Operator], name: str) -> str:
    from netdsl.ops.shared.reference import type_in_words

    return type_in_words(cls, name)


# norm= and act= ----------------------------------------------------------------------------------------------------

FOLLOWERS = {"norm": ops.Family.NORMALIZATION, "act": ops.Family.ACTIVATION}


class Follower(NamedTuple):
    """The operator that `norm=` or `act=` names, and the terms of that argument and of its defaults."""

    op: Operator
    terms: dict[str, str]


def follower(argument: str, given: Given, defaults: Mapping[str, Mapping[str, Given]]) -> Follower | None:
    """The operator that `norm=` or `act=` names, with its own defaults; None for `none`."""
    value, span, term = given
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
            _known_as(str(name), family) or did_you_mean(str(name), known) or ", ".join(known),
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
                from netdsl import foreign

                same = next((each for each in foreign.ARGUMENTS.get(key.lower(), ()) if each in names), None)
                help = f"netdsl calls it `{same}`" if same else did_you_mean(key, names, "its arguments")
                raise Problem("E0401", f"`{cls.name}` has no argument `{key}`", span, help)
            if key in written:
                raise Problem("E0402", f"`{key}` is given twice", span)
            written[key] = item
        values.update({key: Given(item, span) for key, item in written.items()})
    terms = {key: each.term for key, each in values.items() if each.term is not None}
    if term is not None:
        terms[argument] = term
    return Follower(construct(cls, values, span), terms)


def _known_as(name: str, family: ops.Family) -> str | None:
    """What netdsl calls a norm or activation that others call `name`."""
    from netdsl import foreign

    layer = foreign.layer(name)
    return layer.help if layer and layer.same and ops.find(layer.same).family == family else None
