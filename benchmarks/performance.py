"""Run all benchmarks of speed and memory, and write docs/performance.md.

    python benchmarks/performance.py [PART ...] [--network NAME] [--processes N] [--rounds N] [--no-compile]

It takes about 25 minutes on two quiet processors, and tells on the way what it does. Each network is measured in
processes of its own, and of several the middle one is told. The allocator has the same settings on both sides. What is
written are ratios of this machine: no time, and no promise for another one. Figures are kept as soon as there are any
(docs/figures/performance.json): a network that fails loses its own alone, and what is not measured again stays, each
with its date, its machine, and what else that machine did.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torchvision

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
FOUND = HERE.parent / "docs" / "figures" / "performance.json"
"""What was measured last, of each part network by network."""
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}
"""Memory that was freed is used again, and not asked of the system anew at each step."""
BUSY = ("load", "others")
"""How busy the machine was: the load, and the processors that others had."""
LONGEST = 900
"""The seconds after which a process counts as failed."""


class Part(NamedTuple):
    """A script: its title on the page, its networks (none: it measures one thing), what it can be told, and whether the
    middle one of several processes counts; else it takes care of that itself, or counts what is the same each time."""

    title: str
    networks: tuple[str, ...]
    takes: tuple[str, ...] = ()
    repeated: bool = False
    allocator: bool = True


NETWORKS = (
    *("googlenet_bn", "inception_v3", "resnet_v1_5:50", "vgg16", "alexnet_owt"),
    *("lenet5_modern", "resnet_cifar:20"),
)
PREDICTED = ("resnet50", "googlenet_bn", "inception_v3", "vgg16", "resnet_cifar:20", "mobilenet_v2:1.0", "vit_b_16")
PARTS = {
    "machine": Part("What the machine can do", ("",), repeated=True),
    "inference": Part(
        "How fast networks answer, one input at a time", NETWORKS, ("rounds", "compile", "cpu-time"), repeated=True
    ),
    "training": Part(
        "How fast networks learn", ("googlenet_bn", "inception_v3", "resnet_v1_5:50"), ("compile", "cpu-time"),
        allocator=False,
    ),
    "budget": Part(
        "A training step in less memory", ("resnet_v1_5:152", "inception_v3", "googlenet_bn"), ("cpu-time",),
        repeated=True,
    ),
    "memory": Part("The memory of a training step, predicted from the spec over measured", PREDICTED),
    "build": Part("Making the live module", ("",), ("cpu-time",), repeated=True),
    "summary": Part("A summary, as a process", ("",), ("cpu-time",)),
    "zoo": Part("Checking the zoo", ("",)),
}  # fmt: skip


class Failed(Exception):
    """A process that did not come to its end, and why; `rows` are those that it had printed."""

    def __init__(self, why: str, rows: list[str] | None = None):
        super().__init__(why)
        self.rows = rows or []


def rows(part: str, arguments: list[str]) -> list[str]:
    """The rows that a script prints, in a process of its own. Raises `Failed`."""
    settings = ALLOCATOR if PARTS[part].allocator else {}
    environment = {**os.environ, **settings, "PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"}
    call = [sys.executable, str(HERE / f"{part}.py"), *arguments]
    try:
        done = subprocess.run(call, capture_output=True, text=True, env=environment, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {LONGEST} s") from None
    found = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    if done.returncode or not found:
        raise Failed((done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1], found)
    return found


def middle(tables: list[list[str]]) -> list[str]:
    """Of each row of several processes the one whose figure is in the middle."""
    named: dict[str, list[str]] = {}
    for row in (row for table in tables for row in table):
        named.setdefault(row.split("|")[1], []).append(row)
    return [sorted(each, key=lambda row: float(row.split("|")[2]))[len(each) // 2] for each in named.values()]


def machine() -> str:
    """What the figures depend on."""
    try:
        info = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        info = ""
    name, family, model = (
        found[1] if (found := re.search(rf"(?m)^{word}\s*:\s*(.*)$", info)) else ""
        for word in ("model name", "cpu family", "model")
    )
    said = f"{name or platform.processor() or platform.machine()}"
    said += f" (family {family}, model {model}{', AVX-512' * ('avx512f' in info)})" if family else ""
    versions = f"Python {platform.python_version()}, PyTorch {torch.__version__}, torchvision {torchvision.__version__}"
    return f"{said}, {os.cpu_count()} processors; {versions}"


class Watch:
    """How busy others kept the processors meanwhile, besides the processes of this one."""

    def __init__(self) -> None:
        self.start, self.busy, self.own = time.perf_counter(), *self._spent()

    @staticmethod
    def _spent() -> tuple[float, float]:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            ticks = [int(each) for each in Path("/proc/stat").read_text("utf-8").split()[1:9]]
        except OSError:
            return 0.0, 0.0
        idle = ticks[3] + ticks[4]  # waiting for a disk is idle too
        return (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK"), used.ru_utime + used.ru_stime

    @property
    def seen(self) -> dict[str, float]:
        """The load, and how many processors others had on the mean."""
        seconds, (busy, own) = time.perf_counter() - self.start, self._spent()
        others = max(busy - self.busy - (own - self.own), 0.0) / max(seconds, 1e-9)
        return dict(zip(BUSY, (round(os.getloadavg()[0], 2), round(others, 2)), strict=True))


def chart(part: str, found: list[list[str]]) -> str:
    """A chart of figures beside what they must reach, each as a share of its bound: 1 is reached; its Markdown."""
    bars = [
        (name.replace("`", ""), float(median) / float(bound.split()[-1]), "most" in bound)
        for name, median, bound in found
        if bound
    ]
    if not bars:
        return ""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = part
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 0.6 + 0.28 * len(bars)))
    good = [share <= 1.05 if most else share >= 0.95 for _, share, most in bars]
    axes.barh(
        [name for name, _, _ in bars],
        [share for _, share, _ in bars],
        color=["#4878a8" if g else "#c8834b" for g in good],
    )
    axes.axvline(1, color="#333333", linewidth=1)
    axes.invert_yaxis()
    axes.set_xscale("log") if max(share for _, share, _ in bars) > 4 else None
    axes.set_xlabel("measured, as a share of what must be reached")
    axes.spines[["top", "right"]].set_visible(False)
    path = PAGE.parent / "figures" / f"performance_{part}.svg"
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    return f"![Figures beside their bounds](figures/{path.name})\n\n"


def section(part: str, measured: dict[str, dict[str, Any]]) -> str:
    """A part of the page: its table, its chart, and when and how what was measured."""
    lines = [row for network in measured.values() for row in network["rows"]]
    split = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in lines]
    drawn = chart(part, [[cells[0], cells[1], cells[3] if len(cells) > 3 else ""] for cells in split])
    table = "\n".join(["| figure | median | quartiles | must be | |", "|---|--:|---|---|---|", *lines])
    return f"## {PARTS[part].title}\n\n{table}\n\n{drawn}{_told(part, measured)} Again: `python benchmarks/{part}.py`."


def _told(part: str, measured: dict[str, dict[str, Any]]) -> str:
    """When, where and how the networks of a part were measured."""
    ways: dict[str, list[str]] = {}
    for name, each in measured.items():
        ways.setdefault(f"{each['when']}: {each['machine']}; {each['how']}", []).append(name)
    said = []
    for way, names in ways.items():
        loads, others = (sorted(measured[name][key] for name in names if key in measured[name]) for key in BUSY)
        busy = f"; load {_range(loads)}, of which others {_range(others)}" if loads else ""
        said.append(f"{way}{busy}" + (f" ({', '.join(names)})" if len(ways) > 1 else ""))
    return f"Measured on {'; on '.join(said)}."


def _range(numbers: list[float]) -> str:
    ends = dict.fromkeys(f"{each:.1f}" for each in (numbers[0], numbers[-1]))
    return " to ".join(ends)


def page(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The page of all that was measured."""
    parts = [section(part, found[part]) for part in PARTS if found.get(part)]
    explained = (HERE / "performance.md").read_text("utf-8").strip()
    return (
        "\n\n".join([explained, *parts, "Written by `python benchmarks/performance.py`, which runs all of it."]) + "\n"
    )


