"""Text from outside (specs, names of files, files of weights) as it may be shown: in one line, and to the letter."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text with everything that does not print written as an escape, so that no spec can steer a terminal."""
    return text if text.isprintable() else "".join(map(visible_char, text))


def visible_char(char: str) -> str:
    """A character, or the escape for one that does not print."""
    return char if char.isprintable() else ascii(char)[1:-1]


def markdown(text: str) -> str:
    """The text as a cell of a Markdown table, in which no part of it is HTML or ends the cell."""
    for char, written in (("\\", "\\\\"), ("|", "\\|"), ("&", "&amp;"), ("<", "&lt;")):
        text = text.replace(char, written)
    return visible(text)
