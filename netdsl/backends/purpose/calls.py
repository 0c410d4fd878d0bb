"""One step as an expression of PyTorch: public functions, or oneDNN's where kernels are fused.

A layer that is a function of its inputs and of constants is written as that function; any other is a module, which is
constructed and called as in the plain source.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdsl.backends.purpose.graph import Graph, Step
from netdsl.backends.purpose.offset import Offset
from netdsl.backends.purpose.tensors import Norm, biased
from netdsl.backends.torch.layout import Bracket, Text, call
from netdsl.backends.torch.statements import apply, fill
from netdsl.backends.torch.terms import literal
from netdsl.ops import Call, Operator, Torch
from netdsl.ops.fc import Fc
from netdsl.ops.gelu import Gelu
from netdsl.ops.leakyrelu import LeakyRelu
from netdsl.ops.shared.conv import Convolution
from netdsl.ops.shared.padding import Sides, pairs, reversed_sides, single
from netdsl.ops.slice import Slice

FUNCTIONS = {
    "nn.ReLU": "torch.relu",
    "nn.ReLU6": "F.relu6",
    "nn.SiLU": "F.silu",
    "nn.GELU": "F.gelu",
    "nn.Sigmoid": "torch.sigmoid",
    "nn.Tanh": "torch.tanh",
    "nn.Hardswish": "F.hardswish",
    "nn.Hardsigmoid": "F.hardsigmoid",
    "nn.LeakyReLU": "F.leaky_relu",
    "nn.ELU": "F.elu",
    "nn.Softmax": "torch.softmax",
    "nn.MaxPool1d": "torch.max_pool1d",
    "nn.MaxPool2d": "torch.max_pool2d",
    "nn.MaxPool3d": "torch.max_pool3d",
    "nn.AvgPool2d": "F.avg_pool2d",
    "nn.AvgPool3d": "F.avg_pool3d",
    "nn.AdaptiveAvgPool1d": "F.adaptive_avg_pool1d",
    "nn.AdaptiveAvgPool2d": "F.adaptive_avg_pool2d",
    "nn.AdaptiveAvgPool3d": "F.adaptive_avg_pool3d",
}
"""Modules without state, each with the function that it calls, whose arguments have the same names."""

FRESH = ("F.conv", "F.linear", "F.batch_norm", "convolution", "linear", "torch.max_pool", "F.avg_pool")
"""Functions whose result is a new tensor that nothing else holds, so that it may be changed where it is."""


def described(step: Step, graph: Graph) -> Torch:
    """How a step is written in PyTorch where it is no function of `FUNCTIONS`."""
    return step.op.torch(graph.shapes(step))


def function(step: Step, graph: Graph, texts: Sequence[str], name: str) -> Text | None:
    """A step as a call of functions, its tensors found under `name`; None where it needs a module."""
    if isinstance(step.op, Offset):
        return f"{texts[0]}.add_(self.{name}_bias)"
    if isinstance(step.op, Slice):
        stop = step.op.stop(graph.shapes(step)[0][0])
        return f"{texts[0]}[:, {step.op.from_ or ''}:{stop}]"
    if isinstance(step.tensors, Norm):
        tensors = [f"self.{name}_{kind}" for kind in ("mean", "variance", "weight", "bias")]
        eps = [] if step.tensors.eps == 1e-5 else [f"eps={step.tensors.eps!r}"]
        return call("F.batch_norm", [texts[0], *tensors, *eps])
    if step.filters:
        bias = f"self.{name}_bias" if biased(step.tensors) else None
        if isinstance(step.op, Fc):
            return call("F.linear", [texts[0], f"self.{name}_weight", *([bias] if bias else [])])
        assert isinstance(step.op, Convolution)
        x, settings = _window(step.op, texts[0], _groups(step, graph))
        return call(f"F.conv{len(step.op.kernel)}d", [x, f"self.{name}_weight", *([bias] if bias else []), *settings])
    written = described(step, graph)
    if written.function is not None:
        return apply(written.function, list(texts))
    if written.expression is not None:
        return fill(written.expression.replace("{m}", f"self.{name}"), list(texts))
    if written.module is not None and written.module.function in FUNCTIONS:
        return apply(written.module._replace(function=FUNCTIONS[written.module.function]), list(texts))
    return None


def kernel(step: Step, texts: Sequence[str], name: str) -> Text:
    """A convolution or matrix product as one call of oneDNN, with what follows it in the same kernel."""
    word, numbers, algorithm = _attribute(step.activation)
    after = [f'"{word}"', str(numbers), f'"{algorithm}"']
    if isinstance(step.op, Fc):
        return call("linear", [texts[0], f"*self.{name}", *after])
    assert isinstance(step.op, Convolution)
    x = _padded(step.op, texts[0])
    if step.plus:  # with no activation behind the sum there is None, where one alone says "none"
        after = after if step.activation else ["None", "[]", "None"]
        return call("convolution_plus", [x, texts[-1], f"*self.{name}", '"add"', "1.0", *after])
    return call("convolution", [x, f"*self.{name}", *after])


def packing(step: Step, graph: Graph) -> list[str]:
    """What the packing of a convolution's weights must know: the input's size, padding, stride, dilation, groups."""
    op = step.op
    assert isinstance(op, Convolution) and isinstance(op.pad, tuple)
    shape = graph.shapes(step)[0]
    size = shape if _even(op.pad) else (shape[0], *(n + sum(p) for n, p in zip(shape[1:], pairs(op.pad), strict=True)))
    pad = op.pad[::2] if _even(op.pad) else (0,) * len(op.kernel)
    usual = (pad, op.stride, op.dilation, _groups(step, graph))
    return [f"(batch, {', '.join(map(str, size))})", *map(literal, usual)]


def _attribute(op: Operator | None) -> tuple[str, list[float], str]:
    """An activation as oneDNN's operators name it: the word, its numbers, the algorithm."""
    if op is None:
        return "none", [], ""
    if isinstance(op, LeakyRelu):
        return "leaky_relu", [op.slope], ""
    if isinstance(op, Gelu):
        return "gelu", [], op.approximate
    return {"silu": ("swish", [], ""), "relu6": ("hardtanh", [0.0, 6.0], "")}.get(op.name, (op.name, [], ""))


