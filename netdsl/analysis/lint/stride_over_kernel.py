"""W0201: with a stride larger than the kernel there are pixels that no layer sees."""

from __future__ import annotations

from collections import Counter
from itertools import product

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, percent
from netdsl.ir import Node
from netdsl.passes.windows import LONGEST, Axis, axes, seen
from netdsl.shapes import text


class StrideOverKernel(Rule):
    code = "W0201"
    why = (
        "What lies between the windows has been computed and is thrown away: a 1x1 convolution with stride 2 looks at "
        "a quarter of its input. Moving that stride to the 3x3 convolution behind it raised ResNet-50 from 76.2% to "
        "76.7%."
    )
    literature = (
        "He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, CVPR 2019, section 4.2",
    )

    def find(self, subject: Subject) -> Warnings:
        network = subject.network
        found: dict[object, list[tuple[Node, float]]] = {}
        for value, readers in enumerate(subject.readers):
            shape = network.shapes[value]
            if not readers or shape is None or len(shape) != 3 or value in subject.ends or max(shape[1:]) > LONGEST:
                continue
            windows = [each for node in readers if (each := axes(network, node)) is not None]
            if len(windows) < len(readers) or not all(height.gaps or width.gaps for height, width in windows):
                continue
            unseen = _unseen(windows)
            if unseen > 0:
                height, width = windows[0]
                key = (height.kernel, width.kernel, height.stride, width.stride, round(unseen, 2))
                largest = max(readers, key=lambda node: subject.cost(node).macs)
                found.setdefault(key, []).append((largest, unseen))
        for group in found.values():
            node, unseen = group[0]
            taken = axes(network, node)
            assert taken is not None
            height, width = taken
            maps = f"{len(group)} maps" if len(group) > 1 else f"this {text(network.shapes[node.inputs[0]])} map"
            stride = height.stride if height.stride == width.stride else f"{height.stride}x{width.stride}"
            yield self.warning(
                f"{percent(unseen)} of the pixels of {maps} are seen by no layer: the stride of {stride} is larger "
                f"than the {height.kernel}x{width.kernel} window",
                subject.place(node),
                label="the first of them" if len({each.span for each, _ in group}) > 1 else "here",
                help="put the stride on a layer with a larger window (`default residual(stride_at=spatial)` for "
                "brackets), or pool before it",
            )


def _unseen(windows: list[tuple[Axis, Axis]]) -> float:
    """The share of a map's pixels that none of the windows sees."""
    rows = Counter(zip(*(seen(height) for height, _ in windows), strict=True))
    columns = Counter(zip(*(seen(width) for _, width in windows), strict=True))
    looked = sum(
        count * other
        for (row, count), (column, other) in product(rows.items(), columns.items())
        if any(a and b for a, b in zip(row, column, strict=True))
    )
    return 1 - looked / (windows[0][0].size * windows[0][1].size)
