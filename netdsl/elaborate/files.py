"""Files and the names in them: those that `use` and `extends` ask for, and the standard library.

A file that asks may only have what lies below its own directory, never through a link that leads out of it, and the
networks of the zoo (`zoo:lenet5`), from anywhere. Every file is read and parsed once.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from netdsl import zoo
from netdsl.elaborate.problems import Problem
from netdsl.syntax import parse, tree
from netdsl.text.diagnostics import Diagnostic, Report, did_you_mean
from netdsl.text.source import Source

LARGEST = 2**20
"""The most bytes a file may have."""
TOGETHER = 4 * LARGEST
"""The most characters that all files of one spec may have."""
MOST = 64
"""The most files one spec may draw in."""
STANDARD = Path(__file__).parent.parent / "std"
ZOO = "zoo:"
"""What the path of a network of the zoo begins with."""


def read(path: Path, name: str, *, piped: bool = False) -> Source:
    """The text of a file, or of a pipe where `piped` allows one. Raises `OSError`, and `ValueError` with a message
    where it is neither, no text, or too long.

    It is opened without blocking, since nobody may ever write into a pipe. A name that is not UTF-8 is written with
    escapes, since messages and networks are text.
    """
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as handle:
        mode = os.fstat(handle.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not (stat.S_ISREG(mode) or (piped and stat.S_ISFIFO(mode))):
            raise ValueError("it is neither a file nor a pipe" if piped else "it is not a file")
        if stat.S_ISFIFO(mode):
            os.set_blocking(handle.fileno(), True)
        return Source(name.encode("utf-8", "backslashreplace").decode(), decoded(handle))


def decoded(handle: BinaryIO) -> str:
    """What there is to read, as text. Raises `ValueError` with a message where it is none, or too long."""
    data = handle.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError("it is larger than 1 MiB, the most a spec may have")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ValueError(f"it is not UTF-8 text (byte {problem.start})") from None


def why(problem: OSError | ValueError) -> str:
    """Why a text cannot be read, in a few words."""
    return (problem.strerror or str(problem)) if isinstance(problem, OSError) else str(problem)


@cache
def standard_blocks() -> dict[str, str]:
    """The standard library: each block's name, and the file that defines it."""
    found: dict[str, str] = {}
    for entry in sorted(STANDARD.glob("*.net")):
        for name in re.findall(r"(?mi)^block\s+(\w+)", entry.read_text("utf-8")):
            found[name] = entry.name
    return found


@cache
def _standard(stem: str) -> tree.File:
    """A file of the standard library, in which nothing is wrong; read once a process."""
    return parse(Source(f"<std>/{stem}", (STANDARD / stem).read_text("utf-8")), Report())


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
class Texts:
    """Texts that have been parsed, each once, with what is wrong with them: the variants of a table share them."""

    known: dict[Source, tuple[tree.File, Report]] = field(default_factory=dict)

    def parse(self, source: Source, report: Report) -> tree.File:
        """The tree of a text; what is wrong with it is in `report`."""
        if source not in self.known:
            own = Report()
            self.known[source] = parse(source, own), own
        file, own = self.known[source]
        report.extend(own)
        return file


@dataclass
class Library:
    """The files of one compilation. `directory` is where the main file lies; None forbids `use` and `extends`.

    `unsaved` are texts that stand for those on disk, by resolved path: what is open in an editor. `texts` are those
    that need not be parsed again.
    """

    report: Report
    unsaved: Mapping[Path, str] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    parsed: dict[str, tree.File] = field(default_factory=dict)
    directories: dict[str, Path] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)

    def add(self, source: Source, directory: Path | None) -> tree.File:
        """Parse a source and remember where it lies."""
        self.report.sources.setdefault(source.name, source)
        if directory is not None:
            self.directories[source.name] = directory
        file = self.parsed[source.name] = self.texts.parse(source, self.report)
        return file

    def standard(self, block: str) -> Definition | None:
        """The block of the standard library by that name, if there is one."""
        stem = standard_blocks().get(block)
        if stem is None:
            return None
        if stem not in self.modules:
            file = _standard(stem)
            self.report.sources.setdefault(file.source.name, file.source)
            self.parsed[file.source.name] = file
            module = self.modules[stem] = Module(file, self)
            found = (each for each in file.statements if isinstance(each, tree.Block))
            module.blocks = {each.name.text: Definition(each, module) for each in found}
        return self.modules[stem].blocks[block]

    def open(self, path: tree.Literal, asker: str) -> tree.File:
        """The file that `use` or `extends` in the file `asker` names. Raises `Problem`."""
        wanted = str(path.value)
        if wanted.startswith(ZOO):
            return self._of_zoo(wanted.removeprefix(ZOO), path)
        base = self.directories.get(asker)
        if base is None:
            raise Problem("E0007", f"'{wanted}' cannot be opened from here: this text lies in no directory", path.span)
        if not wanted or "\0" in wanted or os.path.isabs(wanted) or wanted.startswith("~"):
            help = "only files below the directory of this file can be used"
            raise Problem("E0007", f"'{wanted}' must be relative to this file", path.span, help)
        try:
            target = (base / wanted).resolve()
        except (OSError, RuntimeError):
            raise Problem("E0007", f"'{wanted}' cannot be followed: its links lead nowhere", path.span) from None
        if not target.is_relative_to(base.resolve()):
            message = f"'{wanted}' lies outside the directory of this file"
            raise Problem("E0007", message, path.span, "only files below it can be used")
        name = os.path.normpath(os.path.join(os.path.dirname(asker), wanted))
        return self._read(target, name, wanted, path)

    def _of_zoo(self, name: str, path: tree.Literal) -> tree.File:
        """The file of a network of the zoo, which can be opened from anywhere. Raises `Problem`."""
        target = zoo.find(name)
        if target is None:
            help = did_you_mean(name, zoo.names()) or "`netdsl zoo` lists them"
            raise Problem("E0001", f"the zoo has no spec '{name}'", path.span, help)
        return self._read(target, f"<zoo>/{target.name}", f"{ZOO}{name}", path)

    def _read(self, target: Path, name: str, wanted: str, path: tree.Literal) -> tree.File:
        """The file at a place that may be opened. Raises `Problem`."""
        if name in self.parsed:
            return self.parsed[name]
        if len(self.parsed) >= MOST:
            raise Problem("E0007", f"a spec may draw in at most {MOST} files", path.span)
        try:
            source = Source(name, self.unsaved[target]) if target in self.unsaved else read(target, name)
        except FileNotFoundError:
            base = target.parent
            beside = [entry.name for entry in base.iterdir() if entry.suffix == ".net"] if base.is_dir() else []
            name = wanted.removesuffix(".net")
            help = f'the zoo\'s is `"{ZOO}{name}"`' if name in zoo.names() else did_you_mean(wanted, beside)
            raise Problem("E0001", f"there is no file '{wanted}'", path.span, help) from None
        except (OSError, ValueError) as problem:
            raise Problem("E0001", f"'{wanted}' cannot be read: {why(problem)}", path.span) from None
        if sum(len(each.source.text) for each in self.parsed.values()) + len(source.text) > TOGETHER:
            raise Problem(
                "E0007", f"the files of a spec may have at most {TOGETHER // LARGEST} MiB together", path.span
            )
        return self.add(source, target.parent)
