"""Run all benchmarks of speed and memory, and write docs/performance.md.

    python benchmarks/performance.py [--rounds N] [--compile] [--cpu-time] [--processes N]

Each network is measured in processes of its own, and of several processes the middle one is told. The allocator has the
same settings on both sides. What is written are ratios of this machine: no time, and no promise for another one.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import torch
import torchvision

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}
"""Memory that was freed is used again, and not asked of the system anew at each step."""
PARTS = {
    "inference.py": "How fast networks answer, one input at a time",
    "build.py": "Making the live module",
    "memory.py": "The memory of a training step, predicted from the spec over measured",
    "zoo.py": "Checking the zoo",
}
TIMED = ("inference.py", "build.py")


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


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--only", choices=list(PARTS), action="append", help="Some of the parts alone.")
    parser.add_argument("--network", action="append", default=[], help="Of the first part, some networks alone.")
    asked = parser.parse_args()
    timed = ["--rounds", str(asked.rounds), *["--cpu-time"] * asked.cpu_time]
    parts = []
    for script, title in PARTS.items():
        if asked.only and script not in asked.only:
            continue
        arguments = timed if script in TIMED else []
        if script == "inference.py":
            arguments = [*asked.network, *arguments, *["--compile"] * asked.compile]
        times = asked.processes if script in TIMED else 1
        found = middle([rows(script, arguments) for _ in range(times)])
        head = "| figure | median | quartiles | must be | |\n|---|--:|---|---|---|"
        parts.append(f"## {title}\n\n" + "\n".join([head, *found]) + f"\n\n`python benchmarks/{script}`")
    kind = "processor time" if asked.cpu_time else "wall time"
    again = " ".join(["python benchmarks/performance.py", *sys.argv[1:]])
    PAGE.write_text(
        "# Speed and memory\n\n"
        f"Ratios of {kind}, measured on {time.strftime('%d %B %Y')}: {machine()}.\n\n"
        "All ways take turns in a random order; a ratio is of two times of one round, the median is told with its\n"
        f"quartiles, and of {asked.processes} processes the middle one. A bound counts as reached within 5 %.\n"
        "`netdsl bench` measures your machine.\n\n" + "\n\n".join(parts) + f"\n\nWritten by `{again}`.\n",
        "utf-8",
    )
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
