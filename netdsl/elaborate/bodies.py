"""Bodies inside a body: groups, `if`, and the branches of `concat`, `add` and the other joins."""

from __future__ import annotations

from netdsl import ops
from netdsl.elaborate.arguments import bind, field_names
from netdsl.elaborate.branches import Placed, branches, terms
from netdsl.elaborate.build import Builder
from netdsl.elaborate.construct import bare, construct
from netdsl.elaborate.evaluator import shown
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.operators import complete
from netdsl.elaborate.problems import Problem
from netdsl.ir import Choice
from netdsl.ops.shared.checks import listed
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.text.diagnostics import OpError, Related


def group(builder: Builder, item: tree.Group, frame: Frame, label: tree.Name | None) -> None:
    """`{ ... }`, with a label a module of its own."""
    with builder.scope("group", item.span, label.text if label else "", label):
        builder.body(item.body, frame.inner())


def choice(builder: Builder, item: tree.If, frame: Frame, label: tree.Name | None) -> None:
    """`if test { ... } else { ... }`: the statements of the arm whose turn it is stand in its place. With a label it is
    a group that holds it."""
    if label is None:
        _choose(builder, item, frame)
    else:
        with builder.scope("group", item.span, label.text, label):
            _choose(builder, item, frame.inner())


def _choose(builder: Builder, item: tree.If, frame: Frame) -> None:
    evaluator = builder.evaluator(frame)
    taken = evaluator.truth(item.test)
    frame.unset.choices[id(item)] = item, taken
    body = item.then if taken else item.otherwise
    found = Choice.made(test=shown(item.test, evaluator.text), taken=taken, value=builder.current)
    builder.choices.append(found)
    around, builder.arms = builder.arms, (*builder.arms, found)
    if body is not None:
        arm = frame.arm()
        builder.body(body, arm)
        frame.worded = arm.worded
    builder.arms = around


def join(builder: Builder, item: tree.Join, frame: Frame, label: tree.Name | None) -> None:
    """Branches that start from one value and meet in one, then the activation of the join."""
    cls, span = ops.find(item.kind.text), item.kind.span
    written = bind(cls.name, field_names(cls), cls.followed_by, item.arguments, builder.evaluator(frame).given)
    found = complete(cls, written, frame)
    least, most = cls.inputs
    repeated = item.repeat is not None or any(each.repeat is not None for each in item.branches)
    if not repeated and len(item.branches) < least:
        help = f"`|` stands between branches, and `identity` passes the value on: `{cls.name} {{ ... | identity }}`"
        raise Problem("E0404", f"`{cls.name}` needs {least} branches or more", span, help)
    with builder.scope("join", item.span, cls.name, label) as scope:
        scope.terms = terms(builder, item.repeat, frame)
        placed = branches(builder, item.branches, frame, repeat=item.repeat)
        if not placed:
            help = "a join keeps a branch: write `identity |` before the repeated one"
            raise Problem("E0404", f"`{cls.name}` has no branch left: all are repeated 0 times", span, help)
        if most is not None and len(placed) > most:
            raise Problem("E0403", f"`{cls.name}` takes {most} branches, not {len(placed)}", span)
        if len(placed) < least:
            builder.node(frame, bare("identity"), (placed[0].exit,), span, implicit=True)
        else:
            op, exits = construct(cls, found.values, item.span), tuple(each.exit for each in placed)
            builder.node(frame, op, exits, span, refused=lambda refusal: _misfit(builder, placed, refusal))
            if cls.sums:
                _hold_skips(builder, frame, placed)
        if found.act is not None:
            builder.node(frame, found.act.op, (builder.current,), span, implicit=True, terms=found.act.terms)


def _hold_skips(builder: Builder, frame: Frame, placed: list[Placed]) -> None:
    """Refuse a branch of a sum that is only `identity` and would have to be spread: a skip that does not fit."""
    shape = builder.shape
    for each in placed:
        own = builder.shapes[each.exit]
        if own != shape and own is not None and shape is not None and _passes(each.body):
            message = f"the branches of 'add' have different shapes: {listed((shape, own))}"
            help = f"`identity` is not spread: let the branches end as {text(own)}, or put a layer in its place"
            builder.tell(frame, _misfit(builder, placed, OpError(message, code="E0302", help=help)))
            made = builder.made[builder.current]
            assert made is not None
            made.shape = builder.shapes[builder.current] = None
            return


def _passes(body: tree.Body) -> bool:
    """Whether a branch is `identity` and nothing else."""
    only = body.statements[0] if len(body.statements) == 1 else None
    item = only.item if isinstance(only, tree.Layer) else None
    named = ops.resolve(item.head.text) if isinstance(item, tree.Operation) else None
    return named is not None and ops.find(named[0]).transparent


def _misfit(builder: Builder, placed: list[Placed], refusal: OpError) -> Problem:
    """Branches that do not fit each other, with the shape of each."""
    (place, shape), *rest = dict.fromkeys(
        (body.statements[-1].span if body.statements else body.span, text(builder.shapes[value]))
        for body, value in placed
    )
    related = [Related(*each) for each in rest]
    return Problem(refusal.code, refusal.message, place, refusal.help, related, label=shape)
