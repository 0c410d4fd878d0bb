"""The diagram as PDF, for papers. Its mark is a comment behind the end."""

from netdsl.backends.artefact import MARK
from netdsl.backends.artefacts._diagram import Diagram


class Pdf(Diagram):
    """A page of vectors, as large as the drawing."""

    endings = (".pdf",)
    binary = True

    def stamp(self, data: bytes) -> bytes:
        return data.rstrip(b"\n") + f"\n% {self.mark}\n".encode()

    def is_stamped(self, data: bytes) -> bool:
        return data.startswith(b"%PDF") and data.rstrip().rpartition(b"\n")[2].startswith(f"% {MARK}".encode())
