"""A picture as Mermaid, which pages of Markdown draw: nodes inside their subgraphs, then the edges.

Mermaid reads HTML in labels, and ends one at a quote; so every sign that is no letter, digit or plain punctuation is
written as a number, `#35;`, which it shows as the sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netdsl.backends.pictures.cards import heading, lines, round_
from netdsl.backends.pictures.drawing import Run
from netdsl.backends.pictures.look import TINTS, color
from netdsl.backends.pictures.model import Fork, Node, Part, Picture

_PLAIN = frozenset(" .,:-+/=()×·…%")


def mmd(picture: Picture, direction: str = "tb", theme: str = "light") -> str:
    """The Mermaid text of a picture."""
    rows = [f"flowchart {direction.upper()}", f"  accTitle: {_text(picture.title)}"]
    rows += _body(picture.body, 1)
    shapes = {node.id: node.out for node in picture.nodes}
    for edge in picture.edges:
        arrow = "-.->" if edge.kind == "projection" else "-->"
        words = shapes.pop(edge.source, "")
        rows.append(f"  {edge.source} {arrow}{f'|{_quoted(words)}|' if words else ''} {edge.target}")
    families: dict[str, list[str]] = {}
    for node in picture.nodes:
        name = "wrong" if node.problem else "end_" if node.kind in ("input", "output") else (node.family or "block")
        families.setdefault(name.replace(" ", "_"), []).append(node.id)
    tints = {(family or "block").replace(" ", "_"): tint for family, tint in TINTS[theme].items()}
    for name, members in families.items():
        fill, line = tints.get(name, (color("paper", theme), color("frame", theme)))
        if name == "wrong":
            fill, line = color("wrongfill", theme), color("wrong", theme)
        rows.append(f"  classDef {name} fill:{fill},stroke:{line},color:{color('ink', theme)}")
        rows.append(f"  class {','.join(members)} {name}")
    return "\n".join(rows) + "\n"


def _body(body: Iterable[Part], level: int) -> Iterator[str]:
    indent = "  " * level
    for part in body:
        if isinstance(part, Node):
            text = _label(lines(part))
            left, right = (
                ("((", "))") if round_(part) else ("([", "])") if part.kind in ("input", "output") else ("[", "]")
            )
            yield f"{indent}{part.id}{left}{text}{right}"
        elif isinstance(part, Fork):
            for branch in part.branches:
                yield from _body(branch.parts, level)
            yield from _body((part.join,), level)
        else:
            words = _label(heading(part)) if heading(part) else '" "'
            yield f"{indent}subgraph {part.id}[{words}]"
            yield from _body(part.parts, level + 1)
            yield f"{indent}end"


def _label(rows: list[tuple[Run, ...]]) -> str:
    return '"' + "<br/>".join("".join(_text(run.text) for run in row) for row in rows) + '"'


def _quoted(text: str) -> str:
    return f'"{_text(text)}"'


def _text(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in _PLAIN else f"#{ord(sign)};" for sign in text)
