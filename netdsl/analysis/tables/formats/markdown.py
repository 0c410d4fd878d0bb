"""A table in Markdown, and Markdown's tables back. A cell over several columns is `| text |||`, without blanks between
the bars, as MultiMarkdown has it: GitHub shows empty cells there, and an empty cell of one column has a blank."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from netdsl.analysis.tables.model import Cell, Row, Table, placed
from netdsl.text.source import Source
from netdsl.text.visible import markdown

ENDINGS = (".md", ".markdown")
COMMENT = "<!-- {} -->"
_RULE = re.compile(r"\s*\|?(\s*:?-{2,}:?\s*\|)*\s*:?-{2,}:?\s*\|?\s*")
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&times;": "×"}


def write(tables: Sequence[Table]) -> str:
    """The tables below one another, each with its title above and its notes below it."""
    return "\n".join(_table(table) for table in tables)


def _table(table: Table) -> str:
    rows = placed(table)
    written = [f"**{_escaped(table.title)}**", ""]
    for number, row in enumerate(rows):
        line = "|"
        for place in row:
            text = "" if place.below else _text(place.cell)
            line += f" {text} " if text else " "
            line += "|" * place.cell.columns
        written.append(line)
        if number == 0:
            written.append(
                "|" + "|".join("---:" if column in table.right else "---" for column in range(table.width)) + "|"
            )
    written.append("")
    written += [f"- {_escaped(note)}" for note in table.notes]
    return "\n".join(written) + "\n"


def _text(cell: Cell) -> str:
    text = "<br>".join(map(_escaped, cell.lines))
    return text if cell.times is None else f"\\[{text}\\]×{cell.times}"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([*_`\[\]~#$])", r"\\\1", markdown(text))


def fits(text: str) -> bool:
    """Whether it has a Markdown table: a row of bars, and a rule below it."""
    lines = text.splitlines()
    return any("|" in above and "|" in below and _RULE.fullmatch(below) for above, below in pairwise(lines))


def read(source: Source) -> list[Table]:
    """The tables of a text; what stands between them are titles and notes."""
    found: list[Table] = []
    rows: list[Row] = []
    words: list[str] = []
    at = 0

    def close() -> None:
        if rows:
            found.append(Table(words[-1] if words else "", (), tuple(rows)))
            words.clear()
            rows.clear()

    for line in source.text.splitlines(keepends=True):
        if "|" in line:
            if not _RULE.fullmatch(line):
                rows.append(tuple(_cells(source, line.rstrip("\r\n"), at)))
        else:
            close()
            said = _plain(re.sub(r"<!--.*?-->", "", line)).strip().strip("*").strip()
            if said:
                words.append(re.sub(r"^[-*]\s+", "", said))
                if found and re.match(r"\s*[-*]\s", line):
                    found[-1] = Table(found[-1].title, (), found[-1].rows, (*found[-1].notes, words.pop()))
        at += len(line)
    close()
    return found


def _cells(source: Source, line: str, at: int) -> Iterator[Cell]:
    inner = line.strip()
    offset = at + line.index(inner)
    if inner.startswith("|"):
        inner, offset = inner[1:], offset + 1
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    parts = re.split(r"(?<!\\)\|", inner)
    number = 0
    while number < len(parts):
        text, columns = parts[number], 1
        while number + 1 < len(parts) and parts[number + 1] == "" and text.strip():
            number, columns = number + 1, columns + 1
        lines = tuple(each.strip() for each in re.split(r"<br\s*/?>", text) if each.strip())
        yield Cell(tuple(map(_plain, lines)), columns, span=source.span(offset, offset + len(text)))
        offset += len(text) + columns
        number += 1


def _plain(text: str) -> str:
    """The text that Markdown shows."""
    for entity, char in _ENTITIES.items():
        text = text.replace(entity, char)
    text = re.sub(r"(\*\*|__)(.+?)\1", r"\2", text)
    text = re.sub(r"(?<![\w\\*])([*_])(?=\S)([^*_]+?)(?<=\S)\1(?![\w*])", r"\2", text)
    text = re.sub(r"(?<!\\)`", "", text)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
