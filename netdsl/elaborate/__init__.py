"""Tree to network: files and the standard library, names, expressions, defaults, blocks, repeats, variants."""

from netdsl.elaborate.files import Library
from netdsl.elaborate.program import elaborate, variants

__all__ = ["Library", "elaborate", "variants"]
