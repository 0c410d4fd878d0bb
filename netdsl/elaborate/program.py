"""A file's statements in one line: those of the chosen variant of its tables, over those of the file it extends.

A table row contributes the cell of its column, or its only cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from netdsl.elaborate.arguments import bind
from netdsl.elaborate.evaluator import Evaluator
from netdsl.elaborate.files import Module
from netdsl.elaborate.problems import Problem, Told, twice
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related, Report, did_you_mean
from netdsl.text.source import Span

DEEPEST_EXTENDS = 16
MOST_COLUMNS = 256
_Kind = TypeVar("_Kind", bound=tree.Statement)


@dataclass
class Program:
    """What the files say before any layer is placed: the statements in order, and where each file's names live."""

    name: str
    variant: str | None
    settings: dict[str, Any]
    statements: list[tuple[tree.Statement, Module]] = field(default_factory=list)


def variants(file: tree.File) -> tuple[str, ...]:
    """The columns of a file's tables, in order; of a table with too many none."""
    columns = next((tuple(column.text for column in table.columns) for table in _all(file, tree.Table)), ())
    return columns if len(columns) <= MOST_COLUMNS else ()


def program(
    module: Module,
    variant: str | None,
    settings: Mapping[str, Any],
    asked: Span | None = None,
    chain: tuple[str, ...] = (),
) -> Program:
    """The program of a file; `chain` are the files that extend it, and `asked` is where the last of them asked for the
    variant (None: it was asked for from outside).

    Raises `Problem` where there is none.
    """
    file, report = module.file, module.library.report
    name = next((each.name.text for each in _all(file, tree.Net)), _stem(file.source.name))
    extends = _all(file, tree.Extends)
    if extends:
        below = _extended(module, extends, variant, settings, chain)
        _refuse_layers(file, extends[0], report)
        replaced = [tree.Net, *(kind for kind in (tree.SourceNote, tree.Train) if _all(file, kind))]
        kept = [each for each in below.statements if type(each[0]) not in replaced]
        own = [(each, module) for each in file.statements if each not in extends]
        return Program(name, None, below.settings, [*kept, *own])  # this file has no variants itself
    chosen = _column(file, variant, asked, report)
    _refuse_twice(file, report)
    return Program(name, chosen, dict(settings), [(each, module) for each in _in_line(file, chosen)])


def _extended(
    module: Module,
    extends: list[tree.Extends],
    variant: str | None,
    settings: Mapping[str, Any],
    chain: tuple[str, ...],
) -> Program:
    """The program of the file that this one extends."""
    first, *more = extends
    own, library = module.file.source.name, module.library
    for other in more:
        twice("`extends`", other.span, first.span).tell(library.report)
    if len(chain) >= DEEPEST_EXTENDS and own not in chain:
        raise Problem("E0003", f"files extend others more than {DEEPEST_EXTENDS} deep", first.span)
    if own in chain:
        message = "a file extends itself, through others" if chain else "a file extends itself"
        raise Problem("E0705", message, first.span)
    below = Module(library.open(first.path, own), library)
    try:
        bound = bind("extends", (), _params(below), first.arguments, Evaluator({}).given)
    except Problem as problem:  # its edits are for the arguments of operators
        told = problem.diagnostic
        raise Problem(told.code, told.message, told.span, told.help) from None
    if first.variant and variant is not None:
        message = f"the variant is fixed here; `{variant}` cannot be chosen"
        raise Problem("E0701", message, first.variant.span)
    merged = {**{name: given.value for name, given in bound.items()}, **settings}
    return program(below, first.variant.text if first.variant else variant, merged, first.span, (*chain, own))


def _refuse_layers(file: tree.File, extends: tree.Extends, report: Report) -> None:
    """A file that extends another says nothing of its layers."""
    allowed = (tree.Net, tree.SourceNote, tree.Extends, tree.Expect, tree.Reported, tree.Property, tree.Train)
    for statement in file.statements:
        if not isinstance(statement, allowed):
            message = "a file that extends another adds only its name, source, recipe and claims"
            help = "set params in the parentheses of `extends`; write a new net for other layers"
            related = [Related(extends.span, "extended here")]
            Problem("E0707", message, statement.span, help, related).tell(report)


def _refuse_twice(file: tree.File, report: Report) -> None:
    """A file has one name and one source."""
    for word, found in (("net", _all(file, tree.Net)), ("source", _all(file, tree.SourceNote))):
        for other in found[1:]:
            twice(f"`{word}`", other.span, found[0].span).tell(report)


