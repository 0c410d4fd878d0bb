"""Mutation testing of the operators and passes: a mutant is netdsl with one small mistake in it, and a law must fail.
One that survives is a law that lacks, or a change that changes nothing.

    python tests/fuzz/mutants.py --minutes 10 [--only ops/conv.py] [--all] [--report docs/reliability.md]

pytest collects the laws once, in a process that has imported all that they need. For each mutant that process forks; the
child exchanges the code of the functions that differ, and runs the laws that reach the statement, those that found the
last mutants of the file first, then those that are about it, then the cheapest. The first that fails ends it. Which laws reach a statement, and how long
each takes, is measured once, in the same way. All of it is kept in build/mutants/, so a run goes on where the last one
stopped; files that have changed are tried anew, and survivors when the laws that reach them have changed.

mutmut and cosmic-ray are not used: they start anew for each mutant, which takes longer than most laws do.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import gc
import hashlib
import json
import os
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper, partial
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import pytest

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
sys.path[:0] = [str(TESTS), str(ROOT)]

from fuzz._changes import Change, changes, probed  # noqa: E402

FOLDERS = ("ops", "passes")
LAWS = (
    "ops_contract", "ops_values", "ops_added", "passes", "receptive", "rounding", "sizes", "sizes_told",
    "training_memory", "recompute", "digest", "figures", "ir", "torch", "torch_values", "weights", "networks_contract",
    "corrections", "errors", "told",
)  # fmt: skip
"""The tests that are asked: those that run in this process and are about figures, shapes, values or messages."""
IMPORTED = ("torch", "torch.export", "torch._dynamo", "torch.utils.flop_counter", "torchvision")
"""What laws import when they are run, and takes long."""
LONGEST = 8.0
"""A law that takes longer, in seconds of processor time, is not asked."""
BUDGET = 20.0
"""So much time of laws a mutant is given; one that many reach meets the cheapest."""
ENDLESS = 5
"""A mutant for which a law takes so many times as long as it did is found: it does not end."""
RECENT = 8
"""So many of the laws that found the last mutants of a file are asked first."""
MEMORY = 2**30
KEPT = ROOT / "build" / "mutants"
BEGIN, END = "<!-- mutants -->\n", "<!-- end of mutants -->\n"
LISTED = re.compile(r"^\| `(?P<file>[^`]+\.py)` `(?P<function>[^`]+)` \| `(?P<before>.+?)` → `(?P<after>.+?)` \|", re.M)
"""A row of the page, with a mutant that is known to change nothing."""


Records = dict[str, dict[str, Any]]
Send = Callable[..., None]
"""What a child tells, by keywords."""


class Mutant(NamedTuple):
    """One change of one file."""

    file: str
    number: int
    change: Change

    @property
    def key(self) -> str:
        return f"{self.file}:{self.number}"


class Ended(NamedTuple):
    """What came of a child: what it sent, whether it ended by itself, and the processor time that it took."""

    sent: dict[str, Any]
    whole: bool
    seconds: float


class Trial:
    """A plugin of pytest that tries mutants in place of running the tests."""

    def __init__(self, package: Path, kept: Path, seconds: float, only: list[str], anew: bool):
        self.package, self.kept, self.only = package, kept, only
        self.end = time.monotonic() + seconds
        self.laws: Records = {} if anew else _read(kept / "laws.json")
        self.tried: Records = {} if anew else _read(kept / "tried.json")
        self.report: Callable[[pytest.TestReport], None] = lambda report: None

    # The process that forks -------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Called where pytest would run what it has collected."""
        self.files = sorted(path for folder in FOLDERS for path in (self.package / folder).rglob("*.py"))
        self.texts = {path: path.read_text("utf-8") for path in self.files}
        self.names = {path: str(path.relative_to(self.package)) for path in self.files}
        for path in self.files:
            import_module(".".join((self.package.name, *path.relative_to(self.package).with_suffix("").parts)))
        self.items = {item.nodeid: item for item in session.items}
        self.functions, self.caches = self._alive()
        gc.collect()
        gc.freeze()
        self._measure()
        self._try()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.report(report)

    def _alive(self) -> tuple[dict[Path, list[FunctionType]], list[Any]]:
        """The functions of each file, and what remembers answers."""
        functions: dict[Path, list[FunctionType]] = defaultdict(list)
        caches = []
        for each in gc.get_objects():
            if type(each) is FunctionType and each.__code__.co_filename.startswith(str(self.package)):
                functions[Path(each.__code__.co_filename)].append(each)
            elif type(each) is _lru_cache_wrapper:
                module = each.__wrapped__.__module__ or ""
                # the grammar's tables do not hang on any operator
                if module.startswith(self.package.name) and ".syntax" not in module:
                    caches.append(each)
        return functions, caches

    def _swap(self, path: Path, tree: ast.Module) -> list[tuple[FunctionType, CodeType]]:
        """The functions of a file with the code that they have in a tree."""
        found: dict[tuple[str, int], list[CodeType]] = defaultdict(list)
        for code in _codes(compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)):
            found[code.co_qualname, code.co_firstlineno].append(code)
        pairs = [
            (each, found[each.__code__.co_qualname, each.__code__.co_firstlineno]) for each in self.functions[path]
        ]
        return [(function, codes[0]) for function, codes in pairs if len(codes) == 1]

    # The laws ---------------------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Run each law once alone, to see which statements it reaches and how long it takes."""
        texts = {item.path: item.path.read_text("utf-8") for item in self.items.values()}
        self.imports = {name: texts[item.path] for name, item in self.items.items()}
        written = {path: _written(text) for path, text in texts.items()}
        stamps = {name: written[item.path][item.originalname] for name, item in self.items.items()}
        probes = [pair for path in self.files for pair in self._swap(path, probed(ast.parse(self.texts[path])))]
        stale = [each for each in self.items.items() if self.laws.get(each[0], {}).get("of") != stamps[each[0]]]
        self.laws = {name: law for name, law in self.laws.items() if name in self.items}
        if stale:
            print(f"measuring {len(stale):,} of {len(self.items):,} laws", flush=True)
        for at, (name, item) in enumerate(stale):

            def run(send: Send, item: pytest.Item = item) -> None:
                reached: set[int] = set()
                builtins.__reached__ = reached.add  # type: ignore[attr-defined]
                outcomes = set()
                self.report = lambda report: outcomes.add(report.outcome)
                _exchange(probes)
                self._forget()
                begun = time.process_time()
                self._run(item, LONGEST)
                send(good=outcomes == {"passed"}, seconds=time.process_time() - begun, reached=sorted(reached))

            ended = _forked(run)
            law = {"of": stamps[name], "good": False, "seconds": LONGEST, "reached": [], **ended.sent}
            if not law["good"]:
                print(f"not asked, since it is skipped, fails or takes long: {name}", flush=True)
            self.laws[name] = law
            if at % 500 == 499:
                _write(self.kept / "laws.json", self.laws)
        if stale:
            _write(self.kept / "laws.json", self.laws)
        self.reaching: dict[int, list[str]] = defaultdict(list)
        for name, law in self.laws.items():
            for number in law["reached"] if law["good"] else ():
                self.reaching[number].append(name)

    def _about(self, mutant: Mutant, known: list[Change]) -> list[str]:
        """The laws that reach a mutant."""
        names = self.reaching.get(mutant.change.statement)
        if names is None:  # a statement that has changed since the laws were measured, or is never reached
            numbers = {each.statement for each in known if each.function == mutant.change.function}
            names = sorted({name for number in numbers for name in self.reaching.get(number, ())})
        return names

    def _stamp(self, names: list[str]) -> str:
        """A digest of laws."""
        return _digest(repr(sorted((name, self.laws[name]["of"]) for name in names)).encode())

    def _asked(self, mutant: Mutant, names: list[str]) -> list[str]:
        """The laws that a mutant must meet, in order."""
        killers = list(dict.fromkeys(reversed(self.killers[mutant.file])))[:RECENT]
        module = ".".join((self.package.name, *Path(mutant.file).with_suffix("").parts))
        own = {name for name in names if f"[{Path(mutant.file).stem}" in name or module in self.imports[name]}
        order = {name: place for place, name in enumerate(killers)}
        names = sorted(names, key=lambda name: (order.get(name, RECENT), name not in own, self.laws[name]["seconds"]))
        found, whole = [], 0.0
        for name in names:
            whole += max(self.laws[name]["seconds"], 0.005)
            if found and whole > BUDGET:
                continue
            found.append(name)
        return found

    # The mutants ------------------------------------------------------------------------------------------------------

    def _try(self) -> None:
        known = {path: list(changes(ast.parse(text))) for path, text in self.texts.items()}
        stamps = {path: _digest(text.encode()) for path, text in self.texts.items()}
        current = {
            f"{self.names[path]}:{number}": stamps[path]
            for path, found in known.items()
            for number in range(len(found))
        }
        self.tried = {key: each for key, each in self.tried.items() if each["of"] == current.get(key)}
        self.killers: dict[str, list[str]] = defaultdict(list)
        for key, each in self.tried.items():
            if each["by"] in self.laws:
                self.killers[key.rpartition(":")[0]].append(each["by"])
        for path, number in self._next(known):
            if time.monotonic() > self.end:
                break
            mutant = Mutant(self.names[path], number, known[path][number])
            about = self._about(mutant, known[path])
            names = self._asked(mutant, about)
            ended = _forked(partial(self._meet, path, self.texts[path], number, names))
            by = ended.sent.get("by") or (None if ended.whole else ended.sent["at"])
            outcome = ("not reached" if not names else "survives") if by is None else "killed"
            if by is not None:
                self.killers[mutant.file].append(by)
            self.tried[mutant.key] = {
                "of": stamps[path], "laws": self._stamp(about), "outcome": outcome, "by": by, "seconds": round(ended.seconds, 3),
                "function": mutant.change.function, "line": mutant.change.line, "before": mutant.change.before,
                "after": ended.sent["after"], "asked": len(names),
            }  # fmt: skip
            if by is None:
                print(shown(mutant.file, self.tried[mutant.key]), flush=True)
            if len(self.tried) % 20 == 0:
                _write(self.kept / "tried.json", self.tried)
        _write(self.kept / "tried.json", self.tried)
        self.candidates = {self.names[path]: len(found) for path, found in known.items()}

    def _next(self, known: dict[Path, list[Change]]) -> Iterator[tuple[Path, int]]:
        """The mutants to try, one of each file after the other: first those that survived laws which have changed."""

        def left(path: Path, again: bool) -> list[tuple[Path, int]]:
            name = self.names[path]
            if self.only and name not in self.only:
                return []
            found = []
            for number in range(len(known[path])):
                before = self.tried.get(f"{name}:{number}")
                if before is None and not again:
                    found.append((path, number))
                if before is not None and again and before["by"] is None:
                    about = self._about(Mutant(name, number, known[path][number]), known[path])
                    if before["laws"] != self._stamp(about):
                        found.append((path, number))
            random.Random(name).shuffle(found)
            return found

        for again in (True, False):
            for row in zip_longest(*(left(path, again) for path in self.files)):
                yield from (each for each in row if each is not None)

    def _forget(self) -> None:
        """Clear all caches: what was answered before asks no statement."""
        for cache in self.caches:
            cache.cache_clear()

    def _meet(self, path: Path, text: str, number: int, names: list[str], send: Send) -> None:
        """Make a mutant, and run laws against it until one fails."""
        tree = ast.parse(text)
        send(after=list(changes(tree))[number].make())
        _exchange(self._swap(path, tree))
        self._forget()

        def failed(report: pytest.TestReport) -> None:
            if report.failed:
                send(by=report.nodeid)
                os._exit(0)

        self.report = failed
        for name, following in zip_longest(names, names[1:]):
            send(at=name)
            self._run(self.items[name], 1 + ENDLESS * self.laws[name]["seconds"], self.items.get(following))

    def _run(self, item: pytest.Item, seconds: float, following: pytest.Item | None = None) -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends a process that does not wait for it
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        signal.setitimer(signal.ITIMER_PROF, 0)


