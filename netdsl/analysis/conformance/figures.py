"""Figures of a network or of its parts, by name: `params`, `conv1.macs`, `conv1+bn1.params`.

A claim of a spec is about one label. Here labels can be joined by `+`, since a row of a paper's table may be several
layers of the spec. There are also quantities that claims do not have: `weights` (parameters without biases, as some
papers count), `buffers` (elements of running statistics), `aux_macs` and the shape of the `input`.
"""

from __future__ import annotations

from typing import Any

from netdsl.ir import Network
from netdsl.passes.claims import QUANTITIES, computed, find
from netdsl.shapes import numel

KNOWN = (*QUANTITIES, "weights", "buffers", "aux_macs", "input")
_SUMMED = ("params", "macs", "weights", "frozen", "units", "connections")


def split(name: str) -> tuple[str | None, str]:
    """The label and the quantity: `features.0` and `params`; no label in a plain `params`, of the whole network."""
    label, _, quantity = name.rpartition(".")
    return label or None, quantity


def figure(network: Network, name: str) -> Any:
    """The value of a figure: an int, or a shape for `output` and `input`.

    Raises `KeyError` for an unknown label or quantity, `ValueError` where the network's errors leave it unknown.
    """
    label, quantity = split(name)
    if quantity not in KNOWN:
        raise KeyError(quantity)
    if label is not None and "+" in label:
        parts = [_one(network, part, quantity) for part in label.split("+")]
        if quantity == "output":
            return parts[-1]
        if quantity not in _SUMMED:
            raise KeyError(name)
        return sum(parts)
    return _one(network, label, quantity)


def _one(network: Network, label: str | None, quantity: str) -> Any:
    if quantity in QUANTITIES:
        return computed(network, label, quantity)
    if quantity == "weights":
        return _weights(network, label)
    if label is not None:
        raise KeyError(f"{label}.{quantity}")
    if quantity == "input":
        if len(network.inputs) != 1:
            raise KeyError(quantity)
        return network.inputs[0].shape
    if network.totals is None:
        raise ValueError("unknown")
    return getattr(network.totals, quantity)


def _weights(network: Network, label: str | None) -> int:
    """Trainable parameters other than biases."""
    found = (network.nodes, 0) if label is None else find(network, label)
    if found is None:
        raise KeyError(label)
    aux = network.aux_nodes if label is None else frozenset[int]()
    return sum(
        numel(weight.shape)
        for node in found[0]
        if node.id not in aux
        for name, weight in network.weights(node).items()
        if weight.trainable and not weight.buffer and not name.endswith("bias")
    )
