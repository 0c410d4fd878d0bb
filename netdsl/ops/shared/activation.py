"""What activations share: one value in, one value out, and a module of PyTorch that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from netdsl.ops.shared.base import Call, Family, Operator, Torch
from netdsl.shapes import Shape


class Activation(Operator):
    """An element-wise function.

    - `module`: the PyTorch class.
    - `keywords`: PyTorch's names of the fields, where they differ. A field's default is PyTorch's own.
    - `definition`: the class's source, if PyTorch lacks it.
    """

    family = Family.ACTIVATION
    any_channels = True
    module: ClassVar[str]
    keywords: ClassVar[Mapping[str, str]] = {}
    definition: ClassVar[str | None] = None

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs = {}
        for key, info in type(self).model_fields.items():
            value = getattr(self, key)
            if value != info.default:
                kwargs[self.keywords.get(key, key)] = value
        return Torch(Call(self.module, kwargs=kwargs), definitions=(self.definition,) if self.definition else ())
