"""How a picture looks: the colours of families and roles, in a light and a dark theme.

The tints are near those of Paul Tol's colour-blind-safe schemes (https://sronpersonalpages.nl/~pault/), light enough
for black type and a grey print; in the dark theme the same hues are dark under light type. They were moved until any
two families are apart in their fill or their line for every kind of colour blindness, which the tests simulate.
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
        Family.CONVOLUTION: Tint("#cfe0f1", "#287bce"),
        Family.POOLING: Tint("#f9d5c8", "#b95750"),
        Family.FULLY_CONNECTED: Tint("#cdebd9", "#349066"),
        Family.ATTENTION: Tint("#ded3ee", "#7a4fa3"),
        Family.RECURRENT: Tint("#e9dcc6", "#8a642a"),
        Family.NORMALIZATION: Tint("#f5eec3", "#a89a2a"),
        Family.ACTIVATION: Tint("#fbdbe3", "#984967"),
        Family.JOIN: Tint("#ffffff", "#333333"),
        Family.REGULARIZATION: Tint("#ebebeb", "#888888"),
        Family.REARRANGEMENT: Tint("#dff3fa", "#61a4bc"),
        None: Tint("#f6f4fe", "#5867a9"),
    },
    "dark": {
        Family.CONVOLUTION: Tint("#23405e", "#6eb4fc"),
        Family.POOLING: Tint("#5c2f1f", "#d7804f"),
        Family.FULLY_CONNECTED: Tint("#1d4a39", "#73d1a7"),
        Family.ATTENTION: Tint("#3a2962", "#b993dc"),
        Family.RECURRENT: Tint("#4d3a1e", "#cfa974"),
        Family.NORMALIZATION: Tint("#4a4417", "#d9cb62"),
        Family.ACTIVATION: Tint("#5b2939", "#df9bc8"),
        Family.JOIN: Tint("#1b1b1f", "#dddddd"),
        Family.REGULARIZATION: Tint("#3a3a3e", "#a0a0a0"),
        Family.REARRANGEMENT: Tint("#1f4653", "#99cbde"),
        None: Tint("#373353", "#939dd5"),
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
    "light": ("#e4d3f0", "#bfdfbf", "#fbdedb", "#bdd6f2", "#fcebcd", "#a5d8d0", "#f3dfec"),
    "dark": ("#4b3660", "#1f3d22", "#6b3a35", "#1d3753", "#6a5220", "#174040", "#62385a"),
}
"""By theme: the fills of layers of one width, or of one output size, as in the figures of papers."""
