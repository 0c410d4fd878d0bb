"""A difference as plain data, ready for JSON: `format_version` 1."""

from __future__ import annotations

from typing import Any

from netdsl.analysis.compare.difference import Difference
from netdsl.analysis.compare.finding import Finding
from netdsl.ir import Network

FORMAT_VERSION = 1
_NAMES = {"path": "name", "input": "inputs", "spots": "places"}


def document(difference: Difference) -> dict[str, Any]:
    """Everything there is to know: the figures of both sides, the findings, all rows that are not equal, the names.

    Shapes are lists without the batch; figures are exact integers.
    """
    return {
        "format_version": FORMAT_VERSION,
        "same": difference.same,
        "exact": difference.exact,
        "left": _network(difference.left),
        "right": _network(difference.right),
        "params": difference.params,
        "macs": difference.macs,
        "findings": [_plain(each) for each in difference.findings],
        "renamed": [list(pair) for pair in difference.renamed],
        "equal_rows": sum(row.kind == "same" for row in difference.rows),
        "rows": [
            {**_plain(row), "params": row.params, "macs": row.macs} for row in difference.rows if row.kind != "same"
        ],
    }


def _network(network: Network) -> dict[str, Any]:
    assert network.totals is not None
    inputs = {item.name: list(item.shape) for item in network.inputs}
    own = {"name": network.name, "variant": network.variant, "inputs": inputs, "output": _plain(network.output)}
    return {**own, **network.totals.model_dump()}


def _plain(item: Any) -> Any:
    """Findings, rows and what is in them as objects, tuples as lists."""
    if isinstance(item, Finding) or hasattr(item, "_fields"):
        fields = vars(item) if isinstance(item, Finding) else item._asdict()
        return {_NAMES.get(name, name): _plain(each) for name, each in fields.items()}
    return [_plain(each) for each in item] if isinstance(item, tuple) else item
