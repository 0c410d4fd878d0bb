"""Table 1 of the GoogLeNet paper (Szegedy et al. 2015): a row for each layer or module, with its filters in columns.

It prints networks of convolutions, pools and Inception modules of 1x1, 3x3, 5x5 and a projected pool. A 1x1 before a
3x3 is its reduction, in the same row. Parameters are without biases and their K is 1024, as the paper's are; ops are
multiply-adds. Left out are local response norms and the auxiliary heads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netdsl.analysis.tables import records
from netdsl.analysis.tables.layers import Conventions, NotPrintable, Unit, branches, by, field, single, split
from netdsl.analysis.tables.model import Table, cell, placed
from netdsl.analysis.tables.printed import Printed, notes
from netdsl.analysis.tables.records import Given, Unread
from netdsl.analysis.tables.spec import Spec, conventions
from netdsl.analysis.tables.spelling import layer, lines_alike, size
from netdsl.ir import Network, Node, Scope
from netdsl.ops.shared.notation import percent
from netdsl.passes.costs import cost
from netdsl.shapes import Shape, numel
from netdsl.text.diagnostics import Report

TITLE = "GoogLeNet, Table 1: Inception modules with their filters in columns"
KNOWN = "ten columns and more, `inception` in the first"
FILTERS = ("#1×1", "#3×3 reduce", "#3×3", "#5×5 reduce", "#5×5", "pool proj")
COLUMNS = ("type", "patch size/stride", "output size", "depth", *FILTERS, "params", "ops")
LEFT_OUT = ("lrn",)
TYPES = {
    "conv": ("convolution", "{by}"),
    "maxpool": ("max pool", "{by}"),
    "avgpool": ("avg pool", "{by}"),
    "gap": ("avg pool", "{plane}/1"),
    "dropout": ("dropout ({rate})", ""),
    "fc": ("linear", ""),
    "softmax": ("softmax", ""),
}
"""The first two cells of an operator."""


def write(networks: Sequence[Network]) -> Printed:
    """The table of one network."""
    network = single(networks)
    parts, hidden = split(network, LEFT_OUT)
    modules = {
        id(part): [unit for branch in branches(part) for unit in branch] for part in parts if isinstance(part, Scope)
    }
    if not modules:
        raise NotPrintable("it has no Inception modules")
    inside = [unit for units in modules.values() for unit in units if unit.op.name == "conv"]
    throughout = Conventions([[*(part for part in parts if isinstance(part, Unit)), *inside]])
    rows: list[list[str]] = []
    for before, part in zip([None, *parts], parts, strict=False):
        if isinstance(part, Scope):
            rows.append(_module(network, part, modules[id(part)]))
        elif isinstance(before, Unit) and _reduces(before, part):
            rows[-1] = _layer(network, [before, part])
        else:
            rows.append(_layer(network, [part]))
    table = Table(
        f"{network.name}: incarnation of the Inception architecture",
        (tuple(cell(*re.split(r"(?<=/)| (?!\()", name)) for name in COLUMNS),),
        tuple(tuple(cell(text) if text else cell() for text in row) for row in rows),
        notes(networks, throughout.defaults, hidden, papers=("macs", "params")),
        right=frozenset(range(3, 12)),
        stub=1,
    )
    return Printed.of([table], [hidden])


def _reduces(unit: Unit, then: Unit) -> bool:
    """Whether a layer is the 1x1 reduction of the next, and both stand in one row."""
    return (by(unit.op), by(then.op)) == ("1×1/1", "3×3/1") and unit.op.name == then.op.name == "conv"


def _layer(network: Network, units: Sequence[Unit]) -> list[str]:
    """The row of a layer, perhaps with its reduction."""
    op = units[-1].op
    if op.name not in TYPES:
        raise NotPrintable(f"it has no row for `{op.name}` in line {network.line(units[-1].last.span)}")
    plane = "×".join(map(str, (network.shapes[units[0].nodes[0].inputs[0]] or ())[1:]))
    rate = percent(field(op, "p") or 0.0)
    kind, patch = (each.format(by=by(op), plane=plane, rate=rate) for each in TYPES[op.name])
    filters = [""] * len(FILTERS)
    if len(units) > 1:
        filters[1:3] = [str(field(unit.op, "channels")) for unit in units]
    depth = str(sum(unit.op.weight_layer for unit in units))
    nodes = [node for unit in units for node in unit.nodes]
    return [kind, patch, _size(units[-1].last.shape), depth, *filters, *_figures(network, nodes)]


def _module(network: Network, scope: Scope, units: Sequence[Unit]) -> list[str]:
    """The row of an Inception module."""
    filters = [str(field(unit.op, "channels")) for unit in units if unit.op.name == "conv"]
    if scope.title != "concat" or len(filters) != len(FILTERS):
        raise NotPrintable(f"the `{scope.title}` in line {network.line(scope.span)} has not the filters of its columns")
    blocks = (each for each in network.body.scopes() if each.kind == "block" and scope in each.children)
    label = re.search(r"(\d+\w*)$", next((each.label or "" for each in blocks), ""))
    kind = f"inception ({label[1]})" if label else "inception"
    return [kind, "", _size(network.shapes[scope.exit]), "2", *filters, *_figures(network, list(scope.nodes()))]


def _figures(network: Network, nodes: Sequence[Node]) -> tuple[str, str]:
    """The parameters, without biases, and the multiply-adds."""
    weights = sum(
        numel(weight.shape)
        for node in nodes
        for name, weight in network.weights(node).items()
        if name != "bias" and weight.trainable and not weight.buffer
    )
    return _amount(weights, 1024, "K"), _amount(sum(cost(network, node).macs for node in nodes), 10**6, "M")


def _size(shape: Shape | None) -> str:
    channels, *plane = shape or (0,)
    return "×".join(map(str, (*(plane or (1, 1)), channels)))


def _amount(count: int, unit: int, letter: str) -> str:
    if not count:
        return ""
    digits = f"{count / unit:.1f}" if count < 10 * unit else f"{count / unit:.0f}"
    return digits.removesuffix(".0") + letter


# And back --------------------------------------------------------------------------------------------------------

CONVENTIONS = ("conv(act=relu)", "maxpool(ceil=true)")
"""The paper's: all convolutions have rectified activations; its sizes are those of pools that round up."""
_TYPE = "a type: convolution, max pool, avg pool, inception, dropout, linear, softmax"
_KINDS = re.compile(r"conv|max|av|inception|drop|linear|fc|fully|soft")
_OUT = "a size such as 28×28×256"


