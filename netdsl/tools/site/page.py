"""A page of the site: Markdown of this repository as the site needs it.

The documentation is written for people who read it as files, so its links are paths of the repository and its code is
indented. The site knows both: a link goes to the page that a file has become, and a block of code says what language it
is in, which it is asked itself: what netdsl parses is a spec.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from posixpath import dirname, join, normpath, relpath
from typing import NamedTuple

from netdsl.syntax import parse
from netdsl.syntax.tree import Layer
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source

PICTURE = "[![{words}]({path}#only-light)]({path})[![{words}]({dark}#only-dark)]({dark})"
_CODE = re.compile(r"(`[^`\n]+`)")
_MOVED = re.compile(
    rf"{_CODE.pattern}|(?P<image>!?)\[(?P<words>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<link>[^()\s]+)\)"
    r"|\b(?P<key>src|href)=\"(?P<path>[^\"]+)\""
)
"""What has a path in it: a link or picture of Markdown, an attribute of HTML; code, which has none, comes first."""
_FENCE = re.compile(r"(?ms)^(```.*?^```$\n?)")
_INDENTED = re.compile(r"(?m)(?:\A|(?<=\n\n))((?:^ {4}.*\n(?:\n+(?= {4}))?)+)")


class Page(NamedTuple):
    """A page: where it is in the site (`operators/conv.md`), its name in the navigation, and its Markdown."""

    path: str
    title: str
    text: str


class Asset(NamedTuple):
    """A file that stands beside the pages: a picture, a spec."""

    path: str
    data: bytes


def picture(words: str, path: str) -> str:
    """A picture in the colours of the page, which opens by itself: there its boxes tell what they are."""
    return PICTURE.format(words=words, path=path, dark=dark(path))


def dark(path: str) -> str:
    """The name of the same picture for dark pages."""
    return path.removesuffix(".svg") + ".dark.svg"


def beside(*parts: str) -> str:
    """Blocks of Markdown beside each other; below each other where the window is narrow."""
    return "\n\n".join(
        ['<div class="grid" markdown>', *(f"<div markdown>\n\n{each}\n\n</div>" for each in parts), "</div>"]
    )


def fence(language: str, text: str) -> str:
    """A text in a fence that says its language, which no line of the text can close."""
    marks = "`" * max(3, *(len(each) + 1 for each in re.findall("`+", text)), 3)
    return f"{marks}{language}\n{text.rstrip()}\n{marks}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown; cells are Markdown too."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    """A cell, whose bars outside of code part no cells."""
    return "".join(piece if n % 2 else piece.replace("|", "\\|") for n, piece in enumerate(_CODE.split(text)))


def anchor(heading: str) -> str:
    """The anchor of a heading, as Markdown's table of contents makes it."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def plain(text: str) -> str:
    """A text that is no Markdown but for code between backticks, as Markdown."""
    pieces = _CODE.split(text)
    return "".join(piece if n % 2 else re.sub(r"([*_<>\[\]\\])", r"\\\1", piece) for n, piece in enumerate(pieces))


def from_repository(path: str, text: str, homes: Mapping[str, str], drawn: Callable[[str], bool]) -> str:
    """The Markdown of a file of the repository as a page.

    `homes` are the places in the site that the repository's files have; `drawn` says of which pictures there is a dark
    one. Raises `KeyError`, which names it, for a link to a file that the site does not have.
    """
    site = homes[path]

    def moved(target: str) -> str:
        file, mark, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target) or not file:
            return target
        found = normpath(join(dirname(path), file))
        if found not in homes:
            raise KeyError(f"{path} links to {found}, which the site does not have")
        return relpath(homes[found], dirname(site) or ".") + mark + anchor

    def replaced(match: re.Match[str]) -> str:
        if match["key"]:
            return f'{match["key"]}="{moved(match["path"])}"'
        if not match["link"]:
            return match[0]
        target = moved(match["link"])
        if match["image"] and drawn(normpath(join(dirname(site), target))):
            return picture(match["words"], target)
        return f"{match['image']}[{_MOVED.sub(replaced, match['words'])}]({target})"

    parts = _FENCE.split(fenced(text))
    return "".join(part if part.startswith("```") else _MOVED.sub(replaced, part) for part in parts)


def fenced(text: str) -> str:
    """The same Markdown, in which code stands in fences that name its language."""

    def marked(match: re.Match[str]) -> str:
        code = re.sub(r"(?m)^ {4}", "", match[0]).strip("\n")
        return f"{fence(language(code), code)}\n" if code else match[0]

    def part(piece: str) -> str:
        if not piece.startswith("```"):
            return _INDENTED.sub(marked, piece)
        code = piece.strip().removeprefix("```\n").removesuffix("```")
        return f"{fence(language(code), code)}\n" if piece.startswith("```\n") else piece

    return "".join(map(part, _FENCE.split(text)))


def language(code: str) -> str:
    """What a text is written in: `net`, `python`, `console` for commands with what they print, `sh`, or `text`."""
    if code.startswith(">>> "):
        return "pycon"
    if code.startswith("$ "):
        return "console"
    if re.match(r"(make|pip|cd|netdsl|pygmentize) ", code):
        return "sh"
    if is_spec(code):
        return "net"
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return "text"
    return "json" if isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Dict) else "python"


def is_spec(code: str) -> bool:
    """Whether a text is one of the language: it parses, and has a statement or a layer that can only be one of ours; or
    it begins as a network does, and leaves something out."""
    if re.match(r"net \w+\n", code):
        return True
    report = Report()
    statements = parse(Source("<page>", code), report).statements
    return not len(report) and any(not isinstance(each, Layer) or re.search(r"[-/({]", code) for each in statements)
