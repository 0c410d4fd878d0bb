"""An operator that refuses its input: one field changed so that it accepts it.

Groups become a divisor, a kernel shrinks to the plane or is padded, `same` gets an odd kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.analysis.fixes._whatif import candidates, fitting

CODES = ("E0301",)


def propose(fault: Fault) -> Iterator[Candidate]:
    seen = set()
    for node, shapes in fault.refused():
        if node.implicit or node.span in seen:
            continue
        seen.add(node.span)
        for changes in fitting(node.op, shapes):
            rank = 2 if changes.get("pad") == "tf" else 1
            yield from candidates(fault, {node.span: (node.op, changes)}, rank)