def _column(file: tree.File, variant: str | None, asked: Span | None, report: Report) -> str | None:
    """The chosen column; None where the file has no table. Raises `Problem` where the choice is wrong."""
    name = file.source.name
    tables = [table for table in _all(file, tree.Table) if table.columns]
    if not tables:
        if variant is not None:
            raise Problem("E0701", f"'{name}' has no variants, so not `{variant}`", asked)
        return None
    wide = next((table for table in tables if len(table.columns) > MOST_COLUMNS), None)
    if wide is not None:
        place = wide.columns[MOST_COLUMNS].span
        message = f"the table has {len(wide.columns):,} columns; it may have at most {MOST_COLUMNS}"
        raise Problem("E0008", message, place, "let the others be tables of another file")
    if not _alike(tables, report):
        raise Told
    columns = [column.text for column in tables[0].columns]
    listed = ", ".join(columns)
    if variant is None:
        place = asked or tables[0].columns[0].span.to(tables[0].columns[-1].span)
        message = f"'{name}' has {len(columns)} variants, and none is chosen"
        example = f"{name}:{columns[0]}"
        raise Problem("E0701", message, place, f"choose one of {listed}, as in `{example}`")
    folded = [column for column in columns if column.lower() == variant.lower()]
    if variant in columns or len(folded) == 1:
        return variant if variant in columns else folded[0]
    begin = [column for column in columns if column.lower().startswith(variant.lower())]
    nearest = f"did you mean `{name}:{begin[0]}`?" if len(begin) == 1 else did_you_mean(variant, columns)
    help = f"{nearest if nearest and 'did' in nearest else ''} the variants are {listed}".lstrip()
    raise Problem("E0701", f"'{name}' has no variant `{variant}`", asked, help)


def _alike(tables: list[tree.Table], report: Report) -> bool:
    """Whether all tables of a file have the same columns, each once; where not, it is told."""
    problems: list[Problem] = []
    for table in tables:
        names: dict[str, Span] = {}
        for column in table.columns:
            if column.text in names:
                problems.append(twice(f"the variant `{column.text}`", column.span, names[column.text]))
            names[column.text] = column.span
        if list(names) != list(dict.fromkeys(column.text for column in tables[0].columns)):
            related = [Related(tables[0].span, "the first table")]
            message = "the tables of a file must have the same columns"
            problems.append(Problem("E0708", message, table.span, related=related))
    for problem in problems:
        problem.tell(report)
    return not problems


def _all(file: tree.File, kind: type[_Kind]) -> list[_Kind]:
    """The statements of one kind at the top level of a file."""
    return [each for each in file.statements if isinstance(each, kind)]


def _stem(name: str) -> str:
    """A network's name when its file gives none: the file's stem."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return base.removesuffix(".net") if not base.startswith("<") else "network"


def _in_line(file: tree.File, variant: str | None) -> Iterator[tree.Statement]:
    """The statements of a file for a variant. A table or a row that is malformed, which has been told, has none."""
    for statement in file.statements:
        if not isinstance(statement, tree.Table):
            yield statement
        elif statement.columns:
            place = [column.text for column in statement.columns].index(variant or "")
            for cells in (row.cells for row in statement.rows if len(row.cells) in (1, len(statement.columns))):
                yield from (cells[place] if len(cells) > 1 else cells[0]).statements


def _params(module: Module, chain: tuple[str, ...] = ()) -> list[str]:
    """The names a file can be extended with: its params, through what it extends.

    A file of the `chain` that cannot be opened, or extends itself, is told of when its program is read.
    """
    file, library = module.file, module.library
    if file.source.name in chain or len(chain) > DEEPEST_EXTENDS:
        return []
    found: list[str] = []
    for statement in file.statements:
        if isinstance(statement, tree.Param):
            found.append(statement.name.text)
        elif isinstance(statement, tree.Table):
            inside = (each for row in statement.rows for cell in row.cells for each in cell.statements)
            found += [each.name.text for each in inside if isinstance(each, tree.Param)]
        elif isinstance(statement, tree.Extends):
            try:
                below = library.open(statement.path, file.source.name)
            except Problem:
                continue
            found += _params(Module(below, library), (*chain, file.source.name))
    return list(dict.fromkeys(found))
