"""The pictures and tables that an editor shows beside a spec: its diagram as SVG, its summary as text and data."""

from __future__ import annotations

from typing import Any

from netdsl.tools.lsp.document import Document


def diagram(document: Document, variant: str | None = None, *, expand: bool = False) -> dict[str, Any]:
    """The diagram of the shown variant or another: `svg`, or null and the reason in `message`."""
    from netdsl.backends.graphviz import RenderError
    from netdsl.backends.graphviz.dot import write
    from netdsl.backends.graphviz.draw import MOST_BOXES
    from netdsl.backends.graphviz.items import boxes
    from netdsl.backends.graphviz.picture import picture
    from netdsl.backends.graphviz.render import render

    answer: dict[str, Any] = {**_about(document, variant), "svg": None, "message": None}
    network = document.network(answer["variant"])
    if network is None:
        return {**answer, "message": "there is no network in this file to draw"}
    drawn = picture(network, expand=expand)
    if sum(1 for _ in boxes(drawn.items)) > MOST_BOXES:
        return {**answer, "message": "the network is too large to draw in an editor; `netdsl draw` writes it to a file"}
    try:
        return {**answer, "svg": render(write(drawn, "tb"), "svg", timeout=20).decode("utf-8")}
    except RenderError as problem:
        return {**answer, "message": str(problem)}


def summary(document: Document, variant: str | None = None, *, depth: int | None = None) -> dict[str, Any]:
    """The table of the shown variant or another: `text` for people, `data` as `netdsl summary --json` has it, or null
    and the reason in `message`."""
    from netdsl.backends import table

    answer: dict[str, Any] = {**_about(document, variant), "text": None, "data": None, "message": None}
    network = document.network(answer["variant"])
    if network is None:
        return {**answer, "message": "there is no network in this file"}
    made = table.summary(network, depth=depth)
    return {**answer, "text": table.to_text(made), "data": table.document(made)}


def _about(document: Document, variant: str | None) -> dict[str, Any]:
    """The variants there are, and the one that is meant."""
    chosen = variant if variant in document.variants else document.shown
    return {"name": document.source.name, "variants": list(document.variants), "variant": chosen}
