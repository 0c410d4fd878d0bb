"""`netdsl explain`: what the code of a message means, with an example that is wrong that way and a right one."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._spec import color_option

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from netdsl.text.explain import Page

SECTION = "Prove it"


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from netdsl.text.codes import CODES

    return [CompletionItem(code, help=words) for code, words in CODES.items() if code.startswith(incomplete.upper())]


@click.command(
    short_help="Explain a message by its code, or list all codes.",
    epilog="""\b
Examples:
  netdsl explain E0302             what it means, why the rule is there, the way out
  netdsl explain e0302 E0203       several; the case does not matter
  netdsl explain folded_norms      what a pass of `netdsl compile --for inference` does
  netdsl explain                   all codes
  netdsl explain E0302 --format markdown
""",
)
@click.argument("codes", metavar="[CODE]...", nargs=-1, shell_complete=_complete)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How the pages of codes are written.",
)
@color_option
def command(codes: tuple[str, ...], format_: str, color: str) -> None:
    """Explain a message by its code, or list all codes; a pass of `netdsl compile --for` by its name.

    The messages that a page shows are those that the compiler prints for its examples now.
    """
    asked = {code.upper(): code for code in codes}.values()
    named = {code: page for code in asked if (page := _named(code)) is not None}
    if named and format_ != "text":
        raise click.UsageError(f"--format is for the pages of codes, not for '{next(iter(named))}'")
    if named:
        click.echo("\n\n".join(named.get(code) or _explained([_page(code)], format_, color).rstrip() for code in asked))
        return
    pages = [_page(code) for code in asked]
    click.echo(_explained(pages, format_, color) if pages else _all(format_), nl=False)


def _named(name: str) -> str | None:
    """The page of an operator, a block, a word or a pass; None for what may be a code."""
    if re.fullmatch(r"[EW]?[0-9]+", name, re.I):
        return None
    from netdsl.tools import manual

    return manual.find(name)


def _page(name: str) -> Page:
    from netdsl.text import explain
    from netdsl.text.codes import CODES

    code = name.upper()
    if code not in explain.codes():
        from netdsl.text.diagnostics import nearest
        from netdsl.tools import manual

        if not re.fullmatch(r"[EW]\w*\d", code):
            raise click.UsageError(f"there is no code and no operator '{name}'; {manual.nearest(name)}")
        best = nearest(code, CODES)
        hint = f"did you mean {best}, {CODES[best]}?" if best else "`netdsl explain` lists all codes"
        raise click.UsageError(f"there is no code '{code}'; {hint}")
    return explain.find(code)


def _explained(pages: list[Page], format_: str, color: str) -> str:
    from netdsl.tools import explain

    if format_ == "json":
        record = {"format_version": 1, "codes": [explain.as_data(page) for page in pages]}
        return json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    if format_ == "markdown":
        return "\n".join(explain.as_markdown(page) for page in pages)
    from netdsl.tools.render.paint import wants_color

    colored = wants_color(sys.stdout, color)
    return "\n\n".join(explain.as_text(page, color=colored) for page in pages)


def _all(format_: str) -> str:
    from netdsl.text.codes import title
    from netdsl.tools import explain

    found = explain.ranges()
    if format_ == "json":
        codes = [
            {"code": code, "title": title(code), "range": words} for words, members in found.items() for code in members
        ]
        return json.dumps({"format_version": 1, "codes": codes}, indent=2, ensure_ascii=False) + "\n"
    if format_ == "markdown":
        return explain.index()
    parts = [
        "\n".join([f"{words}:", *(f"  {code}  {title(code)}" for code in members)]) for words, members in found.items()
    ]
    return "\n\n".join(parts) + "\n\n`netdsl explain CODE` shows the page of one.\n"
