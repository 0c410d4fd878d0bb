"""The styles of tables, one file each, named after the paper whose table it is: the folder is the list.

A style has two directions. `write` makes tables of the variants of a network, or raises `NotPrintable`; `fits` knows
such a table again, and `read` makes a spec of it. `TITLE` says whose table it is.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType


@cache
def names() -> tuple[str, ...]:
    """The styles there are, in alphabetical order."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py")))


@cache
def find(name: str) -> ModuleType:
    """The style of this name. Raises `KeyError` for an unknown one."""
    if name not in names():
        raise KeyError(name)
    return import_module(f"{__name__}.{name}")
