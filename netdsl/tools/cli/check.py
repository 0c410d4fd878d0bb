"""`netdsl check`: whether specs are right. All messages of all files in one run; what is certain can be mended.

Specs are checked one after the other, or by several processes (`--jobs`), which send back what they found; it is told
here, in the order given, so that the output is the same.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from netdsl.tools.cli._change import deliver, refuse_zoo
from netdsl.tools.cli._checked import Checked, again, check, with_proposals
from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, format_option, spec_options
from netdsl.tools.cli._tell import say, show, status, sum_up, verdict, write_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.context import BaseContext

    from netdsl.analysis.fixes import Fixed
    from netdsl.text.diagnostics import Report

SECTION = "Prove it"


class Found(NamedTuple):
    """What a check found: its messages with proposals, the variants, and whether the spec defines any network."""

    report: Report
    variants: tuple[str, ...]
    defines: bool


class Jobs(click.ParamType[int]):
    """A number of processes, or `auto`: as many as there are processors for this one."""

    name = "jobs"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "auto":
            return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        try:
            jobs = int(value)
        except ValueError:
            jobs = 0
        if jobs < 1:
            self.fail(f"'{value}' is neither `auto` nor a number of processes, 1 or more", param, ctx)
        return jobs


@click.command(
    epilog="""\b
