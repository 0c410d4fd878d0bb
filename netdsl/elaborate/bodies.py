"""Bodies inside a body: groups, `if`, and the branches of `concat`, `add` and `mul`."""

from __future__ import annotations

from netdsl import ops
from netdsl.elaborate.arguments import bind, field_names
from netdsl.elaborate.build import Builder
from netdsl.elaborate.construct import construct
from netdsl.elaborate.draft import DraftScope
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.operators import complete
from netdsl.elaborate.problems import Problem
from netdsl.elaborate.values import shown
from netdsl.ir import Choice
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.text.diagnostics import OpError, Related


def group(builder: Builder, item: tree.Group, frame: Frame, label: tree.Name | None) -> None:
    """`{ ... }`, with a label a module of its own."""
    with builder.scope("group", item.span, label.text if label else "", label):
        builder.body(item.body, frame.inner())


def choice(builder: Builder, item: tree.If, frame: Frame, label: tree.Name | None) -> None:
    """`if test { ... } else { ... }`: the body whose turn it is."""
    if label is not None:
        raise Problem("E0703", "an `if` takes no label", label.span, "label the statements inside it")
    evaluator = builder.evaluator(frame)
    taken = evaluator.truth(item.test)
    body = item.then if taken else item.otherwise
    found = Choice.made(test=shown(item.test, evaluator.text), taken=taken, value=builder.current)
    builder.choices.append(found)
    around, builder.arms = builder.arms, (*builder.arms, found)
    if body is not None:
        builder.body(body, frame.inner())
    builder.arms = around


def join(builder: Builder, item: tree.Join, frame: Frame, label: tree.Name | None) -> None:
    """Branches that start from one value and meet in one, then the activation of the join."""
    cls, span = ops.find(item.kind.text), item.kind.span
    written = bind(cls.name, field_names(cls), cls.followed_by, item.arguments, builder.evaluator(frame).given)
    _, values, _, act = complete(cls, written, frame)
    if len(item.branches) < cls.inputs[0]:
        help = f"`|` stands between branches, and `identity` passes the value on: `{cls.name} {{ ... | identity }}`"
        raise Problem("E0404", f"`{cls.name}` needs {cls.inputs[0]} branches or more", span, help)
    entry = builder.current
    with builder.scope("join", item.span, cls.name, label):
        exits = tuple(branch(builder, body, frame, entry).exit for body in item.branches)
        op = construct(cls, values, item.span)
        builder.node(frame, op, exits, span, refused=lambda refusal: _misfit(builder, item.branches, exits, refusal))
        if act is not None:
            builder.node(frame, act.op, (builder.current,), span, implicit=True, terms=act.terms)


def branch(builder: Builder, body: tree.Body, frame: Frame, entry: int) -> DraftScope:
    """One branch of a join, from the value `entry`."""
    builder.current = entry
    with builder.scope("branch", body.span) as scope:
        if not body.statements:
            help = "write `identity` to pass the value on"
            builder.tell(frame, Problem("E0702", "an empty branch", body.span, help))
            builder.unknown(frame, body.span)
        builder.body(body, frame.inner())
    return scope


def _misfit(builder: Builder, branches: tuple[tree.Body, ...], exits: tuple[int, ...], refusal: OpError) -> Problem:
    """Branches that do not fit each other, with the shape of each."""
    (place, shape), *rest = [
        (body.statements[-1].span if body.statements else body.span, text(builder.shapes[value]))
        for body, value in zip(branches, exits, strict=True)
    ]
    related = [Related(*each) for each in rest]
    return Problem(refusal.code, refusal.message, place, refusal.help, related, label=shape)
