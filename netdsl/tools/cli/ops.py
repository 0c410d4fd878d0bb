"""`netdsl ops`: the reference of the operators and of the standard library, read from their files."""

from __future__ import annotations

import textwrap

import click

SECTION = "Write a spec"


@click.command(
    short_help="List the operators and blocks, or show the page of one.",
    epilog="""\b
Examples:
  netdsl ops              all operators
  netdsl ops conv         the page of one, with its arguments
  netdsl ops "max pool"   by a name from the papers
  netdsl ops se           of a block of the standard library, with its body
""",
)
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the operators and the blocks of the standard library, or show the page of one."""
    if name is None:
        click.echo(_all())
        return
    from netdsl.tools import manual

    page = manual.find(name)
    if page is None:
        raise click.UsageError(f"there is no operator '{name}'; {manual.nearest(name)}")
    click.echo(page)


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
