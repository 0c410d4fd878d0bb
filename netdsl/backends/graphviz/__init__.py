"""Diagrams: from a network to Graphviz's DOT text and to pictures.

    network --layers--> boxes and frames --fold--> the picture --dot--> DOT text --render--> .svg, .png, .pdf

`layers` decides what is one box, `fold` makes repetitions one item (`picture` calls both), `look` has the colours and
labels. DOT text needs no Graphviz; a picture is made by an installed `dot`, else by the `graphviz-pure` package.
"""

from netdsl.backends.graphviz.dot import dot
from netdsl.backends.graphviz.draw import TooLarge, diagram
from netdsl.backends.graphviz.render import render

__all__ = ["TooLarge", "diagram", "dot", "render"]
