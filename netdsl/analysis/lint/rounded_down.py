"""W0202: a stride that does not come out even loses the last rows and columns of a map."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._window import Axis, axes
from netdsl.analysis.lint._words import layer, plural, times
from netdsl.ir import Network, Node
from netdsl.shapes import Shape, text
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Diagnostic, OpError

FARTHEST = 32
"""How far from the input's size another one is looked for."""
_LARGEST = 500
"""In networks of more layers no other size is looked for."""


def _lost(axis: Axis) -> int:
    """How many pixels at the end of an axis are behind the last window, beyond what a stride over the kernel skips."""
    behind = axis.size - axis.end
    return behind if behind > max(axis.stride - axis.kernel, 0) and axis.stride > 1 else 0


def _losses(network: Network, node: Node) -> tuple[int, int]:
    found = axes(network, node)
    return (0, 0) if found is None else (_lost(found[0]), _lost(found[1]))


class RoundedDown(Rule):
    code = "W0202"
    why = (
        "Sizes are rounded down, so a map of 113 pixels pooled by 2 gives 56, and its last row and column have been "
        "computed for nothing. The papers choose their input so that it comes out even."
    )
    literature = ("Dumoulin and Visin, A Guide to Convolution Arithmetic for Deep Learning, 2016, section 2.4",)

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        if network is None:
            return
        lossy = [
            node
            for node in subject.nodes
            if any(_losses(network, node))
            and node.inputs[0] not in subject.ends
            and all(any(_losses(network, other)) for other in subject.readers[node.inputs[0]])
        ]
        sizes = self._sizes(subject) if lossy else ()
        for nodes in subject.grouped(lossy):
            node = nodes[0]
            rows, columns = _losses(network, node)
            parts = [plural(count, word) for count, word in ((rows, "row"), (columns, "column")) if count]
            last = "last " + " and ".join(part.removeprefix("1 ") for part in parts)
            shape = network.shapes[node.inputs[0]]
            help = "`ceil=true` keeps them" if "ceil" in type(node.op).model_fields else "pad it, or crop before it"
            if sizes:
                help += f"; with an input of {' or '.join(map(text, sizes))} nothing is lost"
            verb = "are" if rows + columns > 1 else "is"
            yield self.warning(
                f"the {last} of this {text(shape)} map {verb} lost{times(len(nodes))}: "
                f"`{layer(node)}` gives {text(node.shape)}, rounded down",
                subject.place(node),
                label=f"does not come out even{subject.within(node)}",
                help=help,
            )

    def _sizes(self, subject: Subject) -> tuple[Shape, ...]:
        """The nearest smaller and larger input with which no layer loses anything."""
        network = subject.network
        if network is None or len(network.inputs) != 1 or len(network.nodes) > _LARGEST or not network.complete:
            return ()
        for file in subject.files.values():
            for each in walk(file):
                if isinstance(each, tree.Reference) and each.name in ("height", "width"):
                    return ()  # another input would make another network
        channels, *plane = network.inputs[0].shape if len(network.inputs[0].shape) == 3 else (0,)
        found = []
        for sign in (-1, 1):
            for step in range(1, FARTHEST + 1):
                shape = (channels, *(size + sign * step for size in plane))
                if len(shape) == 3 and min(shape) > 0 and _fits(network, shape):
                    found.append(shape)
                    break
        return tuple(found)


def _fits(network: Network, shape: Shape) -> bool:
    """Whether the same layers take this input, and lose nothing of it."""
    shapes: list[Shape] = [shape]
    try:
        for node in network.nodes:
            shapes.append(node.op.shape(tuple(shapes[value] for value in node.inputs)))
    except OpError:
        return False
    inputs = (network.inputs[0].model_copy(update={"shape": shape}),)
    nodes = {
        node.id: node.model_copy(update={"shape": made}) for node, made in zip(network.nodes, shapes[1:], strict=True)
    }
    resized = network.model_copy(update={"inputs": inputs})
    resized.__dict__["nodes"] = tuple(nodes.values())
    resized.__dict__.pop("shapes", None)
    return not any(any(_losses(resized, node)) for node in resized.nodes)
