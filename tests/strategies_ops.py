"""Operators and inputs, drawn from the operators' own field annotations; and their PyTorch source, executed.

A new operator file needs nothing here: what a field may hold is read off its annotation. `CASES` lists the few
places where arguments must fit each other or the input, and chance would hardly ever hit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import torch
from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from netdsl import ops
from netdsl.ops import Call, Operator
from netdsl.ops.conv import Conv
from netdsl.ops.embedding import Embedding
from netdsl.ops.shared import init as initial
from netdsl.ops.shared.base import references
from netdsl.ops.shared.fields import PerDimension
from netdsl.text.diagnostics import OpError

Shape = tuple[int, ...]


BARE = "parameter"
"""What the sources of these tests call a parameter that the module around an operator holds."""


class Case(NamedTuple):
    """An operator applied to inputs of these shapes."""

    op: Operator
    inputs: tuple[Shape, ...]


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


def values(annotation: Any, metadata: tuple[Any, ...] = (), rank: int = 2) -> st.SearchStrategy[Any]:
    """Values that a field of this annotation takes, for maps of `rank` dimensions; small, as far as its bounds allow."""
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
        if info.is_required() or draw(st.sampled_from([True, False, False])):
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
def joined(draw: st.DrawFn, cls: type[Operator]) -> tuple[Shape, ...]:
    """As many inputs as an operator takes; several mostly agree, or differ in channels, or are Cx1x1."""
    least, most = cls.inputs
    count = draw(st.integers(least, min(most or 4, 4)))
    first = draw(shapes)
    if count == 1:
        return (first,)
    small, wider = (first[0], *(1 for _ in first[1:])), (first[0] + 1, *first[1:])
    near = st.sampled_from([first, first, first, small, small, wider, None])
    return (first, *(draw(near) or draw(shapes) for _ in range(count - 1)))


def _grouped(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    if "groups" in given:
        count = inputs[0][0]
        given = {**given, "groups": draw(st.sampled_from([n for n in range(1, count + 1) if count % n == 0]))}
        if "channels" in given:
            given["channels"] = given["groups"] * draw(st.integers(1, 3))
    return given, inputs


def multiplied(op: Operator, inputs: tuple[Shape, ...]) -> int:
    """The products that the module computes: those of the operator, but for a table of connections, whose absent links
    are zeros of one kernel."""
    if not (isinstance(op, Conv) and op.connect is not None):
        return op.macs(inputs)
    return op.macs(inputs) // op.links * op.channels * inputs[0][0]


def _connected(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    if given.get("connect") is None:
        return _grouped(draw, given, inputs)
    count = inputs[0][0]
    table = draw(
        st.lists(st.lists(st.integers(0, count - 1), min_size=1, max_size=4, unique=True), min_size=1, max_size=5)
    )
    kept = {key: value for key, value in given.items() if key not in ("groups", "ceil")}
    return {**kept, "connect": table, "channels": len(table)}, inputs


def _refolded(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    if given.get("like") is not None:
        plane = draw(st.tuples(*[small] * draw(st.integers(1, 3))))
        return {"like": "@"}, ((draw(channels), torch.Size(plane).numel()), (draw(channels), *plane))
    to = given.get("to") or (3, 2)
    return {"to": to}, (tuple(draw(st.permutations(to))) if draw(st.booleans()) else (torch.Size(to).numel(),),)


def _sized(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    """The value that `like` names is a little smaller or larger."""
    if given.get("like") is None:
        return given, inputs
    less = draw(st.sampled_from([0, 1, 2, -1, -3]))
    like = (draw(channels), *(max(size - less, 1) for size in inputs[0][1:]))
    return {key: value for key, value in given.items() if key not in ("sides", "to", "factor")}, (inputs[0], like)


def _unpooled(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    before = draw(st.tuples(channels, *[small] * draw(st.integers(1, 3))))
    fields = {key: value for key, value in given.items() if key != "pool"}
    try:
        return given, (ops.find("maxpool").model_validate(fields).fitted(len(before) - 1).shape((before,)), before)
    except (OpError, ValidationError):
        return {"pool": "@"}, (before[:1] + tuple(size // 2 for size in before[1:]), before)


def _attended(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    first = inputs[0] if len(inputs[0]) > 1 else (*inputs[0], 6)
    heads = draw(st.sampled_from([n for n in range(1, first[0] + 1) if first[0] % n == 0]))
    given = {**given, "heads": heads}
    if "dim" in given:
        given["dim"] = heads * draw(st.integers(1, 3))
    if given.get("causal"):
        given = {key: value for key, value in given.items() if key not in ("window", "relative_bias", "shift")}
    if given.get("window") is None:
        given.pop("shift", None)
    elif draw(st.booleans()):
        given["window"], given["shift"] = draw(st.sampled_from([(3, 1), (2, 1), (4, 2), (3, 0)]))
    if given.get("window") is not None or given.get("relative_bias"):
        return given, (first,)
    kinds = [first, first, (first[0], 5), (4, 5)]
    source = draw(st.sampled_from(kinds))
    sources = [(first,), (first,), (first, source), (first, source, (draw(channels), *source[1:]))]
    return given, draw(st.sampled_from(sources))


def _squared(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    r = draw(st.sampled_from([1, 2, 2, 3]))
    return {**given, "factor": r}, ((draw(st.sampled_from([r**2, 2 * r**2, r**4])), 2 * r, 3 * r),)


def _multiplied(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    m, k, n = (draw(small) for _ in range(3))
    return given, ((m, k), (k, n))


def _sequence(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    length = draw(small)
    if "index" in given:
        given = {**given, "index": draw(st.integers(-length, length - 1))}
    return given, ((draw(channels), length),)


def _embedded(
    draw: st.DrawFn, given: dict[str, Any], inputs: tuple[Shape, ...]
) -> tuple[dict[str, Any], tuple[Shape, ...]]:
    return {**given, "vocabulary": draw(st.integers(1, 9))}, (draw(st.tuples(small)),)


CASES: dict[str, Callable[..., tuple[dict[str, Any], tuple[Shape, ...]]]] = {
    "conv": _connected,
    "gn": _grouped,
    "reshape": _refolded,
    "crop": _sized,
    "pad": _sized,
    "upsample": _sized,
    "unpool": _unpooled,
    "attention": _attended,
    "matmul": _multiplied,
    "pixelshuffle": _squared,
    "pixelunshuffle": _squared,
    "embedding": _embedded,
    **dict.fromkeys(("class_token", "positions", "token", "transpose", "lstm", "gru", "rnn"), _sequence),
    "shuffle": _grouped,
    "upconv": _grouped,
}


@st.composite
def cases(draw: st.DrawFn, name: str) -> Case:
    """An operator called `name` with inputs, which may fit it or not."""
    cls = ops.find(name)
    inputs = draw(joined(cls))
    rank = len(inputs[0]) - 1
    given = draw(arguments(cls, rank or 2))
    named = sum(given.get(key) == "@" for key in references(cls))
    inputs = (*inputs, *(draw(st.tuples(channels, *[small] * rank)) for _ in range(named)))
    if name in CASES and draw(st.sampled_from([True, True, True, False])):
        given, inputs = CASES[name](draw, given, inputs)
    try:
        op = cls.model_validate(given).fitted(len(inputs[0]) - 1)
    except (OpError, ValidationError):
        assume(False)
        raise
    if op.flattens and draw(st.sampled_from([True, True, False])):
        inputs = tuple((torch.Size(shape).numel(),) for shape in inputs)
    return Case(op, inputs)


# PyTorch --------------------------------------------------------------------------------------------------------------

HEADER = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"


def text(call: Call) -> str:
    """A call as source."""
    arguments = [repr(item) for item in call.args] + [f"{key}={item!r}" for key, item in call.kwargs.items()]
    return f"{call.function}({', '.join(arguments)})"


def source(case: Case) -> str:
    """A file with the classes an operator needs and `build()`, which makes its module."""
    made = case.op.torch(case.inputs)
    assert made.module is not None or made.expression is not None
    parts = [HEADER, *made.definitions]
    for definition in made.definitions:
        assert definition.startswith("class ")
    if made.expression is not None:
        names = [f"x{index}" for index in range(len(case.inputs))]
        body = made.expression.format(*names, all=", ".join(names), m=f"self.{BARE}")
        takes = ", ".join(f"{name}: torch.Tensor" for name in names)
        head = "class Join(nn.Module):\n"
        if made.module is not None:  # a parameter of the module around
            head += f"    def __init__(self):\n        super().__init__()\n        self.{BARE} = nn.Parameter({text(made.module)})\n"
        parts.append(f"{head}    def forward(self, {takes}) -> torch.Tensor:\n        return {body}\n")
    call = "Join()" if made.expression is not None else text(made.module)  # type: ignore[arg-type]
    drawn = f"m.{BARE}" if made.expression is not None else "m"
    lines = [f"m = {call}", *(statement.format(m=drawn) for statement in made.init)]
    lines += ["m.requires_grad_(False)"] * made.frozen + ["return m"]
    return "\n\n".join([*parts, "def build():\n" + "\n".join("    " + line for line in lines) + "\n"])


@cache
def load(written: str) -> ModuleType:
    """The file as a module that pickle and TorchScript can look into."""
    import linecache

    name = f"drawn_{abs(hash(written))}"
    module = ModuleType(name)
    linecache.cache[f"<{name}>"] = (len(written), None, written.splitlines(True), f"<{name}>")
    module.__file__ = f"<{name}>"
    sys.modules[name] = module
    exec(compile(written, f"<{name}>", "exec"), module.__dict__)
    return module


def build(case: Case, device: str = "cpu") -> torch.nn.Module:
    """The operator's module, from its source."""
    with torch.device(device):
        module: torch.nn.Module = load(source(case)).build()
    return module


def tensors(case: Case, device: str = "cpu", batch: int = 2) -> list[torch.Tensor]:
    """Random inputs."""
    if isinstance(case.op, Embedding):  # whole numbers
        return [torch.randint(case.op.vocabulary or 1, (batch, *shape), device=device) for shape in case.inputs]
    return [torch.randn(batch, *shape, device=device) for shape in case.inputs]
