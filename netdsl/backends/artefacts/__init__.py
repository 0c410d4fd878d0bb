"""All kinds of artefacts, one file each: the folder is the registry.

A new kind is one new file here, named as `netdsl compile --to` shall call it, with a class derived from `Artefact`. A
library that it needs is imported inside `render`.
"""

from __future__ import annotations

from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl import registry
from netdsl.backends.artefact import Artefact, RenderError
from netdsl.text.files import replace

if TYPE_CHECKING:
    from netdsl.ir import Network

__all__ = ["Artefact", "RenderError", "draw", "find", "names"]


@cache
def names() -> tuple[str, ...]:
    """The kinds there are, in alphabetical order."""
    return registry.names(__name__)


@cache
def find(name: str) -> Artefact:
    """The kind called `name`. Raises `KeyError` for an unknown one."""
    return registry.member(__name__, name, Artefact)()


def diagrams() -> tuple[str, ...]:
    """The kinds that are drawings of the network: those that can be turned to another direction."""
    return tuple(name for name in names() if "direction" in find(name).options)


def by_ending(ending: str, among: tuple[str, ...] | None = None) -> Artefact | None:
    """The kind of a file by its ending (with its point, in any case); None where it says nothing."""
    kinds = map(find, names() if among is None else among)
    return next((kind for kind in kinds if ending.lower() in kind.endings), None)


def draw(network: Network, path: str | PathLike[str], **options: Any) -> None:
    """Write the diagram of `network` to `path`, whose ending says how: `.svg`, `.png`, `.pdf`, `.dot`, `.gv`.

    `direction` is `tb` (top to bottom) or `lr` (left to right); `expand=True` draws every repetition in full.
    Raises `ValueError` for another ending, and `RenderError` where the picture cannot be made.
    """
    path = Path(path)
    kind = by_ending(path.suffix, diagrams())
    if kind is None:
        known = ", ".join(ending for name in diagrams() for ending in find(name).endings)
        raise ValueError(f"the ending of `{path.name}` names no format of diagrams; known are {known}")
    replace(kind.render(network, **options), path)
