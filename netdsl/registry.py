"""A folder as a registry: its entries are the files of a package whose names do not begin with an underscore.

So a new file is a new entry, which nothing has to list; and an entry is imported when it is first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

Base = TypeVar("Base")


@cache
def names(package: str) -> tuple[str, ...]:
    """The entries of a package, in alphabetical order."""
    return tuple(sorted(path.stem for path in Path(import_module(package).__path__[0]).glob("[!_]*.py")))


def module(package: str, name: str) -> ModuleType:
    """An entry. Raises `KeyError` for an unknown one."""
    if name not in names(package):
        raise KeyError(name)
    return import_module(f"{package}.{name}")


def member(package: str, name: str, base: type[Base]) -> type[Base]:
    """The class that an entry derives from `base`. Raises `KeyError` for an unknown entry."""
    found = module(package, name)
    classes = (each for each in vars(found).values() if isinstance(each, type) and issubclass(each, base))
    return next(each for each in classes if each.__module__ == found.__name__)
