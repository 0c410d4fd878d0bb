"""`max`: the largest of branches."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.base import Saved, Torch
from netdsl.ops.shared.join import Elementwise, between
from netdsl.shapes import Shape


class Max(Elementwise):
    """The largest of the branches, element by element.

    They have one shape. A dimension of 1 is spread over the others' (Cx1x1, 1xHxW, 1x1x1, one feature), and N features
    beside maps are Nx1x1.

    Source: Goodfellow et al., Maxout Networks, 2013, section 3. PyTorch: `torch.maximum`.
    """

    symbol = "max"
    example = "max { conv3-64 | conv3-64 }"

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """All branches, and the largest on the way; several that are alike as one stack."""
        if _stacked(inputs):
            return Saved(output=True, own=sum(map(prod, inputs)))
        return Saved(tuple(range(len(inputs))), own=between(inputs))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        terms = self.terms(inputs)
        if _stacked(inputs):
            return Torch(expression=f"torch.stack([{', '.join(terms)}]).amax(0)")
        found = terms[0]
        for term in terms[1:]:
            found = f"torch.maximum({found}, {term})"
        return Torch(expression=found)


def _stacked(inputs: tuple[Shape, ...]) -> bool:
    return len(inputs) > 2 and len(set(inputs)) == 1
