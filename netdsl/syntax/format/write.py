"""Pieces to lines: what fits stays on its line, braces open, lists go on below their bracket."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.syntax.format import table
from netdsl.syntax.format.columns import Kind, Line
from netdsl.syntax.format.pieces import Body, Braces, Item, Items, Note, Part, Remark, Statement, Table, Written

WIDTH = 120
"""How long a line may be where it can be broken."""
HANG = 60
"""A list goes on below its opening bracket where that stands before this column, else two columns further in."""
STEP = 2


class Writer:
    """Lays out a file. `room` is how many characters the padded rows of tables may take in all, and `tables`
    whether there are any.
    """

    def __init__(self, room: int):
        self.room = room
        self.tables = False
        self.lines: list[Line] = []

    def file(self, body: Body) -> list[Line]:
        self.body(body, 0)
        return self.lines

    # Bodies ----------------------------------------------------------------------------------------------------------

    def body(self, body: Body, indent: int, bar: bool = False) -> None:
        """The lines of a body; a branch after the first begins with a bar."""
        first = len(self.lines)
        if bar and (body.lead is not None or not body.entries):
            self.lines.append(Line(indent, body.lead or "", Kind.REMARK))
        for entry in body.entries:
            if isinstance(entry, Remark):
                self.lines.append(Line(indent, entry.text, Kind.REMARK, blank=entry.blank))
            elif isinstance(entry, Table):
                self.tables = True
                self.room = table.write(entry, self.lines, self.room)
            else:
                self.row(entry, indent)
        if bar:
            self.lines[first].bar = True

    def row(self, row: Written, indent: int) -> None:
        """The statements of one line of the author's: on one line, or as many as they need."""
        first = len(self.lines)
        group: list[Statement] = []
        length = indent
        for statement in row.statements:
            flat = statement.flat
            if group and (flat is None or length + 2 + len(flat) > WIDTH):
                self.short(group, indent)
                group, length = [], indent
            if flat is None or length + len(flat) > WIDTH:
                self.tall(statement, indent)
            else:
                length += len(flat) + 2 * bool(group)
                group.append(statement)
        if group:
            self.short(group, indent)
        self.lines[first].blank = row.blank
        last = self.lines[-1]
        last.note = row.note
        self.lines += [Line(indent, text, Kind.GOES_ON) for text in row.more]

    def short(self, statements: list[Statement], indent: int) -> None:
        """Statements that fit on one line."""
        *before, last = statements
        code = "; ".join([*[each.flat or "" for each in before], last.code or ""])
        self.lines.append(Line(indent, code, claim=last.claim, repeat_at=statements[0].repeat_at))

    # Statements over several lines -----------------------------------------------------------------------------------

    def tall(self, statement: Statement, indent: int) -> None:
        """A statement that does not fit on one line: all its braces open, and its lists break where they must."""
        text = ""
        kind = Kind.CODE
        for index, part in enumerate(statement.parts):
            if isinstance(part, str):
                text += part
            elif isinstance(part, Items):
                text = self.items(part, text, indent, 0, _ahead(statement.parts[index + 1 :], 0))
                kind = Kind.EDGE if part.flat is None else kind
            elif part.flat == "{}":
                text += part.flat
            else:
                self.lines.append(Line(indent, text + part.opening, Kind.EDGE, note=part.branches[0].lead))
                for number, branch in enumerate(part.branches):
                    self.body(branch, indent + STEP, bar=number > 0)
                text, kind = part.closing, Kind.EDGE
        self.lines.append(Line(indent, text, kind, claim=statement.claim))

    def items(self, items: Items, text: str, indent: int, base: int, ahead: int) -> str:
        """Add a list to a line that has `text` so far; gives the text of the last line, which goes on. `base` is how
        far in the line begins, `ahead` how much must stand on a line with the closing bracket.
        """
        flat = items.flat
        if flat is not None and (not items.content or indent + len(text) + len(flat) + ahead <= WIDTH):
            return text + flat
        if any(isinstance(each, Note) for each in items.content):
            return self.noted(items, text, indent, base)
        text += items.opening
        hang = len(text)
        if indent + hang > HANG:
            self.lines.append(Line(indent, text))
            hang = base + 2 * STEP
            text = " " * hang
        fresh = True
        given = [each for each in items.content if isinstance(each, Item)]
        for number, item in enumerate(given, 1):
            last = number == len(given)
            behind = len(items.closing) + ahead if last else 1
            if not fresh:
                if item.flat is not None and indent + len(text) + 1 + len(item.flat) + behind <= WIDTH:
                    text += " "
                else:
                    self.lines.append(Line(indent, text))
                    text = " " * hang
            text = self.item(item, text, indent, hang, behind)
            fresh = False
            text += items.closing if last else ","
        return text

    def item(self, item: Item, text: str, indent: int, base: int, behind: int) -> str:
        """One item of a list, with the lists inside it."""
        for index, part in enumerate(item.parts):
            if isinstance(part, Items):
                text = self.items(part, text, indent, base, _ahead(item.parts[index + 1 :], behind))
            elif isinstance(part, str):
                text += part
        return text

    def noted(self, items: Items, text: str, indent: int, base: int) -> str:
        """A list with comments in it: each item on a line of its own."""
        inner = base + STEP
        self.lines.append(Line(indent, text + items.opening, Kind.EDGE))
        for each in items.content:
            if isinstance(each, Item):
                text = self.item(each, " " * inner, indent, inner, 1)
                self.lines.append(Line(indent, text + "," * items.commas))
            elif each.own or self.lines[-1].note is not None or self.lines[-1].kind is Kind.REMARK:
                self.lines.append(Line(indent, " " * inner + each.text, Kind.REMARK))
            else:
                self.lines[-1].note = each.text
        return " " * base + items.closing


def _ahead(parts: Sequence[Part], behind: int) -> int:
    """How much must stand on a line behind a list: all up to the next bracket that can break; `behind` without one."""
    length = 0
    for part in parts:
        if isinstance(part, str):
            length += len(part)
        elif isinstance(part, Braces) or part.content:
            return length + 1
        else:
            length += 2
    return length + behind
