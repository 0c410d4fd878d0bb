"""What a spec promises and its module keeps: each law is one file of this folder without an underscore.

A law is about one variant of one spec (`Subject`). `netdsl test` and the pytest plugin make an item of each.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject, subjects

__all__ = ["Broken", "Law", "Subject", "laws", "subjects"]


@cache
def laws() -> tuple[Law, ...]:
    """All laws, those that need no torch first, by name."""
    found = []
    for entry in Path(__file__).parent.glob("[!_]*.py"):
        module = import_module(f"{__name__}.{entry.stem}")
        classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Law)]
        found += [each(entry.stem) for each in classes if each.__module__ == module.__name__]
    return tuple(sorted(found, key=lambda law: (law.slow, law.torch, law.name)))
