"""The user's own folder for what is costly to make and can be made again at any time."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def directory(name: str) -> Path | None:
    """The folder `name` in the user's cache, made where it is missing; None where there is none that only the user can
    write to: what lies in it is loaded as code.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if not os.path.isabs(base):
        return None
    path = Path(base, "netdsl", name)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError:
        return None
    mine = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
    return path if stat.S_ISDIR(status.st_mode) and mine else None
