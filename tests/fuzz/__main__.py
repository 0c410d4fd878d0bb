"""Run the fuzzers, and tell what they tried and found.

    python tests/fuzz --minutes 60 [--only texts] [--seed N] [--jobs N] [--save] [--report docs/reliability.md]

`--save` writes each text that was found into tests/robustness/, where a fast test gives it to all commands from then on.
Each of the `--jobs` processes runs all sections, from a seed of its own: the first from N, the next from N + 1, ...
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import platform
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from fuzz._run import Finding, Run  # noqa: E402

SECTIONS = ("kills", "texts", "guided", "editor", "networks")
"""In this order: torch, which the last one imports, has threads, and a process with threads is not forked."""
SAVED = TESTS / "robustness"
QUICK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files are quickest to write: in memory."""
BEGIN, END = "<!-- report -->\n", "<!-- end of report -->\n"


def fuzz(seconds: float, seed: int, only: list[str], jobs: int = 1) -> list[Run]:
    """Run sections in several processes, each section for its share of the time; what they tried and found together."""
    wanted = [name for name in SECTIONS if not only or name in only]
    runs = {name: Run(name, Path(), 0) for name in wanted}
    with tempfile.TemporaryDirectory(dir=QUICK) as folder:
        workers = []
        for number in range(jobs):
            told = Path(folder) / str(number)
            told.touch()
            process = get_context("fork").Process(target=_work, args=(told, wanted, seconds, seed + number))
            process.start()
            workers.append((process, told))
        for process, told in workers:
            process.join()
            for run in _told(told):
                runs[run.section].add(run)
            if process.exitcode:
                runs[wanted[-1]].find(f"a process of the fuzzers ended: {process.exitcode}")
    return list(runs.values())


def _told(path: Path) -> Iterator[Run]:
    """The runs that a process has written."""
    with path.open("rb") as stream:
        while stream.peek(1):
            yield pickle.load(stream)


def _work(told: Path, wanted: list[str], seconds: float, seed: int) -> None:
    """Run sections one after the other, and write what became of each."""
    whole = sum(map(_share, wanted))
    here = Path.cwd()
    for name in wanted:
        before = _spent()
        module = import_module(f"fuzz.{name}")
        with tempfile.TemporaryDirectory(dir=QUICK) as folder:
            run = Run(name, Path(folder), seconds * _share(name) / whole, seed=seed)
            try:
                module.run(run)
            finally:
                os.chdir(here)
        run.spent = _spent() - before
        with told.open("ab") as stream:
            pickle.dump(run, stream)
        print(f"{name}, seed {seed}: {_counted(run)}; {len(run.findings)} found", flush=True)


def _spent() -> float:
    """The processor time of this process and those that it has waited for, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _share(name: str) -> float:
    """The share of a section, read without importing it."""
    found = re.search(r"(?m)^SHARE = ([\d.]+)", Path(__file__).with_name(f"{name}.py").read_text("utf-8"))
    assert found, name
    return float(found[1])


def _counted(run: Run) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in run.counts.items()) or "nothing, the time was too short"


def save(found: Finding) -> Path | None:
    """Write the text of a finding to where a fast test reads it."""
    if found.data is None:
        return None
    path = SAVED / f"{found.section}_{hashlib.sha256(found.data).hexdigest()[:8]}.net"
    SAVED.mkdir(exist_ok=True)
    path.write_bytes(found.data)
    return path


def report(runs: list[Run], minutes: float, seed: int, jobs: int = 1) -> str:
    """The report as Markdown."""
    rows = [
        f"| {run.section} | {_counted(run)} | {len(run.findings) or 'nothing'} | {run.spent / 60:.1f} |" for run in runs
    ]
    version = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} processors"
    load = f"load {os.getloadavg()[0]:.0f} at the end"
    found = [f"- {run.section}: {each.what}" for run in runs for each in run.findings]
    return "\n".join(
        [
            f"`make fuzz MINUTES={minutes:g}` on {time.strftime('%d %B %Y')}, seed {seed}, jobs {jobs}; {version}, {load}.",
            "",
            "| section | tried | found | minutes of processor time |",
            "|---|---|---|---|",
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="So many processes.  [default: %(default)s]")
    parser.add_argument("--save", action="store_true", help="Write what is found into tests/robustness/.")
    parser.add_argument("--report", type=Path, metavar="PAGE", help="Write the report into its place in a page.")
    asked = parser.parse_args()
    seed = int.from_bytes(os.urandom(3), "big") if asked.seed is None else asked.seed
    os.environ["NO_COLOR"] = "1"
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(dir=QUICK) as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        runs = fuzz(asked.minutes * 60, seed, asked.only, asked.jobs)
    for run in runs:
        for each in run.findings:
            print(f"\n=== {run.section}: {each.what}\n{each.detail}")
            if asked.save:
                print(f"saved as {save(each)}")
    if asked.report:
        text = asked.report.read_text("utf-8")
        before, after = text.partition(BEGIN)[0], text.partition(END)[2]
        asked.report.write_text(before + BEGIN + report(runs, asked.minutes, seed, asked.jobs) + END + after, "utf-8")
    return int(any(run.findings for run in runs))


if __name__ == "__main__":
    sys.exit(main())
