"""Waiting for a file to be saved, by whatever way an editor saves it.

Editors write in place, or write a new file and rename it over the old one, or delete and create: so directories are
watched, and what counts is whether a file looks different from when it was read. An event of the system only says when
to look. The files are looked at every second too, for the changes that come without an event: on some file systems,
and while the spec was being read. Nothing here compiles or prints.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from netdsl.compiler import Compilation
from netdsl.syntax.tree import Extends, Use
from netdsl.text.source import Source

Look: TypeAlias = tuple[int, int, int] | None
"""What a file looks like from outside: time of change, size, inode; None where there is no file."""

QUIET = 0.06
"""Seconds without a change after which a save is taken to be over."""
PATIENCE = 0.6
"""Seconds for which a file may be away in a save before it counts as deleted."""
PERIOD = 1.0
"""Seconds between two looks where no event comes."""
_CHANGED = (-1, -1, -1)


def files_of(path: Path, compilation: Compilation) -> set[Path]:
    """The files that a spec is made of: its own, and all that it uses and extends, whether they exist or not."""
    found = {path, *(Path(name) for name in compilation.report.sources if not name.startswith("<"))}
    for statement in compilation.file.statements if compilation.file is not None else ():
        if isinstance(statement, Use | Extends):
            found.add(Path(os.path.normpath(path.parent / str(statement.path.value).replace("\0", ""))))
    return found


def looks(files: Iterable[Path], read: Mapping[str, Source]) -> dict[Path, Look]:
    """What the files look like. One whose text has changed since it was `read` gets a look that no file has, so that
    the next comparison finds a change."""
    texts = {Path(name): source.text for name, source in read.items()}
    found: dict[Path, Look] = {}
    for path in files:
        found[path] = _look(path)  # first, so that a save behind it is seen later
        if path in texts and found[path] is not None and not _holds(path, texts[path]):
            found[path] = _CHANGED
    return found


def wait(before: Mapping[Path, Look]) -> None:
    """Return once a file looks different from `before` and its save is over. Raises `KeyboardInterrupt` on Ctrl-C."""
    from watchfiles import watch

    while not _changed(before):
        folders = {path.parent for path in before if path.parent.is_dir()}
        if not folders:
            time.sleep(PERIOD)
            continue
        for _ in watch(
            *folders,
            watch_filter=None,
            recursive=False,
            step=20,
            debounce=200,
            rust_timeout=int(1000 * PERIOD),
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            if _changed(before) or not all(folder.is_dir() for folder in folders):
                break
    _settle(before)


def _settle(before: Mapping[Path, Look]) -> None:
    """Wait until nothing changes any more, and for files that are away to come back."""
    start = time.monotonic()
    last = {path: _look(path) for path in before}
    while True:
        time.sleep(QUIET)
        now = {path: _look(path) for path in before}
        away = any(now[path] is None and look is not None for path, look in before.items())
        if (now == last and not away) or time.monotonic() - start > PATIENCE:
            return
        last = now


def _changed(before: Mapping[Path, Look]) -> bool:
    return any(_look(path) != look for path, look in before.items())


def _look(path: Path) -> Look:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode("utf-8", "surrogatepass")
    except OSError:
        return False
