"""The types that operators' fields share: sizes, pairs, paddings and rates.

Each type carries its bounds for Pydantic, and in `Words` what a reader calls it, for messages and the reference.
All are strict: `true` is no integer, `2.0` no count, and `"3"` no number.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import BeforeValidator, Field

from netdsl.shapes import LARGEST


class Words(NamedTuple):
    """What a type is called in the reference and in messages: "... must be `text`"."""

    text: str


def _both(value: Any) -> Any:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


def _sides(value: Any) -> Any:
    """An int or height x width as [top, bottom, left, right]."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,) * 4
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return (value[0], value[0], value[1], value[1])
    return value


# Numbers
Count: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST, strict=True), Words("an integer of at least 1")]
Size: TypeAlias = Annotated[int, Field(ge=0, le=LARGEST, strict=True), Words("an integer of at least 0")]
Flag: TypeAlias = Annotated[bool, Field(strict=True), Words("true or false")]
Rate: TypeAlias = Annotated[float, Field(ge=0, lt=1, strict=True), Words("a rate from 0 to below 1, as 50% or 0.5")]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1, strict=True), Words("a number from 0 to 1")]
Finite: TypeAlias = Annotated[float, Field(allow_inf_nan=False, strict=True), Words("a number")]
Positive: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True), Words("a number greater than 0")]
Epsilon: TypeAlias = Annotated[
    float, Field(gt=0, lt=1, allow_inf_nan=False, strict=True), Words("a small number between 0 and 1, such as 1e-5")
]
NonNegative: TypeAlias = Annotated[
    float, Field(ge=0, allow_inf_nan=False, strict=True), Words("a number of at least 0")
]

# Height x width
Pair: TypeAlias = Annotated[
    tuple[Count, Count], BeforeValidator(_both), Words("height x width, or one integer of at least 1 for both")
]
"""Height x width of a kernel or a stride; an integer stands for both."""
PairOfSizes: TypeAlias = Annotated[
    tuple[Size, Size], BeforeValidator(_both), Words("height x width, or one integer of at least 0 for both")
]
Sides: TypeAlias = Annotated[
    tuple[Size, Size, Size, Size],
    BeforeValidator(_sides),
    Words("an integer of at least 0, height x width, or [top, bottom, left, right]"),
]
"""[top, bottom, left, right]; an integer for all, height x width for both pairs."""
Pad: TypeAlias = Annotated[
    Literal["same", "valid", "tf"] | Sides,
    Words("same, valid, tf, an integer of at least 0, height x width, or [top, bottom, left, right]"),
]

# What several operators say in the same words
Frozen: TypeAlias = Annotated[
    Flag, Field(description="Keep the weights out of training and out of the parameter count that papers print.")
]
