"""A compiled spec to comparisons: each figure as computed, as somebody else gives it, and the verdict.

There is no tolerance: a printed figure matches when the computed one, rounded to the printed digits, is the printed
one. What does not match needs a reason that begins with its verdict; without one it stays unexplained. A reason for a
difference that is not there is stale, and unexplained too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from netdsl.analysis.conformance import references
from netdsl.analysis.conformance.figures import KNOWN, figure, split
from netdsl.compiler import Compilation, compile
from netdsl.ir import Figure, Network
from netdsl.passes.claims import holds
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
PAPER = "paper"
SPEC = "spec"
"""The source of claims that a spec makes beyond what its paper prints."""
_CLAIMS = ("E0501", "E0504")
"""Errors that leave the network whole: a claim about it is wrong."""


@dataclass(frozen=True)
class Comparison:
    """One figure: as the spec computes it, as the `source` gives it (`paper`, `spec`, or a reference), and the verdict.

    `computed` is None where there is no such figure; a shape is text, `64x112x112`.
    `place` marks a map size claimed behind a statement of the spec, and is that statement.
    """

    figure: str
    computed: int | str | None
    given: int | str
    source: str
    verdict: Verdict
    reason: str = ""
    place: str | None = None


@dataclass(frozen=True)
class Conformance:
    """A network with all its comparisons; `recorded` are the figures that cannot be computed: years, error rates."""

    name: str
    title: str
    variant: str | None
    source: str | None
    comparisons: tuple[Comparison, ...]
    recorded: tuple[str, ...]

    def count(self, verdict: Verdict) -> int:
        return sum(each.verdict is verdict for each in self.comparisons)

    @property
    def proved(self) -> bool:
        """Whether every figure has a verdict that explains it."""
        return not self.count(Verdict.UNEXPLAINED)


def prove(spec: str, variant: str | None = None) -> tuple[tuple[Conformance, ...], Report]:
    """The comparisons of a spec, a name of the zoo or a file: of one variant, or of all.

    The report has the messages of a spec that is wrong in other ways than its claims; then its comparisons are left
    out.
    """
    path, variant = locate(spec, variant)
    first = compile(path, variant=variant)
    found, report = [], Report()
    for each in (variant,) if variant or not first.variants else first.variants:
        made = first if each == variant else compile(path, variant=each)
        network = _whole(made)
        if network is None:
            report.sources.update(made.report.sources)
            for diagnostic in made.report:
                report.add(diagnostic)
            continue
        found.append(examine(network, _name(path, each)))
    return tuple(found), report


def _whole(made: Compilation) -> Network | None:
    """The network, if nothing is wrong with it but claims: those are what is judged here."""
    network = made.network
    if network is None or any(error.code not in _CLAIMS for error in made.report.errors):
        return None
    return network.model_copy(update={"complete": True})


def _name(path: str | os.PathLike[str], variant: str | None) -> str:
    """The name in the zoo, or the file's path for one that is not of the zoo."""
    file = Path(path)
    name = file.stem if file.resolve().parent == directory().resolve() else str(path)
    return f"{name}:{variant}" if variant else name


def examine(network: Network, name: str) -> Conformance:
    """All comparisons of a network. `name` is what the data knows it by: `vgg:D`."""
    comparisons = [*_sizes(network), *_claims(network)]
    comparisons += _printed(network, name)
    comparisons += _references(network, name)
    recorded = tuple(_recorded(each) for each in network.reported if _is_recorded(each))
    return Conformance(name, network.name, network.variant, network.source, tuple(comparisons), recorded)


# What the spec says ------------------------------------------------------------------------------------------------


def _sizes(network: Network) -> Iterator[Comparison]:
    """The map sizes claimed behind statements."""
    for claim in network.shape_claims:
        computed, place = network.shapes[claim.value], _statement(network, claim.statement)
        verdict = Verdict.MATCH if computed == claim.shape else Verdict.UNEXPLAINED
        yield Comparison("size", shape_text(computed), shape_text(claim.shape), PAPER, verdict, place=place)


def _statement(network: Network, span: Span) -> str:
    """What a reader calls a statement: its label, else its text."""
    source = network.source_of(span)
    written = " ".join((source.text[span.start : span.end] if source else "").partition("->")[0].split())
    label = _LABEL.match(written)
    return label[1] if label else written or f"line {network.line(span)}"


def _claims(network: Network) -> Iterator[Comparison]:
    """`expect`, and what is `reported` of the quantities that can be computed.

    What is expected is the paper's, unless it is a count to the last digit, or the spec reports something else of it.
    """
    printed = {(each.label, each.quantity) for each in network.reported}
    for each in network.expected:
        own = _is_exact(each) or (each.label, each.quantity) in printed
        yield _claim(network, each, SPEC if own else PAPER)
    for each in network.reported:
        if not _is_recorded(each) and each.quantity != "reference":
            yield _claim(network, each, PAPER)


def _claim(network: Network, claim: Figure, source: str) -> Comparison:
    return _compared(network, _named(claim), claim.text, source, _line(claim.note), claim.value)


def _named(claim: Figure) -> str:
    return f"{claim.label}.{claim.quantity}" if claim.label else claim.quantity


def _is_exact(figure: Figure) -> bool:
    """Whether a claim is a count to the last digit, which papers do not print: the spec's own."""
    return figure.quantity in ("params", "macs", "units", "frozen", "aux_params") and figure.text.isdigit()


def _is_recorded(figure: Figure) -> bool:
    return figure.quantity not in KNOWN and figure.quantity != "reference"


def _line(note: str | None) -> str:
    return " ".join((note or "").split())


def _recorded(claim: Figure) -> str:
    return f"{_named(claim)} {claim.text}" + (f" ({_line(claim.note)})" if claim.note else "")


def _printed(network: Network, name: str) -> Iterator[Comparison]:
    """The cells of a table in units of its own."""
    for table in references.printed(name):
        for label, cell in table["cells"].items():
            what = f"{label}.{table['quantity']}" if label else str(table["quantity"])
            exact = figure(network, what)
            # In the table's unit. To scale by a thousand and round down loses nothing: no printed digit is as fine.
            scaled = exact * 1000 // table["unit"]
            verdict, reason = _verdict(holds(scaled, scaled, cell), table["verdicts"].get(label, ""))
            yield Comparison(what, exact, cell, PAPER, verdict, reason or table["note"])


# What other implementations have ----------------------------------------------------------------------------------


def _references(network: Network, name: str) -> Iterator[Comparison]:
    held: dict[str, references.Reasons] = {
        str(each.value): {} for each in network.reported if each.quantity == "reference"
    }
    for reference, reasons in {**held, **references.compared(name)}.items():
        figures = references.reference(reference)
        if figures is None:
            yield Comparison(
                "reference", None, reference, reference, Verdict.UNEXPLAINED, "no figures of it are on file"
            )
            continue
        for what, value in figures.items():
            yield _compared(network, what, str(value), reference, reasons.get(what, ""), value)


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
    """The verdict, and the reason without the word that gives it."""
    prefix = next((each for each in _PREFIXES if reason.startswith(each)), None)
    if prefix is None:
        return (Verdict.MATCH if same else Verdict.UNEXPLAINED), reason
    if same:
        return Verdict.UNEXPLAINED, f"it matches, and is explained away: {reason}"
    return _PREFIXES[prefix], reason.removeprefix(prefix).strip()
