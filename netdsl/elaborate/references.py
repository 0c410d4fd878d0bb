"""What goes beside the main line: `@label`, `reuse`, `output` and the aux heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.elaborate.arguments import Problem, bind
from netdsl.elaborate.draft import AuxDraft, DraftNode, DraftScope
from netdsl.elaborate.frames import Frame, Value
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related, did_you_mean
from netdsl.text.source import Span

if TYPE_CHECKING:
    from netdsl.elaborate.build import Builder


def aux(builder: Builder, item: tree.Aux, frame: Frame, label: str | None, label_span: Span | None) -> None:
    """A side branch, in training only: the current value stays what it was."""
    name = item.name.text
    if label is not None:
        raise Problem("E0703", "an aux head has a name already; it takes no label", label_span or item.span)
    if frame.block is not None:
        raise Problem(
            "E0704", "`aux` belongs outside of blocks", item.span, "attach the head where the block is called"
        )
    bound = bind("aux", ("weight",), (), item.arguments, builder.evaluator(frame).number, builder.terms(frame))
    before = next((aux for aux in builder.aux if aux.scope.title == name), None)
    taken = before.scope.label_span if before else builder.outputs[name].span if name in builder.outputs else None
    if taken is not None:
        raise Problem("E0202", f"`{name}` is given twice", item.name.span, related=[Related(taken, "first given here")])
    entry = builder.current
    scope, outer = builder.open("aux", item.span, title=name, label=name, label_span=item.name.span)
    try:
        builder.body(item.body, frame.inner())
    finally:
        builder.close(scope, outer)
        builder.current = entry
    weight = bound["weight"].value if "weight" in bound else None
    scope.terms = {name: each.term for name, each in bound.items() if each.term is not None}
    builder.aux.append(AuxDraft(scope, None if weight is None else float(weight), scope.exit))


def goto(builder: Builder, item: tree.Goto, frame: Frame, label: str | None, label_span: Span | None) -> None:
    builder.current = lookup(builder, item.name, frame).id


def lookup(builder: Builder, name: tree.Name, frame: Frame) -> Value:
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


def output(builder: Builder, item: tree.Output, frame: Frame, label: str | None, label_span: Span | None) -> None:
    name = item.name.text
    if frame.block is not None:
        raise Problem("E0704", "`output` belongs outside of blocks", item.span)
    taken = builder.outputs[name].span if name in builder.outputs else None
    taken = taken or next((aux.scope.label_span for aux in builder.aux if aux.scope.title == name), None)
    if taken is not None:
        raise Problem("E0202", f"`{name}` is given twice", item.name.span, related=[Related(taken, "first given here")])
    builder.outputs[name] = Value(builder.current, item.name.span)


def reuse(builder: Builder, item: tree.Reuse, frame: Frame, label: str | None, label_span: Span | None) -> None:
    """The labelled layers again, on the current value, with the same weights."""
    found = lookup(builder, item.name, frame)
    if not found.drafts:
        raise Problem(
            "E0706",
            f"`{item.name.text}` labels a value, not layers",
            item.name.span,
            related=[Related(found.span, "labelled here")],
        )
    scope, outer = builder.open("reuse", item.span, title=item.name.text, label=label, label_span=label_span)
    try:
        renamed = {found.entry: builder.current}
        for draft in found.drafts:
            copy(builder, draft, renamed, frame, item)
        builder.current = renamed.get(found.id, found.id)
    finally:
        builder.close(scope, outer)


def copy(
    builder: Builder, draft: DraftNode | DraftScope, renamed: dict[int, int], frame: Frame, item: tree.Reuse
) -> None:
    """Place `draft` again; `renamed` maps the values of the first use to those of this one."""
    if isinstance(draft, DraftScope):
        if draft.kind == "aux":
            return
        builder.current = renamed.get(draft.entry, draft.entry)
        scope, outer = builder.open(draft.kind, draft.span, title=draft.title, arguments=draft.arguments)
        for child in draft.children:
            copy(builder, child, renamed, frame, item)
        builder.current = renamed.get(draft.exit, draft.exit)
        builder.close(scope, outer)
        return
    known = tuple(builder.shapes[value] for value in draft.inputs)
    if draft.shape is not None and "" in draft.op.weights(known):  # type: ignore[arg-type]
        raise Problem(
            "E0706",
            "a bare parameter belongs to the module around it and cannot be used again",
            item.span,
            related=[Related(draft.span, "the bare parameter")],
        )
    inputs = tuple(renamed.get(value, value) for value in draft.inputs)
    before = tuple(builder.shapes[value] for value in draft.inputs)
    now = tuple(builder.shapes[value] for value in inputs)
    node = builder.node(frame, draft.op, inputs, item.span, implicit=draft.implicit)
    node.shares = draft.shares or draft
    renamed[draft.id] = node.id
    if draft.weighted and node.shape is not None and None not in before and None not in now:
        first, again = draft.op.weights(before), draft.op.weights(now)  # type: ignore[arg-type]
        if first != again:
            builder.error(
                frame,
                "E0303",
                f"`{item.name.text}` cannot be used again on {text(now[0])}",
                item.span,
                help=f"its weights were made for {text(before[0])}",
                related=[Related(draft.span, "used first here")],
            )
