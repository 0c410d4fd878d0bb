"""The figures of a part of the network in Markdown: shapes in and out, parameters, multiply-adds, receptive field,
weights."""

from __future__ import annotations

from netdsl.ir import Node, Scope, written
from netdsl.ops.shared.notation import notation
from netdsl.passes.sizes import valid_inputs
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.text.source import Span
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.names import Symbol
from netdsl.tools.lsp.places import Placed, Places, extent

LARGEST = 2000
"""In networks with more layers no sizes are solved while somebody waits."""
MOST = 12
"""So many weights, or calls, are listed; a summary has the others."""


def statement(document: Document, layer: tree.Layer | tree.Input, variant: str | None) -> str:
    """The figures of a statement, its repetitions together."""
    return "" if isinstance(layer, tree.Input) else placed(document, extent(layer), variant)


def sizes(document: Document, variant: str | None) -> str:
    """For which inputs the network is defined; empty where that cannot be told."""
    network = document.network(variant)
    inputs = valid_inputs(network) if network is not None and len(network.nodes) <= LARGEST else None
    if inputs is None or any(each.asks for each in inputs.dimensions):
        return ""
    return f"valid inputs: {inputs.text() or 'any size'}; the smallest is {text(inputs.smallest)}"


def placed(document: Document, span: Span, variant: str | None) -> str:
    """The figures of what a stretch of the text became; empty where it became nothing, or its shapes are unknown."""
    places = document.places(variant)
    found = sorted(places.of(span), key=lambda each: each.exit) if places is not None else []
    if places is None or not found:
        return ""
    if len(found) == 1:
        return _one(places, found[0])
    lines = [f"placed {len(found):,} times"]
    lines += [f"- {_title(each)}{_shapes(places, each)}" for each in found[:MOST]]
    if len(found) > MOST:
        lines.append(f"- and {len(found) - MOST:,} more")
    return lines[0] + "\n\n" + "\n".join(lines[1:])


def _one(places: Places, part: Placed) -> str:
    parts = [_title(part) + _shapes(places, part)]
    cost = places.cost(part)
    figures = [f"{cost.params:,} params", f"{cost.macs:,} multiply-adds"]
    if cost.frozen:
        figures.insert(1, f"{cost.frozen:,} frozen")
    if places.network.shapes[part.exit] is not None:
        parts.append(", ".join(figures) + _field(places, part.exit))
    parts.append("\n".join(f"- {each}" for each in _weights(places, part)))
    return "\n\n".join(filter(None, parts))


def _title(part: Placed) -> str:
    main = part.main
    name = f"`{part.path}` " if part.path else ""
    return f"{name}{f'`{notation(main.op)}` ' if isinstance(main, Node) else ''}"


def _shapes(places: Places, part: Placed) -> str:
    shapes = places.network.shapes
    return f"{text(shapes[part.entry])} -> {text(shapes[part.exit])}"


def _field(places: Places, value: int) -> str:
    field = places.field(value)
    if field is None:
        return ""
    if field.whole:
        return ", sees the whole input"
    return f", receptive field {'x'.join(map(str, field.pixels))}"


def _weights(places: Places, part: Placed) -> list[str]:
    """The tensors in the `state_dict`, with their shapes; of a larger part only how many there are."""
    if any(isinstance(each, Scope) and each.kind != "unit" for each in part.parts):
        return []
    found = []
    for node in part.nodes():
        for name, weight in places.network.weights(node).items():
            path = ".".join(filter(None, (node.path, name)))
            found.append(f"`{path}` {text(weight.shape) or 'scalar'}{' (buffer)' if weight.buffer else ''}")
    return found[:MOST]


def network(document: Document, variant: str | None) -> str:
    """The figures of the whole network."""
    made = document.network(variant)
    if made is None or made.totals is None or not made.complete:
        return ""
    name = f"{made.name} {made.variant}" if made.variant else made.name
    totals = made.totals
    figures = [f"{totals.params:,} params", f"{totals.macs:,} multiply-adds", f"depth {totals.depth}"]
    if totals.aux_params:
        figures.append(f"{totals.aux_params:,} params in aux heads")
    if totals.frozen_params:
        figures.append(f"{totals.frozen_params:,} frozen")
    shapes = ", ".join(text(each.shape) for each in made.inputs)
    return f"**{name}** {shapes} -> {text(made.output)}\n\n" + ", ".join(figures)


def calls(document: Document, block: tree.Block, variant: str | None) -> str:
    """Where the network calls a block: with which arguments, and what each call makes of what."""
    places = document.places(variant)
    if places is None:
        return ""
    lines = []
    for scope in places.network.body.scopes():
        if scope.kind == "block" and scope.title == block.name.text:
            part = Placed(scope.entry, scope.exit, (scope,))
            values = ", ".join(f"{name}={written(value)}" for name, value in scope.arguments.items())
            lines.append(
                f"- {f'`{scope.path}` ' if scope.path else ''}({values}): {_shapes(places, part)}, "
                f"{places.cost(part).params:,} params"
            )
            if len(lines) == MOST:
                lines.append("- ...")
                break
    return "\n".join(lines)


def arguments(document: Document, parameter: Symbol, variant: str | None) -> str:
    """The values that a block's parameter has in the network's calls of it."""
    made = document.network(variant)
    block = next((each for each in document.names.blocks.values() if parameter in each.parameters.values()), None)
    if made is None or block is None:
        return ""
    values = {
        written(scope.arguments[parameter.name]): None
        for scope in made.body.scopes()
        if scope.kind == "block" and scope.title == block.name and parameter.name in scope.arguments
    }
    listed = list(values)[:MOST]
    return f" of `{block.name}`" + (f" = `{', '.join(listed)}`" if listed else "")
