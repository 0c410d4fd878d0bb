"""The levels of a network's modules, one for each level of the `state_dict`: leaves, levels and uses again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from netdsl.ir import Node, Scope
from netdsl.ops import Call, Torch

FOREVER = 1 << 62

HALVES = Torch(function=Call("torch.chunk", (2,), {"dim": 1}))
"""Of two layers that take the halves of one value's channels; one statement gives both."""


@dataclass(eq=False)
class Leaf:
    """One node: how it is constructed or computed. `name` is its key in its level; empty for a use again.

    `other` is the layer that takes the second half of the channels, for the one that takes the first.
    """

    node: Node
    torch: Torch
    name: str
    above: Level
    other: Leaf | None = None

    @property
    def weighted(self) -> bool:
        return self.node.op.weighted

    @property
    def inputs(self) -> tuple[int, ...]:
        return self.node.inputs

    @property
    def outputs(self) -> tuple[int, ...]:
        return (self.node.id,)

    @property
    def bare(self) -> bool:
        """Whether it is a parameter of the class around it, no module."""
        return self.torch.module is not None and self.torch.expression is not None

    @property
    def constructed(self) -> bool:
        """Whether a class has it as an attribute: joins, flattenings and identities are written out in `forward`."""
        written_out = self.torch.expression is not None or self.torch.function is not None
        return self.bare or not (written_out or self.node.op.transparent)


@dataclass(eq=False)
class Again:
    """Layers used again, as one call. `values` are the values of this use by those of the first."""

    target: Leaf | Level
    values: dict[int, int]

    @property
    def inputs(self) -> tuple[int, ...]:
        return tuple(self.values.get(value, value) for value in self.target.inputs)

    @property
    def outputs(self) -> tuple[int, ...]:
        return tuple(self.values.get(value, value) for value in self.target.outputs)


@dataclass(eq=False)
class Level:
    """One level of modules. `members` are in order of execution.

    - `first`, `last`: the numbers of the first and the last value that are made inside.
    - `inputs`: the values from outside that it takes, the current value first.
    - `outputs`: the values made inside that are needed outside, its result first.
    - `foreign`: layers outside that it uses again.
    - `chained`: a class that derives from `nn.Sequential`.
    - `aux`: a head of its own, in training only.
    """

    scope: Scope
    name: str
    above: Level | None
    members: list[Leaf | Level | Again] = field(default_factory=list)
    kind: Literal["sequential", "class", "container"] = "class"
    chained: bool = False
    aux: bool = False
    first: int = FOREVER
    last: int = -1
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    foreign: list[Leaf | Level] = field(default_factory=list)
    height: int = 0
    base: str = ""
    positions: dict[str, int] = field(default_factory=dict)

    @cached_property
    def given(self) -> list[int]:
        """The values that a class takes or whose channels it may name, its main input first; known once `inputs` is."""
        entry = self.scope.entry
        if self.scope.entries:
            return list(dict.fromkeys((*self.scope.entries, *self.inputs)))
        if entry not in self.inputs and len(self.inputs) == 1:
            return [*self.inputs, entry]
        return [entry, *(value for value in self.inputs if value != entry)]

    def taken(self, value: int) -> str | None:
        """What a block of several inputs calls one of them, or the block inside that takes all of a part's."""
        scope = self.scope
        first = self.members[0] if self.members and not scope.entries and len(self.inputs) > 1 else None
        if isinstance(first, Level) and {*first.inputs} == {*self.inputs}:
            scope = first.scope
        return scope.takes[scope.entries.index(value)] if value in scope.entries and scope.takes else None

    @property
    def called(self) -> bool:
        """Whether it is called as one module."""
        return self.kind != "container"

    @property
    def constructed(self) -> bool:
        """Whether there is a module to construct: a container of nothing but calls is none."""
        return self.called or any(not isinstance(each, Again) and each.constructed for each in self.members)

    @property
    def placed(self) -> bool:
        """Whether its modules go by their places, as those of an `nn.Sequential` do."""
        return all(member.name == str(place) for place, member in enumerate(self.row()))

    def row(self) -> list[Leaf | Level]:
        """The modules in a sequence or a list of its members, in order: an identity is none."""
        members = [member for member in self.members if not isinstance(member, Again)]
        if self.listed:
            return [each for each in members if each.constructed]
        return [each for each in members if isinstance(each, Level) or not each.node.op.transparent]

    @property
    def listed(self) -> bool:
        """Whether a class knows its modules by their places alone: it is a list of them."""
        return self.kind == "class" and not self.chained and self._by_places

    @cached_property
    def _by_places(self) -> bool:
        if any(isinstance(member, Again) for member in self.members):
            return False
        made = [member for member in self.members if not isinstance(member, Again) and member.constructed]
        bare = any(isinstance(member, Leaf) and member.bare for member in made)
        weighted = any(isinstance(member, Level) or member.weighted for member in made)
        return weighted and not bare and all(member.name == str(place) for place, member in enumerate(made))

    def holds(self, target: Leaf | Level) -> bool:
        """Whether `target` is inside."""
        return self.first <= (target.node.id if isinstance(target, Leaf) else target.first) <= self.last

    def levels(self) -> Iterator[Level]:
        """This level and all inside it, innermost first."""
        for member in self.members:
            if isinstance(member, Level):
                yield from member.levels()
        yield self

    def leaves(self) -> Iterator[Leaf]:
        """The leaves of this level and all inside it."""
        for level in self.levels():
            for member in level.members:
                if isinstance(member, Leaf):
                    yield member

    def position(self, name: str) -> int:
        """The place of a member of an `nn.Sequential`."""
        if not self.positions:
            self.positions = {each.name: place for place, each in enumerate(self.row())}
        return self.positions[name]


Member: TypeAlias = Leaf | Level | Again
