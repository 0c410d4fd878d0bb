"""Depth as the papers count it: the weight layers on the longest path from an input to a value."""

from __future__ import annotations

from netdsl.ir import Network


def depths(network: Network) -> tuple[int, ...]:
    """The depth of every value, by number; inputs and learned constants have depth 0. Convolutions, fully
    connected layers and attention count one each, recurrent layers as many as they are."""
    found = [0] * len(network.inputs)
    for node in network.nodes:
        before = 0 if node.op.constant else max(found[value] for value in node.inputs)
        found.append(before + node.op.depth)
    return tuple(found)
