"""What compiling and emitting the networks of the zoo cost, network by network, against another checkout.

    python benchmarks/networks.py --against CHECKOUT [--folder SPECS] [--work compile emit] [--rounds 15] [SPEC ...]

Both checkouts read the same specs: those of the older one, where the newer notation is unknown to it. What counts are
ratios, of processor time taken in turn in this run: for each network the median of one checkout by that of the other.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SPECS = (
    *("vgg19", "googlenet", "resnet50", "resnet_cifar:1202", "densenet:121", "mobilenet_v2:1.0", "efficientnet:B0"),
    *("inception_v3", "inception_resnet_v2:released", "shufflenet_v2:x1_0", "regnet:Y-400MF", "convnext:tiny", "unet"),
)
SHORTEST = 0.05
"""What is quicker is done again and again for so many seconds at a time."""


def work(what: str, spec: str, folder: str) -> Callable[[], object]:
    """What is done with one network."""
    import netdsl
    from netdsl.compiler import compile

    name, _, variant = spec.partition(":")
    path = Path(folder) / f"{name}.net"
    if what == "compile":
        return lambda: compile(path, variant=variant or None)
    network = compile(path, variant=variant or None).network
    assert network is not None
    return lambda: netdsl.emit(network)


class Worker:
    """A process in which a checkout does what it is told, and says how long that took it."""

    def __init__(self, checkout: Path):
        command = [sys.executable, __file__, "--serve"]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def seconds(self, what: str, spec: str, folder: Path) -> float:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{what} {spec} {folder}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def serve() -> None:
    known: dict[str, tuple[Callable[[], object], int]] = {}
    for line in sys.stdin:
        if line not in known:
            run = work(*line.split())
            run()
            start = time.process_time()
            run()
            known[line] = run, max(1, round(SHORTEST / (time.process_time() - start)))
        run, times = known[line]
        start = time.process_time()
        for _ in range(times):
            run()
        print((time.process_time() - start) / times, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("specs", nargs="*", default=SPECS, metavar="SPEC")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of netdsl")
    parser.add_argument("--work", nargs="+", choices=("compile", "emit"), default=["compile", "emit"])
    parser.add_argument("--folder", type=Path, default=HERE / "specs", help="the specs, which both must read")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    checkouts = [HERE, *([options.against.resolve()] if options.against else [])]
    workers = [Worker(checkout) for checkout in checkouts]
    for what in options.work:
        ratios = []
        for spec in options.specs:
            times: list[list[float]] = [[] for _ in workers]
            for _ in range(options.rounds):
                for worker, found in zip(workers, times, strict=True):
                    found.append(worker.seconds(what, spec, options.folder.resolve()))
            medians = [statistics.median(found) for found in times]
            shown = "  ".join(f"{each * 1000:9.2f} ms" for each in medians)
            ratios.append(medians[0] / medians[-1])
            print(f"{what:8} {spec:22} {shown}" + (f"  {ratios[-1]:.3f}" if len(workers) > 1 else ""), flush=True)
        if len(workers) > 1:
            print(f"{what:8} {'median, most':22} {statistics.median(ratios):.3f} {max(ratios):.3f}")
    for worker in workers:
        worker.end()


if __name__ == "__main__":
    main()
