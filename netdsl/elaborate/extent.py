"""How large a network becomes, known before it is made: the limits on its layers and its parts, and the least that the
body of a block comes to.

A few lines can ask for more than any machine can hold: blocks that call others twice, repetitions inside one another.
"""

from __future__ import annotations

from typing import NamedTuple

from netdsl.elaborate.files import Definition, Module
from netdsl.syntax import tree


class Extent(NamedTuple):
    """So many layers, and so many parts: calls of blocks, and repetitions."""

    layers: int = 0
    parts: int = 0

    def plus(self, other: Extent) -> Extent:
        return Extent(self.layers + other.layers, self.parts + other.parts)

    def less(self, other: Extent) -> Extent:
        return Extent(self.layers - other.layers, self.parts - other.parts)

    def times(self, count: int) -> Extent:
        return Extent(self.layers * count, self.parts * count)

    @property
    def hollow(self) -> bool:
        """Whether there are more parts than its layers explain. One costs as much as a layer, and what holds none comes
        to nothing."""
        return self.parts > EMPTY + _EACH * self.layers


class Limit(NamedTuple):
    """The most that a network may come to, and what to do where it comes to more."""

    layers: int
    parts: int
    help: str

    def passed(self, extent: Extent) -> str | None:
        """What there is too much of, in words; None where there is room."""
        if extent.layers > self.layers:
            return f"{self.layers:,} layers"
        return f"{self.parts:,} calls of blocks and repetitions" if extent.parts > self.parts else None


LAYER, PART = Extent(layers=1), Extent(parts=1)
MOST = Limit(1_000_000, 1_000_000, "is a repetition count too large?")
EMPTY, _EACH = 10_000, 4
"""So many parts may be without a layer, and for each layer there may be so many more: blocks inside one another."""
DEEPEST = 150
"""How many bodies inside one another are looked into: more than a network may have."""


class Least:
    """The least that calls of blocks come to: what a parameter decides is left out, as far as it may lack."""

    def __init__(self) -> None:
        self.known: dict[int, Extent] = {}
        self.depth = 0

    def call(self, definition: Definition) -> Extent:
        """The least that one call of a block comes to."""
        key = id(definition.block)
        if key not in self.known:
            self.known[key] = Extent()  # for a block that calls itself, which is refused
            self.known[key] = PART.plus(self.body(definition.block.body, definition.module))
        return self.known[key]

    def body(self, body: tree.Body | None, module: Module) -> Extent:
        """The least that a body in `module` comes to."""
        if body is None or self.depth >= DEEPEST:
            return Extent()
        key = id(body)
        if key not in self.known:
            found = Extent()
            self.depth += 1
            for each in body.statements:
                if isinstance(each, tree.Layer):
                    found = found.plus(repeated(self.item(each.item, module), each.repeat))
            self.depth -= 1
            self.known[key] = found
        return self.known[key]

    def branches(self, branches: tuple[tree.Branch, ...] | None, module: Module) -> Extent:
        """The least that branches come to, each as often as it says."""
        found = Extent()
        for each in branches or ():
            found = found.plus(repeated(self.body(each.body, module), each.repeat))
        return found

    def item(self, item: tree.Item, module: Module) -> Extent:
        """The least that an item in a body of `module` comes to."""
        match item:
            case tree.Operation(head=head, branches=branches):
                definition = module.blocks.get(head.text)
                one = LAYER if definition is None else self.call(definition)
                return one.plus(self.branches(branches, module)) if branches else one
            case tree.Join(branches=branches, repeat=repeat):
                return LAYER.plus(repeated(self.branches(branches, module), repeat))
            case tree.Residual(body=body):
                return self.body(body, module)
            case tree.Output(item=inner) if inner is not None:
                return self.item(inner, module)
            case tree.Reuse(branches=branches):
                return self.branches(branches, module)
            case tree.Group(body=body) | tree.Aux(body=body):
                return self.body(body, module)
            case tree.If(then=then, otherwise=otherwise):
                arms = (self.body(then, module), self.body(otherwise, module))
                return Extent(min(each.layers for each in arms), min(each.parts for each in arms))
            case tree.Bracket(rows=rows):
                return Extent(layers=len(rows) + 1)
        return Extent()


def repeated(one: Extent, repeat: tree.Repeat | None) -> Extent:
    """The least that something comes to as often as it stands here."""
    return one if repeat is None else one.plus(PART).times(_count(repeat))


def _count(repeat: tree.Repeat) -> int:
    """How often an item stands here at the least."""
    value = repeat.count.value if isinstance(repeat.count, tree.Literal) else 0
    return value if type(value) is int and value > 0 else 0
