"""The language and the tools on one page that prints on one sheet, from the words that hover and help show."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from netdsl import ops
from netdsl.elaborate.evaluator import SIZES
from netdsl.elaborate.files import standard_blocks
from netdsl.elaborate.functions import FUNCTIONS
from netdsl.ops.shared.reference import geometry
from netdsl.tools.cli._group import SECTIONS, program
from netdsl.tools.lsp import pages
from netdsl.tools.site.page import Page, plain, table

NOTATION = (
    ("`conv3-64/2`", "kernel, outputs, stride"),
    ("`conv1x7-64`, `conv{k}-{2 * n}`", "height x width; expressions"),
    ("`conv3-64(pad=1, act=relu)`", "other arguments, by name or in order"),
    ("`conv1: conv3-64`", "a label"),
    ("`conv3-64 x2`, `fire(i) x3 as i`", "repeated; counted from 0"),
    ("`conv3-64    -> 64x112x112`", "the shape that must come out"),
    ("`conv3-64; maxpool`", "several in a line"),
    ("`{ a; b }`", "a group"),
    ("`concat { a | b }`, `add`, `mul`, `max`, `mean`", "branches that are joined"),
    ("`[1x1, 64; 3x3, 64; 1x1, 256] x3 /2`", "residual blocks, as papers print them"),
    ("`@conv1`, `@block.output`", "go on from a value of before"),
)


def cheatsheet() -> Page:
    """The page."""
    families: dict[str, list[str]] = {}
    for name in ops.names():
        families.setdefault(ops.find(name).family.value, []).append(
            f"[`{geometry(ops.find(name))}`](operators/{name}.md)"
        )
    families["blocks"] = [f"[`{name}`](blocks.md#{name})" for name in sorted(standard_blocks())]
    parts = [
        "---\nhide:\n  - navigation\n  - toc\n---\n",
        "# Cheat sheet",
        '<div class="sheet" markdown>',
        f"## A layer\n\n{table(('', ''), NOTATION)}",
        f"## Statements\n\n{_listed(pages.STATEMENTS)}",
        f"## Items\n\n{_listed(pages.ITEMS)}",
        "## Operators\n\nK kernel, C or N outputs, S stride.",
        table(("", ""), [(family, " ".join(names)) for family, names in families.items()]),
        f"## Figures that are claimed\n\n{_listed({key: (key, said) for key, said in pages.QUANTITIES.items()})}",
        "## In expressions",
        f"`+ - * / // % **`, comparisons, `and or not`, `a if c else b`, {_words(FUNCTIONS)}; "
        f"of what comes in, {_words(SIZES)}.",
        f"## Commands\n\n{table(('', ''), _commands())}",
        "</div>",
    ]
    return Page("cheatsheet.md", "Cheat sheet", "\n\n".join(parts) + "\n")


def _listed(usages: Mapping[str, tuple[str, str]]) -> str:
    return table(("", ""), [(f"`{usage}`", plain(meaning)) for usage, meaning in usages.values()])


def _words(names: Any) -> str:
    return ", ".join(f"`{each}`" for each in names)


def _commands() -> list[tuple[str, str]]:
    """The commands under the headings of `netdsl --help`, each with its short help."""
    found: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
    for name in program.names():
        module = import_module(f"netdsl.tools.cli.{name.replace('-', '_')}")
        found[module.SECTION].append((f"`netdsl {name}`", plain(module.command.get_short_help_str(200))))
    return [row for section, rows in found.items() for row in ((f"**{section}**", ""), *rows)]
