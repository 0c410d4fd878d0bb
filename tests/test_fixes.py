"""What is offered against errors, what is mended, and that both keep their promises.

The cases lie in `fixes/*.txt`. After a change that is meant, `NETDSL_UPDATE=1 pytest tests/test_fixes.py` writes the
offers anew: read the difference.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cases import WRONG, read

from netdsl import zoo
from netdsl.analysis.fixes import Suggestion, fix, suggestions
from netdsl.analysis.fixes._suggest import MOST_TRIALS, MOST_WORK
from netdsl.compiler import Compilation, compile
from netdsl.syntax import parse
from netdsl.text import edits
from netdsl.text.diagnostics import Diagnostic, Edit, Report
from netdsl.text.edits import Moved
from netdsl.text.source import Source
from netdsl.tools.cli import main

FOLDER = Path(__file__).parent / "fixes"


def cases(name: str) -> dict[str, tuple[str, str]]:
    """The cases of a file by title: the spec, and what stands behind `---`."""
    found = {}
    for title, rest in read(FOLDER / name).items():
        text, _, expected = rest.partition("---\n")
        found[title] = text, expected.removesuffix("\n") + "\n" * (name == "certain.txt" and expected.endswith("\n\n"))
    return found


OFFERS, CERTAIN = cases("offers.txt"), cases("certain.txt")


def spec(text: str) -> Source:
    return Source("case.net", text)


def mended(source: Source, suggestion: Suggestion) -> Source:
    return Source(source.name, edits.apply(source, suggestion.edits))


# Suggestions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", OFFERS)
def test_what_is_offered(title: str) -> None:
    text, expected = OFFERS[title]
    offered = "".join(f"{each.words}\n" for each in suggestions(compile(spec(text)), compile))
    if os.environ.get("NETDSL_UPDATE"):
        path = FOLDER / "offers.txt"
        whole = path.read_text("utf-8")
        head = f"=== {title}\n{text}---\n"
        path.write_text(whole.replace(head + expected, head + offered), "utf-8")
    else:
        assert offered.rstrip("\n") == expected.rstrip("\n")


@pytest.mark.parametrize("text", [text for text, _ in OFFERS.values()] + list(WRONG.values()))
def test_every_offer_mends_its_error(text: str) -> None:
    """Tried here without the engine's own judgement: the message is gone, and nothing before it is new."""
    source, before = spec(text), compile(spec(text))
    for each in suggestions(before, compile):
        assert {edit.span.file for edit in each.edits} == {source.name}
        after = compile(mended(source, each))
        told = [
            d for d in after.report.errors if (d.code, d.message) == (each.diagnostic.code, each.diagnostic.message)
        ]
        assert len(told) < len(
            [d for d in before.report.errors if (d.code, d.message) == (each.diagnostic.code, each.diagnostic.message)]
        )
        if "to light" not in each.effect:
            assert len(after.report.errors) < len(before.report.errors)


@pytest.mark.parametrize(
    "name, right, wrong",
    [
        ("zfnet", "conv4: conv3-", "conv4: conv2-"),
        ("vgg19", "conv3-512 x4; maxpool    -> 512x14x14", "conv3-511 x4; maxpool    -> 512x14x14"),
        ("vgg19", "-> 128x56x56", "-> 128x55x55"),
        ("lenet5", "-> 120x1x1", "-> 120x2x1"),
        ("unet", "-> 512x52x52", "-> 521x52x52"),
        ("unet", "crop(to=392x392)", "crop(to=329x392)"),
        ("vgg19", "params = 144M", "params = 143M"),
    ],
)
def test_the_slip_of_a_pen_in_a_known_network(name: str, right: str, wrong: str) -> None:
    """The network as the paper has it is among the offers."""
    path = zoo.find(name)
    assert path is not None
    text = path.read_text("utf-8")
    if right not in text:
        pytest.fail(f"{name} no longer says '{right}'")
    source = spec(text.replace(right, wrong, 1))
    compilation = compile(source)
    assert not compilation.valid
    found = [edits.apply(source, each.edits) for each in suggestions(compilation, compile)]
    assert any(compile(spec(each)).valid for each in found), [each.title for each in suggestions(compilation, compile)]


def counting(count: list[int]) -> Callable[[Source], Compilation]:
    def again(source: Source) -> Compilation:
        count[0] += 1
        return compile(source)

    return again


def test_the_work_is_bounded() -> None:
    wrong = "input 64x8x8\n" + "add { conv3-3(groups=1) | identity } -> 64x8x8\n" * 100
    count = [0]
    suggestions(compile(spec(wrong)), counting(count))
    assert 0 < count[0] <= MOST_TRIALS
    many = f"input 3x8x8\nrelu x{MOST_WORK // 4}\nconv4-4\n"
    count = [0]
    suggestions(compile(spec(many)), counting(count))
    assert count[0] <= 3
    count = [0]
    assert suggestions(compile(spec(f"input 3x8x8\nrelu x{MOST_WORK + 1}\nconv4-4\n")), counting(count)) == ()
    assert count == [0]