Examples:
  netdsl check vgg19.net                  every shape, every claim
  netdsl check vgg.net                    every variant of its table
  netdsl check --fix mine.net             mend what can only be meant one way
  netdsl check --diff mine.net            show what --fix would do
  netdsl check --fix - < a.net > b.net    as a filter
  netdsl check --format json *.net        for programs
  netdsl check -j auto nets/*.net         many files, on all processors
  netdsl check --format sarif *.net       for code scanning
"""
)
@click.argument("specs", type=SpecParameter(), metavar="FILE[:VARIANT]...", nargs=-1, required=True)
@click.option("--fix", "fixing", is_flag=True, help="Mend what is certain in the files themselves.")
@click.option("--diff", "showing", is_flag=True, help="Show what --fix would do, and write nothing.")
@click.option(
    "--jobs", "-j", type=Jobs(), default=1, metavar="N|auto", help="Check N files at a time.", show_default=True
)
@format_option
@click.option("--cache/--no-cache", hidden=True, expose_value=False, help="Of an earlier version; without effect.")
@spec_options
def command(
    specs: tuple[str, ...],
    fixing: bool,
    showing: bool,
    jobs: int,
    format_: str,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Check specs: that every shape fits and every claim holds.

    A file with a table is checked for every variant unless one is chosen. Messages go to stderr, all formats but text
    to stdout. Where there are several ways out of an error, the smallest that were found to work are shown.

    --fix makes the changes that are certain, checks again, and leaves to you what is a choice. It changes only the
    files that are named, never those that they use. The status is 1 while an error remains, and with --diff while
    there is something to mend.

    --jobs pays for many files: a process takes a moment to start. Output and status are the same. --fix and --diff go
    through the files one after the other, since files may use one another.
    """
    requests = [Request(spec, variant, settings, input_) for spec in specs]
    if showing and format_ != "text":
        raise click.UsageError(f"--diff writes a diff; it does not go with --format {format_}")
    if fixing and not showing:
        _refuse(requests, format_)
    telling = format_ == "text"
    if fixing or showing:
        found = [_mend(request, showing, telling, color) for request in requests]
    else:
        found = [_told(*pair, telling, color) for pair in zip(requests, _all(requests, jobs), strict=True)]
    if format_ != "text":
        write_document([report for report, _ in found], format_)
    return max(worst for _, worst in found)


def _refuse(requests: list[Request], format_: str) -> None:
    """Refuse, before anything is changed, what --fix must not change."""
    for request in requests:
        refuse_zoo(request, "--fix")
        if request.path == STDIN and format_ != "text":
            raise click.UsageError(
                f"--fix writes the text of `-` to standard output; it does not go with --format {format_}"
            )


def _all(requests: list[Request], jobs: int) -> Iterator[Found]:
    """What is found in each spec, in their order; of standard input by this process, which alone can read it.

    The shortest spec is checked before other processes begin, which so have what a check needs without loading it; the
    longest go first to them, lest one be left working alone.
    """
    apart = sorted((request for request in requests if request.path != STDIN), key=_length)
    jobs = min(jobs, len(apart) - 1)
    if jobs < 2:
        yield from map(_found, requests)
        return
    from concurrent.futures import ProcessPoolExecutor

    known = {id(apart[0]): _found(apart[0])}
    with ProcessPoolExecutor(jobs, _forking()) as pool:
        others = {id(request): pool.submit(_found, request) for request in reversed(apart[1:])}
        for request in requests:
            other = others.pop(id(request), None)
            yield other.result() if other is not None else known.get(id(request)) or _found(request)


def _forking() -> BaseContext | None:
    """How processes begin: with what this one has loaded, where that is safe."""
    from multiprocessing import get_context

    return get_context("fork") if sys.platform == "linux" else None


def _length(request: Request) -> int:
    """How long the text of a spec is, in bytes; 0 for one that cannot be read."""
    try:
        return os.stat(request.path).st_size
    except OSError:
        return 0


def _found(request: Request) -> Found:
    """Check one spec."""
    return _of(request, check(request))


def _of(request: Request, checked: Checked) -> Found:
    """What there is to tell of a check, with what may be tried against its errors."""
    defines = any(compilation.network is not None for compilation, _said in checked.apart)
    return Found(with_proposals(request, checked), checked.variants, defines)


def _told(request: Request, found: Found, telling: bool, color: str, piping: bool = False) -> tuple[Report, int]:
    """Tell of one spec if `telling`; its messages, and the exit status for it. `piping`: stdout is for its text."""
    report = found.report
    if telling:
        show(report, color)
        _sum_up(request, found, apart=bool(len(report)), err=piping or bool(report.errors))
    return report, status(report)


def _mend(request: Request, showing: bool, telling: bool, color: str) -> tuple[Report, int]:
    """Mend one spec, or show how, and tell of it if `telling`; its messages, and the exit status for it."""
    checked, fixed = _mended(request, showing)
    if not showing:
        report, worst = _told(request, _of(request, checked), telling, color, piping=request.path == STDIN)
    else:
        report = checked.report
        to_mend = fixed is not None and bool(fixed.fixed)
        worst = max(status(report), int(to_mend))
        if telling and not to_mend:
            defines = any(compilation.network is not None for compilation, _said in checked.apart)
            _sum_up(request, Found(report, checked.variants, defines), apart=False, err=True)
    if fixed is not None:
        _tell(request, fixed, showing)
    return report, worst


def _sum_up(request: Request, found: Found, *, apart: bool, err: bool) -> None:
    """The line that says how a spec fared."""
    fine = "ok" if found.defines else "ok, though it defines no network, only what others use"
    sum_up(verdict(request.name, found.report, found.variants, fine=fine), apart=apart, err=err)


def _mended(request: Request, showing: bool) -> tuple[Checked, Fixed | None]:
    """Make the certain changes, in the file or for show; what is found afterwards, and what was done."""
    from netdsl.analysis.fixes import fix
    from netdsl.text.source import Source

    checked = check(request)
    file = checked.together.file
    if file is None:
        return checked, None
    fixed = fix(checked.together, again(request))
    deliver(file.source, fixed.text, request.place, diff=showing)
    if fixed.fixed and not showing:
        checked = check(request, Source(file.source.name, fixed.text))
    return checked, fixed


def _tell(request: Request, fixed: Fixed, showing: bool) -> None:
    """What was mended, and what was not though it could have been."""
    if not fixed.problems:
        return
    did = "would fix" if showing else "fixed"
    problems = f"{fixed.problems} problem{'s' * (fixed.problems != 1)}"
    say(f"{did} {fixed.fixed} of {problems} in {request.name}", err=True)
    for diagnostic in fixed.left:
        assert diagnostic.span is not None
        line = fixed.compilation.report.sources[diagnostic.span.file].position(diagnostic.span.start).line
        say(f"left line {line} as it is: mended, it would bring another error to light ({diagnostic.code})", err=True)
