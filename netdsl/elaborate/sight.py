"""What `@` and `reuse` name: a label, an input, or an output of a labelled block call; and why it is not there."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.elaborate.build import Builder
from netdsl.elaborate.draft import Draft, DraftNode, DraftScope
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.problems import Problem, Told
from netdsl.syntax import tree, walk
from netdsl.syntax.tree import Name
from netdsl.text.diagnostics import Related, did_you_mean
from netdsl.text.source import Span


def seen(builder: Builder, target: tree.Seen, frame: Frame) -> Value:
    """What `@label`, `@s{i}` or `@stage2.map0` stands for. Raises `Problem`; `Told` where an earlier error hides it."""
    label, *further = (spelled(builder, part, frame) for part in target.parts)
    found = frame.find(label)
    if found is None:
        raise _unseen(builder, label, target, frame)
    if not further:
        return found
    outputs = given_out(found.drafts)
    if further[0] in outputs:
        return Value(outputs[further[0]], found.span)
    message = f"`{label}` has no output `{further[0]}`"
    if not _first(builder, f"{label}.{further[0]}", target, frame):
        raise Told
    if any(node.shape is None for node in _nodes(found.drafts)):
        raise Told  # what is wrong in it may be what would give the output
    related = [Related(found.span, "labelled here")]
    inner = _inner(found.drafts, further[0])
    help = did_you_mean(further[0], outputs, "its outputs")
    help = help or "a block gives its current value out by `output NAME`, and its calls by their label"
    if inner is not None:
        related.append(Related(inner.span, "a label inside"))
        help = "put the layers of the group in a block; what a block gives out is an output"
        if any(isinstance(each, DraftScope) and each.kind == "block" for each in found.drafts):
            help = f"a block gives out its outputs, not its labels: write `output {further[0]}: ...` in it"
    raise Problem("E0204", message, target.parts[1].span, help, related)


def spelled(builder: Builder, label: tree.Label, frame: Frame) -> str:
    """A label with the value of its expression."""
    if label.index is None:
        return label.text
    return f"{label.text}{builder.evaluator(frame).integer(label.index, 'a number in a label')}{label.after}"


def given_out(drafts: tuple[Draft, ...]) -> dict[str, int]:
    """The outputs of what a label labels: those of a block, of the last in a repetition."""
    last = drafts[-1] if drafts else None
    while isinstance(last, DraftScope) and last.kind in ("repeat", "iteration", "reuse") and last.children:
        last = last.children[-1]
    return last.outputs or {} if isinstance(last, DraftScope) and last.kind == "block" else {}


def _nodes(drafts: tuple[Draft, ...]) -> Iterator[DraftNode]:
    for draft in drafts:
        if isinstance(draft, DraftScope):
            yield from draft.nodes()
        else:
            yield draft


def _inner(drafts: tuple[Draft, ...], name: str) -> Name | None:
    """The label of that name on a statement of a body, where a label labels a body."""
    for draft in drafts:
        for child in draft.children if isinstance(draft, DraftScope) else ():
            if child.label is not None and child.label.text == name:
                return child.label
    return None


def _unseen(builder: Builder, label: str, target: tree.Seen, frame: Frame) -> Problem:
    """There is no such label in sight; told once, however often it is used."""
    part = target.parts[0]
    if not _first(builder, label, target, frame) or any(_could(each, label) for each in frame.unset.lost.values()):
        return Told()
    message = f"no label `{label}` is in sight"
    for choice, taken in frame.unset.choices.values():
        for each in labels(choice.otherwise if taken else choice.then):
            if _could(each, label):
                holds = "does not hold" if not taken else "holds"
                related = [Related(each.span, "labelled here"), Related(choice.test.span, f"which {holds} here")]
                message = f"the label `{label}` is set in the other arm of an `if`"
                return Problem("E0204", message, part.span, "label it in both arms, or use it inside its arm", related)
    set_at = _elsewhere(frame.module.file, label, part.span)
    if set_at is not None:
        key = (frame.module.file.source.name, f"labelled at {set_at[0].start}")
        if key in builder.missing:
            return Told()  # `@s1` after `@s0`, of one `s{i}`
        builder.missing.add(key)
        return Problem("E0204", message, part.span, set_at[1], [Related(set_at[0], "labelled here")])
    if label in frame.module.blocks:
        further = "".join(f".{part.text}" for part in target.parts[1:])
        way_out = f"`{label}` is a block: label its call, `part: {label}(...)`, and write `@part{further}`"
        return Problem("E0204", message, part.span, way_out)
    seen_here = ((each, frame.find(each)) for each in frame.sighted())
    giver = next((each for each, value in seen_here if value is not None and label in given_out(value.drafts)), None)
    if giver is not None:
        return Problem("E0204", message, part.span, f"it is an output of `{giver}`: write `@{giver}.{label}`")
    help = did_you_mean(label, frame.sighted(), "in sight")
    help = help or "a label is seen in its own body and the bodies inside it, after its statement"
    return Problem("E0204", message, part.span, help)


def _elsewhere(file: tree.File, label: str, use: Span) -> tuple[Span, str] | None:
    """Where else in the file the label is set, nearest to its use, and why it is not seen there."""
    found = [each.label for each in walk(file) if isinstance(each, tree.Layer) and each.label is not None]
    places = [each.span for each in found if _could(each, label)]
    if not places:
        return None
    place = min(places, key=lambda span: abs(span.start - use.start))
    blocks = [each for each in file.statements if isinstance(each, tree.Block)]
    inside, around = (next((b for b in blocks if b.span.start <= at.start < b.span.end), None) for at in (place, use))
    if inside is not None and inside is not around:
        help = f"it is inside the block `{inside.name.text}`: `output {label}` there, and `@LABEL.{label}` here, "
        return place, help + "where LABEL is that of the call"
    if inside is None and around is not None:
        help = f"a block does not see what is around it: `block {around.name.text}(...) takes {label}` has an input"
        return place, help
    if place.start > use.start:
        return place, "a label is seen after its statement only, since values flow from top to bottom"
    help = "a label is seen in its own body and the bodies inside it, after its statement"
    if label not in {each.text for each in found}:  # made by the index of a repetition
        help = f"{help}; that of a layer repeated without braces, `s{{i}}: conv3-64 x2 as i`, is seen behind it"
    return place, help


def _first(builder: Builder, name: str, target: tree.Seen, frame: Frame) -> bool:
    """Whether a name is looked for in vain for the first time, and at this place."""
    file = frame.module.file.source.name
    keys = {(file, name), (file, str(target.span.start))}
    known = not keys.isdisjoint(builder.missing)
    builder.missing |= keys
    return not known


def labels(body: tree.Body | None) -> Iterator[tree.Label]:
    """The labels that the statements of an arm set, with those of the `if`s in it."""
    for statement in body.statements if body is not None else ():
        if not isinstance(statement, tree.Layer):
            continue
        if statement.label is not None:
            yield statement.label
        elif isinstance(statement.item, tree.Output) and statement.item.item is not None:
            yield statement.item.target.parts[0]
        elif isinstance(statement.item, tree.If):
            yield from labels(statement.item.then)
            yield from labels(statement.item.otherwise)


def _could(label: tree.Label, text: str) -> bool:
    """Whether a label as written could be this one."""
    if label.index is None:
        return label.text == text
    inside = text[len(label.text) : len(text) - len(label.after)]
    return text.startswith(label.text) and text.endswith(label.after) and inside.lstrip("-").isdecimal()
