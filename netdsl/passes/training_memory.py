"""The memory of a training step, from the network alone: what each layer keeps for the backward pass, and the peak.

Reverse-mode differentiation keeps values of the forward pass until the backward pass comes by. Which, follows from the
derivative: a convolution needs its input for the gradient of its weights, a ReLU knows all from its output, a sum needs
nothing. A value that two layers keep is there once, and a view of a value is that value. So the bytes are a sum over
values, and the peak is found by going through the forward and the backward pass, with what is alive at each layer.

What is told is for float32 and PyTorch's eager autograd over the plain module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from netdsl.ir import Network, Node
from netdsl.passes.memory import BYTES


class Kept(NamedTuple):
    """What a layer keeps: values by their numbers, and bytes of its own for one sample and for any number of them."""

    values: tuple[int, ...] = ()
    own: int = 0
    fixed: int = 0


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
    moments: tuple[tuple[int, int], ...]
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
        return max(each * batch + fixed for each, fixed in self.moments) + self.constant

    def step(self, batch: int) -> int:
        """The peak of a step with so many samples: what stands, and activations with the margin for workspace."""
        activations = self.peak(batch)
        return self.standing + activations + workspace(activations)

    def largest(self, budget: int) -> int:
        """How many samples fit a budget of so many bytes; 0 where not one does."""
        low, high = 0, 1
        while self.step(high) <= budget:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.step(middle) <= budget else (low, middle)
        return low


def workspace(activations: int) -> int:
    """The margin for what libraries use while they compute and what allocators cannot give back: a tenth."""
    return activations // 10


def training(network: Network) -> Training:
    """The memory of training a network, with its aux heads."""
    left_out = _left_out(network)
    nodes = [
        node
        for node in network.nodes
        if node.shape is not None and network.input_shapes(node) is not None and node.id not in left_out
    ]
    kept = {node.id: _kept(network, node) for node in nodes}
    storage = list(range(len(network.shapes)))
    for node in nodes:
        if node.op.view:
            storage[node.id] = storage[node.inputs[0]]
    sizes = [BYTES * prod(shape) if shape is not None else 0 for shape in network.shapes]
    seen: set[int] = set()
    layers: dict[int, int] = {}
    for node in nodes:
        new = {storage[value] for value in kept[node.id].values} - seen
        seen |= new
        layers[node.id] = kept[node.id].own + sum(sizes[value] for value in new)
    moments = tuple(dict.fromkeys(_moments(network, nodes, kept, storage, sizes)))
    weights = [weight for node in network.nodes for weight in network.weights(node).values()]
    parameters = BYTES * sum(prod(weight.shape) for weight in weights)
    gradients = BYTES * sum(prod(weight.shape) for weight in weights if weight.trainable and not weight.buffer)
    copies, optimizer = _optimizer(network)
    constant = sum(each.fixed for each in kept.values())
    saved = sum(layers.values())
    return Training(layers, saved, constant, moments, parameters, gradients, copies * gradients, optimizer)


def _left_out(network: Network) -> set[int]:
    """The softmax at the end, which a compiled module leaves to the loss."""
    found: set[int] = set()
    last = network.node(network.result)
    named = {item.value for item in network.outputs}
    while last is not None and last.op.to_probabilities and last.id not in named:
        found.add(last.id)
        last = network.node(last.inputs[0])
    return found


def _moments(
    network: Network, nodes: list[Node], kept: dict[int, Kept], storage: list[int], sizes: list[int]
) -> Iterator[tuple[int, int]]:
    """What is alive at each layer, through the forward pass, and back: for one sample, and for any number of them."""
    last: dict[int, int] = {}
    for place, node in enumerate(nodes):
        for value in (*node.inputs, node.id):
            last[storage[value]] = place
    holders: dict[int, int] = {}
    for node in nodes:
        for value in {storage[each] for each in kept[node.id].values}:
            holders[value] = holders.get(value, 0) + 1
    given = (network.result, *(item.value for item in network.outputs), *(item.value for item in network.aux))
    results = {storage[value] for value in given}
    alive = {storage[number] for number in range(len(network.inputs))}
    now = sum(sizes[value] for value in alive)
    yield now, 0
    for place, node in enumerate(nodes):
        own = storage[node.id]
        if own not in alive:
            alive.add(own)
            now += sizes[own]
        now += kept[node.id].own
        yield now, 0
        done = {storage[value] for value in (*node.inputs, node.id)}
        for value in done:
            needed = last[value] != place or value in holders or value in results
            if not needed and value in alive and value >= len(network.inputs):
                alive.discard(value)
                now -= sizes[value]
    gradients = set(results)
    now += sum(sizes[value] for value in gradients)
    for node in reversed(nodes):
        own = storage[node.id]
        wanted = {storage[value] for value in node.inputs if storage[value] >= len(network.inputs)} - gradients
        gradients |= wanted
        now += sum(sizes[value] for value in wanted)
        weights = network.weights(node).values()
        yield now, BYTES * sum(prod(weight.shape) for weight in weights if not weight.buffer)
        now -= kept[node.id].own
        for value in {storage[each] for each in kept[node.id].values}:
            holders[value] -= 1
            if not holders[value] and value in alive and value >= len(network.inputs) and value not in results:
                alive.discard(value)
                now -= sizes[value]
        if own in gradients and own not in {storage[value] for value in node.inputs}:
            gradients.discard(own)
            now -= sizes[own]


def _kept(network: Network, node: Node) -> Kept:
    """What the derivative of a layer needs."""
    shapes = network.input_shapes(node)
    assert shapes is not None
    found = node.op.saved(shapes)
    values = (*(node.inputs[place] for place in found.inputs), *((node.id,) if found.output else ()))
    return Kept(values, BYTES * found.own, BYTES * found.fixed)


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
