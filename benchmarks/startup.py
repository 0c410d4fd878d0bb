"""What a check costs against importing the libraries it stands on.

    python benchmarks/startup.py

Prints the median wall time of each command and its ratio to `python -c "import lark, pydantic"`, taken in turn in this
run. "again" is a spec that was found right before and has not changed since; "first" checks it anew.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

SPEC = Path(__file__).parent.parent / "specs" / "vgg19.net"
COMMANDS = {
    "import lark, pydantic": ["-c", "import lark, pydantic"],
    "netdsl --version": ["-m", "netdsl", "--version"],
    "netdsl check, again": ["-m", "netdsl", "check", str(SPEC)],
    "netdsl check, first": ["-m", "netdsl", "check", "--no-cache", str(SPEC)],
}


def main(rounds: int = 15) -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            if turn:  # the first turn fills caches
                times[name].append(time.perf_counter() - start)
    base = statistics.median(times["import lark, pydantic"])
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:24} {median * 1000:7.0f} ms   {median / base:5.2f}")


if __name__ == "__main__":
    main()
