"""What a training step keeps and its peak, as predicted from the spec, over what PyTorch needs.

    python benchmarks/memory.py [NETWORK ...]

Every tensor that is made in a step on the CPU is followed until it is freed, so nothing depends on an allocator;
weights are not counted. A ratio of 1 is an exact prediction.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from _measured import Figure
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import netdsl
from netdsl.backends.purpose.race import Spread, drawn_inputs
from netdsl.passes.training_memory import training

NETWORKS = ("resnet50", "googlenet_bn", "inception_v3", "vgg16", "resnet_cifar:20", "mobilenet_v2:1.0", "vit_b_16")
BATCH = 2


class Followed(TorchDispatchMode):
    """Counts the bytes of all storages that are alive."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One operator: what it makes is followed."""
        made = function(*args, **(kwargs or {}))
        for each in tree_leaves(made):
            if isinstance(each, torch.Tensor):
                self.follow(each)
        return made

    def follow(self, tensor: torch.Tensor) -> None:
        """Follow the storage of a tensor until it is freed."""
        storage = tensor.untyped_storage()
        place, size = storage._cdata, storage.nbytes()
        if place in self.known:
            return
        self.known.add(place)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self.freed, place, size)

    def freed(self, place: int, size: int) -> None:
        """A storage is no more."""
        self.known.discard(place)
        self.now -= size


def figures(name: str) -> Iterator[Figure]:
    """The predicted bytes over the measured ones, of one network."""
    network = netdsl.load(name)
    model = netdsl.build(network).train()
    for each in model.parameters():
        each.grad = torch.zeros_like(each)
    own = {each.untyped_storage()._cdata for each in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage.nbytes()
        return tensor

    expected = training(network)
    inputs = drawn_inputs(network, BATCH)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = model(*inputs)
    saved = sum(kept.values())
    del output
    yield Figure(
        f"{name}: bytes kept, predicted over measured", _one((expected.saved * BATCH + expected.constant) / saved)
    )
    followed = Followed()
    followed.known |= own | {each.grad.untyped_storage()._cdata for each in model.parameters() if each.grad is not None}
    with followed:
        output = model(*(each.clone() for each in inputs))
        output = output if isinstance(output, torch.Tensor) else output[0]
        output.sum().backward()
    yield Figure(f"{name}: peak, predicted over measured", _one(expected.peak(BATCH) / followed.peak))


def _one(number: float) -> Spread:
    return Spread.of([number])


def main(names: list[str]) -> None:
    """Print the figures."""
    for name in names or NETWORKS:
        for figure in figures(name):
            print(figure.row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
