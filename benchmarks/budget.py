"""A training step in less memory: how much less, and in what time.

    python benchmarks/budget.py [NETWORK ...] [--rounds N] [--cpu-time]

A step of eight images: the emitted module beside `--for training --budget`, with the peak of all tensors that are alive
(`netdsl.testing.allocations`), and the time of a forward and a backward pass, in turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import torch
from _measured import Figure, ratios
from torch import Tensor, nn

import netdsl
from netdsl.backends.purpose.race import Clock, Spread
from netdsl.backends.purpose.training import planned
from netdsl.testing.allocations import step

NETWORKS = {
    "resnet_v1_5:152": (4.4, 1.35),
    "inception_v3": (1.75, 1.1),
    "googlenet_bn": (1.55, 1.1),
}
"""By network: how many times less memory a step must take at its peak, and in how many times the time."""
IMAGES = 8


def figures(name: str, rounds: int, clock: Clock) -> Iterator[Figure]:
    """How much less memory a step takes, and in what time."""
    less, longer = NETWORKS[name]
    network = netdsl.load(name)
    plain = planned(network, IMAGES).figures
    budget = plain.whole(int(plain.peak(IMAGES) / less))
    models = (
        netdsl.build(network).train(),
        netdsl.build(network, purpose="training", budget=budget, batch=IMAGES).train(),
    )
    images = torch.randn(IMAGES, *network.inputs[0].shape)
    peaks = [step(model, [images])[1] for model in models]
    yield Figure(f"{name}: peak of a step, times less", Spread.of([peaks[0] / peaks[1]]), less)

    def run(model: nn.Module) -> Callable[[], None]:
        def one() -> None:
            output = model(images)
            heads = [output] if isinstance(output, Tensor) else output
            torch.stack([each.sum() for each in heads]).sum().backward()

        return one

    ways = dict(zip(("plain", "lean"), map(run, models), strict=True))
    found = ratios(ways, rounds, clock, inner=1).faster("plain", "lean")
    yield Figure(f"{name}: the same step, times the time", found, longer, most=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    for name in asked.networks:
        for figure in figures(name, asked.rounds, time.process_time if asked.cpu_time else time.perf_counter):
            print(figure.row, flush=True)


if __name__ == "__main__":
    main()
