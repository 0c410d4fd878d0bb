"""A picture as DOT, the text that Graphviz reads: its nodes inside their clusters, then its edges.

HTML-like labels give `&`, `<`, `>`, quotes and a backslash a meaning; all text goes through `_text`. Equal networks
give equal text, which can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from netdsl.backends.pictures.cards import heading, lines, round_
from netdsl.backends.pictures.drawing import Run
from netdsl.backends.pictures.look import TINTS, color
from netdsl.backends.pictures.model import Fork, Frame, Node, Part, Picture

if TYPE_CHECKING:
    from graphviz import Digraph

FONT = "Helvetica,Arial,sans-serif"
NODE = {"shape": "box", "style": "filled,rounded", "margin": "0.12,0.05", "width": "1.0", "height": "0.3"}
GRAPH = {
    "labelloc": "t", "pad": "0.1", "ranksep": "0.25", "nodesep": "0.25",
    "ordering": "out",  # branches stand in their order
    "newrank": "true",  # and begin side by side
}  # fmt: skip


def dot(picture: Picture, direction: str = "tb", theme: str = "light") -> str:
    """The DOT text of a picture."""
    from graphviz import Digraph

    kind = {"fontname": FONT, "fontsize": "10", "fontcolor": color("ink", theme)}
    graph = Digraph(
        "network",
        graph_attr={**kind, **GRAPH, "rankdir": direction.upper(), "bgcolor": color("paper", theme),
                    "label": _label([(Run(picture.title, 12, True),)], theme)},
        node_attr={**kind, **NODE},
        edge_attr={**kind, "fontsize": "8", "color": color("line", theme), "arrowsize": "0.55"},
    )  # fmt: skip
    _body(graph, picture.body, direction, theme)
    shapes = {node.id: node.out for node in picture.nodes}
    for edge in picture.edges:
        attributes = {} if edge.kind in ("reference", "identity") else {"weight": "4"}
        if edge.kind == "projection":
            attributes["style"] = "dashed"
        if words := shapes.pop(edge.source, ""):
            attributes["label"] = f" {words}"
        graph.edge(edge.source, edge.target, **attributes)
    source: str = graph.source
    return source


def _body(graph: Digraph, body: Iterable[Part], direction: str, theme: str) -> None:
    for part in body:
        if isinstance(part, Node):
            _node(graph, part, theme)
        elif isinstance(part, Fork):
            for branch in part.branches:
                _body(graph, branch.parts, direction, theme)
            _node(graph, part.join, theme)
        else:
            _frame(graph, part, direction, theme)


def _frame(graph: Digraph, frame: Frame, direction: str, theme: str) -> None:
    style = "rounded,dashed" if frame.kind == "aux" else "rounded,filled" if frame.times > 1 else "rounded"
    with graph.subgraph(name=f"cluster_{frame.id}") as inside:
        inside.attr(
            label=_label(heading(frame), theme, ' ALIGN="LEFT"'), labeljust="l", margin="9", style=style,
            color=color("frame", theme), fillcolor=color("shade", theme),
            labelloc="b" if direction == "tb" else "t",  # edges come in from above, and would cross it there
        )  # fmt: skip
        _body(inside, frame.parts, direction, theme)


def _node(graph: Digraph, node: Node, theme: str) -> None:
    tint = TINTS[theme][node.family]
    style = {"fillcolor": tint.fill, "color": tint.line}
    if node.kind in ("input", "output"):
        style = {"style": "rounded", "color": color("frame", theme), "width": "0.6", "height": "0.25"}
    elif node.problem:
        style = {"fillcolor": color("wrongfill", theme), "color": color("wrong", theme)}
    elif node.kind == "block":
        style["penwidth"] = "1.6"
    if round_(node):
        style.update(shape="circle", fixedsize="true", width="0.27", height="0.27")
    graph.node(node.id, _label(lines(node), theme), **style)


def _label(rows: Iterable[tuple[Run, ...]], theme: str, align: str = "") -> str:
    """Lines as an HTML-like label."""
    found = ["".join(_run(run, theme) for run in row) for row in rows]
    end = f"<BR{align}/>"
    inside = end.join(found) + (end if align and found else "")
    return f"<{inside}>" if inside else ""


def _run(run: Run, theme: str) -> str:
    text = f"<B>{_text(run.text)}</B>" if run.bold else _text(run.text)
    ink = f' COLOR="{color(run.color, theme)}"' if run.color != "ink" else ""
    return text if run.size == 10 and not ink else f'<FONT POINT-SIZE="{run.size:g}"{ink}>{text}</FONT>'


def _text(value: str) -> str:
    return escape(value).replace("\\", r"\\") or " "
