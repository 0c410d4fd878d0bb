"""Table 1 of the ResNet paper (He et al. 2016): stages in rows, depths in columns, residual blocks in brackets times
how many there are, and the FLOPs, which are multiply-adds.

It prints networks of a stem, stages of residual blocks and a pooled classifier. Strides are not printed inside
brackets: a stage halves the plane where its output size says so. How shortcuts change shapes, and where in a block the
stride is, is said in a note. Dropout is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netdsl.analysis.tables.layers import Conventions, NotPrintable, Unit, branches, grouped, items
from netdsl.analysis.tables.model import Cell, Place, Row, Table, cell, merged, placed
from netdsl.analysis.tables.printed import Printed, notes
from netdsl.analysis.tables.spec import Spec, conventions, unread, variant
from netdsl.analysis.tables.spelling import alike, layers, lines_alike, size, stack
from netdsl.ir import Network, Scope
from netdsl.text.diagnostics import Report

TITLE = "ResNet, Table 1: stages of bracketed blocks, a column for each depth"


def write(networks: Sequence[Network]) -> Printed:
    """The table of some variants of a network."""
    columns = [_Column(network) for network in networks]
    conventions = Conventions([column.units() for column in columns])
    kinds = {column.shortcut for column in columns}
    places = {column.spatial for column in columns if column.spatial is not None}
    shapes = {tuple(size for size, _ in column.stages) for column in columns}
    if len(shapes) > 1 or len(kinds) > 1 or len(places) > 1 or len({column.plane for column in columns}) > 1:
        raise NotPrintable("its variants have stages or shortcuts of different kinds; choose one with FILE:VARIANT")
    rows: list[Row] = [
        (
            cell("conv1"),
            cell(_plane(columns[0].plane)),
            *merged(["; ".join(_conv(conventions, column, unit) for unit in column.stem) for column in columns]),
        )
    ]
    pools = ["; ".join(_pool(conventions, column, unit) for unit in column.pools) for column in columns]
    for number, (plane, _) in enumerate(columns[0].stages):
        first = number == 0 and any(pools)
        name = (cell(f"conv{number + 2}_x", rows=2 if first else 1), cell(_plane(plane), rows=2 if first else 1))
        stacks = tuple(column.stack(number, conventions) for column in columns)
        if first:
            rows += [(*name, *merged(pools)), stacks]
        else:
            rows.append((*name, *stacks))
    ends = ["; ".join(_end(conventions, column, unit) for unit in column.tail) for column in columns]
    rows.append((cell(), cell("1×1"), *merged([end.replace("; ", ", ") for end in ends])))
    rules_at = set(range(len(rows))) - ({2} if any(pools) else set())
    rows.append((cell("FLOPs", columns=2), *(cell(_flops(network.macs)) for network in networks)))
    rules_at.add(len(rows) - 1)
    hidden = [unit for unit in columns[0].hidden]
    rule = [*(f"shortcut={kind}" for kind in kinds if kind), *(["stride_at=spatial"] if True in places else [])]
    said_ = notes(
        networks, (*conventions.defaults, *([f"residual({', '.join(rule)})"] if rule else [])), hidden, papers=("macs",)
    )
    title = f"{networks[0].name}: architectures"
    head = (cell("layer name"), cell("output size"), *(cell(network.variant or network.name) for network in networks))
    gone = tuple(frozenset(node.id for unit in column.hidden for node in unit.nodes) for column in columns)
    return Printed((Table(title, (head,), tuple(rows), said_, frozenset(rules_at)),), gone)


class _Column:
    """A network as a column: its stem, pools, stages of residual blocks, and what comes behind them."""

    def __init__(self, network: Network):
        self.network = network
        parts = list(grouped(items(network)))
        self.hidden = [part for part in parts if isinstance(part, Unit) and part.op.name == "dropout"]
        parts = [part for part in parts if part not in self.hidden]
        first = next((n for n, part in enumerate(parts) if isinstance(part, Scope)), len(parts))
        last = next((n for n, part in enumerate(reversed(parts)) if isinstance(part, Scope)), 0)
        before, blocks = parts[:first], parts[first : len(parts) - last]
        self.tail = [part for part in parts[len(parts) - last :] if isinstance(part, Unit)]
        if not blocks or any(not isinstance(part, Scope) or part.kind != "residual" for part in blocks):
            raise NotPrintable("it is not a stem, residual blocks and a classifier")
        self.blocks = [part for part in blocks if isinstance(part, Scope)]
        units = [part for part in before if isinstance(part, Unit)]
        self.stem = [unit for unit in units if unit.op.name == "conv"]
        self.pools = units[len(self.stem) :]
        if (
            units[: len(self.stem)] != self.stem
            or not self.stem
            or any(unit.op.name != "maxpool" for unit in self.pools)
        ):
            raise NotPrintable("its stem is not convolutions and a max pool")
        if any(unit.op.name not in ("gap", "fc", "softmax") for unit in self.tail) or not self.tail:
            raise NotPrintable("behind its blocks is more than a pooled classifier")
        self.plane = (self.network.shapes[self.stem[-1].last.id] or ())[1:]
        if len(self.plane) != 2:
            raise NotPrintable("its maps are no images")
        self.bodies = [branches(block)[0] for block in self.blocks]
        self.stages: list[tuple[tuple[int, ...], list[int]]] = []
        for number, block in enumerate(self.blocks):
            plane = (network.shapes[block.exit] or ())[1:]
            if not self.stages or self.stages[-1][0] != plane:
                self.stages.append((plane, []))
            self.stages[-1][1].append(number)
        self.shortcut, self.spatial = self.shortcuts()

    def units(self) -> list[Unit]:
        """All convolutions and layers outside of blocks, the last row of each block left out: it has no activation."""
        inside = [unit for body in self.bodies for unit in body[:-1]]
        return [*self.stem, *self.pools, *inside, *self.tail]

    def shortcuts(self) -> tuple[str, bool | None]:
        """How the shortcuts change shapes (empty: by projections, the default), and whether the stride of a block is on
        its first row with a kernel over 1 rather than on its first (None: the two are one)."""
        kinds: set[str] = set()
        spatial: bool | None = None
        for block, body in zip(self.blocks, self.bodies, strict=True):
            sides = [each for each in block.children if isinstance(each, Scope)]
            names = [node.op.name for node in sides[1].nodes()]
            same = self.network.shapes[block.entry] == self.network.shapes[block.exit]
            if same:
                kinds |= {"always"} if names else set()
            else:
                kinds.add("pad" if "conv" not in names else "projection")
            convs = [unit.op for unit in body if unit.op.name == "conv"]
            if any(max(op.stride) > 1 for op in convs) and set(convs[0].kernel) == {1}:  # type: ignore[attr-defined]
                spatial = max(convs[0].stride) == 1  # type: ignore[attr-defined]
        found = "always" if "always" in kinds else "pad" if "pad" in kinds else ""
        return found, spatial

    def stack(self, stage: int, conventions: Conventions) -> Cell:
        """The blocks of a stage, which must be alike."""
        plane, numbers = self.stages[stage]
        before = self.stages[stage - 1][0] if stage else None
        rows = {self.rows(number, conventions) for number in numbers}
        if len(rows) != 1:
            raise NotPrintable("the blocks of a stage differ")
        strides = [self.stride(number) for number in numbers]
        wanted = 1 if before is None else -(-before[0] // plane[0])
        if strides[0] != wanted or any(each != 1 for each in strides[1:]):
            raise NotPrintable("the stride of a stage is not on its first block")
        return Cell(rows.pop(), times=len(numbers))

    def stride(self, number: int) -> int:
        found = 1
        for unit in self.bodies[number]:
            found *= max(unit.op.stride)  # type: ignore[attr-defined]
        return found

    def rows(self, number: int, conventions: Conventions) -> tuple[str, ...]:
        return tuple(self.row(unit, unit is self.bodies[number][-1], conventions) for unit in self.bodies[number])

    def row(self, unit: Unit, last: bool, conventions: Conventions) -> str:
        if unit.op.name != "conv" or self.network.aux or (unit.act is None) != last:
            raise NotPrintable("its blocks are not convolutions that are added before the last activation")
        text = conventions.text(unit._replace(op=unit.op.model_copy(update={"groups": 1, "stride": (1, 1)})), last)
        if "(" in text:
            raise NotPrintable(f"it has no place for `{text}`")
        op = unit.op
        groups = f", C={op.groups}" if op.groups > 1 else ""  # type: ignore[attr-defined]
        return f"{'×'.join(map(str, op.kernel))}, {op.channels}{groups}"  # type: ignore[attr-defined]


def _conv(conventions: Conventions, column: _Column, unit: Unit) -> str:
    text = conventions.text(unit)
    if "(" in text:
        raise NotPrintable(f"it has no place for `{text}`")
    op = unit.op
    stride = max(op.stride)  # type: ignore[attr-defined]
    size_ = f"{'×'.join(map(str, op.kernel))}, {op.channels}"  # type: ignore[attr-defined]
    return size_ + (f", stride {stride}" if stride > 1 else "")


def _pool(conventions: Conventions, column: _Column, unit: Unit) -> str:
    text = conventions.text(unit)
    if "(" in text:
        raise NotPrintable(f"it has no place for `{text}`")
    kernel = unit.op.kernel or (2, 2)  # type: ignore[attr-defined]
    stride = (unit.op.stride or kernel)[0]  # type: ignore[attr-defined]
    return f"{'×'.join(map(str, kernel))} max pool, stride {stride}"


def _end(conventions: Conventions, column: _Column, unit: Unit) -> str:
    text = conventions.text(unit, final=unit.op.name == "fc")
    if "(" in text:
        raise NotPrintable(f"it has no place for `{text}`")
    features = getattr(unit.op, "features", 0)
    return {"gap": "average pool", "fc": f"{features}-d fc", "softmax": "softmax"}[unit.op.name]


def _plane(plane: Sequence[int]) -> str:
    return "×".join(map(str, plane))


def _flops(macs: int) -> str:
    return f"{macs / 1e9:.1f}×10⁹" if macs >= 5 * 10**8 else f"{macs / 1e6:.1f}×10⁶"


# And back --------------------------------------------------------------------------------------------------------

_CONVENTIONS = ("conv(act=relu, bias=false, norm=bn)", "maxpool(pad=1)")
"""The paper's: batch normalization after each convolution, then ReLU; a pool that keeps its sizes is padded."""
_FLOPS = re.compile(r"(\d+(?:\.\d+)?)\s*x\s*10\s*\^?\s*(\d+)")
_UNITS = {"9": "G", "6": "M", "3": "K"}


