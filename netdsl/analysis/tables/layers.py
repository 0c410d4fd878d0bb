"""Layers as the papers' tables print them: an operator with its norm and activation as one, and what holds throughout.

A table prints `conv3-64` and says once, in a note or not at all, that a ReLU follows every convolution. So the fields
in which most layers of an operator agree are its convention, which a spec writes as a `default` line, and a layer's
text has only what differs. One rule more is the papers' own: the last layer with weights gives logits, and has no
activation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from netdsl import ops
from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family, Operator
from netdsl.ops.shared.notation import argument, notation

NOT_PRINTED = ("init", "bias_init")
"""How weights are drawn is the recipe's, and no part of the function."""

ALWAYS_PRINTED = ("p", "to")
"""The rate of a dropout, and the size that a pool makes."""


WITH_ALL = ("norm", "act", "bias")
"""What papers say once for all layers, of which some are exceptions."""


class NotPrintable(Exception):
    """A style has no place for a network; the message says for which part of it."""


class Unit(NamedTuple):
    """An operator of the main path with what belongs to it; `nodes` are all of them, in order."""

    nodes: tuple[Node, ...]
    op: Operator
    norm: Operator | None
    act: Operator | None

    @property
    def last(self) -> Node:
        return self.nodes[-1]


def chain(network: Network) -> list[Node]:
    """The layers of a network without branches. Raises `NotPrintable` for one that has some."""
    found = []
    for item in items(network):
        if not isinstance(item, Node) or item.shares is not None:
            raise NotPrintable(f"it has branches, or layers used again, in line {network.line(item.span)}")
        found.append(item)
    return found


def single(networks: Sequence[Network]) -> Network:
    """The one network. Raises `NotPrintable` for several."""
    if len(networks) > 1:
        raise NotPrintable("its variants are one table each; choose one with FILE:VARIANT")
    return networks[0]


def split(network: Network, left_out: Sequence[str]) -> tuple[list[Unit | Scope], list[Unit]]:
    """The main path as units and joins, less the units of some operators; and these. Raises `NotPrintable` for what is
    no such path."""
    parts = list(grouped(items(network)))
    hidden = [part for part in parts if isinstance(part, Unit) and part.op.name in left_out]
    return [part for part in parts if part not in hidden], hidden


def field(op: Operator, name: str) -> Any:
    """A field of an operator; None where it has none of this name."""
    return getattr(op, name, None)


def by(op: Operator) -> str:
    """Kernel and stride of an operator, `7×7/2`; empty where it has none."""
    kernel, stride = field(op, "kernel"), field(op, "stride")
    return f"{times(kernel)}/{max(stride or kernel)}" if kernel else ""


def times(sizes: Sequence[int]) -> str:
    """Sizes as papers print them: `7×7`."""
    return "×".join(map(str, sizes))


def units(nodes: Sequence[Node]) -> Iterator[Unit]:
    """Consecutive nodes as units; the flattening before a fully connected layer is part of it."""
    at = 0
    while at < len(nodes):
        start = at
        if nodes[at].op.name == "flatten" and at + 1 < len(nodes) and nodes[at + 1].op.flattens:
            at += 1
        op = nodes[at].op
        at += 1
        norm = act = None
        if "norm" in op.followed_by and at < len(nodes) and _norm(nodes[at].op):
            norm = nodes[at].op
            at += 1
        if "act" in op.followed_by and at < len(nodes) and _activation(nodes[at].op):
            act = nodes[at].op
            at += 1
        yield Unit(tuple(nodes[start:at]), op, norm, act)


def _norm(op: Operator) -> bool:
    return op.family is Family.NORMALIZATION and op.weighted


def _activation(op: Operator) -> bool:
    return op.family is Family.ACTIVATION and not op.to_probabilities


def less(network: Network, hidden: Iterable[int]) -> Network:
    """The network without some of its nodes, each of which passes its input on, and without its aux heads."""
    gone = frozenset(hidden)
    identity = ops.find("identity")()

    def kept(part: Any) -> Any:
        if isinstance(part, Node):
            return part.model_copy(update={"op": identity}) if part.id in gone else part
        return part.model_copy(update={"children": tuple(map(kept, part.children))})

    fields = {name: getattr(network, name) for name in Network.model_fields}
    return Network.made(
        **{**fields, "body": kept(network.body), "aux": ()}
    )  # a copy would keep the nodes it has listed


