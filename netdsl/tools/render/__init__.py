"""A report of messages as text for people, as JSON or SARIF for programs, or as annotations on GitHub.

Every format is one file of this folder, `as_NAME.py`, with one function `render(report, *, color)`; a format is
imported when it is asked for. A new format is a new file and nothing else.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.text.diagnostics import Report

__all__ = ["formats", "render"]


@cache
def formats() -> tuple[str, ...]:
    """The names of the formats there are."""
    return tuple(sorted(entry.stem.removeprefix("as_") for entry in Path(__file__).parent.glob("as_*.py")))


def render(report: Report, format: str = "text", *, color: bool = False) -> str:
    """All messages of a report in one of the `formats()`; ends with a newline unless it is empty.

    `color` asks for ANSI colours where the format has any.
    """
    if format not in formats():
        raise ValueError(f"unknown format {format!r}: one of {', '.join(formats())}")
    written: str = import_module(f"{__name__}.as_{format}").render(report, color=color)
    return written
