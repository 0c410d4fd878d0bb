"""How wide text is in Helvetica, Arial and their kin, which agree in their widths; so that boxes fit their words.

The widths are those of the Adobe font metrics of Helvetica and Helvetica Bold, in thousandths of the size, from the
space to the tilde. A character outside of them counts as a capital, one of the wide East Asian forms as a full square.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import combining, east_asian_width

_REGULAR = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
_BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
    556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
    280, 389, 584,
)  # fmt: skip
_OTHER = {"·": 278, "…": 1000, "×": 584, "→": 1000}


@lru_cache(maxsize=8192)
def width(text: str, size: float, bold: bool = False) -> float:
    """The width of a line of text in points, at a font size in points."""
    table = _BOLD if bold else _REGULAR
    total = 0
    for sign in text:
        code = ord(sign) - 32
        if 0 <= code < len(table):
            total += table[code]
        elif not combining(sign):
            total += _OTHER.get(sign, 1000 if east_asian_width(sign) in "WF" else 722)
    return total * size / 1000
