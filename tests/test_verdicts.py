"""Remembered verdicts: only what was right is skipped, and only while nothing has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netdsl.tools import verdicts
from netdsl.tools.cli import main

RIGHT = "input 3x8x8\nconv3-4\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.net").write_text(RIGHT)
    return tmp_path


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is really compiled."""
    from netdsl import compiler

    found: list[object] = []
    original = compiler.compile
    monkeypatch.setattr(compiler, "compile", lambda source, **more: (found.append(source), original(source, **more))[1])
    return found


def test_the_second_check_compiles_nothing(compiled: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a.net"]) == 0
    first = capsys.readouterr().out
    assert len(compiled) == 1
    assert main(["check", "a.net"]) == 0
    assert capsys.readouterr().out == first
    assert len(compiled) == 1
    assert main(["check", "--no-cache", "a.net"]) == 0
    assert len(compiled) == 2


def test_a_change_is_seen(here: Path, compiled: list[object]) -> None:
    assert main(["check", "a.net"]) == 0
    (here / "a.net").write_text(RIGHT + "nothing_like_it\n")
    assert main(["check", "a.net"]) == 1
    assert main(["check", "a.net"]) == 1
    assert len(compiled) == 3


def test_a_change_in_a_used_file_is_seen(here: Path, compiled: list[object]) -> None:
    (here / "b.net").write_text("block b() { relu }\n")
    (here / "a.net").write_text('use "b.net"\ninput 3x8x8\nb()\n')
    assert main(["check", "a.net"]) == 0
    assert main(["check", "a.net"]) == 0
    assert len(compiled) == 1
    (here / "b.net").write_text("block b() { conv4-4 }\n")
    assert main(["check", "a.net"]) == 1


def test_other_questions_are_others(compiled: list[object]) -> None:
    for arguments in (["a.net"], ["a.net", "--input", "3x4x4"], ["a.net", "--input", "3x5x5"]):
        assert main(["check", *arguments]) == 0
    assert len(compiled) == 3


def test_a_damaged_verdict_is_no_verdict(here: Path, compiled: list[object]) -> None:
    assert main(["check", "a.net"]) == 0
    (kept,) = (here / "cache" / "netdsl" / "verdicts").iterdir()
    for text in ("", "[]", "{}", '{"variants": [], "drawn": 3}'):
        kept.write_text(text)
        assert main(["check", "a.net"]) == 0
    assert len(compiled) == 5


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs Unix modes")
def test_a_folder_that_others_can_write_to_is_not_trusted(here: Path) -> None:
    folder = verdicts.directory()
    assert folder is not None
    folder.chmod(0o777)
    assert verdicts.directory() is None
