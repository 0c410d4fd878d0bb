"""`learned`: a learned constant."""

from __future__ import annotations

from netdsl.ops.shared.base import Saved, Torch
from netdsl.ops.shared.fields import Dims, Frozen
from netdsl.ops.shared.init import Initial
from netdsl.ops.shared.learned import Learned
from netdsl.shapes import Shape


class LearnedConstant(Learned):
    """A learned constant as the current value: `learned(256x100)` is the same 100 tokens of 256 features for any input.

    Of the current value it takes the size of the batch alone. It is a parameter of the module around, 1 x DIMS, under
    its label, else as `learned`; so it cannot be used again. It starts as normal with std 0.02, unless `init` says
    otherwise.

    Source: the object queries of Carion et al., End-to-End Object Detection with Transformers, 2020, section 3.2.
    """

    keeps = Saved()
    constant = True
    example = "learned(64x100)"

    to: Dims
    """Its shape."""
    frozen: Frozen = False
    init: Initial = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return self.to

    def tensor(self, inputs: tuple[Shape, ...]) -> Shape:
        return 1, *self.to

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return self.held(inputs, f"{{m}}.expand({{0}}.shape[0], {', '.join(['-1'] * len(self.to))})")