def _groups(step: Step, graph: Graph) -> int:
    assert isinstance(step.op, Convolution)
    return step.op.filters(graph.shapes(step)[0][0])[1]


def _even(pad: Any) -> bool:
    """Whether padding is the same on opposite sides, as a convolution itself can do."""
    return bool(pad[::2] == pad[1::2])


def _padded(op: Convolution, text: str) -> str:
    pad: Sides = op.pad  # type: ignore[assignment]
    return text if _even(pad) else f"F.pad({text}, {reversed_sides(pad)})"


def _window(op: Convolution, text: str, groups: int) -> tuple[str, list[str]]:
    """The input of a convolution, padded where its sides differ, and its settings other than PyTorch's usual ones."""
    pad: Sides = op.pad  # type: ignore[assignment]
    rank = len(op.kernel)
    inside = pad[::2] if _even(pad) else (0,) * rank
    settings = {"stride": (op.stride, 1), "padding": (inside, 0), "dilation": (op.dilation, 1)}
    found = [f"{key}={literal(single(each))}" for key, (each, usual) in settings.items() if set(each) != {usual}]
    return _padded(op, text), [*found, *([f"groups={groups}"] if groups != 1 else [])]


def in_place(expression: Text) -> bool:
    """Whether the result of an expression is a new tensor."""
    return isinstance(expression, Bracket) and expression.opening.startswith(FRESH)


def construction(module: Call) -> Text:
    """The call that makes a module."""
    settings = [f"{key}={literal(value)}" for key, value in module.kwargs.items()]
    return call(module.function, [*map(literal, module.args), *settings])
