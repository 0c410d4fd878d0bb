"""Charts of networks and of their history: one file each, with a function `chart`; `published` has what was measured.

A chart is its data, notes and a drawing (`chart.Chart`); matplotlib is imported where one is drawn.
"""

from netdsl.analysis.charts.chart import Chart

__all__ = ["Chart"]
