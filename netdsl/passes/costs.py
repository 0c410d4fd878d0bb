"""What each layer costs: weights, multiply-accumulates and the size of its output, as exact integers."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.ir import Network, Node
from netdsl.shapes import numel


class Cost(NamedTuple):
    """The figures of one node for one sample. `params` are trainable, `frozen` are parameters kept out of training."""

    params: int = 0
    frozen: int = 0
    buffers: int = 0
    macs: int = 0
    activations: int = 0


def cost(network: Network, node: Node) -> Cost:
    """The cost of one node; nothing where its shapes are unknown. Weights used again (`reuse`) are counted once."""
    shapes = network.input_shapes(node)
    if shapes is None or node.shape is None:
        return Cost()
    weights = network.weights(node).values()
    return Cost(
        sum(numel(weight.shape) for weight in weights if weight.trainable and not weight.buffer),
        sum(numel(weight.shape) for weight in weights if not weight.trainable and not weight.buffer),
        sum(numel(weight.shape) for weight in weights if weight.buffer),
        node.op.macs(shapes),
        numel(node.shape),
    )


def costs(network: Network) -> tuple[Cost, ...]:
    """The cost of every node, in the order of `network.nodes`. Equal operators on equal shapes are asked once."""
    known: dict[object, Cost] = {}
    found = []
    for node in network.nodes:
        key = (id(node.op), node.shares is None, network.input_shapes(node), node.shape)
        if key not in known:
            known[key] = cost(network, node)
        found.append(known[key])
    return tuple(found)
