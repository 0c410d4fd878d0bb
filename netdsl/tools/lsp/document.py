"""One version of a text in an editor, and what the compiler knows of it; it is compiled when something is first asked.

A file with a table has a network for each column. One of them is shown, that of the column in which someone works, so
that a keystroke costs one compilation; the others are compiled when something is asked of them, and kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from netdsl.compiler import Compilation, compile
from netdsl.elaborate import Limit
from netdsl.elaborate.files import STANDARD
from netdsl.ir import Network
from netdsl.syntax import parse, tree
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source, Span
from netdsl.tools.lsp.names import Names
from netdsl.tools.lsp.places import Places
from netdsl.tools.lsp.resolve import resolve

_STANDARD = "<std>/"
_MOST = Limit(20_000, 80_000, "the editor looks no further, so that it answers soon; `netdsl check` does")
"""What an editor may ask for at every keystroke takes a few seconds at the most."""


@dataclass
class Document:
    """A text called `source.name` that lies in `directory` (None: nowhere, and it may open no files).

    `unsaved` are the texts of other open files by resolved path; `preferred` is the variant to show if there is one by
    that name. Nothing here changes but what is remembered.
    """

    source: Source
    directory: Path | None = None
    unsaved: Mapping[Path, str] = field(default_factory=dict)
    preferred: str | None = None
    _compiled: dict[str | None, Compilation] = field(default_factory=dict)
    _places: dict[str | None, Places] = field(default_factory=dict)
    _trees: dict[str, tree.File] = field(default_factory=dict)
    _names: Names | None = None

    @property
    def shown(self) -> str | None:
        """The variant that is shown: the preferred one, else the first; None where there is no table."""
        if self.preferred in self.variants:
            return self.preferred
        return self.variants[0] if self.variants else None

    @property
    def text(self) -> str:
        return self.source.text

    @property
    def _any(self) -> Compilation:
        """The compilation of some variant, of one that has been compiled if possible: for what all of them share."""
        return next(iter(tuple(self._compiled.values())), None) or self._compile(self.preferred)

    @property
    def variants(self) -> tuple[str, ...]:
        """The columns of the table, in order."""
        return self._any.variants

    @property
    def file(self) -> tree.File:
        """The tree of the text."""
        file = self._any.file
        assert file is not None  # only a path that cannot be read has none
        return file

    @property
    def compiled(self) -> bool:
        """Whether a variant has been compiled, so that to ask for what all of them share costs nothing."""
        return bool(self._compiled)

    @property
    def drawn_in(self) -> set[str]:
        """The names of the other files that the variants compiled so far were made of."""
        found = {name for each in tuple(self._compiled.values()) for name in each.report.sources}
        return found - {self.source.name}

    @property
    def checked(self) -> tuple[str | None, ...]:
        """The variants that have been compiled, in the order of the table."""
        order: tuple[str | None, ...] = self.variants or (None,)
        return tuple(each for each in order if each in self._compiled)

    def compilation(self, variant: str | None = None) -> Compilation:
        """The compilation of a variant; that of the shown one unless another is named."""
        return self._compile(self.shown if variant is None else variant)

    def _compile(self, variant: str | None) -> Compilation:
        if variant not in self._compiled:
            self._compiled[variant] = self._compiled_as(self.source, variant, explained=True)
        return self._compiled[variant]

    def tried(self, source: Source, variant: str | None) -> Compilation:
        """The compilation of another text in the place of this one, whose messages are not explained."""
        return self._compiled_as(source, variant, explained=False)

    def _compiled_as(self, source: Source, variant: str | None, explained: bool) -> Compilation:
        return compile(
            source, variant=variant, directory=self.directory, unsaved=self.unsaved, most=_MOST, explained=explained
        )

    def network(self, variant: str | None = None) -> Network | None:
        """The network of a variant as far as it is known, or of the shown one; None for a file of blocks."""
        return self.compilation(variant).network

    def places(self, variant: str | None = None) -> Places | None:
        """What each stretch of the text became in the network of a variant, or of the shown one."""
        key = self.shown if variant is None else variant
        network = self.network(key)
        if network is not None and key not in self._places:
            self._places[key] = Places(network, self.source.name)
        return self._places.get(key)

    @property
    def names(self) -> Names:
        """Every name of the text, where it is defined and where it is used."""
        if self._names is None:
            self._names = resolve(self.file)
        return self._names

    # Tables --------------------------------------------------------------------------------------------------------

    def variant_at(self, offset: int) -> str | None:
        """The variant whose column an offset lies in; None outside of the table and in a row for all of them."""
        for table in self.file.statements:
            if isinstance(table, tree.Table) and table.span.start <= offset <= table.span.end:
                for column in table.columns:
                    if column.span.start <= offset <= column.span.end:
                        return column.text
                starts = [row.span.start for row in table.rows]
                at = bisect_right(starts, offset) - 1
                if at >= 0 and len(table.rows[at].cells) == len(table.columns) > 1:
                    return table.columns[self._cell(table.rows[at], offset)].text
        return None

    def _cell(self, row: tree.TableRow, offset: int) -> int:
        """Which cell of a row an offset lies in; an empty cell has the place of the bar before it."""
        last = max((index for index, cell in enumerate(row.cells) if cell.span.start <= offset), default=0)
        bars = self.text.count("|", row.cells[last].span.end, offset)
        return min(last + bars, len(row.cells) - 1)

    def showing(self, variant: str) -> Document:
        """The same document, all that is known of it included, with another variant shown."""
        return replace(self, preferred=variant)

    def without(self, start: int, end: int) -> Document:
        """The document as it would be without a stretch of its text: what half a statement hides is known there."""
        text = self.text[:start] + self.text[end:]
        return Document(Source(self.source.name, text), self.directory, self.unsaved, self.shown)

    # Files ---------------------------------------------------------------------------------------------------------

    def path(self, file: str) -> Path | None:
        """Where a file lies that spans name; None for a text that lies nowhere."""
        if file.startswith(_STANDARD):
            return STANDARD / file.removeprefix(_STANDARD)
        return None if self.directory is None else self.directory / file

    def tree_of(self, name: str) -> tree.File | None:
        """The tree of a file that this text draws in; None where the compiler could not open it, or must not."""
        if name == self.source.name:
            return self.file
        source = self.compilation().report.sources.get(name)
        if source is not None and name not in self._trees:
            self._trees[name] = parse(source, Report())
        return self._trees.get(name)

    def source_of(self, span: Span) -> Source | None:
        """The text that a span points into."""
        return self.compilation().report.sources.get(span.file)
