"""`logsoftmax`: scores to logarithms of probabilities."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Call, Saved, Torch
from netdsl.shapes import Shape


class LogSoftmax(Activation):
    """Logarithm of softmax over the channels (or features): x_i - log sum_j exp(x_j).

    PyTorch: `nn.LogSoftmax(dim=1)`.
    """

    keeps = Saved(output=True)
    to_probabilities = True
    aliases = ("log-softmax", "log softmax")

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("nn.LogSoftmax", kwargs={"dim": 1}))
