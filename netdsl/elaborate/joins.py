"""`concat`, `add` and `mul`: branches that start from one value and meet in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl import ops
from netdsl.elaborate.arguments import Problem, bind, construct, field_names
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.operators import complete
from netdsl.ops import Operator
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.text.diagnostics import OpError, Related
from netdsl.text.source import Span

if TYPE_CHECKING:
    from netdsl.elaborate.build import Builder


def branch(builder: Builder, body: tree.Body, frame: Frame, entry: int) -> int:
    """One branch of a join, from the value `entry`; gives the number of the value it ends in."""
    builder.current = entry
    scope, outer = builder.open("branch", body.span)
    try:
        if not body.statements:
            builder.error(frame, "E0702", "an empty branch", body.span, help="write `identity` to pass the value on")
            builder.unknown(frame, body.span)
        builder.body(body, frame.inner())
    finally:
        builder.close(scope, outer)
    return scope.exit


def join_statement(builder: Builder, item: tree.Join, frame: Frame, label: str | None, label_span: Span | None) -> None:
    """`concat`, `add` or `mul` of branches, then its activation."""
    cls = ops.find(item.kind.text)
    value, term = builder.evaluator(frame).value, builder.terms(frame)
    written = bind(cls.name, field_names(cls), cls.followed_by, item.arguments, value, term)
    values, _, act = complete(builder, cls, written, frame)
    if len(item.branches) < cls.inputs[0]:
        help = f"`|` stands between branches, and `identity` passes the value on: `{cls.name} {{ ... | identity }}`"
        raise Problem("E0404", f"`{cls.name}` needs {cls.inputs[0]} branches or more", item.kind.span, help)
    entry = builder.current
    scope, outer = builder.open("join", item.span, title=cls.name, label=label, label_span=label_span)
    try:
        exits = [branch(builder, body, frame, entry) for body in item.branches]
        join(builder, frame, construct(cls, values, item.span), exits, item.branches, item.kind.span)
        if act is not None:
            builder.node(frame, act.op, (builder.current,), item.kind.span, implicit=True, terms=act.terms)
    finally:
        builder.close(scope, outer)


def join(
    builder: Builder, frame: Frame, op: Operator, exits: list[int], branches: tuple[tree.Body, ...], span: Span
) -> None:
    """The joining node; branches that do not fit are reported with the shape of each."""

    def refuse(refusal: OpError) -> None:
        first, *rest = [
            (body.statements[-1].span if body.statements else body.span, text(builder.shapes[value]))
            for body, value in zip(branches, exits, strict=True)
        ]
        builder.error(
            frame,
            refusal.code,
            refusal.message,
            first[0],
            label=first[1],
            help=refusal.help,
            related=[Related(*each) for each in rest],
        )

    builder.node(frame, op, tuple(exits), span, refuse=refuse)
