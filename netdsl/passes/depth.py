"""Depth as the papers count it: the weight layers on the longest path from an input to a value."""

from __future__ import annotations

from netdsl.ir import Network


def depths(network: Network) -> tuple[int, ...]:
    """The depth of every value, by number; inputs have depth 0. Convolutions, fully connected layers and attention
    count one each, recurrent layers as many as they are."""
    found = [0] * len(network.inputs)
    for node in network.nodes:
        found.append(max((found[value] for value in node.inputs), default=0) + node.op.depth)
    return tuple(found)
