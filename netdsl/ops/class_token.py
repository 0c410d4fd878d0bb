"""`class_token`: a learned token in front of a sequence."""

from __future__ import annotations

from netdsl.ops.shared.base import Saved, Torch, Window, window
from netdsl.ops.shared.checks import bounded, plane
from netdsl.ops.shared.fields import Frozen
from netdsl.ops.shared.init import Initial
from netdsl.ops.shared.learned import Learned
from netdsl.shapes import Shape


class ClassToken(Learned):
    """A learned token in front of the others: C x T to C x (T + 1). It starts as zeros, unless `init` says otherwise.

    It is a parameter of the module around, 1 x 1 x C, under its label, else as `class_token`; so it cannot be used
    again.

    Source: Devlin et al., BERT, 2019, section 3; Dosovitskiy et al., An Image is Worth 16x16 Words, 2021, eq. 1.
    """

    keeps = Saved()
    called = "class token"
    aliases = ("class token", "cls_token")
    example_input = "64x49"

    frozen: Frozen = False
    init: Initial = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, length = plane(self.name, inputs[0], 1)
        return bounded(self.name, (channels, length + 1))

    def tensor(self, inputs: tuple[Shape, ...]) -> Shape:
        return 1, 1, inputs[0][0]

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        token = "{m}.transpose(1, 2).expand({0}.shape[0], -1, -1)"
        return self.held(inputs, f"torch.cat([{token}, {{0}}], dim=2)", None)

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        return window(1, pad=(1,))
