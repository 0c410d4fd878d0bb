"""A network as a table like those of the papers: layers, output shapes, parameters, multiply-adds.

`summary` gathers the figures, as a flat list of all layers and as rows in the order and nesting of the spec; `to_text`,
`to_markdown` and `to_json` write them. In the rows a normalization or activation that was given by `norm=` or `act=` is
part of its operator, blocks and joins are groups with the sum of their parts, and equal neighbours in a repetition are
one row, `x3`, with the sum of all.
"""

from netdsl.backends.table.figures import Layer, Row, Summary, fitting
from netdsl.backends.table.gather import summary
from netdsl.backends.table.notation import shortened
from netdsl.backends.table.write import HEAD, cells, document, notes, title, to_json, to_markdown, to_text

__all__ = [
    "HEAD",
    "Layer",
    "Row",
    "Summary",
    "cells",
    "document",
    "fitting",
    "notes",
    "shortened",
    "summary",
    "title",
    "to_json",
    "to_markdown",
    "to_text",
]
