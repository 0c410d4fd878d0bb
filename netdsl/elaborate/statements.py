"""Statements of a body, and the table of what places each kind of item: the top of all that places.

Whatever a statement holds comes back here, through `Builder.body`. A new kind of item is a function `(builder, item,
frame, label)` in a module below, and one line in `ITEMS`; a new kind of statement one line in `STATEMENTS`.
"""

from __future__ import annotations

from collections.abc import Callable

from netdsl import ops
from netdsl.elaborate.arguments import bind, field_names
from netdsl.elaborate.bodies import choice, group, join
from netdsl.elaborate.build import Builder
from netdsl.elaborate.extent import PART, Extent
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.operations import operation
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.references import aux, goto, output, reuse
from netdsl.elaborate.residual import SETTINGS, bracket, residual
from netdsl.elaborate.values import SIZES, Given, references
from netdsl.ir import ShapeClaim
from netdsl.shapes import LARGEST, Shape
from netdsl.syntax import tree
from netdsl.text.diagnostics import did_you_mean

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


def place(builder: Builder, statement: tree.Statement, frame: Frame) -> None:
    """Place one statement of a body; what goes wrong in it is told."""
    found = STATEMENTS.get(type(statement))
    if found is not None:
        found(builder, statement, frame)
        return
    word = type(statement).__name__.lower().replace("sourcenote", "source")
    builder.tell(frame, Problem("E0704", f"`{word}` belongs at the top level of the file", statement.span))


def broken(builder: Builder, statement: tree.Broken, frame: Frame) -> None:
    """A statement with a syntax error, which has been told."""
    builder.unknown(frame, statement.span)


def layer(builder: Builder, layer: tree.Layer, frame: Frame) -> None:
    """A layer statement: its item, as often as it says, and the claim about its output."""
    entry, first = builder.current, len(builder.children)
    label = fixed = _fixed(layer.label)
    try:
        stride = builder.evaluator(frame).given(layer.stride) if layer.stride else None
        if layer.repeat is None:
            label = fixed or _computed(builder, layer.label, frame)
            _item(builder, layer.item, frame, label, stride)
        else:
            _repeat(builder, layer, layer.repeat, frame, label, stride)
    except Problem as problem:
        builder.tell(frame, problem)
        first, builder.current = len(builder.children), entry
        label = fixed
        builder.unknown(frame, layer.span, label)
    if layer.claim is not None:
        _claim(builder, layer, layer.claim, frame)
    if label is not None:
        _remember(builder, frame, label, entry, first)


def default(builder: Builder, statement: tree.Default, frame: Frame) -> None:
    """Put the arguments over the defaults in force."""
    try:
        name, known = _arguments(statement.operator)
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


def _arguments(operator: tree.Name) -> tuple[str, tuple[str, ...]]:
    """The name of what has defaults, and the arguments that can have one."""
    if operator.text.lower() == "residual":
        return "residual", SETTINGS
    resolved = ops.resolve(operator.text)
    if resolved is None or resolved[1]:
        help = did_you_mean(operator.text, ops.names())
        raise Problem("E0203", f"unknown operator `{operator.text}`", operator.span, help)
    cls = ops.find(resolved[0])
    return cls.name, (*field_names(cls), *cls.followed_by)


STATEMENTS: dict[type, Callable[..., None]] = {tree.Layer: layer, tree.Default: default, tree.Broken: broken}
"""What places each kind of statement that may stand in a body."""


def _item(builder: Builder, item: tree.Item, frame: Frame, label: tree.Name | None, stride: Given | None) -> None:
    """One occurrence of a statement's item."""
    kind = type(item)
    if stride is None:
        ITEMS[kind](builder, item, frame, label)
    elif kind in STRIDED:
        STRIDED[kind](builder, item, frame, label, stride)
    else:
        message = "a stride can follow an operator, a block or a bracket only"
        help = "give it to one of the layers inside, as in `{ conv3-64/2; conv3-64 }`"
        raise Problem("E0405", message, stride.span, help)


