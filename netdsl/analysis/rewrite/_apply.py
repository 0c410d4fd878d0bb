"""The changes made in the text, the result compiled and proved, and what each change did to the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from netdsl.analysis.rewrite._change import Change, placed, statement_stride
from netdsl.analysis.rewrite._find import Asked, Found, find, out_of_reach
from netdsl.analysis.rewrite._spec import CannotRewrite, Compile, Refusal, Spec, report
from netdsl.analysis.rewrite._written import Written, written
from netdsl.compiler import Compilation
from netdsl.ir import Network, Node
from netdsl.passes.costs import cost
from netdsl.passes.receptive import Field, pixel
from netdsl.shapes import extent
from netdsl.syntax import tree, walk
from netdsl.text import edits
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Source, Span

_CLAIMS = ("E0502", "E0504")
"""The errors of claims that need not hold for another network."""

Conv: TypeAlias = Callable[[Spec, tree.Layer, tree.Operation, Written], tuple[list[str], list[str]]]
"""Gives the items in place of a convolution, and notes for the user. Raises `Refusal`."""
Rows: TypeAlias = Callable[[Spec, tree.Bracket], tuple[str, list[str]]]
"""Gives the bracket block in place of another, and notes for the user. Raises `Refusal`."""


@dataclass(frozen=True)
class Measure:
    """What the layers of a statement cost, all occurrences in all variants together, and how many pixels of height and
    width one occurrence sees."""

    params: int
    macs: int
    window: tuple[int, int]


@dataclass(frozen=True)
class Rewriting:
    """One change, the line it is on, and what it cost before and after."""

    change: Change
    line: int
    before: Measure
    after: Measure

    @property
    def saves(self) -> bool:
        return self.after.params < self.before.params and self.after.macs <= self.before.macs

    @property
    def price(self) -> str:
        """What it would cost more, in words."""
        more = []
        if self.after.params >= self.before.params:
            more.append(f"{self.after.params:,} weights in place of {self.before.params:,}")
        if self.after.macs > self.before.macs:
            more.append(f"{self.after.macs:,} multiply-adds in place of {self.before.macs:,}")
        return "it would have " + " and ".join(more)


@dataclass
class Rewritten:
    """The new text, its changes in order of place, the claims that were taken out, and what was not changed (the line
    and the reason). `before` and `after` are the networks by variant."""

    text: str
    changes: list[Rewriting] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    before: dict[str, Network] = field(default_factory=dict)
    after: dict[str, Network] = field(default_factory=dict)


def rewritten(source: Source, compile: Compile, asked: Asked, conv: Conv, rows: Rows, keep_claims: bool) -> Rewritten:
    """The text with what was asked for rewritten by `conv` and `rows`. Changes that were not asked for by name or size
    must save something. Raises `CannotRewrite` where nothing that was named can be, or the result is not right."""
    spec = Spec(compile(source))
    changes, skipped = _changes(spec, asked, conv, rows)
    found = Rewritten(source.text, skipped=skipped, before=_networks(spec.compilations))
    found.after = found.before
    if not asked.by_name and changes:
        _, after = _proved(spec, compile, _made(source, changes))
        measured = _measured(spec, after, changes)
        skipped += [
            (each.line, f"`{each.change.old}`: {each.price}; name it, or its size, to do it anyway")
            for each in measured
            if not each.saves
        ]
        changes = [each.change for each in measured if each.saves]
    if not changes:
        return found
    found.text = _made(source, changes)
    failed, after = _proved(spec, compile, found.text, keep_claims)
    found.changes = _measured(spec, after, changes)
    if failed:
        new = Source(source.name, found.text)
        found.dropped = [new.slice(each.span) for each in failed]
        found.text = edits.apply(new, [Edit(span, "") for span in _cuts(new, after, failed)])
        _, after = _proved(spec, compile, found.text, keep_claims=True)
    found.after = _networks(after)
    return found


def _changes(spec: Spec, asked: Asked, conv: Conv, rows: Rows) -> tuple[list[Change], list[tuple[int, str]]]:
    """The changes of all that was asked for, and what cannot be changed, with the reason."""
    changes: list[Change] = []
    skipped: list[tuple[int, str]] = []
    done: list[tuple[int, str]] = []
    for found in find(spec, asked):
        try:
            changes.append(_change(spec, found, conv, rows))
        except Refusal as refusal:
            why = refusal.message + (f"; {refusal.help}" if refusal.help else "")
            told = (spec.line(found.item.span), f"`{' '.join(spec.text(found.item.span).split())}`: {why}")
            (done if refusal.done else skipped).append(told)
    if asked.labels and not changes:
        reasons = [f"line {line}: {why}" for line, why in skipped + done] or ["it holds no such convolution"]
        names = ", ".join(f"`{label}`" for label in asked.labels)
        raise CannotRewrite(f"{names} cannot be rewritten: {'; '.join(reasons)}")
    return changes, skipped if asked.labels else skipped + out_of_reach(spec, asked)


def _change(spec: Spec, found: Found, conv: Conv, rows: Rows) -> Change:
    layer, item = found
    if isinstance(item, tree.Bracket):
        new, notes = rows(spec, item)
        label = layer.label.text if layer.label is not None else None
        return Change(item.span, label, spec.text(item.span), new, tuple(notes))
    parts, notes = conv(spec, layer, item, written(spec, item, statement_stride(spec, layer)))
    return placed(spec, layer, parts, notes)


def _made(source: Source, changes: list[Change]) -> str:
    return edits.apply(source, [each.edit for each in changes])


def _networks(compilations: Mapping[str, Compilation]) -> dict[str, Network]:
    return {name: each.network for name, each in compilations.items() if each.network is not None}


def _proved(
    spec: Spec, compile: Compile, text: str, keep_claims: bool = False
) -> tuple[list[tree.Expect], Mapping[str, Compilation]]:
    """The claims that fail in a new text, and its variants. Raises `CannotRewrite` for anything else that is wrong."""
    after = compile(Source(spec.source.name, text))
    file = next(iter(after.values())).file
    claims = {each.span: each for each in walk(file) if isinstance(each, tree.Expect)} if file is not None else {}
    failed: dict[tree.Expect, None] = {}
    for error in (error for compilation in after.values() for error in compilation.report.errors):
        claim = claims.get(error.span) if error.span is not None and error.code in _CLAIMS else None
        if claim is None or keep_claims:
            raise CannotRewrite("the rewritten spec would be wrong, so nothing was changed", report(after))
        failed[claim] = None
    for name, old in spec.compilations.items():
        new = after[name].network if name in after else None
        if old.network is not None and (new is None or new.output != old.network.output):
            raise CannotRewrite(f"the output{f' of variant {name}' if name else ''} would change its shape")
    return list(failed), after


def _cuts(source: Source, after: Mapping[str, Compilation], claims: list[tree.Expect]) -> list[Span]:
    """What to cut to remove claims: the whole line of a table's row with nothing else in it, and neighbours on a line
    together."""
    file = next(iter(after.values())).file
    gone = {each.span for each in claims}
    cuts: list[Span] = []
    for row in walk(file):
        if isinstance(row, tree.TableRow):
            inside = [each.span for cell in row.cells for each in cell.statements]
            start = source.text.rfind("\n", 0, row.span.start) + 1
            end = source.text.find("\n", row.span.end) + 1 or len(source.text)
            if inside and gone.issuperset(inside) and "#" not in source.text[start:end]:
                cuts.append(source.span(start, end))
                gone.difference_update(inside)
    together: list[Span] = []
    for span in sorted(gone):
        if together and source.text[together[-1].end : span.start].strip(" \t") == ";":
            together[-1] = together[-1].to(span)
        else:
            together.append(span)
    return cuts + [edits.without(source, span) for span in together]


# What changes do to the figures ------------------------------------------------------------------------------------


def _measured(spec: Spec, after: Mapping[str, Compilation], changes: list[Change]) -> list[Rewriting]:
    new = Spec(after, whole=False)
    moved = edits.Moved(each.edit for each in changes)
    found = []
    for each in sorted(changes, key=lambda change: change.span):
        start = moved(each.span.start)
        before = _measure(spec.within(each.span.start, each.span.end))
        found.append(Rewriting(each, spec.line(each.span), before, _measure(new.within(start, start + len(each.new)))))
    return found


def _measure(made: list[tuple[Network, Node]]) -> Measure:
    costs = [cost(network, node) for network, node in made]
    return Measure(sum(each.params for each in costs), sum(each.macs for each in costs), _window(made))


def _window(made: list[tuple[Network, Node]]) -> tuple[int, int]:
    """How many pixels of height and width the first occurrence of a statement sees; it ends where one of its layers
    comes again."""
    fields: dict[int, Field] = {}
    seen = set()
    for network, node in sorted(made, key=lambda pair: pair[1].id):
        if network is not made[0][0]:
            continue
        if node.op.weight_layer and node.span in seen:
            break
        seen.add(node.span)
        shapes = network.input_shapes(node)
        window = node.op.window(shapes) if shapes is not None else None
        if window is None:
            continue
        before = [fields.get(value, pixel(2)) for value in node.inputs]
        size: list[Fraction] = []
        jump: list[Fraction] = []
        for axis in (0, 1):
            step = max(each.jump[axis] for each in before)
            reach = (extent(window.kernel[axis], window.dilation[axis]) - 1) * step
            size.append(max(each.size[axis] for each in before) + reach)
            jump.append(step * window.stride[axis])
        fields[node.id] = Field((size[0], size[1]), (jump[0], jump[1]))
    heights, widths = zip(*(each.pixels for each in (pixel(2), *fields.values())), strict=True)
    return max(heights), max(widths)
