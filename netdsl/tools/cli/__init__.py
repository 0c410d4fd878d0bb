"""The command line: `netdsl COMMAND`, one file of this folder for each command.

Exit status: 0 where all is well, 1 where a spec is wrong (its messages are on stderr), 2 where netdsl was asked for
something that is not there (a file, a variant, an option), 3 for a mistake of netdsl's own, 130 after Ctrl-C, 141
when the reader of the output has gone. Nobody sees a traceback unless NETDSL_DEBUG is set.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence

WRONG_SPEC, WRONG_USE, INTERNAL, INTERRUPTED, NO_READER = 1, 2, 3, 130, 141
SELDOM = 500_000
"""How many new objects there must be before Python looks for those that are no longer used."""


def main(args: Sequence[str] | None = None) -> int:
    """Run a command (`args`, or those of the process) and return its exit status."""
    try:
        return _status(args)
    except KeyboardInterrupt:  # whenever it comes: while click is imported, or while a mistake is told
        return INTERRUPTED


def _status(args: Sequence[str] | None) -> int:
    if args is None:
        # Nearly all that a short run makes lives to its end, where there is nothing to collect either. A long one (many
        # files, a server) still collects, but not for each few hundred objects.
        gc.set_threshold(SELDOM)
        atexit.register(gc.freeze)
    # No plugin of Pydantic is used here; looking for some costs 10 ms at every start.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    import click

    from netdsl.text.visible import visible
    from netdsl.tools.cli._group import program

    # A stream that was closed (`>&-`) takes what is written as /dev/null does: nobody wants to read it.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal that lacks a character gets an escape, not a crash
    try:
        status = program.main(args=args, prog_name="netdsl", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as problem:
        vars(problem)["message"] = "\n".join(map(visible, problem.message.split("\n")))
        problem.show()
        return WRONG_USE
    except SystemExit as end:
        # click leaves this way when it has answered a shell's question, and when the reader of a pipe has gone
        return int(end.code or 0) if "_NETDSL_COMPLETE" in os.environ else NO_READER
    except Exception as problem:
        if os.environ.get("NETDSL_DEBUG"):
            raise
        return _confess(problem)


def _confess(problem: Exception) -> int:
    from netdsl.text.visible import visible

    if isinstance(problem, OSError) and problem.strerror:
        place = f" '{problem.filename}'" if problem.filename else ""
        print(visible(f"netdsl: {problem.strerror}{place}"), file=sys.stderr)
        return WRONG_USE
    text = " ".join(str(problem).split())
    text = f"{type(problem).__name__}: {text[:300]}" if text else type(problem).__name__
    print(
        f"netdsl: internal error: {visible(text)}\n"
        "This is a mistake in netdsl, not in your spec. Please report it with the output of the same command\n"
        "under NETDSL_DEBUG=1, which shows where it happened.",
        file=sys.stderr,
    )
    return INTERNAL
