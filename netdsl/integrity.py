"""What a network from outside must be, so that all who read one can rely on it.

Elaboration makes networks that hold together, by construction. One in JSON was written by anyone: the models have
looked at each of its parts, and here it is seen that the parts fit one another. The models ask for it, so it is below
them and knows the parts of a network by their fields alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdsl.ops.shared.base import Operator, references
from netdsl.ops.shared.draws import draws
from netdsl.shapes import LARGEST, Shape, text
from netdsl.text.diagnostics import OpError

FOLLOWERS = ("norm", "act")
"""Fields that a layer's terms may have beside its own: the argument that it follows from."""
CALLED = "()"
"""The key of the term of a layer or a block that a parameter named: that parameter."""

REPETITION = ("count", "index", "label")

PARENTS = {"iteration": ("repeat",), "branch": ("join", "residual"), "shortcut": ("residual",)}
"""Scopes that stand in others only."""


class Flaw(ValueError):
    """What does not fit, at the path of a part."""

    def __init__(self, path: str, why: str):
        super().__init__(f"{path}: {why}")


def check(network: Any) -> None:
    """See that the parts of a network fit one another. Raises `Flaw`."""
    names = set[str]()
    for place, item in enumerate(network.inputs):
        _once(item.name, names, f"inputs.{place}.name")
        _sizes(item.shape, f"inputs.{place}.shape")
        if item.vocabulary is not None:
            _sizes((item.vocabulary,), f"inputs.{place}.vocabulary")
    if not names:
        raise Flaw("inputs", "a network has an input")
    if network.complete and network.totals is None:
        raise Flaw("totals", "they are missing in a network that is complete")
    if network.body.kind != "net":
        raise Flaw("body.kind", "the whole of a network is of the kind `net`")
    walk = _Walk(network)
    walk.scope(network.body, "body", "", set(), reused=False)
    walk.value(network.result, "result")
    given = set[str]()
    for field in ("outputs", "aux", "shape_claims"):
        for place, item in enumerate(getattr(network, field)):
            walk.value(item.value, f"{field}.{place}.value")
            if field != "shape_claims":
                _once(item.name, given, f"{field}.{place}.name")
    if given and network.result not in {item.value for item in network.outputs}:
        _once(network.answer, given, "result")
    if network.train is not None:
        try:
            draws(network.train.kwargs.get("init"))
        except ValueError as problem:
            raise Flaw("train.kwargs.init", str(problem)) from None


def _once(name: str, taken: set[str], path: str) -> None:
    if name in taken:
        raise Flaw(path, f"`{name}` is given twice")
    taken.add(name)


def _sizes(shape: Shape, path: str) -> None:
    if not shape or not all(1 <= size <= LARGEST for size in shape):
        raise Flaw(path, f"the sizes of {text(shape)} must lie between 1 and 2^31 - 1")


