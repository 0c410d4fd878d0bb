"""An input from outside (`--input`) that a layer refuses, to the sizes that the network takes.

The refusal stands at the layer, and nothing is wrong there: so its message says that it is about the input, which sizes
are valid, and the nearest of them.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.ir import Network
from netdsl.passes.sizes import valid_inputs
from netdsl.shapes import text
from netdsl.text.diagnostics import Report

_LARGEST = 2000
"""In networks with more layers no sizes are looked for."""


def explain_input(network: Network, report: Report) -> None:
    """Say of the first layer that refuses an input from outside which inputs there are."""
    broken = next((node for node in network.nodes if node.shape is None), None)
    if broken is None or len(network.nodes) > _LARGEST:
        return
    file, start, end = broken.span
    placed = ((each, each.span) for each in report.errors if each.span is not None)
    told = next((each for each, at in placed if at.file == file and at.start in range(start, end)), None)
    inputs = valid_inputs(network) if told is not None else None
    if told is None or inputs is None:
        return
    shape = network.inputs[0].shape
    outside = {each.place: each for each in inputs.outside(shape)}
    if not outside or any(each.asks for each in outside.values()):
        return
    near = []
    for look in ("below", "above"):
        sizes = [getattr(outside[at].sizes, look)(n) if at in outside else n for at, n in enumerate(shape)]
        if None not in sizes:
            near.append(text(tuple(sizes)))
    said = f"the input {text(shape)} is outside of what the network takes, {inputs.text()}"
    said += f"; the nearest is {' or '.join(near)}" if near else ""
    report.revise(told, replace(told, help=said))
