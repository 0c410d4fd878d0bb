"""Activations and sums are done in the kernel of the convolution before them (`--target cpu`).

oneDNN, with which PyTorch computes on a CPU, can apply an activation to each value that a convolution gives before it
is written, and add another value to it: `conv`, `conv + act`, `conv + add + act` and `fc + act` are one call. Its
weights are packed in the order in which its kernels read them, once, for the known shapes. These are operators that
PyTorch has for its own compiler (`torch.ops.mkldnn`); where they are missing, the emitted source takes the public ones
by itself.

A value is written once in place of once for each step, and weights are not put in order again at each call.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.backends.purpose.graph import Graph, Step
from netdsl.ops import Operator
from netdsl.ops.fc import Fc

FUSIBLE = ("relu", "relu6", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "gelu", "leakyrelu")
"""The activations that oneDNN does in the kernel of a convolution and of a matrix product."""


def apply(graph: Graph) -> Graph:
    """The graph with sums and activations in the kernels before them."""
    return _activated(_summed(graph))


def _kernel(step: Step) -> bool:
    """Whether a step is one call of oneDNN: a matrix product, or a convolution of planes."""
    return step.filters and (isinstance(step.op, Fc) or len(step.shape) == 3)


def _summed(graph: Graph) -> Graph:
    """The sums of two values in the convolution that gives the later of them."""
    place = {step.value: number for number, step in enumerate(graph.steps)}
    done: dict[int, Step] = {}
    gone: set[int] = set()
    for add in graph.steps:
        if add.op.name != "add" or len(add.inputs) != 2 or len(set(add.inputs)) != 2:
            continue
        if any(shape != add.shape for shape in graph.shapes(add)):
            continue
        for value in sorted(add.inputs, key=lambda value: -place.get(value, -1)):
            layer = graph.made.get(value)
            if layer is None or not _kernel(layer) or isinstance(layer.op, Fc) or graph.only(value) is not add:
                continue
            (other,) = (each for each in add.inputs if each != value)
            inputs, layers = (*layer.inputs, other), (*layer.layers, *add.layers)
            done[add.value] = replace(layer, value=add.value, inputs=inputs, layers=layers, plus=True)
            gone.add(layer.value)
            break
    return graph.changed(done.get(step.value, step) for step in graph.steps if step.value not in gone)


def _activated(graph: Graph) -> Graph:
    """Activations in the layer before them."""
    done: dict[int, Step] = {}
    gone: set[int] = set()
    for act in graph.steps:
        layer = graph.made.get(act.inputs[0]) if _fusible(act.op) else None
        if (
            layer is None
            or not _kernel(layer)
            or layer.activation is not None
            or (layer.plus and act.op.name != "relu")
        ):
            continue
        if graph.only(layer.value) is act:
            layers = (*layer.layers, *act.layers)
            done[act.value] = replace(layer, value=act.value, activation=act.op, layers=layers)
            gone.add(layer.value)
    return graph.changed(done.get(step.value, step) for step in graph.steps if step.value not in gone)


def _fusible(op: Operator) -> bool:
    return op.name in FUSIBLE
