"""The network as it grows: its values, the nodes and scopes that make them, and what is wrong with it.

The current value flows from statement to statement. A statement that cannot be understood is told of once and leaves a
value of unknown shape behind, about which everything after it is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from netdsl.elaborate.construct import bare
from netdsl.elaborate.draft import Draft, DraftNode, DraftScope, Stretch
from netdsl.elaborate.evaluator import Evaluator
from netdsl.elaborate.extent import EMPTY, LAYER, PART, Extent, Least, Limit
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.problems import Problem
from netdsl.elaborate.values import Given
from netdsl.ir import AuxHead, Choice, Definition, NamedOutput, ShapeClaim
from netdsl.ops import Operator
from netdsl.ops.shared.answers import remembered
from netdsl.shapes import LARGEST, Shape, text
from netdsl.syntax import tree
from netdsl.text.diagnostics import OpError, Related, Report
from netdsl.text.source import Span

MOST_TOLD = 1000
"""So many messages there are at most; who has more mistakes has mostly made one of them often."""


class TooLarge(Exception):
    """The network grows beyond its limits; it has been told."""


class Builder:
    """The network as it grows. `current` is the number of the current value, `shapes` the shapes of all values, `made`
    the node that makes each; what is placed goes to `children`, those of the scope that is open.

    `arms` are the `if`s around in the block that is open, `choices` all that it met. `params` are those of the net.
    `placed` are the bodies of blocks by all that they depend on (see `again`).

    `place` places one statement, as those above this module know how. Every statement that holds others hands them
    back to `body`.
    """

    def __init__(self, report: Report, place: Callable[[Builder, tree.Statement, Frame], None], most: Limit):
        self.report = report
        self.most = most
        self.place = place
        self.shapes: list[Shape | None] = []
        self.made: list[DraftNode | None] = []
        self.current = 0
        self.inputs = 0
        self.parts = 0
        self.least = Least()
        self.children: list[Draft] = []
        self.outputs: list[NamedOutput] = []
        self.aux: list[AuxHead] = []
        self.ends: dict[str, Span] = {}
        self.claims: list[ShapeClaim] = []
        self.arms: tuple[Choice, ...] = ()
        self.choices: list[Choice] = []
        self.definitions: dict[str, Definition] = {}
        self.params: dict[str, Any] = {}
        self.terms: dict[int, str | None] = {}
        self.missing: set[tuple[str, str]] = set()
        self.vocabularies: dict[int, int] = {}
        self.placed: dict[Any, tuple[Stretch, Any]] = {}
        self.failed = False

    def tell(self, frame: Frame, problem: Problem) -> None:
        """Report a problem; one that follows from an earlier error stays untold."""
        self.failed = True
        problem.tell(self.report, frame.trail, frame.module.further_down(problem.diagnostic))
        if len(self.report) >= MOST_TOLD:
            message = "too many mistakes; the rest of the file is not read"
            self.report.error("E0101", message, problem.diagnostic.span)
            raise TooLarge

    @property
    def shape(self) -> Shape | None:
        """The shape of the current value."""
        return self.shapes[self.current]

    def evaluator(self, frame: Frame) -> Evaluator:
        """What gives expressions their values here."""
        module = frame.module
        hidden = () if module.params is self.params else module.params  # of a file that is used: no --set reaches them
        return Evaluator(frame.names, self.shape if self.shapes else (), module.file.source.text, hidden, self.terms)

    def body(self, body: tree.Body, frame: Frame) -> None:
        """Place the statements of a body."""
        for statement in body.statements:
            self.place(self, statement, frame)

    # Values ----------------------------------------------------------------------------------------------------------

    def input(self, shape: Shape | None, vocabulary: int | None = None) -> int:
        """One more input; gives the number of its value."""
        self.failed |= shape is None
        self.inputs += 1
        if vocabulary is not None:
            self.vocabularies[len(self.shapes)] = vocabulary
        return self._value(shape, None)

    def node(
        self,
        frame: Frame,
        op: Operator,
        inputs: tuple[int, ...],
        span: Span,
        *,
        places: Mapping[str, Given] | None = None,
        implicit: bool = False,
        given: str | None = None,
        terms: dict[str, str] | None = None,
        refused: Callable[[OpError], Problem] | None = None,
    ) -> DraftNode:
        """Apply `op` to values; the result becomes the current value.

        A refusal of the operator is told of at its arguments, whose `places` are known, or as `refused` says.
        """
        self.foresee(frame, span, LAYER)
        shapes = tuple(self.shapes[value] for value in inputs)
        shape = None
        if None not in shapes:
            try:
                op = self._reading(op, inputs) if self.vocabularies else op
                op = _fitted(op, len(shapes[0]) - 1 if shapes else 0)  # type: ignore[arg-type]
                shape = _output(op, shapes)  # type: ignore[arg-type]
            except OpError as refusal:
                problem = refused(refusal) if refused else self._refusal(op, inputs, span, places or {}, refusal)
                self.tell(frame, problem)
        if places:
            terms = {name: each.term for name, each in places.items() if each.term is not None}
        return self._node(
            DraftNode(len(self.shapes), op, inputs, shape, span, None, given, implicit, None, terms, self.arms)
        )

    def _reading(self, op: Operator, inputs: tuple[int, ...]) -> Operator:
        """The operator with the vocabulary of the tokens that it reads. Raises `OpError` for one that reads none."""
        for value in inputs:
            vocabulary = self.vocabularies.get(value)
            if vocabulary is None:
                continue
            if "vocabulary" not in type(op).model_fields:
                message = f"`{op.name}` cannot read tokens; the input is whole numbers below {vocabulary}"
                raise OpError(message, help="let `embedding-64` make features of them first")
            return op.model_copy(update={"vocabulary": vocabulary})
        return op

    def unknown(self, frame: Frame, span: Span, label: tree.Name | None = None) -> DraftNode:
        """A value in place of a statement that has been told of: its shape is unknown."""
        self.failed = True
        self.foresee(frame, span, LAYER)
        return self._node(DraftNode(len(self.shapes), bare("identity"), (self.current,), None, span, label))

    # How large it is -------------------------------------------------------------------------------------------------

    @property
    def extent(self) -> Extent:
        """What has been placed so far; a layer is a value that is no input."""
        return Extent(len(self.shapes) - self.inputs, self.parts)

    def part(self, frame: Frame, span: Span) -> None:
        """Count a call of a block, or one of several that are repeated."""
        self.foresee(frame, span, PART)
        self.parts += 1
        if self.extent.hollow:
            self._end(frame, span, f"{EMPTY:,} calls of blocks and repetitions without a layer in them")

    def foresee(self, frame: Frame, span: Span, extent: Extent) -> None:
        """End the elaboration where the network becomes too large with what is to come, which is `extent` or more."""
        if many := self.most.passed(self.extent.plus(extent)):
            self._end(frame, span, many)

    def fits(self, extent: Extent) -> bool:
        """Whether there is room for just so much more."""
        whole = self.extent.plus(extent)
        return not self.most.passed(whole) and not whole.hollow

    def _end(self, frame: Frame, span: Span, many: str) -> None:
        self.tell(frame, Problem("E0004", f"the network has more than {many}", span, self.most.help))
        raise TooLarge

    # What it consists of ---------------------------------------------------------------------------------------------

    def scope(self, kind: str, span: Span, title: str = "", label: tree.Name | None = None) -> _Open:
        """A part of the network that the spec shows as one: what is placed meanwhile lies in it."""
        return _Open(self, DraftScope(kind, span, self.current, -1, title, label, arms=self.arms))

    def _node(self, node: DraftNode) -> DraftNode:
        self.current = self._value(node.shape, node)
        self.children.append(node)
        return node

    def keep(self, nodes: Iterable[DraftNode]) -> None:
        """Take over nodes that were made elsewhere, which have the next numbers."""
        for node in nodes:
            self._value(node.shape, node)

    def _value(self, shape: Shape | None, made: DraftNode | None) -> int:
        self.shapes.append(shape)
        self.made.append(made)
        return len(self.shapes) - 1

    def _refusal(
        self, op: Operator, inputs: tuple[int, ...], span: Span, places: Mapping[str, Given], refusal: OpError
    ) -> Problem:
        """An operator's refusal at the argument it names, with the inputs beside it."""
        given = places.get(refusal.at) if refusal.at else None
        place = given.span if given else span
        related: list[Related] = []
        if given and not (span.file == place.file and span.start <= place.start <= span.end):
            related.append(Related(span, f"this `{op.name}` takes the default"))
        for value in inputs:
            made = self.made[value]
            if made is not None and made.span not in (span, place):
                related.append(Related(made.span, text(self.shapes[value])))
        first = self.shapes[0]
        turned = first and len(first) == 3 and first[2] in (1, 3) and first[0] == first[1] > 3
        help = f"channels come first: is the input `{first[2]}x{first[0]}x{first[1]}`?" if first and turned else None
        return Problem(refusal.code, refusal.message, place, help or refusal.help, related)


