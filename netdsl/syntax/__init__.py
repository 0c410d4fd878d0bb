"""Text to tree: `parse` reads a file, `parse_value` one expression, `parse_dims` a shape; `tree` is what they give, and
`walk` goes over all its nodes.
"""

from netdsl.syntax.parse import parse, parse_dims, parse_value
from netdsl.syntax.walk import walk

__all__ = ["parse", "parse_dims", "parse_value", "walk"]
