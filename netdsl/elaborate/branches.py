"""Branches: bodies that start from one value, of a join or as the inputs of a call; and how often what is repeated
stands.

Each branch sees what the earlier ones label. A repetition is counted before it is walked, so that a few characters
cannot ask for more than a network may have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from netdsl.elaborate.build import Builder
from netdsl.elaborate.extent import PART, Extent
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.problems import Problem
from netdsl.syntax import tree
from netdsl.text.source import Span


def counted(builder: Builder, repeat: tree.Repeat, frame: Frame, span: Span, least: Extent) -> int:
    """How often something stands here that comes to at least `least`. Raises `Problem`."""
    count = builder.evaluator(frame).integer(repeat.count, "a repetition count")
    if count < 0:
        raise Problem("E0405", f"a repetition count (={count}) must be at least 0", repeat.span)
    builder.foresee(frame, span, least.plus(PART).times(count))
    return count


def rounds(builder: Builder, repeat: tree.Repeat, count: int, frame: Frame, span: Span) -> Iterator[Frame]:
    """The frame of each round of a repetition; what the first comes to foretells the others."""
    before = builder.extent
    for number in range(count):
        builder.part(frame, span)
        yield frame.iteration(repeat.index, number)
        if number == 0:
            builder.foresee(frame, span, builder.extent.less(before).times(count - 1))


def terms(builder: Builder, repeat: tree.Repeat | None, frame: Frame, label: str = "") -> dict[str, str] | None:
    """What a repetition says in expressions: its `count`, its `index`, and the label with the index in it."""
    if repeat is None:
        return None
    term = builder.evaluator(frame).term(repeat.count)
    if term is None and repeat.index is None:
        return None
    written = {"count": term, "index": repeat.index.text if repeat.index else None, "label": label}
    return {key: text for key, text in written.items() if text}


class Placed(NamedTuple):
    """A branch that was placed: its body as written, and the value at its end."""

    body: tree.Body
    exit: int


def branches(
    builder: Builder,
    written: Sequence[tree.Branch],
    frame: Frame,
    *,
    repeat: tree.Repeat | None = None,
    kind: str = "branch",
) -> list[Placed]:
    """Place branches, each from the current value; with `repeat` the whole list as often as it says."""
    entry, placed = builder.current, list[Placed]()
    shared: Frame | None = None
    least = builder.least
    for outer in _rounds(builder, repeat, frame, partial(least.branches, tuple(written), frame.module)):
        for each in written:
            for inner in _rounds(builder, each.repeat, outer, partial(least.body, each.body, frame.module)):
                builder.current = entry
                own = inner.inner(around=shared or frame)
                with builder.scope(kind, each.body.span) as scope:
                    scope.terms = terms(builder, each.repeat, outer)
                    branch(builder, each.body, own)
                placed.append(Placed(each.body, builder.current))
                if own.labels:
                    shared = shared or frame.beside()
                    shared.labels.update(own.labels)
    builder.current = entry
    return placed


def _rounds(builder: Builder, repeat: tree.Repeat | None, frame: Frame, least: Callable[[], Extent]) -> Iterator[Frame]:
    """The frame of each round; one where nothing is repeated."""
    if repeat is None:
        yield frame
    else:
        yield from rounds(builder, repeat, counted(builder, repeat, frame, repeat.span, least()), frame, repeat.span)


def branch(builder: Builder, body: tree.Body, frame: Frame) -> None:
    """The statements of one branch, from the current value on."""
    if not body.statements:
        help = "write `identity` to pass the value on"
        builder.tell(frame, Problem("E0702", "an empty branch", body.span, help))
        builder.unknown(frame, body.span)
    builder.body(body, frame)
