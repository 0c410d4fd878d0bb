"""`hardtanh`: the identity, cut off on both sides."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.fields import Finite


class HardTanh(Activation):
    """Hard hyperbolic tangent: min(max(x, low), high).

    Source: Collobert, Large Scale Machine Learning, 2004, section 3.2. PyTorch: `nn.Hardtanh`.
    """

    aliases = ("hard tanh", "hard-tanh")
    module = "nn.Hardtanh"
    keywords: ClassVar = {"low": "min_val", "high": "max_val"}

    low: Finite = -1.0
    """The least value."""
    high: Finite = 1.0
    """The largest value."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"`low` (={self.low:g}) must be below `high` (={self.high:g})")
        return self