class _Open:
    """A scope that is open from `with` on. The `if`s in a block are its own."""

    __slots__ = ("arms", "builder", "choices", "outer", "scope")

    def __init__(self, builder: Builder, scope: DraftScope):
        self.builder, self.scope, self.outer = builder, scope, builder.children
        self.arms, self.choices = builder.arms, builder.choices

    def __enter__(self) -> DraftScope:
        self.outer.append(self.scope)
        self.builder.children = self.scope.children
        if self.scope.kind == "block":
            self.builder.arms, self.builder.choices = (), []
        return self.scope

    def __exit__(self, *problem: object) -> None:
        builder = self.builder
        self.scope.exit = builder.current
        builder.children = self.outer
        if self.scope.kind == "block":
            self.scope.choices = tuple(builder.choices)
            builder.arms, builder.choices = self.arms, self.choices


@remembered
def _fitted(op: Operator, rank: int) -> Operator:
    """The operator for maps of this rank, the same object for the same operator. Raises `OpError`."""
    return op.fitted(rank)


@remembered
def _output(op: Operator, inputs: tuple[Shape, ...]) -> Shape:
    """The shape of an operator's output. Raises `OpError`."""
    shape = op.shape(inputs)
    if max(shape) > LARGEST:
        message = f"the output {text(shape)} has a dimension over 2^31 - 1"
        raise OpError(message, code="E0005", help="make it smaller")
    return shape
