"""The memory of a training step, from the network alone: what each layer keeps for the backward pass, and the peak.

Reverse-mode differentiation keeps values of the forward pass until the backward pass comes by. Which, follows from the
derivative: a convolution needs its input for the gradient of its weights, a ReLU knows all from its output, a sum needs
nothing. A value that two layers keep is there once, and a view of a value is that value. So the bytes are a sum over
values, and the peak is found by going through the forward and the backward pass, with what is alive at each layer.

What is told is for float32 and PyTorch's eager autograd over the plain module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from netdsl.ir import Network, Node
from netdsl.passes.memory import BYTES

VIEWS = frozenset({"identity", "flatten", "tokens", "reshape", "slice", "token", "transpose"})
"""Operators whose result is their input's memory, looked at in another way."""
FREE = frozenset(
    (
        *("add", "concat", "mean", "gap", "upsample", "shuffle", "pixelshuffle", "pad", "crop", "droppath"),
        *("positions", "class_token", "step"),
    )
)
"""Operators whose derivative needs no value."""
OUTPUT = frozenset({"relu", "sigmoid", "tanh", "softmax", "logsoftmax", "exp", "sqrt"})
"""Operators whose derivative follows from their output."""
PADDED = re.compile(r"(Standardized)?(PaddedConv[123]d|Conv[123]dSame)")
"""Modules that convolve what they have padded."""
INDEX = 8
"""Bytes of the place of a maximum."""


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
        if node.op.name in VIEWS or _does_nothing(node):
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
    named = [*(each.value for each in network.outputs), *(each.value for each in network.aux)]
    results = {storage[each] for each in (network.result, *named)}
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


# What each operator keeps ---------------------------------------------------------------------------------------------


def _does_nothing(node: Node) -> bool:
    """Whether a layer is random with no chance."""
    return node.op.name in ("dropout", "droppath") and not getattr(node.op, "p", 1)


def _kept(network: Network, node: Node) -> Kept:
    """What the derivative of a layer needs."""
    name = node.op.name
    if name in VIEWS or name in FREE or _does_nothing(node):
        return Kept()
    if name in OUTPUT:
        return Kept((node.id,))
    return SPECIAL.get(name, _input)(network, node)


def _size(network: Network, value: int) -> int:
    shape = network.shapes[value]
    assert shape is not None
    return BYTES * prod(shape)


def _input(network: Network, node: Node) -> Kept:
    """Layers with weights, and most functions of one value: what went in, or what was padded of it."""
    shapes = network.input_shapes(node)
    assert shapes is not None
    written = node.op.torch(shapes).module
    if written is not None and PADDED.fullmatch(written.function):
        channels, *sizes = shapes[0]
        sides = node.op.canonical(shapes).pad  # type: ignore[attr-defined]
        if any(sides):
            pairs = zip(sizes, sides[::2], sides[1::2], strict=True)
            return Kept((), BYTES * channels * prod(size + before + after for size, before, after in pairs))
    return Kept(node.inputs[:1])


def _norm(network: Network, node: Node) -> Kept:
    """The input, with the mean and the deviation of each channel in the batch."""
    shape = network.shapes[node.inputs[0]]
    assert shape is not None
    return Kept(node.inputs[:1], 0, 2 * BYTES * shape[0])


def _normalized(network: Network, node: Node) -> Kept:
    """The input, with the mean and the deviation of each place of a sample."""
    shape = network.shapes[node.inputs[0]]
    assert shape is not None
    groups = getattr(node.op, "groups", None)
    return Kept(node.inputs[:1], 2 * BYTES * (groups or prod(shape[1:])))


def _maximum(network: Network, node: Node) -> Kept:
    """The input, and the places of the maxima."""
    return Kept(node.inputs[:1], INDEX * _size(network, node.id) // BYTES)


def _mean(network: Network, node: Node) -> Kept:
    """The input of a window's mean; a mean over the whole plane is a sum, which needs nothing."""
    to = getattr(node.op, "to", None)
    return Kept() if to is not None and set(to) == {1} else Kept(node.inputs[:1])


def _mask(network: Network, node: Node) -> Kept:
    """The factors by which values, or whole channels, were multiplied."""
    if getattr(node.op, "per", "value") == "channel" and node.shape is not None:
        return Kept((), BYTES * node.shape[0])
    return Kept((), _size(network, node.id))


def _own_output(network: Network, node: Node) -> Kept:
    """As much as the output, before its last step."""
    return Kept((), _size(network, node.id))


def _averaged(network: Network, node: Node) -> Kept:
    """The input, and the averages that are scaled."""
    return Kept(node.inputs[:1], _size(network, node.id))


def _links(network: Network, node: Node) -> Kept:
    """The input; where a convolution sees only some maps, also its filters with zeros for the others."""
    if getattr(node.op, "connect", None) is None:
        return _input(network, node)
    maps = network.shapes[node.inputs[0]]
    assert maps is not None and node.shape is not None
    return Kept(node.inputs, 0, BYTES * node.shape[0] * maps[0] * prod(node.op.kernel))  # type: ignore[attr-defined]


def _distances(network: Network, node: Node) -> Kept:
    """The difference of each feature to each prototype."""
    return Kept((), _size(network, node.id) * prod(network.shapes[node.inputs[0]] or ()))


def _product(network: Network, node: Node) -> Kept:
    """All factors."""
    return Kept(node.inputs)


def _response(network: Network, node: Node) -> Kept:
    """The input, its squares with padding, the sum of neighbours, and its power."""
    size, shape = _size(network, node.id), node.shape
    neighbours = int(getattr(node.op, "size", 1)) - 1
    assert shape is not None
    return Kept(node.inputs[:1], 3 * size + neighbours * size // shape[0])


def _scaled(network: Network, node: Node) -> Kept:
    """The input of a learned scale; a constant one needs nothing."""
    return Kept(node.inputs[:1]) if node.op.weights(network.input_shapes(node) or ()) else Kept()


def _attention(network: Network, node: Node) -> Kept:
    """The positions as rows, queries, keys and values, what came of them, and a logarithm for each row of weights."""
    op, shape = node.op, network.shapes[node.inputs[0]]
    assert shape is not None
    dim = getattr(op, "dim", None) or shape[0]
    heads = int(getattr(op, "heads", 1))
    return Kept((), BYTES * prod(shape[1:]) * (shape[0] + 4 * dim + heads))


SPECIAL: dict[str, Callable[[Network, Node], Kept]] = {
    "attention": _attention,
    "bn": _norm,
    "ln": _normalized,
    "gn": _normalized,
    "maxpool": _maximum,
    "gmp": _maximum,
    "avgpool": _mean,
    "conv": _links,
    "rbf": _distances,
    "scaled_tanh": _own_output,
    "subsample": _averaged,
    "dropout": _mask,
    "mul": _product,
    "matmul": _product,
    "lrn": _response,
    "scale": _scaled,
}


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
