"""Table 1 of the ViT paper (Dosovitskiy et al. 2021): a row for each size of the one architecture of its Figure 1.

A network is printed where it is that architecture with the sizes of its row, which is proved by its digest. The size of
a patch stands behind the name, `ViT-B/16`, as the paper writes it. Parameters are without the classifier, as the
paper's are. Left out are dropout layers of rate 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netdsl.analysis.tables import records
from netdsl.analysis.tables.layers import Conventions, NotPrintable, Unit
from netdsl.analysis.tables.model import Table, cell
from netdsl.analysis.tables.printed import Printed, millions, notes
from netdsl.analysis.tables.records import Given
from netdsl.analysis.tables.spec import Spec, conventions, said, variant
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.passes.costs import cost
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import Report

TITLE = "ViT, Table 1: layers, hidden size, MLP size and heads of each model"
KNOWN = "columns Model, Layers, Hidden size, MLP size, Heads"
COLUMNS = ("Model", "Layers", "Hidden size D", "MLP size", "Heads", "Params")
SIZES = ("layers", "hidden", "mlp", "heads")
CLASSES = "Classes: "
_KINDS = ("attention", "ln", "bn")
_BLOCK = (
    "block encoder_block(heads, hidden, c=channels) {\n"
    "  residual { ln; attention(heads) }\n"
    "  residual { ln; pointwise-hidden(act=gelu); pointwise-c }\n"
    "}"
)


def write(networks: Sequence[Network]) -> Printed:
    """The table of some sizes."""
    rows, gone, shared = [], [], set()
    for network in networks:
        gone.append([Unit((node,), node.op, None, None) for node in network.nodes if node.op.name == "dropout"])
        throughout = Conventions([[Unit((n,), n.op, None, None) for n in network.nodes if n.op.name in _KINDS]])
        patch, *sizes = _row(network)
        last = network.nodes[-2]
        shared.add((shape_text(network.inputs[0].shape), (last.shape or (0,))[0], throughout.defaults))
        body = millions(network.params - cost(network, last).params)
        name = f"{network.name}-{network.variant or ''}".rstrip("-")
        name += "" if re.search(r"/\d+$", network.variant or "") else f"/{patch}"
        rows.append((name, *map(str, sizes), f"{body}M"))
    if len(shared) > 1:
        raise NotPrintable("its variants have different inputs, classes or norms; choose one with FILE:VARIANT")
    ((_, classes, defaults),) = shared
    below = (*notes(networks, defaults, gone[0]), f"{CLASSES}{classes}.", "Params are without the classifier.")
    head, body_ = (tuple(map(cell, COLUMNS)),), tuple(tuple(map(cell, row)) for row in rows)
    table = Table(f"{networks[0].name}: model variants", head, body_, below, right=frozenset(range(1, 6)))
    return Printed.of([table], gone)


def _row(network: Network) -> tuple[int, int, int, int, int]:
    """Patch, layers, hidden size, MLP size and heads. Raises `NotPrintable` where it has none."""
    attention = [node for node in network.nodes if node.op.family is Family.ATTENTION]
    conv = next((node for node in network.nodes if node.op.name == "conv"), None)
    mlp = next((node for node in network.nodes if node.op.name == "pointwise"), None)
    if not attention or conv is None or mlp is None or mlp.shape is None or conv.shape is None:
        raise NotPrintable("it has no patches, attention and MLPs")
    heads: int = attention[0].op.heads  # type: ignore[attr-defined]
    patch: int = conv.op.kernel[0]  # type: ignore[attr-defined]
    return patch, len(attention), conv.shape[0], mlp.shape[0], heads


def _statements(row: Sequence[int], classes: int) -> str:
    patch, layers, hidden, mlp, heads = row
    stem = f"conv{patch}-{hidden}/{patch}(pad=valid); tokens; class_token; positions"
    return f"{stem}; encoder_block({heads}, {mlp}) x{layers}; ln; token(0); fc-{classes}; softmax"


# And back --------------------------------------------------------------------------------------------------------

CONVENTIONS = ("ln(eps=1e-6)",)
"""The authors' implementation's."""


def fits(table: Table) -> bool:
    """Whether a table has the columns Model, Layers and Heads."""
    return {"model", "layers", "heads"} <= set(records.heads(table))


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table: a variant for each row."""
    columns = {name.partition(" size")[0]: at for name, at in records.heads(table).items()}
    title = table.title.partition(":")[0]
    given = said(table.notes, CLASSES) or ""
    classes = int(given) if given.isascii() and given.isdigit() else 1000
    names: list[str] = []

    def statements(row: Given) -> str:
        sizes = records.whole(row, SIZES, "a number")
        patch = re.search(r"/(\d+)$", row["model"])
        names.append(variant(row["model"].removeprefix(f"{title}-").removeprefix("ViT-")))
        return _statements([int(patch[1]) if patch else 16, *sizes], classes)

    found = records.read(table, columns, statements, report)
    common = conventions(table.notes, CONVENTIONS)
    shared = (tuple(found),), common.assumed, (_BLOCK,)
    return Spec(title or "ViT", common.input, common.defaults, tuple(names), *shared) if found else None
