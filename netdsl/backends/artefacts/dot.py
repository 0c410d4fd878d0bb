"""The diagram as the text that Graphviz reads, which needs no Graphviz."""

from netdsl.backends.artefacts._diagram import Written


class Dot(Written):
    """DOT text."""

    endings = (".dot", ".gv")
    comment = "// {}"