def fits(table: Table) -> bool:
    """Whether a table has stages of layers in brackets, or columns `layer name` and `output size`."""
    rows = placed(table)
    head = [lines_alike(place.cell.lines).lower() for row in rows[:1] for place in row]
    stacks = [1 for row in rows for place in row if place.column > 1 and stack(_text(place.cell)) is not None]
    return len(stacks) > 1 and any("size" in text for text in head)


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table, with a variant for each column behind the output size."""
    return _Reader(table, report).spec()


def _text(cell: Cell) -> str:
    """The text of a cell, the lines of a stack in brackets."""
    if cell.times is not None:
        return alike(f"[{'; '.join(cell.lines)}]x{cell.times}")
    joined = "; ".join(cell.lines) if any("[" in line for line in cell.lines) else " ".join(cell.lines)
    return re.sub(r"\[\s*;\s*", "[", alike(joined))


class _Reader:
    def __init__(self, table: Table, report: Report):
        self.table = table
        self.report = report
        self.rows = placed(table)
        head = [place for place in self.rows[0] if place.cell.lines]
        self.names = [(place.column, variant(lines_alike(place.cell.lines))) for place in head if place.column > 1]
        self.body: list[tuple[str, ...]] = []
        self.before: tuple[int, ...] | None = None
        self.spans = any(place.cell.columns > 1 for row in self.rows for place in row)

    def spec(self) -> Spec | None:
        for number, row in enumerate(self.rows[1:], 2):
            self.row(number, row)
        if not self.body or not self.names:
            return None
        common = conventions(self.table.notes, _CONVENTIONS)
        name = self.table.title.partition(":")[0] or "ResNet"
        rows = tuple(row if len(set(row)) > 1 else row[:1] for row in self.body)
        columns = tuple(name for _, name in self.names)
        return Spec(name, common.input, common.defaults, columns, rows, common.assumed)

    def row(self, number: int, row: Sequence[Place]) -> None:
        texts = {place.column: place for place in row if place.cell.lines}
        name = lines_alike(texts[0].cell.lines).lower() if 0 in texts else ""
        if "flops" in name:
            self.flops(number, texts)
            return
        plane = size(lines_alike(texts[1].cell.lines)) if 1 in texts else None
        if 1 in texts and plane is None and texts[1].column == 1:
            texts[2] = texts.pop(1)  # without rules, a cell over all columns slides into the size's
        found: list[str] = [""] * len(self.names)
        layers_ = [place for column, place in texts.items() if column > 1]
        for place in layers_:
            said_ = self.cell(number, place, plane)
            alone = len(layers_) == 1 and not (
                self.spans and place.column > 1 and place.cell.columns == 1 and len(self.names) > 1
            )
            shared = [
                n
                for n, (column, _) in enumerate(self.names)
                if place.column <= column < place.column + place.cell.columns
            ]
            for each in range(len(self.names)) if alone and (not self.spans or not shared) else shared:
                found[each] = said_ or ""
        if any(found):
            self.body.append(tuple(found))
        self.before = plane or self.before

    def cell(self, number: int, place: Place, plane: tuple[int, ...] | None) -> str | None:
        text = _text(place.cell)
        blocks = stack(text)
        if blocks is not None:
            rows, times = blocks
            halves = (
                plane is not None
                and self.before is not None
                and plane[0] < self.before[0]
                and self.pooled(number) is False
            )
            stride = f" /{-(-self.before[0] // plane[0])}" if halves and self.before and plane else ""
            return f"[{'; '.join(rows)}] x{times}{stride}"
        said_ = layers(text)
        if said_ is None:
            help = "stages are written as [3×3, 64; 3×3, 64]×2, layers as 7×7, 64, stride 2"
            words = f": `{place.cell.text}` is no stage of blocks and no layer"
            unread(self.report, number, place, words, help=help)
            return None
        return "; ".join("gap" if each == "avgpool" else each for each in said_)

    def pooled(self, number: int) -> bool:
        """Whether the plane of this row was made by a pool: the row above, or one of the same stage, is one."""
        return bool(self.body) and any("pool" in text for text in self.body[-1])

    def flops(self, number: int, texts: dict[int, Place]) -> None:
        found = [""] * len(self.names)
        for each, (column, _) in enumerate(self.names):
            if column in texts:
                text = alike(texts[column].cell.text)
                amount = _FLOPS.fullmatch(text)
                if amount is None or amount[2] not in _UNITS:
                    words = f": `{text}` is no number of FLOPs such as 1.8×10⁹"
                    unread(self.report, number, texts[column], words, column=column)
                else:
                    found[each] = f"reported macs = {amount[1]}{_UNITS[amount[2]]}"
        if any(found):
            self.body.append(tuple(found))
