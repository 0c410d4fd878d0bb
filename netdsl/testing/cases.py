"""Operators drawn from their own field annotations, with every argument, and inputs that they are applied to.

A new operator file needs nothing here: what a field may hold is read off its annotation. `FITTING` has the few whose
arguments must fit each other or the input, which chance would hardly ever hit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from netdsl import ops
from netdsl.ops import Operator
from netdsl.ops.shared import init as initial
from netdsl.ops.shared.base import references
from netdsl.ops.shared.fields import PerDimension
from netdsl.ops.shared.notation import notation
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError


class Case(NamedTuple):
    """An operator applied to inputs of these shapes."""

    op: Operator
    inputs: tuple[Shape, ...]

    def __str__(self) -> str:
        return notation(self.op)


# Arguments ------------------------------------------------------------------------------------------------------------

INITS = (
    "zeros",
    "lecun",
    "sign",
    {"name": "normal", "std": 0.01},
    {"name": "trunc_normal", "std": 0.02, "a": -0.04, "b": 0.04},
    {"name": "uniform", "a": 0.05},
    {"name": "kaiming_normal", "mode": "fan_out"},
    "xavier",
)


def values(annotation: Any, metadata: tuple[Any, ...] = (), rank: int = 2) -> SearchStrategy[Any]:
    """Values that a field of this annotation takes, for maps of `rank` dimensions; small as far as bounds allow."""
    origin, args = get_origin(annotation), get_args(annotation)
    if any(getattr(item, "func", None) is initial.parse for item in metadata):
        return st.sampled_from(INITS)
    if origin is Annotated:
        return values(args[0], (*args[1:], *metadata), rank)
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, UnionType):
        return st.one_of(*(values(item, (), rank) for item in args))
    if origin is tuple and args[-1] is Ellipsis:
        least = next((item.min_length for item in _constraints(metadata) if hasattr(item, "min_length")), 0)
        most = next((item.max_length for item in _constraints(metadata) if hasattr(item, "max_length")), 4)
        item = values(args[0], (), rank)
        for mark in metadata:
            if isinstance(mark, PerDimension):  # one for all, one each, or two each
                counts = st.sampled_from([1, 1, rank, rank * (2 if mark.sides else mark.each)])
                return counts.flatmap(lambda count: st.tuples(*[item] * count))
        return st.lists(item, min_size=least, max_size=most).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(item) for item in args))
    if annotation is type(None):
        return st.none()
    if annotation is bool:
        return st.booleans()
    bounds = {
        key: getattr(item, key)
        for item in _constraints(metadata)
        for key in ("ge", "gt", "le", "lt")
        if hasattr(item, key)
    }
    if annotation is int:
        low = bounds.get("ge", -3)
        return st.sampled_from([low + step for step in (0, 0, 1, 1, 2, 2, 3, 4, 6)])
    assert annotation is float, f"teach values() to draw {annotation}"
    low, high = bounds.get("ge", bounds.get("gt", -2)), bounds.get("le", bounds.get("lt", 2))
    return st.sampled_from([low + (high - low) * share for share in (0.25, 0.4, 0.5, 0.8125)])


def _constraints(metadata: tuple[Any, ...]) -> list[Any]:
    found: list[Any] = []
    for item in metadata:
        found.extend(item.metadata if isinstance(item, FieldInfo) else [item])
    return found


@st.composite
def arguments(draw: st.DrawFn, cls: type[Operator], rank: int) -> dict[str, Any]:
    """Arguments for an operator on maps of `rank` dimensions: all that it needs, and some of the others."""
    found = {}
    for key, info in cls.model_fields.items():
        if info.is_required() or draw(st.sampled_from([False, False, True])):
            found[info.alias or key] = draw(values(info.annotation, tuple(info.metadata), rank))
    return found


# Inputs ---------------------------------------------------------------------------------------------------------------

channels = st.sampled_from([1, 2, 3, 4, 6, 8, 12])
sizes = st.sampled_from([7, 8, 1, 2, 3, 5, 9, 12, 13, 14])
small = st.sampled_from([4, 5, 1, 2, 3, 6, 7])
shapes = st.sampled_from([2, 1, 3, 2, 2, 1, 0]).flatmap(
    lambda rank: st.tuples(channels, *[small if rank == 3 else sizes] * rank)
)
"""Maps of every rank, and features."""


@st.composite
def joined(draw: st.DrawFn, cls: type[Operator], first: Shape) -> tuple[Shape, ...]:
    """As many inputs as an operator takes; several mostly agree, or differ in channels, or are Cx1x1."""
    least, most = cls.inputs
    count = draw(st.integers(least, min(most or 4, 4)))
    single, wider = (first[0], *(1 for _ in first[1:])), (first[0] + 1, *first[1:])
    near = st.sampled_from([first, first, first, single, single, wider, None])
    return (first, *(draw(near) or draw(shapes) for _ in range(count - 1)))


# What must fit: drawn arguments and inputs, to such as belong together. `free` says whether the first input may change.

Given = dict[str, Any]
Inputs = tuple[Shape, ...]


def _divisors(number: int) -> SearchStrategy[int]:
    return st.sampled_from([n for n in range(1, number + 1) if number % n == 0])


def _grouped(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    if "groups" in given:
        given = {**given, "groups": draw(_divisors(inputs[0][0]))}
        if "channels" in given:
            given["channels"] = given["groups"] * draw(st.integers(1, 3))
    return given, inputs


def _connected(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    if given.get("connect") is None:
        return _grouped(draw, given, inputs, free)
    maps = st.lists(st.integers(0, inputs[0][0] - 1), min_size=1, max_size=4, unique=True)
    table = draw(st.lists(maps, min_size=1, max_size=5))
    kept = {key: value for key, value in given.items() if key not in ("groups", "ceil")}
    return {**kept, "connect": table, "channels": len(table)}, inputs


def _refolded(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    if not free:
        first = draw(_divisors(prod(inputs[0])))
        return {"to": draw(st.permutations([first, prod(inputs[0]) // first]))}, inputs
    if given.get("like") is not None:
        plane = draw(st.tuples(*[small] * draw(st.integers(1, 3))))
        return {"like": "@"}, ((draw(channels), prod(plane)), (draw(channels), *plane))
    to = given.get("to") or (3, 2)
    return {"to": to}, (tuple(draw(st.permutations(to))) if draw(st.booleans()) else (prod(to),),)


def _sized(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    """The value that `like` names is a little smaller or larger."""
    if given.get("like") is None:
        return given, inputs
    less = draw(st.sampled_from([0, 1, 2, -1, -3]))
    like = (draw(channels), *(max(size - less, 1) for size in inputs[0][1:]))
    return {key: value for key, value in given.items() if key not in ("sides", "to", "factor")}, (inputs[0], like)


def _enlarged(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    given, inputs = _sized(draw, given, inputs, free)
    if "to" in given and "factor" in given:
        given.pop("to")
    if given.get("align_corners") or given.get("antialias"):
        given["mode"] = draw(st.sampled_from(["bilinear", "bicubic"]))
    return given, inputs


def _unpooled(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    before = draw(st.tuples(channels, *[small] * draw(st.integers(1, 3))))
    fields = {key: value for key, value in given.items() if key != "pool"}
    try:
        return given, (ops.find("maxpool").model_validate(fields).fitted(len(before) - 1).shape((before,)), before)
    except (OpError, ValidationError):
        return {"pool": "@"}, (before[:1] + tuple(size // 2 for size in before[1:]), before)


def _attended(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    first = inputs[0] if len(inputs[0]) > 1 else (*inputs[0], 6)
    heads = draw(_divisors(first[0]))
    given = {**given, "heads": heads}
    if "dim" in given:
        given["dim"] = heads * draw(st.integers(1, 3))
    if given.get("causal"):
        given = {key: value for key, value in given.items() if key not in ("window", "relative_bias", "shift")}
    if given.get("window") is None:
        given.pop("shift", None)
    elif draw(st.booleans()):
        given["window"], given["shift"] = draw(st.sampled_from([(3, 1), (2, 1), (4, 2), (3, 0)]))
    if not free or given.get("window") is not None or given.get("relative_bias"):
        return given, (first,)
    source = draw(st.sampled_from([first, first, (first[0], 5), (4, 5)]))
    sources = [(first,), (first,), (first, source), (first, source, (draw(channels), *source[1:]))]
    return given, draw(st.sampled_from(sources))


def _apart(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    return ({**given, "across": draw(_divisors(inputs[0][0]))} if given.get("across") else given), inputs


def _squared(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    r = draw(st.sampled_from([1, 2, 2, 3]))
    shape = (draw(st.sampled_from([r**2, 2 * r**2, r**4, 3])), 2 * r, 3 * r)
    return {**given, "factor": r}, (shape,) if free else inputs


def _multiplied(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    m, k, n = (draw(small) for _ in range(3))
    return given, ((m, k), (k, n))


def _sequence(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    shape = (draw(channels), draw(small)) if free else inputs[0]
    if "index" in given:
        given = {**given, "index": draw(st.integers(-shape[-1], shape[-1] - 1))}
    return given, (shape,)


def _embedded(draw: st.DrawFn, given: Given, inputs: Inputs, free: bool) -> tuple[Given, Inputs]:
    return {**given, "vocabulary": draw(st.integers(1, 9))}, (draw(st.tuples(small)),)


FITTING: dict[str, Callable[[st.DrawFn, Given, Inputs, bool], tuple[Given, Inputs]]] = {
    "conv": _connected,
    "gn": _grouped,
    "reshape": _refolded,
    "crop": _sized,
    "pad": _sized,
    "upsample": _enlarged,
    "unpool": _unpooled,
    "attention": _attended,
    "matmul": _multiplied,
    "pixelshuffle": _squared,
    "pixelunshuffle": _squared,
    "embedding": _embedded,
    **dict.fromkeys(("class_token", "positions", "token", "transpose", "lstm", "gru", "rnn"), _sequence),
    "shuffle": _grouped,
    "softmax": _apart,
    "upconv": _grouped,
}


# Together -------------------------------------------------------------------------------------------------------------


@st.composite
def cases(draw: st.DrawFn, name: str, shape: Shape | None = None) -> Case:
    """An operator called `name` with inputs, which it may refuse; the shape of the first may be given."""
    cls = ops.find(name)
    inputs = draw(joined(cls, shape or draw(shapes)))
    rank = len(inputs[0]) - 1
    given = draw(arguments(cls, rank or 2))
    named = sum(given.get(key) == "@" for key in references(cls))
    inputs = (*inputs, *(draw(st.tuples(channels, *[small] * rank)) for _ in range(named)))
    if name in FITTING and draw(st.sampled_from([True, True, True, False])):
        given, inputs = FITTING[name](draw, given, inputs, shape is None)
    try:
        op = cls.model_validate(given).fitted(len(inputs[0]) - 1)
    except (OpError, ValidationError):
        reject()
    if shape is None and op.flattens and draw(st.sampled_from([True, True, False])):
        inputs = tuple((prod(each),) for each in inputs)
    return Case(op, inputs)


def fits(case: Case) -> bool:
    """Whether the operator takes its inputs."""
    try:
        case.op.shape(case.inputs)
    except OpError:
        return False
    return True


def operators(names: Sequence[str] = ops.names()) -> SearchStrategy[Case]:
    """Operators with the shapes of inputs that they take: `case.op`, `case.inputs`; `str(case)` is the operator's text.

    Every argument of every operator is drawn; what fails shrinks to few of them. `names` are those that are wanted.
    """
    return st.sampled_from(names).flatmap(cases).filter(fits)
