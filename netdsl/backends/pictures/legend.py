"""What the colours and lines of a picture mean: of those that are in it."""

from __future__ import annotations

from netdsl.backends.pictures.drawing import Mark, Path, Rect, Run, Text, moved
from netdsl.backends.pictures.look import TINTS, Tint
from netdsl.backends.pictures.model import Picture

SIZE = 8.0
ROW = 14.0


def legend(
    picture: Picture, theme: str, wide: float, colors: dict[str, str] | None = None, dash: str = "4 2.5"
) -> list[Mark]:
    """The marks of the legend, from (0, 0) downwards, in as many columns as are not wider than `wide`.

    `colors` are what fills mean where it is not the family of a layer, each with its fill; `dash` is that of a shortcut
    with layers on it.
    """
    shown = [node for node in picture.nodes if node.kind not in ("input", "output")]
    entries: list[tuple[Mark, str]] = []
    if colors is not None:
        entries += [(_box(Tint(fill, "line")), words) for words, fill in colors.items()]
    else:
        for family in dict.fromkeys(node.family for node in shown):
            thick = 1.4 if family is None else 0.8
            entries.append((_box(TINTS[theme][family], thick), "a block" if family is None else family.value))
    kinds = {edge.kind for edge in picture.edges}
    for kind, words in (("identity", "shortcut that changes nothing"), ("projection", "shortcut with layers on it")):
        if kind in kinds:
            line = Path(((0, 4.5), (16, 4.5)), "line", dash if kind == "projection" else "", True)
            entries.append((line, words))
    if any(node.times > 1 for node in shown) or any(frame.times > 1 for frame in picture.frames):
        entries.append((Text(8, 7.5, (Run("× N", SIZE, True),), "middle"), "so many in a row, the first drawn"))
    step = max((Run(words, SIZE).width for _, words in entries), default=0.0) + 36
    rows = -(-len(entries) // max(int(wide // step), 1))
    marks: list[Mark] = []
    for number, (sign, words) in enumerate(entries):
        pair = (sign, Text(22, 7.5, (Run(words, SIZE),)))
        marks += [moved(mark, number // rows * step, number % rows * ROW) for mark in pair]
    return marks


def _box(tint: Tint, thick: float = 0.8) -> Mark:
    return Rect(0, 0, 16, 9, 2.5, tint.fill, tint.line, "", thick)
