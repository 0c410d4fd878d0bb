"""The diagram as PNG. Its mark is a text chunk behind the header, which must come first."""

import struct
import zlib

from netdsl.backends.artefact import MARK
from netdsl.backends.artefacts._diagram import Diagram

_HEADER = len(b"\x89PNG\r\n\x1a\n") + 25  # the signature and the IHDR chunk
_KEY = b"tEXtSoftware\0"


class Png(Diagram):
    """A picture of pixels."""

    endings = (".png",)
    binary = True
    options = (*Diagram.options, "dpi")

    def stamp(self, data: bytes) -> bytes:
        body = _KEY + self.mark.encode("latin-1", "replace")
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return data[:_HEADER] + chunk + data[_HEADER:]

    def is_stamped(self, data: bytes) -> bool:
        return data.startswith(b"\x89PNG") and data[_HEADER + 4 :].startswith(_KEY + MARK.encode())
