"""A drawing as PDF: its SVG as vectors, with text as text, by svg2pdf."""

from __future__ import annotations

from netdsl.backends.pictures.drawing import Drawing
from netdsl.backends.pictures.fonts import font
from netdsl.backends.pictures.renderers.svg import svg


def pdf(drawing: Drawing) -> bytes:
    """One page of the drawing's size. Raises `RenderError` where no font is there."""
    import svg2pdf_py

    found = font()
    fonts = svg2pdf_py.FontDatabase.system()
    for file in found.files:
        fonts.load_font_file(file)
    return bytes(svg2pdf_py.svg_to_pdf(svg(drawing, family=found.family).decode("utf-8"), fonts))
