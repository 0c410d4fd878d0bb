"""What boxes and frames say: operators as the papers write them, arguments by name, six digits, ranges on folded ones.

All of it is plain text; how a format escapes it is the format's business. What no format can hold (control characters)
is replaced here, once, and what is too long for a box ends in an ellipsis.
"""

from __future__ import annotations

import re
from functools import lru_cache

from netdsl.ir import Setting, Value, written
from netdsl.ops import Operator
from netdsl.ops.shared.notation import notation
from netdsl.shapes import Shape
from netdsl.shapes import text as shape_text
from netdsl.text.amounts import amount

LONGEST = 60
"""Characters; a longer text ends in an ellipsis."""
QUIET = ("bias", "init", "bias_init", "eps", "momentum", "ceil")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?(?:e-?\d+)?)")


def clean(value: str) -> str:
    """One line of bounded length, of characters that every format can hold; never empty."""
    line = " ".join(re.sub(r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", value).split())
    return (line[: LONGEST - 1] + "…" if len(line) > LONGEST else line) or " "


def between(first: str, last: str | None) -> str:
    """One text for two that differ in numbers: `denselayer1…6`, `64…256x56x56`; the first where they differ in more."""
    if last is None or last == first:
        return first
    one, other = _NUMBER.split(first), _NUMBER.split(last)
    if one[::2] != other[::2]:
        return first
    return "".join(a if a == b else f"{a}…{b}" for a, b in zip(one, other, strict=True))


def shape(first: Shape | None, last: Shape | None = None) -> str:
    """A shape, or the range from a first to a last one."""
    return between(shape_text(first), shape_text(last) if last is not None else None)


def counted(first: int, last: int) -> str:
    """A number of parameters, or a range of them, with its unit."""
    text = amount(first) if amount(first) == amount(last) else f"{amount(first)}…{amount(last)}"
    return f"{text} params"


@lru_cache(maxsize=4096)
def caption(op: Operator) -> tuple[str, tuple[str, ...]]:
    """An operator as its notation without arguments, and its arguments by name.

    Bias, initialization, the constants of norms and how sizes are rounded are left out of pictures; of a long list
    there is only the name.
    """
    fields = type(op).model_fields
    lists = [name for name in fields if _long(getattr(op, name))]
    plain = {
        name: fields[name].default for name in (*QUIET, *lists) if name in fields and not fields[name].is_required()
    }
    digits = {name: rounded(value) for name in fields if isinstance(value := getattr(op, name), float)}
    text = op.symbol or notation(op.model_copy(update={**digits, **plain}))
    head, _, arguments = text.partition("(")
    given = tuple(each for each in _split(arguments[:-1]) if not each.endswith("@")) if arguments else ()
    if not op.symbol and given and op.geometry == (None, None, None) and "=" not in given[0]:
        head, given = f"{head}({given[0]})", given[1:]
    return head, (*given, *(f"{name}=…" for name in lists if name != "pad"))


def _split(arguments: str) -> list[str]:
    """Arguments at their commas, not at those inside brackets."""
    found, depth, start = [], 0, 0
    for place, sign in enumerate(arguments):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            found.append(arguments[start:place].strip())
            start = place + 1
    return [*found, arguments[start:].strip()]


def _long(value: object) -> bool:
    return isinstance(value, tuple) and (len(value) > 4 or any(isinstance(item, tuple) for item in value))


def rounded(value: Value) -> Value:
    """A value with six significant digits, and so all numbers in it."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, tuple):
        return tuple(map(rounded, value))
    if isinstance(value, Setting):
        return Setting(name=value.name, args=tuple(map(rounded, value.args)), kwargs=_all(value.kwargs))
    return value


def _all(values: dict[str, Value]) -> dict[str, Value]:
    return {name: rounded(value) for name, value in values.items()}


def arguments(first: dict[str, Value], last: dict[str, Value] | None = None) -> tuple[str, ...]:
    """The arguments of a block by name; as ranges where it stands for several."""
    texts = {name: f"{name}={written(value)}" for name, value in _all(first).items()}
    if last is None or set(last) != set(first):
        return tuple(texts.values())
    return tuple(between(texts[name], f"{name}={written(value)}") for name, value in _all(last).items())


def wrapped(items: tuple[str, ...], width: int, lines: int, separator: str = ", ") -> tuple[str, ...]:
    """Items in lines of about `width` characters, at most so many; what has no room is an ellipsis."""
    found: list[str] = []
    for number, item in enumerate(items):
        if found and len(found[-1]) + len(item) + 2 <= width:
            found[-1] += separator + item
        elif len(found) < lines:
            found.append(item)
        else:
            found[-1] += separator + "…"
            break
        if number + 1 < len(items) and len(found[-1]) > width:
            found[-1] = found[-1][: width - 1] + "…"
    return tuple(found)