class _Walk:
    """All values in order of their numbers, with what is known of them."""

    def __init__(self, network: Any):
        self.network = network
        self.shapes: list[Shape | None] = [item.shape for item in network.inputs]
        self.nodes: list[Any] = [None] * len(self.shapes)

    def value(self, number: int, path: str) -> None:
        """See that a value is there already."""
        if not 0 <= number < len(self.shapes):
            raise Flaw(path, f"there is no value {number} here; those before are 0 to {len(self.shapes) - 1}")

    def scope(self, scope: Any, path: str, level: str, taken: set[str], reused: bool) -> None:
        """A scope in the level of modules called `level`, where some names are `taken`; `reused`: in a `reuse`."""
        self._named(scope, path, level, taken, reused)
        self._written(scope, path)
        self.value(scope.entry, f"{path}.entry")
        for place, number in enumerate(scope.entries):
            self.value(number, f"{path}.entries.{place}")
        if scope.name:
            level, taken = scope.path, set()
        for place, child in enumerate(scope.children):
            where = f"{path}.children.{place}"
            for number, choice in enumerate(child.arms):
                self.value(choice.value, f"{where}.arms.{number}.value")
            if hasattr(child, "op"):
                self._node(child, where, level, taken, reused)
                continue
            if child.kind == "net" or scope.kind not in PARENTS.get(child.kind, (scope.kind,)):
                raise Flaw(f"{where}.kind", f"`{child.kind}` cannot stand in `{scope.kind}`")
            self.scope(child, where, level, taken, reused or child.kind == "reuse")
        self._form(scope, path)
        self.value(scope.exit, f"{path}.exit")
        for name, number in scope.outputs.items():
            self.value(number, f"{path}.outputs.{name}")
        special = scope.entries or scope.takes or scope.outputs
        if special and (scope.kind != "block" or scope.entry != scope.inputs[0]):
            raise Flaw(
                f"{path}.entries", "a block, and nothing else, has several inputs, of which `entry` is the first"
            )
        if scope.takes and len(scope.takes) != len(scope.inputs):
            raise Flaw(f"{path}.takes", f"{len(scope.inputs)} inputs have {len(scope.takes)} names")
        for number, choice in enumerate(scope.choices):
            self.value(choice.value, f"{path}.choices.{number}.value")

    def _named(self, part: Any, path: str, level: str, taken: set[str], reused: bool) -> None:
        """See that a name is free in its level, and that the path leads to it."""
        if not part.name or (reused and hasattr(part, "op")):
            return
        if part.path != (f"{level}.{part.name}" if level else part.name):
            raise Flaw(f"{path}.path", f"`{part.path}` is not where `{part.name}` stands")
        _once(part.name, taken, f"{path}.name")

    def _node(self, node: Any, path: str, level: str, taken: set[str], reused: bool) -> None:
        op: Operator = node.op
        self._named(node, path, level, taken, reused)
        if node.id != len(self.shapes):
            raise Flaw(f"{path}.id", f"the next value is {len(self.shapes)}, not {node.id}")
        for place, number in enumerate(node.inputs):
            self.value(number, f"{path}.inputs.{place}")
        named = sum(getattr(op, key) is not None for key in references(type(op)))
        least, most = op.inputs
        if not least <= len(node.inputs) - named <= (len(node.inputs) if most is None else most):
            raise Flaw(f"{path}.inputs", f"`{op.name}` cannot take {len(node.inputs)} values")
        if reused != (node.shares is not None):
            raise Flaw(f"{path}.shares", "the layers of a `reuse`, and no others, have the weights of another")
        if reused:
            self._again(node, path)
        elif not node.name:
            raise Flaw(f"{path}.name", "a layer needs a name")
        fields = {info.alias or name for name, info in type(op).model_fields.items()}
        _known(node.terms, {*fields, *FOLLOWERS, CALLED}, f"{path}.terms", f"field of `{op.name}`")
        self._shape(node, path)
        self.shapes.append(node.shape)
        self.nodes.append(node)

    def _again(self, node: Any, path: str) -> None:
        """See that the layer whose weights a node has is one like it."""
        self.value(node.shares, f"{path}.shares")
        first = self.nodes[node.shares]
        if first is None or first.shares is not None or (first.op, first.path) != (node.op, node.path):
            raise Flaw(f"{path}.shares", f"value {node.shares} is not of a layer like this one")
        if len(first.inputs) != len(node.inputs):
            raise Flaw(f"{path}.inputs", f"the first use of this layer takes {len(first.inputs)} values")

    def _shape(self, node: Any, path: str) -> None:
        """See that an operator gives the shape of its node, where its inputs are known."""
        inputs = tuple(self.shapes[value] for value in node.inputs)
        if node.shape is None or None in inputs:
            if self.network.complete:
                raise Flaw(f"{path}.shape", "it is missing in a network that is complete")
            return
        try:
            found = node.op.shape(inputs)
        except OpError as refusal:
            raise Flaw(f"{path}.op", refusal.message) from None
        if self.network.complete and found != node.shape:
            raise Flaw(f"{path}.shape", f"`{node.op.name}` makes {text(found)} here, not {text(node.shape)}")
        _sizes(node.shape, f"{path}.shape")

    def _form(self, scope: Any, path: str) -> None:
        """See that a scope holds what its kind holds."""
        kinds = [child.op.name if hasattr(child, "op") else child.kind for child in scope.children]
        if scope.kind == "repeat" and set(kinds) - {"iteration"}:
            raise Flaw(f"{path}.children", "a `repeat` holds iterations")
        if not self.network.complete:
            return
        added = kinds[:3] == ["branch", "shortcut", "add"]
        if scope.kind == "residual" and not added and (kinds[:1] != ["branch"] or "shortcut" in kinds):
            raise Flaw(f"{path}.children", "a `residual` holds a branch, and a shortcut with their addition")
        if scope.kind == "bracket":
            rows: list[Any] = []
            if kinds == ["residual"]:
                rows = [node for node in scope.children[0].children[0].nodes() if not node.implicit]
            if len(rows) != scope.title.count(";") + 1 or any(node.op.name != "conv" for node in rows):
                raise Flaw(f"{path}.children", "a `bracket` is a residual of the convolutions that its title names")

    def _written(self, scope: Any, path: str) -> None:
        """See that what was written speaks of what is there."""
        if scope.kind == "net":
            known = {*self.network.settings, *(key for key in scope.terms if " " in key)}
            _known(scope.terms, known, f"{path}.terms", "param")
        elif scope.kind in ("repeat", "join", "branch"):
            _known(scope.terms, REPETITION, f"{path}.terms", "part of a repetition")
            if not scope.terms.get("index", "i").isidentifier():
                raise Flaw(f"{path}.terms.index", "an index is a name")
        elif scope.kind == "block":
            _known(scope.terms, {*scope.arguments, CALLED}, f"{path}.terms", "argument of the call")
        if scope.definition is None:
            return
        definition = self.network.definitions.get(scope.definition)
        if definition is None or scope.kind != "block":
            raise Flaw(f"{path}.definition", f"there is no definition `{scope.definition}` of a {scope.kind}")
        if list(scope.arguments) != list(definition.parameters):
            listed = ", ".join(definition.parameters) or "none"
            raise Flaw(f"{path}.arguments", f"the parameters of `{definition.name}` are {listed}")


def _known(found: Iterable[str], known: Iterable[str], path: str, what: str) -> None:
    for key in found:
        if key not in known:
            raise Flaw(f"{path}.{key}", f"there is no such {what}")
