"""`dropout`: random zeros in training."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Family, Operator, Torch
from netdsl.ops.shared.fields import Rate
from netdsl.shapes import Shape


class Dropout(Operator):
    """Dropout: in training each value is 0 with probability p, and divided by 1 - p otherwise. The shape stays.

    Source: Srivastava et al., Dropout, JMLR 2014, in the inverted form that needs nothing in evaluation. PyTorch:
    `nn.Dropout`.
    """

    family = Family.REGULARIZATION
    aliases = ("drop out", "drop-out")

    p: Rate = 0.5
    """Probability of a zero."""

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("nn.Dropout", kwargs={"p": self.p}))
