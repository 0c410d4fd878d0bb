"""A name that nobody knows: the nearest one that is known there, with the digits and the case it was written with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from netdsl import ops
from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.elaborate.files import standard_blocks
from netdsl.passes.claims import QUANTITIES
from netdsl.syntax import tree

CODES = ("E0201", "E0203", "E0204", "E0401", "E0502", "E0503")


def propose(fault: Fault) -> Iterator[Candidate]:
    code = fault.diagnostic.code
    span = fault.span
    if code in ("E0502", "E0503"):
        claim = fault.around(tree.Expect)
        name = claim and (claim.label if code == "E0502" else claim.quantity)
        if not name:
            return
        span = name.span
    word = fault.text(span)
    if not re.fullmatch(r"[A-Za-z_][\w.]*", word):
        return
    for near in _near(fault, code, word):
        yield Candidate(f"`{near}` instead of `{word}`", (fault.edit(span.start, span.end, near),))


def _near(fault: Fault, code: str, word: str) -> Iterator[str]:
    """Known names close to a word. The digits of `conf3` are its kernel, and stay."""
    if code == "E0203":
        stem, digits = (re.fullmatch(r"(.*?)(\d+(?:x\d+)?)?", word) or re.match("()()", "")).groups()  # type: ignore[union-attr]
        blocks = [each.name.text for each in fault.known.written if isinstance(each, tree.Block)]
        for name in _close(word, [*blocks, *ops.names(), *standard_blocks()]):
            yield name
        for name in _close(stem, ops.names()):
            if digits and ops.find(name).geometry.kernel:
                yield name + digits
        return
    said = re.search(r"did you mean `([^`]+)`", fault.diagnostic.help or "")
    if said:
        yield said[1]
    if code in ("E0204", "E0502"):
        yield from _close(word, [each.text for each in fault.known.written if isinstance(each, tree.Label)])
    elif code == "E0503":
        yield from _close(word, QUANTITIES)


def _close(word: str, known: Iterable[str]) -> list[str]:
    folded = {name.lower(): name for name in known}
    return [folded[each] for each in get_close_matches(word.lower(), folded, n=2, cutoff=0.7)]
