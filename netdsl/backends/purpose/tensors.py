"""Formulas for the tensors of a compiled network, over the `state_dict` of the plain one.

A formula is data: passes build formulas of formulas, and the writer prints each as the expression that the emitted
constructor evaluates. What the expressions call is in `helpers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Layer:
    """The weight and the bias of a layer as they are; `standardized` by each output channel's mean and deviation."""

    path: str
    bias: bool
    standardized: bool = False

    @property
    def text(self) -> str:
        inner = f'layer(state, "{self.path}")'
        return f"standardized({inner})" if self.standardized else inner


@dataclass(frozen=True)
class Norm:
    """The mean, variance, scale and offset of a batch norm in evaluation."""

    path: str
    eps: float
    scale: bool = True
    offset: bool = True

    @property
    def text(self) -> str:
        return f'norm(state, "{self.path}")'


@dataclass(frozen=True)
class Own:
    """Tensors that stay in a module of their own."""

    path: str

    @property
    def text(self) -> str:
        return f'"{self.path}"'


@dataclass(frozen=True)
class Folded:
    """Weight and bias of a layer with the batch norm behind it."""

    inner: Filters
    norm: Norm

    @property
    def text(self) -> str:
        eps = "" if self.norm.eps == 1e-5 else f", eps={self.norm.eps!r}"
        return f"folded({self.inner.text}, {self.norm.text}{eps})"


@dataclass(frozen=True)
class Part:
    """Only the weight of a layer, or only its bias, as it is added to maps of `rank` dimensions."""

    inner: Filters
    weight: bool
    rank: int = 0

    @property
    def bias(self) -> bool:
        return not self.weight

    @property
    def text(self) -> str:
        shaped = f"[:{', None' * self.rank}]"
        return f"({self.inner.text}[0], None)" if self.weight else f"(None, {self.inner.text}[1]{shaped})"


@dataclass(frozen=True)
class Stacked:
    """Layers on one input as one layer, their output channels behind each other."""

    parts: tuple[Filters, ...]

    @property
    def text(self) -> str:
        return f"stacked({', '.join(part.text for part in self.parts)})"


Filters: TypeAlias = Layer | Folded | Part | Stacked
"""A weight and a bias, or None in place of one of them."""
Tensors: TypeAlias = Filters | Norm | Own


def biased(tensors: Tensors | None) -> bool:
    """Whether a layer with these tensors adds a bias."""
    if isinstance(tensors, Stacked):
        return any(map(biased, tensors.parts))
    return isinstance(tensors, Folded) or (isinstance(tensors, Layer | Part) and tensors.bias)
