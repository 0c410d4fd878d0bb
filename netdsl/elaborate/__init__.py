"""Tree to network: files and the standard library, names, expressions, defaults, blocks, repeats, variants.

Imports point one way, from the last of these to the first:

- `problems`, `values`: what is wrong with a spec; the values that it can say.
- `functions`, `evaluator`: what expressions compute with; expressions to values.
- `arguments`, `construct`: arguments to names, and an operator of them.
- `files`, `draft`, `frames`, `build`: the names of a file, what is being built, what one body sees, and the network as
  it grows.
- `again`: what is said twice, placed once.
- `sight`, `branches`: what a label stands for; bodies that start from one value, and how often what is repeated stands.
- `operators`, `blocks`, `operations`, `bodies`, `residual`, `references`: what places each kind of item.
- `statements`: layers and their repetitions, and the tables of what places which item and statement.
- `program`, `definitions`, `recipe`, `headers`, `naming`: what a file says as a whole, and the names of its modules.
- `assemble`: all of it in order; the way in.
"""

from netdsl.elaborate.assemble import elaborate
from netdsl.elaborate.extent import MOST, Limit
from netdsl.elaborate.files import Library
from netdsl.elaborate.program import variants

__all__ = ["MOST", "Library", "Limit", "elaborate", "variants"]
