"""Statements of a body, and the table of what places each kind of item: the top of all that places.

Whatever a statement holds comes back here, through `Builder.body`. A new kind of item is a function `(builder, item,
frame, label)` in a module below, and one line in `ITEMS`; a new kind of statement one line in `STATEMENTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile
from typing import NamedTuple

from netdsl import ops
from netdsl.elaborate.again import Watch, again
from netdsl.elaborate.arguments import bind, field_names
from netdsl.elaborate.blocks import branched, handed
from netdsl.elaborate.bodies import choice, group, join
from netdsl.elaborate.branches import counted, rounds, terms
from netdsl.elaborate.broken import labelled
from netdsl.elaborate.build import Builder
from netdsl.elaborate.draft import Draft, DraftNode, DraftScope
from netdsl.elaborate.evaluator import SIZES, references
from netdsl.elaborate.files import Definition, standard_blocks
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.operations import operation, resolve
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.references import aux, give, goto, output, reuse
from netdsl.elaborate.residual import SETTINGS, bracket, residual
from netdsl.elaborate.sight import spelled
from netdsl.elaborate.values import Given
from netdsl.ir import ShapeClaim
from netdsl.shapes import LARGEST, Shape
from netdsl.syntax import tree
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Span

STRIDED: dict[type, Callable[..., None]] = {tree.Operation: operation, tree.Bracket: bracket}
"""The items that a stride can follow, which their functions take behind the label."""
ITEMS: dict[type, Callable[..., None]] = {
    **STRIDED,
    tree.Group: group,
    tree.Join: join,
    tree.Residual: residual,
    tree.Aux: aux,
    tree.Goto: goto,
    tree.Reuse: reuse,
    tree.Output: output,
    tree.If: choice,
}
"""What places each kind of item."""
CLOSED = (tree.Operation, tree.Bracket, tree.Group, tree.Join, tree.Residual)
"""The items after which their body sees and says what it did before."""


def place(builder: Builder, statement: tree.Statement, frame: Frame) -> None:
    """Place one statement of a body; what goes wrong in it is told."""
    found = STATEMENTS.get(type(statement))
    if found is not None:
        found(builder, statement, frame)
        return
    word = type(statement).__name__.lower().replace("sourcenote", "source")
    builder.tell(frame, Problem("E0704", f"`{word}` belongs at the top level of the file", statement.span))


def broken(builder: Builder, statement: tree.Broken, frame: Frame) -> None:
    """A statement with a syntax error, which has been told; its label is known all the same."""
    entry, label = builder.current, labelled(statement, builder.report)
    builder.unknown(frame, statement.span, label)
    if label is not None:
        frame.labels.setdefault(label.text, Value(builder.current, label.span, (builder.children[-1],), entry))


def layer(builder: Builder, layer: tree.Layer, frame: Frame) -> None:
    """A layer statement: its item, as often as it says, and the claim about its output."""
    entry, first = builder.current, len(builder.children)
    item, named, given = layer.item, layer.label, None
    if type(item) is tree.Output and item.item is not None and named is None:
        named, given, item = item.target.parts[0], item.span, item.item
    label = fixed = _fixed(named)
    try:
        stride = builder.evaluator(frame).given(layer.stride) if layer.stride else None
        if layer.repeat is None:
            label = fixed or _computed(builder, named, frame)
            _item(builder, item, frame, label, stride)
        else:
            _repeat(builder, Repeated(layer, item, named, given), layer.repeat, frame, label, stride)
    except Problem as problem:
        builder.tell(frame, problem)
        begun = builder.children[first:]
        first, builder.current = len(builder.children), entry
        label = fixed
        builder.unknown(frame, layer.span, label)
        for draft in begun:
            draft.label = None  # the unknown value has it
            if isinstance(draft, DraftScope):
                draft.exit = builder.current
        if named is not None and fixed is None:
            frame.unset.lost[id(named)] = named
    if layer.claim is not None:
        _claim(builder, layer, layer.claim, frame)
    if label is not None:
        _remember(builder, frame, label, item, entry, first, given=given)


def default(builder: Builder, statement: tree.Default, frame: Frame) -> None:
    """Put the arguments over the defaults in force."""
    try:
        name, known = _arguments(statement.operator, frame)
        found = bind(name, (), known, statement.arguments, builder.evaluator(frame).given)
    except Problem as problem:
        builder.tell(frame, problem)
        return
    for argument, each in found.items():
        if each.term is not None:
            frame.worded = True
            if _of_here(statement, frame):
                found[argument] = each._replace(term=f"!{each.term}")
    frame.defaults[name] = {**frame.defaults.get(name, {}), **found}


def _of_here(statement: tree.Default, frame: Frame) -> bool:
    """Whether a `default` speaks of the current value, which is another where it is used."""
    named = (name for argument in statement.arguments for name in references(argument.value))
    return any(name in SIZES and name not in frame.names for name in named)


def _arguments(operator: tree.Name, frame: Frame) -> tuple[str, tuple[str, ...]]:
    """The name of what has defaults, and the arguments that can have one."""
    if operator.text.lower() == "residual":
        return "residual", SETTINGS
    resolved = ops.resolve(operator.text)
    if resolved is None or resolved[1]:
        help = did_you_mean(operator.text, ops.names()) or "defaults are of operators; `netdsl ops` lists them"
        if operator.text in standard_blocks():
            help = (
                f"defaults are of operators; a block is given its arguments where it is called: `{operator.text}(...)`"
            )
        if operator.text in frame.module.blocks:
            help = f"defaults are of operators; those of a block stand in its head: `block {operator.text}(c=64)`"
        raise Problem("E0203", f"unknown operator `{operator.text}`", operator.span, help)
    cls = ops.find(resolved[0])
    return cls.name, (*field_names(cls), *cls.followed_by)


STATEMENTS: dict[type, Callable[..., None]] = {tree.Layer: layer, tree.Default: default, tree.Broken: broken}
"""What places each kind of statement that may stand in a body."""


def _item(
    builder: Builder,
    item: tree.Item,
    frame: Frame,
    label: tree.Name | None,
    stride: Given | None,
    inputs: tuple[int, ...] | None = None,
) -> None:
    """One occurrence of a statement's item; `inputs` are those of a block in a stack."""
    kind = type(item)
    if inputs is not None:
        operation(builder, item, frame, label, stride, inputs)  # type: ignore[arg-type]
    elif stride is None:
        ITEMS[kind](builder, item, frame, label)
    elif kind in STRIDED:
        STRIDED[kind](builder, item, frame, label, stride)
    else:
        message = "a stride can follow an operator, a block or a bracket only"
        help = "give it to one of the layers inside, as in `{ conv3-64/2; conv3-64 }`"
        raise Problem("E0405", message, stride.span, help)


