"""What is found by its being there is also told of: whoever adds a file is told here which page does not know it yet.

Its own laws (that a rule has cases, a code a page, an artefact a mark) are held where these things are tested.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import click
import pytest

import netdsl
from netdsl.analysis import lint
from netdsl.backends import artefacts
from netdsl.tools import render
from netdsl.tools.cli._group import SECTIONS, program

PACKAGE = Path(netdsl.__file__).parent
ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
COMMANDS = program.list_commands(click.Context(program))


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def first_cells(text: str) -> list[str]:
    """The first cell of every row of the Markdown tables in a text."""
    return re.findall(r"(?m)^\| *((?:\\\||[^|\n])*?) *(?<!\\)\|", text)


def chapter(text: str, title: str) -> str:
    """What stands under a heading."""
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


# Commands ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_under_which_heading_of_the_help_it_stands(name: str) -> None:
    section = getattr(import_module(f"netdsl.tools.cli.{name.replace('-', '_')}"), "SECTION", None)
    assert section in SECTIONS, f"netdsl/tools/cli/{name}.py needs a line SECTION = ..., one of {', '.join(SECTIONS)}"


def test_the_readme_lists_the_commands() -> None:
    listed = re.findall(r"`netdsl ([\w-]+)", " ".join(first_cells(chapter(page("README.md"), "Commands"))))
    assert len(set(listed)) == len(listed), "a command has two rows in README.md"
    for name in COMMANDS:
        assert name in listed, f"the table of commands in README.md has no row for `netdsl {name}`"
    for name in listed:
        assert name in COMMANDS, f"README.md lists `netdsl {name}`, but there is no netdsl/tools/cli/{name}.py"


# Rules, formats, passes, artefacts -----------------------------------------------------------------------------------


def test_the_page_of_the_linter_lists_the_rules() -> None:
    listed = first_cells(chapter(page("docs/lint.md"), "The rules"))[2:]
    for rule in lint.rules():
        where = f"the table of rules in docs/lint.md has no row for {rule.code}, {type(rule).__module__}"
        assert rule.code in listed, where
    known = {rule.code for rule in lint.rules()} | {"W0901", "W0902"}  # these two are about `allow` itself
    for code in listed:
        assert code in known, f"docs/lint.md lists {code}, which no rule in netdsl/analysis/lint/ has"


@pytest.mark.parametrize("name", render.formats())
def test_every_format_of_messages_is_described_and_tested(name: str) -> None:
    listed = first_cells(chapter(page("docs/ci.md"), "Formats"))
    assert f"`{name}`" in listed, f"the table of formats in docs/ci.md has no row for `{name}`"
    tests = [path for path in TESTS.glob("test_*.py") if path != Path(__file__)]
    assert any(re.search(rf"[\"']{name}[\"']", path.read_text("utf-8")) for path in tests), (
        f"no test asks for the format '{name}' (netdsl/tools/render/as_{name}.py)"
    )


@pytest.mark.parametrize("name", sorted(path.stem for path in (PACKAGE / "passes").glob("[!_]*.py")))
def test_every_pass_is_used_or_tested(name: str) -> None:
    module = f"netdsl.passes.{name}"
    others = [
        path for path in (*PACKAGE.rglob("*.py"), *TESTS.glob("*.py")) if path != PACKAGE / "passes" / f"{name}.py"
    ]
    assert any(module in imported(path) for path in others), (
        f"nothing uses or tests netdsl/passes/{name}.py: list it in PASSES, or call it where its figures are wanted"
    )


def imported(path: Path) -> set[str]:
    """The modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("name", artefacts.names())
def test_the_readme_names_the_artefacts(name: str) -> None:
    """A place for more: what every file of netdsl/backends/artefacts/ must be told of in."""
    row = next(row for row in page("README.md").splitlines() if row.startswith("| `netdsl compile"))
    kind = artefacts.find(name)
    words = {"torch": "PyTorch", "json": "JSON"}
    assert words.get(name, kind.ending) in row, f"the row of `netdsl compile` in README.md does not name {kind.ending}"
