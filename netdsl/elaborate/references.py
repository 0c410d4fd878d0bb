"""What goes beside the main line: `@label`, `reuse`, `output` and the aux heads."""

from __future__ import annotations

from collections.abc import Iterable

from netdsl.elaborate.arguments import bind
from netdsl.elaborate.build import Builder
from netdsl.elaborate.draft import Draft, DraftNode, DraftScope
from netdsl.elaborate.extent import LAYER, PART, Extent
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.values import Given
from netdsl.ir import AuxHead, NamedOutput
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related, did_you_mean
from netdsl.text.source import Span


def goto(builder: Builder, item: tree.Goto, frame: Frame, label: tree.Name | None) -> None:
    """`@label`: its value becomes the current one."""
    builder.current = _lookup(item.target, frame).id


def output(builder: Builder, item: tree.Output, frame: Frame, label: tree.Name | None) -> None:
    """`output NAME`: the current value is given out too."""
    if frame.calls:
        raise Problem("E0704", "`output` belongs outside of blocks", item.span)
    _refuse_taken(builder, item.target)
    builder.ends[item.target.text] = item.target.span
    builder.outputs.append(NamedOutput(name=item.target.text, value=builder.current, span=item.target.span))


def aux(builder: Builder, item: tree.Aux, frame: Frame, label: tree.Name | None) -> None:
    """A side branch, in training only: the current value stays what it was."""
    name = item.name.text
    if label is not None:
        raise Problem("E0703", "an aux head has a name already; it takes no label", label.span)
    if frame.calls:
        help = "attach the head where the block is called"
        raise Problem("E0704", "`aux` belongs outside of blocks", item.span, help)
    evaluator = builder.evaluator(frame)

    def number(node: tree.Expression, span: Span) -> Given:
        return Given(evaluator.number(node), span, evaluator.term(node))

    bound = bind("aux", ("weight",), (), item.arguments, number)
    weight = float(bound["weight"].value) if "weight" in bound else None
    _refuse_taken(builder, item.name)
    entry = builder.current
    with builder.scope("aux", item.span, name, item.name) as scope:
        builder.body(item.body, frame.inner())
    scope.terms = {key: each.term for key, each in bound.items() if each.term is not None}
    builder.current = entry
    builder.ends.setdefault(name, item.name.span)
    builder.aux.append(AuxHead(name=name, weight=weight, value=scope.exit, span=item.span))


def _refuse_taken(builder: Builder, name: tree.Name | tree.Seen) -> None:
    """Outputs and aux heads share their names."""
    if name.text in builder.ends:
        raise twice(f"`{name.text}`", name.span, builder.ends[name.text])


def reuse(builder: Builder, item: tree.Reuse, frame: Frame, label: tree.Name | None) -> None:
    """The labelled layers again, on the current value, with the same weights."""
    found = _lookup(item.target, frame)
    if not found.drafts:
        message = f"`{item.target.text}` labels a value, not layers"
        raise Problem("E0706", message, item.target.span, related=[Related(found.span, "labelled here")])
    builder.foresee(frame, item.span, _extent(found.drafts))
    with builder.scope("reuse", item.span, item.target.text, label):
        renamed = {found.entry: builder.current}
        for draft in found.drafts:
            _copy(builder, draft, renamed, frame, item)
        builder.current = renamed.get(found.id, found.id)


def _lookup(name: tree.Seen, frame: Frame) -> Value:
    found = frame.find(name.text)
    if found is None:
        help = did_you_mean(name.text, frame.sighted(), "in sight")
        help = help or "a label is seen in its own body and the bodies inside it, after its statement"
        raise Problem("E0204", f"no label `{name.text}` is in sight", name.span, help)
    return found


def _extent(drafts: Iterable[Draft]) -> Extent:
    """What drafts come to when they are placed again."""
    found = Extent()
    for draft in drafts:
        if isinstance(draft, DraftNode):
            found = found.plus(LAYER)
        elif draft.kind != "aux":
            found = found.plus(PART).plus(_extent(draft.children))
    return found


def _copy(builder: Builder, draft: Draft, renamed: dict[int, int], frame: Frame, item: tree.Reuse) -> None:
    """Place `draft` again; `renamed` maps the values of the first use to those of this one."""
    if isinstance(draft, DraftScope):
        if draft.kind == "aux":
            return
        builder.grow(frame, item.span, PART)
        builder.current = renamed.get(draft.entry, draft.entry)
        with builder.scope(draft.kind, draft.span, draft.title) as scope:
            scope.arguments = draft.arguments
            for child in draft.children:
                _copy(builder, child, renamed, frame, item)
            builder.current = renamed.get(draft.exit, draft.exit)
        return
    inputs = tuple(renamed.get(value, value) for value in draft.inputs)
    before, now = (tuple(builder.shapes[value] for value in values) for values in (draft.inputs, inputs))
    if draft.shape is not None and "" in draft.op.weights(before):  # type: ignore[arg-type]
        message = "a bare parameter belongs to the module around it and cannot be used again"
        raise Problem("E0706", message, item.span, related=[Related(draft.span, "the bare parameter")])
    node = builder.node(frame, draft.op, inputs, item.span, implicit=draft.implicit)
    node.shares = draft.shares or draft
    renamed[draft.id] = node.id
    if node.shape is None or None in before or draft.op.weights(before) == draft.op.weights(now):  # type: ignore[arg-type]
        return
    message = f"`{item.target.text}` cannot be used again on {text(now[0])}"
    help = f"its weights were made for {text(before[0])}"
    builder.tell(frame, Problem("E0303", message, item.span, help, [Related(draft.span, "used first here")]))
