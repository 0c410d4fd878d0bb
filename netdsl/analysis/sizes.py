"""The valid inputs of a spec, also where the text speaks of its sizes, so that another input makes other layers.

Where a block takes `length` for the width of a layer, the layers of one network say nothing of another input's. Such a
dimension is tried: the spec is compiled for each size up to some, and goes on from there as the layers repeat. All else
is solved (`passes.sizes`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netdsl.ir import Network
from netdsl.passes.sizes import Inputs, changing_weights, condition, keeps_shape, valid_inputs
from netdsl.passes.sizes.sets import canonical
from netdsl.shapes import Shape, text
from netdsl.text.source import Span

_TRIED = 64
"""So many sizes are tried at the least."""


@dataclass(frozen=True)
class Valid:
    """The valid inputs of a network; `tried` says for which dimensions up to which size the spec was compiled anew."""

    network: Network
    inputs: Inputs
    tried: dict[str, int]


def valid(network: Network, compiles: Callable[[Shape], bool]) -> Valid | None:
    """The valid inputs of the network that a spec makes; `compiles` says whether it makes one of another input. None
    where they are too many to tell or none was found."""
    inputs = valid_inputs(network)
    if inputs is None:
        return None
    found, tried = [], {}
    for each in inputs.dimensions:
        if each.asks:
            period = each.solution.period
            last = period * -(-max(_TRIED, 3 * period, inputs.base[each.place]) // period)
            shapes = (
                tuple(n if at == each.place else m for at, m in enumerate(inputs.base)) for n in range(1, last + 1)
            )
            flags = bytes([0, *map(compiles, shapes)])
            each = each._replace(sizes=canonical(flags, period), causes=())
            tried[each.name] = last
        found.append(each)
    return Valid(network, inputs._replace(dimensions=tuple(found), joint=inputs.joint and not tried), tried)


def told(found: Valid) -> list[str]:
    """What `netdsl sizes` prints: the sizes, why they are no more, and what changes with them."""
    inputs, network = found.inputs, found.network
    lines = [f"valid inputs: {inputs.text() or 'any ' + ', '.join(each.letter for each in inputs.dimensions)}"]
    if inputs.joint:
        lines.append(f"  the dimensions depend on each other; the others being those of {text(inputs.base)}")
    lines.append(f"smallest input: {text(inputs.smallest)}")
    by_cause: dict[str, list[str]] = {}
    for each in inputs.dimensions:
        for cause in each.causes:
            by_cause.setdefault(f"{condition('%', cause.left)}|{_place(network, cause.span)}", []).append(each.letter)
    if by_cause:
        lines.append("because of:")
    for key, letters in by_cause.items():
        words, _, place = key.partition("|")
        lines.append(f"  {place}: {words.replace('%', ', '.join(letters), 1)}")
    for name, last in found.tried.items():
        lines.append(
            f"  the spec speaks of the {name}: each up to {last} was compiled, and what follows is as the last"
        )
    plane = tuple(each for each in inputs.dimensions if each.name != "channels") or inputs.dimensions
    same = keeps_shape(network, plane)
    shape = text(network.shapes[network.result])
    sizes = ", ".join(each.letter for each in plane)
    lines.append(f"output: {shape} for every {sizes}" if same else f"output: its shape follows {sizes}; {shape} here")
    built = next((node for each in plane if not each.asks and (node := changing_weights(network, each))), None)
    anew = (
        "built anew for other sizes"
        if found.tried
        else f"`{built.path or built.op.name}` is built anew for other sizes"
        if built
        else "the same for every size"
    )
    lines.append(f"weights: {anew}")
    return lines


def _place(network: Network, span: Span) -> str:
    source = network.source_of(span)
    if source is None:
        return f"in {span.file}"
    words = " ".join(source.text[span.start : span.end].split())
    shown = words if len(words) <= 60 else f"{words[:57]}..."
    file = "" if span.file == network.body.span.file else f"{span.file}, "
    return f"{file}line {source.position(span.start).line}, `{shown}`"
