"""An operator that refuses its input: one field changed so that it accepts it.

Groups become a divisor, a kernel shrinks to the plane or is padded, `same` gets an odd kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.analysis.fixes._whatif import candidates, fitting
from netdsl.ops import Family

CODES = ("E0301",)


def propose(fault: Fault) -> Iterator[Candidate]:
    seen = set()
    for node, shapes in fault.refused():
        if node.implicit or node.span in seen:
            continue
        seen.add(node.span)
        if node.op.family is Family.POOLING and len(shapes[0]) > 1 and max(shapes[0][1:]) == 1:
            continue  # the plane is used up: no other window pools anything
        for changes in fitting(node.op, shapes):
            rank = 0 if changes.get("pad") == "tf" else 1  # what keeps the size that was asked for
            yield from candidates(fault, {node.span: (node.op, changes)}, rank)
