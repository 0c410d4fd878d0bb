"""The one file that a studio may write: its text, whether it has changed on disk, and saving it when asked."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from netdsl.elaborate.files import LARGEST, read, why
from netdsl.text import files


@dataclass(frozen=True)
class File:
    """A spec on disk, which need not be there yet; `variant` is the one that was asked for."""

    path: Path
    variant: str | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def home(self) -> str:
        """The folder whose files it may use."""
        return str(self.path.parent)

    @property
    def id(self) -> str:
        """Another one for each path: a browser keeps by it what is not saved."""
        return _digest(str(self.path))[:16]

    def state(self) -> dict[str, Any]:
        """Its name, text and digest, None where there is no file; `wrong` says why it cannot be read."""
        found = {"id": self.id, "name": self.name, "variant": self.variant, "text": None, "digest": None}
        try:
            text = read(self.path, self.name).text
        except FileNotFoundError:
            return found
        except (OSError, ValueError) as problem:
            return {**found, "wrong": f"{self.name} cannot be read: {why(problem)}"}
        return {**found, "text": text, "digest": _digest(text)}

    def save(self, text: Any, digest: Any) -> dict[str, Any]:
        """Write a text in place of the one that has a digest, all of it or nothing. Where another text stands there by
        now it is left alone, and given as `changed`."""
        if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
            return {"wrong": "the text is missing, or longer than 1 MiB"}
        now = self.state()
        if now["digest"] != digest or "wrong" in now:
            return {"changed": now}
        try:
            data = text.encode("utf-8")
            files.create(data, self.path) if now["digest"] is None else files.replace(data, self.path)
        except FileExistsError:
            return {"changed": self.state()}
        except (OSError, UnicodeEncodeError) as problem:
            reason = why(problem) if isinstance(problem, OSError) else "it is no text"
            return {"wrong": f"{self.name} cannot be written: {reason}"}
        return {"digest": _digest(text)}


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
