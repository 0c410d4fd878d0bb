"""What a program says beside its layers: inputs, params, claims, the source and the recipe."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from netdsl.elaborate.broken import words
from netdsl.elaborate.build import Builder
from netdsl.elaborate.evaluator import Evaluator, references, shown
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.recipe import recipe
from netdsl.elaborate.values import UNKNOWN, plain, show
from netdsl.ir import Figure, NetworkInput, Property, Setting
from netdsl.shapes import LARGEST, Shape, text
from netdsl.syntax import tree
from netdsl.syntax.scan import uncommented
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Span

WORDS = frozenset((
    "net", "source", "input", "param", "default", "use", "extends", "block", "table", "expect", "reported", "property",
    "train",
))  # fmt: skip
"""The words with which what is no layer begins."""


class Headers:
    """What is known so far beside the layers. `names` are the params' values, `params` where they are given.

    `settings` and `shape` come from outside and stand in for a param's value and the first input's shape; `changed`
    has the names of those that differ from what is written. `terms` are the texts of expressions that name params.
    """

    def __init__(self, builder: Builder, settings: Mapping[str, Any], shape: Shape | None):
        self.builder = builder
        self.settings = settings
        self.shape = shape
        self.first: Span | None = None
        """The first layer."""
        self.inputs: list[NetworkInput] = []
        self.named: dict[str, NetworkInput] = {}
        self.names: dict[str, Any] = {}
        self.params: dict[str, Span] = {}
        self.changed: set[str] = set()
        self.expected: dict[tuple[str | None, str], Figure] = {}
        self.reported: dict[tuple[str | None, str], Figure] = {}
        self.properties: list[Property] = []
        self.source: str | None = None
        self.terms: dict[str, str] = {}
        self.train: Setting | None = None
        self.trained: tree.Train | None = None

    def read(self, statement: tree.Statement, frame: Frame) -> None:
        """Take in a statement that is no layer. Raises `Problem`."""
        reader = _READERS.get(type(statement))
        if reader is not None:
            reader(self, statement, frame)

    def read_broken(self, statement: tree.Broken) -> bool:
        """Whether a statement with a syntax error was no layer: what it would have named is known then, but not its
        value."""
        first, name, equals = words(statement, self.builder.report)
        if equals and not name:
            self.names.setdefault(first, UNKNOWN)  # `classes = 10`, which was to be a param
        if first == "param" and name:
            self.params.setdefault(name, statement.span)
            self.names[name] = UNKNOWN
        return first in WORDS

    def add_input(self, name: str, shape: Shape | None, span: Span | None, vocabulary: int | None = None) -> int:
        """One more input, of unknown shape where that is wrong, of tokens where they have a `vocabulary`; gives the
        number of its value."""
        self.named[name] = NetworkInput(name=name, shape=shape or (1,), span=span, vocabulary=vocabulary)
        self.inputs.append(self.named[name])
        return self.builder.input(shape, vocabulary)

    def _input(self, statement: tree.Input, frame: Frame) -> None:
        name, span = statement.name.text if statement.name else "input", statement.span
        before = self.named.get(name)
        if before is not None:
            if before.span is None:
                return  # a layer came first, which has been told
            raise twice(f"the input `{name}`", span, before.span, "several inputs need names: `input image: 3x224x224`")
        if self.first is not None:
            raise Problem("E0704", "inputs come before the first layer", span)
        try:
            value = Evaluator(self.names).value(statement.shape)
        except Problem:
            frame.labels[name] = Value(self.add_input(name, None, span), span, taken=True)
            raise
        self._note(f"input {name}", statement.shape)
        if isinstance(statement.shape, tree.Literal) and value == 0 and statement.shape.text.strip("0"):
            self.add_input(name, None, span)  # no number, which has been told
            return
        shape = value if isinstance(value, tuple) else (value,)
        if self.shape is not None and not self.inputs:
            if shape != self.shape:
                self.changed.add("input")
            shape = self.shape
        problem = _wrong_shape(shape, value, statement.shape.span)
        vocabulary = None
        if statement.vocabulary is not None and problem is None:
            self._note(f"input {name} of", statement.vocabulary)
            try:
                vocabulary = _vocabulary(Evaluator(self.names), statement.vocabulary, shape, statement.shape.span)
            except Problem as wrong:
                problem = wrong
        number = self.add_input(name, None if problem else shape, span, vocabulary)
        if problem is not None:
            raise problem
        frame.labels[name] = Value(number, span, taken=True)

    def _param(self, statement: tree.Param, frame: Frame) -> None:
        name = statement.name.text
        if name in self.params:
            raise twice(f"the param `{name}`", statement.span, self.params[name])
        self.params[name] = statement.span
        self.names.pop(name, None)  # it does not see itself
        try:
            value = Evaluator(self.names).value(statement.value)
        except Problem:
            self.names[name] = UNKNOWN
            raise
        self.names[name] = self.settings.get(name, value)
        if self.names[name] != value:
            self.changed.add(name)
        if name not in self.settings:
            self._note(name, statement.value)

    def _note(self, name: str, expression: tree.Expression) -> None:
        """Keep the text of an expression that names params. What gives no param has a blank in its name."""
        if any(each in self.names for each in references(expression)):
            self.terms[name] = shown(expression, self.builder.report.sources[expression.span.file].text)

    def _figure(self, statement: tree.Expect | tree.Reported, frame: Frame) -> None:
        """A claim; one of a file that extends another stands in for that of the other."""
        if isinstance(statement, tree.Expect):
            word, found, quantity, note = "expect", self.expected, statement.quantity.text, None
        else:
            word, found, quantity, note = "reported", self.reported, statement.name.text, statement.note
        label = statement.label.text if statement.label else None
        before = found.get((label, quantity))
        if before is not None and before.span.file == statement.span.file:
            raise twice(
                f"`{word} {label}.{quantity}`" if label else f"`{word} {quantity}`", statement.span, before.span
            )
        found[label, quantity] = Figure(
            label=label,
            quantity=quantity,
            value=plain(Evaluator(self.names).value(statement.value)),
            text=shown(statement.value, self.builder.report.sources[statement.span.file].text),
            note=str(note.value) if note else None,
            span=statement.span,
        )

    def _property(self, statement: tree.Property, frame: Frame) -> None:
        """A property; the params that it ranges over are those of the net, whole numbers."""
        for each in statement.domains:
            value = self.names.get(each.name.text, UNKNOWN)
            if each.name.text not in self.params:
                help = did_you_mean(each.name.text, self.params, "params") or "the file has no params"
                raise Problem("E0205", f"there is no param `{each.name.text}` to range over", each.name.span, help)
            if value is not UNKNOWN and type(value) is not int:
                message = f"the param `{each.name.text}` is {show(value)}, and a range is of whole numbers"
                raise Problem("E0601", message, each.span)
        file, start, end = statement.span
        if statement.domains:
            end = statement.domains[0].span.start
        text = self.builder.report.sources[file].text[start + len("property") : end]
        written = " ".join(uncommented(text).split())
        if statement.domains:
            written = written[: -len("for")].rstrip()
        domains = {each.name.text: (each.least, each.most) for each in statement.domains}
        self.properties.append(Property(text=written, domains=domains, span=statement.span))

    def _source(self, statement: tree.SourceNote, frame: Frame) -> None:
        self.source = str(statement.text.value)

    def _train(self, statement: tree.Train, frame: Frame) -> None:
        if self.trained is not None:
            raise twice("`train`", statement.span, self.trained.span)
        self.train = recipe(statement, self.builder.evaluator(frame), self.builder.report)
        self.trained = statement
        for argument in statement.arguments:
            self._note(f"train {argument.span.start}", argument.value)

    def _misplaced(self, statement: tree.Statement, frame: Frame) -> None:
        raise Problem("E0704", "this belongs at the top level of the file", statement.span)


_READERS: dict[type, Callable[..., None]] = {
    tree.Input: Headers._input,
    tree.Param: Headers._param,
    tree.Expect: Headers._figure,
    tree.Reported: Headers._figure,
    tree.Property: Headers._property,
    tree.SourceNote: Headers._source,
    tree.Train: Headers._train,
    tree.Table: Headers._misplaced,
    tree.Extends: Headers._misplaced,
}


def _wrong_shape(shape: tuple[Any, ...], value: Any, span: Span) -> Problem | None:
    """What is wrong with the shape of an input; `value` is what is written."""
    if not 1 <= len(shape) <= 4 or not _whole(shape):
        shown = text(value) if isinstance(value, tuple) and value and _whole(value) else show(value)
        message = f"an input is channels x height x width or a number of features, not {shown}"
        return Problem("E0405", message, span, _shape_help(shape))
    if any(not 1 <= size <= LARGEST for size in shape):
        return Problem("E0005", f"the dimensions of {text(shape)} must lie between 1 and 2^31 - 1", span)
    return None


def _shape_help(shape: tuple[Any, ...]) -> str:
    """The way out for a shape of too many sizes, or of none."""
    batch = re.fullmatch(r"[A-Za-z]+x(\d+(?:x\d+)*)", str(shape[0])) if len(shape) == 1 else None
    if batch is not None:
        return f"the batch is no part of the architecture: write `{batch[1]}`"
    if len(shape) == 5 and _whole(shape):
        return f"the batch is no part of the architecture: write `{text(shape[1:])}`"
    return "as in `input 3x224x224`, `input 1x16000` or `input 784`"


def _vocabulary(evaluator: Evaluator, node: tree.Expression, shape: Shape, span: Span) -> int:
    """How many tokens there are. Raises `Problem`."""
    count = evaluator.integer(node, "a vocabulary")
    if not 1 <= count <= LARGEST:
        raise Problem("E0405", f"a vocabulary (={count}) must lie between 1 and 2^31 - 1", node.span)
    if len(shape) != 1:
        message = f"an input of tokens is one number, how many there are, not {text(shape)}"
        raise Problem("E0405", message, span, f"as in `input words: 128 of {count}`")
    return count


def _whole(shape: tuple[Any, ...]) -> bool:
    return all(type(size) is int for size in shape)
