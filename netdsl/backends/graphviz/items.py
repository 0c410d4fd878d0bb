"""What a diagram is made of: boxes inside frames.

Both cover a range `[start, end)` of the network's values, by which edges find their boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from netdsl.ir import Node, Value
from netdsl.text.source import Span


@dataclass(slots=True, eq=False)
class Box:
    """One layer with what belongs to it: a flattening before, a norm and an activation behind.

    - `main`: the node that the box is named after; `before` and `after` it are the nodes that belong to it.
    - `entry`: for a join, the value its branches started from.
    - `times`: how many equal boxes in a row it stands for; `last` is the last one of all that it stands for, also by
      repetitions around it.
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
    """A part of the network that is drawn with a line around it; an `iteration` only where it stands for several."""

    kind: str
    children: list[Item]
    span: Span
    title: str = ""
    label: str | None = None
    arguments: dict[str, Value] = field(default_factory=dict)
    times: int = 1
    last: Frame | None = None

    @property
    def start(self) -> int:
        return self.children[0].start

    @property
    def end(self) -> int:
        return self.children[-1].end


Item: TypeAlias = Box | Frame


def boxes(items: list[Item]) -> Iterator[Box]:
    """All boxes, in order."""
    stack = list(reversed(items))
    while stack:
        item = stack.pop()
        if isinstance(item, Box):
            yield item
        else:
            stack.extend(reversed(item.children))
