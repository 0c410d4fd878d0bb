"""Network to PyTorch source: the text that a person would be glad to own, and that the live module is made of.

The way: `plan` finds the levels of modules, `blocks` makes classes of those that are alike, `forward` and `initialise`
write their statements, `layout` and `text` lay all out. Text of the user's enters as string literals, or through
`names`.
"""

from __future__ import annotations

import gc
import re

from netdsl.backends.torch import text
from netdsl.backends.torch.blocks import Blocks
from netdsl.backends.torch.initialise import Initialisation
from netdsl.backends.torch.names import LOOPS, RESERVED
from netdsl.backends.torch.network import Main
from netdsl.backends.torch.plan import Plan
from netdsl.ir import Network


def emit(network: Network, probabilities: bool = False) -> str:
    """PyTorch source of a network: one module class, standing alone on torch.

    A final softmax is left out, as PyTorch's losses take logits, unless `probabilities`. Raises `ValueError` for a
    network with errors.
    """
    return write(network, probabilities)[1]


def write(network: Network, probabilities: bool = False) -> tuple[str, str]:
    """The name of the network's class, and the source."""
    if not network.complete:
        raise ValueError(f"{network.name} has errors and cannot be compiled")
    paused = gc.isenabled()
    gc.disable()  # all that is made lives until the text is: collecting in between only costs time
    try:
        return _write(network, probabilities)
    finally:
        if paused:
            gc.enable()


def _write(network: Network, probabilities: bool) -> tuple[str, str]:
    plan = Plan(network, probabilities)
    definitions = dict.fromkeys(each for leaf in plan.root.leaves() for each in leaf.torch.definitions)
    taken = {*RESERVED, *LOOPS}
    taken.update(name for each in definitions for name in re.findall(r"(?m)^class (\w+)", each))
    main = Main(plan, taken)
    initialisation = Initialisation(plan)
    blocks = Blocks(plan, initialisation, taken)
    classes = [text.class_text(each) for each in blocks.classes]
    return main.name, text.file(network, [*definitions, *classes, *main.write(initialisation, blocks.constructs)])
