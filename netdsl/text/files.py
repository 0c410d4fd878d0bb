"""Writing a file: all of it or nothing. It is written beside its place and then moved there, so that no reader ever
sees half of it and no full disk, Ctrl-C or kill leaves half of it behind."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def replace(data: bytes, path: Path, *, durable: bool = False) -> int:
    """Make `data` the contents of a file; its mode stays, and a link stays a link. `durable`: it is on the disk before
    it takes the old one's place, so that a machine that loses power has one of the two.

    Returns the number of other names (hard links) that the file had: those keep what was in it, since a file that is
    moved into place is a new one. Raises `OSError`; then all is as it was.
    """
    target = Path(os.path.realpath(path))
    before = target.stat() if target.exists() else None
    # Its name is known before it is there, so that Ctrl-C between the two leaves nothing either.
    temporary = target.parent / f".netdsl-{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, before.st_mode & 0o7777 if before else 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return before.st_nlink - 1 if before else 0


def create(data: bytes, path: Path) -> None:
    """Make a new file with `data` in it. Raises `FileExistsError` where there is one, and `OSError`; then there
    is none."""
    with path.open("xb"):  # the name is ours from here on
        pass
    try:
        replace(data, path)
    except BaseException:
        path.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
