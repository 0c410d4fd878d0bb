"""The memory of a training step, from the network alone: what each layer keeps for the backward pass, and the peak.

Reverse-mode differentiation keeps values of the forward pass until the backward pass comes by. Which, follows from the
derivative: a convolution needs its input for the gradient of its weights, a ReLU knows all from its output, a sum needs
nothing. A value that two layers keep is there once, and a view of a value is that value. So the bytes are a sum over
values, and the peak is found by going through the forward and the backward pass, with what is alive at each layer.

What is told is for float32 and PyTorch's eager autograd over the plain module.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from netdsl.ir import Network, Node
from netdsl.ops import Operator
from netdsl.passes.memory import BYTES
from netdsl.passes.player import Player
from netdsl.passes.tape import Bytes, Entry, Tape
from netdsl.shapes import Shape


@dataclass(frozen=True)
class Training:
    """The memory of training steps, in bytes, as far as the shapes are known.

    - `layers`: what each layer keeps for the backward pass, for one sample, by the number of its value. A value is
      counted at the first layer that keeps it.
    - `saved`: the sum of these. `constant` is kept whatever the batch is.
    - `moments`: what activations and their gradients take at the moments of a step: for one sample, and, for gradients
      of weights on the way, whatever the batch is.
    - `parameters`, `gradients`, `state`: weights and buffers, their gradients, and what the recipe's optimizer
      remembers; `optimizer` is its name.
    """

    layers: dict[int, int]
    saved: int
    constant: int
    moments: tuple[Bytes, ...]
    parameters: int
    gradients: int
    state: int
    optimizer: str

    @property
    def standing(self) -> int:
        """What is there between steps."""
        return self.parameters + self.gradients + self.state

    def peak(self, batch: int) -> int:
        """The most that activations and gradients on the way take at once."""
        return max(each.of(batch) for each in self.moments)

    def step(self, batch: int) -> int:
        """The peak of a step with so many samples: what stands, and activations with the margin for workspace."""
        return self.whole(self.peak(batch))

    def whole(self, activations: int) -> int:
        """What a step takes whose activations take so many bytes at their peak."""
        return self.standing + activations + workspace(activations)

    def room(self, budget: int) -> int:
        """The most bytes that activations may take, so that a step fits a budget."""
        return ((budget - self.standing) * 10 + 9) // 11

    def largest(self, budget: int) -> int:
        """How many samples fit a budget of so many bytes; 0 where not one does."""
        room = self.room(budget)
        return max(0, min((room - each.fixed) // each.each for each in self.moments))


def workspace(activations: int) -> int:
    """The margin for what libraries use while they compute and what allocators cannot give back: a tenth."""
    return activations // 10


def training(network: Network) -> Training:
    """The memory of training a network, with its aux heads."""
    made = tape(network)
    weights = [weight for node in network.nodes for weight in network.weights(node).values()]
    parameters = BYTES * sum(prod(weight.shape) for weight in weights)
    gradients = BYTES * sum(prod(weight.shape) for weight in weights if weight.trainable)
    copies, optimizer = _optimizer(network)
    constant = sum(entry.own.fixed for entry in made.entries)
    seen = tuple(dict.fromkeys(Player(made).played()))
    saved = sum(made.layers.values())
    return Training(made.layers, saved, constant, seen, parameters, gradients, copies * gradients, optimizer)


def tape(network: Network) -> Tape:
    """The training step of the plain module of a network, as far as the shapes are known."""
    left_out, result = _left_out(network)
    entries = [
        entry(node.op, shapes, node.id, node.inputs, learned(network, node))
        for node in network.nodes
        if node.shape is not None and (shapes := network.input_shapes(node)) is not None and node.id not in left_out
    ]
    sizes = tuple(BYTES * prod(shape) if shape is not None else 0 for shape in network.shapes)
    results = (result, *(item.value for item in network.outputs), *(item.value for item in network.aux))
    return Tape(tuple(entries), sizes, len(network.inputs), frozenset(results))


def entry(op: Operator, shapes: tuple[Shape, ...], value: int, inputs: tuple[int, ...], weights: int) -> Entry:
    """What a layer does on a tape: an operator on values of these shapes, with so many numbers to learn."""
    found = op.saved(shapes)
    kept = (*(inputs[place] for place in found.inputs), *((value,) if found.output else ()))
    own = Bytes(BYTES * found.own, BYTES * found.fixed)
    passing = Bytes(BYTES * found.passing, BYTES * (weights + found.passing_fixed))
    reached = () if op.constant else inputs[: op.inputs[1]]  # behind these are values whose sizes alone count
    return Entry(value, inputs, kept, own, op.view, passing, reached, found.handed)


def learned(network: Network, node: Node) -> int:
    """How many numbers of a layer have gradients."""
    weights = network.weights(node).values()
    return sum(prod(weight.shape) for weight in weights if weight.trainable)


def _left_out(network: Network) -> tuple[set[int], int]:
    """The softmax at the end, which a compiled module leaves to the loss, and the result without it."""
    found: set[int] = set()
    result = network.result
    named = {item.value for item in network.outputs}
    while (last := network.node(result)) is not None and last.op.to_probabilities and last.id not in named:
        found.add(last.id)
        result = last.inputs[0]
    return found, result


def _optimizer(network: Network) -> tuple[int, str]:
    """How many numbers the recipe's optimizer remembers for each parameter, and its name."""
    setting = network.train.kwargs.get("optimizer") if network.train is not None else None
    name = str(getattr(setting, "name", setting or "sgd(momentum)"))
    given = dict(getattr(setting, "kwargs", {}))
    if name.startswith("adam"):
        return 3 if given.get("amsgrad") else 2, name
    if name == "rmsprop":
        return 1 + bool(given.get("momentum")) + bool(given.get("centered")), name
    return int(setting is None or bool(given.get("momentum"))), name
