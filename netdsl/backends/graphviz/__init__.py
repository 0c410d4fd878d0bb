"""Diagrams: a network to Graphviz's DOT text, and to the pictures that Graphviz makes of it.

    network --layers--> boxes and frames --fold--> the picture --dot--> DOT text --render--> .svg, .png, .pdf

`layers` decides what is one box, `fold` draws what repeats once (both in `picture`), `look` holds colours and type. The
DOT text needs no Graphviz; a picture is made by an installed `dot`, or by the `graphviz-pure` package where there is
none.
"""

from netdsl.backends.graphviz.dot import dot
from netdsl.backends.graphviz.draw import TooLarge, diagram
from netdsl.backends.graphviz.render import render

__all__ = ["TooLarge", "diagram", "dot", "render"]
