"""Writing artefacts: to a file, all of it or nothing, never over a file that netdsl did not make; or to stdout."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

import click

from netdsl.tools.cli._stamp import is_stamped, stamp

ENDINGS = {"torch": ".py", "dot": ".dot", "svg": ".svg", "png": ".png", "pdf": ".pdf", "json": ".json"}
"""The kinds of artefacts, and the endings of their files."""
_KINDS = {ending: kind for kind, ending in ENDINGS.items()} | {".gv": "dot"}
_BINARY = ("png", "pdf")


def kind_of(out: str, kinds: tuple[str, ...]) -> str:
    """What is to be written into the file `out`, by its ending."""
    found = _KINDS.get(Path(out).suffix.lower())
    if found not in kinds:
        endings = ", ".join(ENDINGS[kind] for kind in kinds)
        raise click.UsageError(
            f"the ending of '{out}' does not say what to write: give it one of {endings}, or use --to"
        )
    return found


def check_place(path: Path, to: str, force: bool) -> None:
    """Refuse, before any work is done, a place where the artefact may not or cannot be written."""
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no directory '{path.parent}' to write into")
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_file():
        # a device or a pipe can be written to, but not replaced
        raise click.UsageError(f"'{path}' is not a file; use -o - to write to standard output")
    if force:
        return
    data = path.read_bytes()
    if data and not is_stamped(data, to):
        raise click.UsageError(f"'{path}' exists and was not written by netdsl; use --force to replace it")


def write(data: bytes, out: Path | None, to: str) -> None:
    """Write an artefact of kind `to` into a file, or to stdout where there is none.

    A reader of the file never sees half of it: it is written beside its place and then moved there.
    """
    data = stamp(data, to)
    if out is None:
        stream = sys.stdout.buffer
        if to in _BINARY and stream.isatty():
            raise click.UsageError(f"a {to.upper()} is not for a terminal; use -o FILE, or send it through a pipe")
        click.echo(data, nl=False, file=stream)
        return
    replace(data, out)


def replace(data: bytes, path: Path) -> None:
    """Make `data` the contents of a file, all of it or nothing; its mode stays, and a link stays a link."""
    target = Path(os.path.realpath(path))
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
