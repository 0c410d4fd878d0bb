"""Layers and stacks of them in words: `conv3-64, relu`, or what the spec itself calls them, `[3x3, 64; 3x3, 64]`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

from netdsl.analysis.compare.forms import TRAINING_ONLY
from netdsl.analysis.compare.scopes import Scopes
from netdsl.analysis.compare.structure import Fork, Item, Layer, nodes
from netdsl.backends.table.notation import call
from netdsl.ir import Network, Scope
from netdsl.ops import Family, Operator
from netdsl.ops.shared.notation import argument, notation

_LONGEST = 72


class Describer:
    """Words for the layers of one network."""

    def __init__(self, network: Network):
        self.network = network
        self._notations: dict[int, str] = {}

    @cached_property
    def scopes(self) -> Scopes:
        return Scopes(self.network)

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

    def items(self, items: Sequence[Item]) -> str:
        """Some consecutive items: as the spec calls them where it has names for them, else one by one."""
        texts = [(text, len(list(same))) for text, same in groupby(text for text, _ in self.parts(items) if text)]
        return shortened(", ".join(f"{text} x{times}" if times > 1 else text for text, times in texts))

    def path(self, items: Sequence[Item]) -> str:
        """Where some consecutive items are: the path of the first of their blocks, or of their first layer."""
        return next((path for _, path in self.parts(items)), "")

    def parts(self, items: Sequence[Item]) -> list[tuple[str, str]]:
        """Text and path of the blocks and brackets that items consist of, and of the items between."""
        ends = [self.ends([item]) for item in items]
        found = []
        at = 0
        while at < len(items):
            text, path, until = self.item(items[at]), self.first(items[at]), at + 1
            for last, scope in self.scopes.beginning(ends[at][0]):
                stop, high = at, -1
                while stop < len(items) and ends[stop][1] <= last:
                    high = max(high, ends[stop][1])
                    stop += 1
                if high == last:
                    text, path, until = _rounded(call(scope)), scope.path or path, stop
                    break
            found.append((text, path))
            at = until
        return found

    def ends(self, items: Sequence[Item]) -> tuple[int, int]:
        """The first and the last node of some items."""
        found = [node.id for item in items for node in nodes(item)]
        return (min(found), max(found)) if found else (-1, -1)

    def first(self, item: Item) -> str:
        node = next(nodes(item), None)
        return node.path if node is not None else ""

    def item(self, item: Item) -> str:
        """One item; nothing for what the spec does not write, the flattening before fc."""
        if isinstance(item, Layer):
            hidden = item.node.implicit and item.node.op.name == "flatten"
            return "" if hidden else self.notation(item.node.op)
        if not isinstance(item, Fork):
            return ""
        branches = [
            "..." if number == item.opened else self.items(branch) or "identity"
            for number, branch in enumerate(item.branches)
        ]
        return f"{self.notation(item.join.node.op)} {{ {' | '.join(branches)} }}"

    def repeat(self, items: Sequence[Item]) -> tuple[Scope, int] | None:
        """The repetition that items begin in, and how many of its iterations lie within them."""
        node = next((node for item in items for node in nodes(item)), None)
        scope = self.scopes.repeat(node) if node is not None else None
        if scope is None:
            return None
        return scope, self.scopes.iterations(scope, *self.ends(items))


def value(op: Operator, name: str, item: Any) -> str:
    """The value of an argument; a kernel always as height x width."""
    if name == "kernel" and isinstance(item, tuple):
        return "x".join(map(str, item))
    return shortened(_rounded(argument(type(op).model_fields[name], item)))


def argument_name(op: Operator, name: str) -> str:
    """What a spec calls an argument."""
    return type(op).model_fields[name].alias or name


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}"


def shortened(text: str) -> str:
    """A text of bearable length."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _rounded(text: str) -> str:
    """A text whose numbers have at most four digits behind the point."""
    return re.sub(r"\d+\.\d{5,}(?!\d|e)", lambda found: f"{float(found[0]):.4g}", text)
