"""The machine of `make mutants`, on a package of a few lines: what is planted is found, what changes nothing is told."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import _changes, mutants

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are made by forking")
ROOT = Path(__file__).parent.parent
SMALL = '''
from functools import lru_cache


@lru_cache
def area(height: int, width: int = 1) -> int:
    """Of a plane."""
    if height < 0:
        raise ValueError(f"{height + 1} is below 1")
    return height * width


def least(size: int) -> int:
    found = size
    while found > 10:
        found -= 1
        found = found - 1 if found > 10 else found
    return max(found, found)


def unused(flag: bool) -> bool:
    return not flag
'''
LAWS = """
import small.ops.plane as plane

assert plane.area(2, 3) == 6  # what is remembered from before is forgotten


def test_area():
    assert plane.area(2, 3) == 6
    try:
        plane.area(-1)
    except ValueError:
        assert plane.area(0) == 0
    else:
        raise AssertionError


def test_least():
    assert plane.least(30) == 10 and plane.least(5) == 5
"""
RUN = """
import sys
from pathlib import Path
sys.path[:0] = [sys.argv[1]]
from fuzz import mutants
print(mutants.report(mutants.run(Path("small").resolve(), ["test_small.py"], Path("kept"), 60, [], False), sys.argv[2]))
"""


def tried(folder: Path, page: str = "") -> str:
    command = [sys.executable, "-c", RUN, str(ROOT / "tests"), page]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert not done.returncode, done.stderr
    return done.stdout


def test_planted_mutants_are_found_and_one_that_changes_nothing_survives(tmp_path: Path) -> None:
    for name in ("small/__init__.py", "small/ops/__init__.py", "small/passes/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "small" / "ops" / "plane.py").write_text(SMALL)
    (tmp_path / "test_small.py").write_text(LAWS)
    shown = tried(tmp_path)
    lines = {line.partition(": ops/plane.py:")[2].partition(" ")[2]: line.split(":")[0] for line in shown.splitlines()}
    assert lines.get("least: max(found, found) -> min(found, found)") == "survives"
    assert lines.get("unused: not flag -> flag") == "not reached"
    kept = mutants._read(tmp_path / "kept" / "tried.json")
    found = {f"{each['function']}: {each['before']} -> {each['after']}": each["by"] for each in kept.values()}
    assert found["area: height * width -> height + width"] == "test_small.py::test_area"
    assert found["area: height < 0 -> height <= 0"] == "test_small.py::test_area"
    assert found["least: found > 10 -> found >= 10"] == "test_small.py::test_least"
    assert not any("height + 1" in change for change in found), "the words of a message are left alone"

    again = tried(tmp_path, "| `ops/plane.py` `unused` | `not flag` → `flag` | nothing calls it |\n")
    assert "survives:" not in again.partition("were tried")[0], "what is known is not tried again"
    assert "- `survives: ops/plane.py" in again and "- `not reached" not in again, "what is listed is not open"


def test_every_place_of_a_file_makes_another_program() -> None:
    text = (ROOT / "netdsl" / "ops" / "shared" / "padding.py").read_text("utf-8")
    plain = ast.unparse(ast.parse(text))
    for number in range(len(list(_changes.changes(ast.parse(text))))):
        tree = ast.parse(text)
        change = list(_changes.changes(tree))[number]
        assert change.make() != change.before
        assert ast.unparse(tree) != plain
    assert "__reached__" in ast.unparse(_changes.probed(ast.parse(text)))


def test_the_page_lists_mutants_that_there_are() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    assert page.count(mutants.BEGIN) == page.count(mutants.END) == 1
    for file, function, before, after in mutants.listed(page):
        text = (ROOT / "netdsl" / file).read_text("utf-8")
        made = (list(_changes.changes(ast.parse(text)))[at].make() for at in _places(text, function, before))
        assert after in made, f"there is no mutant {file} {function}: {before} -> {after}"


def _places(text: str, function: str, before: str) -> list[int]:
    every = enumerate(_changes.changes(ast.parse(text)))
    return [at for at, each in every if (each.function, each.before) == (function, before)]
