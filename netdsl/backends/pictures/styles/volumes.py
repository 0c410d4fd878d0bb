"""Feature maps as boxes to scale, one behind the other, as the LeNet-5, AlexNet and VGG papers draw theirs: in rows, or
as a U where the network comes back to its first sizes. What stands between two volumes is written below.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.backends.artefact import RenderError
from netdsl.backends.pictures import collapse, graph
from netdsl.backends.pictures.cards import mistakes
from netdsl.backends.pictures.drawing import Drawing, Mark, Path, Run, Text, bounds, fitted, moved
from netdsl.backends.pictures.legend import legend
from netdsl.backends.pictures.model import Fork, Node, Picture, nodes, parts
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.sheet import LEAST, page
from netdsl.backends.pictures.u import bent, u
from netdsl.backends.pictures.volume import TYPE, Volume, box, broad, made, name, tall, volume_of
from netdsl.ir import Network
from netdsl.ops import Family

SEVERAL = False
TAKES = ("wrap",)
TALLEST = 120.0
"""The height of the largest map, in points."""
APART = 34.0
HIDDEN = (Family.ACTIVATION, Family.NORMALIZATION, Family.REGULARIZATION)
MOST = 60
"""More volumes than this are no picture."""


def draw(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The drawing of one network. Raises `RenderError` where it has no maps, or too many to be drawn."""
    picture = graph.picture(collapse.layers(networks[0], expand=options.expand), options.problems)
    shown = _shown(picture)
    if not any(len(made(node) or ()) > 2 for node in shown):
        raise RenderError(f"{picture.title} has no feature maps; the style `graph` draws fully connected networks")
    if len(shown) > MOST:
        raise RenderError(
            f"{picture.title} has {len(shown)} feature maps, too many to draw each; `blocks` and `paper` draw it"
        )
    _chain(picture, {node.id for node in shown})
    as_u = bent(shown)
    if as_u and options.wrap is not None:
        raise RenderError(f"{picture.title} is drawn as a U, which has no rows: it takes no `wrap`")
    volumes = [volume_of(node, shown, TALLEST * (0.6 if as_u else 1.0)) for node in shown]
    marks = u(volumes, picture, options.theme) if as_u else _rows(volumes, options)
    left, top, right, bottom = bounds(marks)
    if options.legend:
        said = replace(picture, body=tuple(shown), edges=())
        marks += [moved(mark, left, bottom + 16) for mark in legend(said, options.theme, right - left)]
    _, _, _, bottom = bounds(marks)
    for number, run in enumerate(mistakes(picture.nodes, TYPE)):
        marks.append(Text(left, bottom + 14 + number * TYPE * 1.3, (run,)))
    marks.append(Text((left + right) / 2, top - 12, (Run(picture.title, 12, True),), "middle"))
    return fitted(marks, picture.title, picture.description, options.theme)


def _shown(picture: Picture) -> list[Node]:
    """The nodes whose values are drawn: the input, and what changes a shape or has weights."""
    found = []
    for node in picture.nodes:
        if made(node) is None or node.kind == "output":
            continue
        if node.op is not None and (node.op.family in HIDDEN or _adds_nothing(node)):
            continue
        if node.kind == "join" and node.op is not None and node.op.symbol:
            continue
        found.append(node)
    return found


def _adds_nothing(node: Node) -> bool:
    """Whether a map is only part of another, or its numbers in a row: what is cropped, flattened, passed on."""
    takes, gives = node.figures.takes or (), made(node) or ()
    smaller = len(gives) == len(takes) and all(one <= other for one, other in zip(gives, takes, strict=True))
    return node.op is not None and node.op.family is Family.REARRANGEMENT and (len(gives) == 1 or smaller)


def _chain(picture: Picture, shown: set[str]) -> None:
    """Raise `RenderError` where branches have volumes: side by side they would look as if one made the other."""
    for part in parts(picture.body):
        if isinstance(part, Fork) and any(node.id in shown for way in part.branches for node in nodes(way.parts)):
            raise RenderError(
                f"{picture.title} has branches, and the style `volumes` draws chains; "
                "`blocks` and `paper` draw any network"
            )


def _rows(volumes: list[Volume], options: Options) -> list[Mark]:
    """As few rows as let the type be read on a page, or so many as `wrap` says, one about as wide as the other."""
    steps = [_step_to(volume, volumes, number) for number, volume in enumerate(volumes)]
    room = page(options)[0] * TYPE / LEAST - 2 * APART
    most = options.wrap or len(_groups(steps, room))
    widest = next(wide for wide in range(int(max(steps)), int(sum(steps)) + 2) if len(_groups(steps, wide)) <= most)
    marks: list[Mark] = []
    y = 0.0
    for number, group in enumerate(_groups(steps, widest)):
        row = _row([volumes[at] for at in group], options.theme, first=number == 0)
        _, top, _, bottom = bounds(row)
        marks += [moved(mark, 0.0, y - top) for mark in row]
        y += bottom - top + 24
    return marks


def _groups(steps: list[float], room: float) -> list[list[int]]:
    """The numbers of the volumes in rows that are no wider than `room`."""
    found: list[list[int]] = [[]]
    used = 0.0
    for number, step in enumerate(steps):
        if found[-1] and used + step > room:
            found.append([])
            used = 0.0
        found[-1].append(number)
        used += step
    return found


def _row(volumes: list[Volume], theme: str, first: bool = True) -> list[Mark]:
    marks: list[Mark] = []
    x = 0.0 if first else APART
    for number, volume in enumerate(volumes):
        if number or not first:
            marks.append(_arrow(x))
        marks.append(box(volume, x + 4, 0.0, theme))
        above = -tall(volume) / 2 - 6
        marks.append(name(volume.node, x + 4 + volume.width / 2, above))
        x += _step_to(volume, volumes, number)
    return marks


def _step_to(volume: Volume, volumes: list[Volume], number: int) -> float:
    """From where a volume begins to where the next one does."""
    return volume.width + 4 + max(APART, _words(volume, volumes, number))


def _words(volume: Volume, volumes: list[Volume], number: int) -> float:
    """What the words above this volume and the next, and those between them, take beside the boxes."""
    if number + 1 == len(volumes):
        return 0.0
    after = volumes[number + 1]
    halves = ((broad(each) - each.width) / 2 for each in (volume, after))
    return max(sum(max(half, 0.0) for half in halves) + 8, APART)


def _arrow(end: float) -> Mark:
    """What leads into a volume."""
    return Path(((end - 16, 0.0), (end + 1, 0.0)), "line", arrow=True)
