"""Pictures: from a network to drawings and graphs, in the styles of the papers.

    network --layers, collapse, fold--> items --graph--> Picture --style--> Drawing --renderer--> .svg .png .pdf .tex
                                                            \\--renderer--> .dot .mmd

`layers` decides what is one box, `fold` makes repetitions one item, `collapse` says what is open, `graph` makes the
picture (`model`): nodes, frames and edges, free of layout. A file of `styles/` gives it places; a file of `renderers/`
writes one format. No program is needed; Graphviz can draw the DOT text its own way.
"""

from netdsl.backends.pictures.diagram import TooLarge, diagram, dot
from netdsl.backends.pictures.options import Options, styles

__all__ = ["Options", "TooLarge", "diagram", "dot", "styles"]