class Repeated(NamedTuple):
    """A statement that is repeated: its item, its label, and where it is given out under that name, if it is."""

    layer: tree.Layer
    item: tree.Item
    label: tree.Label | None
    given: Span | None


def _repeat(
    builder: Builder,
    what: Repeated,
    repeat: tree.Repeat,
    frame: Frame,
    label: tree.Name | None,
    stride: Given | None,
) -> None:
    """`item xN as i`: the item N times, each with its index from 0; a label with the index in it is each one's own."""
    item, span = what.item, what.layer.span
    count = counted(builder, repeat, frame, span, builder.least.item(item, frame.module))
    inputs = _first(builder, item, frame.iteration(repeat.index, 0)) if count else None
    with builder.scope("repeat", span, label=label) as scope:
        start, end = what.label.span[1:] if label is None and what.label else (0, 0)
        scope.terms = terms(builder, repeat, frame, frame.module.file.source.text[start:end])
        alike, own = None, len(builder.shapes)
        for inner in rounds(builder, repeat, count, frame, span):
            with builder.scope("iteration", span) as iteration:
                entry = builder.current
                if inputs is not None or alike is None or not again(builder, alike, iteration, (entry,)):
                    watch = Watch(builder, iteration, (entry,))
                    _round(builder, what, frame, inner, label, stride, inputs)
                    closed = repeat.index is None and inputs is None and type(item) in CLOSED
                    alike = watch.stretch() if closed and entry >= own else None  # no label means what it stands on
            last = iteration.children[-1] if iteration.children and type(item) is tree.Operation else None
            stride, inputs = None, handed(last, item.span)


