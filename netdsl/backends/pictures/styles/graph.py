"""Units as circles and weights as lines, as textbooks draw small fully connected networks.

Of a large layer there are the first units and the last, with dots between them; its width stands below. Each line is a
weight. It draws networks whose layers with weights are all fully connected, one behind the other. A mistake stands in
red where its layer is; a layer whose width is unknown is one circle with a question mark.
"""

from __future__ import annotations

from dataclasses import dataclass

from netdsl.backends.artefact import RenderError
from netdsl.backends.pictures import collapse, graph, prose
from netdsl.backends.pictures.cards import link, mistakes, told
from netdsl.backends.pictures.drawing import Circle, Drawing, Group, Mark, Path, Run, Text, bounds, fitted, moved
from netdsl.backends.pictures.legend import legend
from netdsl.backends.pictures.look import TINTS
from netdsl.backends.pictures.model import Node
from netdsl.backends.pictures.options import Options
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.shapes import numel

SEVERAL = False
TAKES = ()
SHOWN = 8
"""Units of one layer that are drawn; of more than that, so many with dots between them."""
RADIUS, STEP, FAR = 8.0, 24.0, 96.0
NOTE = 8.25
"""The size of the smallest type, in points."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """One column of units: the node that gives them, how many there are if that is known, and what stands below."""

    node: Node
    units: int | None
    notes: tuple[str, ...]


def draw(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The drawing of one network. Raises `RenderError` where its layers are no chain of fully connected ones."""
    picture = graph.picture(collapse.layers(networks[0], expand=True), options.problems)
    columns = _layers(picture.nodes, picture.title)
    marks: list[Mark] = []
    lines: list[Mark] = []
    for number, layer in enumerate(columns):
        x = number * FAR
        if number:
            before = columns[number - 1]
            for one in _heights(before.units):
                for two in _heights(layer.units):
                    lines.append(Path(((x - FAR + RADIUS, one), (x - RADIUS, two)), "line", thick=0.4))
        marks.append(_column(layer, x, options.theme))
    if options.legend:
        left, _, right, bottom = bounds(marks)
        marks += [moved(mark, left, bottom + 16) for mark in legend(picture, options.theme, right - left)]
    left, _, right, bottom = bounds(marks)
    for number, run in enumerate(mistakes(picture.nodes, NOTE)):
        marks.append(Text((left + right) / 2, bottom + 14 + number * NOTE * 1.3, (run,), "middle"))
    title = Text((len(columns) - 1) * FAR / 2, -(SHOWN / 2) * STEP - 26, (Run(picture.title, 12, True),), "middle")
    return fitted([Group(tuple(lines)), *marks, title], picture.title, picture.description, options.theme)


def _layers(nodes: tuple[Node, ...], title: str) -> list[_Layer]:
    found: list[_Layer] = []
    for node in nodes:
        shape = node.figures.shape
        units = None if shape is None else numel(shape)
        known = "?" if units is None else str(units)
        if node.kind == "input" and not found:
            found.append(_Layer(node, units, ("input", known)))
        elif _column_of_its_own(node):
            said = node.title if node.problem else prose.line(node)
            found.append(_Layer(node, units, tuple(dict.fromkeys((node.label or said, known, *node.details)))))
        elif (
            node.op is not None
            and node.op.family in (Family.ACTIVATION, Family.REGULARIZATION, Family.REARRANGEMENT)
            and found
        ):
            if node.op.family is Family.ACTIVATION:
                last = found.pop()
                found.append(_Layer(last.node, last.units, (*last.notes, node.title)))
        elif node.kind != "output":
            raise RenderError(
                f"the style `graph` draws chains of fully connected layers; {title} has `{node.title}`. "
                "`volumes` draws feature maps, `paper` and `blocks` draw any network"
            )
    return found


def _column_of_its_own(node: Node) -> bool:
    """Whether a node has units: a fully connected layer, or a mistake where there may be one."""
    if node.kind != "layer" or node.op is None:
        return False
    flat = node.figures.shape is None or len(node.figures.shape) == 1
    return flat and (node.problem is not None or node.op.family is Family.FULLY_CONNECTED)


def _heights(units: int | None) -> list[float]:
    """Where the units of a layer are: all, or the first and the last of many; of how many is unknown, one."""
    units = 1 if units is None else units
    shown = min(units, SHOWN)
    middle = (shown - 1) / 2
    places = [(number - middle) * STEP for number in range(shown)]
    if units > SHOWN:
        half = shown // 2
        places = [y - STEP / 2 for y in places[:half]] + [y + STEP / 2 for y in places[half:]]
    return places


def _column(layer: _Layer, x: float, theme: str) -> Group:
    family = layer.node.family
    tint = TINTS[theme][family] if family else TINTS[theme][Family.REGULARIZATION]
    fill, stroke = ("wrongfill", "wrong") if layer.node.problem else (tint.fill, tint.line)
    marks: list[Mark] = [Circle(x, y, RADIUS, fill, stroke) for y in _heights(layer.units)]
    if layer.units is None:
        marks.append(Text(x, 3.2, (Run("?", 9),), "middle"))
    elif layer.units > SHOWN:
        marks += [Circle(x, y, 1.2, "ink", "none") for y in (-6.0, 0.0, 6.0)]
    bottom = (SHOWN / 2) * STEP + 22
    for number, note in enumerate(layer.notes):
        marks.append(Text(x, bottom + 11 * number, (Run(note, 9 if number < 2 else NOTE, number == 0),), "middle"))
    return Group(tuple(marks), told(layer.node), link(layer.node.origin))
