"""What a check costs against importing the libraries it stands on.

    python benchmarks/startup.py [--against CHECKOUT]

Prints the median processor and wall time of each command, and their ratios to `python -c "import lark, pydantic"`, all
taken in turn in this run: times of different runs do not compare. With `--against`, the same of another checkout.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

HERE = Path(__file__).resolve().parent.parent
BASE = "import lark, pydantic"


def commands(checkout: Path) -> dict[str, list[str]]:
    """Each command by its name, as arguments for Python."""
    check = ["-m", "netdsl", "check", str(HERE / "specs" / "vgg19.net")]
    forgetful = "--no-cache" in (checkout / "netdsl" / "tools" / "cli" / "check.py").read_text("utf-8")
    return {
        f"{checkout.name}: netdsl --version": ["-m", "netdsl", "--version"],
        f"{checkout.name}: netdsl check": [*check, "--no-cache"] if forgetful else check,
    }


def measure(command: list[str], checkout: Path) -> tuple[float, float]:
    """The processor and the wall time of one run."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, start = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=environment)
    wall, after = time.perf_counter() - start, getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of netdsl")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    runs = {BASE: (["-c", BASE], HERE)}
    for checkout in [HERE, *([options.against.resolve()] if options.against else [])]:
        runs |= {name: (command, checkout) for name, command in commands(checkout).items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for turn in range(options.rounds + 1):
        for name, (command, checkout) in runs.items():
            found = measure(command, checkout)
            if turn:  # the first turn fills caches
                times[name].append(found)
    medians = {name: [statistics.median(kind) for kind in zip(*found, strict=True)] for name, found in times.items()}
    print(f"{'':32} {'processor':>16} {'wall':>16}")
    for name, found in medians.items():
        columns = (f"{each * 1000:6.0f} ms {each / base:5.2f}" for each, base in zip(found, medians[BASE], strict=True))
        print(f"{name:32} " + "   ".join(columns))


if __name__ == "__main__":
    main()
