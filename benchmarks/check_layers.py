"""How parsing and checking grow with the network: layers per second at 1,000, 10,000 and 100,000 layers.

    python benchmarks/check_layers.py [--against CHECKOUT]

A spec written out line by line is parsed, and so is one of several kinds of statements; specs written out, repeated
and made of blocks are checked. What counts are ratios, of processor time measured side by side in this run: the time
per layer against that at 1,000 layers (about 1.0 is linear), and with `--against` the layers per second against those
of another checkout, which does the same work in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
COUNTS = (1_000, 10_000, 100_000)
MOST_BYTES = 2**20
SEVERAL = (
    "conv3-8/2(pad=1, act=relu) x2\na: conv3-8 -> 8x4x4\nmaxpool3/2\nadd { conv1-8 | bn }\nparam a = 3 * (n + 1)\n"
)


def written(count: int) -> str:
    """`count` statements, each as short as can be."""
    return "input 8x8x8\n" + "relu\n" * count


def several(count: int) -> str:
    """`count` statements of five kinds."""
    return SEVERAL * (count // 5)


def repeated(count: int) -> str:
    return f"input 8x8x8\nconv3-8(act=relu) x{count // 2}\n"


def blocks(count: int) -> str:
    return f"input 8x8x8\nblock b(n) {{ residual {{ conv3-n; relu }} }}\nb(8) x{count // 3}\n"


def parse(text: str) -> None:
    syntax = import_module("netdsl.syntax.parse")
    report = syntax.Report()
    syntax.parse(syntax.Source("bench.net", text), report)
    assert not len(report)


def check(text: str) -> None:
    import_module("netdsl").loads(text)


WORK: dict[str, tuple[Callable[[str], None], Callable[[int], str]]] = {
    "parse written": (parse, written),
    "parse several": (parse, several),
    "check written": (check, written),
    "check repeated": (check, repeated),
    "check blocks": (check, blocks),
}


class Worker:
    """A process in which a checkout does what it is told, and says how long that took it."""

    def __init__(self, checkout: Path):
        command = [sys.executable, __file__, "--work"]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def seconds(self, name: str, count: int) -> float:
        assert self.process.stdin and self.process.stdout
        print(name, count, sep="\t", file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


def work() -> None:
    """Be such a process."""
    for line in sys.stdin:
        name, count = line.split("\t")
        do, make = WORK[name]
        text = make(int(count))
        start = time.process_time()
        do(text)
        print(time.process_time() - start, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of netdsl")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work()
    workers = [Worker(HERE), *([Worker(options.against.resolve())] if options.against else [])]
    print(f"{'':15} {'layers':>8} {'layers/s':>10} {'per layer, of 1k':>17}" + " of the other" * (len(workers) - 1))
    for name, (_, make) in WORK.items():
        base = 0.0
        for count in COUNTS:
            if len(make(count)) > MOST_BYTES:
                continue
            rounds = options.rounds if count < COUNTS[-1] else 1
            turns = [[each.seconds(name, count) for each in workers] for _ in range(rounds + 1)]
            taken = [statistics.median(times) for times in zip(*turns[1:], strict=True)]  # the first turn fills caches
            base = base or taken[0] / count
            ratio = f"{taken[1] / taken[0]:13.2f}" if len(taken) > 1 else ""
            print(f"{name:15} {count:8,} {count / taken[0]:10,.0f} {taken[0] / count / base:17.2f}{ratio}", flush=True)


if __name__ == "__main__":
    main()
