"""Plain functions over the frozen network, one file each.

`PASSES` run in the compiler, in order: `Network -> Network`, reporting what they find; where there are errors,
`explain_rounding` and `explain_input` say more of some. The others answer when they are asked.
"""

from __future__ import annotations

from collections.abc import Callable

from netdsl.ir import Network
from netdsl.passes.claims import verify_claims
from netdsl.passes.properties import verify_properties
from netdsl.passes.totals import totals
from netdsl.text.diagnostics import Report


def _totals(network: Network, report: Report) -> Network:
    return totals(network)


def _claims(network: Network, report: Report) -> Network:
    verify_claims(network, report)
    verify_properties(network, report)
    return network


PASSES: tuple[Callable[[Network, Report], Network], ...] = (_totals, _claims)
