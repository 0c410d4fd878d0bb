"""`netdsl watch` as a person uses it: a process beside an editor that saves in its own way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netdsl.compiler import compile
from netdsl.tools.cli import main
from netdsl.tools.watch import files_of, looks

pytest.importorskip("watchfiles")

GOOD = "net Small\ninput 3x8x8\nconv3-64\ngap; fc-10\n"
WRONG = GOOD.replace("conv3", "cnv3")
PATIENCE = 20.0


class Watched:
    """A running `netdsl watch`, whose output is read as it comes."""

    def __init__(self, folder: Path, *arguments: str):
        self.folder = folder
        self.output = ""
        # Ctrl-C is ignored by what a shell has started in the background, and by all that this starts.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "netdsl", "watch", *arguments], cwd=folder, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "NO_COLOR": "1"},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line

    def until(self, *words: str) -> str:
        """Wait until all words have come out; returns what came, and forgets it."""
        end = time.monotonic() + PATIENCE
        while not all(word in self.output for word in words):
            assert time.monotonic() < end, f"waited for {words}, and got: {self.output!r}"
            assert self.process.poll() is None, self.output
            time.sleep(0.02)
        time.sleep(0.05)
        found, self.output = self.output, ""
        return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return status


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    running: list[Watched] = []

    def run(*arguments: str) -> Watched:
        running.append(Watched(tmp_path, *arguments))
        return running[-1]

    yield run
    for each in running:
        each.process.kill()
        each.process.wait()


def test_a_day_at_work(tmp_path: Path, start: Callable[..., Watched]) -> None:
    spec, picture = tmp_path / "a.net", tmp_path / "a.dot"
    spec.write_text(GOOD)
    watched = start("a.net", "-o", "a.dot")
    shown = watched.until("a.net: ok; wrote a.dot")
    assert "total" in shown and "2,442" in shown
    assert "\x1b" not in shown  # this is no terminal: nothing to clear
    good = picture.read_bytes()

    spec.write_text(WRONG)  # in place
    shown = watched.until("a.net: 1 error; not drawn")
    assert "error[E0203]" in shown and "a.net:3:1" in shown and "Traceback" not in shown
    assert picture.read_bytes() == good

    beside = tmp_path / ".a.net.swp1"  # by renaming, as vim and most others do
    beside.write_text(GOOD.replace("fc-10", "fc-20"))
    beside.replace(spec)
    assert "3,092" in watched.until("a.net: ok; wrote a.dot")
    assert picture.read_bytes() != good

    spec.unlink()
    watched.until("a.net is gone; waiting for it to come back")
    spec.write_text(GOOD)
    watched.until("a.net: ok; wrote a.dot")
    assert picture.read_bytes() == good

    picture.write_text("digraph { mine }")
    spec.write_text(GOOD.replace("fc-10", "fc-30"))
    assert "was not written by netdsl" in watched.until("a.net: ok; not drawn")
    assert picture.read_text() == "digraph { mine }"

    assert watched.stop() == 0
    assert "Traceback" not in watched.output and "Aborted" not in watched.output


def test_the_files_that_it_uses(tmp_path: Path, start: Callable[..., Watched]) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "a.net").write_text('use "lib/blocks.net"\n' + GOOD.replace("conv3-64", "cell(8)"))
    watched = start("a.net")
    watched.until("there is no file 'lib/blocks.net'", "a.net: 1 error")
    library = tmp_path / "lib" / "blocks.net"
    library.write_text("block cell(n) { conv3-n }\n")
    assert "314" in watched.until("a.net: ok")
    library.write_text("block cell(n) { conv5-n }\n")
    assert "698" in watched.until("a.net: ok")
    (tmp_path / "other.net").write_text("conv")
    time.sleep(1.5)
    assert watched.output == ""
    assert watched.stop() == 0


def test_all_variants(tmp_path: Path, start: Callable[..., Watched]) -> None:
    (tmp_path / "a.net").write_text("net T\ninput 3x8x8\ntable\n| A | B |\n| conv3-8 | conv3-9 |\ngap; fc-2\n")
    watched = start("a.net")
    shown = watched.until("a.net: ok (A, B)")
    assert "Network('T:A', 3x8x8 -> 2" in shown and "Network('T:B'" in shown
    assert watched.stop() == 0

    watched = start("a.net", "-o", "a.dot")
    watched.until("a.net: ok (A, B); not drawn: choose one, `a.net:A`")
    assert not (tmp_path / "a.dot").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["-"], "cannot be watched"),
        (["nothing.net"], "there is no file"),
        (["a.net", "-o", "-"], "needs a file"),
        (["a.net", "-o", "a.txt"], "does not say what to write"),
        (["a.net", "-o", "mine.dot"], "was not written by netdsl"),
    ],
)
def test_wrong_use(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text(GOOD)
    Path("mine.dot").write_text("digraph {}")
    assert main(["watch", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_without_its_library(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("netdsl.tools.cli.watch.find_spec", lambda _name: None)
    assert main(["watch", "vgg19"]) == 2
    assert "pip install 'netdsl[watch]'" in capsys.readouterr().err


def test_a_save_while_the_spec_was_read_is_not_missed(tmp_path: Path) -> None:
    spec = tmp_path / "a.net"
    spec.write_text(GOOD)
    compilation = compile(spec)
    assert looks([spec], compilation.report.sources) == looks([spec], {})
    spec.write_text(WRONG)
    assert looks([spec], compilation.report.sources) != looks([spec], {})


def test_what_a_spec_hangs_on(tmp_path: Path) -> None:
    (tmp_path / "b.net").write_text('use "c.net"\nblock b() { relu }\n')
    (tmp_path / "c.net").write_text("block c() { relu }\n")
    (tmp_path / "a.net").write_text('use "b.net"\nuse "gone.net"\nnet A\ninput 3x8x8\nse(); b()\n')
    found = files_of(tmp_path / "a.net", compile(tmp_path / "a.net"))
    assert {path.name for path in found} == {"a.net", "b.net", "c.net", "gone.net"}
    assert {path.parent for path in found} == {tmp_path}
