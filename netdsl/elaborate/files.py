"""Files and the names in them: those that `use` and `extends` ask for, and the standard library.

A file that asks may only have what lies below its own directory, never through a link that leads out of it. Every file
is read and parsed once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from netdsl.elaborate.problems import Problem
from netdsl.syntax import parse, tree
from netdsl.text.diagnostics import Diagnostic, Report, did_you_mean
from netdsl.text.source import Source

LARGEST = 2**20
"""The most bytes a file may have."""
MOST = 64
"""The most files one spec may draw in."""
STANDARD = Path(__file__).parent.parent / "std"


def read(path: Path, name: str) -> Source:
    """The text of a file. Raises `OSError`, and `ValueError` with a message where it is no text or too long."""
    with path.open("rb") as handle:
        data = handle.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError("the file is larger than 1 MiB, the most a spec may have")
    try:
        return Source(name, data.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise ValueError(f"the file is not UTF-8 text (byte {problem.start})") from None


@cache
def standard_blocks() -> dict[str, str]:
    """The standard library: each block's name, and the file that defines it."""
    found: dict[str, str] = {}
    for entry in sorted(STANDARD.glob("*.net")):
        for name in re.findall(r"(?mi)^block\s+(\w+)", entry.read_text("utf-8")):
            found[name] = entry.name
    return found


@dataclass(eq=False)
class Module:
    """The names of one file: its blocks (None: one whose definition has a syntax error) and its params.

    `partial`: a file that it uses cannot be read, so that a name may be one of that file's blocks.
    """

    file: tree.File
    library: Library
    blocks: dict[str, Definition | None] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    partial: bool = False

    def further_down(self, told: Diagnostic) -> str | None:
        """The help for a name that is unknown because its `param` stands further down."""
        source, span = self.file.source, told.span
        if told.code != "E0201" or span is None or span.file != source.name:
            return None
        name = source.text[span.start : span.end]
        return f"a param is known below its own line: move `param {name} = ...` up" if name in self._declared else None

    @cached_property
    def _declared(self) -> frozenset[str]:
        return frozenset(each.name.text for each in self.file.statements if isinstance(each, tree.Param))


class Definition(NamedTuple):
    """A block, and the file that defines it."""

    block: tree.Block
    module: Module


@dataclass
class Library:
    """The files of one compilation. `directory` is where the main file lies; None forbids `use` and `extends`.

    `unsaved` are texts that stand for those on disk, by resolved path: what is open in an editor.
    """

    report: Report
    unsaved: Mapping[Path, str] = field(default_factory=dict)
    parsed: dict[str, tree.File] = field(default_factory=dict)
    directories: dict[str, Path] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)

    def add(self, source: Source, directory: Path | None) -> tree.File:
        """Parse a source and remember where it lies."""
        self.report.sources.setdefault(source.name, source)
        if directory is not None:
            self.directories[source.name] = directory
        file = self.parsed[source.name] = parse(source, self.report)
        return file

    def standard(self, block: str) -> Definition | None:
        """The block of the standard library by that name, if there is one."""
        stem = standard_blocks().get(block)
        if stem is None:
            return None
        if stem not in self.modules:
            file = self.add(Source(f"<std>/{stem}", (STANDARD / stem).read_text("utf-8")), None)
            module = self.modules[stem] = Module(file, self)
            found = (each for each in file.statements if isinstance(each, tree.Block))
            module.blocks = {each.name.text: Definition(each, module) for each in found}
        return self.modules[stem].blocks[block]

    def open(self, path: tree.Literal, asker: str) -> tree.File:
        """The file that `use` or `extends` in the file `asker` names. Raises `Problem`."""
        wanted = str(path.value)
        base = self.directories.get(asker)
        if base is None:
            raise Problem("E0007", f"'{wanted}' cannot be opened from here: this text lies in no directory", path.span)
        if not wanted or "\0" in wanted or os.path.isabs(wanted) or wanted.startswith("~"):
            help = "only files below the directory of this file can be used"
            raise Problem("E0007", f"'{wanted}' must be relative to this file", path.span, help)
        target = (base / wanted).resolve()
        if not target.is_relative_to(base.resolve()):
            message = f"'{wanted}' lies outside the directory of this file"
            raise Problem("E0007", message, path.span, "only files below it can be used")
        name = os.path.normpath(os.path.join(os.path.dirname(asker), wanted))
        if name in self.parsed:
            return self.parsed[name]
        if len(self.parsed) >= MOST:
            raise Problem("E0007", f"a spec may draw in at most {MOST} files", path.span)
        try:
            source = Source(name, self.unsaved[target]) if target in self.unsaved else read(target, name)
        except FileNotFoundError:
            beside = [entry.name for entry in base.iterdir() if entry.suffix == ".net"] if base.is_dir() else []
            raise Problem("E0001", f"there is no file '{wanted}'", path.span, did_you_mean(wanted, beside)) from None
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else str(problem)
            raise Problem("E0001", f"'{wanted}' cannot be read: {reason}", path.span) from None
        return self.add(source, target.parent)
