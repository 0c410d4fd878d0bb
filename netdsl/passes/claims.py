"""The spec's claims against what the compiler computes: `-> CxHxW` and `expect`.

A figure holds when the computed one, rounded to the digits that are printed, is the printed one: 143,667,240 is
`144M`, and 1,814,073,344 is `1.8G`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from netdsl import foreign
from netdsl.ir import Figure, Network, Node
from netdsl.ops.shared.notation import notation
from netdsl.passes.costs import cost
from netdsl.passes.depth import depths
from netdsl.passes.memory import BYTES, alive
from netdsl.passes.receptive import receptive_fields
from netdsl.shapes import numel, text
from netdsl.text.diagnostics import Related, Report, did_you_mean

QUANTITIES = (
    "params", "macs", "depth", "output", "field", "stride", "memory", "units", "frozen", "aux_params", "connections"
)  # fmt: skip
"""What can be claimed: each is computed, for the whole network or for a part of it."""
SHAPES = ("output", "field", "stride")
"""The quantities that are a shape, or a single number."""
_TOTALS = {"params": "params", "macs": "macs", "depth": "depth", "frozen": "frozen_params", "aux_params": "aux_params"}
"""The quantities of a whole network that its totals hold."""
_SUFFIXES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def precision(written: str) -> Fraction | None:
    """The unit of the last printed digit: `144M` is exact to a million, `1.8G` to a tenth of 10^9, `60000` to one.

    None where the text is not a plain number.
    """
    match = re.fullmatch(r"\s*\d*(?:\.(\d+))?(?:[eE]([+-]?\d+))?([KMGT]?)\s*", written)
    if not match:
        return None
    return Fraction(10) ** (int(match[2] or 0) - len(match[1] or "")) * _SUFFIXES[match[3]]


def holds(computed: float, value: Any, written: str) -> bool:
    """Whether a figure, rounded (half up) to the printed digits, is the printed one."""
    unit = precision(written)
    if unit is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return bool(computed == value)
    return (Fraction(computed) / unit + Fraction(1, 2)).__floor__() * unit == _exact(written)


def _exact(written: str) -> Fraction:
    written = written.strip()
    suffix = written[-1] if written[-1] in "KMGT" else ""
    return Fraction(written.removesuffix(suffix)) * _SUFFIXES[suffix]


def find(network: Network, label: str) -> tuple[tuple[Node, ...], int] | None:
    """The nodes and the last value of what the spec calls `label`: a label, or a dotted path of modules."""
    part = network.named.get(label) if label else None
    if part is None:
        return None
    return ((part,), part.id) if isinstance(part, Node) else (tuple(part.nodes()), part.exit)


def computed(network: Network, label: str | None, quantity: str) -> Any:
    """A figure of the network, or of the part called `label`.

    `field` is what one value sees of the input, in pixels: all of it behind attention, recurrent layers, global
    pooling and fully connected ones. `stride` is how far neighbours are apart in the input; both are one number where
    all dimensions agree. `memory` is the bytes alive at most at once in inference, in float32, without the weights.
    `KeyError` for an unknown label, `ValueError` where the figure is unknown.
    """
    if label is None:
        if not network.complete:
            raise ValueError("unknown")
        if network.totals is not None and quantity in _TOTALS:
            return getattr(network.totals, _TOTALS[quantity])
        nodes, value = network.nodes, network.result
    else:
        found = find(network, label)
        if found is None:
            raise KeyError(label)
        nodes, value = found
    aux = network.aux_nodes if label is None else frozenset[int]()
    if quantity == "output":
        shape = network.shapes[value]
        if shape is None:
            raise ValueError("unknown")
        return shape
    if quantity == "depth":
        return depths(network)[value]
    if quantity in ("field", "stride"):
        return _seen(network, value, quantity)
    if any(node.shape is None for node in nodes):
        raise ValueError("unknown")
    if quantity == "memory":
        use = alive(network)
        given = sum(numel(item.shape) for item in network.inputs) if label is None else 0
        return BYTES * max((use.get(node.id, 0) for node in nodes), default=given)
    costs = [(node, cost(network, node)) for node in nodes]
    main = [(node, each) for node, each in costs if node.id not in aux]
    if quantity == "params":
        return sum(each.params for _, each in main)
    if quantity == "aux_params":
        return sum(each.params for node, each in costs if node.id in network.aux_nodes)
    if quantity == "macs":
        return sum(each.macs for _, each in main)
    if quantity == "frozen":
        return sum(each.frozen for _, each in main)
    if quantity == "connections":
        return sum(
            node.op.connections(shapes) for node, _ in main if (shapes := network.input_shapes(node)) is not None
        )
    # units: the outputs of the weight layers
    return sum(numel(node.shape) for node, _ in main if node.op.weight_layer and node.shape is not None)


def _seen(network: Network, value: int, quantity: str) -> Any:
    """The receptive field of a value or its stride: one number where all dimensions agree."""
    field = receptive_fields(network)[value]
    if field is None:
        raise ValueError("unknown")
    sizes: tuple[Any, ...] = field.pixels
    if quantity == "stride":
        sizes = tuple(int(step) if step.denominator == 1 else float(step) for step in field.jump)
    elif field.whole:
        rank = max(len(item.shape) for item in network.inputs)
        alike = [item.shape for item in network.inputs if len(item.shape) == rank]
        sizes = tuple(map(max, zip(*(shape[1:] or shape for shape in alike), strict=True)))
    return sizes[0] if len(set(sizes)) == 1 else sizes or 1


def show(quantity: str, value: Any) -> str:
    return text(value) if isinstance(value, tuple) else f"{value:,}"


def verify_claims(network: Network, report: Report) -> None:
    """Report every claim that does not hold."""
    for claim in network.shape_claims:
        shape = network.shapes[claim.value]
        if shape is not None and shape != claim.shape:
            made = network.node(claim.value)
            related = []
            file, *ends = claim.statement
            if made is not None and not (made.span.file == file and made.span.start in range(*ends)):
                related.append(Related(made.span, f"made here: {text(shape)}"))
            report.error(
                "E0501",
                f"the output is {text(shape)}, not {text(claim.shape)}",
                claim.span,
                related=related,
                help=_shape_help(network, made, shape, claim.shape),
            )
    for figure in network.expected:
        _expect(network, figure, report)


def _shape_help(network: Network, made: Node | None, shape: tuple[int, ...], claimed: tuple[int, ...]) -> str | None:
    """Why the sizes differ, where that can be said."""
    if len(shape) == 3 and len(claimed) == 1 and shape[1:] == (1, 1) and shape[0] == claimed[0]:
        return f"write `-> {text(shape)}`: the plane of 1x1 is still there"
    if len(shape) == len(claimed) == 3 and claimed == (*shape[1:], shape[0]):
        return f"channels come first: write `-> {text(shape)}`"
    if made is None:
        return None
    shapes = network.input_shapes(made)
    return f"`{notation(made.op)}` makes it of {text(shapes[0])}" if shapes and len(shapes) == 1 else None


def _expect(network: Network, figure: Figure, report: Report) -> None:
    what = f"{figure.label}.{figure.quantity}" if figure.label else figure.quantity
    if figure.quantity not in QUANTITIES:
        help = foreign.QUANTITIES.get(figure.quantity.lower()) or did_you_mean(figure.quantity, QUANTITIES, "there are")
        report.error(
            "E0503",
            f"`{figure.quantity}` cannot be computed",
            figure.span,
            help=f"{help or ''}\nwhat the paper prints beyond these goes into `reported {figure.quantity} = ...`",
        )
        return
    try:
        value = computed(network, figure.label, figure.quantity)
    except KeyError:
        labels = [scope.label for scope in network.body.scopes() if scope.label] + [
            n.label for n in network.nodes if n.label
        ]
        report.error(
            "E0502", f"nothing is labelled `{figure.label}`", figure.span, help=did_you_mean(str(figure.label), labels)
        )
        return
    except ValueError:
        return  # an error that has been told leaves the figure unknown
    if figure.quantity in SHAPES and (isinstance(value, tuple) or isinstance(figure.value, tuple)):
        wanted = figure.value if isinstance(figure.value, tuple) else (figure.value,)
        sizes = value if isinstance(value, tuple) else (value,) * len(wanted)
        if sizes != wanted:
            report.error("E0504", f"`{what}` is {show(figure.quantity, value)}, not {figure.text}", figure.span)
    elif isinstance(figure.value, bool) or not isinstance(figure.value, (int, float)):
        report.error("E0504", f"`{what}` is {show(figure.quantity, value)}; {figure.text} is no number", figure.span)
    elif not holds(value, figure.value, figure.text):
        report.error(
            "E0504",
            f"`{what}` is {show(figure.quantity, value)}, not {figure.text}",
            figure.span,
            help="`netdsl summary` shows it by layers; `reported` records a figure of the paper that is known to err",
        )
