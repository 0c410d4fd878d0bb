"""One page of Markdown for each code, `pages/E0302.md`, read into prose and examples.

A page says what messages with the code mean and why the rule exists, and shows a wrong spec and the corrected one. The
wrong example has the same marks as the error tests, so a test can check that the compiler gives the promised message;
readers see it without the marks. Nothing is compiled here: `netdsl.tools.explain`, which shows a page, adds the message
that the compiler gives.

A page is prose, and fences whose first line says what they hold:

- ` ```net wrong `: a spec with a mark, `#! CODE words`, at each line that a message points to. A mark on a line of its
  own expects a message without a place.
- ` ```net right `: a spec without any message.
- ` ```net file=NAME `: a file beside the examples of the page.
- After these, `set=NAME=VALUE` sets a param and `variant=NAME` chooses a variant, as on the command line.

In an example `⟨relu; × 3,000⟩` means `relu;` three thousand times, since a text over a limit is too long to print. A
fence of any other kind is prose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from netdsl.text.codes import RANGES, range_of, title
from netdsl.text.explain.marks import Expected, read

__all__ = ["RANGES", "Example", "Expected", "Page", "Prose", "codes", "find", "parse", "range_of"]

PAGES = Path(__file__).parent / "pages"
_FENCE = re.compile(r"(?ms)^```net[ \t]+((?:wrong|right|file=)[^\n]*)\n(.*?)^```[ \t]*$\n?")
_MANY = re.compile(r"⟨(.+?) × ([0-9][0-9,]*)⟩")


class Prose(NamedTuple):
    """Paragraphs of Markdown."""

    text: str


@dataclass(frozen=True)
class Example:
    """A spec of a page: the shown `text`, and the messages `expected` by its marks."""

    kind: Literal["wrong", "right", "file"]
    name: str
    text: str
    expected: tuple[Expected, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    variant: str | None = None

    @property
    def source(self) -> str:
        """The whole text, with what is too long to be shown."""
        return _MANY.sub(lambda many: many[1] * int(many[2].replace(",", "")), self.text)

    @property
    def shortened(self) -> str | None:
        """What a reader must know of what is too long to be shown; None where all is."""
        many = _MANY.search(self.text)
        return f"`{many[0]}` stands for `{many[1]}`, {many[2]} times." if many else None

    @property
    def command(self) -> str | None:
        """The command line that checks it, where a bare `netdsl check` would not do."""
        options = [f"--variant {self.variant}"] if self.variant else []
        options += [f"--set {name}={value}" for name, value in self.settings]
        return " ".join(["netdsl check", self.name, *options]) if options else None


@dataclass(frozen=True)
class Page:
    """All that is said of a code."""

    code: str
    title: str
    parts: tuple[Prose | Example, ...]

    def examples(self, kind: str) -> tuple[Example, ...]:
        """The examples of one kind, in order."""
        return tuple(part for part in self.parts if isinstance(part, Example) and part.kind == kind)


@cache
def codes() -> tuple[str, ...]:
    """The codes that have a page, in order."""
    return tuple(sorted(path.stem for path in PAGES.glob("*.md")))


@cache
def find(code: str) -> Page:
    """The page of a code, however it is written. Raises `KeyError` for one that has none."""
    code = code.upper()
    if code not in codes():
        raise KeyError(code)
    return parse(code, (PAGES / f"{code}.md").read_text("utf-8"))


def parse(code: str, text: str) -> Page:
    """A page from its Markdown. Raises `ValueError` for a fence that says something unknown."""
    parts: list[Prose | Example] = []
    end = 0
    for fence in _FENCE.finditer(text):
        parts += [Prose(prose)] if (prose := text[end : fence.start()].strip()) else []
        parts.append(_example(fence[1].split(), fence[2]))
        end = fence.end()
    parts += [Prose(prose)] if (prose := text[end:].strip()) else []
    return Page(code, title(code), tuple(parts))


def _example(words: list[str], body: str) -> Example:
    shown, expected = read(body)
    first, *options = words
    if first.startswith("file="):
        return Example("file", first.removeprefix("file="), shown)
    settings: list[tuple[str, str]] = []
    variant = None
    for option in options:
        key, _, value = option.partition("=")
        if key == "variant":
            variant = value
        elif key == "set" and "=" in value:
            name, _, value = value.partition("=")
            settings.append((name, value))
        else:
            raise ValueError(f"'{option}' behind `net {first}` is neither variant=NAME nor set=NAME=VALUE")
    if first not in ("wrong", "right"):
        raise ValueError(f"`net {first}` is none of wrong, right and file=NAME")
    return Example("wrong" if first == "wrong" else "right", "example.net", shown, expected, tuple(settings), variant)
