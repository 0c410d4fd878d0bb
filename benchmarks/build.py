"""How long the live module takes to be made, with and without initial values, against torchvision's constructors.

    python benchmarks/build.py [--rounds N] [--cpu-time]

The source is emitted once, before; what is measured is its constructor, as `netdsl.build` runs it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torchvision
from _measured import Figure, ratios

import netdsl
from netdsl.backends.purpose.race import Clock
from netdsl.backends.torch import module, source
from netdsl.backends.torch.drawing import drawn

BOUNDS = {"resnet152": ("resnet152", 20.0, 1.2), "vgg19": ("vgg19", 400.0, 1.5)}


def figures(name: str, rounds: int, clock: Clock) -> Iterator[Figure]:
    """The figures of one network."""
    torch.set_num_threads(1)
    theirs, without, drawn_once = BOUNDS[name]
    network = netdsl.load(name)
    called, text = source.write(network)
    made = getattr(module.load(text, network.name), called)

    def ours(once: bool) -> Callable[[], Any]:
        def run() -> None:
            with drawn(once):
                made()

        return run

    ways = {"base": lambda: getattr(torchvision.models, theirs)(), "without": ours(False), "with": ours(True)}
    found = ratios(ways, rounds, clock, inner=1)
    yield Figure(f"{name}: made without initial values, times faster", found.faster("without", "base"), without)
    yield Figure(f"{name}: made with initial values, times faster", found.faster("with", "base"), drawn_once)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    asked = parser.parse_args()
    for name in BOUNDS:
        for figure in figures(name, asked.rounds, time.process_time if asked.cpu_time else time.perf_counter):
            print(figure.row, flush=True)


if __name__ == "__main__":
    main()
