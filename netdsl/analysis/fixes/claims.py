"""A claimed shape that does not hold: the shape that comes out, or a layer changed until the claim holds.

Layers before the claiming one are changed too, back to the last claim that holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.analysis.fixes._whatif import ending_in
from netdsl.shapes import numel, text

CODES = ("E0501",)


def propose(fault: Fault) -> Iterator[Candidate]:
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
