"""A program to a network: its statements are walked once, in order, as a reader of the paper would.

Headers, params and claims are dealt with here; layers go to the `Builder`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from netdsl import ops
from netdsl.elaborate import naming
from netdsl.elaborate.arguments import Problem
from netdsl.elaborate.build import Builder, TooManyLayers
from netdsl.elaborate.draft import DraftScope
from netdsl.elaborate.files import Library
from netdsl.elaborate.frames import Frame, Module, Value
from netdsl.elaborate.freeze import freeze
from netdsl.elaborate.program import Program, Reader
from netdsl.elaborate.recipe import recipe
from netdsl.elaborate.values import Evaluator, Unknown, ValueProblem, plain, references, show, text_of
from netdsl.ir import (
    AuxHead,
    Figure,
    NamedOutput,
    Network,
    NetworkInput,
    Setting,
    ShapeClaim,
)
from netdsl.shapes import Shape, text
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related, Report, did_you_mean
from netdsl.text.source import Span

_HEADERS = frozenset(
    ["net", "source", "input", "param", "default", "use", "extends", "block", "table", "expect", "reported", "train"]
)


class Assembler:
    """Walks a program's statements once and assembles the network."""

    def __init__(
        self,
        report: Report,
        library: Library,
        program: Program,
        file: tree.File,
        outside: Mapping[str, Any],
        input: Shape | None,
    ):
        self.main = file.source.name
        self.outside = outside
        self.changed: set[str] = set()
        self.report = report
        self.library = library
        self.program = program
        self.override = input
        self.builder = Builder(report, library)
        self.root = DraftScope("net", Span("", 0, 0), 0)
        self.builder.children = self.root.children
        self.inputs: list[NetworkInput] = []
        self.values: dict[str, Any] = {}
        self.builder.settable = self.values
        self.terms: dict[str, str] = {}
        self.set: dict[str, Span | None] = {}
        self.figures: dict[str, dict[tuple[str | None, str], Figure]] = {"expect": {}, "reported": {}}
        self.source: str | None = None
        self.train: tuple[Setting, Span] | None = None
        self.layers = False
        self.broken = False
        self.unclosed = [
            each.span
            for each in report
            if each.code == "E0102" and each.span and report.sources[each.span.file].text[each.span.start] == "{"
        ]

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
                    module.partial = True
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
                    if before is not None and found is not None and before[0] is not found[0]:
                        self.twice(name, statement.span, before[0].name.span)
                    else:
                        module.blocks[name] = found

    def swallows(self, statement: tree.Statement) -> bool:
        """Whether a brace in a statement is never closed: where it ends is unknown then, and whatever could be said of
        its layers would be a consequence."""
        span = statement.span
        return any(each.file == span.file and span.start <= each.start < span.end for each in self.unclosed)

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
        if self.swallows(block):
            module.blocks[name] = None
            self.broken = True
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
            builder.statement(tree.Broken(statement.span) if self.swallows(statement) else statement, frame)
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
            for number, argument in enumerate(statement.arguments):
                self.note(f"train {number}", argument.value)
        elif isinstance(statement, (tree.Table, tree.Extends)):
            raise Problem("E0704", "this belongs at the top level of the file", statement.span)

    def header(self, broken: tree.Broken) -> bool:
        """Whether a statement with a syntax error was no layer. What it would have named is known, but not its
        value."""
        words = self.words(broken)
        if not words[1] and words[0] and self.after(broken, words[0]) == "=":
            self.values.setdefault(words[0], Unknown)  # `classes = 10`, which was to be a param
        if words[0] == "param" and words[1]:
            self.set.setdefault(words[1], broken.span)
            self.values[words[1]] = Unknown
        return words[0] in _HEADERS

    def words(self, broken: tree.Broken) -> tuple[str, str]:
        """The first word of a broken statement, and the name behind it."""
        text = self.report.sources[broken.span.file].text[broken.span.start : broken.span.end]
        match = re.match(r"\s*(\w+)(?:[ \t]+(\w+))?", text)
        return (match[1].lower(), match[2] or "") if match else ("", "")

    def after(self, broken: tree.Broken, word: str) -> str:
        """The sign behind the first word of a broken statement."""
        text = self.report.sources[broken.span.file].text[broken.span.start : broken.span.end]
        return text.lstrip()[len(word) :].lstrip()[:1]

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
        if before is not None and before.span is None:
            return  # a layer came first, which has been reported
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
        self.note(f"input {len(self.inputs)}", statement.shape)
        shape = value if isinstance(value, tuple) else (value,)
        if isinstance(statement.shape, tree.Literal) and value == 0 and statement.shape.text.strip("0"):
            self.builder.input(None)  # no number, which has been reported
            self.inputs.append(NetworkInput(name=name, shape=(1,), span=statement.span))
            self.builder.failed = True
            return
        if self.override is not None and not self.inputs:
            if shape != self.override:
                self.changed.add("input")
            shape = self.override
        if len(shape) not in (1, 3) or any(not isinstance(size, int) or isinstance(size, bool) for size in shape):
            self.builder.input(None)
            self.inputs.append(NetworkInput(name=name, shape=(1,), span=statement.span))
            self.builder.failed = True
            raise Problem(
                "E0405",
                f"an input is channels x height x width or a number of features, not {_shown(value)}",
                statement.shape.span,
                _shape_help(shape),
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
        frame.labels[name] = Value(number, statement.span)

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
        if self.values[name] != value:
            self.changed.add(name)
        if name not in self.program.settings:
            self.note(name, statement.value)

    def note(self, name: str, expression: tree.Expression) -> None:
        """Remember an expression that names params; those that give no param have a blank in their name."""
        names = [each for each in references(expression) if each in self.values]
        if names:
            self.terms[name] = text_of(expression, self.report) if " " not in name else " + ".join(names)

    def figure(self, statement: tree.Expect | tree.Reported, frame: Frame) -> None:
        word = "expect" if isinstance(statement, tree.Expect) else "reported"
        name = statement.quantity if isinstance(statement, tree.Expect) else statement.name
        key = (statement.label.text if statement.label else None, name.text)
        before = self.figures[word].get(key)
        what = f"{key[0]}.{key[1]}" if key[0] else key[1]
        if before is not None and before.span.file == statement.span.file:
            first = Related(before.span, "first given here")
            raise Problem("E0202", f"`{word} {what}` is given twice", statement.span, related=[first])
        value = Evaluator(self.values).value(statement.value)
        source = self.report.sources[statement.span.file]
        written = source.text[statement.value.span.start : statement.value.span.end]
        note = statement.note if isinstance(statement, tree.Reported) else None
        self.figures[word][key] = Figure(
            label=key[0],
            quantity=key[1],
            value=plain(value),
            text=written,
            note=str(note.value) if note else None,
            span=statement.span,
        )

    def claimed(self, span: Span) -> bool:
        """Whether a claim is about this network: what a file claims, it claims of itself as it is written.

        With other params or another input it need not hold; the claims of a file that extends another with params of
        its own are about what they make.
        """
        outside = "input" in self.changed or any(name in self.outside for name in self.changed)
        return not self.changed or (span.file == self.main and self.main != self.root.span.file and not outside)

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
        root.terms, root.choices = self.terms, tuple(builder.choices)
        naming.assign(root, self.report)
        complete = not builder.failed and not self.report.errors
        settings = {name: plain(value) for name, value in self.values.items() if value is not Unknown}
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
                if self.claimed(span)
            ),
            expected=tuple(figure for figure in self.figures["expect"].values() if self.claimed(figure.span)),
            reported=tuple(self.figures["reported"].values()),
            train=self.train[0] if self.train else None,
            complete=complete,
            sources=tuple(self.report.sources.values()),
            definitions=builder.definitions,
        )


def _shown(value: Any) -> str:
    """A shape as a spec writes it, any other value as it is."""
    sizes = value if isinstance(value, tuple) else ()
    return text(sizes) if sizes and all(type(size) is int for size in sizes) else show(value)


def _shape_help(shape: tuple[Any, ...]) -> str | None:
    """The way out for a shape of too few or too many sizes."""
    if not all(type(size) is int for size in shape):
        return "as in `input 3x224x224` or `input 784`"
    if len(shape) == 2:
        return f"write `1x{text(shape)}` for one channel"
    if len(shape) == 4:
        return f"the batch is no part of the architecture: write `{text(shape[1:])}`"
    return "as in `input 3x224x224` or `input 784`"


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

    `settings` override the file's params, `input` the shape of its first input; claims are those of the file as it is
    written, and are not held against another. None where there is no network:
    a file of blocks only, or errors that hide all of it.
    """
    program = Reader(report, library).program(file, variant, settings or {}, None)
    if program is None:
        return None
    return Assembler(report, library, program, file, settings or {}, input).run()
