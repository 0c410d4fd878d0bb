"""Checks in a pipeline: the hooks of pre-commit, and the page that shows how to use the commands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from netdsl.tools.cli import main

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parent.parent
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCKS = re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", PAGE)


def run(command: list[str]) -> int:
    """The exit status of a command line."""
    assert command[0] == "netdsl"
    return main(command[1:])


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_the_hooks_run(three_specs: Path, hook: dict[str, str]) -> None:
    assert set(hook) == {"id", "name", "description", "entry", "language", "files"}
    assert hook["language"] == "python"
    assert re.search(hook["files"], "nets/a.net") and not re.search(hook["files"], "a.network")
    assert run([*shlex.split(hook["entry"]), "nets/a.net"]) == 0
    assert run([*shlex.split(hook["entry"]), "b.net", "c.net"]) == (0 if hook["id"] == "netdsl-fmt" else 1)


def test_the_page_uses_the_hooks_that_there_are() -> None:
    found = [yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml"]
    used = [hook["id"] for each in found for repo in each.get("repos", []) for hook in repo["hooks"]]
    assert sorted(used) == sorted(hook["id"] for hook in HOOKS)


def commands_of_the_page() -> list[str]:
    lines = [line for kind, text in BLOCKS for line in text.splitlines()] + PAGE.splitlines()
    found = (re.match(r"(?: {4}|- run: | *- run: )?(netdsl (?:check|fmt|lint)[^|>]*)", line) for line in lines)
    return sorted({match[1].strip() for match in found if match})


@pytest.mark.parametrize("command", commands_of_the_page())
def test_the_commands_of_the_page_are_real(three_specs: Path, command: str) -> None:
    assert run([each if each != "nets/*.net" else "nets/a.net" for each in shlex.split(command)]) == 0


def test_the_script_of_the_page_reads_the_suggestions(three_specs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--format", "json", "b.net"])
    (three_specs / "messages.json").write_text(capsys.readouterr().out)
    (script,) = (text for kind, text in BLOCKS if kind == "sh" and "import json" in text)
    code = script.partition("<<'END'\n")[2].partition("END\n")[0]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=three_specs)
    assert done.stdout.splitlines()[0] == "b.net:2: try `conv1-256/2` for the shortcut", done.stderr


def test_what_is_left_out_for_want_of_a_program_is_said_in_the_last_lines(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('reason', ['dot is not installed'] * 2 + ['a table has no such thing'])\n"
        "def test_it(reason): pytest.skip(reason)\n"
        "def test_other(): pytest.importorskip('no_such_library')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    plain = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120, env=plain)
    said = done.stdout.splitlines()
    assert [line.partition(", since ")[0] for line in said[-3:-1]] == ["left out: 1 test", "left out: 2 tests"]
    assert said[-2] == "left out: 2 tests, since dot is not installed"
    assert "4 skipped" in said[-1]
