"""Layer statements to a network: the walk over the tree that places nodes, joins and blocks.

A `Builder` holds what is being built; a `Frame` what one body sees. The current value flows from statement to
statement. A statement that cannot be understood is reported once and leaves a value of unknown shape behind, about
which everything after it is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netdsl import ops
from netdsl.diagnostics import OpError, Related, Report, did_you_mean
from netdsl.elaborate.arguments import FOLLOWERS, Given, Problem, bind, construct, field_names, follower
from netdsl.elaborate.draft import DraftNode, DraftScope
from netdsl.elaborate.files import Library, standard_blocks
from netdsl.elaborate.values import Evaluator, Unknown, ValueProblem, Word
from netdsl.ir import Setting
from netdsl.ops import Operator
from netdsl.shapes import LARGEST, Shape, text
from netdsl.source import Span
from netdsl.syntax import tree

MOST_LAYERS = 1_000_000
DEEPEST_CALLS = 80


@dataclass
class Module:
    """The names of one file: its blocks (None: one whose definition has a syntax error) and its params."""

    file: tree.File
    blocks: dict[str, tuple[tree.Block, Module] | None] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Value:
    """What a label stands for: a value, where the label is, and the drafts it labels (for `reuse`)."""

    id: int
    span: Span
    drafts: list[DraftNode | DraftScope] = field(default_factory=list)
    entry: int = 0


@dataclass
class Frame:
    """What one body sees: the variables, the defaults in force, and the labels of its own and of the bodies around
    it."""

    module: Module
    names: dict[str, Any]
    defaults: dict[str, dict[str, Given]]
    labels: dict[str, Value] = field(default_factory=dict)
    around: Frame | None = None
    block: tree.Block | None = None
    calls: tuple[Related, ...] = ()
    depth: int = 0

    def inner(self, **names: Any) -> Frame:
        """The frame of a body inside this one."""
        return Frame(
            self.module,
            {**self.names, **names} if names else self.names,
            dict(self.defaults),
            {},
            self,
            self.block,
            self.calls,
            self.depth + 1,
        )

    def find(self, label: str) -> Value | None:
        frame: Frame | None = self
        while frame is not None:
            if label in frame.labels:
                return frame.labels[label]
            frame = frame.around
        return None

    def sighted(self) -> list[str]:
        """All labels in sight."""
        found: list[str] = []
        frame: Frame | None = self
        while frame is not None:
            found.extend(frame.labels)
            frame = frame.around
        return found


class TooManyLayers(Exception):
    """The limit on the number of layers; it has been reported."""


@dataclass
class Aux:
    scope: DraftScope
    weight: float | None
    value: int


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
        self.aux: list[Aux] = []
        self.outputs: dict[str, Value] = {}
        self.claims: list[tuple[Shape, int, Span, Span]] = []
        self.failed = False

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
                help=problem.help,
                related=problem.related,
                label=problem.label,
            )
        elif isinstance(problem, ValueProblem):
            self.error(frame, problem.code, problem.message, problem.span, help=problem.help)
        self.failed = True

    def evaluator(self, frame: Frame) -> Evaluator:
        return Evaluator(frame.names, self.shape if self.shapes else ())

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
    ) -> DraftNode:
        """Apply `op` to values; the result becomes the current value. A refusal of the operator is reported."""
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
                self.refuse(frame, op, inputs, span, refusal, places or {})
        node = DraftNode(len(self.shapes), op, inputs, shape, span, implicit=implicit, given=given)
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
        self.error(frame, refusal.code, refusal.message, place, help=refusal.help, related=related)

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
        scope = DraftScope(kind, span, self.current, **more)
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
                from netdsl.elaborate.residual import SETTINGS

                found = bind("residual", (), SETTINGS, statement.arguments, self.evaluator(frame).value)
                frame.defaults["residual"] = {**frame.defaults.get("residual", {}), **found}
                return
            resolved = ops.resolve(name)
            if resolved is None or resolved[1]:
                help = did_you_mean(name, ops.names())
                raise Problem("E0203", f"unknown operator `{name}`", statement.operator.span, help)
            cls = ops.find(resolved[0])
            found = bind(
                cls.name, (), [*field_names(cls), *cls.followed_by], statement.arguments, self.evaluator(frame).value
            )
        except (Problem, ValueProblem, Unknown) as problem:
            self.tell(frame, problem)
            return
        frame.defaults[cls.name] = {**frame.defaults.get(cls.name, {}), **found}

    def layer(self, layer: tree.Layer, frame: Frame) -> None:
        """A layer statement: its item, as often as it says, and the claim about its output."""
        entry = self.current
        first = len(self.children)
        stride: Given | None = None
        try:
            if layer.stride is not None:
                stride = Given(self.evaluator(frame).value(layer.stride), layer.stride.span)
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
        if label is not None and layer.label is not None:
            self.remember(frame, label, layer.label.span, self.children[first:], entry)
        if layer.claim is not None:
            self.claim(layer, layer.claim)

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

    def claim(self, layer: tree.Layer, claim: tree.Dims | tree.Literal) -> None:
        """`-> CxHxW`: remembered to be verified; where the shape is unknown it is taken from here."""
        shape: Shape = claim.values if isinstance(claim, tree.Dims) else (claim.value,)  # type: ignore[assignment]
        if self.shape is None:
            if len(shape) in (1, 3):
                self.shapes[self.current] = shape
                made = self.made[self.current]
                if made is not None:
                    made.shape = shape
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
            self.operation(item, frame, label, span, stride)  # type: ignore[arg-type]
            return
        if kind is tree.Bracket:
            from netdsl.elaborate.residual import bracket

            bracket(self, item, frame, label, span, stride)  # type: ignore[arg-type]
            return
        if stride is not None:
            raise Problem("E0405", "a stride can follow an operator, a block or a bracket only", stride.span)
        getattr(self, "_" + kind.__name__.lower())(item, frame, label, span)

    # Operators -------------------------------------------------------------------------------------------------------

    def operation(
        self, item: tree.Operation, frame: Frame, label: str | None, label_span: Span | None, stride: Given | None
    ) -> None:
        """An operator, or a block by that name."""
        head = item.head.text
        block = frame.module.blocks.get(head)
        if block is None and head in frame.module.blocks:
            raise Unknown  # its definition has a syntax error
        if block is None:
            resolved = ops.resolve(head, aliases=head not in standard_blocks()) if head not in ops.names() else (head, None)
            if resolved is not None:
                cls = ops.find(resolved[0])
                values, norm, act = self.signature(cls, resolved[1], item, frame, stride)
                self.place(frame, cls, values, norm, act, item.span, label, label_span)
                return
            file = self.library.standard(head)
            if file is not None:
                module = Module(file)
                found = {each.name.text: each for each in file.statements if isinstance(each, tree.Block)}
                module.blocks = {name: (each, module) for name, each in found.items()}
                block = module.blocks.get(head)
        if block is None:
            known = [*frame.module.blocks, *ops.names(), *standard_blocks()]
            raise Problem("E0203", f"unknown operator or block `{head}`", item.head.span, did_you_mean(head, known))
        self.call(block, item, frame, label, label_span, stride)

    def signature(
        self, cls: type[Operator], kernel: str | None, item: tree.Operation, frame: Frame, stride: Given | None
    ) -> tuple[dict[str, Given], Operator | None, Operator | None]:
        """The arguments of an operator as written, over the defaults; its norm and its activation."""
        evaluator = self.evaluator(frame)
        written: dict[str, Given] = {}

        def part(name: str | None, value: Any, span: Span, word: str) -> None:
            if name is None:
                raise Problem("E0405", f"`{cls.name}` takes no {word}", span, f"write `{cls.name}`")
            if name in written:
                first = Related(written[name].span, "first given here")
                raise Problem("E0402", f"the {word} is given twice", span, related=[first])
            written[name] = Given(value, span)

        if kernel is not None:
            sizes = tuple(map(int, kernel.split("x"))) if len(kernel) < 24 else (LARGEST + 1,)
            part(cls.geometry.kernel, sizes[0] if len(sizes) == 1 else sizes, item.head.span, "kernel")
        if item.kernel is not None:
            part(cls.geometry.kernel, self.size(item.kernel, evaluator), item.kernel.span, "kernel")
        if item.out is not None:
            part(cls.geometry.out, self.size(item.out, evaluator), item.out.span, "number behind `-`")
        if item.stride is not None:
            part(cls.geometry.stride, self.size(item.stride, evaluator), item.stride.span, "stride")
        if stride is not None:
            part(cls.geometry.stride, stride.value, stride.span, "stride")
        names = field_names(cls)
        if item.arguments:
            rest = [name for name in names if name not in written]
            found = bind(cls.name, rest, (*names, *cls.followed_by), item.arguments, evaluator.value)
            for name, given in found.items():
                if name in written:
                    first = Related(written[name].span, "first given here")
                    raise Problem("E0402", f"`{name}` is given twice", given.span, related=[first])
                written[name] = given
        return self.complete(cls, written, frame)

    def complete(
        self, cls: type[Operator], written: dict[str, Given], frame: Frame
    ) -> tuple[dict[str, Given], Operator | None, Operator | None]:
        """Written arguments over the defaults in force, and the norm and activation among them as operators."""
        values = {**frame.defaults.get(cls.name, {}), **written}
        followers = {
            name: follower(name, values.pop(name), frame.defaults) if name in values else None for name in FOLLOWERS
        }
        return values, followers["norm"], followers["act"]

    def size(self, expression: tree.Expression, evaluator: Evaluator) -> Any:
        """A number or HxW in a geometry; a bare word there is an unknown name."""
        value = evaluator.value(expression)
        if isinstance(value, Word):
            raise Problem(
                "E0201", f"unknown name `{value}`", expression.span, did_you_mean(value, [*evaluator.names], "in scope")
            )
        return value

    def place(
        self,
        frame: Frame,
        cls: type[Operator],
        values: Mapping[str, Given],
        norm: Operator | None,
        act: Operator | None,
        span: Span,
        label: str | None = None,
        label_span: Span | None = None,
        given: tuple[str, str, str] | None = None,
    ) -> None:
        """Place an operator with what goes before and follows it: flattening, itself, norm, activation.

        `given` are fixed names for the three. A labelled operator with a norm (or an activation that has weights) is a
        unit.
        """
        op = construct(cls, values, span)
        weighted_act = act is not None and type(act).weights is not Operator.weights
        if cls.flattens and self.shape is not None and len(self.shape) > 1:
            self.node(frame, ops.find("flatten")(), (self.current,), span, implicit=True)
        unit = None
        if label is not None and (norm is not None or weighted_act):
            unit, outer = self.open("unit", span, title=cls.name, label=label, label_span=label_span)
        node = self.node(frame, op, (self.current,), span, values, given=given[0] if given else None)
        if label is not None:
            if unit is None:
                node.label, node.label_span = label, label_span
            else:
                node.given = cls.name
        for index, follows in enumerate((norm, act), 1):
            if follows is not None:
                name = given[index] if given else follows.name if unit else None
                self.node(frame, follows, (self.current,), span, implicit=True, given=name)
        if unit is not None:
            self.close(unit, outer)

    # Blocks ----------------------------------------------------------------------------------------------------------

    def call(
        self,
        found: tuple[tree.Block, Module],
        item: tree.Operation,
        frame: Frame,
        label: str | None,
        label_span: Span | None,
        stride: Given | None,
    ) -> None:
        """A block call: its body with its parameters bound, as a module of its own."""
        block, module = found
        for part, word in ((item.kernel, "kernel"), (item.out, "number behind `-`"), (item.stride, "stride")):
            if part is not None:
                raise Problem(
                    "E0405",
                    f"the block `{block.name.text}` takes no {word}",
                    part.span,
                    f"write `{block.name.text}(...)`",
                )
        chain: Frame | None = frame
        while chain is not None:
            if chain.block is block:
                raise Problem(
                    "E0705",
                    f"the block `{block.name.text}` calls itself",
                    item.span,
                    "a block may call other blocks, never itself",
                    [Related(block.name.span, "defined here"), *frame.calls],
                )
            chain = chain.around if chain.around else getattr(chain, "caller", None)
        if frame.depth >= DEEPEST_CALLS:
            raise Problem("E0003", f"blocks and groups nest more than {DEEPEST_CALLS} deep through these calls", item.span)
        evaluator = self.evaluator(frame)
        names = [parameter.name.text for parameter in block.parameters]
        bound = bind(block.name.text, names, (), item.arguments or (), evaluator.value)
        if stride is not None:
            if "stride" not in names:
                raise Problem(
                    "E0405",
                    f"the block `{block.name.text}` has no parameter `stride`",
                    stride.span,
                    "give it one, or drop the stride",
                    [Related(block.name.span, "defined here")],
                )
            if "stride" in bound:
                first = Related(bound["stride"].span, "first given here")
                raise Problem("E0402", "the stride is given twice", stride.span, related=[first])
            bound["stride"] = stride
        values: dict[str, Any] = dict(module.params)
        arguments: dict[str, Any] = {}
        where = Related(item.span, f"in this call of `{block.name.text}`")
        for parameter in block.parameters:
            name = parameter.name.text
            if name in bound:
                arguments[name] = bound[name].value
            elif parameter.default is not None:
                arguments[name] = Evaluator({**module.params, **arguments}, self.shape).value(parameter.default)
            else:
                missing = [
                    n for n, p in zip(names, block.parameters, strict=True) if n not in bound and p.default is None
                ]
                listed = ", ".join(f"`{n}`" for n in missing)
                raise Problem(
                    "E0404",
                    f"`{block.name.text}` needs {listed}",
                    item.span,
                    f"`{block.name.text}({', '.join(names)})`",
                    [Related(block.name.span, "defined here")],
                )
        values.update(arguments)
        inner = Frame(module, values, dict(frame.defaults), {}, None, block, (where, *frame.calls), frame.depth + 1)
        inner.caller = frame  # type: ignore[attr-defined]
        scope, outer = self.open(
            "block",
            item.span,
            title=block.name.text,
            label=label,
            label_span=label_span,
            arguments={name: _plain(value) for name, value in arguments.items()},
        )
        try:
            self.body(block.body, inner)
        finally:
            self.close(scope, outer)

    # Groups, joins, values -------------------------------------------------------------------------------------------

    def _group(self, item: tree.Group, frame: Frame, label: str | None, label_span: Span | None) -> None:
        scope, outer = self.open("group", item.span, title=label or "", label=label, label_span=label_span)
        try:
            self.body(item.body, frame.inner())
        finally:
            self.close(scope, outer)

    def branch(self, body: tree.Body, frame: Frame, entry: int) -> int:
        """One branch of a join, from the value `entry`; gives the number of the value it ends in."""
        self.current = entry
        scope, outer = self.open("branch", body.span)
        try:
            if not body.statements:
                self.error(frame, "E0702", "an empty branch", body.span, help="write `identity` to pass the value on")
                self.unknown(frame, body.span)
            self.body(body, frame.inner())
        finally:
            self.close(scope, outer)
        return scope.exit

    def _join(self, item: tree.Join, frame: Frame, label: str | None, label_span: Span | None) -> None:
        """`concat`, `add` or `mul` of branches, then its activation."""
        cls = ops.find(item.kind.text)
        written = bind(cls.name, field_names(cls), cls.followed_by, item.arguments, self.evaluator(frame).value)
        values, _, act = self.complete(cls, written, frame)
        entry = self.current
        scope, outer = self.open("join", item.span, title=cls.name, label=label, label_span=label_span)
        try:
            exits = [self.branch(body, frame, entry) for body in item.branches]
            self.join(frame, construct(cls, values, item.span), exits, item.branches, item.kind.span)
            if act is not None:
                self.node(frame, act, (self.current,), item.kind.span, implicit=True)
        finally:
            self.close(scope, outer)

    def join(self, frame: Frame, op: Operator, exits: list[int], branches: tuple[tree.Body, ...], span: Span) -> None:
        """The joining node; branches that do not fit are reported with the shape of each."""
        self.step(frame, span)
        shapes = tuple(self.shapes[value] for value in exits)
        shape: Shape | None = None
        if None not in shapes:
            try:
                shape = op.shape(shapes)  # type: ignore[arg-type]
            except OpError as refusal:
                first, *rest = [
                    (body.statements[-1].span if body.statements else body.span, text(each))
                    for body, each in zip(branches, shapes, strict=True)
                ]
                self.error(
                    frame,
                    refusal.code,
                    refusal.message,
                    first[0],
                    label=first[1],
                    help=refusal.help,
                    related=[Related(*each) for each in rest],
                )
        node = DraftNode(len(self.shapes), op, tuple(exits), shape, span)
        self.shapes.append(shape)
        self.made.append(node)
        self.children.append(node)
        self.current = node.id

    def _residual(self, item: tree.Residual, frame: Frame, label: str | None, label_span: Span | None) -> None:
        from netdsl.elaborate.residual import residual

        residual(self, item, frame, label, label_span)

    def _aux(self, item: tree.Aux, frame: Frame, label: str | None, label_span: Span | None) -> None:
        """A side branch, in training only: the current value stays what it was."""
        name = item.name.text
        if label is not None:
            raise Problem("E0703", "an aux head has a name already; it takes no label", label_span or item.span)
        if frame.block is not None:
            raise Problem(
                "E0704", "`aux` belongs outside of blocks", item.span, "attach the head where the block is called"
            )
        bound = bind("aux", ("weight",), (), item.arguments, self.evaluator(frame).number)
        before = next((aux for aux in self.aux if aux.scope.title == name), None)
        taken = before.scope.label_span if before else self.outputs[name].span if name in self.outputs else None
        if taken is not None:
            raise Problem(
                "E0202", f"`{name}` is given twice", item.name.span, related=[Related(taken, "first given here")]
            )
        entry = self.current
        scope, outer = self.open("aux", item.span, title=name, label=name, label_span=item.name.span)
        try:
            self.body(item.body, frame.inner())
        finally:
            self.close(scope, outer)
            self.current = entry
        weight = bound["weight"].value if "weight" in bound else None
        self.aux.append(Aux(scope, None if weight is None else float(weight), scope.exit))

    def _goto(self, item: tree.Goto, frame: Frame, label: str | None, label_span: Span | None) -> None:
        self.current = self.lookup(item.name, frame).id

    def lookup(self, name: tree.Name, frame: Frame) -> Value:
        found = frame.find(name.text)
        if found is None:
            raise Problem(
                "E0204",
                f"no label `{name.text}` is in sight",
                name.span,
                did_you_mean(name.text, frame.sighted(), "in sight")
                or "a label is seen in its own body and the bodies inside it, after its statement",
            )
        return found

    def _output(self, item: tree.Output, frame: Frame, label: str | None, label_span: Span | None) -> None:
        name = item.name.text
        if frame.block is not None:
            raise Problem("E0704", "`output` belongs outside of blocks", item.span)
        taken = self.outputs[name].span if name in self.outputs else None
        taken = taken or next((aux.scope.label_span for aux in self.aux if aux.scope.title == name), None)
        if taken is not None:
            raise Problem(
                "E0202", f"`{name}` is given twice", item.name.span, related=[Related(taken, "first given here")]
            )
        self.outputs[name] = Value(self.current, item.name.span)

    def _if(self, item: tree.If, frame: Frame, label: str | None, label_span: Span | None) -> None:
        if label is not None:
            raise Problem("E0703", "an `if` takes no label", label_span or item.span, "label the statements inside it")
        if self.evaluator(frame).truth(item.test):
            self.body(item.then, frame.inner())
        elif item.otherwise is not None:
            self.body(item.otherwise, frame.inner())

    def _reuse(self, item: tree.Reuse, frame: Frame, label: str | None, label_span: Span | None) -> None:
        """The labelled layers again, on the current value, with the same weights."""
        found = self.lookup(item.name, frame)
        if not found.drafts:
            raise Problem(
                "E0706",
                f"`{item.name.text}` labels a value, not layers",
                item.name.span,
                related=[Related(found.span, "labelled here")],
            )
        scope, outer = self.open("reuse", item.span, title=item.name.text, label=label, label_span=label_span)
        try:
            renamed = {found.entry: self.current}
            for draft in found.drafts:
                self.copy(draft, renamed, frame, item)
            self.current = renamed.get(found.id, found.id)
        finally:
            self.close(scope, outer)

    def copy(self, draft: DraftNode | DraftScope, renamed: dict[int, int], frame: Frame, item: tree.Reuse) -> None:
        """Place `draft` again; `renamed` maps the values of the first use to those of this one."""
        if isinstance(draft, DraftScope):
            if draft.kind == "aux":
                return
            self.current = renamed.get(draft.entry, draft.entry)
            scope, outer = self.open(draft.kind, draft.span, title=draft.title, arguments=draft.arguments)
            for child in draft.children:
                self.copy(child, renamed, frame, item)
            self.current = renamed.get(draft.exit, draft.exit)
            self.close(scope, outer)
            return
        inputs = tuple(renamed.get(value, value) for value in draft.inputs)
        before = tuple(self.shapes[value] for value in draft.inputs)
        now = tuple(self.shapes[value] for value in inputs)
        node = self.node(frame, draft.op, inputs, item.span, implicit=draft.implicit)
        node.shares = draft.shares or draft
        renamed[draft.id] = node.id
        if draft.weighted and node.shape is not None and None not in before and None not in now:
            first, again = draft.op.weights(before), draft.op.weights(now)  # type: ignore[arg-type]
            if first != again:
                self.error(
                    frame,
                    "E0303",
                    f"`{item.name.text}` cannot be used again on {text(now[0])}",
                    item.span,
                    help=f"its weights were made for {text(before[0])}",
                    related=[Related(draft.span, "used first here")],
                )


def _plain(value: Any) -> Any:
    """A value for the network: words become strings."""
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if isinstance(value, Setting):
        return Setting(
            name=value.name, args=_plain(value.args), kwargs={key: _plain(each) for key, each in value.kwargs.items()}
        )
    return value
