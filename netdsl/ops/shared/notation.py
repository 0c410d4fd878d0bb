"""An operator as the papers print it: `conv3-64/2(pad=1, bias=false)`. The text reads back to the same operator."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

from pydantic.fields import FieldInfo

from netdsl.ops.shared.base import Operator
from netdsl.ops.shared.fields import PerDimension, Rate, WholeRate, WholeShape, Words, parts
from netdsl.ops.shared.init import Init

_RATES = [each.text for rate in (Rate, WholeRate) for each in get_args(rate) if isinstance(each, Words)]


def notation(op: Operator) -> str:
    """The canonical text of an operator: geometry first, then the arguments that are not defaults, by name.

    An operator without geometry has its first argument without its name: `dropout(40%)`.
    """
    cls = type(op)
    geometry = cls.geometry
    text = cls.name
    for key, sign in ((geometry.kernel, ""), (geometry.out, "-"), (geometry.stride, "/")):
        if key is not None and (cls.model_fields[key].is_required() or not op.is_default(key)):
            text += sign + argument(cls.model_fields[key], getattr(op, key))
    arguments = []
    for index, (key, info) in enumerate(cls.model_fields.items()):
        item = getattr(op, key)
        if key in geometry or not info.repr or (not info.is_required() and op.is_default(key)):
            continue
        written = argument(info, item)
        bare = index == 0 and geometry == (None, None, None) and not isinstance(item, bool)
        arguments.append(written if bare else f"{info.alias or key}={written}")
    return text + (f"({', '.join(arguments)})" if arguments else "")


def argument(info: FieldInfo, item: Any) -> str:
    """A field's value as a spec writes it: rates in percent, paddings as short as they go."""
    if isinstance(item, float) and any(isinstance(words, Words) and words.text in _RATES for words in info.metadata):
        return percent(item)
    every = parts(info)
    if isinstance(item, tuple) and any(isinstance(each, WholeShape) for each in every):
        return "x".join(map(str, item))
    mark = next((each for each in every if isinstance(each, PerDimension)), None)
    if mark is not None and isinstance(item, tuple):
        if len(set(item)) == 1:
            return value(item[0])
        if any(isinstance(each, float) for each in item):
            return listed(item)
        if mark.each == 2 and len(item) != 3:
            return "x".join(map(str, item[::2])) if item[::2] == item[1::2] else listed(item)
        if mark.sides and len(item) > 3:
            return listed(item)
        return "x".join(map(str, item))
    return listed(item)


def value(item: Any) -> str:
    """A single value as a spec writes it."""
    if item is None:
        return "none"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, float):
        return number(item)
    if isinstance(item, Init):
        settings = [f"{key}={value(getattr(item, key))}" for key in _settings(item)]
        return item.name + (f"({', '.join(settings)})" if settings else "")  # type: ignore[attr-defined,no-any-return]
    return str(item)


def listed(item: Any) -> str:
    """A list, and the lists in it, in brackets."""
    return "[" + ", ".join(map(listed, item)) + "]" if isinstance(item, tuple) else value(item)


def _settings(init: Init) -> list[str]:
    return [
        key
        for key, info in type(init).model_fields.items()
        if key != "name" and (info.is_required() or key in init.settings)
    ]


def number(item: float) -> str:
    """A number as short as it goes without loss: `2`, `0.75`, `1e-5`."""
    if item.is_integer() and abs(item) < 1e15:
        return str(int(item))
    if 1e-3 <= abs(item) < 1e15:
        return repr(item)
    negative, digits, exponent = Decimal(repr(item)).normalize().as_tuple()
    first, rest = digits[0], "".join(map(str, digits[1:]))
    return f"{'-' * negative}{first}{'.' + rest if rest else ''}e{int(exponent) + len(rest)}"


def percent(rate: float) -> str:
    """A rate as `40%` where that is exact and short; else as a number."""
    shown = Decimal(repr(rate)) * 100
    text = f"{shown.normalize():f}"
    return f"{text}%" if len(text) <= 5 and float(text) / 100 == rate else number(rate)
