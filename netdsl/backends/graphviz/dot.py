"""A network as DOT text: one box for each layer, one frame for each block, the shapes on the edges.

A shape is written once, on the first edge out of a layer that changes it. Equal networks give equal text, which can be
compared; it is made in time linear in the size of the network.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeAlias

from netdsl.backends.graphviz import look
from netdsl.backends.graphviz.items import Box, Frame, Item, boxes
from netdsl.backends.graphviz.picture import Picture, picture
from netdsl.ops import Family
from netdsl.ops.shared.notation import notation
from netdsl.shapes import numel
from netdsl.text.amounts import amount

if TYPE_CHECKING:
    from graphviz import Digraph
    from netdsl.ir import Network

Direction: TypeAlias = Literal["tb", "lr"]


def dot(network: Network, *, direction: Direction = "tb", expand: bool = False) -> str:
    """The diagram of `network` as DOT text.

    `direction` is `tb` (top to bottom) or `lr` (left to right). What repeats is drawn once, with `× N`; `expand` draws
    all.
    """
    return write(picture(network, expand=expand), direction)


def write(drawn: Picture, direction: Direction = "tb") -> str:
    """The DOT text of a picture."""
    if direction not in ("tb", "lr"):
        raise ValueError(f"unknown direction `{direction}`; known are tb (top to bottom), lr (left to right)")
    from graphviz import Digraph

    graph = Digraph(
        "network",
        graph_attr={**look.GRAPH, "rankdir": direction.upper(), "label": look.lines([_title(drawn.network)])},
        node_attr=look.NODE,
        edge_attr=look.EDGE,
    )
    _Writer(drawn, graph, direction).write()
    source: str = graph.source
    return source


def _title(network: Network) -> str:
    name = network.name if network.variant is None else f"{network.name}:{network.variant}"
    return look.bold(name)


def _between(first: str, last: str | None) -> str:
    """`denselayer1…6`, or one where both are the same or the last has none."""
    if last is None or last == first:
        return first
    stem = first.rstrip("0123456789")
    rest = last.removeprefix(stem)
    return f"{first}…{rest if rest.isdigit() and stem != first else last}"


class _Writer:
    """Writes a picture into a graph: first the nodes inside their clusters, then the edges."""

    def __init__(self, drawn: Picture, graph: Digraph, direction: Direction):
        self.drawn = drawn
        self.direction = direction
        self.network = drawn.network
        self.graph = graph
        self.boxes: dict[int, Box] = {}
        self.labelled: set[int] = set()
        self.frames = 0

    def write(self) -> None:
        for number, item in enumerate(self.network.inputs):
            self.end(f"v{number}", item.name)
        drawn = list(boxes(self.drawn.items))
        for box in drawn:
            if box.passes:
                self.drawn.stands[box.exit] = self.drawn.resolve(box.entries[0])
            else:
                self.boxes.update(dict.fromkeys(range(box.start, box.end), box))
        entered = (value for box in drawn if not box.passes for value in box.entries)
        self.taken = Counter(map(self.drawn.resolve, entered))
        self.nodes()
        for box in drawn:
            if not box.passes:
                self.edges(box)
        self.ends()

    # Nodes and clusters ----------------------------------------------------------------------------------------------

    def nodes(self) -> None:
        stack: list[Item | None] = list(reversed(self.drawn.items))
        while stack:
            item = stack.pop()
            if item is None:
                self.graph.body.append("\t}\n")
            elif isinstance(item, Box):
                self.box(item)
            else:
                self.frame(item)
                stack.append(None)
                stack.extend(reversed(item.children))

    def frame(self, frame: Frame) -> None:
        """Open the cluster of a frame."""
        self.frames += 1
        attributes = {**look.FRAME, "label": look.left(self.heading(frame))}
        if frame.kind == "aux" or frame.times > 1:
            attributes["style"] = "rounded,dashed" if frame.kind == "aux" else "rounded,filled"
        if self.direction == "tb":
            attributes["labelloc"] = "b"  # edges come in from above, and would cross it there
        self.graph.body.append(f"\tsubgraph cluster_{self.frames} {{\n")
        self.graph.attr("graph", **attributes)

    def heading(self, frame: Frame) -> list[str]:
        """The lines of a frame's heading."""
        last = frame.last or frame
        head = [look.bold(_between(frame.label, last.label))] if frame.label else []
        if frame.times > 1:
            head.append(look.bold(look.times(frame.times)))
        words = ["&#160;&#160;".join(head)] if head else []
        if frame.kind == "aux":
            words.append(look.small("training only"))
        elif frame.kind == "reuse":
            words.append(look.small(f"{frame.title} again"))
        elif frame.kind == "block":
            given = ", ".join(look.argument(name, value) for name, value in frame.arguments.items())
            words.append(look.small(f"{frame.title}({given})" if given else frame.title))
        return words

    def box(self, box: Box) -> None:
        if box.passes:
            return
        tint = look.TINTS[box.main.op.family]
        style = {"fillcolor": tint.fill, "color": tint.line}
        if box.main.op.family is Family.JOIN:
            style.update(width="0.3", height="0.3", margin="0.05,0.03")
            if box.main.op.symbol and not box.after and not box.label:
                style.update(shape="circle", fixedsize="true", width="0.27")
        self.graph.node(f"v{box.start}", look.lines(self.words(box)), **style)

    def words(self, box: Box) -> list[str]:
        """The lines of a box: the operator, its arguments, its norm and activation, its label."""
        op = box.main.op
        last = box.last or box
        head, arguments = look.caption(op) if last.main.op == op else (op.name, "")
        words = [look.minor(notation(node.op)) for node in box.before]
        words.append(look.bold(head) + (f" {look.bold(look.times(box.times))}" if box.times > 1 else ""))
        if arguments:
            words.append(look.minor(arguments))
        if box.after:
            words.append(look.minor(" · ".join(notation(node.op) for node in box.after)))
        notes = [_between(box.label, last.label)] if box.label else []
        first = self.params(box.start, box.end + (box.times - 1) * (box.end - box.start))
        if first:
            final = first if box.times > 1 else self.params(last.start, last.end)
            notes.append(f"{_between(amount(first), amount(final))} params")
        return [*words, look.small(" · ".join(notes))] if notes else words

    def params(self, start: int, end: int) -> int:
        """The trainable parameters of the nodes `[start, end)`."""
        nodes = (self.network.node(value) for value in range(start, end))
        weights = (weight for node in nodes if node is not None for weight in self.network.weights(node).values())
        return sum(numel(weight.shape) for weight in weights if weight.trainable and not weight.buffer)

    # Edges -----------------------------------------------------------------------------------------------------------

    def edges(self, box: Box) -> None:
        """The edges into a box."""
        entry = None if box.entry is None else self.drawn.resolve(box.entry)
        sources = [self.drawn.resolve(value) for value in box.entries]
        branches = [source for source in sources if source != entry]
        drawn: dict[int, int] = {}
        for source, value in zip(sources, box.entries, strict=True):
            if drawn.setdefault(source, value) != value:
                continue  # another of the branches that the source stands for
            shortcut = source == entry
            main = box.main.op.symbol or len(branches) == 1
            straight = entry is None or (main and source == branches[0])
            silent = shortcut and self.taken[source] > 1  # another edge out of it says the shape
            self.edge(source, f"v{box.start}", value, straight=straight, silent=silent)

    def edge(self, source: int, target: str, value: int, *, straight: bool = True, silent: bool = False) -> None:
        """An edge; a straight one pulls its ends together, a silent one has no shape on it."""
        attributes = {"weight": "4"} if straight else {}
        words = None if silent else self.shape(source, value)
        if words is not None:
            attributes["label"] = f" {words}"
        self.graph.edge(self.place(source), target, **attributes)

    def place(self, value: int) -> str:
        """The node that a drawn value comes from."""
        box = self.boxes.get(value)
        return f"v{value if box is None else box.start}"

    def shape(self, source: int, value: int) -> str | None:
        """The shape of `value`, if it differs from the input of its box and no edge has it yet."""
        if source in self.labelled:
            return None
        self.labelled.add(source)
        shapes = self.network.shapes
        box = self.boxes.get(source)
        if box is None:
            return look.shape(shapes[value], shapes[value])
        if shapes[box.entries[0]] == shapes[value] and (len(box.entries) == 1 or box.main.op.symbol):
            return None
        last = value if box.last is None else box.last.exit - (box.exit - source)
        return look.shape(shapes[value], shapes[last])

    # The ends of the network -----------------------------------------------------------------------------------------

    def end(self, name: str, words: str, note: str | None = None) -> None:
        label = look.lines([look.clean(words), *([look.small(note)] if note else [])])
        self.graph.node(name, label, **look.END)

    def ends(self) -> None:
        """The outputs, each with an edge from its value."""
        found: list[tuple[str, int, str | None]] = [("output", self.network.result, None)]
        found += [(item.name, item.value, None) for item in self.network.outputs]
        for item in self.network.aux:
            found.append((item.name, item.value, None if item.weight is None else f"loss × {item.weight:g}"))
        for number, (name, value, note) in enumerate(found):
            self.end(f"o{number}", name, note)
            self.edge(self.drawn.resolve(value), f"o{number}", value)
