"""What `class_token`, `positions` and `learned` share: a tensor that the module around holds, under their label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.ops.shared.base import Call, Family, Operator, Torch, Weight
from netdsl.ops.shared.init import Init, Normal
from netdsl.shapes import Shape

USUAL = Normal(std=0.02)
"""How such tensors are drawn where nothing is said, as the transformers draw theirs."""


class Learned(Operator):
    """A parameter of the module around it. A subclass declares `frozen` and `init` and answers `tensor`."""

    family = Family.REARRANGEMENT
    own_name = True

    if TYPE_CHECKING:  # not fields here: a base class's fields would come before all others

        @property
        def frozen(self) -> bool: ...
        @property
        def init(self) -> Init | None: ...

    def tensor(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape of the parameter."""
        raise NotImplementedError

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return {"": Weight(self.tensor(inputs), not self.frozen)}

    def held(self, inputs: tuple[Shape, ...], expression: str, usual: Init | None = USUAL) -> Torch:
        """The parameter, zeros that are then drawn, and what is done with it."""
        init = self.init or usual
        drawn = (init.statement("{m}"),) if init is not None else ()
        return Torch(Call("torch.zeros", self.tensor(inputs)), expression, init=drawn, frozen=self.frozen)

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        return self.model_copy(update={"init": None})
