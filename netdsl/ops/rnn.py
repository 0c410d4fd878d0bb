"""`rnn`: recurrent layer."""

from __future__ import annotations

from netdsl.ops.shared.fields import Count, Flag, Frozen
from netdsl.ops.shared.init import Initial
from netdsl.ops.shared.recurrent import Recurrent


class Rnn(Recurrent):
    """Recurrent layer: `rnn-256` reads a sequence C x T step by step and gives its state at all steps, 256 x T.

    The state is h = tanh(W x_t + b + U h + b'), 0 at first.

    `both=true` reads it from the end too and gives 512 x T; `layers=2` puts a second one behind. It counts
    N*(C + N) multiply-adds a step, layer and direction.

    Source: Elman, Finding Structure in Time, 1990. PyTorch: `nn.RNN`, whose names and weights it has.
    """

    gates = 1
    module = "RNN"
    call = "rnn_tanh"
    called = "RNN"
    aliases = ("recurrent", "elman")
    example_input = "64x49"

    units: Count
    """Size of the state."""
    layers: Count = 1
    """How many are behind one another."""
    both: Flag = False
    """Read the sequence in both directions."""
    frozen: Frozen = False
    init: Initial = None
