"""Tree to network: files and the standard library, names, expressions, defaults, blocks, repeats, variants."""

from netdsl.elaborate.assemble import elaborate
from netdsl.elaborate.files import Library
from netdsl.elaborate.program import variants

__all__ = ["Library", "elaborate", "variants"]
