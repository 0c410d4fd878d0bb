"""What can be asked of a picture: the style, what is open, how it looks. Commands, files and editors ask the same."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Literal

from netdsl import registry
from netdsl.text.diagnostics import Diagnostic


@cache
def styles() -> tuple[str, ...]:
    """The styles there are: the files of `styles/`, the default first."""
    return ("blocks", *(name for name in registry.names("netdsl.backends.pictures.styles") if name != "blocks"))


@dataclass(frozen=True, slots=True)
class Options:
    """How a network is drawn.

    - `style`: one of `styles()`.
    - `direction`: `tb` (top to bottom) or `lr` (left to right).
    - `expand`: every repetition in full.
    - `depth`: how many levels of block calls are open; None: as many as a page takes. `open`: the blocks that are open
      besides, by label, path or name.
    - `legend`: say what the colours and lines mean. `theme`: `light` or `dark`.
    - `wrap`: the number of columns; None: as many as make the type largest on a page.
    - `dpi`: of a picture of pixels, dots per inch.
    - `problems`: the mistakes of the spec, to be shown where they stand.
    - `symbols`: parameters whose names are shown in place of their values.
    - `most`: a picture of more boxes than this is refused; None: of more than 5,000, unless `expand` asks for all.
    """

    style: str = "blocks"
    direction: Literal["tb", "lr"] = "tb"
    expand: bool = False
    depth: int | None = None
    open: tuple[str, ...] = ()
    legend: bool = False
    theme: Literal["light", "dark"] = "light"
    wrap: int | None = None
    dpi: int = 144
    problems: tuple[Diagnostic, ...] = ()
    symbols: tuple[str, ...] = ()
    most: int | None = None

    def __post_init__(self) -> None:
        if self.style not in styles():
            raise ValueError(f"unknown style `{self.style}`; known are {', '.join(styles())}")
        if self.direction not in ("tb", "lr"):
            raise ValueError(f"unknown direction `{self.direction}`; known are tb (top to bottom), lr (left to right)")
        if self.theme not in ("light", "dark"):
            raise ValueError(f"unknown theme `{self.theme}`; known are light, dark")
        for name in ("wrap", "dpi"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be at least 1, not {value}")


NAMES = tuple(each.name for each in fields(Options))
PARTIAL = ("direction", "depth", "open", "wrap")
"""Options that not every style takes: each says which it does (`TAKES`)."""
