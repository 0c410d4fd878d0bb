"""The formats of tables, one file each: the folder is the list. A format writes tables, and reads them back.

Each has `ENDINGS` (of its files; the first is the one that netdsl gives), `COMMENT` (how the first line of a file holds
a remark; empty where there is no place for one), `write` and, where such tables are read, `fits` and `read`.
"""

from __future__ import annotations

from functools import partial

from netdsl import registry
from netdsl.analysis.tables.model import Table
from netdsl.text.source import Source

names, find = partial(registry.names, __name__), partial(registry.module, __name__)
TRIED = ("html", "latex", "markdown", "text", "csv")
"""Of texts to read the surest mark comes first; any text with tabs could be the last."""


def by_ending(ending: str) -> str | None:
    """The name of the format of a file by its ending, with its point; None where it says nothing."""
    return next((name for name in names() if ending.lower() in find(name).ENDINGS), None)


def read(source: Source) -> list[Table]:
    """The tables of a text, in whichever format it is; none where it has none."""
    for name in TRIED:
        format_ = find(name)
        if format_.fits(source.text):
            found: list[Table] = format_.read(source)
            return found
    return []
