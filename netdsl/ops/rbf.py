"""`rbf`: radial basis functions."""

from __future__ import annotations

from math import prod
from typing import Self

from netdsl.ops.shared.base import Call, Family, Geometry, Operator, Saved, Torch, Weight, Window
from netdsl.ops.shared.checks import vector
from netdsl.ops.shared.fields import Count, Frozen
from netdsl.ops.shared.init import Initial, statements
from netdsl.shapes import Shape

RBF = '''class RBF(nn.Module):
    """Squared Euclidean distance to each of the prototypes: y_i = sum_j (x_j - weight_ij)^2."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.weight.data.bernoulli_(0.5).mul_(2).sub_(1)

    def forward(self, x: Tensor) -> Tensor:
        return (x.unsqueeze(1) - self.weight).square().sum(2)
'''


class Rbf(Operator):
    """Radial basis functions: `rbf-10` gives the squared distance to 10 prototypes, y_i = sum_j (x_j - w_ij)^2.

    N features give `units` penalties, the smallest of which wins; a CxHxW input is flattened first. The prototypes,
    `weight` (units, N), start as random -1 and +1. In LeNet-5 they are drawn by hand and stay: `rbf-10(frozen=true)`.
    No matrix product is involved, so it counts no multiply-adds, and the papers' depth does not count it.

    Source: LeCun, Bottou, Bengio, Haffner, 1998, eq. 7.
    """

    family = Family.FULLY_CONNECTED
    geometry = Geometry(out="units")
    called = "RBF"
    flattens = True
    example_input = "84"

    units: Count
    """Number of prototypes."""
    frozen: Frozen = False
    init: Initial = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        vector(self.name, inputs[0])
        return (self.units,)

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return {"weight": Weight((self.units, inputs[0][0]), not self.frozen)}

    def connections(self, inputs: tuple[Shape, ...]) -> int:
        return self.units * inputs[0][0]

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The difference of each feature to each prototype."""
        return Saved(own=prod(self.shape(inputs)) * prod(inputs[0]))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        call = Call("RBF", (inputs[0][0], self.units))
        return Torch(call, definitions=(RBF,), init=statements(self.init), frozen=self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"init": None})