class Conventions:
    """In what the layers of each operator agree, over all networks of a table."""

    def __init__(self, columns: Iterable[Sequence[Unit]]):
        seen: dict[str, dict[str, Counter[str]]] = {}
        self.kinds: dict[str, type[Operator]] = {}
        for column in columns:
            final = last_weighted(column)
            for unit in column:
                self.kinds[unit.op.name] = type(unit.op)
                for key, written in self._written(unit).items():
                    if not (key == "act" and unit is final) and key not in ALWAYS_PRINTED:
                        seen.setdefault(unit.op.name, {}).setdefault(key, Counter())[written] += 1
        self.common = {
            name: {key: self._agreed(name, key, counts) for key, counts in fields.items()}
            for name, fields in seen.items()
        }

    def _agreed(self, name: str, key: str, counts: Counter[str]) -> str:
        """The value of a field that holds throughout: that of most layers; of what makes a layer the one it is (its
        groups, its padding), that of nearly all."""
        most = max(counts, key=lambda each: (counts[each], each == "none"))
        usual = self._plain(self.kinds[name]).get(key)
        rare = usual is not None and key not in WITH_ALL and counts[most] < 0.75 * counts.total()
        return usual if rare and usual is not None else most

    @staticmethod
    def _written(unit: Unit) -> dict[str, str]:
        """All fields of a unit as a spec writes them, without its geometry."""
        found = {}
        for key, info in type(unit.op).model_fields.items():
            if key in type(unit.op).geometry or key in NOT_PRINTED or not info.repr or info.is_required():
                continue
            item = getattr(unit.op, key)
            found[info.alias or key] = argument(info, info.default if unit.op.is_default(key) else item)
        for key, op in (("norm", unit.norm), ("act", unit.act)):
            if key in unit.op.followed_by:
                found[key] = notation(op) if op is not None else "none"
        return found

    def text(self, unit: Unit, final: bool = False) -> str:
        """A unit in the papers' notation, with what differs from the conventions; `final`: it gives the logits."""
        common = self.common.get(unit.op.name, {})
        usual = {**self._plain(type(unit.op)), **common, **({"act": "none"} if final else {})}
        given = [f"{key}={value}" for key, value in self._written(unit).items() if value != usual.get(key, "none")]
        bare = {
            key: info.default
            for key, info in type(unit.op).model_fields.items()
            if key not in type(unit.op).geometry and not info.is_required()
        }
        head = notation(unit.op.model_copy(update=bare))
        if head.endswith(")"):
            return f"{head[:-1]}, {', '.join(given)})" if given else head
        return f"{head}({', '.join(given)})" if given else head

    @cached_property
    def defaults(self) -> tuple[str, ...]:
        """The conventions as a spec's `default` lines write them: `conv(act=relu)`."""
        found = []
        for name, fields in sorted(self.common.items()):
            plain = self._plain(self.kinds[name])
            given = [f"{key}={value}" for key, value in fields.items() if value != plain.get(key, "none")]
            if given:
                found.append(f"{name}({', '.join(given)})")
        return tuple(found)

    @staticmethod
    def _plain(kind: type[Operator]) -> Mapping[str, str]:
        """The defaults of an operator, as a spec writes them."""
        fields = kind.model_fields.items()
        return {info.alias or key: argument(info, info.default) for key, info in fields if not info.is_required()}


def last_weighted(column: Sequence[Unit]) -> Unit | None:
    """The last unit that has weights, which gives the logits."""
    return next((unit for unit in reversed(column) if unit.op.weight_layer), None)


def items(network: Network) -> list[Node | Scope]:
    """The main path as layers and joins, which stay whole. Raises `NotPrintable` where these do not form a chain."""
    if len(network.inputs) != 1 or network.outputs:
        raise NotPrintable("it has several inputs or outputs")
    found = list(_items(network.body))
    before = 0
    for item in found:
        if (item.inputs if isinstance(item, Node) else (item.entry,)) != (before,):
            raise NotPrintable(f"its layers do not follow one another in line {network.line(item.span)}")
        before = item.id if isinstance(item, Node) else item.exit
    return found


def _items(scope: Scope) -> Iterator[Node | Scope]:
    for child in scope.children:
        if isinstance(child, Node) or (child.kind in ("join", "residual") and _joins(child)):
            yield child
        elif child.kind != "aux":
            yield from _items(child)


def _joins(scope: Scope) -> bool:
    """Whether something is joined: a residual under `shortcut=same` that changes the shape is its body alone."""
    return any(isinstance(child, Node) and len(child.inputs) > 1 for child in scope.children)


def grouped(parts: Sequence[Node | Scope]) -> Iterator[Unit | Scope]:
    """Items with their layers as units."""
    nodes: list[Node] = []
    for part in parts:
        if isinstance(part, Node):
            nodes.append(part)
        else:
            yield from units(nodes)
            nodes = []
            yield part
    yield from units(nodes)


def branches(scope: Scope) -> list[list[Unit]]:
    """The branches of a join, each as units. Raises `NotPrintable` for one whose layers do not follow one another."""
    found = []
    for branch in scope.children:
        if isinstance(branch, Scope):
            nodes = list(branch.nodes())
            before = scope.entry
            for node in nodes:
                if node.inputs != (before,):
                    raise NotPrintable("a branch has branches of its own")
                before = node.id
            found.append(list(units(nodes)))
    return found
