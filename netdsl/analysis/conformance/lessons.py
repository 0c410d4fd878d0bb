"""From a page of Markdown with blanks for figures to the page with the computed figures.

    python -m netdsl.analysis.conformance.lessons docs/zoo.in.md > docs/zoo.md

A blank names a figure of a network of the zoo, or of a ```net fence on the page (by the name in its `net` line); `#`
names a part. Several figures are added, subtracted or divided from left to right; `as` says how the result is shown:

    {{params vgg:D}}                                        138,357,544
    {{macs resnet:50-layer as .2G}}                         3.86G
    {{params vgg_torchvision:16#classifier / params vgg:D as .0%}}   89%
    {{top5 vgg:D}}                                          what the spec reports, as it is written

Nothing else can be written in a blank, and no text of a page is executed. Every fence is compiled and its claims are
checked.
"""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path

from netdsl.analysis.conformance.figures import KNOWN, figure
from netdsl.compiler import load, loads
from netdsl.ir import Network
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import SpecError

_BLANK = re.compile(r"\{\{(.+?)\}\}")
_FENCE = re.compile(r"^```net\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FIGURE = re.compile(r"\s*(?:([-+/])\s)?\s*([a-z0-9_]+) ([A-Za-z0-9_.:-]+)(?:#([A-Za-z0-9_.+-]+))?")
_FORMAT = re.compile(r"\s+as (?:\.(\d))?([KMG%x])\s*$")
_OPERATIONS = {"+": Fraction.__add__, "-": Fraction.__sub__, "/": Fraction.__truediv__}
_UNITS = {"K": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "x": Fraction(1), "%": Fraction(1, 100)}


class LessonError(ValueError):
    """A blank that cannot be filled in: the message names its line."""


def fill(template: str) -> str:
    """The page. Raises `LessonError` for a blank that names no figure, or a fence that is no valid spec."""
    known: dict[str, Network] = {}
    for fence in _FENCE.finditer(template):
        try:
            network = loads(fence[1])
        except SpecError as problem:
            line = template.count("\n", 0, fence.start()) + 1
            raise LessonError(f"line {line}: the fence is wrong: {problem.diagnostics[0].message}") from None
        known[network.name] = network

    def value(blank: re.Match[str]) -> str:
        try:
            return _value(blank[1], known)
        except (KeyError, ValueError, ArithmeticError, SpecError) as problem:
            line = template.count("\n", 0, blank.start()) + 1
            raise LessonError(f"line {line}: {blank[0]} cannot be filled in: {_said(problem)}") from None

    return _BLANK.sub(value, template)


def _said(problem: Exception) -> str:
    """What an exception says, in words."""
    if isinstance(problem, ZeroDivisionError):
        return "it is a division by zero"
    return str(problem.args[0]) if isinstance(problem, KeyError) else str(problem)


def _value(blank: str, known: dict[str, Network]) -> str:
    shown = _FORMAT.search(blank)
    rest = blank[: shown.start()] if shown else blank
    total: Fraction | None = None
    while rest.strip():
        term = _FIGURE.match(rest)
        if term is None or (term[1] is None) != (total is None):
            raise ValueError("a blank is QUANTITY NETWORK[#PART], and more of them after +, - or /")
        found = _figure(term[2], term[3], term[4], known)
        rest = rest[term.end() :]
        if isinstance(found, str):
            if total is not None or rest.strip() or shown:
                raise ValueError(f"{term[2]} is no number to compute with")
            return found
        total = Fraction(found) if total is None else _OPERATIONS[term[1]](total, found)
    if total is None:
        raise ValueError("it is empty")
    if shown is None:
        if total.denominator != 1:
            raise ValueError("say how to show it: `as .1x`, `as .0%`")
        return f"{total.numerator:,}"
    number = f"{float(total / _UNITS[shown[2]]):,.{int(shown[1] or 1)}f}"
    return number + shown[2].replace("x", "")


def _figure(quantity: str, name: str, part: str | None, known: dict[str, Network]) -> int | str:
    if name not in known:
        known[name] = load(name)
    network = known[name]
    if quantity in KNOWN:
        found = figure(network, f"{part}.{quantity}" if part else quantity)
        return found if isinstance(found, int) else shape_text(found)
    for each in network.reported:
        if (each.label, each.quantity) == (part, quantity):
            return each.text
    raise KeyError(f"{name} neither computes nor reports {quantity}")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m netdsl.analysis.conformance.lessons TEMPLATE > PAGE", file=sys.stderr)
        return 2
    try:
        page = fill(Path(arguments[0]).read_text("utf-8"))
    except (OSError, LessonError) as problem:
        print(f"{arguments[0]}: {problem}", file=sys.stderr)
        return 1
    sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
