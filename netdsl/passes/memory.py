"""Activation memory by liveness: which values are alive while each layer runs."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.ir import Network
from netdsl.shapes import numel


class Memory(NamedTuple):
    """In numbers of values for one sample. `total` is the sum of all layers' outputs; `peak` is the most that is
    alive at once when the main path runs in order and each value is dropped after its last use (the input counts
    too); `at` is the node that needs it, None for the input alone."""

    total: int
    peak: int
    at: int | None


def memory(network: Network) -> Memory:
    """The activation memory of inference, without the aux heads. Values of unknown shape count nothing."""
    skipped = network.aux_nodes
    nodes = [node for node in network.nodes if node.id not in skipped]
    sizes = [numel(shape) if shape is not None else 0 for shape in network.shapes]
    last: dict[int, int] = {}
    for node in nodes:
        for value in node.inputs:
            last[value] = node.id
    kept = {network.result, *(output.value for output in network.outputs)}
    alive = sum(sizes[: len(network.inputs)])
    peak, at = alive, None
    dying: dict[int, list[int]] = {}
    for value, user in last.items():
        if value not in kept:
            dying.setdefault(user, []).append(value)
    for node in nodes:
        alive += sizes[node.id]
        if alive > peak:
            peak, at = alive, node.id
        alive -= sum(sizes[value] for value in dying.get(node.id, ()))
        if node.id not in last and node.id not in kept:
            alive -= sizes[node.id]
    return Memory(sum(sizes[node.id] for node in nodes), peak, at)
