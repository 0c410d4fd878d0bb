"""A network to a file with its diagram; the file's ending says which format."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.backends.graphviz.dot import Direction, write
from netdsl.backends.graphviz.items import boxes
from netdsl.backends.graphviz.picture import picture
from netdsl.backends.graphviz.render import FORMATS, RenderError, render

if TYPE_CHECKING:
    from netdsl.ir import Network

MOST_BOXES = 5_000
"""More boxes than this are rendered only where `expand` asks for all of them: the layout would take minutes."""
TEXT_ENDINGS = (".dot", ".gv")


def draw(network: Network, path: str | PathLike[str], *, direction: Direction = "tb", expand: bool = False) -> None:
    """Write the diagram of `network` to `path`: DOT text for `.dot` and `.gv`, a picture for `.svg`, `.png`, `.pdf`.

    `direction` is `tb` (top to bottom) or `lr` (left to right); `expand` draws every repetition in full.
    Raises `ValueError` for another ending, and `RenderError` where the picture cannot be made.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in TEXT_ENDINGS and ending[1:] not in FORMATS:
        known = ", ".join([*TEXT_ENDINGS, *(f".{name}" for name in FORMATS)])
        raise ValueError(f"the ending of `{path.name}` names no format of diagrams; known are {known}")
    drawn = picture(network, expand=expand)
    if ending in TEXT_ENDINGS:
        path.write_text(write(drawn, direction), encoding="utf-8")
        return
    count = sum(1 for _ in boxes(drawn.items))
    if count > MOST_BOXES and not expand:
        raise RenderError(
            f"the diagram has {count:,} boxes even with its repetitions folded, too many to lay out "
            f"in reasonable time; write `{path.stem}.dot`, or ask for it all the same with `expand`"
        )
    path.write_bytes(render(write(drawn, direction), ending[1:]))
