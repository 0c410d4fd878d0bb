"""SIGKILL and SIGINT at random times while files are written: there is the old file or the new one, never half of one;
and after SIGINT no other file."""

from __future__ import annotations

import os
import signal
import time
import traceback
from pathlib import Path

from fuzz._run import Run
from netdsl.tools.cli import main

SHARE = 0.04
SPEC = "input   3x64x64\n" + "conv3-8(norm=bn,   act=relu)\n" * 120
WRITERS = {
    "compile": ("compile spec.net -o spec.py --force", "spec.py"),
    "draw": ("draw spec.net -o spec.dot --force", "spec.dot"),
    "fmt": ("fmt spec.net", "spec.net"),
}
"""Commands, and what each writes."""
ESCAPED = 99
"""The status of a child that Ctrl-C went through as a traceback."""


def run(run: Run) -> None:
    """Kill the writers in turn, at times up to a little more than they take."""
    os.chdir(run.folder)
    after, took = {}, {}
    for name, (command, file) in WRITERS.items():
        _fresh(file)
        main_quietly(command)
        after[name] = Path(file).read_bytes()
        begun = time.monotonic()
        _ended(_child(command))
        took[name] = time.monotonic() - begun
    while run.going("kills"):
        name = run.random.choice(list(WRITERS))
        command, file = WRITERS[name]
        by = run.random.choice((signal.SIGKILL, signal.SIGINT))
        before = _fresh(file)
        child = _child(command)
        # Half of the kills come near the end, where files are written.
        part = run.random.random() if run.random.random() < 0.5 else run.random.uniform(0.7, 1.15)
        time.sleep(took[name] * part)
        os.kill(child, by)
        status = _ended(child)
        run.counts.update({"kills": 1, f"kills by {by.name}": 1})
        now = Path(file).read_bytes() if Path(file).exists() else None
        run.counts["kills after which the file is new"] += now == after[name]
        if now not in (before, after[name]):
            run.find(f"{name} after {by.name}: neither the old file nor the new one", repr(now)[:2000])
        strays = sorted({path.name for path in Path().iterdir()} - {"spec.net", file})
        if by == signal.SIGINT:
            if strays:
                run.find(f"{name} after {by.name}: a stray file is left", " ".join(strays))
            if status not in (0, 130):
                run.find(f"{name} after {by.name}: status {status}")


def _fresh(file: str) -> bytes | None:
    """The folder as it is before: the spec and, of what is made, an older file."""
    for path in Path().iterdir():
        path.unlink()
    Path("spec.net").write_text(SPEC)
    if file != "spec.net":
        Path(file).write_bytes(b"old\n")
    return Path(file).read_bytes()


def main_quietly(command: str) -> int:
    """Run a command without a word."""
    null = os.open(os.devnull, os.O_RDWR)
    kept = [os.dup(1), os.dup(2)]
    try:
        os.dup2(null, 1)
        os.dup2(null, 2)
        return main(command.split())
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for each in (null, *kept):
            os.close(each)


def _child(command: str) -> int:
    """A process that has imported all, and runs a command; until it is within `try`, Ctrl-C waits."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return child
    status = ESCAPED
    try:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        status = main(command.split())
    except KeyboardInterrupt as problem:
        frames = [frame.filename for frame in traceback.extract_tb(problem.__traceback__)]
        status = ESCAPED if any(f"{os.sep}netdsl{os.sep}" in each for each in frames) else 130
    finally:
        os._exit(status)


def _ended(child: int) -> int:
    """Wait for a child; its exit status, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
