"""A difference as plain data, ready for JSON: `format_version` 1."""

from __future__ import annotations

from typing import Any

from netdsl.analysis.compare.difference import Difference, Finding, Place, Row, Side, Spot
from netdsl.shapes import Shape

FORMAT_VERSION = 1


def document(difference: Difference) -> dict[str, Any]:
    """Everything there is to know: the figures of both sides, the findings, all rows that are not equal, the names.

    Shapes are lists without the batch; figures are exact integers.
    """
    return {
        "format_version": FORMAT_VERSION,
        "same": difference.same,
        "exact": difference.exact,
        "left": _side(difference.left),
        "right": _side(difference.right),
        "params": difference.params,
        "macs": difference.macs,
        "findings": [_finding(each) for each in difference.findings],
        "renamed": [list(pair) for pair in difference.renamed],
        "equal_rows": sum(row.kind == "same" for row in difference.rows),
        "rows": [_row(row) for row in difference.rows if row.kind != "same"],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "variant": side.variant,
        "inputs": {name: list(shape) for name, shape in side.inputs},
        "output": _list(side.output),
        **side.totals.model_dump(),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "text": finding.text,
        "count": finding.count,
        "every": finding.every,
        "before": finding.before,
        "after": finding.after,
        "details": [each._asdict() for each in finding.details],
        "params": finding.params,
        "macs": finding.macs,
        "aux": finding.aux,
        "places": [_spot(spot) for spot in finding.spots],
    }


def _spot(spot: Spot) -> dict[str, Any]:
    return {"left": spot.left, "right": spot.right, "output": _list(spot.output)}


def _row(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "level": row.level,
        "aux": row.aux,
        "params": row.params,
        "macs": row.macs,
        "left": _place(row.left),
        "right": _place(row.right),
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "name": place.path,
        "op": place.op,
        "inputs": [list(shape) for shape in place.input],
        "output": _list(place.output),
        "params": place.params,
        "macs": place.macs,
        "line": place.line,
    }


def _list(shape: Shape | None) -> list[int] | None:
    return None if shape is None else list(shape)
