"""What a spec promises and its module keeps: each law is one file of this folder without an underscore.

A law is about one variant of one spec (`Subject`). `netdsl test` and the pytest plugin make an item of each.
"""

from __future__ import annotations

from functools import cache

from netdsl import registry
from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject, subjects

__all__ = ["Broken", "Law", "Subject", "laws", "subjects"]


@cache
def laws() -> tuple[Law, ...]:
    """All laws, those that need no torch first, by name."""
    found = (registry.member(__name__, name, Law)(name) for name in registry.names(__name__))
    return tuple(sorted(found, key=lambda law: (law.slow, law.torch, law.name)))
