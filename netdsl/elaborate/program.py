"""A file's statements to a network: headers, params, tables and their variants, `extends`, claims.

The statements of the chosen variant are put in one line first (a table row contributes the cell of its column); then
they are walked once, in order, as a reader of the paper would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from netdsl import ops
from netdsl.diagnostics import Related, Report, did_you_mean
from netdsl.elaborate import naming
from netdsl.elaborate.arguments import Problem, bind
from netdsl.elaborate.build import Builder, Frame, Module, TooManyLayers, _plain
from netdsl.elaborate.draft import DraftNode, DraftScope
from netdsl.elaborate.files import Library
from netdsl.elaborate.recipe import recipe
from netdsl.elaborate.values import Evaluator, Unknown, ValueProblem, show
from netdsl.ir import (
    AuxHead,
    Figure,
    NamedOutput,
    Network,
    NetworkInput,
    Node,
    Scope,
    Setting,
    ShapeClaim,
)
from netdsl.shapes import Shape, text
from netdsl.source import Span
from netdsl.syntax import tree

DEEPEST_EXTENDS = 16
_HEADERS = frozenset(
    ["net", "source", "input", "param", "default", "use", "extends", "block", "table", "expect", "reported", "train"]
)


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


class _Reader:
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
        tables = [each for each in file.statements if isinstance(each, tree.Table)]
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


def _params(file: tree.File, library: Library) -> list[str]:
    """The names a file can be extended with: its params, through what it extends."""
    found = []
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
                found += _params(library.open(statement.path, file.source.name), library)
            except (Problem, RecursionError):
                continue
    return list(dict.fromkeys(found))


class _Assembler:
    """Walks a program's statements once and assembles the network."""

    def __init__(self, report: Report, library: Library, program: Program, input: Shape | None):
        self.report = report
        self.library = library
        self.program = program
        self.override = input
        self.builder = Builder(report, library)
        self.root = DraftScope("net", Span("", 0, 0), 0)
        self.builder.children = self.root.children
        self.inputs: list[NetworkInput] = []
        self.values: dict[str, Any] = {}
        self.set: dict[str, Span | None] = {}
        self.figures: dict[str, dict[tuple[str | None, str], Figure]] = {"expect": {}, "reported": {}}
        self.source: str | None = None
        self.train: tuple[Setting, Span] | None = None
        self.layers = False
        self.broken = False

    def run(self) -> Network | None:
        frame: Frame | None = None
        modules: dict[int, Module] = {}
        for _, module in self.program.statements:
            if id(module) not in modules:
                modules[id(module)] = module
                self.definitions(module, set())
        for statement, module in self.program.statements:
            if frame is None or (frame.module is not module and isinstance(statement, (tree.Layer, tree.Default))):
                frame = Frame(module, self.values, {})
            module.params = self.values
            try:
                self.statement(statement, frame)
            except (Problem, ValueProblem, Unknown) as problem:
                self.builder.tell(frame, problem)
            except TooManyLayers:
                break
        for name in self.program.settings:
            if name not in self.set:
                help = did_you_mean(name, self.set, "params") or "the file has no params"
                self.report.error("E0205", f"there is no param `{name}` to set", help=help)
        return self.network()

    def definitions(self, module: Module, seen: set[str]) -> None:
        """The blocks of a file and of those it uses, before anything is walked: order does not matter."""
        seen.add(module.file.source.name)
        for statement in module.file.statements:
            if isinstance(statement, tree.Block):
                self.define(module, statement)
            elif isinstance(statement, tree.Broken):
                word, name = self.words(statement)
                if word == "block" and name:
                    module.blocks[name] = None
            elif isinstance(statement, tree.Use):
                try:
                    file = self.library.open(statement.path, module.file.source.name)
                except Problem as problem:
                    self.report.error(problem.code, problem.message, problem.span, help=problem.help)
                    continue
                if file.source.name in seen:
                    self.report.error("E0705", "a file uses itself, directly or through others", statement.span)
                    continue
                used = Module(file)
                self.definitions(used, set(seen))
                evaluator = Evaluator(used.params)
                for each in file.statements:
                    if isinstance(each, tree.Param):
                        try:
                            used.params[each.name.text] = evaluator.value(each.value)
                        except (ValueProblem, Unknown):
                            used.params[each.name.text] = Unknown
                for name, found in used.blocks.items():
                    before = module.blocks.get(name)
                    if before is not None and before is not found:
                        self.twice(name, statement.span, before[0].name.span)
                    else:
                        module.blocks[name] = found

    def twice(self, name: str, span: Span, first: Span) -> None:
        self.report.error(
            "E0202", f"the block `{name}` is given twice", span, related=[Related(first, "first given here")]
        )

    def define(self, module: Module, block: tree.Block) -> None:
        name = block.name.text
        resolved = ops.resolve(name)
        if resolved is not None and name.lower().startswith(resolved[0]):  # the papers' aliases may be taken
            self.report.error(
                "E0206",
                f"`{name}` reads as an operator and cannot name a block",
                block.name.span,
                help="choose another name",
            )
            return
        before = module.blocks.get(name)
        if before is not None:
            self.twice(name, block.name.span, before[0].name.span)
            return
        seen: dict[str, Span] = {}
        for parameter in block.parameters:
            if parameter.name.text in seen:
                self.report.error(
                    "E0202",
                    f"the parameter `{parameter.name.text}` is given twice",
                    parameter.name.span,
                    related=[Related(seen[parameter.name.text], "first given here")],
                )
            seen[parameter.name.text] = parameter.name.span
        module.blocks[name] = (block, module)

    def statement(self, statement: tree.Statement, frame: Frame) -> None:
        builder = self.builder
        if isinstance(statement, tree.Broken) and (self.header(statement) or not self.inputs):
            builder.failed = self.broken = True
        elif isinstance(statement, (tree.Layer, tree.Default, tree.Broken)):
            if not isinstance(statement, tree.Default):
                if not self.inputs:
                    self.no_input(statement.span)
                if not self.layers:
                    self.layers = True
                    self.root.span = statement.span
            builder.statement(statement, frame)
        elif isinstance(statement, tree.Input):
            self.input(statement, frame)
        elif isinstance(statement, tree.Param):
            self.param(statement)
        elif isinstance(statement, (tree.Expect, tree.Reported)):
            self.figure(statement, frame)
        elif isinstance(statement, tree.SourceNote):
            self.source = str(statement.text.value)
        elif isinstance(statement, tree.Train):
            if self.train is not None:
                raise Problem(
                    "E0202",
                    "`train` is given twice",
                    statement.span,
                    related=[Related(self.train[1], "first given here")],
                )
            self.train = (recipe(statement, builder.evaluator(frame), self.report), statement.span)
        elif isinstance(statement, (tree.Table, tree.Extends)):
            raise Problem("E0704", "this belongs at the top level of the file", statement.span)

    def header(self, broken: tree.Broken) -> bool:
        """Whether a statement with a syntax error was no layer. What it would have named is known, but not its
        value."""
        words = self.words(broken)
        if words[0] == "param" and words[1]:
            self.set.setdefault(words[1], broken.span)
            self.values[words[1]] = Unknown
        return words[0] in _HEADERS

    def words(self, broken: tree.Broken) -> tuple[str, str]:
        """The first word of a broken statement, and the name behind it."""
        text = self.report.sources[broken.span.file].text[broken.span.start : broken.span.end]
        match = re.match(r"\s*(\w+)(?:[ \t]+(\w+))?", text)
        return (match[1].lower(), match[2] or "") if match else ("", "")

    def no_input(self, span: Span) -> None:
        if not self.broken:
            self.report.error(
                "E0703",
                "the network has no input before its first layer",
                span,
                help="begin with its shape: `input 3x224x224`",
            )
        self.inputs.append(NetworkInput(name="input", shape=(1,)))
        self.builder.failed = True
        self.builder.input(None)

    def input(self, statement: tree.Input, frame: Frame) -> None:
        name = statement.name.text if statement.name else "input"
        before = next((each for each in self.inputs if each.name == name), None)
        if before is not None:
            raise Problem(
                "E0202",
                f"the input `{name}` is given twice",
                statement.span,
                "several inputs need names: `input image: 3x224x224`",
                [Related(before.span, "first given here")] if before.span else [],
            )
        if self.layers:
            raise Problem("E0704", "inputs come before the first layer", statement.span)
        value = Evaluator(self.values).value(statement.shape)
        shape = value if isinstance(value, tuple) else (value,)
        if self.override is not None and not self.inputs:
            shape = self.override
        if len(shape) not in (1, 3) or any(not isinstance(size, int) or isinstance(size, bool) for size in shape):
            self.builder.input(None)
            self.inputs.append(NetworkInput(name=name, shape=(1,), span=statement.span))
            self.builder.failed = True
            raise Problem(
                "E0405",
                f"an input is channels x height x width or a number of features, not {show(value)}",
                statement.shape.span,
                f"write `1x{text(shape)}` for one channel" if len(shape) == 2 else None,
            )
        if any(not 1 <= size <= 2**31 - 1 for size in shape):
            self.builder.input(None)
            self.inputs.append(NetworkInput(name=name, shape=(1,), span=statement.span))
            self.builder.failed = True
            raise Problem(
                "E0005", f"the dimensions of {text(shape)} must lie between 1 and 2^31 - 1", statement.shape.span
            )
        number = self.builder.input(shape)
        self.inputs.append(NetworkInput(name=name, shape=shape, span=statement.span))
        frame.labels[name] = self._value(number, statement.span)

    def _value(self, number: int, span: Span) -> Any:
        from netdsl.elaborate.build import Value

        return Value(number, span)

    def param(self, statement: tree.Param) -> None:
        name = statement.name.text
        if name in self.set:
            first = self.set[name]
            raise Problem(
                "E0202",
                f"the param `{name}` is given twice",
                statement.span,
                related=[Related(first, "first given here")] if first else [],
            )
        self.set[name] = statement.span
        self.values[name] = Unknown
        value = Evaluator({key: each for key, each in self.values.items() if key != name}).value(statement.value)
        self.values[name] = self.program.settings.get(name, value)

    def figure(self, statement: tree.Expect | tree.Reported, frame: Frame) -> None:
        word = "expect" if isinstance(statement, tree.Expect) else "reported"
        name = statement.quantity if isinstance(statement, tree.Expect) else statement.name
        key = (statement.label.text if statement.label else None, name.text)
        before = self.figures[word].get(key)
        what = f"{key[0]}.{key[1]}" if key[0] else key[1]
        if before is not None:
            first = Related(before.span, "first given here")
            raise Problem("E0202", f"`{word} {what}` is given twice", statement.span, related=[first])
        value = Evaluator(self.values).value(statement.value)
        source = self.report.sources[statement.span.file]
        written = source.text[statement.value.span.start : statement.value.span.end]
        note = statement.note if isinstance(statement, tree.Reported) else None
        self.figures[word][key] = Figure(
            label=key[0],
            quantity=key[1],
            value=_plain(value),
            text=written,
            note=str(note.value) if note else None,
            span=statement.span,
        )

    def network(self) -> Network | None:
        builder, root = self.builder, self.root
        if not self.layers:
            if self.broken:
                return None
            if self.inputs or any(isinstance(each, (tree.Net, tree.Table)) for each, _ in self.program.statements):
                place = self.inputs[0].span if self.inputs else None
                self.report.error("E0703", "the network has no layers", place, help="write its layers below the input")
            return None
        root.exit = builder.current
        naming.assign(root, self.report)
        complete = not builder.failed and not self.report.errors
        settings = {name: _plain(value) for name, value in self.values.items() if value is not Unknown}
        return Network(
            name=self.program.name,
            variant=self.program.variant,
            source=self.source,
            inputs=tuple(self.inputs),
            settings=settings,
            body=freeze(root),
            result=builder.current,
            outputs=tuple(
                NamedOutput(name=name, value=each.id, span=each.span) for name, each in builder.outputs.items()
            ),
            aux=tuple(
                AuxHead(name=each.scope.title, weight=each.weight, value=each.value, span=each.scope.span)
                for each in builder.aux
            ),
            shape_claims=tuple(
                ShapeClaim(shape=shape, value=value, span=span, statement=statement)
                for shape, value, span, statement in builder.claims
            ),
            expected=tuple(self.figures["expect"].values()),
            reported=tuple(self.figures["reported"].values()),
            train=self.train[0] if self.train else None,
            complete=complete,
            sources=tuple(self.report.sources.values()),
        )


