"""Values of a spec: bare words, values with where they were written, and how each is written.

A name that is no parameter is a bare word (`same`, `relu`), which arguments may take and arithmetic refuses.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from netdsl.elaborate.problems import Problem
from netdsl.ir import Setting
from netdsl.text.source import Span

MOST_ELEMENTS, DEEPEST = 1000, 64
"""How many elements a list may have with those of the lists in it, and how deep it may nest: a name stands for a value
of any size, so a few lines could make one that no machine can hold."""
TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""What is written here for the words that mean true and false elsewhere."""


class Word(str):
    """A bare word in a spec that names no parameter: `same`, `relu`."""

    __slots__ = ()


class Given(NamedTuple):
    """A value and where it was written; `term` is the text of an expression that names something (`ir.Written`)."""

    value: Any
    span: Span
    term: str | None = None


UNKNOWN: Any = object()
"""Stands for a param's value that an earlier error hides; whoever asks for it gets `Told`."""


def show(value: Any) -> str:
    """A value as a spec writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, Setting):
        inside = [show(item) for item in value.args] + [f"{key}={show(item)}" for key, item in value.kwargs.items()]
        return f"{value.name}({', '.join(inside)})"
    return str(value)


def plain(value: Any) -> Any:
    """A value for the network: words become strings."""
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, Setting):
        kwargs = {key: plain(each) for key, each in value.kwargs.items()}
        return Setting(name=value.name, args=plain(value.args), kwargs=kwargs)
    return value


def bounded(value: tuple[Any, ...], span: Span) -> tuple[Any, ...]:
    """A list that is not too large. Raises `Problem`. The values in it were bounded when they were made."""
    elements = deepest = 0
    waiting = [(each, 1) for each in value]
    while waiting and elements <= MOST_ELEMENTS and deepest <= DEEPEST:
        each, depth = waiting.pop()
        elements, deepest = elements + 1, max(deepest, depth)
        if isinstance(each, Setting):
            waiting += [(inner, depth + 1) for inner in (*each.args, *each.kwargs.values())]
        elif isinstance(each, tuple):
            waiting += [(inner, depth + 1) for inner in each]
    if waiting or elements > MOST_ELEMENTS or deepest > DEEPEST:
        message = f"the list has more than {MOST_ELEMENTS:,} elements, or nests more than {DEEPEST} deep"
        raise Problem("E0604", message, span, "a list counts with those that are in it")
    return value