def _read(path: Path) -> Records:
    found: Records = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def _write(path: Path, records: Records) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(records), "utf-8")
    new.replace(path)


def _exchange(pairs: list[tuple[FunctionType, CodeType]]) -> None:
    for function, code in pairs:
        function.__code__ = code


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _written(text: str) -> dict[str, str]:
    """A digest of each test in a file."""
    tests = (each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef))
    return {each.name: _digest(ast.unparse(each).encode()) for each in tests}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _forked(work: Callable[[Send], None]) -> Ended:
    """Do something in a child, which tells what it knows by `send(...)` before it is ended."""
    reading, writing = os.pipe()
    begun = time.process_time()
    child = os.fork()
    if not child:

        def send(**told: object) -> None:
            os.write(writing, (json.dumps(told) + "\n").encode())

        try:
            _limit()
            work(send)
            os._exit(0)
        except BaseException as problem:
            send(problem="".join(traceback.format_exception(problem)))
            os._exit(1)
    os.close(writing)
    with open(reading, "rb") as stream:
        lines = stream.read().splitlines()
    _, status, usage = os.wait4(child, 0)
    sent: dict[str, Any] = {}
    for line in lines:
        sent |= json.loads(line)
    if "problem" in sent and "at" not in sent:
        raise RuntimeError(sent["problem"])
    return Ended(sent, status == 0, usage.ru_utime + usage.ru_stime + time.process_time() - begun)


