"""The types that operators' fields share: sizes, paddings and rates.

Each type carries its bounds for Pydantic, and in `Words` what a reader calls it, for messages and the reference.
All are strict: `true` is no integer, `2.0` no count, and `"3"` no number.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, get_args

from pydantic import BeforeValidator, Field
from pydantic.fields import FieldInfo

from netdsl.shapes import LARGEST


class Words(NamedTuple):
    """What a type is called in the reference and in messages: "... must be `text`"."""

    text: str


class PerDimension(NamedTuple):
    """Of a field that holds so many sizes for each dimension of the map, or one for all (`Operator.fitted`).

    `sides`: it may also hold two for each, and stays so.
    """

    each: int
    sides: bool = False


class WholeShape:
    """Of a field that is a shape, of which every size is written."""


def present(value: bool) -> bool:
    """Whether it is true: what JSON does not show of a field added later that is true unless something is said."""
    return value


def parts(info: FieldInfo) -> list[Any]:
    """The metadata of a field and of all that its annotation is made of."""
    found = list(info.metadata)
    todo = [info.annotation]
    while todo:
        for inner in get_args(todo.pop()):
            todo.append(inner)
            found.append(inner)
    return found


def _one(value: Any) -> Any:
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


def _factor(value: Any) -> Any:
    return (value,) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def absent(value: Any) -> bool:
    """Whether it says nothing: what is asked of a field that JSON shall not show then, as of those added later."""
    return value is None or value is False


# Numbers
Count: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST, strict=True), Words("an integer of at least 1")]
Size: TypeAlias = Annotated[int, Field(ge=0, le=LARGEST, strict=True), Words("an integer of at least 0")]
Flag: TypeAlias = Annotated[bool, Field(strict=True), Words("true or false")]
Rate: TypeAlias = Annotated[float, Field(ge=0, lt=1, strict=True), Words("a rate from 0 to below 1, as 50% or 0.5")]
WholeRate: TypeAlias = Annotated[float, Field(ge=0, le=1, strict=True), Words("a rate from 0 to 1, as 50% or 0.5")]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1, strict=True), Words("a number from 0 to 1")]
Finite: TypeAlias = Annotated[float, Field(allow_inf_nan=False, strict=True), Words("a number")]
Positive: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True), Words("a number greater than 0")]
Epsilon: TypeAlias = Annotated[
    float, Field(gt=0, lt=1, allow_inf_nan=False, strict=True), Words("a small number between 0 and 1, such as 1e-5")
]
NonNegative: TypeAlias = Annotated[
    float, Field(ge=0, allow_inf_nan=False, strict=True), Words("a number of at least 0")
]

# For each dimension of a map: height x width of an image, one number of a signal, three of a clip
Sizes: TypeAlias = Annotated[
    tuple[Count, ...],
    Field(min_length=1, max_length=3),
    BeforeValidator(_one),
    PerDimension(1),
    Words("an integer of at least 1, or one for each dimension, as 1x7"),
]
"""A kernel or a stride, height x width; an integer stands for all dimensions."""
Offsets: TypeAlias = Annotated[
    tuple[Size, ...],
    Field(min_length=1, max_length=3),
    BeforeValidator(_one),
    PerDimension(1),
    Words("an integer of at least 0, or one for each dimension, as 1x0"),
]
Sides: TypeAlias = Annotated[
    tuple[Size, ...],
    Field(min_length=1, max_length=6),
    BeforeValidator(_one),
    PerDimension(2),
    Words("an integer of at least 0, height x width, or [top, bottom, left, right]"),
]
"""[top, bottom, left, right]; an integer for all, height x width for both pairs. Of one dimension [left, right], of
three [front, back, top, bottom, left, right]."""
Pad: TypeAlias = Annotated[
    Literal["same", "valid", "tf"] | Sides,
    Words("same, valid, tf, an integer of at least 0, height x width, or [top, bottom, left, right]"),
]

Dims: TypeAlias = Annotated[
    tuple[Count, ...],
    Field(min_length=1, max_length=4),
    BeforeValidator(_one),
    WholeShape(),
    Words("channels x height x width, or a number of features"),
]
Factors: TypeAlias = Annotated[
    tuple[Count | Positive, ...],
    Field(min_length=1, max_length=3),
    BeforeValidator(_factor),
    PerDimension(1),
    Words("a number greater than 0, or one for each dimension, as 1x2 or [1.5, 2]"),
]
Cut: TypeAlias = Annotated[
    Literal["same", "valid", "tf"]
    | Annotated[
        tuple[Size, ...],
        Field(min_length=1, max_length=6),
        BeforeValidator(_one),
        PerDimension(1, sides=True),
        Words("an integer of at least 0, height x width, or [top, bottom, left, right]"),
    ],
    Words("same, valid, tf, an integer of at least 0, height x width, or [top, bottom, left, right]"),
]
"""What is taken away on each side: as `Pad`, but where both sides are alike it is height x width."""

# A label: the value named is the operator's next input, behind the current one
Label: TypeAlias = Annotated[Literal["@"], Words("a label, as @x")]
Reference: TypeAlias = Annotated[Label | None, Words("a label, as @x")]

# What several operators say in the same words
Frozen: TypeAlias = Annotated[
    Flag, Field(description="Keep the weights out of training and out of the parameter count that papers print.")
]
