"""Two networks to what sets them apart, aligned by structure and not by lines or labels."""

from netdsl.analysis.compare.difference import Detail, Difference, Finding, Place, Row, Side, Spot
from netdsl.analysis.compare.pair import compare

__all__ = ["Detail", "Difference", "Finding", "Place", "Row", "Side", "Spot", "compare"]
