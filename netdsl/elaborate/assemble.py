"""A program to a network: its statements are taken once, in order, as a reader of the paper would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netdsl.elaborate import naming
from netdsl.elaborate.broken import holds, unclosed
from netdsl.elaborate.build import Builder, TooLarge
from netdsl.elaborate.definitions import Definitions
from netdsl.elaborate.draft import DraftScope, freeze
from netdsl.elaborate.extent import MOST, Limit
from netdsl.elaborate.files import Library, Module
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.headers import Headers
from netdsl.elaborate.problems import Problem
from netdsl.elaborate.program import Program, program
from netdsl.elaborate.recipe import unmatched
from netdsl.elaborate.statements import place
from netdsl.elaborate.values import UNKNOWN, plain
from netdsl.ir import FORMAT_VERSION, Network
from netdsl.shapes import Shape
from netdsl.syntax import tree
from netdsl.text.diagnostics import Report, did_you_mean
from netdsl.text.source import Span

_DEFINING = (tree.Block, tree.Param, tree.Use, tree.Default)
"""What a file has that only defines something, for others to use."""


def elaborate(
    file: tree.File,
    library: Library,
    report: Report,
    *,
    variant: str | None = None,
    settings: Mapping[str, Any] | None = None,
    input: Shape | None = None,
    most: Limit = MOST,
) -> Network | None:
    """The network that a file describes, as far as it can be known; every mistake is in `report`.

    `settings` override the file's params, `input` the shape of its first input; claims are those of the file as it is
    written, and are not held against another. `most` is how large the network may be. None where there is none: a file
    of blocks only, or errors that hide all of it.
    """
    outside = settings or {}
    try:
        found = program(Module(file, library), variant, outside)
    except Problem as problem:
        problem.tell(report)
        return None
    assembler = Assembler(report, found, input, most)
    assembler.run()
    return assembler.network(file.source.name, outside)


class Assembler:
    """Takes a program's statements once and assembles the network. `broken`: an error may hide what seems to lack."""

    def __init__(self, report: Report, program: Program, input: Shape | None, most: Limit):
        self.report = report
        self.program = program
        self.builder = Builder(report, place, most)
        self.headers = Headers(self.builder, program.settings, input)
        self.builder.params = self.headers.names
        self.unclosed = unclosed(report)
        self.broken = False

    def run(self) -> None:
        """Take all statements; what is wrong is told."""
        definitions = Definitions(self.report, self.unclosed)
        for module in dict.fromkeys(module for _, module in self.program.statements):
            definitions.find(module)
            module.params = self.headers.names
        self.broken = definitions.hidden
        frame: Frame | None = None
        for statement, module in self.program.statements:
            if frame is None or (frame.module is not module and isinstance(statement, (tree.Layer, tree.Default))):
                frame = Frame(module, self.headers.names)
            try:
                self._taken(statement, frame)
            except TooLarge:
                self.broken = True
                break
        for name in self.program.settings:
            if name not in self.headers.params:
                help = did_you_mean(name, self.headers.params, "params") or "the file has no params"
                self.report.error("E0205", f"there is no param `{name}` to set", help=help)

    def _taken(self, statement: tree.Statement, frame: Frame) -> None:
        try:
            self.take(statement, frame)
        except Problem as problem:
            self.builder.tell(frame, problem)

    def take(self, statement: tree.Statement, frame: Frame) -> None:
        """Take one statement. Raises `Problem` for one that is no layer."""
        if isinstance(statement, tree.Broken) and (self.headers.read_broken(statement) or not self.headers.inputs):
            self.builder.failed = self.broken = True
        elif isinstance(statement, (tree.Layer, tree.Default, tree.Broken)):
            if not isinstance(statement, tree.Default):
                self.begin(statement.span)
            hidden = holds(statement.span, self.unclosed)
            place(self.builder, tree.Broken(statement.span) if hidden else statement, frame)
        else:
            self.headers.read(statement, frame)

    def begin(self, span: Span) -> None:
        """Note the first layer; without an input it stands on an unknown one."""
        self.headers.first = self.headers.first or span
        if self.headers.inputs:
            return
        late = next((each for each, _ in self.program.statements if isinstance(each, tree.Input)), None)
        if late is not None and not self.broken:
            message = "the input stands behind the first layer of the network"
            self.report.error("E0703", message, late.span, help="put it before the layers, and before their table")
        elif not self.broken:
            help = "begin with its shape: `input 3x224x224`"
            self.report.error("E0703", "the network has no input before its first layer", span, help=help)
        self.headers.add_input("input", None, None)

    def network(self, main: str, outside: Mapping[str, Any]) -> Network | None:
        """The network of the file `main`; None where it has no layers."""
        builder, headers, first = self.builder, self.headers, self.headers.first
        if first is None:
            statements = [each for each, _ in self.program.statements]
            meant = headers.inputs or any(isinstance(each, (tree.Net, tree.Table)) for each in statements)
            if self.broken:
                return None
            if meant:
                span = headers.inputs[0].span if headers.inputs else None
                self.report.error("E0703", "the network has no layers", span, help="write its layers below the input")
            elif not self.report.errors and not any(isinstance(each, _DEFINING) for each in statements):
                help = "begin with its shape: `input 3x224x224`"
                self.report.error("E0703", "there is no network in this file, and nothing for others to use", help=help)
            return None
        root = DraftScope("net", first, 0, builder.current, children=builder.children)
        root.terms, root.choices = headers.terms, tuple(builder.choices)
        naming.assign(root, self.report)
        elsewhere = "input" in headers.changed or any(name in outside for name in headers.changed)

        def claimed(span: Span) -> bool:
            """Whether a claim is about this network: what a file claims, it claims of itself as it is written.

            With other params or another input it need not hold; the claims of a file that extends another with params
            of its own are about what they make.
            """
            return not headers.changed or (span.file == main and main != first.file and not elsewhere)

        found = Network.made(
            format_version=FORMAT_VERSION,
            name=self.program.name,
            variant=self.program.variant,
            source=headers.source,
            inputs=tuple(headers.inputs),
            settings={name: plain(value) for name, value in headers.names.items() if value is not UNKNOWN},
            body=freeze(root),
            result=builder.current,
            outputs=tuple(builder.outputs),
            aux=tuple(builder.aux),
            shape_claims=tuple(claim for claim in builder.claims if claimed(claim.span)),
            expected=tuple(figure for figure in headers.expected.values() if claimed(figure.span)),
            reported=tuple(headers.reported.values()),
            properties=tuple(headers.properties),
            train=headers.train,
            totals=None,
            complete=not builder.failed and not self.report.errors,
            sources=tuple(self.report.sources.values()),
            definitions=builder.definitions,
        )
        twice_named = builder.ends.get(found.answer) if builder.ends else None
        if twice_named is not None and found.result not in {each.value for each in found.outputs}:
            message = f"the network returns its last value as `{found.answer}` too"
            help = "end with the `output`, or label the last layer otherwise"
            self.report.error("E0202", message, twice_named, help=help)
        if headers.trained is not None and headers.train is not None and found.complete and not headers.changed:
            weighted = (node.path for node in found.nodes if node.op.weighted)
            unmatched(headers.trained, headers.train, weighted, self.report)
        return found
