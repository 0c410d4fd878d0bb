"""The diagram as SVG. Its mark is a comment, behind the first line where that says that it is XML."""

from netdsl.backends.artefact import MARK
from netdsl.backends.artefacts._diagram import Diagram


class Svg(Diagram):
    """A picture of vectors, for pages and slides."""

    endings = (".svg",)
    comment = "<!-- {} -->"

    def stamp(self, data: bytes) -> bytes:
        head, newline, rest = data.partition(b"\n")
        return head + newline + super().stamp(rest) if head.startswith(b"<?xml") else super().stamp(data)

    def is_stamped(self, data: bytes) -> bool:
        return any(line.startswith(f"<!-- {MARK}".encode()) for line in data[:1000].splitlines()[:2])
