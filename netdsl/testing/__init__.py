"""Shapes tested by property: Hypothesis strategies that draw specs, networks and operators, and laws to hold them to.

    from hypothesis import given
    from netdsl.testing import networks

    @given(networks(max_layers=6))
    def test_mine(network): ...

What is named here is public; each part is imported when it is first used. It needs `netdsl[test]`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES: dict[str, str] = {
    "edits": "netdsl.testing.texts",
    "inputs": "netdsl.testing.texts",
    "mistakes": "netdsl.testing.texts",
    "networks": "netdsl.testing.nets",
    "operators": "netdsl.testing.cases",
    "random_spec": "netdsl.testing.texts",
    "specs": "netdsl.testing.texts",
    "statements": "netdsl.testing.drawing",
    "statistics": "netdsl.testing.texts",
    "Broken": "netdsl.testing.laws",
    "Law": "netdsl.testing.laws",
    "Subject": "netdsl.testing.laws",
    "subjects": "netdsl.testing.laws",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netdsl.testing' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
