"""The picture as the text of a Mermaid flowchart, for pages of Markdown."""

from netdsl.backends.artefacts._diagram import Written


class Mmd(Written):
    """Mermaid text."""

    endings = (".mmd",)
    comment = "%% {}"