def fits(table: Table) -> bool:
    """Whether a table has the columns of this one: at least ten, with Inception modules in its first."""
    first = [lines_alike(row[0].cell.lines).lower() for row in placed(table) if row]
    return table.width >= 10 and any(text.startswith("inception") for text in first)


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table; its output sizes become claims."""
    columns = {name: number for number, name in enumerate(COLUMNS)}
    statements = records.read(table, columns, _Rows().statement, report, first=0)
    if not statements:
        return None
    common = conventions(table.notes, CONVENTIONS)
    name = table.title.partition(":")[0] or "GoogLeNet"
    return Spec(name, common.input, common.defaults, ("",), tuple((each,) for each in statements), common.assumed)


class _Rows:
    """What the rows mean, from the top: the average over a whole plane is known by the row above."""

    def __init__(self) -> None:
        self.begun = False
        self.plane: tuple[int, ...] = ()
        self.labels: set[str] = set()

    def statement(self, given: Given) -> str:
        kind = given["type"].lower()
        if (not self.begun and not _KINDS.match(kind)) or not any(given.values()):
            return ""  # a head
        self.begun = True
        out = size(given["output size"])
        if given["output size"] and out is None:
            raise Unread("output size", _OUT)
        said = self.layer(kind, given, out)
        plane, self.plane = self.plane, (out or ())[:2]
        if said.startswith("avgpool") and said == f"avgpool{_square(plane)}/1":
            said = "gap"  # a window over all of the plane
        whole = out is not None and len(out) == 3 and not said.startswith(("fc", "softmax"))
        return f"{said} -> {out[2]}x{out[0]}x{out[1]}" if whole and out else said

    def layer(self, kind: str, given: Given, out: tuple[int, ...] | None) -> str:
        if kind.startswith("inception"):
            return self.module(kind, given)
        if kind.startswith("conv"):
            return _convolution(given, out)
        if kind in ("linear", "fc", "fully connected"):
            if out is None:
                raise Unread("output size", "the features that come out")
            return f"fc-{out[-1]}"
        said = layer(f"{kind} {given['patch size/stride']}".strip())
        if "pool" in kind and (said is None or not given["patch size/stride"]):
            raise Unread("patch size/stride", "a patch size and stride such as 3×3/2")
        if said is None:
            raise Unread("type", _TYPE)
        return said

    def module(self, kind: str, given: Given) -> str:
        for name in FILTERS:
            if not given[name].isdigit():
                raise Unread(name, f"the number of filters of {name}")
        found = re.search(r"\(?\s*(\w+)\s*\)?$", kind.removeprefix("inception"))
        label = f"inception{found[1]}" if found else ""
        said = f"{label}: " if label and label not in self.labels else ""
        self.labels.add(label)
        return f"{said}inception({', '.join(given[name] for name in FILTERS)})"


def _convolution(given: Given, out: tuple[int, ...] | None) -> str:
    """A convolution: its filters are in the column of its kernel, else in its output size; its reduction before it."""
    patch = re.fullmatch(r"(\d+)x(\d+)\s*/\s*(\d+)", given["patch size/stride"])
    if patch is None:
        raise Unread("patch size/stride", "a patch size and stride such as 7×7/2")
    kernel = _square((int(patch[1]), int(patch[2])))
    of, reduce = (f"#{kernel}×{kernel}" if kernel in "135" else "#1×1"), f"#{kernel}×{kernel} reduce"
    channels = given[of] or (str(out[2]) if out and len(out) == 3 else "")
    if not channels.isdigit():
        raise Unread("output size", "an output size with its channels, such as 112×112×64")
    first = given.get(reduce, "")
    if first and not first.isdigit():
        raise Unread(reduce, "a number of filters")
    stride = f"/{patch[3]}" if patch[3] != "1" else ""
    return (f"conv1-{first}; " if first else "") + f"conv{kernel}-{channels}{stride}"


def _square(plane: Sequence[int]) -> str:
    return "x".join(map(str, plane if len(set(plane)) > 1 else plane[:1]))
