"""A file's statements in one line: those of the chosen variant of its tables, over those of the file it extends.

A table row contributes the cell of its column, or its only cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from netdsl.elaborate.arguments import Problem, bind
from netdsl.elaborate.files import Library
from netdsl.elaborate.frames import Module
from netdsl.elaborate.values import Evaluator, ValueProblem
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related, Report, did_you_mean
from netdsl.text.source import Span

DEEPEST_EXTENDS = 16


@dataclass
class Program:
    """What the files say before any layer is placed: the statements in order, and where each file's names live."""

    name: str
    variant: str | None
    statements: list[tuple[tree.Statement, Module]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span | None] = field(default_factory=dict)


def variants(file: tree.File) -> tuple[str, ...]:
    """The columns of a file's tables, in order."""
    for statement in file.statements:
        if isinstance(statement, tree.Table):
            return tuple(column.text for column in statement.columns)
    return ()


def stem(name: str) -> str:
    """A network's name when its file gives none: the file's stem."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return base.removesuffix(".net") if not base.startswith("<") else "network"


class Reader:
    """Puts a file's statements in one line, through its variants and what it extends."""

    def __init__(self, report: Report, library: Library):
        self.report = report
        self.library = library

    def program(
        self,
        file: tree.File,
        variant: str | None,
        settings: Mapping[str, Any],
        asked: Span | None,
        chain: tuple[str, ...] = (),
    ) -> Program | None:
        """The program of a file. `asked` is where the variant was asked for; None is the command line."""
        extends = [each for each in file.statements if isinstance(each, tree.Extends)]
        module = Module(file)
        name = next((each.name.text for each in file.statements if isinstance(each, tree.Net)), stem(file.source.name))
        program = Program(name, variant, settings=dict(settings))
        if extends:
            below = self.extended(file, extends, settings, variant, chain)
            if below is None:
                return None
            program.settings, program.variant = below.settings, None  # this file has no variants itself
            program.statements = [
                (each, where)
                for each, where in below.statements
                if not isinstance(each, (tree.Net, tree.SourceNote if self.has(file, tree.SourceNote) else tree.Net))
            ]
            allowed = (tree.Net, tree.SourceNote, tree.Extends, tree.Expect, tree.Reported, tree.Train)
            if self.has(file, tree.Train):
                program.statements = [each for each in program.statements if not isinstance(each[0], tree.Train)]
            for statement in file.statements:
                if not isinstance(statement, allowed):
                    self.report.error(
                        "E0707",
                        "a file that extends another adds only its name, source, recipe and claims",
                        statement.span,
                        related=[Related(extends[0].span, "extended here")],
                        help="set params in the parentheses of `extends`; write a new net for other layers",
                    )
            program.statements += [(each, module) for each in file.statements if not isinstance(each, tree.Extends)]
            return program
        column = self.column(file, variant, asked)
        if column is False:
            return None
        program.variant = variant = column if isinstance(column, str) else None
        self.duplicates(file)
        for statement in file.statements:
            if isinstance(statement, tree.Table):
                if not statement.columns:
                    continue  # its first line is wrong, which has been reported
                program.statements += [(each, module) for each in self.cells(statement, variant)]
            else:
                program.statements.append((statement, module))
        return program

    def has(self, file: tree.File, kind: type) -> bool:
        return any(isinstance(each, kind) for each in file.statements)

    def extended(
        self,
        file: tree.File,
        extends: list[tree.Extends],
        settings: Mapping[str, Any],
        variant: str | None,
        chain: tuple[str, ...],
    ) -> Program | None:
        first, *more = extends
        for other in more:
            self.report.error(
                "E0202", "`extends` is given twice", other.span, related=[Related(first.span, "first given here")]
            )
        if file.source.name in chain or len(chain) >= DEEPEST_EXTENDS:
            self.report.error(
                "E0705", "a file extends itself, through others" if chain else "a file extends itself", first.span
            )
            return None
        try:
            target = self.library.open(first.path, file.source.name)
            bound = bind("extends", (), _params(target, self.library), first.arguments, Evaluator({}).value)
        except (Problem, ValueProblem) as problem:
            self.report.error(problem.code, problem.message, problem.span, help=problem.help)
            return None
        chosen = first.variant.text if first.variant else variant
        if first.variant and variant is not None:
            self.report.error("E0701", f"the variant is fixed here; `{variant}` cannot be chosen", first.variant.span)
            return None
        merged = {**{name: given.value for name, given in bound.items()}, **settings}
        return self.program(target, chosen, merged, first.span, (*chain, file.source.name))

    def column(self, file: tree.File, variant: str | None, asked: Span | None) -> str | bool | None:
        """The chosen column: None where the file has no table, False where the choice is wrong (and reported)."""
        tables = [each for each in file.statements if isinstance(each, tree.Table) and each.columns]
        if not tables:
            if variant is not None:
                self.report.error("E0701", f"'{file.source.name}' has no variants, so not `{variant}`", asked)
                return False
            return None
        columns = [column.text for column in tables[0].columns]
        wrong = False
        for table in tables:
            names: dict[str, Span] = {}
            for column in table.columns:
                if column.text in names:
                    first = Related(names[column.text], "first given here")
                    self.report.error(
                        "E0202", f"the variant `{column.text}` is given twice", column.span, related=[first]
                    )
                    wrong = True
                names[column.text] = column.span
            if list(names) != list(dict.fromkeys(columns)):
                self.report.error(
                    "E0708",
                    "the tables of a file must have the same columns",
                    table.span,
                    related=[Related(tables[0].span, "the first table")],
                )
                wrong = True
        if wrong:
            return False
        listed = ", ".join(columns)
        if variant is None:
            place = tables[0].columns[0].span.to(tables[0].columns[-1].span) if asked is None else asked
            self.report.error(
                "E0701",
                f"'{file.source.name}' has {len(columns)} variants, and none is chosen",
                place,
                help=f"choose one of {listed}",
            )
            return False
        folded = [column for column in columns if column.lower() == variant.lower()]
        if variant not in columns and len(folded) != 1:
            help = did_you_mean(variant, columns)
            more = f"the variants are {listed}"
            self.report.error(
                "E0701",
                f"'{file.source.name}' has no variant `{variant}`",
                asked,
                help=f"{help} {more}" if help and "did" in help else more,
            )
            return False
        return variant if variant in columns else folded[0]

    def cells(self, table: tree.Table, variant: str | None) -> Iterator[tree.Statement]:
        place = [column.text for column in table.columns].index(variant or "")
        for row in table.rows:
            if len(row.cells) not in (1, len(table.columns)):
                continue  # which has been reported
            yield from (row.cells[place] if len(row.cells) > 1 else row.cells[0]).statements

    def duplicates(self, file: tree.File) -> None:
        for kind, word in ((tree.Net, "net"), (tree.SourceNote, "source")):
            found = [each for each in file.statements if isinstance(each, kind)]
            for other in found[1:]:
                self.report.error(
                    "E0202",
                    f"`{word}` is given twice",
                    other.span,
                    related=[Related(found[0].span, "first given here")],
                )


def _params(file: tree.File, library: Library, chain: tuple[str, ...] = ()) -> list[str]:
    """The names a file can be extended with: its params, through what it extends.

    A file of the `chain` that cannot be opened, or extends itself, is reported when its program is read.
    """
    found: list[str] = []
    if file.source.name in chain or len(chain) > DEEPEST_EXTENDS:
        return found
    for statement in file.statements:
        if isinstance(statement, tree.Param):
            found.append(statement.name.text)
        elif isinstance(statement, tree.Table):
            found += [
                each.name.text
                for row in statement.rows
                for cell in row.cells
                for each in cell.statements
                if isinstance(each, tree.Param)
            ]
        elif isinstance(statement, tree.Extends):
            try:
                below = library.open(statement.path, file.source.name)
            except Problem:
                continue
            found += _params(below, library, (*chain, file.source.name))
    return list(dict.fromkeys(found))
