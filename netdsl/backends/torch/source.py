"""Network to PyTorch source: the text that a person would be glad to own, and that the live module is made of.

The way: `plan` finds the levels of modules; `trace` walks each with symbolic numbers in place of its arguments, `merge`
makes one class of the instances of a block, and `blocks` does so from the inside out; `forward` and `initialise` write
statements, `layout` and `text` lay all out. Text of the user's enters as string literals, or through `names`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from netdsl.backends.torch import text
from netdsl.backends.torch.blocks import Blocks
from netdsl.backends.torch.classes import Class
from netdsl.backends.torch.facts import Facts
from netdsl.backends.torch.fixed import fixed as params_fixed
from netdsl.backends.torch.initialise import Initialisation
from netdsl.backends.torch.loops import gathered
from netdsl.backends.torch.names import LOOPS, RESERVED, prose, variable
from netdsl.backends.torch.network import Main
from netdsl.backends.torch.plan import Plan
from netdsl.backends.torch.terms import literal
from netdsl.collection import put_off
from netdsl.ir import Network


def emit(network: Network, probabilities: bool = False, sizes: bool = False) -> str:
    """PyTorch source of a network: one module class, standing alone on torch.

    A final softmax is left out, as PyTorch's losses take logits, unless `probabilities`. With `sizes` the docstring
    says for which sizes of the input the module is valid. Raises `ValueError` for a network with errors.
    """
    return write(network, probabilities, sizes)[1]


@put_off()
def write(network: Network, probabilities: bool = False, sizes: bool = False) -> tuple[str, str]:
    """The name of the network's class, and the source."""
    main, pieces = parts(network, probabilities)
    return main.name, text.file(network, pieces, sizes)


@put_off()
def parts(network: Network, probabilities: bool = False, reserved: Collection[str] = ()) -> tuple[Main, list[str]]:
    """What is known of the network's class, and the pieces of the source: definitions and classes, its own last.

    No class of a block is called by a `reserved` name, of what else stands in the file.
    """
    if not network.complete:
        raise ValueError(f"{network.name} has errors and cannot be compiled")
    plan = Plan(network, probabilities)
    definitions = dict.fromkeys(each for leaf in plan.root.leaves() for each in leaf.torch.definitions)
    taken = {*RESERVED, *LOOPS, *reserved}
    taken.update(name for each in definitions for name in re.findall(r"(?m)^class (\w+)", each))
    main = Main(plan, taken)
    initialisation = Initialisation(plan)
    fixed = params_fixed(network)
    while True:
        names = set(taken)
        facts = Facts(plan, fixed, names)
        blocks = Blocks(plan, facts, initialisation, names)
        made, trace = main.made(facts, initialisation, names)
        more = {source[1] for atom, source in trace.source.items() if atom in trace.rigid}
        if not more:
            break
        fixed |= more
    for each in (*blocks.classes, made):
        each.attributes = gathered(each.attributes, each is made)
    made.fixed = _fixed(network, made)
    classes = [text.class_text(each) for each in blocks.classes]
    return main, [*definitions, *classes, *main.write(made)]


def _fixed(network: Network, made: Class) -> str:
    """The params that are no arguments of the network's class, and the command that sets them."""
    offered = {each.name for each in made.parameters}
    written = {key: value for key, value in network.settings.items() if key not in network.body.terms}
    fixed = [key for key in written if variable(key, LOOPS) not in offered]
    if not fixed:
        return ""
    follow = [key for key in network.settings if key not in written]
    values = ", ".join(f"{key}={literal(network.settings[key])}" for key in fixed)
    more = f" ({', '.join(follow)} {'follows' if len(follow) == 1 else 'follow'})" if follow else ""
    file = network.body.span.file.replace("\\", "/").rpartition("/")[2].removesuffix(".net") or network.name
    spec = prose(f"{file}:{network.variant}" if network.variant else file)
    return (
        prose(f"Fixed when compiled: {values}{more}; `netdsl compile {spec} --set {fixed[0]}=...` sets another") + "."
    )
