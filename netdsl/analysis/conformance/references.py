"""What other implementations have: `references.json`, read once.

- `counted`: for each kind of source, the word before a reference's colon, how its figures were counted.
- `references`: the figures of each by name (`params`, `conv1.output`); parameters without aux heads.
- `compared`: for a network of the zoo, the references it is held against beside the one that its spec names
  (`reported reference = "torchvision:resnet50"`), each with the figures in which it differs, and why.
- `printed`: what the spec cannot say of its paper's tables: cells in units of their own (a K of 1,024), and rows that
  are several layers of the spec.

A reason begins with the verdict it gives, as the note of a `reported` does: `erratum: ...`, `by design: ...`,
`unsettled: ...`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Figures: TypeAlias = Mapping[str, int | str]
Reasons: TypeAlias = Mapping[str, str]


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("references.json").read_text("utf-8"))
    return data


def counted() -> Mapping[str, str]:
    """How each kind of reference was counted."""
    kinds: dict[str, str] = _data()["counted"]
    return kinds


def reference(name: str) -> Figures | None:
    """The figures of a reference, None for one that is not on file."""
    found: Figures | None = _data()["references"].get(name)
    return found


def names() -> tuple[str, ...]:
    return tuple(_data()["references"])


def compared(network: str) -> Mapping[str, Reasons]:
    """The references that a network of the zoo (`vgg:D`) is held against, with the reasons for what differs."""
    found: Mapping[str, Reasons] = _data()["compared"].get(network, {})
    return found


def printed(spec: str) -> tuple[Mapping[str, Any], ...]:
    """The tables of a spec's paper that count in units of their own, or rows that are several layers of the spec."""
    return tuple(_data()["printed"].get(spec, ()))


def networks() -> tuple[str, ...]:
    """All names under which something is compared."""
    return (*_data()["compared"], *_data()["printed"])
