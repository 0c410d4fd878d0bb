"""A claim that does not hold: the figure or shape that comes out, or a layer changed until a claimed shape holds.

Layers before the claiming one are changed too, back to the last claim that holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.analysis.fixes._whatif import ending_in
from netdsl.passes.claims import computed, holds, precision
from netdsl.shapes import numel, text
from netdsl.syntax import tree

CODES = ("E0501", "E0504")


def propose(fault: Fault) -> Iterator[Candidate]:
    return _shape(fault) if fault.diagnostic.code == "E0501" else _figure(fault)


def _shape(fault: Fault) -> Iterator[Candidate]:
    network = fault.network
    if network is None:
        return
    held = 0
    for claim in sorted(network.shape_claims, key=lambda each: each.value):
        shape = network.shapes[claim.value]
        if shape == claim.shape:
            held = claim.value
        elif claim.span == fault.span and shape is not None:
            yield fault.replace(f"the claim `-> {text(shape)}`", claim.span, text(shape), rank=2)
            if len(claim.shape) == 1 and numel(shape) == claim.shape[0]:
                arrow = fault.source.text.rindex("->", claim.statement.start, claim.span.start)
                yield fault.insert("`flatten` before the claim", len(fault.source.text[:arrow].rstrip()), "; flatten")
            nodes = [node for node in network.nodes if held < node.id <= claim.value]
            yield from ending_in(fault, nodes, claim.value, claim.shape, fault.trees.files[0].span)
            return


def _figure(fault: Fault) -> Iterator[Candidate]:
    claim = fault.around(fault.span, tree.Expect)
    if fault.network is None or claim is None:
        return
    quantity, label = claim.quantity.text, claim.label.text if claim.label else None
    whole = fault.network.model_copy(update={"complete": True})  # only the claim is wrong
    try:
        value = computed(whole, label, quantity)
    except (KeyError, ValueError):
        return  # unknown, which another message says
    new = text(value) if isinstance(value, tuple) else rounded(value, fault.text(claim.value.span))
    where = f"{label}.{quantity}" if label else quantity
    yield fault.replace(f"`expect {where} = {new}`, which is what it comes to", claim.value.span, new)


def rounded(value: int, written: str) -> str:
    """A figure with as many digits as another is written with: 9,472 is `9.5K` in place of `9.4K`."""
    unit = precision(written)
    if unit is None or unit < Fraction(1, 1000):
        return str(value)
    suffix = written.strip()[-1:] if written.strip()[-1:] in "KMGT" else ""
    scale = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}[suffix]
    digits = len(written.strip().removesuffix(suffix).partition(".")[2]) if "e" not in written.lower() else 0
    whole = (Fraction(value) / unit + Fraction(1, 2)).__floor__() * unit / scale
    new = f"{whole.numerator * 10**digits // whole.denominator:0{digits + 1}d}"
    new = f"{new[:-digits]}.{new[-digits:]}{suffix}" if digits else f"{new}{suffix}"
    return new if whole and holds(value, 0.0, new) else str(value)
