"""Values to an operator: `conv3-64/2(pad=1)` becomes `Conv(kernel=(3, 3), channels=64, stride=(2, 2), pad=...)`.

What a field may hold is said by the operator's own file; a refusal of its is put here in the words of a spec.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from netdsl import ops
from netdsl.elaborate.arguments import FOLLOWERS, example
from netdsl.elaborate.functions import unknown_function
from netdsl.elaborate.problems import Problem
from netdsl.elaborate.values import TRUTHS, Given, Word, show
from netdsl.ir import Setting
from netdsl.ops import Operator
from netdsl.text.diagnostics import Edit, did_you_mean, misspelt
from netdsl.text.source import Span

_made: dict[Any, Operator] = {}
"""Operators by their arguments: a network is mostly the same layer again."""


def construct(cls: type[Operator], values: Mapping[str, Given], span: Span) -> Operator:
    """The operator with these arguments. Raises `Problem` at the argument that is out of bounds or missing."""
    plain = {name: given.value for name, given in values.items()}
    key: Any = (cls, tuple((name, type(value), value) for name, value in plain.items()))
    try:
        found = _made.get(key)
    except TypeError:  # an unhashable setting
        key, found = None, None
    if found is not None:
        return found
    try:
        operator = cls.model_validate(plain)
    except ValidationError as problem:
        raise _refusal(cls, values, span, problem) from None
    if key is not None:
        if len(_made) > 4096:
            _made.clear()
        _made[key] = operator
    return operator


@cache
def bare(name: str) -> Operator:
    """The operator by this name, without arguments."""
    return ops.find(name)()


def _refusal(cls: type[Operator], values: Mapping[str, Given], span: Span, problem: ValidationError) -> Problem:
    """A pydantic refusal in the words of the spec, at the argument it is about."""
    from netdsl.ops.shared.reference import choices, type_in_words

    error = problem.errors(include_url=False)[0]
    name = str(error["loc"][0]) if error["loc"] else ""
    kind = error["type"]
    if kind == "missing":
        value = "@pool1" if cls.of is not None else "..."
        hint = f"write it as in `{example(cls)}`" if name in cls.geometry else f"write `{cls.name}({name}={value})`"
        return Problem("E0404", f"`{cls.name}` needs its {name}", span, hint)
    message, _, way_out = error["msg"].removeprefix("Value error, ").partition("; ")
    if not name:
        return Problem("E0405", f"`{cls.name}`: {message}", span, way_out or None)
    given = values.get(name, Given(error.get("input"), span))
    value, place, _ = given
    wanted = type_in_words(cls, name)
    if isinstance(value, Word) and not choices(cls, name):
        help = f"`{name}` of `{cls.name}` takes {wanted}"
        named = ops.resolve(value)
        follows = next((key for key, each in FOLLOWERS.items() if named and ops.find(named[0]).family == each), None)
        if follows in cls.followed_by:
            help = f"what follows a layer is given by name: `{follows}={value}`"
        if wanted == "true or false" and value.lower() in TRUTHS:
            meant = TRUTHS[value.lower()]
            edits = _replaced(name, value, place, meant)
            return Problem(
                "E0405", f"`{name}` (={value}) must be {wanted}", place, f"write `{name}={meant}`", edits=edits
            )
        if re.fullmatch(r"x[0-9]+", value):
            help = f"a repetition stands behind the layer, without parentheses: `{example(cls)} {value}`"
        return Problem("E0201", f"unknown name `{value}`", place, help)
    unknown = unknown_function(value.name, place) if isinstance(value, Setting) and not choices(cls, name) else None
    if unknown is not None:
        return unknown
    if kind == "value_error":
        return Problem("E0405", f"`{name}` (={show(value)}): {message}", place, way_out or None)
    found, edits = _way_out(cls, name, value, values, place, wanted)
    if kind in _BOUNDS and len(error["loc"]) <= 2 and not isinstance(value, tuple) and not wanted.startswith(_IN_WORDS):
        word, key = _BOUNDS[kind]
        number = error["ctx"][key]
        wanted = f"{word} {int(number) if float(number).is_integer() else number}"
    return Problem("E0405", f"`{name}` (={show(value)}) must be {wanted}", place, found, edits=edits)


_IN_WORDS = ("a rate", "a small number")  # types whose words say more than the bound that was broken
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("greater than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def _way_out(
    cls: type[Operator], name: str, value: Any, values: Mapping[str, Given], place: Span, wanted: str
) -> tuple[str | None, list[Edit]]:
    """The help for a value that an argument cannot have, and the edit where it is certain what was meant."""
    from netdsl.ops.shared.reference import choices

    known = choices(cls, name)
    if "@" in known:
        joined = "; sizes are joined by `x`, as in `8x64`" if isinstance(value, int) else ""
        return "a label has an `@` before it" + (f": `{name}=@{value}`" if isinstance(value, Word) else joined), []
    if known and isinstance(value, str):
        best = misspelt(value, known) or next((each for each in known if each == value.lower()), None)
        return did_you_mean(value, known), _replaced(name, value, place, best) if best else []
    out = cls.geometry.out
    term = values[name].term if name in values else None
    if isinstance(value, tuple) and term is not None:
        each = f"{example(cls).replace('64', f'{{{term}[i]}}')} x{{len({term})}} as i" if name == out else f"{term}[i]"
        return f"`{term}` is a list: `{term}[0]` is its first element, and `{each}` takes one after the other", []
    if name == out and isinstance(value, tuple):
        return f"the kernel comes before the channels: `{example(cls)}`, `[3x3, 64]`", []
    if isinstance(value, str) and not isinstance(value, Word):
        return "a number stands without quotation marks" if wanted.startswith("an integer") else None, []
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None, []
    if value == 0 and term is not None and name in cls.geometry:
        return f"`{term}` is 0 here; where an index is in it: it counts from 0, so that `i + 1` is at least 1", []
    if name == "pad" and value < 0:
        return f"`crop({-value:g})` takes pixels away", []
    if wanted.startswith("a small number") and isinstance(value, int):  # as PyTorch's nn.BatchNorm2d(64)
        return f"the channels are known: write `{cls.name}`", _replaced("", str(value), place, "")
    if wanted.startswith("a rate") and 1 < value < 100:
        return f"write `{value}%`", _replaced(name, str(value), place, f"{value}%")
    if wanted == "true or false" and isinstance(value, int) and out in values and name in values and out != name:
        return f"what comes in is known; write what comes out: `{cls.name}-{value}`", []  # PyTorch's nn.Linear(512, 10)
    if isinstance(value, float) and value.is_integer() and wanted.startswith("an integer"):
        return f"write `{int(value)}`", _replaced(name, str(value), place, str(int(value)))
    if wanted == "true or false":
        return f"write `{name}={'true' if value else 'false'}`", []
    return None, []


def _replaced(name: str, old: str, place: Span, new: str) -> list[Edit]:
    """The edit that puts `new` for the value `old` of an argument; none where it may be the value of an expression."""
    if place.end - place.start not in (len(old), len(name) + 1 + len(old)):
        return []
    return [Edit(Span(place.file, place.end - len(old), place.end), new)]
