"""The spec's properties against the network: `property output.height == input.height / 32`.

A property holds for every valid input. Where it asks for shapes alone, that is proved: the condition is evaluated with
the numbers that stand for all sizes of a dimension (`sizes.progression`), family by family, so a counterexample is the
smallest there is. Figures such as `params` are those of the network as it is. Division is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netdsl.ir import Network, Property
from netdsl.passes.conditions import Figures, Meaningless, Unknown
from netdsl.passes.sizes import Family, Inputs, valid_inputs
from netdsl.passes.sizes.progression import Apart
from netdsl.shapes import Shape, text
from netdsl.syntax import parse_value, tree
from netdsl.syntax.scan import uncommented
from netdsl.text.diagnostics import Related, Report
from netdsl.text.source import Span

CODE = "E0505"


@dataclass(frozen=True)
class Counterexample:
    """Where a property does not hold: the input's shape, and the figures that it names there."""

    shape: Shape
    figures: dict[str, Any]


def condition(property: Property) -> tree.Expression:
    """The condition of a property, read again."""
    found = parse_value(property.text, Report())
    assert found is not None
    return found


def verify_properties(network: Network, report: Report) -> None:
    """Report every property that does not hold for some valid input. Those over params are left to who can set them,
    but for the values that they have."""
    if not network.complete:
        return
    inputs = None
    for each in network.properties:
        if not all(_within(network.settings.get(name), *ends) for name, ends in each.domains.items()):
            continue
        parsed = condition(each)
        try:
            found = false_as_it_is(network, parsed)
            if found is None and not each.domains:
                inputs = inputs or valid_inputs(network)
                found = counterexample(network, parsed, inputs) if inputs is not None else None
        except Meaningless as wrong:
            report.error("E0503", str(wrong), _place(network, each, wrong.span), help=wrong.help)
            continue
        if found is not None:
            related = [Related(span, f"`{label}`") for label, span in _parts(network, found)]
            help = "a property is about every valid input; of the network as it is, a figure is claimed by `expect`"
            report.error(CODE, f"the property does not hold: {told(found)}", each.span, help=help, related=related)


def _within(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most


def _parts(network: Network, found: Counterexample) -> Iterator[tuple[str, Span]]:
    """The labels whose figures are asked for, each with the statement that it stands for."""
    for name in found.figures:
        label = name.rpartition(".")[0]
        part = network.named.get(label) if label else None
        if part is not None:
            yield label, part.span


def told(found: Counterexample) -> str:
    """`not for an input of 3x1x64: output.height is 1`."""
    figures = ", ".join(f"{name} is {_shown(value)}" for name, value in found.figures.items())
    return f"not for an input of {text(found.shape)}" + (f", where {figures}" if figures else "")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return text(value)
    return f"{value:,}" if isinstance(value, int) and value > 9999 else str(value)


def _place(network: Network, property: Property, part: Span) -> Span:
    """Where in the spec a part of a condition stands: behind as many signs, between which more blanks and comments."""
    source = network.source_of(property.span)
    assert source is not None
    written = uncommented(source.slice(property.span))
    signs = [property.span.start + at for at, sign in enumerate(written) if not sign.isspace()]
    first, last = (len("".join(f"property{property.text[:end]}".split())) for end in (part.start, part.end - 1))
    return Span(property.span.file, signs[first], signs[last] + 1)


def false_as_it_is(network: Network, parsed: tree.Expression) -> Counterexample | None:
    """Where a condition is false of a network as it is; None where it holds. Raises `Meaningless`."""
    asked = Figures(network, network.shapes)
    return None if asked.truth(parsed) else Counterexample(network.inputs[0].shape, asked.seen)


def counterexample(network: Network, parsed: tree.Expression, inputs: Inputs) -> Counterexample | None:
    """The smallest valid input for which a condition is false, one dimension going its way at a time; None where it
    holds for all, or asks for figures that are not known for other inputs."""
    found: list[Counterexample] = []
    for each in inputs.dimensions:
        if each.asks:
            continue
        for family in each.solution.families:
            if family.refused is None and (size := _smallest(network, parsed, family)) is not None:
                shape = tuple(size if at == each.place else n for at, n in enumerate(inputs.base))
                shapes = [family.shape_at(value, size) for value in range(len(network.shapes))]
                figures = Figures(network, shapes)
                figures.truth(parsed)
                found.append(Counterexample(shape, figures.seen))
    return min(found, key=lambda each: (math.prod(each.shape), each.shape), default=None)


def _smallest(network: Network, parsed: tree.Expression, family: Family) -> int | None:
    """The smallest size of a family for which a condition is false; None where it holds, or cannot be told."""
    left = [family]  # the smallest sizes last
    false: list[int] = []
    for _ in range(2000):
        if not left:
            break
        part = left.pop()
        figures = Figures(network, part.shapes, general=True)
        try:
            if not figures.truth(parsed):
                false.append(part.start)
        except Apart as apart:
            left += reversed(list(part.parts(apart)))
        except Unknown:
            return None
    return min(false, default=None)
