"""What was found right before: a spec that has not changed since needs no second check.

A verdict says that a text, under this very version of netdsl, has no error and no warning. It is kept under a digest
of all that the answer depends on, in the user's own cache directory, and it is plain data: the worst that a forged one
could do is to say "ok". Only clean verdicts are kept; a spec with messages is checked every time.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
MOST = 2000
"""How many verdicts are kept before the folder is emptied."""


def directory() -> Path | None:
    """The folder of verdicts, made where it is missing; None where there is none that only the user can write to."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if not os.path.isabs(base):
        return None
    path = Path(base, "netdsl", "verdicts")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError:
        return None
    mine = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
    return path if stat.S_ISDIR(status.st_mode) and mine else None


def _package() -> str:
    """What this netdsl is: its files, by size and time of change."""
    found = []
    stack = [os.fspath(PACKAGE)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        stack.append(entry.path)
                else:
                    status = entry.stat()
                    found.append((entry.path, status.st_size, status.st_mtime_ns))
    return repr(sorted(found))


class Question:
    """A spec as it was asked for: its text, and all that the answer depends on besides."""

    def __init__(self, path: str, *asked: object, text: bytes | None = None):
        """`path` and all else that was `asked`; `text` is what lies there, where that is known already."""
        self.path = Path(path)
        self.file: Path | None = None
        folder = directory()
        if folder is None:
            return
        try:
            text = self.path.read_bytes() if text is None else text
        except OSError:
            return
        parts = (text, os.fspath(self.path.absolute()), asked, sys.version, _package())
        self.file = folder / blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()

    def recall(self) -> tuple[str, ...] | None:
        """The variants that the spec was found right for; None where nothing is known of it."""
        if self.file is None:
            return None
        try:
            known = json.loads(self.file.read_text("utf-8"))
            if all(_digest(Path(path)) == digest for path, digest in known["drawn"].items()):
                return tuple(map(str, known["variants"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # no verdict, or none that can be read: then the spec is checked
        return None

    def keep(self, sources: Iterable[str], variants: tuple[str, ...]) -> None:
        """Remember that the spec is right. `sources` are the files it was made of."""
        if self.file is None:
            return
        drawn = {os.path.abspath(name): _digest(Path(name)) for name in sources if not name.startswith("<")}
        temporary = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            if sum(1 for _ in os.scandir(self.file.parent)) > MOST:
                for entry in os.scandir(self.file.parent):
                    os.unlink(entry.path)
            temporary.write_text(json.dumps({"variants": variants, "drawn": drawn}), "utf-8")
            os.replace(temporary, self.file)
        except OSError:
            temporary.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=20).hexdigest()
