"""A short run of the fuzzers (`make fuzz` runs them at length), and what they once found, given to all commands again.

A new file of tests/robustness/ (`python tests/fuzz --save` writes them) is tried here by its being there.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from fuzz import _answers
from fuzz.__main__ import BEGIN, END, report, save
from fuzz._run import Finding, Run
from test_lsp_laws import everything

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="limits of time and memory, and kills, as Linux has them"
)
ROOT = Path(__file__).parent.parent
SAVED = sorted((ROOT / "tests" / "robustness").glob("*.net"))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize(("section", "unit", "most"), [("kills", "kills", 12), ("texts", "texts", 12), ("editor", "scripts", 2), ("networks", "networks", 3)])  # fmt: skip
def test_a_short_run_finds_nothing(section: str, unit: str, most: int, tmp_path: Path) -> None:
    run = Run(section, tmp_path, seconds=60, most=most)
    import_module(f"fuzz.{section}").run(run)
    assert run.counts[unit] > 0
    assert not run.findings, run.findings[0]


def test_texts_that_are_guided_by_coverage_find_nothing(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="it needs atheris: pip install 'netdsl[fuzz]'")
    from fuzz import guided

    run = Run("guided", tmp_path, seconds=60, most=200)
    guided.run(run)
    assert run.counts["guided texts"] >= 200 and run.counts["branches reached"] > 100
    assert not run.findings, run.findings[0]


@pytest.mark.parametrize("path", SAVED, ids=[path.stem for path in SAVED])
def test_what_was_found_once_is_answered(path: Path) -> None:
    Path(path.name).write_bytes(path.read_bytes())
    assert not list(_answers.wrong(path.name))
    if path.stem.startswith("editor"):
        text = path.read_text("utf-8")
        everything(text, *range(0, len(text) + 1, len(text) // 8 + 1))


SLIPS = (
    "add 32 { relu }", "a: b: c:", "@a.0", "conv3 8 9", "max 2", "relu as", "x3 conv3-4", "n % 3 %", "conv{k}xk-8", "a = b",
    "nn.ReLU.x()", "concat x2 relu", "@", "else { relu }", "conv3-8) relu", "x2 as", "-> ", "output a = 3", "conv3-8, 8 ? 9",
)  # fmt: skip


@pytest.mark.parametrize("between", ["# " + "comment " * 1200, "9" * 9000], ids=["comments", "digits"])
def test_mistakes_in_a_large_text_are_answered_in_time(between: str) -> None:
    """A message looks at what stands around its mistake, and not at all of the text before it."""
    lines = [f"{between}\n{SLIPS[at % len(SLIPS)]}" for at in range(60)]
    Path("large.net").write_text("input 3x8x8\n" + "\n".join(lines) + "\n")
    assert not list(_answers.wrong("large.net", ("check {}", "fmt --diff {}", "check --fix --diff {}")))


# The fuzzers see what they are for -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("raise KeyError('x')", "status 3 (KeyError in"),
        ("while True: pass", "no end within"),
        ("x = bytearray(2**30)", "status 3 (MemoryError in"),
        ("print('Traceback (most recent call last)')", "a traceback is shown"),
    ],
)
def test_a_broken_command_is_found(harm: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from netdsl.tools.cli import summary

    monkeypatch.setattr(_answers, "SECONDS", 0.2)
    monkeypatch.setattr(summary.command, "callback", lambda **_: exec(harm))
    Path("a.net").write_text("input 3\nrelu\n")
    (found,) = _answers.wrong("a.net", ("check {}", "summary {}"))
    assert told in found.what and found.what.startswith("summary")


def test_half_a_file_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from fuzz import kills

    from netdsl.text import files

    def torn(data: bytes, path: Path) -> int:
        path.write_bytes(data[: len(data) // 2])
        time.sleep(0.2)
        path.write_bytes(data)
        return 0

    monkeypatch.setattr(files, "replace", torn)
    run = Run("kills", tmp_path, seconds=60, most=12)
    kills.run(run)
    assert any("neither the old file nor the new one" in each.what for each in run.findings)


def test_of_what_is_alike_the_shortest_is_kept_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz import __main__

    monkeypatch.setattr(__main__, "SAVED", tmp_path / "robustness")
    run = Run("texts", tmp_path, seconds=1)
    for data in (b"long", b"s", b"longer"):
        run.find("the same", data=data)
    (found,) = run.findings
    path = save(found)
    assert path is not None and path.read_bytes() == b"s"
    assert save(Finding("kills", "no text")) is None
    assert "- texts: the same" in report([run], 1, 0)


def test_several_processes_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz import __main__, editor

    def some(run: Run) -> None:
        run.counts.update({"scripts": 2, "branches reached": run.seed})
        run.find("the same", data=b"longer" if run.seed == 7 else b"s")

    monkeypatch.setattr(editor, "run", some)
    (run,) = __main__.fuzz(1, 7, ["editor"], jobs=2)
    assert run.counts["scripts"] == 4 and run.counts["branches reached"] == 8, "each has a seed of its own"
    assert [each.data for each in run.findings] == [b"s"]
    assert "| editor | 4 scripts" in report([run], 1, 7, 2)


def test_a_process_that_ends_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz import __main__, editor

    monkeypatch.setattr(editor, "run", lambda run: os._exit(9))
    (run,) = __main__.fuzz(1, 7, ["editor"])
    assert "a process of the fuzzers ended: 9" in run.findings[0].what
    run = Run("texts", Path(), 1)
    assert run.apart(lambda tell: os.kill(os.getpid(), 9)) == "SIGKILL"
    assert not run.apart(lambda tell: tell(Counter(texts=3), [])) and run.counts["texts"] == 3


def test_the_page_has_a_place_for_the_report() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    assert page.count(BEGIN) == page.count(END) == 1 and "make fuzz MINUTES=" in page
