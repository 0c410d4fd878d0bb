"""What the layers with a matrix or filters share: the bias, how both are drawn, and whether they are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Operator, Torch, Weight
from netdsl.ops.shared.init import Init, statements
from netdsl.shapes import Shape


class Linear(Operator):
    """A linear layer. A subclass declares the fields, in the order of its arguments, and answers `matrix`."""

    followed_by = ("norm", "act")
    weight_layer = True

    if TYPE_CHECKING:  # not fields here: a base class's fields would come before all others

        @property
        def bias(self) -> bool: ...
        @property
        def frozen(self) -> bool: ...
        @property
        def init(self) -> Init | None: ...
        @property
        def bias_init(self) -> float | None: ...

    @model_validator(mode="after")
    def _biased(self) -> Self:
        if self.bias_init is not None and not self.bias:
            raise ValueError("`bias_init` needs `bias=true`")
        return self

    def matrix(self, channels: int) -> tuple[Shape, int]:
        """The shape of the weights for so many input channels (or features), and the number of output channels."""
        raise NotImplementedError

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        shape, out = self.matrix(inputs[0][0])
        found = {"weight": Weight(shape, not self.frozen)}
        if self.bias:
            found["bias"] = Weight((out,), not self.frozen)
        return found

    def drawn(self, call: Call, *definitions: str) -> Torch:
        """The module that `call` makes, its weights drawn and kept as the fields say."""
        return Torch(call, None, definitions, statements(self.init, bias=self.bias_init), self.frozen)

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        return self.model_copy(update={"init": None, "bias_init": None})
