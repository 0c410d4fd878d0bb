"""What a diagram is made of while it is worked out: boxes inside frames.

Both cover a range `[start, end)` of the network's values, by which edges find their boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from netdsl.ir import Node, Scope, Value
from netdsl.text.source import Span


@dataclass(slots=True, eq=False)
class Box:
    """One layer with what belongs to it: a flattening before, a norm and an activation behind.

    - `main`: the node that the box is named after; `before` and `after` it are the nodes that belong to it.
    - `entry`: for a join, the value its branches started from.
    - `times`: how many equal boxes in a row it stands for; `last` is the last one of all that it stands for, also by
      repetitions around it; `upto` is where the values end of the copies that it stands for by itself.
    - `passes`: it only passes its value on (`identity`) and is drawn as the edge through it.
    """

    main: Node
    before: list[Node] = field(default_factory=list)
    after: list[Node] = field(default_factory=list)
    label: str | None = None
    entry: int | None = None
    times: int = 1
    last: Box | None = None
    passes: bool = False
    upto: int = 0

    @property
    def span(self) -> Span:
        return self.main.span

    @property
    def nodes(self) -> list[Node]:
        return [*self.before, self.main, *self.after]

    @property
    def start(self) -> int:
        return (self.before or [self.main])[0].id

    @property
    def exit(self) -> int:
        return (self.after or [self.main])[-1].id

    @property
    def end(self) -> int:
        return self.exit + 1

    @property
    def entries(self) -> tuple[int, ...]:
        """The values it takes."""
        return (self.before or [self.main])[0].inputs


@dataclass(slots=True, eq=False)
class Frame:
    """A part of the network that is drawn with a line around it, or as one box where it is `closed`.

    `iteration`, `branch` and `fork` are frames without a line: one of several by one statement, one way of a join, and
    the join itself with its branches, whose joining box is behind them.
    """

    kind: str
    children: list[Item]
    scope: Scope
    label: str | None = None
    times: int = 1
    last: Frame | None = None
    closed: bool = False
    upto: int = 0

    @property
    def span(self) -> Span:
        return self.scope.span

    @property
    def title(self) -> str:
        return self.scope.title

    @property
    def arguments(self) -> dict[str, Value]:
        return self.scope.arguments

    @property
    def start(self) -> int:
        return self.children[0].start

    @property
    def end(self) -> int:
        return self.children[-1].end

    @property
    def exit(self) -> int:
        """The value it gives."""
        return self.scope.exit

    @property
    def entries(self) -> tuple[int, ...]:
        """The values from outside that it takes, in order of first use."""
        taken = (value for node in self.scope.nodes() for value in node.inputs if value < self.start)
        return tuple(dict.fromkeys(taken))


Item: TypeAlias = Box | Frame
Leaf: TypeAlias = Box | Frame
"""What is drawn as one box: a box, or a closed frame."""


def leaves(items: list[Item]) -> Iterator[Leaf]:
    """All that is drawn as one box, in order."""
    stack = list(reversed(items))
    while stack:
        item = stack.pop()
        if isinstance(item, Box) or item.closed:
            yield item
        else:
            stack.extend(reversed(item.children))


def count(items: list[Item]) -> int:
    """How many boxes are drawn."""
    return sum(1 for leaf in leaves(items) if not (isinstance(leaf, Box) and leaf.passes))
