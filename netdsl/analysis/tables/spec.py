"""The spec that a table is read to, and the notes by which a table says what its cells do not.

`Input: 3x224x224.` and `Throughout: conv(act=relu), fc(act=relu).` are written below every table that netdsl prints,
and read back; a table from elsewhere has the conventions of its paper, which its style knows, or those of a prelude.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from netdsl.analysis.formatting import formatted
from netdsl.analysis.tables.model import Place
from netdsl.syntax import parse, tree
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source

INPUT, THROUGHOUT, LEFT_OUT = "Input: ", "Throughout: ", "Left out: "
IMAGE = "3x224x224"
"""What goes into the networks of the papers whose tables do not say it."""


@dataclass(frozen=True)
class Spec:
    """What a table says: statements for all variants, or a row of statements for each.

    `rows` hold one text for each of `columns`, or a single one for all of them. `assumed` is what the table does not
    say and its style does.
    """

    name: str
    input: str | None
    defaults: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    assumed: tuple[str, ...] = ()
    head: tuple[str, ...] = field(default=())

    def text(self, prelude: str = "") -> str:
        """The spec in its canonical layout; what the prelude says takes the place of what is assumed."""
        said = parse(Source("prelude", prelude), Report()).statements
        set_ = {each.operator.text.lower() for each in said if isinstance(each, tree.Default)}
        lines = [] if any(isinstance(each, tree.Net) for each in said) else [f"net {_name(self.name)}"]
        if self.input is not None and not any(isinstance(each, tree.Input) for each in said):
            lines.append(f"input {self.input}")
        lines += [prelude.rstrip()] if prelude.strip() else []
        lines += [f"default {each}" for each in self.defaults if each.partition("(")[0] not in set_]
        lines += [*self.head, ""]
        if len(self.columns) > 1:
            lines += ["table", _row(self.columns), _row(["---"] * len(self.columns))]
            lines += [_row(row) for row in self.rows]
        else:
            lines += [row[0] for row in self.rows if row[0]]
        written = "\n".join(lines) + "\n"
        return formatted(Source("written", written)) or written


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _name(words: str) -> str:
    """A name that a spec can have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", words).strip("-._") or "network"


def variant(words: str) -> str:
    """A name that a variant can have."""
    name = re.sub(r"[^A-Za-z0-9._/-]+", "-", words).strip("-./")
    return name if re.match(r"[A-Za-z0-9_]", name) else f"v{name}"


def said(notes: Iterable[str], mark: str) -> str | None:
    """What a table's notes say behind a mark, without its point."""
    return next((note[len(mark) :].rstrip(".") for note in notes if note.startswith(mark)), None)


@dataclass(frozen=True)
class Common:
    """What holds for a whole table: its input, its defaults, and which of both are assumed, for want of a note."""

    input: str
    defaults: tuple[str, ...]
    assumed: tuple[str, ...]


def conventions(notes: Sequence[str], usual: tuple[str, ...], shape: str | None = None) -> Common:
    """What the notes give; else what is `usual` for the paper, and the input of ImageNet unless `shape` is known."""
    given = said(notes, THROUGHOUT)
    found = usual if given is None else tuple(re.findall(r"\w+\((?:[^()]|\([^()]*\))*\)", given))
    shape = shape or said(notes, INPUT)
    assumed = [] if shape else [f"input {IMAGE}"]
    assumed += [f"default {each}" for each in usual] if given is None else []
    return Common(shape or IMAGE, found, tuple(assumed))


def unread(
    report: Report, row: int, place: Place, words: str, *, column: int | None = None, help: str | None = None
) -> None:
    """Tell a cell that cannot be read: its row from 1, its column from 0, and behind these what it is not."""
    at = place.column if column is None else column
    report.error("E0801", f"row {row}, column {at + 1}{words}", place.cell.span, help=help)
