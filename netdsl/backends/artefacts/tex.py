"""The picture as TikZ: a LaTeX document that compiles alone."""

from netdsl.backends.artefacts._diagram import Diagram


class Tex(Diagram):
    """TikZ, for papers."""

    endings = (".tex", ".tikz")
    comment = "% {}"
