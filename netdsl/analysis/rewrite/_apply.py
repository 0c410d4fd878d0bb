"""Making the changes, proving the result, and measuring what each of them did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from netdsl.analysis.rewrite._change import Change
from netdsl.analysis.rewrite._spec import CannotRewrite, Compile, Spec, report
from netdsl.compiler import Compilation
from netdsl.ir import Network, Node
from netdsl.passes.costs import cost
from netdsl.shapes import extent
from netdsl.syntax import tree, walk
from netdsl.text import edits
from netdsl.text.diagnostics import Diagnostic, Edit
from netdsl.text.source import Source

_CLAIMS = ("E0502", "E0504")
"""What a claim about a network is told by, that is another network now."""


@dataclass(frozen=True)
class Measure:
    """What the layers of a statement cost, all occurrences in all variants together, and how many pixels in a row one
    occurrence sees, along height and width."""

    params: int
    macs: int
    window: tuple[int, int]


@dataclass(frozen=True)
class Rewriting:
    """One change, on which line it is, and what it cost before and after."""

    change: Change
    line: int
    before: Measure
    after: Measure


@dataclass
class Rewritten:
    """The new text, its changes in order of place, the claims that were taken out of it, and what was left as it was,
    by line, with the reason. `before` and `after` are the networks by variant."""

    text: str
    changes: list[Rewriting] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    before: dict[str, Network] = field(default_factory=dict)
    after: dict[str, Network] = field(default_factory=dict)


def rewritten(
    spec: Spec,
    compile: Compile,
    changes: list[Change],
    skipped: list[tuple[int, str]],
    keep_claims: bool,
    saves: bool,
) -> Rewritten:
    """The text with all changes made. With `saves`, changes that save nothing are left out.
    Raises `CannotRewrite` where the result is not right."""
    source = spec.source
    found = Rewritten(source.text, skipped=skipped, before=_networks(spec.compilations))
    found.after = found.before
    if saves and changes:
        measured = _measured(spec, Spec(_proved(spec, compile, _made(source, changes))[1], whole=False), changes)
        for each in measured:
            if not _saves(each):
                skipped.append(
                    (each.line, f"`{each.change.old}`: {_price(each)}; name it, or its size, to do it anyway")
                )
        changes = [each.change for each in measured if _saves(each)]
    if not changes:
        return found
    found.text = _made(source, changes)
    failed, after = _proved(spec, compile, found.text, keep_claims)
    found.changes = _measured(spec, Spec(after, whole=False), changes)
    if failed:
        new = Source(source.name, found.text)
        found.dropped = [found.text[each.span.start : each.span.end] for each in failed]
        found.text = edits.apply(new, _cuts(new, after, failed))
        _, after = _proved(spec, compile, found.text, keep_claims=True)
    found.after = _networks(after)
    return found


def _saves(each: Rewriting) -> bool:
    return each.after.params < each.before.params and each.after.macs <= each.before.macs


def _price(each: Rewriting) -> str:
    more = []
    if each.after.params >= each.before.params:
        more.append(f"{each.after.params:,} weights in place of {each.before.params:,}")
    if each.after.macs > each.before.macs:
        more.append(f"{each.after.macs:,} multiply-adds in place of {each.before.macs:,}")
    return "it would have " + " and ".join(more)


def _cuts(source: Source, after: Mapping[str, Compilation], claims: list[tree.Expect]) -> list[Edit]:
    """The edits that take claims out, and rows of a table with nothing else in them as a whole line."""
    file = next(iter(after.values())).file
    gone = {each.span for each in claims}
    cuts = []
    for row in walk(file):
        if isinstance(row, tree.TableRow):
            inside = [each.span for cell in row.cells for each in cell.statements]
            start = source.text.rfind("\n", 0, row.span.start) + 1
            end = source.text.find("\n", row.span.end) + 1 or len(source.text)
            if inside and gone.issuperset(inside) and "#" not in source.text[start:end]:
                cuts.append(source.span(start, end))
                gone.difference_update(inside)
    cuts += [edits.without(source, span) for span in sorted(gone)]
    return [Edit(span, "") for span in cuts]


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
    wrong: list[Diagnostic] = []
    for compilation in after.values():
        for error in compilation.report.errors:
            claim = claims.get(error.span) if error.span is not None and error.code in _CLAIMS else None
            if claim is None or keep_claims:
                wrong.append(error)
            else:
                failed[claim] = None
    if wrong:
        raise CannotRewrite("the rewritten spec would be wrong, so nothing was changed", report(after))
    for name, old in spec.compilations.items():
        new = after[name].network if name in after else None
        if old.network is not None and (new is None or new.output != old.network.output):
            raise CannotRewrite(f"the output{f' of variant {name}' if name else ''} would change its shape")
    return list(failed), after


def _measured(spec: Spec, new: Spec, changes: list[Change]) -> list[Rewriting]:
    found = []
    shift = 0
    for each in sorted(changes, key=lambda change: change.span.start):
        start = each.span.start + shift
        shift += len(each.new) - (each.span.end - each.span.start)
        before = _measure(spec.within(each.span.start, each.span.end))
        after = _measure(new.within(start, start + len(each.new)))
        found.append(Rewriting(each, spec.line(each.span), before, after))
    return found


def _measure(made: list[tuple[Network, Node]]) -> Measure:
    params = macs = 0
    for network, node in made:
        each = cost(network, node)
        params, macs = params + each.params, macs + each.macs
    return Measure(params, macs, _window(made))


def _window(made: list[tuple[Network, Node]]) -> tuple[int, int]:
    """How many pixels, height and width, the first occurrence of a statement sees: up to where one of its convolutions
    comes again."""
    one = (Fraction(1), Fraction(1))
    fields: dict[int, tuple[tuple[Fraction, ...], tuple[Fraction, ...]]] = {}
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
        before = [fields.get(value, (one, one)) for value in node.inputs]
        size = [max(field[0][axis] for field in before) for axis in (0, 1)]
        jump = [max(field[1][axis] for field in before) for axis in (0, 1)]
        fields[node.id] = (
            tuple(size[at] + (extent(window.kernel[at], window.dilation[at]) - 1) * jump[at] for at in (0, 1)),
            tuple(jump[at] * window.stride[at] for at in (0, 1)),
        )
    height, width = (max((ceil(size[axis]) for size, _ in fields.values()), default=1) for axis in (0, 1))
    return height, width
