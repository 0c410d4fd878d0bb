"""From a compiled spec to comparisons: each figure as computed, as the paper or an implementation gives it, a verdict.

There is no tolerance: a printed figure matches if the computed one, rounded to as many digits, is equal. One that does
not match needs a reason, which begins with the verdict; without a reason it is unexplained. A figure that matches and
has a reason for a difference is unexplained too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from netdsl.analysis.conformance import references
from netdsl.analysis.conformance.apart import apart
from netdsl.analysis.conformance.figures import KNOWN, figure, split
from netdsl.compiler import Compilation, compile
from netdsl.ir import Figure, Network
from netdsl.passes.claims import holds
from netdsl.shapes import Shape
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import Report
from netdsl.text.source import Span
from netdsl.zoo import directory, locate


class Verdict(StrEnum):
    MATCH = "match"
    ERRATUM = "paper erratum"
    DESIGN = "differs by design"
    UNSETTLED = "unsettled"
    UNEXPLAINED = "unexplained"


_PREFIXES = {
    "erratum:": Verdict.ERRATUM,
    "by design:": Verdict.DESIGN,
    "unsettled:": Verdict.UNSETTLED,
}
_LABEL = re.compile(r"([A-Za-z_]\w*):\s")
READ = "read"
_MARKS = (READ, "remembered")
PAPER = "paper"
SPEC = "spec"
"""The source of claims that only the spec makes, not its paper."""
_CLAIMS = ("E0501", "E0504")
"""The errors of claims that do not hold; the network itself is right."""


@dataclass(frozen=True)
class Comparison:
    """One figure as the compiler computes it and as the `source` gives it (`paper`, `spec`, or a reference).

    `computed` is None where there is no such figure; a shape is text, `64x112x112`. For a map size that is claimed
    behind a statement `place` is that statement.
    """

    figure: str
    computed: int | str | None
    given: int | str
    source: str
    verdict: Verdict
    reason: str = ""
    place: str | None = None


@dataclass(frozen=True)
class Recorded:
    """What cannot be computed: a year, an error rate, the recipe, and what else a spec says was read in its source.

    `read` is whether whoever wrote the spec read it there, and `where`; all else is remembered.
    """

    text: str
    read: bool = False
    where: str = ""


@dataclass(frozen=True)
class Conformance:
    """A network with all its comparisons, and what is recorded of it."""

    name: str
    title: str
    variant: str | None
    source: str | None
    comparisons: tuple[Comparison, ...]
    recorded: tuple[Recorded, ...]

    def count(self, verdict: Verdict) -> int:
        return sum(each.verdict is verdict for each in self.comparisons)

    @property
    def proved(self) -> bool:
        """Whether every figure has a verdict that explains it."""
        return not self.count(Verdict.UNEXPLAINED)


def prove(spec: str, variant: str | None = None) -> tuple[tuple[Conformance, ...], Report]:
    """The comparisons of a spec, given by name or file, in one variant or in all.

    A variant with other errors than claims that do not hold has no comparisons; its messages are in the report.
    """
    path, variant = locate(spec, variant)
    first = compile(path, variant=variant)
    found, report = [], Report()
    for each in (variant,) if variant or not first.variants else first.variants:
        made = first if each == variant else compile(path, variant=each)
        network = _whole(made)
        if network is None:
            report.extend(made.report)
        else:
            found.append(examine(network, _name(path, each), partial(_resized, path, each)))
    return tuple(found), report


def _resized(path: str | os.PathLike[str], variant: str | None, input: Shape) -> Network | None:
    """The same network on another input."""
    return _whole(compile(path, variant=variant, input=input))


def _whole(made: Compilation) -> Network | None:
    """The network, if nothing is wrong but claims, which are judged here."""
    network = made.network
    if network is None or any(error.code not in _CLAIMS for error in made.report.errors):
        return None
    return network.model_copy(update={"complete": True})


def _name(path: str | os.PathLike[str], variant: str | None) -> str:
    """The name in the zoo, or the file's path for one that is not of the zoo."""
    file = Path(path)
    name = file.stem if file.resolve().parent == directory().resolve() else str(path)
    return f"{name}:{variant}" if variant else name


def examine(network: Network, name: str, resized: Callable[[Shape], Network | None]) -> Conformance:
    """All comparisons of a network. `name` is its name in `references.json`, `vgg:D`; `resized` gives it on another
    input, where the spec says that a reference has one."""
    found = (*_sizes(network), *_claims(network), *_printed(network, name), *_references(network, name, resized))
    return Conformance(name, network.name, network.variant, network.source, found, tuple(_recorded(network)))


# What the spec says ------------------------------------------------------------------------------------------------


def _sizes(network: Network) -> Iterator[Comparison]:
    """The map sizes claimed behind statements."""
    for claim in network.shape_claims:
        computed, place = network.shapes[claim.value], _statement(network, claim.statement)
        verdict = Verdict.MATCH if computed == claim.shape else Verdict.UNEXPLAINED
        yield Comparison("size", shape_text(computed), shape_text(claim.shape), PAPER, verdict, place=place)


def _statement(network: Network, span: Span) -> str:
    """A name for a statement: its label, else its text."""
    source = network.source_of(span)
    written = " ".join((source.slice(span) if source else "").partition("->")[0].split())
    label = _LABEL.match(written)
    return label[1] if label else written or f"line {network.line(span)}"