def test_nothing_is_looked_for_where_nothing_is_wrong() -> None:
    count = [0]
    assert suggestions(compile(spec("input 3x8x8\nconv3-4\n")), counting(count)) == ()
    assert count == [0]


def test_only_what_is_asked_about() -> None:
    text = "input 3x8x8\nconv3-4 -> 5x8x8\nconv3-4 -> 6x8x8\n"
    compilation = compile(spec(text))
    second = compilation.report.errors[1]
    assert {each.diagnostic for each in suggestions(compilation, compile, about=[second])} == {second}


def test_edits_in_the_blocks_of_another_file_are_not_offered(tmp_path: Path) -> None:
    (tmp_path / "b.net").write_text("block b() { conv4-8 }\n")
    source = Source("a.net", 'use "b.net"\ninput 3x8x8\nb()\n')
    compilation = compile(source, directory=tmp_path)
    assert [each.code for each in compilation.report.errors] == ["E0301"]
    assert suggestions(compilation, lambda text: compile(text, directory=tmp_path)) == ()


def test_places_move_with_the_text() -> None:
    source = spec("abcdef")
    made = [Edit(source.span(1, 3), "X"), Edit(source.span(4, 4), "YY")]
    new = edits.apply(source, made)
    assert new == "aXdYYef"
    moved = Moved(made)
    assert [new[moved(at)] for at in (0, 1, 3, 5)] == ["a", "X", "d", "f"]
    assert moved(2) == 1  # inside what is replaced: its start
    assert new[moved(4)] == "Y" and new[moved(4, behind=True)] == "e"


# Certain fixes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", CERTAIN)
def test_what_is_mended(title: str) -> None:
    text, expected = CERTAIN[title]
    assert fix(compile(spec(text)), compile).text.rstrip("\n") == expected.rstrip("\n")


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_fixing_only_makes_certain_edits_and_never_makes_it_worse(text: str) -> None:
    before = compile(spec(text))
    done = fix(before, compile)
    after = compile(spec(done.text))
    assert [*after.report] == [*done.compilation.report]
    assert len(after.report.errors) <= len(before.report.errors)
    assert {each.code for each in after.report.errors} <= {each.code for each in before.report.errors}
    assert fix(after, compile).text == done.text
    if not any(each.edits for each in before.report):
        assert (done.text, done.fixed) == (text, 0)
    assert (done.fixed == 0) == (done.text == text)


def told(*found: tuple[str, tuple[int, int, str]]) -> Callable[[Source], Compilation]:
    """A compiler that says E0101 of each of these words that the text holds, with the edit from the place of it."""

    def again(source: Source) -> Compilation:
        report = Report({source.name: source})
        for word, (start, end, text) in found:
            at = source.text.find(word)
            if at >= 0:
                span = source.span(at, at + len(word))
                report.add(Diagnostic("E0101", word, span, edits=(Edit(source.span(at + start, at + end), text),)))
        return Compilation(None, report, (), parse(source, Report()))

    return again


def test_of_two_edits_that_overlap_the_first_comes_first() -> None:
    again = told(("ab", (0, 2, "x")), ("bc", (0, 2, "y")))
    assert fix(again(spec("abc")), again).text == "xc"
    done = fix(again(spec("abc bc")), again)
    assert (done.text, done.fixed, done.problems) == ("xc y", 2, 2)


def test_a_fix_that_uncovers_another_is_followed_but_not_for_ever() -> None:
    again = told(("a", (0, 1, "b")), ("b", (0, 1, "c")), ("c", (0, 1, "d")))
    done = fix(again(spec("a")), again)
    assert (done.text, done.fixed) == ("d", 3)
    circle = told(("a", (0, 1, "b")), ("b", (0, 1, "a")))
    assert fix(circle(spec("a")), circle).text in ("a", "b")


def test_one_bad_fix_does_not_keep_the_good_ones_back() -> None:
    words = [f"<{n}>" for n in range(40)]
    report_all = told(*((word, (0, len(word), "!" if n == 17 else "")) for n, word in enumerate(words)))

    def again(source: Source) -> Compilation:
        compilation = report_all(source)
        if "!" in source.text:
            compilation.report.error("E0999", "worse", source.span(0, 1))
        return compilation

    done = fix(again(spec(" ".join(words))), again)
    assert (done.text.split(), done.fixed, len(done.left)) == (["<17>"], 39, 1)


# On the command line -------------------------------------------------------------------------------------------------

