"""An average pool before a 1x1 convolution moves behind it, where fewer channels are left to pool.

Pooling by averages works within each channel, a 1x1 convolution within each pixel, and both are linear; so their order
does not matter, up to the bias, which is added behind the pool: the padding's zeros have none. So Inception's
pooled branch pools 32 channels in place of 192, and its convolution stands beside the other 1x1 ones on the same
value, with which `merged_siblings` may join it. It needs a pool with stride 1 whose value only the convolution takes.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.backends.purpose.graph import Graph, Step
from netdsl.backends.purpose.offset import Offset
from netdsl.backends.purpose.tensors import Part, biased
from netdsl.ops.avgpool import AvgPool


def apply(graph: Graph) -> Graph:
    """The graph with average pools behind the projections that follow them."""
    moved: dict[int, tuple[Step, ...]] = {}
    fresh = graph.fresh
    for pool in graph.steps:
        layer = graph.only(pool.value) if _slides(pool, graph) else None
        if layer is None or not layer.pointwise or layer.shape[0] >= pool.shape[0]:
            continue
        shape = layer.shape
        first = replace(
            layer,
            value=fresh,
            inputs=pool.inputs,
            tensors=Part(layer.tensors, weight=True),  # type: ignore[arg-type]
            op=layer.op.model_copy(update={"bias": False}),
        )
        fresh += 1
        if not biased(layer.tensors):
            moved[layer.value] = (first, replace(pool, value=layer.value, inputs=(first.value,), shape=shape))
        else:
            second = replace(pool, value=fresh, inputs=(first.value,), shape=shape)
            bias = Part(layer.tensors, weight=False, rank=len(shape) - 1)  # type: ignore[arg-type]
            moved[layer.value] = (first, second, Step(layer.value, Offset(), (fresh,), shape, bias, layer.layers))
            fresh += 1
        moved[pool.value] = ()
    return graph.changed(each for step in graph.steps for each in moved.get(step.value, (step,)))


def _slides(step: Step, graph: Graph) -> bool:
    """Whether a step is an average pool that gives as many pixels as it takes."""
    op = step.op
    if not isinstance(op, AvgPool) or op.to is not None or op.dilated:
        return False
    return set(op.slide(len(step.shape) - 1).stride) == {1} and step.shape == graph.shapes(step)[0]
