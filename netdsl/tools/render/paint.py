"""Colours for a terminal: the styles of what is told, and when to use them. What they are on a terminal, rich knows."""

from __future__ import annotations

import os
from functools import cache
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.style import Style

STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
    "strong": "bold",
    "frame": "bold blue",
    "related": "bold blue",
    "help": "bold green",
    "dim": "dim",
}


def paint(text: str, style: str, color: bool) -> str:
    """The text in one of the styles (an unknown style is none), if colours are on."""
    if not color or not text or style not in STYLES:
        return text
    return _style(STYLES[style]).render(text)


@cache
def _style(words: str) -> Style:
    from rich.style import Style

    return Style.parse(words)


def wants_color(stream: IO[str], choice: str = "auto") -> bool:
    """Whether to colour what goes to a stream: `always`, `never`, or `auto`: on a terminal.

    `auto` follows NO_COLOR (https://no-color.org) and FORCE_COLOR, where they are set and not empty.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