MISSPELT, SPELT = "input 3x8x8\nmaxpol\nconv3-4\n", "input 3x8x8\nmaxpool\nconv3-4\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "specs").mkdir()
    monkeypatch.chdir(tmp_path / "specs")
    return tmp_path / "specs"


def test_fix_changes_the_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "a.net"
    path.write_text(MISSPELT)
    path.chmod(0o640)
    assert main(["check", "--fix", "a.net"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("a.net: ok\n", "fixed 1 of 1 problem in a.net\n")
    assert path.read_text() == SPELT
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in here.iterdir()] == ["a.net"]


def test_what_cannot_be_fixed_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.net").write_text(MISSPELT + "conv3-4 -> 5x4x4\n")
    (here / "b.net").write_text("input 3x8x8\nmaxpol(depth=1)\n")
    assert main(["check", "--fix", "a.net", "b.net"]) == 1
    captured = capsys.readouterr()
    assert (here / "b.net").read_text() == "input 3x8x8\nmaxpol(depth=1)\n"
    assert "fixed 0 of 1 problem in b.net\n" in captured.err
    assert "line 2" in captured.err and "to light" in captured.err


def test_diff_writes_nothing_and_patch_reads_it(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = here / "a.net"
    path.write_bytes(MISSPELT.replace("\n", "\r\n").encode() + "# \u00e9, no end".encode())
    before = path.read_bytes()
    for arguments in (["--diff"], ["--diff", "--fix"]):
        assert main(["check", *arguments, "a.net"]) == 1
        captured = capfdbinary.readouterr()
        assert path.read_bytes() == before
        assert b"would fix 1 of 1 problem in a.net\n" in captured.err
    assert captured.out.startswith(b"--- a.net\n+++ a.net\n")
    if shutil.which("patch"):
        subprocess.run(["patch", "--binary", "-s", "a.net"], input=captured.out, check=True, cwd=here)
        assert path.read_bytes() == before.replace(b"maxpol", b"maxpool")
        assert main(["check", "--diff", "a.net"]) == 0
        assert capfdbinary.readouterr().out == b""


def test_only_a_newline_ends_a_line_of_a_diff() -> None:
    written = edits.diff(spec("a\x0cb\nc\n"), "a\x0cb\nd\n")
    assert written == "--- case.net\n+++ case.net\n@@ -1,2 +1,2 @@\n a\x0cb\n-c\n+d\n"


def test_fix_as_a_filter(here: Path) -> None:
    def run(*arguments: str, text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "netdsl.tools.cli", "check", *arguments], input=text, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip

    done = run("--fix", "-", text=MISSPELT)
    assert (done.returncode, done.stdout) == (0, SPELT)
    assert "fixed 1 of 1 problem in <stdin>" in done.stderr
    wrong = "input 3x8x8\nconv3-4 -> 5x8x8\n"
    done = run("--fix", "-", text=wrong)
    assert (done.returncode, done.stdout) == (1, wrong)


def test_the_files_that_a_spec_uses_are_never_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "blocks.net").write_text("block b() { maxpol }\n")
    (here / "a.net").write_text('use "blocks.net"\ninput 3x8x8\nb()\nmaxpol\n')
    assert main(["check", "--fix", "a.net"]) == 1
    assert (here / "blocks.net").read_text() == "block b() { maxpol }\n"
    assert (here / "a.net").read_text() == 'use "blocks.net"\ninput 3x8x8\nb()\nmaxpool\n'
    assert "fixed 1 of 2 problems in a.net" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--fix", "vgg19"], "netdsl new vgg19 FILE"),
        (["--fix", "vgg:D"], "a network of the zoo"),
        (["--fix", "--format", "json", "-"], "--format json"),
        (["--diff", "--format", "sarif", "a.net"], "--format sarif"),
    ],
)
def test_wrong_use(here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    (here / "a.net").write_text(MISSPELT)
    assert main(["check", *arguments, "a.net"]) == 2
    assert words in capsys.readouterr().err
    assert (here / "a.net").read_text() == MISSPELT  # refused before anything is done


def test_every_variant_must_agree(here: Path) -> None:
    path = here / "a.net"
    text = "input 3x8x8\ntable\n| A | B |\n|---|---|\n| conv3-4 | maxpol |\n| maxpol |\n"
    path.write_text(text)
    assert main(["check", "--fix", "a.net"]) == 0
    assert path.read_text() == text.replace("maxpol", "maxpool")


def test_suggestions_hold_for_every_variant(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "input 64x8x8\nparam g = 3\ntable\n| A | B |\n|---|---|\n| conv3-64 | conv3-32 |\nconv3-64(groups=g)\n"
    (here / "a.net").write_text(text)
    assert main(["check", "a.net"]) == 1
    err = capsys.readouterr().err
    assert "try `param g = 2` instead of `param g = 3`" in err