def _round(
    builder: Builder,
    what: Repeated,
    frame: Frame,
    inner: Frame,
    label: tree.Name | None,
    stride: Given | None,
    inputs: tuple[int, ...] | None,
) -> None:
    """One round of a repetition, whose names are those of `inner`."""
    item, entry = what.item, builder.current
    own = None if label else _computed(builder, what.label, inner)
    if label is not None and type(item) is tree.If:  # the labelled group that holds it
        with builder.scope("group", item.span):
            _item(builder, item, inner.inner(), own, stride)
    else:
        _item(builder, item, inner, own, stride, inputs)
    if own is not None:
        if own.text in frame.labels and frame.labels[own.text].span == own.span:
            help = "put the index of the repetition into it"
            builder.tell(frame, twice(f"the label `{own.text}`", own.span, None, help))
        _remember(builder, frame, own, item, entry, given=what.given)


def _first(builder: Builder, item: tree.Item, frame: Frame) -> tuple[int, ...] | None:
    """The inputs of the first of a stack of blocks, where they are written as branches; None for anything else."""
    if type(item) is not tree.Operation or item.branches is None or not isinstance(resolve(item, frame), Definition):
        return None
    inputs = branched(builder, item, frame)
    builder.current = inputs[0] if inputs else builder.current
    return inputs


def _fixed(label: tree.Label | None) -> tree.Name | None:
    """A label without an expression in it."""
    return tree.Name(label.text, label.span) if label is not None and label.index is None else None


def _computed(builder: Builder, label: tree.Label | None, frame: Frame) -> tree.Name | None:
    """A label with an expression in it, which gets the expression's value."""
    if label is None or label.index is None:
        return None
    return tree.Name(spelled(builder, label, frame), label.span)


def _remember(
    builder: Builder,
    frame: Frame,
    label: tree.Name,
    item: tree.Item,
    entry: int,
    first: int = 0,
    *,
    given: Span | None = None,
) -> None:
    """Make a label known in its body: it stands for what lies in the open scope, from child `first` on, but for the
    layers in the branches of a call. `given`: the value is given out under that name too; then an input keeps it here.

    Labels of modules that are given twice are found when modules are named.
    """
    drafts = builder.children[first:]
    if type(item) is tree.Operation and item.branches is not None:
        drafts = list(dropwhile(_given, drafts))
    before = frame.labels.get(label.text)
    if before is not None and before.span != label.span and (not drafts or before.taken):
        if given is None or not before.taken:
            problem = twice(f"the label `{label.text}`", label.span, before.span, "choose another label")
            builder.tell(frame, problem)
    else:
        frame.labels.setdefault(label.text, Value(builder.current, label.span, tuple(drafts), entry))
    if given is not None:
        try:
            give(builder, frame, label, given)
        except Problem as problem:
            builder.tell(frame, problem)


def _given(draft: Draft) -> bool:
    """Whether it is of what a call is given: a branch, or the identity of a value that is given twice."""
    return draft.implicit if isinstance(draft, DraftNode) else draft.kind == "group"


def _claim(builder: Builder, layer: tree.Layer, claim: tree.Expression, frame: Frame) -> None:
    """`-> CxHxW`: kept to be verified; where the shape is unknown it is taken from here."""
    try:
        value = builder.evaluator(frame).value(claim)
    except Problem as problem:
        builder.tell(frame, problem)
        return
    shape: Shape = value if isinstance(value, tuple) else (value,)
    if not 1 <= len(shape) <= 4 or not all(type(size) is int and 0 < size <= LARGEST for size in shape):
        message = "a shape is channels x height x width or a number of features, in whole numbers"
        builder.tell(frame, Problem("E0405", message, claim.span, "as in `-> 64x112x112` or `-> 1000`"))
    elif builder.shape is None:
        node = builder.unknown(frame, layer.span)
        node.shape = builder.shapes[node.id] = shape
    else:
        found = ShapeClaim.made(shape=shape, value=builder.current, span=claim.span, statement=layer.span)
        builder.claims.append(found)
