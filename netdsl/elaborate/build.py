"""Layer statements to a network: the walk over the tree that places nodes, joins and blocks.

A `Builder` holds what is being built; a `Frame` what one body sees. The current value flows from statement to
statement. A statement that cannot be understood is reported once and leaves a value of unknown shape behind, about
which everything after it is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netdsl import ops
from netdsl.elaborate.arguments import Given, Problem, bind, field_names
from netdsl.elaborate.draft import AuxDraft, DraftNode, DraftScope
from netdsl.elaborate.files import Library
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.joins import join_statement
from netdsl.elaborate.operators import operation
from netdsl.elaborate.references import aux, goto, output, reuse
from netdsl.elaborate.residual import SETTINGS, bracket, residual
from netdsl.elaborate.values import SIZES, Evaluator, Unknown, ValueProblem, references, text_of
from netdsl.ir import Choice, Definition
from netdsl.ops import Operator
from netdsl.shapes import LARGEST, Shape, text
from netdsl.syntax import tree
from netdsl.text.diagnostics import OpError, Related, Report, did_you_mean
from netdsl.text.source import Span

MOST_LAYERS = 1_000_000
PLACERS: dict[type, Callable[..., None]] = {
    tree.Join: join_statement,
    tree.Residual: residual,
    tree.Aux: aux,
    tree.Goto: goto,
    tree.Output: output,
    tree.Reuse: reuse,
}
"""The items that are placed by a module of their own."""


class TooManyLayers(Exception):
    """The limit on the number of layers; it has been reported."""


class Builder:
    """The network as it grows. `current` is the number of the current value, `shapes` the shapes of all values."""

    def __init__(self, report: Report, library: Library):
        self.report = report
        self.library = library
        self.shapes: list[Shape | None] = []
        self.made: list[DraftNode | None] = []
        self.current = 0
        self.steps = 0
        self.children: list[DraftNode | DraftScope] = []
        self.aux: list[AuxDraft] = []
        self.outputs: dict[str, Value] = {}
        self.claims: list[tuple[Shape, int, Span, Span]] = []
        self.failed = False
        self.params: dict[str, set[str]] = {}
        self.settable: dict[str, Any] = {}
        self.definitions: dict[str, Definition] = {}
        self.arms: tuple[Choice, ...] = ()
        self.choices: list[Choice] = []

    # Messages --------------------------------------------------------------------------------------------------------

    def error(self, frame: Frame, code: str, message: str, span: Span, **more: Any) -> None:
        self.failed = True
        self.report.error(code, message, span, calls=frame.calls, **more)

    def tell(self, frame: Frame, problem: Problem | ValueProblem | Unknown) -> None:
        """Report a problem with a value or an argument; one that follows from an earlier error stays untold."""
        if isinstance(problem, Problem):
            self.error(
                frame,
                problem.code,
                problem.message,
                problem.span,
                help=self.later(frame, problem) or problem.help,
                related=problem.related,
                label=problem.label,
                edits=problem.edits,
            )
        elif isinstance(problem, ValueProblem):
            help = self.later(frame, problem) or problem.help
            self.error(frame, problem.code, problem.message, problem.span, help=help)
        self.failed = True

    def later(self, frame: Frame, problem: Problem | ValueProblem) -> str | None:
        """The help for a name that is unknown because its `param` stands further down."""
        file = frame.module.file
        if problem.code != "E0201" or problem.span.file != file.source.name:
            return None
        if file.source.name not in self.params:
            self.params[file.source.name] = {each.name.text for each in file.statements if isinstance(each, tree.Param)}
        name = file.source.text[problem.span.start : problem.span.end]
        known = name in self.params[file.source.name]
        return f"a param is known below its own line: move `param {name} = ...` up" if known else None

    def evaluator(self, frame: Frame) -> Evaluator:
        return Evaluator(frame.names, self.shape if self.shapes else ())

    def terms(self, frame: Frame) -> Callable[[tree.Expression], str | None]:
        """What tells the text of expressions that name something here; see `netdsl.ir.Written`."""
        names = frame.names
        hidden = () if frame.module.params is self.settable else frame.module.params

        def term(node: tree.Expression) -> str | None:
            kind = type(node)
            if kind is tree.Literal or kind is tree.Dims:
                return None
            found = list(references(node))
            if not any(name in names or name in SIZES for name in found) or any(name in hidden for name in found):
                return None
            return text_of(node, self.report)

        return term

    @property
    def shape(self) -> Shape | None:
        """The shape of the current value."""
        return self.shapes[self.current]

    # Nodes -----------------------------------------------------------------------------------------------------------

    def input(self, shape: Shape | None) -> int:
        self.shapes.append(shape)
        self.made.append(None)
        return len(self.shapes) - 1

    def step(self, frame: Frame, span: Span, ahead: int = 0) -> None:
        """Count one more layer, or `ahead` to come; too many end the elaboration."""
        self.steps += 1
        if self.steps + ahead > MOST_LAYERS:
            self.error(
                frame,
                "E0004",
                f"the network has more than {MOST_LAYERS:,} layers",
                span,
                help="is a repetition count too large?",
            )
            raise TooManyLayers

    def node(
        self,
        frame: Frame,
        op: Operator,
        inputs: tuple[int, ...],
        span: Span,
        places: Mapping[str, Given] | None = None,
        *,
        implicit: bool = False,
        given: str | None = None,
        terms: dict[str, str] | None = None,
        refuse: Callable[[OpError], None] | None = None,
    ) -> DraftNode:
        """Apply `op` to values; the result becomes the current value.

        A refusal of the operator is reported at its arguments, or as `refuse` says.
        """
        self.step(frame, span)
        shapes = tuple(self.shapes[value] for value in inputs)
        shape: Shape | None = None
        if None not in shapes:
            try:
                shape = op.shape(shapes)  # type: ignore[arg-type]
                if any(size > LARGEST for size in shape):
                    raise OpError(
                        f"the output {text(shape)} has a dimension over 2^31 - 1", code="E0005", help="make it smaller"
                    )
            except OpError as refusal:
                shape = None
                if refuse is not None:
                    refuse(refusal)
                else:
                    self.refuse(frame, op, inputs, span, refusal, places or {})
        if places:
            terms = {name: each.term for name, each in places.items() if each.term is not None}
        node = DraftNode(
            len(self.shapes), op, inputs, shape, span, implicit=implicit, given=given, terms=terms, arms=self.arms
        )
        self.shapes.append(shape)
        self.made.append(node)
        self.children.append(node)
        self.current = node.id
        return node

    def refuse(
        self,
        frame: Frame,
        op: Operator,
        inputs: tuple[int, ...],
        span: Span,
        refusal: OpError,
        places: Mapping[str, Given],
    ) -> None:
        """Report an operator's refusal at the argument it names, with the inputs beside it."""
        given = places.get(refusal.at) if refusal.at else None
        place = given.span if given else span
        related: list[Related] = []
        if given and not (span.file == place.file and span.start <= place.start <= span.end):
            related.append(Related(span, f"this `{op.name}` takes the default"))
        for value in inputs:
            made = self.made[value]
            if made is not None and made.span != span and made.span != place:
                related.append(Related(made.span, text(self.shapes[value])))
        first = self.shapes[0]
        turned = first and len(first) == 3 and first[2] in (1, 3) and first[0] == first[1] > 3
        help = f"channels come first: is the input `{first[2]}x{first[0]}x{first[1]}`?" if first and turned else None
        self.error(frame, refusal.code, refusal.message, place, help=help or refusal.help, related=related)

    def unknown(self, frame: Frame, span: Span) -> DraftNode:
        """A value in place of a statement that has been reported: its shape is unknown."""
        self.failed = True
        self.step(frame, span)
        node = DraftNode(len(self.shapes), ops.find("identity")(), (self.current,), None, span)
        self.shapes.append(None)
        self.made.append(node)
        self.children.append(node)
        self.current = node.id
        return node

    def open(self, kind: str, span: Span, **more: Any) -> tuple[DraftScope, list[DraftNode | DraftScope]]:
        """Begin a scope; what is placed until `close` lies in it."""
        scope = DraftScope(kind, span, self.current, arms=self.arms, **more)
        outer, self.children = self.children, scope.children
        outer.append(scope)
        return scope, outer

    def close(self, scope: DraftScope, outer: list[DraftNode | DraftScope]) -> DraftScope:
        scope.exit = self.current
        self.children = outer
        return scope

    # Statements ------------------------------------------------------------------------------------------------------

    def body(self, body: tree.Body, frame: Frame) -> None:
        for statement in body.statements:
            self.statement(statement, frame)

    def statement(self, statement: tree.Statement, frame: Frame) -> None:
        if isinstance(statement, tree.Layer):
            self.layer(statement, frame)
        elif isinstance(statement, tree.Default):
            self.default(statement, frame)
        elif isinstance(statement, tree.Broken):
            self.unknown(frame, statement.span)
        else:
            word = type(statement).__name__.lower().replace("sourcenote", "source")
            self.error(frame, "E0704", f"`{word}` belongs at the top level of the file", statement.span)

    def default(self, statement: tree.Default, frame: Frame) -> None:
        """`default conv(act=relu)`: from here on, in this body."""
        name = statement.operator.text
        try:
            if name.lower() == "residual":
                value, term = self.evaluator(frame).value, self.terms(frame)
                found = bind("residual", (), SETTINGS, statement.arguments, value, term)
                frame.defaults["residual"] = {**frame.defaults.get("residual", {}), **found}
                return
            resolved = ops.resolve(name)
            if resolved is None or resolved[1]:
                help = did_you_mean(name, ops.names())
                raise Problem("E0203", f"unknown operator `{name}`", statement.operator.span, help)
            cls = ops.find(resolved[0])
            value, term = self.evaluator(frame).value, self.terms(frame)
            found = bind(cls.name, (), [*field_names(cls), *cls.followed_by], statement.arguments, value, term)
        except (Problem, ValueProblem, Unknown) as problem:
            self.tell(frame, problem)
            return
        for name, given in found.items():
            if given.term is not None and any(
                each in SIZES and each not in frame.names
                for argument in statement.arguments
                for each in references(argument.value)
            ):
                found[name] = given._replace(term=f"!{given.term}")
        frame.defaults[cls.name] = {**frame.defaults.get(cls.name, {}), **found}

    def layer(self, layer: tree.Layer, frame: Frame) -> None:
        """A layer statement: its item, as often as it says, and the claim about its output."""
        entry = self.current
        first = len(self.children)
        stride: Given | None = None
        try:
            if layer.stride is not None:
                term = self.terms(frame)(layer.stride)
                stride = Given(self.evaluator(frame).value(layer.stride), layer.stride.span, term)
            if layer.repeat is None:
                label = self.label(layer.label, frame)
                self.item(layer, frame, label, stride)
            else:
                label = None if layer.label is None or layer.label.index is not None else self.label(layer.label, frame)
                self.repeat(layer, frame, label, stride)
        except (Problem, ValueProblem, Unknown) as problem:
            self.tell(frame, problem)
            first, self.current = len(self.children), entry
            node = self.unknown(frame, layer.span)
            label = None
            if layer.label is not None and layer.label.index is None:
                label = node.label = layer.label.text
                node.label_span = layer.label.span
        if layer.claim is not None:
            self.claim(layer, frame, layer.claim)
        if label is not None and layer.label is not None:
            self.remember(frame, label, layer.label.span, self.children[first:], entry)

    def label(self, label: tree.Label | None, frame: Frame) -> str | None:
        """A label's text; one with an expression in it gets the expression's value."""
        if label is None:
            return None
        if label.index is None:
            return label.text
        return f"{label.text}{self.evaluator(frame).integer(label.index, 'a number in a label')}{label.after}"

    def remember(self, frame: Frame, label: str, span: Span, drafts: list[DraftNode | DraftScope], entry: int) -> None:
        """Make a label known in its body. Labels of modules that are given twice are found when modules are named."""
        before = frame.labels.get(label)
        if before is not None and before.span != span and not drafts:
            self.error(
                frame,
                "E0202",
                f"the label `{label}` is given twice",
                span,
                related=[Related(before.span, "first given here")],
                help="choose another label",
            )
            return
        frame.labels.setdefault(label, Value(self.current, span, drafts, entry))

    def claim(self, layer: tree.Layer, frame: Frame, claim: tree.Dims | tree.Literal) -> None:
        """`-> CxHxW`: remembered to be verified; where the shape is unknown it is taken from here."""
        shape: Shape = claim.values if isinstance(claim, tree.Dims) else (claim.value,)  # type: ignore[assignment]
        if len(shape) not in (1, 3) or not all(type(size) is int and 0 < size <= LARGEST for size in shape):
            self.error(
                frame,
                "E0405",
                "a shape is channels x height x width or a number of features, in whole numbers",
                claim.span,
                help="as in `-> 64x112x112` or `-> 1000`",
            )
            return
        if self.shape is None:
            node = self.unknown(frame, layer.span)
            node.shape = self.shapes[node.id] = shape
            return
        self.claims.append((shape, self.current, claim.span, layer.span))

    def repeat(self, layer: tree.Layer, frame: Frame, label: str | None, stride: Given | None) -> None:
        """`item xN as i`: the item N times, each with its index from 0."""
        assert layer.repeat is not None
        count = self.evaluator(frame).integer(layer.repeat.count, "a repetition count")
        if count < 0:
            raise Problem("E0405", f"a repetition count (={count}) must be at least 0", layer.repeat.span)
        scope, outer = self.open(
            "repeat", layer.span, label=label, label_span=layer.label.span if label and layer.label else None
        )
        term = self.terms(frame)(layer.repeat.count)
        if term is not None or layer.repeat.index is not None:
            index = layer.repeat.index.text if layer.repeat.index is not None else None
            named = layer.label if layer.label is not None and layer.label.index is not None else None
            place = named.span if named else layer.span
            text = self.report.sources[place.file].text[place.start : place.end] if named else None
            scope.terms = {
                key: each for key, each in (("count", term), ("index", index), ("label", text)) if each is not None
            }
        try:
            before = self.steps
            for index in range(count):
                inner = frame
                if layer.repeat.index is not None:
                    inner = Frame(
                        frame.module,
                        {**frame.names, layer.repeat.index.text: index},
                        frame.defaults,
                        frame.labels,
                        frame.around,
                        frame.block,
                        frame.calls,
                        frame.depth,
                    )
                self.step(frame, layer.span)
                iteration, outside = self.open("iteration", layer.span)
                entry = self.current
                try:
                    own = self.label(layer.label, inner) if label is None else None
                    self.item(layer, inner, own, stride if index == 0 else None)
                    if own is not None and layer.label is not None:
                        if own in frame.labels and frame.labels[own].span == layer.label.span:
                            self.error(
                                frame,
                                "E0202",
                                f"the label `{own}` is given twice",
                                layer.label.span,
                                help="put the index of the repetition into it",
                            )
                        self.remember(frame, own, layer.label.span, list(self.children), entry)
                finally:
                    self.close(iteration, outside)
                if index == 0:
                    self.step(frame, layer.span, (self.steps - before) * (count - 1))
        finally:
            self.close(scope, outer)

    def item(self, layer: tree.Layer, frame: Frame, label: str | None, stride: Given | None) -> None:
        """One occurrence of a statement's item."""
        item = layer.item
        span = layer.label.span if label is not None and layer.label is not None else None
        kind = type(item)
        if kind is tree.Operation:
            operation(self, item, frame, label, span, stride)  # type: ignore[arg-type]
            return
        if kind is tree.Bracket:
            bracket(self, item, frame, label, span, stride)  # type: ignore[arg-type]
            return
        if stride is not None:
            raise Problem(
                "E0405",
                "a stride can follow an operator, a block or a bracket only",
                stride.span,
                "give it to one of the layers inside, as in `{ conv3-64/2; conv3-64 }`",
            )
        if kind in PLACERS:
            PLACERS[kind](self, item, frame, label, span)
        else:
            getattr(self, "_" + kind.__name__.lower())(item, frame, label, span)

    def _group(self, item: tree.Group, frame: Frame, label: str | None, label_span: Span | None) -> None:
        scope, outer = self.open("group", item.span, title=label or "", label=label, label_span=label_span)
        try:
            self.body(item.body, frame.inner())
        finally:
            self.close(scope, outer)

    def _if(self, item: tree.If, frame: Frame, label: str | None, label_span: Span | None) -> None:
        if label is not None:
            raise Problem("E0703", "an `if` takes no label", label_span or item.span, "label the statements inside it")
        taken = self.evaluator(frame).truth(item.test)
        choice = Choice(test=text_of(item.test, self.report), taken=taken, value=self.current)
        self.choices.append(choice)
        outside, self.arms = self.arms, (*self.arms, choice)
        try:
            if taken:
                self.body(item.then, frame.inner())
            elif item.otherwise is not None:
                self.body(item.otherwise, frame.inner())
        finally:
            self.arms = outside
