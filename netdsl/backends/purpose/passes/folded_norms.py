"""A batch norm behind a convolution or `fc` becomes part of its weights.

In evaluation a batch norm multiplies each channel by `scale / sqrt(variance + eps)` and adds an offset. A layer that is
linear in its weights can do both: its weights are multiplied by the first, its bias takes the second. It is worked out
in double precision, once, when the weights are loaded. It needs a batch norm that keeps running averages and is the
only one to take the layer's value; one that stands before the convolution, as in ResNet-v2 and DenseNet, stays.

It saves a pass over the layer's value, which a batch norm reads and writes whole while it computes next to nothing.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.backends.purpose.graph import Graph, Step
from netdsl.backends.purpose.tensors import Folded, Norm


def apply(graph: Graph) -> Graph:
    """The graph with batch norms in the layers before them."""
    folded: dict[int, Step] = {}
    for norm in graph.steps:
        layer = graph.made.get(norm.inputs[0]) if isinstance(norm.tensors, Norm) else None
        if layer is not None and layer.filters and graph.only(layer.value) is norm and layer.value not in folded:
            tensors = Folded(layer.tensors, norm.tensors)  # type: ignore[arg-type]
            op = layer.op.model_copy(update={"bias": True})
            folded[layer.value] = replace(
                layer, value=norm.value, op=op, tensors=tensors, layers=(*layer.layers, *norm.layers)
            )
    gone = {step.value for step in folded.values()}
    steps = (folded.get(step.value, step) for step in graph.steps if step.value not in gone)
    return graph.changed(steps)
