"""What is said twice is computed once: `reuse` on the same value, and equal layers without weights.

Two steps that apply the same operator with the same weights to the same values give the same, so all who take the
second take the first. In evaluation no operator is random any more. A `reuse` on another value is another step, which
shares its weights with the first as it does in the plain module.
"""

from __future__ import annotations

from typing import Any

from netdsl.backends.purpose.graph import Graph


def apply(graph: Graph) -> Graph:
    """The graph in which no step does again what one before has done."""
    known: dict[Any, int] = {}
    same: dict[int, int] = {}
    kept = []
    for step in graph.steps:
        inputs = tuple(same.get(value, value) for value in step.inputs)
        key = (type(step.op), tuple(step.op.model_dump().items()), inputs, step.tensors)
        first = known.setdefault(repr(key), step.value)
        if first == step.value:
            kept.append(step)
        else:
            same[step.value] = first
    return graph.changed(kept, same)
