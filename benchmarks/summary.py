"""What a summary costs as a process, against torchinfo: the time, and the memory at its largest.

    python benchmarks/summary.py [--rounds N] [--cpu-time]

`netdsl summary resnet152` beside torchinfo's summary of torchvision's module, both with imports and all, in turns.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from resource import RUSAGE_CHILDREN, getrusage

from _measured import Figure

from netdsl.backends.purpose.race import Spread

PEAK = """import atexit, sys
def peak():
    with open("/proc/self/status") as status:
        print(next(line for line in status if line.startswith("VmHWM:")).split()[1], file=sys.stderr)
atexit.register(peak)
"""
"""A process says at its end how much memory it had: what the system tells a parent may be the parent's own."""
OURS = "import runpy; sys.argv = ['netdsl', 'summary', 'resnet152']; runpy.run_module('netdsl', run_name='__main__')"
RIVAL = """import torchinfo, torchvision
print(torchinfo.summary(torchvision.models.resnet152(), input_size=(1, 3, 224, 224), verbose=0))
"""
WAYS = {"netdsl": PEAK + OURS, "torchinfo": PEAK + RIVAL}


def process(code: str, processor: bool) -> tuple[float, float]:
    """The seconds that a process of Python's took, and its memory at its largest."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, began = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        check=True,
    )
    wall, after = time.perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (used if processor else wall), float(done.stderr.split()[-1])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    asked = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for turn in range(asked.rounds + 1):
        for name in random.sample(list(WAYS), len(WAYS)):
            taken = process(WAYS[name], asked.cpu_time)
            if turn:  # the first turn fills caches
                found[name].append(taken)
    pairs = list(zip(found["torchinfo"], found["netdsl"], strict=True))
    for place, (said, bound) in enumerate((("times faster", 14.0), ("times less memory", 20.0))):
        spread = Spread.of([theirs[place] / ours[place] for theirs, ours in pairs])
        print(Figure(f"`netdsl summary resnet152` against torchinfo, {said}", spread, bound).row, flush=True)


if __name__ == "__main__":
    main()
