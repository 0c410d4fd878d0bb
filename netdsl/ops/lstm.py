"""`lstm`: long short-term memory."""

from __future__ import annotations

from netdsl.ops.shared.fields import Count, Flag, Frozen
from netdsl.ops.shared.init import Initial
from netdsl.ops.shared.recurrent import Recurrent


class Lstm(Recurrent):
    """Long short-term memory: `lstm-256` reads a sequence C x T step by step and gives its state at all steps, 256 x T.

    i, f, o = sigmoid(W x_t + U h + b), g = tanh(W x_t + U h + b), each with weights of its own; the cell is
    c = f * c + i * g and the state h = o * tanh(c), both 0 at first.

    `both=true` reads it from the end too and gives 512 x T; `layers=2` puts a second one behind. It counts
    4*N*(C + N) multiply-adds a step, layer and direction.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; the forget gate of Gers et al., 2000. PyTorch:
    `nn.LSTM`, whose names and weights it has.
    """

    gates = 4
    module = "LSTM"
    call = "lstm"
    start = "[h0, h0]"
    called = "LSTM"
    aliases = ("long short-term memory",)
    example_input = "64x49"

    units: Count
    """Size of the state."""
    layers: Count = 1
    """How many are behind one another."""
    both: Flag = False
    """Read the sequence in both directions."""
    frozen: Frozen = False
    init: Initial = None
