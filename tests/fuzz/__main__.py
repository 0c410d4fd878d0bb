"""Run the fuzzers, and tell what they tried and found.

    python tests/fuzz --minutes 60 [--only texts] [--seed N] [--save] [--report docs/reliability.md]

`--save` writes each text that was found into tests/robustness/, where a fast test gives it to all commands from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from fuzz._run import Finding, Run  # noqa: E402

SECTIONS = ("kills", "texts", "editor", "networks")
"""In this order: torch, which the last one imports, has threads, and a process with threads is not forked."""
SAVED = TESTS / "robustness"
QUICK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files are quickest to write: in memory."""
BEGIN, END = "<!-- report -->\n", "<!-- end of report -->\n"


def fuzz(seconds: float, seed: int, only: list[str], most: int | None = None) -> list[Run]:
    """Run sections, each for its share of the time."""
    wanted = [name for name in SECTIONS if not only or name in only]
    modules = {name: import_module(f"fuzz.{name}") for name in wanted if name != "networks"}
    whole = sum(_share(name) for name in wanted)
    here, runs = Path.cwd(), []
    for name in wanted:
        module = modules.get(name) or import_module(f"fuzz.{name}")
        with tempfile.TemporaryDirectory(dir=QUICK) as folder:
            run = Run(name, Path(folder), seconds * _share(name) / whole, most, seed)
            try:
                module.run(run)
            finally:
                os.chdir(here)
        runs.append(run)
        print(f"{name}: {_counted(run)}; {len(run.findings)} found", flush=True)
    return runs


def _share(name: str) -> float:
    """The share of a section, read without importing it."""
    found = re.search(r"(?m)^SHARE = ([\d.]+)", Path(__file__).with_name(f"{name}.py").read_text("utf-8"))
    assert found, name
    return float(found[1])


def _counted(run: Run) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in run.counts.items())


def save(found: Finding) -> Path | None:
    """Write the text of a finding to where a fast test reads it."""
    if found.data is None:
        return None
    path = SAVED / f"{found.section}_{hashlib.sha256(found.data).hexdigest()[:8]}.net"
    SAVED.mkdir(exist_ok=True)
    path.write_bytes(found.data)
    return path


def report(runs: list[Run], minutes: float, seed: int) -> str:
    """The report as Markdown."""
    rows = [f"| {run.section} | {_counted(run)} | {len(run.findings) or 'nothing'} |" for run in runs]
    version = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} processors"
    load = f"load {os.getloadavg()[0]:.0f} at the end"
    found = [f"- {run.section}: {each.what}" for run in runs for each in run.findings]
    return "\n".join(
        [
            f"`make fuzz MINUTES={minutes:g}` on {time.strftime('%d %B %Y')}, seed {seed}; {version}, {load}.",
            "",
            "| section | tried | found |",
            "|---|---|---|",
            *rows,
            *(["", "Found:", "", *found] if found else []),
            "",
        ]
    )


def main() -> int:
    """The command; its status is 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--only", choices=SECTIONS, action="append", default=[], help="Some of the sections alone.")
    parser.add_argument("--seed", type=int, help="The same texts again.  [default: drawn, and told]")
    parser.add_argument("--save", action="store_true", help="Write what is found into tests/robustness/.")
    parser.add_argument("--report", type=Path, metavar="PAGE", help="Write the report into its place in a page.")
    asked = parser.parse_args()
    seed = int.from_bytes(os.urandom(3), "big") if asked.seed is None else asked.seed
    os.environ["NO_COLOR"] = "1"
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory(dir=QUICK) as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        runs = fuzz(asked.minutes * 60, seed, asked.only)
    for run in runs:
        for each in run.findings:
            print(f"\n=== {run.section}: {each.what}\n{each.detail}")
            if asked.save:
                print(f"saved as {save(each)}")
    if asked.report:
        text = asked.report.read_text("utf-8")
        before, after = text.partition(BEGIN)[0], text.partition(END)[2]
        asked.report.write_text(before + BEGIN + report(runs, asked.minutes, seed) + END + after, "utf-8")
    return int(any(run.findings for run in runs))


if __name__ == "__main__":
    sys.exit(main())
