"""The figures of other implementations: `references.json`, read once.

- `counted`: for each kind of reference (`torchvision` in `torchvision:resnet50`), how its figures were counted.
- `references`: the figures of each reference by name (`params`, `conv1.output`); parameters without aux heads.
- `compared`: for a network of the zoo, the references that it is compared with beside the one that its spec names
  (`reported reference = "torchvision:resnet50"`), each with the figures that differ, and why.
- `printed`: figures of its paper's tables that the spec cannot claim: in units of their own (a K of 1,024), or of rows
  that are several layers of the spec.

A reason begins with the verdict, as the note of a `reported` does: `erratum: ...`, `by design: ...`, `unsettled: ...`.
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
    """The references that a network of the zoo (`vgg:D`) is compared with, each with the reasons for what differs."""
    found: Mapping[str, Reasons] = _data()["compared"].get(network, {})
    return found


def printed(spec: str) -> tuple[Mapping[str, Any], ...]:
    """The figures of a spec's paper that the spec cannot claim, table by table."""
    return tuple(_data()["printed"].get(spec, ()))


def networks() -> tuple[str, ...]:
    """All names under which something is compared."""
    return (*_data()["compared"], *_data()["printed"])
