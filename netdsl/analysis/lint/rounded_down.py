"""W0202: a stride that does not divide a map evenly loses its last rows and columns."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, plural, times
from netdsl.ir import Network
from netdsl.ops.shared.notation import notation
from netdsl.passes.windows import Axis, axes, axes_of
from netdsl.shapes import Shape, text
from netdsl.syntax import tree
from netdsl.text.diagnostics import OpError

FARTHEST = 32
"""How far from the input's size a better one is looked for."""
_LARGEST = 500
"""In networks with more layers no better size is looked for."""


class RoundedDown(Rule):
    code = "W0202"
    why = (
        "Sizes are rounded down, so a map of 113 pixels pooled by 2 gives 56, and its last row and column have been "
        "computed for nothing. The papers choose their input so that it comes out even."
    )
    literature = ("Dumoulin and Visin, A Guide to Convolution Arithmetic for Deep Learning, 2016, section 2.4",)

    def find(self, subject: Subject) -> Warnings:
        network = subject.network
        losses = {node.id: _losses(axes(network, node)) for node in subject.nodes}
        lossy = [
            node
            for node in subject.nodes
            if any(losses[node.id])
            and node.inputs[0] not in subject.ends
            and all(any(losses[other.id]) for other in subject.readers[node.inputs[0]])
        ]
        sizes = self._sizes(subject) if lossy else []
        for nodes in subject.grouped(lossy):
            node, (rows, columns) = nodes[0], losses[nodes[0].id]
            parts = [plural(count, word) for count, word in ((rows, "row"), (columns, "column")) if count]
            last = " and ".join(part.removeprefix("1 ") for part in parts)
            help = "`ceil=true` keeps them" if "ceil" in type(node.op).model_fields else "pad it, or crop before it"
            if sizes:
                help += f"; with an input of {' or '.join(map(text, sizes))} nothing is lost"
            drawn: dict[str, object] = {key: None for key in ("init", "bias_init") if key in type(node.op).model_fields}
            yield self.warning(
                f"the last {last} of this {text(network.shapes[node.inputs[0]])} map "
                f"{'are' if rows + columns > 1 else 'is'} lost{times(len(nodes))}: "
                f"`{notation(node.op.model_copy(update=drawn))}` gives {text(node.shape)}, rounded down",
                subject.place(node),
                label="does not come out even",
                help=help,
            )

    def _sizes(self, subject: Subject) -> list[Shape]:
        """The nearest smaller and the nearest larger input of which no layer loses anything."""
        network = subject.network
        if len(network.inputs) != 1 or len(network.nodes) > _LARGEST or not network.complete:
            return []
        if any(each.name in ("height", "width") for each in subject.trees.of(tree.Reference)):
            return []  # another input would make another network
        channels, *plane = network.inputs[0].shape
        found = []
        for sign in (-1, 1) if len(plane) == 2 else ():
            shapes = ((channels, *(size + sign * step for size in plane)) for step in range(1, FARTHEST + 1))
            found += [shape for shape in shapes if min(shape) > 0 and _fits(network, shape)][:1]
        return found


def _losses(windows: tuple[Axis, Axis] | None) -> tuple[int, int]:
    """How many rows and columns at the end no window sees, apart from those that a stride over the kernel skips."""
    return (0, 0) if windows is None else (_lost(windows[0]), _lost(windows[1]))


def _lost(axis: Axis) -> int:
    behind = axis.size - axis.end
    return behind if behind > max(axis.stride - axis.kernel, 0) and axis.stride > 1 else 0


def _fits(network: Network, shape: Shape) -> bool:
    """Whether the same layers take this input and lose nothing of it."""
    shapes = [shape]
    try:
        for node in network.nodes:
            inputs = tuple(shapes[value] for value in node.inputs)
            shapes.append(node.op.shape(inputs))
            if any(_losses(axes_of(node.op, inputs, shapes[-1]))):
                return False
    except OpError:
        return False
    return True
