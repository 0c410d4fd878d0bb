"""What an offer does to the network, in a few words: what comes out and what it costs, against what was before.

A proposal that compiles need not be what was meant, so each says what it makes of the network. The trial has compiled
it already; nothing is computed here but differences.
"""

from __future__ import annotations

from typing import TypeGuard

from netdsl.ir import Network
from netdsl.passes.hash import digest
from netdsl.shapes import text
from netdsl.text.amounts import amount

FIGURES = {"params": "params", "macs": "multiply-adds"}


def effect(before: Network | None, after: Network | None) -> str:
    """What is different in `after`; all of it where errors left figures unknown before. Empty where they still do."""
    if not _complete(after):
        return ""
    if not _complete(before):
        figures = [f"{amount(getattr(after.totals, name))} {words}" for name, words in FIGURES.items()]
        return ", ".join([f"output {text(after.output)}", *figures])
    told = []
    if after.output != before.output:
        told.append(f"output {text(after.output)} instead of {text(before.output)}")
    for name, words in FIGURES.items():
        more = getattr(after.totals, name) - getattr(before.totals, name)
        told += [f"{more:+,} {words}"] * (more != 0)
    if not told:
        told.append("the network stays as it is" if digest(before) == digest(after) else "same output and figures")
    return ", ".join(told)


def _complete(network: Network | None) -> TypeGuard[Network]:
    """Whether all of a network is known."""
    return network is not None and network.totals is not None and None not in network.shapes
