"""A difference as plain data, ready for JSON: `format_version` 1."""

from __future__ import annotations

from typing import Any

from netdsl.analysis.compare.difference import Difference
from netdsl.analysis.compare.finding import Finding, Place, Row
from netdsl.ir import Network

FORMAT_VERSION = 1


def document(difference: Difference) -> dict[str, Any]:
    """Everything there is to know: the figures of both sides, the findings, all rows that are not equal, the names.

    Shapes are lists without the batch; figures are exact integers.
    """
    plain: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "same": difference.same,
        "exact": difference.exact,
        "left": _network(difference.left),
        "right": _network(difference.right),
        "params": difference.params,
        "macs": difference.macs,
        "findings": [_finding(each) for each in difference.findings],
        "renamed": difference.renamed,
        "equal_rows": sum(row.kind == "same" for row in difference.rows),
        "rows": [_row(row) for row in difference.rows if row.kind != "same"],
    }
    return {name: _lists(each) for name, each in plain.items()}


def _network(network: Network) -> dict[str, Any]:
    assert network.totals is not None
    inputs = {item.name: item.shape for item in network.inputs}
    own = {"name": network.name, "variant": network.variant, "inputs": inputs, "output": network.output}
    return {**own, **network.totals.model_dump()}


def _finding(finding: Finding) -> dict[str, Any]:
    own = {name: item for name, item in vars(finding).items() if name not in ("details", "spots")}
    details, places = ([each._asdict() for each in listed] for listed in (finding.details, finding.spots))
    return {**own, "details": details, "places": places}


def _row(row: Row) -> dict[str, Any]:
    figures = {name: getattr(row, name) for name in ("kind", "level", "aux", "params", "macs")}
    return {**figures, "left": _place(row.left), "right": _place(row.right)}


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    own = place._asdict()
    name, inputs, _ = own.pop("path"), own.pop("input"), own.pop("aux")
    return {"name": name, "inputs": inputs, **own}


def _lists(item: Any) -> Any:
    """With lists in place of tuples, as JSON has them."""
    if isinstance(item, dict):
        return {key: _lists(each) for key, each in item.items()}
    return [_lists(each) for each in item] if isinstance(item, (list, tuple)) else item
