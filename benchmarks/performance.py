"""Run all benchmarks of speed and memory, and write docs/performance.md.

    python benchmarks/performance.py [--rounds N] [--compile] [--cpu-time] [--processes N]

Each network is measured in processes of its own, and of several processes the middle one is told. The allocator has the
same settings on both sides. What is written are ratios of this machine: no time, and no promise for another one. Parts
that are not measured again keep their figures (docs/figures/performance.json).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torchvision

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}
"""Memory that was freed is used again, and not asked of the system anew at each step."""
PARTS = {
    "inference.py": "How fast networks answer, one input at a time",
    "training.py": "How fast they learn, and in how little memory",
    "memory.py": "The memory of a training step, predicted from the spec over measured",
    "build.py": "Making the live module",
    "summary.py": "A summary, as a process",
    "zoo.py": "Checking the zoo",
}
TIMED = ("inference.py", "training.py", "build.py", "summary.py")
FOUND = HERE.parent / "docs" / "figures" / "performance.json"
"""What was measured last, part by part: a part that is not measured again keeps its figures."""


def rows(script: str, arguments: list[str]) -> list[str]:
    """The rows that a script prints, in a process of its own."""
    environment = {**os.environ, **ALLOCATOR, "PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, str(HERE / script), *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )
    if done.returncode:
        print(f"{script} failed", file=sys.stderr)
    return [line for line in done.stdout.splitlines() if line.startswith("| ")]


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
    found = re.search(r"model name\s*:\s*(.*)", info)
    name = found[1] if found else platform.processor() or platform.machine()
    versions = f"Python {platform.python_version()}, PyTorch {torch.__version__}, torchvision {torchvision.__version__}"
    return f"{name}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end; {versions}"


def chart(script: str, found: list[list[str]]) -> str:
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
    matplotlib.rcParams["svg.hashsalt"] = script
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
    path = PAGE.parent / "figures" / f"performance_{script.removesuffix('.py')}.svg"
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    return f"![Figures beside their bounds](figures/{path.name})\n\n"


def section(script: str, measured: dict[str, Any]) -> str:
    """A part of the page: its table, its chart, and when and how it was measured."""
    split = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in measured["rows"]]
    drawn = chart(script, [[cells[0], cells[1], cells[3] if len(cells) > 3 else ""] for cells in split])
    table = "\n".join(["| figure | median | quartiles | must be | |", "|---|--:|---|---|---|", *measured["rows"]])
    said = f"Measured on {measured['when']}: {measured['machine']}; {measured['how']}."
    return f"## {PARTS[script]}\n\n{table}\n\n{drawn}{said} Again: `python benchmarks/{script}`."


def page(found: dict[str, dict[str, Any]]) -> str:
    """The page of all that was measured."""
    parts = [section(script, found[script]) for script in PARTS if script in found]
    explained = (HERE / "performance.md").read_text("utf-8").strip()
    return (
        "\n\n".join([explained, *parts, "Written by `python benchmarks/performance.py`, which runs all of it."]) + "\n"
    )


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--only", choices=list(PARTS), action="append", help="Some of the parts alone.")
    parser.add_argument("--network", action="append", default=[], help="Of networks, some alone.")
    parser.add_argument("--write", action="store_true", help="Write the page of what was measured before, and no more.")
    asked = parser.parse_args()
    found = json.loads(FOUND.read_text("utf-8")) if FOUND.exists() else {}
    kind = "processor time" if asked.cpu_time else "wall time"
    for script in [] if asked.write else asked.only or PARTS:
        arguments = ["--rounds", str(asked.rounds), *["--cpu-time"] * asked.cpu_time] if script in TIMED else []
        if script in ("inference.py", "training.py"):
            arguments += ["--compile"] * asked.compile
        if script in ("inference.py", "training.py", "memory.py"):
            arguments = [*asked.network, *arguments]
        times = asked.processes if script in TIMED else 1
        how = f"{kind}, the middle one of {times} processes" if script in TIMED else "once"
        found[script] = {
            "rows": middle([rows(script, arguments) for _ in range(times)]),
            "when": time.strftime("%d %B %Y"),
            "machine": machine(),
            "how": how,
        }
    FOUND.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(found), "utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
