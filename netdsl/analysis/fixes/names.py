"""An unknown name: the nearest names that are known there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from netdsl import foreign, ops
from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.elaborate.files import standard_blocks
from netdsl.passes.claims import QUANTITIES
from netdsl.syntax import tree

CODES = ("E0201", "E0203", "E0204", "E0401", "E0502", "E0503")


def propose(fault: Fault) -> Iterator[Candidate]:
    code, span = fault.diagnostic.code, fault.span
    if code in ("E0502", "E0503"):
        claim = fault.around(span, tree.Expect)
        name = claim and (claim.label if code == "E0502" else claim.quantity)
        if not name:
            return
        span = name.span
    word = fault.text(span)
    if re.fullmatch(r"[A-Za-z_][\w.]*", word):
        for near in _near(fault, code, word):
            yield fault.replace(f"`{near}` instead of `{word}`", span, near)


def _near(fault: Fault, code: str, word: str) -> Iterator[str]:
    """Known names close to a word. The digits of `conf3` are its kernel, and stay."""
    if code == "E0203":
        if foreign.layer(word) is not None:
            return  # a name nearby would be another function
        blocks = [each.name.text for each in fault.trees.of(tree.Block)]
        yield from _close(word, [*blocks, *ops.names(), *standard_blocks()])
        kernel = re.search(r"\d+(x\d+)?$", word)
        if kernel:
            stem = word[: kernel.start()]
            yield from (name + kernel[0] for name in _close(stem, ops.names()) if ops.find(name).geometry.kernel)
        return
    said = re.search(r"did you mean `([^`]+)`", fault.diagnostic.help or "")
    if said:
        yield said[1]
    if code in ("E0204", "E0502"):
        yield from _close(word, [each.label.text for each in fault.trees.of(tree.Layer) if each.label is not None])
    elif code == "E0503":
        yield from _close(word, QUANTITIES)


def _close(word: str, known: Iterable[str]) -> list[str]:
    folded = {name.lower(): name for name in known}
    return [folded[each] for each in get_close_matches(word.lower(), folded, n=2, cutoff=0.7)]
