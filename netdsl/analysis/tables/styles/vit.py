"""Table 1 of the ViT paper (Dosovitskiy et al. 2021): a row for each size of the one architecture of its Figure 1.

A network is printed where it is that architecture with the sizes of its row, which is proved by its digest. The size of
a patch stands behind the name, `ViT-B/16`, as the paper writes it. Parameters are without the classifier, as the
paper's are. Left out are dropout layers of rate 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netdsl.analysis.tables.layers import Conventions, NotPrintable, Unit, less
from netdsl.analysis.tables.model import Table, cell, placed
from netdsl.analysis.tables.printed import Printed, notes
from netdsl.analysis.tables.spec import Spec, conventions, said, unread, variant
from netdsl.analysis.tables.spelling import lines_alike
from netdsl.analysis.tables.styles.vgg import millions
from netdsl.compiler import loads
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.passes.costs import cost
from netdsl.passes.hash import digest
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import Report, SpecError

TITLE = "ViT, Table 1: layers, hidden size, MLP size and heads of each model"
COLUMNS = ("Model", "Layers", "Hidden size D", "MLP size", "Heads", "Params")
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
    rows, gone = [], []
    classes, inputs, common = set(), set(), set()
    for network in networks:
        hidden = frozenset(node.id for node in network.nodes if node.op.name == "dropout")
        row = _row(network)
        conventions = Conventions(
            [[Unit((node,), node.op, None, None) for node in network.nodes if node.op.name in _KINDS]]
        )
        last = network.nodes[-2] if len(network.nodes) > 1 else None
        count = last.shape[0] if last is not None and last.shape else 0
        shape = shape_text(network.inputs[0].shape)
        text = _spec("proof", shape, conventions.defaults, ("",), (_statements(row, count),)).text()
        try:
            same = digest(loads(text)) == digest(less(network, hidden))
        except SpecError:
            same = False
        if not same:
            raise NotPrintable("it is not the architecture of Figure 1 of the ViT paper")
        classes.add(count)
        inputs.add(shape)
        common.add(conventions.defaults)
        body = network.params - (cost(network, last).params if last is not None else 0)
        patch = re.search(r"/\d+$", network.variant or "")
        name = f"{network.name}-{network.variant or ''}".rstrip("-") + ("" if patch else f"/{row[0]}")
        rows.append((name, *map(str, row[1:]), f"{millions(body)}M"))
        gone.append(hidden)
    if len(classes) > 1 or len(inputs) > 1 or len(common) > 1:
        raise NotPrintable("its variants have different inputs, classes or norms; choose one with FILE:VARIANT")
    left = [Unit((node,), node.op, None, None) for node in networks[0].nodes if node.id in gone[0]]
    said_ = (
        *notes(networks, conventions.defaults, left),
        f"{CLASSES}{classes.pop()}.",
        "Params are without the classifier.",
    )
    body_ = tuple(tuple(map(cell, row)) for row in rows)
    table = Table(
        f"{networks[0].name}: model variants", (tuple(map(cell, COLUMNS)),), body_, said_, right=frozenset(range(1, 6))
    )
    return Printed((table,), tuple(gone))


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


def _spec(
    name: str,
    shape: str,
    common: Sequence[str],
    columns: Sequence[str],
    rows: Sequence[str],
    assumed: Sequence[str] = (),
) -> Spec:
    return Spec(name, shape, tuple(common), tuple(columns), (tuple(rows),), tuple(assumed), (_BLOCK,))


# And back --------------------------------------------------------------------------------------------------------

_CONVENTIONS = ("ln(eps=1e-6)",)
"""The authors' implementation's."""


def fits(table: Table) -> bool:
    """Whether a table has the columns Model, Layers and Heads."""
    head = [lines_alike(place.cell.lines).lower() for row in placed(table)[:1] for place in row]
    return {"model", "layers", "heads"} <= set(head)


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table: a variant for each row."""
    rows = placed(table)
    columns = {lines_alike(place.cell.lines).lower().split(" size")[0]: place.column for place in rows[0]}
    classes = int(said(table.notes, CLASSES) or 1000)
    names, statements = [], []
    for number, row in enumerate(rows[1:], 2):
        places = {place.column: place for place in row}
        given = {name: lines_alike(places[at].cell.lines) if at in places else "" for name, at in columns.items()}
        wrong = [name for name in ("layers", "hidden", "mlp", "heads") if not given.get(name, "").isdigit()]
        for name in wrong:
            at = columns.get(name, 0)
            words = f": `{given.get(name, '')}` is no number of {name}"
            unread(report, number, places.get(at, row[0]), words, column=at)
        if wrong:
            continue
        patch = re.search(r"/(\d+)$", given["model"])
        sizes = [int(patch[1]) if patch else 16, *(int(given[name]) for name in ("layers", "hidden", "mlp", "heads"))]
        title = table.title.partition(":")[0]
        names.append(variant(given["model"].removeprefix(f"{title}-").removeprefix("ViT-")))
        statements.append(_statements(sizes, classes))
    if not names:
        return None
    common = conventions(table.notes, _CONVENTIONS)
    name = table.title.partition(":")[0] or "ViT"
    return _spec(name, common.input, common.defaults, names, statements, common.assumed)