def jobs(parts: Iterable[str], networks: list[str]) -> Iterator[tuple[str, str]]:
    """What is measured: the parts, network by network."""
    for part in parts:
        yield from ((part, name) for name in PARTS[part].networks if not networks or name in networks)


def measure(part: str, network: str, asked: argparse.Namespace) -> dict[str, Any]:
    """The figures of a network in a part. Raises `Failed` where no process gives any."""
    about, given = PARTS[part], {"rounds": ["--rounds", str(asked.rounds)]}
    given |= {"compile": ["--compile"] * asked.compile, "cpu-time": ["--cpu-time"] * asked.cpu_time}
    arguments = [*filter(None, [network]), *(word for name in about.takes for word in given[name])]
    times, tables, failed, watch = asked.processes if about.repeated else 1, list[list[str]](), list[str](), Watch()
    for _ in range(times):
        try:
            tables.append(rows(part, arguments))
        except Failed as problem:
            failed.append(str(problem))
            tables += [problem.rows] if problem.rows else []
    if not tables:
        raise Failed(failed[-1])
    lost = f", of which {len(failed)} failed ({failed[-1]})" if failed else ""
    kind = "processor time" if asked.cpu_time and "cpu-time" in about.takes else "wall time"
    how = (f"{kind}, the middle one of {times} processes" if about.repeated else "once") + lost
    return {
        "rows": middle(tables),
        "when": time.strftime("%d %B %Y"),
        "machine": machine(),
        "how": how,
        **watch.seen,
    }


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"Some of the parts alone: {', '.join(PARTS)}.")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--network", action="append", default=[], help="Of networks, some alone.")
    parser.add_argument("--write", action="store_true", help="Write the page of what was measured before, and no more.")
    asked = parser.parse_args()
    if unknown := [part for part in asked.parts if part not in PARTS]:
        parser.error(f"there is no part '{unknown[0]}'; there are {', '.join(PARTS)}")
    if not any(jobs(asked.parts or PARTS, asked.network)):
        parser.error(f"no part measures {' or '.join(asked.network)}")
    found = json.loads(FOUND.read_text("utf-8")) if FOUND.exists() else {}
    todo = [] if asked.write else list(jobs(asked.parts or PARTS, asked.network))
    failed = []
    for number, (part, network) in enumerate(todo, 1):
        start, called = time.perf_counter(), f"{part} {network}".strip()
        print(f"[{number}/{len(todo)}] {called} ...", end=" ", file=sys.stderr, flush=True)
        try:
            found.setdefault(part, {})[network] = measure(part, network, asked)
        except Failed as problem:
            failed.append(f"{called}: {problem}")
            print(f"failed: {problem}", file=sys.stderr)
            continue
        made = found[part][network]
        busy = f"load {made['load']:.1f}, of which others {made['others']:.1f}"
        print(f"{time.perf_counter() - start:.0f} s; {made['how']}; {busy}", file=sys.stderr)
        FOUND.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(found), "utf-8")
    print(f"wrote {PAGE}" + "".join(f"\nfailed: {each}" for each in failed))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
