"""A layer in one line, as the figures of the ResNet and GoogLeNet papers have it: `3x3 conv, 64, /2`."""

from __future__ import annotations

import re

from netdsl.backends.pictures import words
from netdsl.backends.pictures.model import Node
from netdsl.ops import Geometry, Operator


def line(node: Node, symbols: tuple[str, ...] = ()) -> str:
    """The line of a node; a parameter of `symbols` has its name in place of its value."""
    op = node.op
    if op is None or node.kind in ("input", "output"):
        return "previous layer" if symbols and node.kind == "input" else node.title
    if not op.called and op.geometry == Geometry():
        return words.caption(op)[0]
    kernel, stride = _window(node, op) if op.geometry.kernel else ("", "")
    out = _field(node, op, op.geometry.out, symbols) if op.geometry.out else ""
    return op.line(node.figures.takes, kernel, out, "" if stride == "1" else stride)


def _field(node: Node, op: Operator, name: str, symbols: tuple[str, ...]) -> str:
    """A field's value, or the text that it was written with where that speaks of a symbol."""
    term = dict(node.terms).get(name, "").lstrip("^!")
    if symbols and set(re.findall(r"[A-Za-z_]\w*", term)) & set(symbols):
        return term
    return str(getattr(op, name))


def _window(node: Node, op: Operator) -> tuple[str, str]:
    """The kernel and the stride, as written; where one follows from the other (`maxpool`), as the operator has it."""
    kernel = getattr(op, str(op.geometry.kernel))
    stride = getattr(op, op.geometry.stride) if op.geometry.stride else 1
    if (kernel is None or stride is None) and node.figures.takes is not None:
        window = op.window((node.figures.takes,))
        if window is not None:
            kernel, stride = window.kernel, window.stride
    return ("", "") if kernel is None else (_sizes(kernel, double=True), _sizes(stride))


def _sizes(value: object, double: bool = False) -> str:
    """Sizes as `3x3`, or as one number where all are alike and one is enough."""
    sizes = value if isinstance(value, tuple) else (value,)
    if double:
        return "x".join(map(str, sizes if len(sizes) > 1 else (*sizes, *sizes)))
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
