"""What other frameworks and the papers call layers and arguments, so that messages can say how it is written here.

`names` is data: names of layers, arguments, statements and figures. `calls` translates a whole call of another library,
`nn.Conv2d(3, 64, 3)`, or does not: half of a call is another network. `frameworks` lists
the names by framework, for the documentation.
"""

from netdsl.foreign.calls import BY_FRAMEWORK, CALLS, call
from netdsl.foreign.names import (
    ARGUMENTS,
    FUNCTIONS,
    JOINS,
    LAYERS,
    NEEDLESS,
    PHRASES,
    QUANTITIES,
    STATEMENTS,
    Layer,
    layer,
)  # fmt: skip

__all__ = [
    "ARGUMENTS", "BY_FRAMEWORK", "CALLS", "FUNCTIONS", "JOINS", "LAYERS", "NEEDLESS", "PHRASES", "QUANTITIES",
    "STATEMENTS", "Layer", "call", "layer",
]  # fmt: skip
