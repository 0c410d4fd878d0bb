"""What checking the zoo costs: all specs in one process against each in one of its own, and by several processes.

    python benchmarks/zoo.py [--rounds N] [--jobs N]

A process that has started and checked one small spec is forked: for each spec once, whose times are added up without
the start, and for all of them one after the other. Both are processor time. What `--jobs` gains is told by the clock
too: processors that others use are no measure of it, and Linux gives the processes of one session together what it
gives one (`sched_autogroup_enabled`), so on a busy machine it gains nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

from _measured import Figure

from netdsl import zoo
from netdsl.backends.purpose.race import Spread
from netdsl.tools.cli import main as netdsl

SMALL = "perceptron"


def check(specs: Sequence[str]) -> None:
    """What `netdsl check` does, unheard."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        netdsl(["check", *specs])


def seconds(specs: Sequence[str]) -> float:
    """The processor time of a check in a process that is forked from this one."""
    reading, writing = os.pipe()
    if not os.fork():
        start = os.times().user  # the system's share is that of the fork
        check(specs)
        os.write(writing, str(os.times().user - start).encode())
        os._exit(0)
    os.wait()
    os.close(writing)
    with open(reading) as pipe:
        return float(pipe.read())


def command(specs: Sequence[str], jobs: int) -> tuple[float, float]:
    """The time by the clock and by the processors of the whole command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    quiet = subprocess.DEVNULL
    call = [sys.executable, "-m", "netdsl", "check", "--jobs", str(jobs), *specs]
    subprocess.run(call, stdout=quiet, stderr=quiet, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return time.perf_counter() - start, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    specs = [str(zoo.find(name)) for name in zoo.names()]
    check([SMALL])
    whole, wall, spent = [], [], []
    for _ in range(asked.rounds):
        whole.append(seconds(specs) / sum(seconds([spec]) for spec in specs))
        one, several = command(specs, 1), command(specs, asked.jobs)
        wall.append(one[0] / several[0])
        spent.append(several[1] / one[1])
    name = f"`check -j {asked.jobs}` of {len(specs)} specs"
    for figure in (
        Figure(f"{len(specs)} specs checked in one process, over the sum of each", Spread.of(whole), 1.2, most=True),
        Figure(f"{name}: times faster by the clock", Spread.of(wall)),
        Figure(f"{name}: processor time over that of one process", Spread.of(spent), 1.2, most=True),
    ):
        print(figure.row, flush=True)


if __name__ == "__main__":
    main()
