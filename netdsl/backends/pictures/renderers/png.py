"""A drawing as PNG: its SVG, drawn by resvg."""

from __future__ import annotations

from math import sqrt

from netdsl.backends.artefact import RenderError
from netdsl.backends.pictures.drawing import Drawing
from netdsl.backends.pictures.fonts import font
from netdsl.backends.pictures.renderers.svg import svg

LARGEST, ALL = 20_000, 100_000_000
"""Pixels along one side, and in all: four bytes each; more are for no viewer."""


def png(drawing: Drawing, dpi: int) -> bytes:
    """The picture in pixels. Raises `RenderError` where it would be too large, or no font is there."""
    zoom = dpi / 72
    most = min(LARGEST / max(drawing.width, drawing.height), sqrt(ALL / (drawing.width * drawing.height)))
    if zoom > most:
        raise RenderError(
            f"at {dpi} dots per inch it has {drawing.width * zoom:,.0f} x {drawing.height * zoom:,.0f} pixels, too "
            f"many to look at; give at most --dpi {int(most * 72)}, or draw an SVG"
        )
    import resvg_py

    found = font()
    text = svg(drawing, family=found.family).decode("utf-8")
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=text, dpi=96, width=round(drawing.width * zoom), font_files=list(found.files),
            font_family=found.family, sans_serif_family=found.family,
        )
    )  # fmt: skip
