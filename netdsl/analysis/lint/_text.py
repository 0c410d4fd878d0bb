"""Edits of a spec's text that several rules make: an argument more, a statement less."""

from __future__ import annotations

from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Source


def set_argument(source: Source, item: tree.Operation | tree.Row | tree.Default, name: str, value: str) -> Edit:
    """The edit that gives an item the argument `name`: in place of the one it has, or behind its others."""
    for argument in item.arguments or ():
        if argument.name is not None and argument.name.text == name:
            return Edit(argument.value.span, value)
    end = item.span.end
    if isinstance(item, tree.Row) or not source.text[: item.span.end].endswith(")"):
        written = f", {name}={value}" if isinstance(item, tree.Row) else f"({name}={value})"
        return Edit(source.span(end, end), written)
    close = end - 1
    while close > item.span.start and source.text[close - 1] in " \t\r\n":
        close -= 1
    inside = f", {name}={value}" if item.arguments else f"{name}={value}"
    return Edit(source.span(close, close), inside)


def has_argument(item: object, name: str) -> bool:
    """Whether an item is written with the argument `name`."""
    arguments = getattr(item, "arguments", None) or ()
    return any(each.name is not None and each.name.text == name for each in arguments)
