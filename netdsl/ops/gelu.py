"""`gelu`: Gaussian error linear unit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.fields import Words


def _none(value: Any) -> Any:
    return "none" if value is None else value


class Gelu(Activation):
    """Gaussian error linear unit: x * P(X <= x) for a standard normal X; `approximate=tanh` is the tanh formula for it.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016. PyTorch: `nn.GELU`.
    """

    module = "nn.GELU"

    approximate: Annotated[Literal["none", "tanh"], BeforeValidator(_none), Words("none or tanh")] = "none"
    """none, or tanh for 0.5 * x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))."""
