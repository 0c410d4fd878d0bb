"""`netdsl ops`: the reference of the operators, read from their files."""

from __future__ import annotations

import textwrap

import click

SECTION = "Write a spec"


@click.command(
    epilog="""\b
Examples:
  netdsl ops              all operators
  netdsl ops conv         the page of one, with its arguments
  netdsl ops "max pool"   by a name from the papers
"""
)
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the operators, or show the page of one."""
    from netdsl import ops

    if name is None:
        click.echo(_all())
        return
    found = ops.resolve(name)
    if found is None:
        from netdsl.text.diagnostics import did_you_mean

        known = [alias for each in ops.names() for alias in (each, *ops.find(each).aliases)]
        hint = did_you_mean(name.lower(), known) or "`netdsl ops` lists all"
        raise click.UsageError(f"there is no operator '{name}'; {hint}")
    click.echo(_page(found[0]))


def _all() -> str:
    from netdsl import ops
    from netdsl.elaborate.files import standard_blocks
    from netdsl.ops.shared.reference import reference

    room = max(map(len, ops.names()), default=0)
    families: dict[str, list[str]] = {}
    for name in ops.names():
        page = reference(ops.find(name))
        families.setdefault(page.family, [f"{page.family}:"]).append(f"  {name:<{room}}  {page.summary}")
    blocks = ", ".join(sorted(standard_blocks()))
    parts = ["\n".join(lines) for lines in families.values()]
    if blocks:
        wrapped = textwrap.wrap(blocks, 100, initial_indent="  ", subsequent_indent="  ")
        parts.append("\n".join(["blocks of the standard library, written in the language itself:", *wrapped]))
    return "\n\n".join(parts)


def _page(name: str) -> str:
    from netdsl import ops
    from netdsl.ops.shared.reference import reference
    from netdsl.tools.lsp.pages import parameters

    page = reference(ops.find(name))
    parts = [f"{page.name}  ({page.family})", page.summary]
    if page.details:
        parts.append(page.details)
    if page.geometry != page.name:
        parts.append(f"notation: {page.geometry}   (K kernel, C or N outputs, S stride)")
    if page.aliases:
        parts.append(f"also written: {', '.join(page.aliases)}")
    rows = [
        (each.name if each.default is None else f"{each.name}={each.default}", each.type, each.description)
        for each in parameters(name)
    ]
    if rows:
        room = max(len(argument) for argument, _, _ in rows)
        lines = ["arguments, in positional order:"]
        for argument, kind, words in rows:
            text = ": ".join(filter(None, (words.rstrip("."), kind)))
            lines += textwrap.wrap(
                text,
                110,
                initial_indent=f"  {argument:<{room}}  ",
                subsequent_indent=" " * (room + 4),
                break_long_words=False,
            ) or [f"  {argument}"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)
