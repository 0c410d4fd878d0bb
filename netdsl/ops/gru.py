"""`gru`: gated recurrent unit."""

from __future__ import annotations

from netdsl.ops.shared.fields import Count, Flag, Frozen
from netdsl.ops.shared.init import Initial
from netdsl.ops.shared.recurrent import Recurrent


class Gru(Recurrent):
    """Gated recurrent unit: `gru-256` reads a sequence C x T step by step and gives its state at all steps, 256 x T.

    r, z = sigmoid(W x_t + U h + b), n = tanh(W x_t + b + r * (U h + b')), each with weights of its own; the state is
    h = (1 - z) * n + z * h, 0 at first.

    `both=true` reads it from the end too and gives 512 x T; `layers=2` puts a second one behind. It counts
    3*N*(C + N) multiply-adds a step, layer and direction.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, section 2.3 (the
    reset behind the product, as PyTorch and cuDNN). PyTorch: `nn.GRU`, whose names and weights it has.
    """

    gates = 3
    module = "GRU"
    call = "gru"
    called = "GRU"
    aliases = ("gated recurrent unit",)
    example_input = "64x49"

    units: Count
    """Size of the state."""
    layers: Count = 1
    """How many are behind one another."""
    both: Flag = False
    """Read the sequence in both directions."""
    frozen: Frozen = False
    init: Initial = None
