"""Layers with symbolic numbers: the operator itself says what it gives and how it is written."""

from __future__ import annotations

from math import prod
from typing import Any

from netdsl.backends.torch.expressions import Expressions, Names
from netdsl.backends.torch.facts import Facts
from netdsl.backends.torch.fitting import attribute_of, fitted, same, single_of
from netdsl.backends.torch.levels import HALVES, Level
from netdsl.backends.torch.reading import parsed
from netdsl.backends.torch.symbols import Sym, SymF, as_term, is_symbolic, plain, symbolic
from netdsl.backends.torch.terms import Layer, make, name
from netdsl.integrity import CALLED
from netdsl.ir import Node
from netdsl.ops import Family, Torch
from netdsl.syntax import tree

WINDOW = ("kernel", "stride", "pad", "dilation")
"""Fields on which no channels depend."""

FOLLOWERS = ("norm", "act")


class Layers(Expressions):
    """The layers of one class-like level.

    `torch` is how each is written, where that is more than its numbers; `strided` are symbolic strides, by layer.
    """

    def __init__(self, facts: Facts, level: Level):
        super().__init__(facts, level)
        self.torch: dict[int, Torch] = {}
        self.strided: dict[int, Any] = {}
        self.turning = False
        """Whether this is one turn of a loop, whose names have other values in the next."""
        self.chosen: dict[int, Any] = {}
        """The classes of the layers that an argument names."""
        self._overrides: dict[int, dict[str, Any]] = {}

    def node(self, node: Node, names: Names) -> None:
        """One layer: its fields as they were written, and what it gives."""
        op = node.op
        inputs = tuple(map(self.shape_of, node.inputs))
        symbols = any(isinstance(shape[0], Sym) for shape in inputs)
        fields: dict[str, Any] = {}
        if node.terms:
            current = inputs[0] if inputs else ()
            for key, text in node.terms.items():
                if key in FOLLOWERS or key == CALLED:
                    fields.update(self.setting(node, text, names, current))
                    continue
                key = attribute_of(node, key)
                found = self.term(text, getattr(op, key), names, current)
                if found is not None:
                    fields[key] = found
        for key, value in self._overrides.get(node.id, {}).items():
            found = fitted(value, getattr(op, key))
            if found is not None:
                fields[key] = found
        fields = {key: value for key, value in fields.items() if is_symbolic(value)}
        if not fields and not symbols:
            return
        if "stride" in fields:
            self.strided[node.id] = single_of(fields["stride"])
        leaf = self.plan.leaves.get(node.id)
        if leaf is not None and leaf.torch is HALVES and node.shape is not None:
            half = make("//", as_term(inputs[0][0]), as_term(2))
            self.shapes[node.id] = (symbolic(node.shape[0], half), *node.shape[1:])
            self.mark(inputs)
            return
        constant = leaf is None or leaf.torch.module is None or not leaf.torch.module.args
        if constant and not fields and op.any_channels and inputs[0] == node.shape:
            self.shapes[node.id] = inputs[0]  # nothing in its text depends on what goes in
            return
        traced: Torch | None = None
        shape: tuple[Any, ...] | None = None
        try:
            sized = {key: value for key, value in fields.items() if key not in WINDOW}
            shape = (op.model_copy(update=sized) if sized else op).shape(inputs)
            if leaf is not None and (leaf.torch.module is not None or leaf.torch.function is not None):
                traced = (op.model_copy(update=fields) if fields else op).torch(inputs)
        except (ArithmeticError, TypeError, ValueError):
            shape = None  # which only the numbers of the network have
        actual = node.shape
        assert actual is not None
        alike = traced is None or leaf is None or same(traced, leaf.torch)
        if shape is None or shape != actual or not alike:
            shape, traced = actual, None
        channels = shape[0]
        if _mixes(node, inputs):
            channels = plain(channels)  # of pixels and channels at once, which no reader can follow
            self.mark(inputs[0])
        self.shapes[node.id] = (self.local(channels) if len(inputs) > 1 else channels, *map(_size, shape[1:]))
        if traced is not None:
            self.torch[node.id] = self._whole(node, traced, fields)
        if symbols and not self._follows(node, inputs, traced):
            self.mark(inputs)
        self.flexible(node, fields, traced)

    def setting(self, node: Node, text: str, names: Names, shape: tuple[Any, ...]) -> dict[str, Any]:
        """The fields that `act=leakyrelu(slope)` gives to the activation. One that an argument names, there or where it
        is called, is `chosen`."""
        found: dict[str, Any] = {}
        call = parsed(text.lstrip("^!"))
        leaf = self.plan.leaves.get(node.id)
        module = leaf.torch.module if leaf is not None else None
        if isinstance(call, tree.Reference) and module is not None and not (module.args or module.kwargs):
            layer = self.term(text, Layer(module.function), names, shape)
            if is_symbolic(layer):
                self.chosen[node.id] = layer
        if not isinstance(call, tree.Call):
            return found
        order = list(type(node.op).model_fields)
        if text[0] in "^!":
            self.term(text, object(), names, shape)
            return found
        for place, argument in enumerate(call.arguments[: len(order)]):
            key = order[place] if argument.name is None else argument.name.text
            value = self._value(argument.value, names, shape)
            fitting = None if value is None or not hasattr(node.op, key) else fitted(value, getattr(node.op, key))
            if fitting is not None:
                found[key] = fitting
            elif value is not None:
                self.mark(value)
        return found

    def _whole(self, node: Node, traced: Torch, fields: dict[str, Any]) -> Torch:
        """How a layer is written where its class is called by a parameter, with any stride: with its own even if it is
        1."""
        module = traced.module
        known = module is None or "stride" in module.kwargs or node.op.family is not Family.CONVOLUTION
        if known or "stride" not in fields or self.level.scope.definition not in self.facts.handed:
            return traced
        assert module is not None
        return traced._replace(module=module._replace(kwargs={**module.kwargs, "stride": single_of(fields["stride"])}))

    def _follows(self, node: Node, inputs: tuple[tuple[Any, ...], ...], traced: Torch | None) -> bool:
        """Whether a layer is written for any number of channels that goes into it: it passes all of them on, it is a
        plain layer that is told how many there are, or it adds up what has the same."""
        op = node.op
        if op.any_channels:
            return not _mixes(node, inputs)
        if op.name in ("add", "mul"):
            return len({as_term(shape[0]) for shape in inputs}) == 1
        told = () if traced is None or traced.module is None or traced.init else traced.module.args
        return _plain(node) and any(each is inputs[0][0] for each in told)

    def flexible(self, node: Node, fields: dict[str, Any], traced: Torch | None) -> None:
        """Only rates and the channels of a plain layer may have other values than the network has."""
        op = node.op
        constants: list[Any] = []
        if traced is not None and traced.module is not None and traced.expression is None:
            constants = [*traced.module.args, *traced.module.kwargs.values()]
        for key, value in fields.items():
            written = any(each is value for each in constants)
            rate = isinstance(value, SymF) and op.family in (Family.ACTIVATION, Family.REGULARIZATION)
            if not (written and (rate or (key == op.geometry.out and _plain(node)))):
                self.mark(value)

    def local(self, channels: Any) -> Any:
        """A number of channels as it goes on: one that is long has a name of its own."""
        if self.turning or not isinstance(channels, Sym):
            return channels
        term = channels.term
        if term.size < 2 or any(part.rounding for part in term.parts()):
            return channels
        for atom, source in self.source.items():
            if source[:2] == ("default", term):
                return symbolic(plain(channels), name(atom))
        number = 2
        wanted = "channels"
        while wanted in self.env:
            wanted, number = f"channels{number}", number + 1
        return self.atom(wanted, plain(channels), ("default", term))


def _plain(node: Node) -> bool:
    """Whether a layer has weights from all channels to all others."""
    op = node.op
    weighted = op.family in (Family.CONVOLUTION, Family.FULLY_CONNECTED)
    return weighted and getattr(op, "groups", 1) == 1 and getattr(op, "connect", None) is None


def _size(value: Any) -> Any:
    """A height, width or length as it goes on: with the name that a block has for it, or as a number."""
    return value if isinstance(value, Sym) and value.term.op == "name" else plain(value)


def _mixes(node: Node, inputs: tuple[tuple[Any, ...], ...]) -> bool:
    """Whether a layer that passes all channels on makes one number of them and the pixels: a flattening."""
    assert node.shape is not None
    return node.op.any_channels and len(node.shape) < len(inputs[0]) and prod(inputs[0][1:]) != 1
