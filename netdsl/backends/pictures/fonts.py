"""A font that is there, for the formats that need one: pixels and PDF, which are made of the SVG.

The renderers of both drop text in silence whose family they do not find. So a family is looked for among the files of
this machine, in the order of how near it is to the one that the widths were measured in, and named exactly.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from netdsl.backends.artefact import RenderError

FAMILIES = (
    ("Liberation Sans", "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("Arial", "arial.ttf", "arialbd.ttf"),
    ("Arial", "Arial.ttf", "Arial Bold.ttf"),
    ("Nimbus Sans", "NimbusSans-Regular.otf", "NimbusSans-Bold.otf"),
    ("DejaVu Sans", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("Noto Sans", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
)
INSTALL = "install one, as by `apt-get install fonts-liberation`, or draw an SVG, which needs none"


class Font(NamedTuple):
    """A family and its files, regular and bold."""

    family: str
    files: tuple[str, ...]


@cache
def font() -> Font:
    """The font to draw with. Raises `RenderError` where there is none."""
    known: dict[str, str] = {}
    for folder in _folders():
        for path in folder.rglob("*.[to]tf"):
            known.setdefault(path.name, str(path))
    for family, *names in FAMILIES:
        files = tuple(known[name] for name in names if name in known)
        if files:
            return Font(family, files)
    raise RenderError(f"no font was found to write with; {INSTALL}")


def _folders() -> list[Path]:
    """Where fonts are kept, here and with the packages that bring one."""
    home = Path.home()
    folders: list[str | Path] = [
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        home / ".fonts",
        home / ".local/share/fonts",
    ]
    folders += ["/System/Library/Fonts", "/Library/Fonts", Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"]
    found = [Path(folder) for folder in folders if Path(folder).is_dir()]
    beside = find_spec("matplotlib")
    if beside is not None and beside.origin is not None:
        found.append(Path(beside.origin).parent / "mpl-data" / "fonts" / "ttf")
    return found
