"""Weights go from one module of the spec to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.ir import Network
from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject, flat

if TYPE_CHECKING:
    from torch import nn


class State(Law):
    """The `state_dict` has the keys and shapes that the spec says, and loads strictly into a module that then does the
    same."""

    def hold(self, subject: Subject) -> None:
        import torch

        from netdsl.backends.torch import build

        network, module = subject.smallest, subject.module.eval()
        keys(network, module)
        again = build(network).eval()
        again.load_state_dict(module.state_dict(), strict=True)
        with torch.no_grad():
            pairs = zip(flat(module(*subject.tensors())), flat(again(*subject.tensors())), strict=True)
            if not all(torch.equal(one, other) for one, other in pairs):
                raise Broken("a module with the same weights gives other values")


def keys(network: Network, module: nn.Module) -> None:
    """Hold the `state_dict` of a network's module against the weights of its operators."""
    wanted = {
        ".".join(filter(None, (node.path, name))): tuple(weight.shape)
        for node in network.nodes
        for name, weight in network.weights(node).items()
    }
    kept = {name: tuple(each.shape) for name, each in module.state_dict().items()}
    if kept != wanted:
        other = sorted(set(kept.items()) ^ set(wanted.items()))
        raise Broken(f"the keys of the spec and of the module differ, at `{other[0][0]}`")
