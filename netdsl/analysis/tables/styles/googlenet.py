"""Table 1 of the GoogLeNet paper (Szegedy et al. 2015): a row for each layer or module, with its filters in columns.

It prints networks of convolutions, pools and Inception modules of 1x1, 3x3, 5x5 and a projected pool. A 1x1 before a
3x3 is its reduction, in the same row. Parameters are without biases and their K is 1024, as the paper's are; ops are
multiply-adds. Left out are local response norms and the auxiliary heads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netdsl.analysis.tables.layers import Conventions, NotPrintable, Unit, branches, grouped, items
from netdsl.analysis.tables.model import Place, Table, cell, placed
from netdsl.analysis.tables.printed import Printed, notes
from netdsl.analysis.tables.spec import Spec, conventions, unread
from netdsl.analysis.tables.spelling import lines_alike, size
from netdsl.ir import Network, Node, Scope
from netdsl.ops.shared.notation import percent
from netdsl.passes.costs import cost
from netdsl.shapes import Shape, numel
from netdsl.text.diagnostics import Report

TITLE = "GoogLeNet, Table 1: Inception modules with their filters in columns"
COLUMNS = (
    *("type", "patch size/stride", "output size", "depth", "#1×1", "#3×3 reduce", "#3×3", "#5×5 reduce", "#5×5"),
    *("pool proj", "params", "ops"),
)
_FILTERS = range(4, 10)
_KERNELS = (((1, 1),), ((1, 1), (3, 3)), ((1, 1), (5, 5)))


def write(networks: Sequence[Network]) -> Printed:
    """The table of one network."""
    if len(networks) > 1:
        raise NotPrintable("its variants are one table each; choose one with FILE:VARIANT")
    (network,) = networks
    parts = list(grouped(items(network)))
    if not any(isinstance(part, Scope) for part in parts):
        raise NotPrintable("it has no Inception modules")
    hidden = [part for part in parts if isinstance(part, Unit) and part.op.name == "lrn"]
    shown = [part for part in parts if part not in hidden]
    modules = [unit for part in shown if isinstance(part, Scope) for branch in branches(part) for unit in branch]
    convs = [unit for unit in modules if unit.op.name == "conv"]  # the pool in a module is a part of what it is
    printer = _Printer(network, Conventions([[*(part for part in shown if isinstance(part, Unit)), *convs]]))
    rows = []
    while shown:
        part = shown.pop(0)
        then = shown[0] if shown else None
        if isinstance(part, Scope):
            rows.append(printer.module(part))
        elif isinstance(then, Unit) and printer.reduces(part, then):
            rows.append(printer.layer([part, then]))
            shown.pop(0)
        else:
            rows.append(printer.layer([part]))
    table = Table(
        f"{network.name}: incarnation of the Inception architecture",
        (tuple(map(cell, COLUMNS)),),
        tuple(tuple(cell(text) if text else cell() for text in row) for row in rows),
        notes(networks, printer.conventions.defaults, hidden, papers=("macs", "params")),
        right=frozenset(range(3, 12)),
    )
    return Printed((table,), (frozenset(node.id for unit in hidden for node in unit.nodes),))


class _Printer:
    def __init__(self, network: Network, conventions: Conventions):
        self.network = network
        self.conventions = conventions

    def reduces(self, unit: Unit, then: Unit) -> bool:
        """Whether a layer is the 1x1 reduction of the next, and both stand in one row."""
        return _kernel(unit) == (1, 1) and _kernel(then) == (3, 3) and unit.op.stride == then.op.stride == (1, 1)  # type: ignore[attr-defined]

    def layer(self, units: Sequence[Unit]) -> list[str]:
        """The row of a layer, perhaps with its reduction."""
        unit = units[-1]
        row = [""] * len(COLUMNS)
        name, op = unit.op.name, unit.op
        before = self.network.shapes[unit.nodes[0].inputs[0]]
        if name == "conv":
            row[0] = "convolution"
            if len(units) == 2:
                row[5], row[6] = (str(each.op.channels) for each in units)  # type: ignore[attr-defined]
        elif name in ("maxpool", "avgpool"):
            row[0] = "max pool" if name == "maxpool" else "avg pool"
        elif name == "gap" and before is not None:
            row[0], row[1] = "avg pool", f"{before[1]}×{before[2]}/1"
        elif name == "dropout":
            row[0] = f"dropout ({percent(op.p)})"  # type: ignore[attr-defined]
        elif name == "fc":
            row[0] = "linear"
        elif name == "softmax":
            row[0] = "softmax"
        else:
            raise NotPrintable(f"it has no row for `{name}` in line {self.network.line(unit.last.span)}")
        for each in units:
            self.plain(each, each is unit and name == "fc")
        if name in ("conv", "maxpool", "avgpool"):
            kernel = op.kernel  # type: ignore[attr-defined]
            if kernel is None:
                raise NotPrintable(f"it has no row for a pool to a size in line {self.network.line(unit.last.span)}")
            row[1] = "×".join(map(str, kernel)) + f"/{(op.stride or kernel)[0]}"  # type: ignore[attr-defined]
        self.figures(row, [node for each in units for node in each.nodes])
        row[2] = _size(unit.last.shape)
        row[3] = str(sum(each.op.weight_layer for each in units))
        return row

    def module(self, scope: Scope) -> list[str]:
        """The row of an Inception module."""
        each = branches(scope)
        if scope.title != "concat" or len(each) != 4:
            raise NotPrintable(
                f"the `{scope.title}` in line {self.network.line(scope.span)} has not the four branches of its columns"
            )
        *convs, pool = each
        for found, kernels in zip(convs, _KERNELS, strict=True):
            if tuple(map(_kernel, found)) != kernels:
                wanted = " and ".join(f"{k[0]}x{k[1]}" for k in kernels)
                raise NotPrintable(f"a branch of the module in line {self.network.line(scope.span)} is not {wanted}")
        ops = [unit.op for unit in pool]
        fits = len(ops) == 2 and ops[0].name == "maxpool" and _kernel(pool[1]) == (1, 1)
        if not fits or (ops[0].kernel, ops[0].stride, set(ops[0].pad)) != ((3, 3), (1, 1), {1}):  # type: ignore[attr-defined]
            raise NotPrintable(
                f"the pool of the module in line {self.network.line(scope.span)} is not 3x3/1 with a projection"
            )
        filters = [unit for branch in each for unit in branch if unit.op.name == "conv"]
        for unit in filters:
            self.plain(unit, False)
        row = [""] * len(COLUMNS)
        label = re.search(r"(\d+\w*)$", self.label(scope))
        row[0] = f"inception ({label[1]})" if label else "inception"
        row[2] = _size(self.network.shapes[scope.exit])
        row[3] = "2"
        row[4:10] = [str(unit.op.channels) for unit in filters]  # type: ignore[attr-defined]
        self.figures(row, list(scope.nodes()))
        return row

    def label(self, scope: Scope) -> str:
        """What the spec calls the block that a module is the body of."""
        return next(
            (
                each.label or ""
                for each in self.network.body.scopes()
                if each.kind == "block" and scope in each.children
            ),
            "",
        )

    def plain(self, unit: Unit, final: bool) -> None:
        """Make sure that a layer has nothing that the table does not say."""
        text = self.conventions.text(unit, final)
        given = text.partition("(")[2]
        if given and unit.op.name != "dropout":
            raise NotPrintable(f"it has no place for `{text}` in line {self.network.line(unit.nodes[0].span)}")

    def figures(self, row: list[str], nodes: Sequence[Node]) -> None:
        """The parameters, without biases, and the multiply-adds."""
        weights = sum(
            numel(weight.shape)
            for node in nodes
            for name, weight in self.network.weights(node).items()
            if name != "bias" and weight.trainable and not weight.buffer
        )
        macs = sum(cost(self.network, node).macs for node in nodes)
        row[10], row[11] = _amount(weights, 1024, "K"), _amount(macs, 10**6, "M")


def _kernel(unit: Unit) -> tuple[int, ...] | None:
    return unit.op.kernel if unit.op.name == "conv" else None  # type: ignore[attr-defined]


def _size(shape: Shape | None) -> str:
    if shape is None:
        return ""
    channels, height, width = shape if len(shape) == 3 else (shape[0], 1, 1)
    return f"{height}×{width}×{channels}"


def _amount(count: int, unit: int, letter: str) -> str:
    if not count:
        return ""
    digits = f"{count / unit:.1f}" if count < 10 * unit else f"{count / unit:.0f}"
    return digits.removesuffix(".0") + letter


# And back --------------------------------------------------------------------------------------------------------

_CONVENTIONS = ("conv(act=relu)", "maxpool(ceil=true)")
"""The paper's: all convolutions have rectified activations; its sizes are those of pools that round up."""


