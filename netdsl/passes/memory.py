"""Activation memory by liveness: which values are alive while each layer runs."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.ir import Network
from netdsl.shapes import numel


class Memory(NamedTuple):
    """In numbers of values for one sample. `total` is the sum of all layers' outputs; `peak` is the most that is
    alive at once when the main path runs in order and each value is dropped after its last use (the input counts
    too)."""

    total: int
    peak: int


BYTES = 4
"""Of one value, in float32."""


def memory(network: Network) -> Memory:
    """The activation memory of inference, without the aux heads. Values of unknown shape count nothing."""
    use = alive(network)
    given = sum(numel(item.shape) for item in network.inputs)
    total = sum(numel(shape) for node in network.nodes if node.id in use and (shape := node.shape) is not None)
    return Memory(total, max(use.values(), default=given))


def alive(network: Network) -> dict[int, int]:
    """How many values are alive while each layer runs, by the number of its value; without the aux heads."""
    skipped = network.aux_nodes
    nodes = [node for node in network.nodes if node.id not in skipped]
    sizes = [numel(shape) if shape is not None else 0 for shape in network.shapes]
    last: dict[int, int] = {}
    for node in nodes:
        for value in node.inputs:
            last[value] = node.id
    kept = {network.result, *(output.value for output in network.outputs)}
    now, found = sum(sizes[: len(network.inputs)]), dict[int, int]()
    dying: dict[int, list[int]] = {}
    for value, user in last.items():
        if value not in kept:
            dying.setdefault(user, []).append(value)
    for node in nodes:
        now += sizes[node.id]
        found[node.id] = now
        now -= sum(sizes[value] for value in dying.get(node.id, ()))
        if node.id not in last and node.id not in kept:
            now -= sizes[node.id]
    return found