def freeze(draft: DraftScope) -> Scope:
    """A draft as a frozen scope. Its parts were checked when they were made, so they are not checked again."""
    children: list[Node | Scope] = []
    for child in draft.children:
        if isinstance(child, DraftNode):
            children.append(
                Node.model_construct(
                    id=child.id,
                    op=child.op,
                    inputs=child.inputs,
                    shape=child.shape,
                    name=child.name,
                    path=child.path,
                    label=child.label,
                    shares=child.shares.id if child.shares else None,
                    implicit=child.implicit,
                    span=child.span,
                )
            )
        else:
            children.append(freeze(child))
    return Scope.model_construct(
        kind=draft.kind,
        title=draft.title,
        name=draft.name,
        path=draft.path,
        label=draft.label,
        arguments=draft.arguments,
        children=tuple(children),
        entry=draft.entry,
        exit=draft.exit,
        span=draft.span,
    )


def elaborate(
    file: tree.File,
    library: Library,
    report: Report,
    *,
    variant: str | None = None,
    settings: Mapping[str, Any] | None = None,
    input: Shape | None = None,
) -> Network | None:
    """The network that a file describes, as far as it can be known; every mistake is in `report`.

    `settings` override the file's params, `input` the shape of its first input. None where there is no network:
    a file of blocks only, or errors that hide all of it.
    """
    program = _Reader(report, library).program(file, variant, settings or {}, None)
    return _Assembler(report, library, program, input).run() if program is not None else None
