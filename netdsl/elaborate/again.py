"""What is said twice is placed once: what would be the same but for the numbers of its values is copied.

A block that is called again with equal arguments on equal shapes, and a round of a repetition that finds the shape of
the one before, place what has been placed already. Placing means to look at every statement, expression and default;
a copy only counts on. Nothing is kept of what an error has touched, nor where a copy would not be all that happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from netdsl.elaborate.build import Builder
from netdsl.elaborate.draft import Draft, DraftNode, DraftScope, Stretch
from netdsl.elaborate.extent import Extent
from netdsl.ir import Choice, ShapeClaim


class Watch:
    """Looks on while a scope that has just been opened is filled, on the values `entries`."""

    def __init__(self, builder: Builder, scope: DraftScope, entries: tuple[int, ...]):
        self.builder, self.scope, self.entries = builder, scope, entries
        self.start = len(builder.shapes)
        self.parts = builder.parts
        self.choices, self.claims = len(builder.choices), len(builder.claims)
        self.outside = len(builder.outputs), len(builder.aux)

    def stretch(self) -> Stretch | None:
        """What has been placed; None where something is wrong, or the network gives out more than before."""
        builder = self.builder
        if builder.failed or self.outside != (len(builder.outputs), len(builder.aux)):
            return None
        choices, claims = tuple(builder.choices[self.choices :]), tuple(builder.claims[self.claims :])
        end, parts = len(builder.shapes), builder.parts - self.parts
        return Stretch(self.scope, builder.current, self.entries, self.start, end, choices, claims, parts)


def again(builder: Builder, stretch: Stretch, scope: DraftScope, entries: tuple[int, ...]) -> bool:
    """Place a stretch again, on other values, in a scope that has just been opened. False where these have other
    shapes, or it is too large, which is told at its place by whoever places it."""
    shapes = builder.shapes
    if any(shapes[before] != shapes[now] for before, now in zip(stretch.entries, entries, strict=True)):
        return False
    if not builder.fits(Extent(stretch.end - stretch.start, stretch.parts)):
        return False
    copy = _Copy(stretch.start, len(builder.shapes), dict(zip(stretch.entries, entries, strict=True)))
    builder.children += copy.drafts(stretch.scope.children)
    builder.keep(copy.nodes.values())
    builder.parts += stretch.parts
    builder.choices += map(copy.choice, stretch.choices)
    builder.claims += map(copy.claim, stretch.claims)
    builder.current = copy.value(stretch.exit)
    scope.outputs = copy.outputs(stretch.scope)
    return True


@dataclass(slots=True)
class _Copy:
    """Values from `start` on get the numbers from `now` on, those of `entries` others; what lies further back stays.

    `nodes` are the copies, by the number of what they were copied from.
    """

    start: int
    now: int
    entries: dict[int, int]
    nodes: dict[int, DraftNode] = field(default_factory=dict)
    met: dict[int, Choice] = field(default_factory=dict)

    def value(self, number: int) -> int:
        return number - self.start + self.now if number >= self.start else self.entries.get(number, number)

    def drafts(self, drafts: Iterable[Draft]) -> list[Draft]:
        return [self._node(each) if isinstance(each, DraftNode) else self._scope(each) for each in drafts]

    def _node(self, draft: DraftNode) -> DraftNode:
        shares = draft.shares and self.nodes.get(draft.shares.id, draft.shares)
        made = self.nodes[draft.id] = DraftNode(
            self.value(draft.id),
            draft.op,
            tuple(map(self.value, draft.inputs)),
            draft.shape,
            draft.span,
            draft.label,
            draft.given,
            draft.implicit,
            shares,
            draft.terms,
            self._arms(draft.arms),
        )
        return made

    def _scope(self, draft: DraftScope) -> DraftScope:
        return DraftScope(
            draft.kind,
            draft.span,
            self.value(draft.entry),
            self.value(draft.exit),
            draft.title,
            draft.label,
            draft.arguments,
            self.drafts(draft.children),
            draft.terms,
            self._arms(draft.arms),
            tuple(map(self.choice, draft.choices)),
            draft.definition,
            draft.takes,
            tuple(map(self.value, draft.entries)),
            self.outputs(draft),
        )

    def outputs(self, draft: DraftScope) -> dict[str, int] | None:
        return draft.outputs and {name: self.value(number) for name, number in draft.outputs.items()}

    def _arms(self, arms: tuple[Choice, ...]) -> tuple[Choice, ...]:
        return tuple(map(self.choice, arms)) if arms else arms

    def choice(self, choice: Choice) -> Choice:
        """The same choice for the same one: many layers stand in one arm."""
        key = id(choice)
        if key not in self.met:
            self.met[key] = Choice.made(test=choice.test, taken=choice.taken, value=self.value(choice.value))
        return self.met[key]

    def claim(self, claim: ShapeClaim) -> ShapeClaim:
        return ShapeClaim.made(**{**dict(claim), "value": self.value(claim.value)})


def exactly(value: Any) -> Any:
    """What tells a value from all others, `1` from `1.0` and `true`. Raises `TypeError` for one that has none."""
    if isinstance(value, tuple):
        return tuple(map(exactly, value))
    hash(value)
    return type(value), value
