"""What goes beside the main line: `@label`, `reuse`, outputs and the aux heads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from netdsl.elaborate.arguments import bind
from netdsl.elaborate.blocks import branched
from netdsl.elaborate.build import Builder
from netdsl.elaborate.draft import Draft, DraftNode, DraftScope
from netdsl.elaborate.extent import LAYER, PART, Extent
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.sight import seen, spelled
from netdsl.elaborate.values import Given
from netdsl.ir import AuxHead, NamedOutput
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related
from netdsl.text.source import Span


def goto(builder: Builder, item: tree.Goto, frame: Frame, label: tree.Name | None) -> None:
    """`@label`: its value becomes the current one."""
    builder.current = seen(builder, item.target, frame).id


def output(builder: Builder, item: tree.Output, frame: Frame, label: tree.Name | None) -> None:
    """`output NAME`: the current value is given out too, by the net or by the block that is open."""
    if label is not None:
        raise Problem("E0703", "an output has a name already; it takes no label", label.span)
    part = item.target.parts[0]
    give(builder, frame, tree.Name(spelled(builder, part, frame), part.span), item.span)


def give(builder: Builder, frame: Frame, name: tree.Name, span: Span) -> None:
    """Give the current value out under a name."""
    if frame.aside:
        raise Problem("E0704", "an aux head has no outputs beside its own", span, "end the head with what it gives")
    if not frame.calls:
        _refuse_taken(builder, name)
        builder.ends[name.text] = name.span
        builder.outputs.append(NamedOutput(name=name.text, value=builder.current, span=name.span))
    elif name.text in frame.outputs:
        raise twice(f"the output `{name.text}`", name.span, frame.outputs[name.text].span)
    else:
        frame.outputs[name.text] = Value(builder.current, name.span)


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
        builder.body(item.body, replace(frame.inner(), aside=True))
    scope.terms = {key: each.term for key, each in bound.items() if each.term is not None}
    builder.current = entry
    builder.ends.setdefault(name, item.name.span)
    builder.aux.append(AuxHead(name=name, weight=weight, value=scope.exit, span=item.span))


def _refuse_taken(builder: Builder, name: tree.Name) -> None:
    """Outputs and aux heads share their names."""
    if name.text in builder.ends:
        raise twice(f"`{name.text}`", name.span, builder.ends[name.text])


def reuse(builder: Builder, item: tree.Reuse, frame: Frame, label: tree.Name | None) -> None:
    """The labelled layers again, with the same weights: on the current value, or on the branches of a block of several
    inputs."""
    found = seen(builder, item.target, frame)
    name = ".".join(spelled(builder, part, frame) for part in item.target.parts)
    if not found.drafts:
        message = f"`{name}` labels a value, not layers"
        raise Problem("E0706", message, item.target.span, related=[Related(found.span, "labelled here")])
    builder.foresee(frame, item.span, _extent(found.drafts))
    inputs = (builder.current,) if item.branches is None else branched(builder, item, frame)
    renamed = _renamed(found, name, inputs, item)
    if inputs:
        builder.current = inputs[0]
    with builder.scope("reuse", item.span, name, label):
        for draft in found.drafts:
            _copy(builder, draft, renamed, frame, item, name)
        builder.current = renamed.get(found.id, found.id)


def _renamed(found: Value, name: str, inputs: tuple[int, ...], item: tree.Reuse) -> dict[int, int]:
    """The values that the layers were applied to, each with the one in its place now."""
    only = found.drafts[0] if len(found.drafts) == 1 else None
    entries = only.entries if isinstance(only, DraftScope) and only.kind == "block" else ()
    if isinstance(only, DraftNode) and len(only.inputs) > 1:
        entries = only.inputs
    before = entries or (found.entry,)
    related = [Related(found.span, "labelled here")]
    if len(inputs) != len(before):
        takes = f"{len(before)} input{'s' * (len(before) != 1)}"
        if isinstance(only, DraftScope) and only.takes:
            takes += ": " + ", ".join(f"`{each}`" for each in only.takes)
        help = f"give them in order, as branches: `reuse({name}) {{ @a | @b }}`" if len(before) > 1 else None
        code = "E0404" if len(inputs) < len(before) else "E0403"
        given = f"{len(inputs)} {'is' if len(inputs) == 1 else 'are'} given"
        raise Problem(code, f"`{name}` takes {takes}; {given}", item.span, help, related)
    return dict(zip(before, inputs, strict=True))


def _extent(drafts: Iterable[Draft]) -> Extent:
    """What drafts come to when they are placed again."""
    found = Extent()
    for draft in drafts:
        if isinstance(draft, DraftNode):
            found = found.plus(LAYER)
        elif draft.kind != "aux":
            found = found.plus(PART).plus(_extent(draft.children))
    return found


def _copy(builder: Builder, draft: Draft, renamed: dict[int, int], frame: Frame, item: tree.Reuse, name: str) -> None:
    """Place `draft` again; `renamed` maps the values of the first use to those of this one."""
    if isinstance(draft, DraftScope):
        if draft.kind == "aux":
            return
        builder.part(frame, item.span)
        builder.current = renamed.get(draft.entry, draft.entry)
        with builder.scope(draft.kind, draft.span, draft.title) as scope:
            scope.arguments, scope.takes = draft.arguments, draft.takes
            scope.entries = tuple(renamed.get(value, value) for value in draft.entries)
            for child in draft.children:
                _copy(builder, child, renamed, frame, item, name)
            scope.outputs = {key: renamed.get(value, value) for key, value in (draft.outputs or {}).items()}
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
    message = f"`{name}` cannot be used again on {text(now[0])}"
    help = f"its weights were made for {text(before[0])}"
    builder.tell(frame, Problem("E0303", message, item.span, help, [Related(draft.span, "used first here")]))
