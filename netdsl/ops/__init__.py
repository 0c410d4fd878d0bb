"""The vocabulary: one file per operator, the file's name is the operator's name.

The folder is the registry: `find("conv")` imports `netdsl/ops/conv.py` when it is first asked for, and
`names()` lists the folder. What the operators share is in `netdsl/ops/shared/`.
"""

from __future__ import annotations

import re
from ast import literal_eval
from functools import cache
from pathlib import Path

from netdsl import registry
from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Operator, Torch, Weight, Window, window

__all__ = [
    "Call",
    "Constant",
    "Family",
    "Geometry",
    "Operator",
    "Torch",
    "Weight",
    "Window",
    "find",
    "names",
    "resolve",
    "window",
]


@cache
def names() -> tuple[str, ...]:
    """The operators' names, in alphabetical order."""
    return registry.names(__name__)


@cache
def find(name: str) -> type[Operator]:
    """The operator called `name` (exactly). Raises `KeyError` for an unknown one."""
    return registry.member(__name__, name, Operator)


_ALIASES = re.compile(r"^    aliases = (\([^()]*\))$", re.M)


@cache
def _aliases() -> dict[str, str]:
    """The operators by their aliases, which are read off their files: to import all takes longer than most checks."""
    found: dict[str, str] = {}
    for name in names():
        written = _ALIASES.search(Path(__file__).with_name(f"{name}.py").read_text("utf-8"))
        found.update(dict.fromkeys(literal_eval(written[1]) if written else (), name))
    return found


@cache
def resolve(head: str) -> tuple[str, str | None] | None:
    """An operator's name and the kernel written into it: `conv3x3` is `("conv", "3x3")`, `relu6` `("relu6", None)`.

    Case does not matter, and the papers' aliases are known (`max pool`, `linear`). None if it is no operator.
    """
    text = re.sub(r"\s+", " ", head.strip().lower().replace("\u00d7", "x"))
    if text in names():
        return text, None
    match = re.fullmatch(r"(.*?[a-z_])(\d+(?:x\d+)*)", text)
    if match and match[1] in names():
        return match[1], match[2]
    known = _aliases()
    if text in known:
        return known[text], None
    if match and match[1] in known:
        return known[match[1]], match[2]
    return None
