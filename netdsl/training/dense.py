"""A network that looks at images of any size, as VGG's dense evaluation does (Simonyan & Zisserman 2015, section 3.2).

"The fully-connected layers are first converted to convolutional layers (the first FC layer to a 7x7 conv. layer, the
last two FC layers to 1x1 conv. layers). The resulting fully-convolutional net is then applied to the whole (uncropped)
image", and the map of scores is averaged over its places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from netdsl.training.errors import TrainingError


class _Averaged(nn.Module):
    """Scores of a map as scores: their mean over its places."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.inner(images)
        return scores.mean((2, 3)) if scores.ndim == 4 else scores


def dense(model: nn.Module, shape: Sequence[int]) -> nn.Module:
    """The module with its fully connected layers as convolutions, for images of at least `shape` (C x H x W).

    It shares the weights. Raises `TrainingError` where there are other layers that want one size.
    """
    try:
        traced = fx.symbolic_trace(model)
        ShapeProp(traced).propagate(torch.zeros(1, *shape))
    except Exception as problem:  # tracing refuses what it cannot follow in as many ways as Python has
        raise _refused(f"it cannot be traced: {problem}") from None
    inside = dict(traced.named_modules())
    for node in list(traced.graph.nodes):
        if _flattens(node, inside) and _rank(node.args[0]) == 4:
            node.replace_all_uses_with(node.args[0])
            traced.graph.erase_node(node)
    for node in traced.graph.nodes:
        module = inside.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(module, nn.Linear):
            _replace(traced, str(node.target), _convolution(module, node.args[0].meta["tensor_meta"].shape))
    traced.recompile()
    larger = (shape[0], *(2 * size for size in shape[1:]))
    try:
        with torch.inference_mode():
            traced.eval().forward(torch.zeros(1, *larger))  # past `__call__`, which prints what goes wrong
    except Exception as problem:  # whatever a layer says to another size
        raise _refused(str(problem).splitlines()[0]) from None
    return _Averaged(traced)


def _refused(reason: str) -> TrainingError:
    return TrainingError(
        f"--crops dense is for networks of convolutions that end in fc or gap: {reason}", "use --crops 10 or 144"
    )


def _rank(node: Any) -> int:
    return len(node.meta["tensor_meta"].shape) if "tensor_meta" in getattr(node, "meta", {}) else 0


def _flattens(node: fx.Node, inside: dict[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return isinstance(inside.get(str(node.target)), nn.Flatten)
    return node.target in (torch.flatten, "flatten")


def _convolution(linear: nn.Linear, given: Sequence[int]) -> nn.Conv2d:
    """A fully connected layer as a convolution; `given` is what it got at the network's own size."""
    channels, sides = (given[1], given[2:]) if len(given) == 4 else (linear.in_features, (1, 1))
    conv = nn.Conv2d(channels, linear.out_features, tuple(sides), bias=linear.bias is not None)  # type: ignore[arg-type]
    conv.weight = nn.Parameter(linear.weight.detach().view(conv.weight.shape))
    conv.bias = linear.bias
    return conv


def _replace(traced: fx.GraphModule, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(traced.get_submodule(parent), name, module)
