"""Colours for a terminal: a table of ANSI codes, and when to use them."""

from __future__ import annotations

import os
from typing import IO

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "strong": "1",
    "frame": "1;34",
    "related": "1;34",
    "help": "1;32",
    "dim": "2",
}


def paint(text: str, style: str, color: bool) -> str:
    """The text in one of the styles (an unknown style is none), if colours are on."""
    code = _CODES.get(style) if color and text else None
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


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
