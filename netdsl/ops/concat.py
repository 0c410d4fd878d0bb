"""`concat`: branches behind each other."""

from __future__ import annotations

from netdsl.ops.shared.base import Family, Operator, Saved, Torch
from netdsl.ops.shared.checks import bounded, listed
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError


class Concat(Operator):
    """The branches' channels behind each other, in the order of the branches: planes agree, channels add up.

    Vectors are joined likewise, feature behind feature.

    Source: the filter concatenation of Szegedy et al., Going Deeper with Convolutions, 2015, figure 2. PyTorch:
    `torch.cat`.
    """

    family = Family.JOIN
    called = "filter concatenation"
    keeps = Saved(handed=True)
    aliases = ("concatenate", "concatenation", "depthconcat", "filter concat")
    inputs = (1, None)
    followed_by = ("act",)
    example = "concat { conv1-64 | conv3-128 }"

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        first = inputs[0]
        if any(len(shape) != len(first) or shape[1:] != first[1:] for shape in inputs):
            mixed = any(len(shape) != len(first) for shape in inputs)
            raise OpError(
                f"the branches of 'concat' have different {'shapes' if mixed else 'planes'}: "
                f"{listed(tuple(dict.fromkeys(inputs)))}; only the channels may differ",
                code="E0302",
                help="`flatten` the maps" if mixed else "give the branches the same strides and padding",
            )
        return bounded(self.name, (sum(shape[0] for shape in inputs), *first[1:]))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(expression="torch.cat([{all}], dim=1)")
