"""`softsign`: a squashing function with slow ends."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Softsign(Activation):
    """Softsign: x / (1 + |x|).

    Source: Bergstra et al., Quadratic Polynomials Learn Better Image Features, 2009. PyTorch: `nn.Softsign`.
    """

    module = "nn.Softsign"
