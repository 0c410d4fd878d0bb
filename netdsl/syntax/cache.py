"""The grammar as a parser, kept between runs.

Building the LALR tables takes longer than checking a spec, so they are kept in the user's own cache directory, under a
name that holds the versions and a digest of the grammar. What is read from there is a pickle: it is trusted only where
the directory belongs to the user and nobody else can write to it.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import lark
from lark import Lark

_GRAMMAR = Path(__file__).with_name("grammar.lark")


def directory() -> Path | None:
    """The user's cache directory for netdsl, made where it is missing; None where there is none to trust."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if not os.path.isabs(base):
        return None
    path = Path(base, "netdsl")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(status.st_mode):
        return None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return None
    return path


def grammar(reducer: Any, postlex: Any) -> Lark:
    """A parser that builds with `reducer`; from the cache where there is one."""
    text = _GRAMMAR.read_text("utf-8")
    options: dict[str, Any] = {
        "parser": "lalr",
        "start": ["file", "expression"],
        "maybe_placeholders": True,
        "transformer": reducer,
        "postlex": postlex,
    }
    folder = directory()
    if folder is None:
        return Lark(text, **options)
    version = f"{lark.__version__}-{sys.version_info.major}{sys.version_info.minor}"
    path = folder / f"grammar-{version}-{crc32(text.encode()):08x}.bin"
    try:
        with path.open("rb") as handle:
            return Lark.load(handle, **{k: v for k, v in options.items() if k in ("transformer", "postlex")})
    except Exception:  # a missing, old or damaged cache: whatever it raises, the grammar itself is at hand
        pass
    parser = Lark(text, **options)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as handle:
            parser.save(handle)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
    return parser
