"""`dropout`: random zeros in training."""

from __future__ import annotations

from math import prod
from typing import Literal

from pydantic import Field

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.ops.shared.fields import WholeRate
from netdsl.shapes import Shape


class Dropout(Operator):
    """Dropout: in training each value is 0 with probability p, and divided by 1 - p otherwise. The shape stays.

    `per=channel` drops whole channels; of features, where a channel is a value, it is the same. With `dropout(1)` all
    is 0 in training.

    Source: Srivastava et al., Dropout, JMLR 2014, in the inverted form that needs nothing in evaluation; for channels
    Tompson et al., Efficient Object Localization, 2015, section 3.2. PyTorch: `nn.Dropout`, `nn.Dropout2d`.
    """

    family = Family.REGULARIZATION
    any_channels = True
    aliases = ("drop out", "drop-out")

    p: WholeRate = 0.5
    """Probability of a zero."""
    per: Literal["value", "channel"] = Field("value", exclude_if=lambda per: per == "value")
    """What is dropped as one: a value, or a whole channel."""

    @property
    def view(self) -> bool:
        return not self.p

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The factors by which values, or whole channels, were multiplied."""
        shape = inputs[0]
        return Saved(own=0 if not self.p else shape[0] if self.per == "channel" else prod(shape))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(inputs[0]) - 1
        name = f"nn.Dropout{rank}d" if self.per == "channel" and rank else "nn.Dropout"
        return Torch(Call(name, kwargs={"p": self.p}))
