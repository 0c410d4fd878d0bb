"""What is known of a spec, right or wrong, for the commands that show one; and the network of a spec that is right, for
those that make something of it.

A table or a drawing helps most where something is wrong: a claim that fails is a figure to look at, and a shape that is
unknown has known ones before it. So only what must run (source) asks for a spec without errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.tools.cli._checked import Checked, with_proposals
from netdsl.tools.cli._spec import Request, Stop
from netdsl.tools.cli._tell import show, status, undefined

if TYPE_CHECKING:
    from netdsl.ir import Network
    from netdsl.text.diagnostics import Report

CLAIMS = "E05"
"""How the codes of claims begin: one that fails leaves the network as it is."""


def known(request: Request, color: str) -> tuple[Network, Report, int]:
    """The network of a spec as far as it is known, its messages, which have gone to stderr with what to try, and the
    exit status for them.

    Where parts are unknown it has no totals. Ends the command where there is no network to speak of.
    """
    compilation = request.compile()
    report = compilation.report
    if compilation.valid and compilation.network is None:
        undefined(report, request.name)
    report = with_proposals(request, Checked(compilation, (), ((compilation, {each: each for each in report}),)))
    show(report, color)
    ending = status(report, asked_no_variant=bool(compilation.variants) and request.variant is None)
    network = compilation.network
    if network is None or ending > 1:
        raise Stop(ending)
    if all(each.code.startswith(CLAIMS) for each in report.errors):
        return network.model_copy(update={"complete": True}), report, ending
    return network.model_copy(update={"totals": None}), report, ending


def network(request: Request, color: str) -> Network:
    """The network of a spec that is right. Errors end the command."""
    found, _report, ending = known(request, color)
    if ending:
        raise Stop(ending)
    return found
