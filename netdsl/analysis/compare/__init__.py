"""Two networks to what sets them apart, aligned by structure and not by lines or labels."""

from netdsl.analysis.compare.comparison import compare
from netdsl.analysis.compare.difference import Difference
from netdsl.analysis.compare.finding import Detail, Finding, Place, Row, Spot

__all__ = ["Detail", "Difference", "Finding", "Place", "Row", "Spot", "compare"]