def fits(table: Table) -> bool:
    """Whether a table has the columns of this one: at least ten, with Inception modules in its first."""
    rows = placed(table)
    first = [lines_alike(row[0].cell.lines).lower() for row in rows if row]
    return table.width >= 10 and any(text.startswith("inception") for text in first)


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table; its output sizes become claims."""
    reader = _Reader(table, report)
    for number, row in enumerate(placed(table), 1):
        texts = [""] * max(table.width, len(COLUMNS))
        for place in row:
            texts[place.column] = lines_alike(place.cell.lines)
        reader.row(number, row, texts)
    if not reader.statements:
        return None
    common = conventions(table.notes, _CONVENTIONS)
    name = table.title.partition(":")[0] or "GoogLeNet"
    rows = tuple((each,) for each in reader.statements)
    return Spec(name, common.input, common.defaults, ("",), rows, common.assumed)


class _Reader:
    def __init__(self, table: Table, report: Report):
        self.table = table
        self.report = report
        self.statements: list[str] = []
        self.before: tuple[int, ...] | None = None  # the plane that a row begins with
        self.labels: set[str] = set()

    def row(self, number: int, row: Sequence[Place], texts: list[str]) -> None:
        kind = texts[0].lower()
        patch = re.fullmatch(r"(\d+)x(\d+)\s*/\s*(\d+)", texts[1])
        out = size(texts[2])
        filters = [texts[column] for column in _FILTERS]
        found: str | None = None
        if not kind or (not self.statements and (kind == "type" or "stride" in texts[1])):
            return
        if kind.startswith("conv"):
            found = self.conv(number, row, patch, out, filters)
        elif re.fullmatch(r"(max|avg|average)[ -]?pool(ing)?", kind):
            found = self.pool(number, row, kind, patch)
        elif kind.startswith("inception"):
            found = self.module(number, row, kind, filters)
        elif (rate := re.fullmatch(r"dropout\s*\(?\s*([\d.]+%?)?\s*\)?", kind)) is not None:
            found = f"dropout({rate[1]})" if rate[1] else "dropout"
        elif kind in ("linear", "fc", "fully connected"):
            found = f"fc-{out[-1]}" if out else self.wrong(number, row, 2, "the features that come out")
        elif re.fullmatch(r"soft-?max", kind):
            found = "softmax"
        else:
            self.tell(number, row, 0, "a type: convolution, max pool, avg pool, inception, dropout, linear, softmax")
        if found and out and len(out) == 3 and kind not in ("linear", "softmax", "soft-max", "fc", "fully connected"):
            found += f" -> {out[2]}x{out[0]}x{out[1]}"
        elif texts[2] and out is None and found:
            self.tell(number, row, 2, "a size such as 28×28×256")
        if found:
            self.statements.append(found)
        self.before = out[:2] if out else None

    def conv(
        self,
        number: int,
        row: Sequence[Place],
        patch: re.Match[str] | None,
        out: tuple[int, ...] | None,
        filters: list[str],
    ) -> str | None:
        if patch is None:
            return self.wrong(number, row, 1, "a patch size and stride such as 7×7/2")
        kernel = patch[1] if patch[1] == patch[2] else f"{patch[1]}x{patch[2]}"
        stride = f"/{patch[3]}" if patch[3] != "1" else ""
        reduce = filters[1] if kernel == "3" else filters[3] if kernel == "5" else ""
        channels = (filters[2] if kernel == "3" else filters[4] if kernel == "5" else filters[0]) or (
            str(out[2]) if out and len(out) == 3 else ""
        )
        if not channels.isdigit():
            return self.wrong(number, row, 2, "an output size with its channels, such as 112×112×64")
        if reduce and not reduce.isdigit():
            return self.wrong(number, row, 5 if kernel == "3" else 7, "a number of filters")
        return (f"conv1-{reduce}; " if reduce else "") + f"conv{kernel}-{channels}{stride}"

    def pool(self, number: int, row: Sequence[Place], kind: str, patch: re.Match[str] | None) -> str | None:
        if patch is None:
            return self.wrong(number, row, 1, "a patch size and stride such as 3×3/2")
        if not kind.startswith("max") and self.before == (int(patch[1]), int(patch[2])):
            return "gap"  # a window over all of the plane
        kernel = patch[1] if patch[1] == patch[2] else f"{patch[1]}x{patch[2]}"
        return f"{'maxpool' if kind.startswith('max') else 'avgpool'}{kernel}/{patch[3]}"

    def module(self, number: int, row: Sequence[Place], kind: str, filters: list[str]) -> str | None:
        wrong = [column for column, text in zip(_FILTERS, filters, strict=True) if not text.isdigit()]
        for column in wrong:
            self.tell(number, row, column, f"the number of filters of {COLUMNS[column]}")
        if wrong:
            return None
        name = re.search(r"\(?\s*(\w+)\s*\)?$", kind.removeprefix("inception"))
        label = f"inception{name[1]}" if name else ""
        said = f"{label}: " if label and label not in self.labels else ""
        self.labels.add(label)
        return f"{said}inception({', '.join(filters)})"

    def wrong(self, number: int, row: Sequence[Place], column: int, wanted: str) -> str | None:
        """Say that a cell cannot be read; there is no statement then."""
        self.tell(number, row, column, wanted)
        return None

    def tell(self, number: int, row: Sequence[Place], column: int, wanted: str) -> None:
        """Say that a cell cannot be read."""
        place = next((each for each in row if each.column == column), row[0])
        text = place.cell.text if place.column == column else ""
        shown = f"`{text}`" if text else "the empty cell"
        name = COLUMNS[column] if column < len(COLUMNS) else "its column"
        unread(self.report, number, place, f" ({name}): {shown} is not {wanted}", column=column)