def _claims(network: Network) -> Iterator[Comparison]:
    """The comparisons of `expect`, and of `reported` quantities that can be computed.

    An expected figure is the paper's, except for an exact count, which papers do not print, and for one of which the
    spec reports that the paper prints it otherwise.
    """
    printed = {(each.label, each.quantity) for each in network.reported}
    for each in network.expected:
        exact = each.quantity in ("params", "macs", "units", "frozen", "aux_params") and each.text.isdigit()
        yield _claim(network, each, SPEC if exact or (each.label, each.quantity) in printed else PAPER)
    for each in network.reported:
        if each.quantity in KNOWN:
            yield _claim(network, each, PAPER)


def _claim(network: Network, claim: Figure, source: str) -> Comparison:
    return _compared(network, _named(claim), claim.text, source, " ".join((claim.note or "").split()), claim.value)


def _named(claim: Figure) -> str:
    return f"{claim.label}.{claim.quantity}" if claim.label else claim.quantity


def _recorded(network: Network) -> Iterator[Recorded]:
    """What cannot be computed, and whether it was read in the source: `reported read = "top1, recipe" "Table 3"` names
    what was; a figure's own note may say otherwise."""
    marked = next((each for each in network.reported if each.quantity == READ), None)
    names = [name.strip() for name in str(marked.value).split(",")] if marked is not None else []
    where = " ".join((marked.note or "").split()) if marked is not None else ""
    told: set[str] = set()
    for each in network.reported:
        if each.quantity in (*KNOWN, "reference", "task", READ):
            continue
        told.add(each.quantity)
        note = " ".join((each.note or "").split())
        own = next((mark for mark in _MARKS if note == mark or note.startswith(f"{mark}:")), None)
        note = note.removeprefix(own or "").removeprefix(":").strip()
        read = own == READ if own else each.quantity in names
        text = f"{_named(each)} {each.text}" + (f" ({note})" if note else "")
        yield Recorded(text, read, where if read and own is None else "")
    for name in [*names, *["recipe"] * (network.train is not None and "recipe" not in names)]:
        if name not in told:
            yield Recorded(name, name in names, where if name in names else "")


def _printed(network: Network, name: str) -> Iterator[Comparison]:
    """The cells of tables of the paper that the spec cannot claim."""
    for table in references.printed(name):
        for label, cell in table["cells"].items():
            what = f"{label}.{table['quantity']}" if label else str(table["quantity"])
            exact = figure(network, what)
            # In thousandths of the table's unit, rounded down, which is finer than any printed digit.
            scaled = exact * 1000 // table["unit"]
            verdict, reason = _verdict(holds(scaled, scaled, cell), table["verdicts"].get(label, ""))
            yield Comparison(what, exact, cell, PAPER, verdict, reason or table["note"])


# What other implementations have -----------------------------------------------------------------------------------


def _references(network: Network, name: str, resized: Callable[[Shape], Network | None]) -> Iterator[Comparison]:
    notes = {str(each.value): each.note for each in network.reported if each.quantity == "reference"}
    for reference, reasons in {**{each: {} for each in notes}, **references.compared(name)}.items():
        figures = references.reference(reference)
        if figures is None:
            why = "no figures of it are on file"
            yield Comparison("reference", None, reference, reference, Verdict.UNEXPLAINED, why)
            continue
        held: Network | None = network
        try:
            size = apart(notes.get(reference)).input
        except ValueError as problem:
            yield Comparison("reference", None, reference, reference, Verdict.UNEXPLAINED, str(problem))
            continue
        if size is not None:
            held = resized(size)
        if held is None:
            why = "the network has errors on the input of its note"
            yield Comparison("reference", None, reference, reference, Verdict.UNEXPLAINED, why)
            continue
        for what, value in figures.items():
            made = _compared(held, what, str(value), reference, reasons.get(what, ""), value)
            elsewhere = size is not None and what == "macs" and not made.reason
            yield replace(made, reason=f"on an input of {shape_text(size)}") if elsewhere else made


def _compared(network: Network, name: str, given: str, source: str, reason: str, value: Any) -> Comparison:
    shown = value if isinstance(value, int) and source != PAPER else given
    try:
        computed = figure(network, name)
    except KeyError:
        return Comparison(name, None, shown, source, Verdict.UNEXPLAINED, "the spec has no such part or quantity")
    except ValueError:
        return Comparison(name, None, shown, source, Verdict.UNEXPLAINED, "unknown: the network has errors")
    if split(name)[1] in ("output", "input"):
        computed = shape_text(computed)
        same = computed == given.replace("×", "x")
    else:
        same = holds(computed, value, given)
    verdict, reason = _verdict(same, reason)
    return Comparison(name, computed, shown, source, verdict, reason)


def _verdict(same: bool, reason: str) -> tuple[Verdict, str]:
    """The verdict, and the reason without the verdict at its beginning."""
    prefix = next((each for each in _PREFIXES if reason.startswith(each)), None)
    if prefix is None:
        return (Verdict.MATCH if same else Verdict.UNEXPLAINED), reason
    if same:
        return Verdict.UNEXPLAINED, f"it matches, and is explained away: {reason}"
    return _PREFIXES[prefix], reason.removeprefix(prefix).strip()
