"""The pictures and tables that an editor shows beside a spec: its diagram as SVG, its summary as text and data."""

from __future__ import annotations

from typing import Any

from netdsl.tools.lsp.document import Document


def diagram(document: Document, variant: str | None = None, *, expand: bool = False, **options: Any) -> dict[str, Any]:
    """The diagram of the shown variant or another: `svg`, or null and the reason in `message`. `options` are those of
    `netdsl.backends.pictures.Options`."""
    from netdsl.backends.artefact import RenderError
    from netdsl.backends.pictures import TooLarge
    from netdsl.backends.pictures import diagram as drawn
    from netdsl.backends.pictures.diagram import MOST_BOXES

    answer: dict[str, Any] = {**_about(document, variant), "svg": None, "message": None}
    network = document.network(answer["variant"])
    if network is None:
        return {**answer, "message": "there is no network in this file to draw"}
    try:
        return {**answer, "svg": drawn(network, expand=expand, most=MOST_BOXES, **options).decode("utf-8")}
    except TooLarge:
        return {**answer, "message": "the network is too large to draw in an editor; `netdsl draw` writes it to a file"}
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
