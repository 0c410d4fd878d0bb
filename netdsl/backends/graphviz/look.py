"""How a diagram looks: colours, type, and the HTML-like labels of boxes and frames.

The colours are light tints of a colour-blind-safe set (after Paul Tol's "light" scheme,
https://sronpersonalpages.nl/~pault/) with black type on them, so that they survive a grey print. All text from the
network goes through `clean`: in HTML-like labels `&`, `<`, `>` and quotes have a meaning, a backslash and a letter too
(Graphviz puts the name of the node in their place), and XML knows no control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import NamedTuple

from netdsl.ir import Value, written
from netdsl.ops import Family, Operator
from netdsl.ops.shared.notation import notation
from netdsl.shapes import Shape, text

FONT = "Helvetica,Arial,sans-serif"
INK = "#222222"
GREY = "#6b6b6b"
LINE = "#4d4d4d"
LONGEST = 60
"""Characters; a longer text ends in an ellipsis."""
SHORT = 18
"""Characters; a longer notation is split into two lines."""
QUIET = ("bias", "init", "bias_init")


TYPE = {"fontname": FONT, "fontsize": "11", "fontcolor": INK}
GRAPH = {
    **TYPE, "labelloc": "t", "bgcolor": "white", "pad": "0.1", "ranksep": "0.25", "nodesep": "0.25",
    "ordering": "out",  # branches stand in their order
    "newrank": "true",  # and begin side by side
}  # fmt: skip
NODE = {**TYPE, "shape": "box", "style": "filled,rounded", "margin": "0.12,0.05", "width": "1.2", "height": "0.3"}
EDGE = {"fontname": FONT, "fontsize": "8", "fontcolor": GREY, "color": LINE, "arrowsize": "0.55"}
FRAME = {"labeljust": "l", "margin": "9", "style": "rounded", "color": "#9a9a9a", "fillcolor": "#f4f4f4"}
END = {"style": "rounded", "color": "#bbbbbb", "width": "0.6", "height": "0.25", "margin": "0.1,0.03"}


class Tint(NamedTuple):
    """The colours of a box."""

    fill: str
    line: str


TINTS = {
    Family.CONVOLUTION: Tint("#cfe0f1", "#4477aa"),
    Family.POOLING: Tint("#f9d5c8", "#c4603c"),
    Family.FULLY_CONNECTED: Tint("#cdebd9", "#2f8f6b"),
    Family.ATTENTION: Tint("#e3d7f0", "#7a4fa3"),
    Family.RECURRENT: Tint("#e9dcc6", "#8f6b3a"),
    Family.NORMALIZATION: Tint("#f5eec3", "#a89a2a"),
    Family.ACTIVATION: Tint("#fbdbe3", "#bb6680"),
    Family.JOIN: Tint("#ffffff", "#333333"),
    Family.REGULARIZATION: Tint("#e6e6e6", "#888888"),
    Family.REARRANGEMENT: Tint("#dff3fa", "#5b9db5"),
}


def clean(value: str) -> str:
    """Text for an HTML-like label: escaped, in one line, of bounded length, never empty."""
    line = " ".join(re.sub(r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", value).split())
    if len(line) > LONGEST:
        line = line[: LONGEST - 1] + "…"
    return escape(line).replace("\\", r"\\") or " "


@lru_cache(maxsize=4096)
def caption(op: Operator) -> tuple[str, str]:
    """The label of an operator: the notation of the papers, and its arguments where they are too long for one line.

    Initialization and bias are left out of diagrams; of a long list there is only the name.
    """
    fields = type(op).model_fields
    lists = [name for name in fields if _long(getattr(op, name))]
    plain = {
        name: fields[name].default for name in (*QUIET, *lists) if name in fields and not fields[name].is_required()
    }
    text = op.symbol or notation(op.model_copy(update=plain))
    head, _, arguments = text.partition("(")
    if len(text) <= SHORT and not lists:
        return text, ""
    return head, ", ".join([*([arguments[:-1]] if arguments else []), *(f"{name}=…" for name in lists)])


def _long(value: object) -> bool:
    return isinstance(value, tuple) and (len(value) > 4 or any(isinstance(item, tuple) for item in value))


def left(parts: Iterable[str]) -> str:
    """Parts, each of them markup, as a label of left-aligned lines."""
    inside = "".join(f'{part}<BR ALIGN="LEFT"/>' for part in parts)
    return f"<{inside}>" if inside else ""


def small(value: str) -> str:
    """A line in small grey type."""
    return f'<FONT POINT-SIZE="8" COLOR="{GREY}">{clean(value)}</FONT>'


def minor(value: str) -> str:
    """A line in somewhat smaller type."""
    return f'<FONT POINT-SIZE="9.5">{clean(value)}</FONT>'


def bold(value: str) -> str:
    return f"<B>{clean(value)}</B>"


def lines(parts: Iterable[str]) -> str:
    """Parts, each of them markup, as a label of one line each."""
    inside = "<BR/>".join(parts)
    return f"<{inside}>" if inside else ""


def times(count: int) -> str:
    return f"× {count}"


def shape(first: Shape | None, last: Shape | None) -> str:
    """A shape, or the range from a first to a last one: `64…256x56x56`."""
    if first is None or last is None or len(first) != len(last):
        return text(first)
    return "x".join(str(one) if one == other else f"{one}…{other}" for one, other in zip(first, last, strict=True))


def argument(name: str, value: Value) -> str:
    """An argument of a block: a number stands alone, as in the papers; everything else needs its name."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return f"{name}={written(value)}"
