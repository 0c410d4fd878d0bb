"""A network to its table, as the papers print it: layers, output shapes, parameters, multiply-adds.

`summary` gathers the figures, once as the flat list of all layers and once as rows in the order and nesting of the
spec; `to_text`, `to_markdown` and `to_json` write them down. In the rows a normalization or activation that was given
by `norm=` or `act=` stands with its operator, blocks and joins are groups with the sum of their parts, and equal
neighbours of a stack are one row, `x3`, which counts all of them.
"""

from netdsl.backends.table.figures import Layer, Row, Summary
from netdsl.backends.table.gather import summary
from netdsl.backends.table.write import document, to_json, to_markdown, to_text

__all__ = ["Layer", "Row", "Summary", "document", "summary", "to_json", "to_markdown", "to_text"]
