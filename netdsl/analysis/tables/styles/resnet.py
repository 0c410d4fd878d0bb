"""Table 1 of the ResNet paper (He et al. 2016): stages in rows, depths in columns, residual blocks in brackets times
how many there are, and the FLOPs, which are multiply-adds.

It prints networks of a stem, stages of residual blocks and a pooled classifier. Strides are not printed inside
brackets: a stage halves the plane where its output size says so. How shortcuts change shapes, and where in a block the
stride is, is said in a note. Dropout is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from netdsl.analysis.tables import columns
from netdsl.analysis.tables.layers import Conventions, NotPrintable, Unit, branches, by, field, split, times
from netdsl.analysis.tables.model import Cell, Row, Table, cell, merged, placed
from netdsl.analysis.tables.printed import Printed, notes
from netdsl.analysis.tables.records import heads
from netdsl.analysis.tables.spec import Spec
from netdsl.ir import Network, Scope
from netdsl.text.diagnostics import Report

TITLE = "ResNet, Table 1: stages of bracketed blocks, a column for each depth"
KNOWN = "stages in brackets beside a column of output sizes"
LEFT_OUT = ("dropout",)
LAYERS = {
    "conv": "{kernel}, {out}{stride}",
    "maxpool": "{kernel} max pool{stride}",
    "gap": "average pool",
    "fc": "{out}-d fc",
    "softmax": "softmax",
}
"""A layer outside of the stages."""


def write(networks: Sequence[Network]) -> Printed:
    """The table of some variants of a network."""
    of = [_Column(network) for network in networks]
    throughout = Conventions([column.units() for column in of])
    first = of[0]
    rules = {item for column in of for item in column.rule().items()}
    if (
        len(dict(rules)) < len(rules)
        or len({(column.plane, *(plane for plane, _ in column.stages)) for column in of}) > 1
    ):
        raise NotPrintable("its variants have stages or shortcuts of different kinds; choose one with FILE:VARIANT")
    rows: list[Row] = [(cell("conv1"), cell(times(first.plane)), *merged([_layers(column.stem) for column in of]))]
    pools = [_layers(column.pools) for column in of]
    for number, (plane, _) in enumerate(first.stages):
        pooled = number == 0 and any(pools)
        name = [cell(text, rows=2 if pooled else 1) for text in (f"conv{number + 2}_x", times(plane))]
        rows += [(*name, *merged(pools))] if pooled else []
        rows.append((*([] if pooled else name), *(column.stack(number) for column in of)))
    rows.append((cell(), cell("1×1"), *merged([_layers(column.tail, ", ") for column in of])))
    rows.append((cell("FLOPs", columns=2), *(cell(_flops(network.macs)) for network in networks)))
    below = notes(networks, (*throughout.defaults, *_default(rules)), first.hidden, papers=("macs",))
    head = (cell("layer name"), cell("output size"), *(cell(network.variant or network.name) for network in networks))
    ruled = frozenset(range(len(rows))) - ({2} if any(pools) else set())
    table = Table(f"{networks[0].name}: architectures", (head,), tuple(rows), below, ruled, stub=2)
    return Printed.of([table], [column.hidden for column in of])


class _Column:
    """A network as a column: its stem, pools, stages of residual blocks, and what comes behind them."""

    def __init__(self, network: Network):
        self.network = network
        parts, self.hidden = split(network, LEFT_OUT)
        runs = [list(run) for _, run in groupby(parts, lambda part: isinstance(part, Scope))]
        if len(runs) != 3:
            raise NotPrintable("it is not a stem, residual blocks and a classifier")
        before, blocks, behind = runs
        self.blocks = [part for part in blocks if isinstance(part, Scope)]
        self.stem = [part for part in before if isinstance(part, Unit) and part.op.name != "maxpool"]
        self.pools = [part for part in before if isinstance(part, Unit) and part.op.name == "maxpool"]
        self.tail = [part for part in behind if isinstance(part, Unit)]
        self.bodies = [branches(block)[0] for block in self.blocks]
        if not self.stem or any(unit.op.name != "conv" for body in (self.stem, *self.bodies) for unit in body):
            raise NotPrintable("its stem and residual blocks are not convolutions")
        self.plane = (network.shapes[self.stem[-1].last.id] or ())[1:]
        numbers = range(len(self.blocks))
        planes = groupby(numbers, lambda number: (network.shapes[self.blocks[number].exit] or ())[1:])
        self.stages = [(plane, list(run)) for plane, run in planes]

    def units(self) -> list[Unit]:
        """All convolutions and layers outside of blocks, the last row of each block left out: it has no activation."""
        return [*self.stem, *self.pools, *(unit for body in self.bodies for unit in body[:-1]), *self.tail]

    def rule(self) -> dict[str, str]:
        """How its shortcuts change shapes and where the stride of a block is, as far as there is a choice."""
        found: dict[str, str] = {}
        for block, body in zip(self.blocks, self.bodies, strict=True):
            sides = [each for each in block.children if isinstance(each, Scope)]
            names = [node.op.name for node in sides[1].nodes()]
            if self.network.shapes[block.entry] != self.network.shapes[block.exit]:
                found.setdefault("shortcut", "projection" if "conv" in names else "pad")
            elif names:
                found["shortcut"] = "always"
            strides = [max(field(unit.op, "stride")) for unit in body]
            if max(strides) > 1 and set(field(body[0].op, "kernel")) == {1}:
                found["stride_at"] = "spatial" if strides[0] == 1 else "first"
        return found

    def stack(self, stage: int) -> Cell:
        """The blocks of a stage, which must be alike."""
        numbers = self.stages[stage][1]
        rows = {tuple(map(_row, self.bodies[number])) for number in numbers}
        if len(rows) != 1:
            raise NotPrintable("the residual blocks of a stage differ")
        return Cell(rows.pop(), times=len(numbers))


def _default(rules: set[tuple[str, str]]) -> list[str]:
    """What is not the default of a residual, as a `default` line writes it."""
    given = sorted(f"{key}={value}" for key, value in rules if value not in ("projection", "first"))
    return [f"residual({', '.join(given)})"] if given else []


def _row(unit: Unit) -> str:
    """A row of a block."""
    groups = field(unit.op, "groups")
    text = f"{times(field(unit.op, 'kernel'))}, {field(unit.op, 'channels')}"
    return text + (f", C={groups}" if groups > 1 else "")


def _layers(units: Sequence[Unit], joint: str = "; ") -> str:
    """Layers outside of the stages."""
    found = []
    for unit in units:
        if unit.op.name not in LAYERS:
            raise NotPrintable(f"its stem or classifier has `{unit.op.name}`")
        kernel, _, stride = by(unit.op).partition("/")
        out = field(unit.op, "channels") or field(unit.op, "features")
        stride = f", stride {stride}" if stride not in ("", "1") else ""
        found.append(LAYERS[unit.op.name].format(kernel=kernel, out=out, stride=stride))
    return joint.join(found)


def _flops(macs: int) -> str:
    return f"{macs / 1e9:.1f}×10⁹" if macs >= 5 * 10**8 else f"{macs / 1e6:.1f}×10⁶"


# And back --------------------------------------------------------------------------------------------------------

CONVENTIONS = ("conv(act=relu, bias=false, norm=bn)", "maxpool(pad=1)")
"""The paper's: batch normalization after each convolution, then ReLU; a pool that keeps its sizes is padded."""


def fits(table: Table) -> bool:
    """Whether a table has stages of layers in brackets beside their sizes."""
    stacks = [1 for row in placed(table) for place in row if place.column and columns.text(place.cell).startswith("[")]
    return len(stacks) > 1 and any("size" in text or "output" in text for text in heads(table))


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table, with a variant for each column behind the output size."""
    return columns.read(tables, table, report, CONVENTIONS, "ResNet")
