"""How fast networks learn, against torchvision's modules and `torch.compile`.

    python benchmarks/training.py [NETWORK ...] [--rounds N] [--compile] [--cpu-time]

A step of four images, by momentum: torchvision's module as it is; and what `netdsl train --channels-last` does with the
emitted one, whose channels lie side by side, whose weights change in one kernel, and whose process keeps what it has
freed. Settings of an allocator are a process's, so each way has processes of its own, in turns, and what counts is the
median step of each. `--compile` adds `torch.compile` of torchvision's module, once, since it takes a minute or two
until its first step.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import torch
import torchvision
from _measured import Figure
from torch import Tensor, nn

import netdsl
from netdsl.backends.purpose.race import Clock, Spread
from netdsl.training.allocator import keep_freed

STEPS = {
    "googlenet_bn": ("googlenet", 1.65, 1.4),
    "inception_v3": ("inception_v3", 1.35, 1.2),
    "resnet_v1_5:50": ("resnet50", 1.3, 1.1),
}
"""By network: torchvision's name for it, and what must be reached: against eager, against `torch.compile`."""
WAYS = ("eager", "netdsl", "compile")
IMAGES, FIRST, MORE = 4, 2, 6
"""Images of a step; steps that are not counted, and those that are."""


def step(name: str, way: str, clock: Clock) -> float:
    """The median seconds of a step in this process."""
    network = netdsl.load(name)
    labels, images = torch.randint(0, 1000, (IMAGES,)), torch.randn(IMAGES, *network.inputs[0].shape)
    if way == "netdsl":
        keep_freed()
        model = netdsl.build(network).train().to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    else:
        given = {"aux_logits": True, "init_weights": False} if network.aux else {}
        model = getattr(torchvision.models, STEPS[name][0])(weights=None, **given).train()
    called = torch.compile(model) if way == "compile" else model
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, fused=way == "netdsl" or None)
    times = []
    for _ in range(FIRST + MORE):
        start = clock()
        optimizer.zero_grad()
        output = called(images)
        heads = [output] if isinstance(output, Tensor) else output
        torch.stack([nn.functional.cross_entropy(each, labels) for each in heads]).sum().backward()
        optimizer.step()
        times.append(clock() - start)
    return statistics.median(times[FIRST:])


def figures(name: str, rounds: int, compiled: bool, passed: list[str]) -> Iterator[Figure]:
    """How many times faster a step is, of processes in turns."""
    _, eager, against = STEPS[name]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MALLOC_")}

    def seconds(way: str) -> float:
        call = [sys.executable, __file__, name, "--way", way, *passed]
        done = subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        return float(done.stdout.split()[-1])

    found: dict[str, list[float]] = {"eager": [], "netdsl": []}
    for _ in range(rounds):
        for way in random.sample(list(found), len(found)):
            found[way].append(seconds(way))
    ours = found["netdsl"]
    yield Figure(f"{name}: a step, times faster than eager", _over(found["eager"], ours), eager)
    if compiled:
        rival = [seconds("compile")] * rounds
        yield Figure(f"{name}: a step, times faster than `torch.compile`", _over(rival, ours), against)


def _over(theirs: list[float], ours: list[float]) -> Spread:
    return Spread.of([base / own for base, own in zip(theirs, ours, strict=True)])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=list(STEPS), metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    parser.add_argument("--way", choices=WAYS, help="Print the seconds of a step by this way, and no more.")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    passed = ["--threads", str(asked.threads), *["--cpu-time"] * asked.cpu_time]
    for name in asked.networks:
        if asked.way:
            print(step(name, asked.way, time.process_time if asked.cpu_time else time.perf_counter))
            continue
        for figure in figures(name, asked.rounds, asked.compile, passed):
            print(figure.row, flush=True)


if __name__ == "__main__":
    main()
