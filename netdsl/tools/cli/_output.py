"""Writing artefacts: to a file, all of it or nothing, never over a file that netdsl did not make; or to stdout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from netdsl.backends.artefact import Kind
from netdsl.backends.artefacts import Artefact, RenderError, by_ending, find, names
from netdsl.text import files
from netdsl.tools.cli._known import known, network
from netdsl.tools.cli._spec import Request
from netdsl.tools.cli._tell import say

UNMARKED = {"csv": "a CSV", "spec": "a spec"}
"""Kinds of files of which nobody can tell whether netdsl wrote them, in words."""


def make(
    request: Request,
    out: str | None,
    kinds: tuple[str, ...],
    default: str,
    *,
    to: str | None = None,
    force: bool,
    color: str,
    suffix: str | None = None,
    beside: tuple[Request, ...] = (),
    **options: Any,
) -> int:
    """Compile what is asked for to an artefact of one of `kinds`, and write it: the work of `compile` and `draw`.

    `out` is a file, a directory, or `-`; `to` says what to write where the ending of a file does not, and `default`
    where nothing does; `suffix` ends the name of a file. `beside` are shown next to it. `options` are for the
    artefact; None says that one was not given. What shows a network is made of a wrong one too, as far as it is known;
    the exit status, which is returned, is that of the spec.
    """
    named = out is not None and out != "-" and not Path(out).is_dir()
    kind = find(to) if to else kind_of(str(out), kinds) if named else find(default)
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in kind.options:
            *most, last = (each for each in kinds if name in find(each).options)
            takers = f"{', '.join(most)} or {last}" if most else last
            raise click.UsageError(f"--{name} is for --to {takers}, not for {kind.name}")
    if several := tuple(network(each, color) for each in beside):
        given["beside"] = several
    stem = f"{request.stem}_{suffix}" if suffix else request.stem
    path = None if out == "-" else Path(str(out)) if named else Path(out or ".", stem + kind.ending)
    if path is not None:
        check_place(path, kind, force)
    found, report, ending = known(request, color) if kind.partial else (network(request, color), None, 0)
    if report is not None and "problems" in kind.options:
        given["problems"] = tuple(report.errors)
    data = rendered(kind, found, **given)
    write(data, path, kind)
    if path is not None:
        say(f"wrote {path}" + (", as far as it is known" if ending else ""), err=True)
    if remarks := kind.remarks(data):
        say(remarks, err=True)
    return ending


def kind_of(out: str, kinds: tuple[str, ...]) -> Artefact:
    """What is to be written into the file `out`, by its ending."""
    found = by_ending(Path(out).suffix, kinds)
    if found is None:
        endings = ", ".join(find(name).ending for name in kinds)
        other = ", or use --to" if kinds == names() else ""
        raise click.UsageError(f"the ending of '{out}' does not say what to write: give it one of {endings}{other}")
    return found


def rendered(kind: Artefact, *arguments: Any, **options: Any) -> bytes:
    """The bytes of an artefact, where it can be made."""
    try:
        return kind.render(*arguments, **options)
    except RenderError as problem:
        raise click.ClickException(str(problem)) from None


def check_place(path: Path, kind: Kind, force: bool) -> None:
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
    if data and kind.name in UNMARKED:
        raise click.UsageError(f"'{path}' exists, and {UNMARKED[kind.name]} carries no mark; use --force to replace it")
    if data and not kind.is_stamped(data):
        raise click.UsageError(f"'{path}' exists and was not written by netdsl; use --force to replace it")


def write(data: bytes, out: Path | None, kind: Kind) -> None:
    """Write an artefact into a file, or to stdout where there is none."""
    data = kind.stamp(data)
    if out is None:
        stream = sys.stdout.buffer
        if kind.binary and stream.isatty():
            raise click.UsageError(
                f"a {kind.name.upper()} is not for a terminal; use -o FILE, or send it through a pipe"
            )
        click.echo(data, nl=False, file=stream)
        return
    replace(data, out)


def replace(data: bytes, path: Path) -> None:
    """Make `data` the contents of a file, and say which other names of that file keep the old."""
    try:
        others = files.replace(data, path)
    except OSError as problem:
        raise click.ClickException(f"'{path}' cannot be written: {problem.strerror}") from None
    if others:
        names = "another name" if others == 1 else f"{others} other names"
        say(f"'{path}' had {names} (hard links), under which the old text stays", err=True)
