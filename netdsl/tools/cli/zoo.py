"""`netdsl zoo`: the networks that come with netdsl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command(
    epilog="""\b
Examples:
  netdsl zoo
  netdsl summary vgg:D        a network of the zoo by its name, and its variant
"""
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool) -> None:
    """List the networks of the literature that come with netdsl."""
    from netdsl import zoo

    entries = [_entry(path) for path in (zoo.find(name) for name in zoo.names()) if path is not None]
    if as_json:
        click.echo(json.dumps({"format_version": 1, "networks": entries}, indent=2))
        return
    if not entries:
        click.echo(f"there are no specs in {zoo.directory()}", err=True)
        return
    room = max(len(entry["name"]) for entry in entries)
    for entry in entries:
        variants = f" [{', '.join(entry['variants'])}]" if entry["variants"] else ""
        click.echo(f"{entry['name']:<{room}}  {entry['source'] or entry['title']}{variants}")


def _entry(path: Path) -> dict[str, Any]:
    """What a spec says of itself, read without elaborating it: listing the zoo is quick."""
    from netdsl.diagnostics import Report
    from netdsl.elaborate import variants
    from netdsl.elaborate.files import read
    from netdsl.syntax import parse, tree

    file = parse(read(path, str(path)), Report())
    title = next((each.name.text for each in file.statements if isinstance(each, tree.Net)), path.stem)
    source = next((each.text.value for each in file.statements if isinstance(each, tree.SourceNote)), None)
    return {"name": path.stem, "title": title, "variants": list(variants(file)), "source": source, "path": str(path)}
