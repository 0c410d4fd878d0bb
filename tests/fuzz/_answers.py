"""A text given to the commands in process, each with limits of time and memory, and held to what every answer must be."""

from __future__ import annotations

import io
import os
import resource
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from netdsl.compiler import compile
from netdsl.tools.cli import main

SECONDS = 2.0
"""Of processor time, for a network of at most LAYERS layers; larger ones in proportion."""
BYTES = 500 * 2**20
LAYERS = 10_000
COMMANDS = (
    "check {}",
    "check {}",  # what is remembered is what was found
    "lint {}",
    "fmt --diff {}",
    "check --fix --diff {}",
    "summary {}",
    "sizes {}",
    "compile {} --to torch -o -",
    "compile {} --to json -o -",
    "draw {} -o net.dot --force",
    "compare {} {}",
)
STATUSES = (0, 1, 2)
WARMING = (
    "input 3x8x8\nconv3-4\n",
    "input 3x8x8\ncnov3-4\nconv3-4(groups=2)\nadd { conv1-4/2 | identity }\n)\n",
    "input 4x8x8\nadd { conv1-4/2 | identity }\nnn.ReLU()\nexpect params = 1\n",
)


class Overrun(BaseException):
    """The time is over; no handler of exceptions takes it for one of its own."""


class Answer(NamedTuple):
    """What a command gave; `trace` says where it was when it ran out of time, or what went through it."""

    status: int | None
    shown: str
    trace: str = ""


class Wrong(NamedTuple):
    """An answer that must not be: what it is in one line, and what is known of it."""

    what: str
    detail: str


@contextmanager
def limits(seconds: float, size: int = BYTES) -> Iterator[None]:
    """At most so much processor time, and so much memory beyond what is in use."""

    def over(*_: object) -> None:
        raise Overrun

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGPROF, over)
    resource.setrlimit(resource.RLIMIT_AS, (used + size, before[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGPROF, handler)


def answer(command: str, share: float = 1, debug: bool = False) -> Answer:
    """Run a command in process, with the limits of a network that is so many times as large as a small one."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    status, trace = None, ""
    os.environ.pop("NETDSL_DEBUG", None)
    if debug:
        os.environ["NETDSL_DEBUG"] = "1"
    try:
        with redirect_stdout(out), redirect_stderr(err), limits(SECONDS * share, int(BYTES * share)):
            status = main(command.split())
    except BaseException as problem:
        if isinstance(problem, KeyboardInterrupt):
            raise
        trace = "".join(traceback.format_exception(problem)[-12:])
    finally:
        os.environ.pop("NETDSL_DEBUG", None)
    for stream in (out, err):
        stream.flush()
    shown = (out.buffer.getvalue() + err.buffer.getvalue()).decode("utf-8", "replace")  # type: ignore[attr-defined]
    return Answer(status, shown, trace)


def wrong(
    file: str, commands: tuple[str, ...] = COMMANDS, statuses: list[int | None] | None = None, share: float = 0
) -> Iterator[Wrong]:
    """What is wrong with the answers to a file in the working directory; their `statuses` are added to a list. `share`
    is the proportion of the network, where it is known."""
    before: dict[str, int | None] = {}
    for command in commands:
        called = command.format(file, file)
        given = answer(called, share or 1)
        if given.status not in STATUSES and not share:
            share = proportion(file)
            given = answer(called, share)  # once more: others use the machine too
        if statuses is not None:
            statuses.append(given.status)
        name = command.replace(" {}", "")
        if given.status is None:
            kind = f"no end within {SECONDS:g} s" if "Overrun" in given.trace else "an exception"
            yield Wrong(f"{name}: {kind} {_place(given.trace)}", given.trace)
        elif given.status not in STATUSES or "internal error" in given.shown:
            trace = answer(called, share or 1, debug=True).trace
            yield Wrong(f"{name}: status {given.status} {_place(trace)}", given.shown + trace)
        elif "Traceback (most recent call last)" in given.shown:
            yield Wrong(f"{name}: a traceback is shown", given.shown)
        elif before.setdefault(name, given.status) != given.status:
            yield Wrong(f"{name}: status {before[name]}, and {given.status} the second time", given.shown)


def proportion(file: str) -> float:
    """How many times as long as a small network a file's may take; each variant counts as one."""
    try:
        with limits(60, 8 * BYTES):
            found = compile(file)
        return max(
            1.0,
            len(found.variants),
            max(len(found.network.nodes) if found.network else 0, _told_large(found) * 10**6) / LAYERS,
        )
    except (Overrun, MemoryError):
        return 1.0


def _told_large(found: object) -> bool:
    return any(each.code == "E0004" for each in found.report)  # type: ignore[attr-defined]


def _place(trace: str) -> str:
    """Where it happened: the last place within netdsl, and what was raised."""
    places = [line.strip() for line in trace.splitlines() if line.strip().startswith("File") and "/netdsl/" in line]
    place = places[-1].rpartition("/netdsl/")[2].replace('"', "") if places else ""
    last = trace.strip().splitlines()[-1][:80] if trace.strip() else ""
    return f"({last.partition(':')[0]} in {place})"


def warm(file: Path) -> None:
    """Let each command import what it needs for texts that are right and wrong, outside of all limits."""
    for text in WARMING:
        file.write_text(text)
        for command in dict.fromkeys(COMMANDS):
            answer(command.format(file, file), share=300)
