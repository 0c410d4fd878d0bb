"""Layers and stacks of them in words: `conv3-64, relu`, or what the spec itself calls them, `[3x3, 64; 3x3, 64]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from netdsl.analysis.compare.layers import TRAINING_ONLY, Layer, Layers
from netdsl.analysis.compare.scopes import BRANCHES
from netdsl.backends.table.notation import call
from netdsl.ir import Node, Scope
from netdsl.ops import Family, Operator
from netdsl.ops.shared.notation import argument, notation

_LONGEST = 72
_DEEPEST = 4
"""Joins are told in each other at most so deep."""


class Describer:
    """Words for the layers of one network."""

    def __init__(self, layers: Layers):
        self.scopes, self.definitions = layers.scopes, layers.network.definitions
        self._notations: dict[int, str] = {}

    def notation(self, op: Operator) -> str:
        """The operator as the papers print it, without what matters to training only."""
        key = id(op)
        if key not in self._notations:
            fields = type(op).model_fields
            usual = {name: fields[name].default for name in TRAINING_ONLY if name in fields}
            text = notation(op.model_copy(update=usual))
            if op.family is Family.NORMALIZATION:  # its first argument needs a name to be understood
                first = next(iter(fields), "")
                text = re.sub(r"\((?=[^=]*[,)])", f"({first}=", text, count=1)
            self._notations[key] = _rounded(text)
        return self._notations[key]

    def text(self, layers: Sequence[Layer], depth: int = 0) -> str:
        """Some consecutive layers: as the spec calls them where it has names for them, else one by one."""
        texts = [text for text, _ in self.parts(layers, depth) if text] or ["flatten"]
        counted = [(text, len(list(same))) for text, same in groupby(texts)]
        return cut(", ".join(f"{text} x{times}" if times > 1 else text for text, times in counted))

    def path(self, layers: Sequence[Layer]) -> str:
        """Where some consecutive layers are: the path of the first of their blocks, or of their first layer."""
        return next(self.parts(layers))[1]

    def parts(self, layers: Sequence[Layer], depth: int = 0) -> Iterator[tuple[str, str]]:
        """Text and path of the blocks, brackets and joins that layers consist of, and of the layers between."""
        places = {layer.node.id: at for at, layer in enumerate(layers)}
        at = 0
        while at < len(layers):
            text, path, at = self.part(layers, places, at, depth)
            yield text, path

    def part(self, layers: Sequence[Layer], places: dict[int, int], at: int, depth: int) -> tuple[str, str, int]:
        """Text and path of the largest part that begins with a layer, and where the next one begins."""
        node = layers[at].node
        for scope in self.scopes.beginning[node.id]:
            last = places.get(self.scopes.spans[id(scope)][1])
            if scope.kind in ("block", "bracket") and last is not None:
                return _rounded(call(scope, self.definitions)), scope.path or node.path, last + 1
            joint = self.scopes.joints.get(id(scope))
            if joint is not None and joint.id in places:
                return self.join(joint, layers, places, at, depth), node.path, places[joint.id] + 1
        if node.id in self.scopes.joins:
            return self.join(node, layers, places, at, depth), node.path, at + 1
        hidden = node.implicit and node.op.name == "flatten"
        return "" if hidden else self.notation(node.op), node.path, at + 1

    def join(self, joint: Node, layers: Sequence[Layer], places: dict[int, int], at: int, depth: int) -> str:
        """A join with its branches; those that do not lie behind `at` are `...`."""
        branches = []
        for branch in self.scopes.joins[joint.id].children:
            if isinstance(branch, Scope) and branch.kind in BRANCHES:
                first, last = self.scopes.spans[id(branch)]
                whole = places.get(first, -1) >= at and last in places and depth < _DEEPEST
                inside = layers[places[first] : places[last] + 1] if whole else ()
                branches.append(self.text(inside, depth + 1) if inside else "identity" if last < 0 else "...")
        return f"{self.notation(joint.op)} {{ {' | '.join(branches)} }}"


def value(op: Operator, name: str, item: Any) -> str:
    """The value of an argument; a kernel always as height x width."""
    if name == "kernel" and isinstance(item, tuple):
        return "x".join(map(str, item))
    return cut(_rounded(argument(type(op).model_fields[name], item)))


def argument_name(op: Operator, name: str) -> str:
    """What a spec calls an argument."""
    return type(op).model_fields[name].alias or name


def cut(text: str, longest: int = _LONGEST) -> str:
    """A text of bearable length."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _rounded(text: str) -> str:
    """A text whose numbers have at most four digits behind the point."""
    return re.sub(r"\d+\.\d{5,}(?!\d|e)", lambda found: f"{float(found[0]):.4g}", text)
