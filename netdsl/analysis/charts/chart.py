"""What a chart is: its data as a table, notes, and how it is drawn; and its bytes as SVG, PNG, PDF or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Value: TypeAlias = "str | int | float | None"
COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#777777", "#bbbbbb")
"""Paul Tol's bright scheme, which colour-blind readers tell apart."""
INK, GREY = "#222222", "#6b6b6b"


@dataclass(frozen=True)
class Chart:
    """`columns` and `rows` are the data, None where there is none; `draw` draws them on a figure of `size` inches."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...]
    draw: Callable[[Figure], None]
    size: tuple[float, float] = (7.2, 4.6)

    def csv(self) -> bytes:
        """The data, without the notes."""
        buffer = io.StringIO()
        out = csv.writer(buffer, lineterminator="\n")
        out.writerow(self.columns)
        out.writerows([_safe(value) for value in row] for row in self.rows)
        return buffer.getvalue().encode()

    def picture(self, format_: str, dpi: int = 200) -> bytes:
        """The drawing as `svg`, `png` or `pdf`. Raises `ModuleNotFoundError` without matplotlib."""
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        look: Any = {
            "font.family": "sans-serif",
            "font.size": 9,
            "svg.fonttype": "none",  # text stays text
            "pdf.fonttype": 42,
            "svg.hashsalt": "netdsl",  # the same twice
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": GREY,
            "text.color": INK,
            "text.parse_math": False,  # names are from outside
        }
        with matplotlib.rc_context(look):
            figure = Figure(figsize=self.size, layout="constrained")
            FigureCanvasAgg(figure)
            self.draw(figure)
            buffer = io.BytesIO()
            stamp = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format_, {})
            figure.savefig(buffer, format=format_, dpi=dpi, metadata=stamp)
        return buffer.getvalue()


def _safe(value: Value) -> Value:
    """Text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
