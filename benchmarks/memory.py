"""What a training step keeps and its peak, as predicted from the spec, over what PyTorch needs.

    python benchmarks/memory.py [NETWORK ...]

Every tensor that is made in a step on the CPU is followed until it is freed, so nothing depends on an allocator;
weights are not counted. A ratio of 1 is an exact prediction.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from _measured import Figure

import netdsl
from netdsl.backends.purpose.race import Spread, drawn_inputs
from netdsl.backends.purpose.training import planned
from netdsl.backends.purpose.write_training import write
from netdsl.backends.torch.module import load
from netdsl.testing.allocations import step

NETWORKS = ("resnet50", "googlenet_bn", "inception_v3", "vgg16", "resnet_cifar:20", "mobilenet_v2:1.0", "vit_b_16")
BATCH = 2


def figures(name: str) -> Iterator[Figure]:
    """The predicted bytes over the measured ones, of one network."""
    network = netdsl.load(name)
    plan = planned(network, BATCH)
    for title, each in {"plain": plan.plain, "`--for training`": plan}.items():
        called, text = write(each)
        kept, peak = step(getattr(load(text, network.name), called)().train(), drawn_inputs(network, BATCH))
        yield Figure(f"{name}, {title}: bytes kept, predicted over measured", _one(each.kept / kept))
        yield Figure(f"{name}, {title}: peak, predicted over measured", _one(each.peak / peak))


def _one(number: float) -> Spread:
    return Spread.of([number])


def main(names: list[str]) -> None:
    """Print the figures."""
    for name in names or NETWORKS:
        for figure in figures(name):
            print(figure.row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
