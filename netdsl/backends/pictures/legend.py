"""What the colours and lines of a picture mean: of those that are in it."""

from __future__ import annotations

from netdsl.backends.pictures.drawing import Mark, Path, Rect, Run, Text
from netdsl.backends.pictures.look import TINTS
from netdsl.backends.pictures.model import Picture

SIZE = 8.0
ROW = 14.0


def legend(picture: Picture, theme: str) -> list[Mark]:
    """The marks of the legend, from (0, 0) downwards."""
    shown = [node for node in picture.nodes if node.kind not in ("input", "output")]
    families = list(dict.fromkeys(node.family for node in shown))
    marks: list[Mark] = []
    y = 0.0
    for family in families:
        tint = TINTS[theme][family]
        marks.append(Rect(0, y, 16, 9, 2.5, tint.fill, tint.line, "", 1.4 if family is None else 0.8))
        marks.append(Text(22, y + 7.5, (Run("a block" if family is None else family.value, SIZE),)))
        y += ROW
    kinds = {edge.kind for edge in picture.edges}
    for kind, words in (("identity", "shortcut that changes nothing"), ("projection", "shortcut with layers on it")):
        if kind in kinds:
            dash = "4 2.5" if kind == "projection" else ""
            marks.append(Path(((0, y + 4.5), (16, y + 4.5)), "line", dash, True))
            marks.append(Text(22, y + 7.5, (Run(words, SIZE),)))
            y += ROW
    if any(node.times > 1 for node in shown) or any(frame.times > 1 for frame in picture.frames):
        marks.append(Text(8, y + 7.5, (Run("× N", SIZE, True),), "middle"))
        marks.append(Text(22, y + 7.5, (Run("so many in a row, the first drawn", SIZE),)))
    return marks
