"""Text to tree. `parse` reads a file, `parse_value` one expression, `parse_dims` a shape; `tree` is what they give."""

from netdsl.syntax.parse import parse, parse_dims, parse_value

__all__ = ["parse", "parse_dims", "parse_value"]
