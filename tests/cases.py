"""Specs as data: files of cases, each a line `=== title` and a text, in which `#! CODE words` marks what is to be told."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent


def read(path: Path) -> dict[str, str]:
    """The cases of a file, by title."""
    chunks = re.split(r"(?m)^=== ", path.read_text("utf-8"))[1:]
    found = {title: text for title, _, text in (chunk.partition("\n") for chunk in chunks)}
    assert len(found) == len(chunks), "a title is given once"
    return found


def folder(name: str) -> dict[str, str]:
    """The cases of all files in a folder, by file and title."""
    paths = sorted((HERE / name).glob("*.txt"))
    return {f"{path.stem}: {title}": text for path in paths for title, text in read(path).items()}


WRONG = {title: re.sub(r"[ \t]*#!.*", "", text) for title, text in folder("errors").items()}
"""The specs of the error tests, without marks: most of them can be parsed."""
