"""W0201: a stride larger than the kernel leaves pixels out that no layer ever sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._window import LONGEST, Axis, axes, seen
from netdsl.analysis.lint._words import percent
from netdsl.ir import Node
from netdsl.shapes import text
from netdsl.text.diagnostics import Diagnostic


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

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        if network is None:
            return
        found: dict[object, list[tuple[Node, float]]] = {}
        for value, readers in enumerate(subject.readers):
            shape = network.shapes[value]
            if not readers or shape is None or len(shape) != 3 or value in subject.ends or max(shape[1:]) > LONGEST:
                continue
            windows = []
            for node in readers:
                each = axes(network, node)
                if each is None or not (each[0].gaps or each[1].gaps):
                    break
                windows.append(each)
            else:
                unseen = _unseen(windows)
                if unseen > 0:
                    first = max(readers, key=lambda node: subject.cost(node).macs)
                    height, width = windows[0]
                    key = (height.kernel, width.kernel, height.stride, width.stride, round(unseen, 2))
                    found.setdefault(key, []).append((first, unseen))
        for group in found.values():
            node, unseen = group[0]
            windows_of = axes(network, node)
            assert windows_of is not None
            height, width = windows_of
            places = {each.span for each, _ in group}
            one = f"this {text(network.shapes[node.inputs[0]])} map"
            count = f"{len(group)} maps" if len(group) > 1 else one
            stride = _pair(height.stride, width.stride)
            yield self.warning(
                f"{percent(unseen)} of the pixels of {count} are seen by no layer: the stride of {stride} is larger "
                f"than the {height.kernel}x{width.kernel} window",
                subject.place(node),
                label=f"{'the first of them' if len(places) > 1 else 'here'}{subject.within(node)}",
                help="put the stride on a layer with a larger window (`default residual(stride_at=spatial)` for "
                "brackets), or pool before it",
            )


def _unseen(windows: list[tuple[Axis, Axis]]) -> float:
    """The share of a map's pixels that none of the windows looks at."""
    rows = Counter(zip(*(seen(height) for height, _ in windows), strict=True))
    columns = Counter(zip(*(seen(width) for _, width in windows), strict=True))
    looked = sum(
        count * other
        for (row, count), (column, other) in product(rows.items(), columns.items())
        if any(a and b for a, b in zip(row, column, strict=True))
    )
    return 1 - looked / (windows[0][0].size * windows[0][1].size)


def _pair(height: int, width: int) -> str:
    return str(height) if height == width else f"{height}x{width}"
