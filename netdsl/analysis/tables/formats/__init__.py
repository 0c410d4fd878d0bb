"""The formats of tables, one file each: the folder is the list. A format writes tables, and reads them back.

Each has `ENDINGS` (of its files; the first is the one that netdsl gives), `COMMENT` (how the first line of a file holds
a remark; empty where there is no place for one), `write` and, where such tables are read, `fits` and `read`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from netdsl.analysis.tables.model import Table
from netdsl.text.source import Source


@cache
def names() -> tuple[str, ...]:
    """The formats there are, in alphabetical order."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py")))


@cache
def find(name: str) -> ModuleType:
    """The format of this name. Raises `KeyError` for an unknown one."""
    if name not in names():
        raise KeyError(name)
    return import_module(f"{__name__}.{name}")


def by_ending(ending: str) -> str | None:
    """The name of the format of a file by its ending, with its point; None where it says nothing."""
    return next((name for name in names() if ending.lower() in find(name).ENDINGS), None)


def read(source: Source) -> list[Table]:
    """The tables of a text, in whichever format it is; none where it has none."""
    for name in ("html", "latex", "markdown", "csv"):  # the surest mark first; any text with tabs could be the last
        format_ = find(name)
        if format_.fits(source.text):
            found: list[Table] = format_.read(source)
            return found
    return []
