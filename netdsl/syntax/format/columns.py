"""Lines to text: what stands at the ends of adjacent lines is lined up.

Claims, the comments behind lines, and the `xN` of a paper's rows begin in one column over a run of lines: lines of one
body without a blank line between them. A line that is far longer than its neighbours does not move their column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

CLAIM_GAP = 4
NOTE_GAP = 4
CLAIM_LIMIT = 80
NOTE_LIMIT = 100
"""Lines that end behind these columns have their claims and comments right behind them."""
REPEAT_SPREAD = 2
"""The `xN` of adjacent lines are lined up where this takes at most so many blanks."""


class Kind(Enum):
    """What a line is: statements; a comment of its own, or one that goes on from the line above; the first or last line
    of something in brackets, which stands apart; the row of a table.
    """

    CODE = auto()
    REMARK = auto()
    GOES_ON = auto()
    EDGE = auto()
    FIXED = auto()


@dataclass(slots=True)
class Line:
    """One line. `bar` puts the `|` of a branch into its indentation; `repeat_at` is where in its code `xN` stands."""

    indent: int
    code: str
    kind: Kind = Kind.CODE
    blank: bool = False
    claim: str | None = None
    note: str | None = None
    repeat_at: int | None = None
    bar: bool = False


class TooLarge(Exception):
    """The text would be larger than a spec may be."""


def lined_up(lines: Sequence[Line], most: int) -> str:
    """The text of the lines. Raises `TooLarge` where it takes more than `most` bytes."""
    for run in _runs(lines):
        _repeats(run)
        _claims(run)
        _notes(run)
    parts: list[str] = []
    size = 0
    for number, line in enumerate(lines):
        indent = " " * (line.indent - 2) + "| " if line.bar else " " * line.indent
        text = f"{indent}{line.code}".rstrip()
        parts.append(f"\n{text}\n" if line.blank and number else f"{text}\n")
        size += len(parts[-1])
        if size > most:
            raise TooLarge
    text = "".join(parts)
    if len(text.encode("utf-8")) > most:
        raise TooLarge
    return text


def _runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    run: list[Line] = []
    for line in lines:
        apart = line.kind in (Kind.EDGE, Kind.FIXED)
        goes_on = line.kind is Kind.GOES_ON
        if run and not goes_on and (apart or line.blank or line.indent != run[0].indent or run[0].kind is Kind.EDGE):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _repeats(run: Iterable[Line]) -> None:
    group: list[Line] = []
    for line in (*run, None):
        if line is not None and line.repeat_at is not None:
            group.append(line)
            continue
        places = [each.repeat_at or 0 for each in group]
        most = max(places, default=0)
        if places and most - min(places) <= REPEAT_SPREAD:
            for each, place in zip(group, places, strict=True):
                each.code = each.code[:place] + " " * (most - place) + each.code[place:]
        group.clear()


def _claims(run: Sequence[Line]) -> None:
    claimed = [line for line in run if line.claim is not None]
    short = [len(line.code) for line in claimed if line.indent + len(line.code) <= CLAIM_LIMIT]
    column = max(short, default=0) + CLAIM_GAP
    for line in claimed:
        if line.kind is Kind.EDGE:
            line.code += f" -> {line.claim}"
        else:
            line.code = f"{line.code:<{max(column, len(line.code) + CLAIM_GAP)}}-> {line.claim}"


def _notes(run: Sequence[Line]) -> None:
    noted = [line for line in run if line.note is not None]
    short = [len(line.code) for line in noted if line.indent + len(line.code) <= NOTE_LIMIT]
    column = max(short, default=0) + NOTE_GAP
    last = 0
    for line in run:
        if line.note is not None:
            last = max(column, len(line.code) + NOTE_GAP)
            line.code = f"{line.code:<{last}}{line.note}"
        elif line.kind is Kind.GOES_ON:
            line.code = " " * last + line.code
