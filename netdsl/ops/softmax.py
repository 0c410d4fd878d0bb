"""`softmax`: scores to probabilities."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Call, Torch
from netdsl.shapes import Shape


class Softmax(Activation):
    """Softmax over the channels (or features): exp(x_i) / sum_j exp(x_j).

    PyTorch: `nn.Softmax(dim=1)`.
    """

    to_probabilities = True
    aliases = ("soft-max", "soft max")

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("nn.Softmax", kwargs={"dim": 1}))
