"""How a picture looks: the colours of families and roles, in a light and a dark theme.

The tints are those of Paul Tol's colour-blind-safe schemes (https://sronpersonalpages.nl/~pault/), light enough for
black type and a grey print; in the dark theme the same hues are dark under light type. Families that a colour-blind
reader might mix up differ in lightness or in how their line is drawn.
"""

from __future__ import annotations

from typing import NamedTuple

from netdsl.ops import Family

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"


class Tint(NamedTuple):
    """The colours of a box."""

    fill: str
    line: str


TINTS = {
    "light": {
        Family.CONVOLUTION: Tint("#cfe0f1", "#4477aa"),
        Family.POOLING: Tint("#f9d5c8", "#c4603c"),
        Family.FULLY_CONNECTED: Tint("#cdebd9", "#2f8f6b"),
        Family.ATTENTION: Tint("#e3d7f0", "#7a4fa3"),
        Family.RECURRENT: Tint("#e9dcc6", "#8f6b3a"),
        Family.NORMALIZATION: Tint("#f5eec3", "#a89a2a"),
        Family.ACTIVATION: Tint("#fbdbe3", "#bb6680"),
        Family.JOIN: Tint("#ffffff", "#333333"),
        Family.REGULARIZATION: Tint("#ebebeb", "#888888"),
        Family.REARRANGEMENT: Tint("#dff3fa", "#5b9db5"),
        None: Tint("#e4e8f7", "#5a6bb0"),
    },
    "dark": {
        Family.CONVOLUTION: Tint("#23405e", "#7fb0e0"),
        Family.POOLING: Tint("#5c2f1f", "#e8936f"),
        Family.FULLY_CONNECTED: Tint("#1d4a39", "#6fcfa6"),
        Family.ATTENTION: Tint("#432a5e", "#b893dc"),
        Family.RECURRENT: Tint("#4d3a1e", "#cfa974"),
        Family.NORMALIZATION: Tint("#4a4417", "#d9cb62"),
        Family.ACTIVATION: Tint("#5a2838", "#e597ae"),
        Family.JOIN: Tint("#1b1b1f", "#dddddd"),
        Family.REGULARIZATION: Tint("#3a3a3e", "#a0a0a0"),
        Family.REARRANGEMENT: Tint("#1f4653", "#86c6dd"),
        None: Tint("#2c3259", "#98a6e6"),
    },
}
"""By theme and family; None is a closed block."""

ROLES = {
    "light": {
        "ink": "#1f1f1f", "grey": "#5f5f5f", "line": "#4d4d4d", "frame": "#8a8a8a", "shade": "#f5f5f5",
        "paper": "#ffffff", "wrong": "#c00000", "wrongfill": "#ffe1e1", "none": "none",
    },
    "dark": {
        "ink": "#f0f0f0", "grey": "#b4b4b4", "line": "#c8c8c8", "frame": "#8a8a8a", "shade": "#26262b",
        "paper": "#1b1b1f", "wrong": "#ff7b7b", "wrongfill": "#571d1d", "none": "none",
    },
}  # fmt: skip
"""By theme: what a colour is for."""


def color(name: str, theme: str) -> str:
    """A colour by the name of its role, or as it is."""
    return ROLES[theme].get(name, name)


STAGES = {
    "light": ("#e4d3f0", "#cfe8cf", "#f8d3d0", "#d2e2f5", "#fbe6c3", "#d3eeee", "#f0d9e8"),
    "dark": ("#4b3660", "#2c4f2f", "#5e312d", "#274766", "#5c4617", "#1f4d4d", "#562f48"),
}
"""By theme: the fills of layers of one width, or of one output size, as in the figures of papers."""
