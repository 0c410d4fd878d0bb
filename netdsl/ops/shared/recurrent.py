"""What `lstm`, `gru` and `rnn` share: cells that go over a sequence, in PyTorch's names and order."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Operator, Torch, Weight, Window
from netdsl.ops.shared.checks import bounded, plane
from netdsl.ops.shared.init import Init, matrices
from netdsl.shapes import Shape

TEXT = '''class {name}(nn.{module}):
    """`nn.{module}` over a sequence N x C x T: all steps, N x units x T, and twice the units in both directions."""

    def forward(self, x: Tensor) -> Tensor:
        directions = 2 if self.bidirectional else 1
        h0 = x.new_zeros(self.num_layers * directions, x.shape[0], self.hidden_size)
        x = x.transpose(1, 2)
        out = torch.{call}(
            x, {start}, self._flat_weights, self.bias, self.num_layers, 0.0, self.training, self.bidirectional, True
        )[0]
        return out.transpose(1, 2)
'''


class Recurrent(Operator):
    """Cells that go over a sequence. A subclass declares the fields, in the order of its arguments.

    - `module`: PyTorch's class; `call` its function; `start` what it takes as the first state.
    - `gates`: how many matrices of `units` rows each cell has.
    """

    family = Family.RECURRENT
    geometry = Geometry(out="units")
    followed_by = ("norm", "act")
    weight_layer = True
    gates: ClassVar[int]
    module: ClassVar[str]
    call: ClassVar[str]
    start: ClassVar[str] = "h0"

    if TYPE_CHECKING:  # not fields here: a base class's fields would come before all others

        @property
        def units(self) -> int: ...
        @property
        def layers(self) -> int: ...
        @property
        def both(self) -> bool: ...
        @property
        def frozen(self) -> bool: ...
        @property
        def init(self) -> Init | None: ...

    @property
    def depth(self) -> int:
        return self.layers

    @property
    def directions(self) -> int:
        return 2 if self.both else 1

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        _, length = plane(self.name, inputs[0], 1)
        return bounded(self.name, (self.units * self.directions, length))

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        found = {}
        rows = self.gates * self.units
        for layer in range(self.layers):
            seen = inputs[0][0] if layer == 0 else self.units * self.directions
            for ending in ("", "_reverse")[: self.directions]:
                shapes: dict[str, Shape] = {
                    "weight_ih": (rows, seen),
                    "weight_hh": (rows, self.units),
                    "bias_ih": (rows,),
                    "bias_hh": (rows,),
                }
                for name, shape in shapes.items():
                    found[f"{name}_l{layer}{ending}"] = Weight(shape, not self.frozen)
        return found

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        channels, length = inputs[0]
        seen = channels + (self.layers - 1) * self.units * self.directions + self.layers * self.units
        return length * self.directions * self.gates * self.units * seen

    def settings(self) -> dict[str, Constant]:
        """PyTorch's keywords."""
        kwargs: dict[str, Constant] = {}
        if self.layers > 1:
            kwargs["num_layers"] = self.layers
        if self.both:
            kwargs["bidirectional"] = True
        return kwargs

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        name = f"Sequence{self.module}"
        text = TEXT.format(name=name, module=self.module, call=self.call, start=self.start)
        init = matrices(self.init, self.weights(inputs))
        return Torch(Call(name, (inputs[0][0], self.units), self.settings()), None, (text,), init, self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        return self.model_copy(update={"init": None})