def _limit() -> None:
    """Limits for a child, which says nothing: mutants take all memory, wait for ever, and speak."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    signal.alarm(300)
    used = re.search(r"VmData:\s*(\d+)", Path("/proc/self/status").read_text("utf-8"))
    assert used is not None
    resource.setrlimit(resource.RLIMIT_DATA, (int(used[1]) * 1024 + MEMORY, resource.RLIM_INFINITY))


# What is told ---------------------------------------------------------------------------------------------------------


def shown(file: str, tried: dict[str, Any]) -> str:
    """A mutant in one line."""
    return f"{tried['outcome']}: {file}:{tried['line']} {tried['function']}: {tried['before']} -> {tried['after']}"


def listed(page: str) -> set[tuple[str, str, str, str]]:
    """The mutants that a page lists, each with the reason why it changes nothing: file, function, before, after."""
    return {
        tuple(each.replace("\\|", "|") for each in found.groups())  # type: ignore[misc]
        for found in LISTED.finditer(page)
    }


def survivors(tried: dict[str, dict[str, Any]], page: str) -> list[str]:
    """The mutants that no law has found and that are not listed."""
    known = listed(page)
    return [
        shown(file, each)
        for key, each in sorted(tried.items())
        if each["by"] is None and (file := key.rpartition(":")[0])
        and (file, each["function"], each["before"], each["after"]) not in known
    ]  # fmt: skip


def report(trial: Trial, page: str) -> str:
    """The report as Markdown."""
    tried = list(trial.tried.values())
    outcomes = Counter(each["outcome"] for each in tried)
    open_ = survivors(trial.tried, page)
    spent = sorted(each["seconds"] for each in tried) or [0.0]
    per = Counter(key.partition("/")[0] for key in trial.tried)
    return "\n".join(
        [
            f"On {time.strftime('%d %B %Y')}, {sum(law['good'] for law in trial.laws.values()):,} laws: of "
            f"{sum(trial.candidates.values()):,} mutants of {len(trial.candidates)} files {len(tried):,} were tried "
            f"({', '.join(f'{count:,} of {name}/' for name, count in sorted(per.items()))}), {outcomes['killed']:,} were found,",
            f"{outcomes['survives'] + outcomes['not reached'] - len(open_):,} are listed above, {len(open_):,} survive. "
            f"One took {median(spent):.2f} s of processor time in the median, {sum(spent) / len(spent):.2f} s in the mean.",
            *(["", *(f"- `{each}`" for each in open_)] if open_ else []),
            "",
        ]
    )


def run(package: Path, laws: list[str], kept: Path, seconds: float, only: list[str], anew: bool) -> Trial | None:
    """Try mutants of a package by laws, which are arguments of pytest; None where they cannot be collected."""
    trial = Trial(package, kept, seconds, only, anew)
    from hypothesis import HealthCheck, Phase, settings

    # what fails is not made small, and nothing is drawn that the next run would not draw
    settings.register_profile(
        "mutants", database=None, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutants")
    options = ["-q", "-s", "-p", "no:cacheprovider"]
    with TemporaryDirectory() as folder:
        status = pytest.main([*options, f"--basetemp={folder}", *laws], plugins=[trial])
    return trial if status in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else None


def _warm() -> None:
    """Import and make beforehand what would take each child longer than its laws: torch, the parser, the models."""
    for name in IMPORTED:
        import_module(name)
    from netdsl import ops
    from netdsl.syntax import parse
    from netdsl.text.diagnostics import Report
    from netdsl.text.source import Source

    parse(Source("warm.net", "input 3\n"), Report())
    for name in ops.names():
        ops.find(name).model_rebuild()


def main() -> int:
    """The command; its status is 1 where a mutant survives that is not listed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--only", action="append", default=[], metavar="FILE", help="As ops/conv.py.")
    parser.add_argument("--all", action="store_true", help="Forget what is known from the last run.")
    parser.add_argument("--report", type=Path, metavar="PAGE", help="Write the report into its place in a page.")
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    _warm()
    laws = [f"tests/test_{name}.py" for name in LAWS]
    trial = run(ROOT / "netdsl", laws, KEPT, asked.minutes * 60, asked.only, asked.all)
    if trial is None:
        return 2
    page = (asked.report or ROOT / "docs" / "reliability.md").read_text("utf-8")
    told = report(trial, page)
    print(told)
    if asked.report:
        before, after = page.partition(BEGIN)[0], page.partition(END)[2]
        asked.report.write_text(before + BEGIN + told + END + after, "utf-8")
    return int(bool(survivors(trial.tried, page)))


if __name__ == "__main__":
    sys.exit(main())
