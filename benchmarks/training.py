"""How fast networks learn, and in how little memory, against torchvision's modules and `torch.compile`.

    python benchmarks/training.py [NETWORK ...] [--rounds N] [--compile] [--cpu-time]

A step of four images: torchvision's module as it is, with SGD; and what `netdsl train --channels-last` does with the
emitted one: channels side by side, a fused optimizer. The allocator has the same settings on both sides
(`performance.py`). `--compile` adds `torch.compile` of torchvision's module, which takes a minute or two.

A step of eight images in less memory: the emitted module beside `--for training --budget`, with the peak of all tensors
that are alive (`netdsl.testing.allocations`), and the time of a forward and a backward pass.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torchvision
from _measured import Figure, ratios
from torch import Tensor, nn

import netdsl
from netdsl.backends.purpose.race import Clock, Spread
from netdsl.backends.purpose.training import planned
from netdsl.testing.allocations import step

STEPS = {
    "googlenet_bn": ("googlenet", 1.65, 1.4),
    "inception_v3": ("inception_v3", 1.35, 1.2),
    "resnet_v1_5:50": ("resnet50", 1.3, 1.1),
}
"""By network: torchvision's name for it, and what must be reached: against eager, against `torch.compile`."""
MEMORY = {
    "resnet_v1_5:152": (4.4, 1.35),
    "inception_v3": (1.75, 1.1),
    "googlenet_bn": (1.55, 1.1),
}
"""By network: how many times less memory a step must take at its peak, and in how many times the time."""
IMAGES, MORE = 4, 8


def trained(model: nn.Module, called: Any, images: Tensor, labels: Tensor, fused: bool) -> Callable[[], None]:
    """One step after the other of a module, by momentum."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, fused=fused)

    def run() -> None:
        optimizer.zero_grad()
        output = called(images)
        heads = [output] if isinstance(output, Tensor) else output
        torch.stack([nn.functional.cross_entropy(each, labels) for each in heads]).sum().backward()
        optimizer.step()

    return run


def steps(name: str, rounds: int, clock: Clock, compiled: bool) -> Iterator[Figure]:
    """How many times faster a step is."""
    theirs, eager, against = STEPS[name]
    network = netdsl.load(name)
    heads = {"aux_logits": True, "init_weights": False} if network.aux else {}
    images, labels = torch.randn(IMAGES, *network.inputs[0].shape), torch.randint(0, 1000, (IMAGES,))
    base = getattr(torchvision.models, theirs)(weights=None, **heads).train()
    ours = netdsl.build(network).train().to(memory_format=torch.channels_last)
    aligned = images.contiguous(memory_format=torch.channels_last)
    ways = {
        "base": trained(base, base, images, labels, False),
        "netdsl": trained(ours, ours, aligned, labels, True),
    }
    if compiled:
        ways["compile"] = trained(base, torch.compile(base), images, labels, False)
    yield Figure(f"{name}: a step, times faster than eager", ratios(ways, rounds, clock, inner=1)["netdsl"], eager)
    if compiled:
        found = ratios(ways, rounds, clock, over="compile", inner=1)["netdsl"]
        yield Figure(f"{name}: a step, times faster than `torch.compile`", found, against)


def memory(name: str, rounds: int, clock: Clock) -> Iterator[Figure]:
    """How much less memory a step takes, and in what time."""
    less, longer = MEMORY[name]
    network = netdsl.load(name)
    figures = planned(network, MORE).figures
    budget = figures.whole(int(figures.peak(MORE) / less))
    plain = netdsl.build(network).train()
    lean = netdsl.build(network, purpose="training", budget=budget, batch=MORE).train()
    images = torch.randn(MORE, *network.inputs[0].shape)
    peaks = [step(model, [images])[1] for model in (plain, lean)]
    yield Figure(f"{name}: peak of a step, times less", Spread.of([peaks[0] / peaks[1]]), less)

    def run(model: nn.Module) -> Callable[[], None]:
        def one() -> None:
            output = model(images)
            heads = [output] if isinstance(output, Tensor) else output
            torch.stack([each.sum() for each in heads]).sum().backward()

        return one

    found = ratios({"plain": run(plain), "lean": run(lean)}, rounds, clock, over="lean", inner=1)["plain"]
    yield Figure(f"{name}: the same step, times the time", found, longer, most=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=[*dict.fromkeys((*STEPS, *MEMORY))], metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    clock = time.process_time if asked.cpu_time else time.perf_counter
    for name in asked.networks:
        for figure in memory(name, asked.rounds, clock) if name in MEMORY else ():
            print(figure.row, flush=True)
        for figure in steps(name, asked.rounds, clock, asked.compile) if name in STEPS else ():
            print(figure.row, flush=True)


if __name__ == "__main__":
    main()
