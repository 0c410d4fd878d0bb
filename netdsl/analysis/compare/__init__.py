"""Two networks to what sets them apart, aligned by structure and not by lines or labels."""

from netdsl.analysis.compare.comparison import compare
from netdsl.analysis.compare.difference import Difference
from netdsl.analysis.compare.finding import AlignedRow, Detail, Finding, Place, Spot

__all__ = ["AlignedRow", "Detail", "Difference", "Finding", "Place", "Spot", "compare"]
