"""The pages of `netdsl.text.explain` as people and programs see them: under each wrong example stands the message that
the compiler prints for it. The examples are compiled when the page is shown, so that the messages are those of today.

`python -m netdsl.tools.explain` writes the pages of `docs/errors/`; a test holds that they are up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from netdsl.text import explain
from netdsl.text.codes import CODES, title
from netdsl.text.explain import Example, Page, Prose
from netdsl.text.source import Source
from netdsl.tools.reports import in_every_variant, together

if TYPE_CHECKING:
    from netdsl.compiler import Compilation
    from netdsl.text.diagnostics import Report

DOCS = Path(__file__).parents[2] / "docs" / "errors"

TABLES = ("E0801", "E0802")
"""Codes of `netdsl read-table`, whose examples are tables."""


def run(page: Page, example: Example) -> Report:
    """What checking an example says, in all its variants; for the code of a warning, the linter's messages too."""
    from netdsl import compiler

    with TemporaryDirectory() as folder:
        for each in page.examples("file"):
            Path(folder, each.name).write_text(each.source, "utf-8")
        source = Source(example.name, example.source)
        settings = {name: int(value) if value.isdigit() else value for name, value in example.settings}

        def compile(variant: str | None) -> Compilation:
            return compiler.compile(source, variant=variant, params=settings, directory=Path(folder))

        found = in_every_variant(compile, example.variant).values()
        reports = [compilation.report for compilation in found]
        if page.code.startswith("W"):
            from netdsl.analysis.lint import lint

            reports += map(lint, found)
        elif page.code in TABLES:
            from netdsl.analysis import tables
            from netdsl.text.diagnostics import Report

            tables.read(source, about := Report())
            return about
    return together(reports)


def printed(page: Page, example: Example, *, color: bool = False) -> str:
    """The messages for an example as the terminal shows them; empty for one that is right."""
    from netdsl.tools.render import render

    return render(run(page, example), color=color)


def as_text(page: Page, *, color: bool = False) -> str:
    """A page for the terminal: code is indented, prose is left as it is."""
    from netdsl.tools.render.paint import paint

    head = paint(f"{page.code}: {page.title}", "strong", color)
    return _written(page, head, _plain, lambda _language, code: _indented(code), color)


def as_markdown(page: Page) -> str:
    """A page as Markdown, with a heading."""
    fenced = "```{}\n{}```".format
    return _written(page, f"# {page.code}: {page.title}", lambda prose: prose, fenced)


def _written(
    page: Page, head: str, prose: Callable[[str], str], code: Callable[[str, str], str], color: bool = False
) -> str:
    """A page from its parts: `prose` writes Markdown, `code` a text of a language."""
    parts = [head]
    for part in page.parts:
        if isinstance(part, Prose):
            parts.append(prose(part.text))
            continue
        if part.kind == "file":
            parts.append(f"With this file `{part.name}` beside it:")
        parts.append(code("net", part.text))
        parts += [part.shortened] if part.shortened else []
        if part.kind == "wrong":
            parts.append(f"`{part.command}` says:" if part.command else "netdsl says:")
            parts.append(code("text", printed(page, part, color=color)))
    return "\n\n".join(parts) + "\n"


def as_data(page: Page) -> dict[str, Any]:
    """A page for programs: its parts in order, each with its kind."""
    parts: list[dict[str, Any]] = []
    for part in page.parts:
        if isinstance(part, Prose):
            parts.append({"kind": "prose", "markdown": part.text})
            continue
        record: dict[str, Any] = {"kind": part.kind, "name": part.name, "text": part.text}
        if part.command:
            record["command"] = part.command
        if part.kind == "wrong":
            record["printed"] = printed(page, part)
        parts.append(record)
    return {"code": page.code, "title": page.title, "range": explain.range_of(page.code), "parts": parts}


def ranges(codes: Iterable[str] = CODES) -> dict[str, list[str]]:
    """Codes by the range they lie in, both in order."""
    found: dict[str, list[str]] = {words: [] for words in explain.RANGES.values()}
    for code in sorted(codes):
        found[explain.range_of(code)].append(code)
    return {words: members for words, members in found.items() if members}


def index() -> str:
    """The table of all codes, as Markdown."""
    parts = [
        "# The messages",
        "Every message has a code. `netdsl explain E0302` prints its page in the terminal: what it means, why the rule "
        "is\nthere, a spec that is wrong in that way with the message it gets, and how to mend it.",
    ]
    for words, members in ranges().items():
        rows = "\n".join(f"| [{code}]({code}.md) | {title(code)} |" for code in members)
        parts.append(f"## {words[0].upper()}{words[1:]}\n\n| code | |\n|---|---|\n{rows}")
    parts.append("These pages are written by `python -m netdsl.tools.explain` from `netdsl/text/explain/pages/`.")
    return "\n\n".join(parts) + "\n"


def documents() -> dict[str, str]:
    """The files of `docs/errors/` by their names."""
    pages = {f"{code}.md": as_markdown(explain.find(code)) for code in explain.codes()}
    return {"README.md": index(), **pages}


def _plain(prose: str) -> str:
    """Markdown for a terminal: fenced code indented, all else as it stands."""
    return re.sub(r"(?ms)^```[^\n]*\n(.*?)^```$", lambda fence: _indented(fence[1]), prose)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip("\n").split("\n"))


def main(folder: Path = DOCS) -> int:
    """Write the pages into a folder, and take away those of codes that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    written = documents()
    for path in folder.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, "utf-8")
    print(f"wrote {len(written)} pages into {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
