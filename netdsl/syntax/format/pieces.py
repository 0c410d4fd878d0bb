"""What a layout is made of: statements, bodies in braces, lists in brackets, tables, and the notes in them.

Each piece knows `flat`, itself on one line, which is None where a comment or the author's own line ends forbid that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class Note(NamedTuple):
    """A comment with its `#`: on a line of its `own` (then perhaps behind a blank one), or behind something. `column`
    is where it was written.
    """

    text: str
    own: bool
    blank: bool = False
    column: int = 0


@dataclass(slots=True)
class Item:
    """One item of a list: an argument, a parameter, a value."""

    parts: list[Part]
    flat: str | None = None

    def close(self) -> None:
        self.flat = joined(self.parts)


@dataclass(slots=True)
class Items:
    """A list in `( )` or `[ ]` inside a statement, over which line ends mean nothing. `commas` says that its items are
    separated by commas, of which one may follow the last.
    """

    opening: str
    closing: str
    commas: bool = True
    content: list[Item | Note] = field(default_factory=list)
    flat: str | None = None

    def close(self) -> None:
        inner = [each.flat if isinstance(each, Item) else None for each in self.content]
        known = [each for each in inner if each is not None]
        self.flat = f"{self.opening}{', '.join(known)}{self.closing}" if len(known) == len(inner) else None

    def bare(self) -> list[Note]:
        """Take the comments out of the list, and out of those in it; gives them."""
        found: list[Note] = []
        for each in self.content:
            if isinstance(each, Note):
                found.append(each)
            else:
                found += [note for part in each.parts if isinstance(part, Items) for note in part.bare()]
                each.close()
        self.content = [each for each in self.content if isinstance(each, Item)]
        self.close()
        return found

    @property
    def noted(self) -> bool:
        return any(isinstance(each, Note) for each in self.content)


@dataclass(slots=True)
class Braces:
    """Statements in `{ }`, in branches, or the rows of a residual block in `[ ]`. `wide` says that the author wrote
    them over several lines.
    """

    opening: str
    closing: str
    branches: list[Body] = field(default_factory=list)
    wide: bool = False
    flat: str | None = None

    def close(self) -> None:
        words: list[str] = []
        for branch in self.branches:
            if self.wide or branch.flat is None:
                return
            words += ["|", branch.flat] if words or branch is not self.branches[0] else [branch.flat]
        if self.opening == "[":
            self.flat = f"[{words[0]}]"
        else:
            words = [word for word in words if word]
            self.flat = " ".join([self.opening, *words, self.closing]) if words else "{}"


Part: TypeAlias = str | Items | Braces


@dataclass(slots=True)
class Statement:
    """One statement: its parts, and the shape behind its arrow. `repeat` is the part with which its `xN` begins."""

    parts: list[Part]
    claim: str | None = None
    repeat: int | None = None
    code: str | None = None
    """Its text on one line, without the claim."""

    def close(self) -> None:
        self.code = joined(self.parts)

    @property
    def flat(self) -> str | None:
        return self.code if self.code is None or self.claim is None else f"{self.code} -> {self.claim}"

    @property
    def repeat_at(self) -> int | None:
        """Where in its text its `xN` stands."""
        if self.repeat is None:
            return None
        before = joined(self.parts[: self.repeat])
        return None if before is None else len(before)


@dataclass(slots=True)
class Written:
    """The statements that share a line, with the comment behind them; `more` are the lines below on which that comment
    goes on.
    """

    statements: list[Statement]
    blank: bool = False
    note: str | None = None
    column: int = 0
    more: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Remark:
    """A comment on a line of its own."""

    text: str
    blank: bool = False


@dataclass(slots=True)
class Body:
    """What stands between braces, in a branch, in a cell, in a file. `lead` is the comment behind what opens it."""

    entries: list[Written | Remark | Table] = field(default_factory=list)
    lead: str | None = None

    @property
    def flat(self) -> str | None:
        if self.lead is not None or len(self.entries) > 1:
            return None
        if not self.entries:
            return ""
        (row,) = self.entries
        if not isinstance(row, Written) or row.note is not None:
            return None
        texts = [statement.flat for statement in row.statements]
        known = [text for text in texts if text is not None]
        return "; ".join(known) if len(known) == len(texts) else None


@dataclass(slots=True)
class Cells:
    """A row of a table: the text of each cell. The claim of a cell that spans the table stands apart."""

    texts: list[str]
    claim: str | None = None
    blank: bool = False
    note: str | None = None


@dataclass(slots=True)
class Table:
    """A table: the comment behind its first word, those above its header, the header, and what lies below it."""

    header: Cells
    lead: str | None = None
    remarks: list[str] = field(default_factory=list)
    rows: list[Cells | Remark] = field(default_factory=list)
    blank: bool = False


def joined(parts: list[Part]) -> str | None:
    """The parts on one line."""
    texts = [part if isinstance(part, str) else part.flat for part in parts]
    known = [text for text in texts if text is not None]
    return "".join(known) if len(known) == len(texts) else None
