"""What each layer costs: weights, multiply-accumulates and the size of its output, as exact integers."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.ir import Network, Node
from netdsl.ops import Operator
from netdsl.ops.shared.answers import remembered
from netdsl.shapes import Shape, numel


class Cost(NamedTuple):
    """The figures of one node for one sample. `params` are trainable, `frozen` are parameters kept out of training."""

    params: int = 0
    frozen: int = 0
    buffers: int = 0
    macs: int = 0
    activations: int = 0


@remembered
def _cost(op: Operator, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """What an operator costs on these shapes."""
    weights = op.weights(inputs).values()
    return Cost(
        sum(numel(weight.shape) for weight in weights if weight.trainable and not weight.buffer),
        sum(numel(weight.shape) for weight in weights if not weight.trainable and not weight.buffer),
        sum(numel(weight.shape) for weight in weights if weight.buffer),
        op.macs(inputs),
        numel(output),
    )


def cost(network: Network, node: Node) -> Cost:
    """The cost of one node; nothing where its shapes are unknown. Weights used again (`reuse`) are counted once."""
    shapes = network.input_shapes(node)
    if shapes is None or node.shape is None:
        return Cost()
    found = _cost(node.op, shapes, node.shape)
    return found if node.shares is None else found._replace(params=0, frozen=0, buffers=0)


def costs(network: Network) -> tuple[Cost, ...]:
    """The cost of every node, in the order of `network.nodes`."""
    return tuple([cost(network, node) for node in network.nodes])