def _repeat(
    builder: Builder,
    layer: tree.Layer,
    repeat: tree.Repeat,
    frame: Frame,
    label: tree.Name | None,
    stride: Given | None,
) -> None:
    """`item xN as i`: the item N times, each with its index from 0; a label with the index in it is each one's own."""
    evaluator = builder.evaluator(frame)
    count = evaluator.integer(repeat.count, "a repetition count")
    if count < 0:
        raise Problem("E0405", f"a repetition count (={count}) must be at least 0", repeat.span)
    builder.foresee(frame, layer.span, builder.least.item(layer.item, frame.module).plus(PART).times(count))
    with builder.scope("repeat", layer.span, label=label) as scope:
        term = evaluator.term(repeat.count)
        if term is not None or repeat.index is not None:
            start, end = layer.label.span[1:] if label is None and layer.label else (0, 0)
            written = {
                "count": term,
                "index": repeat.index.text if repeat.index else None,
                "label": evaluator.text[start:end],
            }
            scope.terms = {key: text for key, text in written.items() if text}
        before = builder.extent
        for number in range(count):
            inner = frame.iteration(repeat.index.text, number) if repeat.index else frame
            builder.grow(frame, layer.span, PART)
            with builder.scope("iteration", layer.span):
                entry = builder.current
                own = None if label else _computed(builder, layer.label, inner)
                _item(builder, layer.item, inner, own, stride if number == 0 else None)
                if own is not None:
                    if own.text in frame.labels and frame.labels[own.text].span == own.span:
                        help = "put the index of the repetition into it"
                        builder.tell(frame, twice(f"the label `{own.text}`", own.span, None, help))
                    _remember(builder, frame, own, entry)
            if number == 0:
                one = Extent(*(now - then for now, then in zip(builder.extent, before, strict=True)))
                builder.foresee(frame, layer.span, one.times(count - 1))


def _fixed(label: tree.Label | None) -> tree.Name | None:
    """A label without an expression in it."""
    return tree.Name(label.text, label.span) if label is not None and label.index is None else None


def _computed(builder: Builder, label: tree.Label | None, frame: Frame) -> tree.Name | None:
    """A label with an expression in it, which gets the expression's value."""
    if label is None or label.index is None:
        return None
    number = builder.evaluator(frame).integer(label.index, "a number in a label")
    return tree.Name(f"{label.text}{number}{label.after}", label.span)


def _remember(builder: Builder, frame: Frame, label: tree.Name, entry: int, first: int = 0) -> None:
    """Make a label known in its body: it stands for what lies in the open scope, from child `first` on.

    Labels of modules that are given twice are found when modules are named.
    """
    drafts = tuple(builder.children[first:])
    before = frame.labels.get(label.text)
    if before is not None and before.span != label.span and not drafts:
        problem = twice(f"the label `{label.text}`", label.span, before.span, "choose another label")
        builder.tell(frame, problem)
    frame.labels.setdefault(label.text, Value(builder.current, label.span, drafts, entry))


def _claim(builder: Builder, layer: tree.Layer, claim: tree.Expression, frame: Frame) -> None:
    """`-> CxHxW`: kept to be verified; where the shape is unknown it is taken from here."""
    shape: Shape = claim.values if isinstance(claim, tree.Dims) else (claim.value,)  # type: ignore[assignment, union-attr]
    if len(shape) not in (1, 3) or not all(type(size) is int and 0 < size <= LARGEST for size in shape):
        message = "a shape is channels x height x width or a number of features, in whole numbers"
        builder.tell(frame, Problem("E0405", message, claim.span, "as in `-> 64x112x112` or `-> 1000`"))
    elif builder.shape is None:
        node = builder.unknown(frame, layer.span)
        node.shape = builder.shapes[node.id] = shape
    else:
        found = ShapeClaim(shape=shape, value=builder.current, span=claim.span, statement=layer.span)
        builder.claims.append(found)
