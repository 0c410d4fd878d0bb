"""A drawing as PNG: its SVG, drawn by resvg."""

from __future__ import annotations

from netdsl.backends.artefact import RenderError
from netdsl.backends.pictures.drawing import Drawing
from netdsl.backends.pictures.fonts import font
from netdsl.backends.pictures.renderers.svg import svg

LARGEST = 20_000
"""Pixels along one side; more are for no viewer."""


def png(drawing: Drawing, dpi: int) -> bytes:
    """The picture in pixels. Raises `RenderError` where it would be too large, or no font is there."""
    zoom = dpi / 72
    if max(drawing.width, drawing.height) * zoom > LARGEST:
        most = int(LARGEST * 72 / max(drawing.width, drawing.height))
        raise RenderError(
            f"at {dpi} dots per inch the picture has more than {LARGEST:,} pixels along one side; "
            f"give at most --dpi {most}, or draw an SVG"
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
