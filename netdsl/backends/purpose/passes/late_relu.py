"""A max pool before ReLU: the larger of two values is the same before and after, and fewer are left to rectify.

`max(relu(x)) = relu(max(x))` exactly, since ReLU never turns the order of two values. It needs a pool with a stride and
a ReLU whose value only the pool takes. With `--target cpu` a ReLU behind a convolution costs nothing, being done in the
convolution's kernel, and stays there.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.backends.purpose.graph import Graph, Step
from netdsl.ops.maxpool import MaxPool


def apply(graph: Graph) -> Graph:
    """The graph with each such pair the other way round."""
    turned: dict[int, Step] = {}
    for pool in graph.steps:
        relu = graph.made.get(pool.inputs[0]) if isinstance(pool.op, MaxPool) else None
        if relu is None or relu.op.name != "relu" or graph.only(relu.value) is not pool:
            continue
        if pool.shape == relu.shape:
            continue
        turned[relu.value] = replace(pool, value=relu.value, inputs=relu.inputs)
        turned[pool.value] = replace(relu, value=pool.value, inputs=(relu.value,), shape=pool.shape)
    return graph.changed(turned.get(step.value, step) for step in graph.steps)
