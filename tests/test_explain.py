"""The pages behind the codes: what they promise is what the compiler says, and each code has one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.compiler import compile
from netdsl.text import explain
from netdsl.text.codes import CODES
from netdsl.text.explain import Example, Page, Prose, marks
from netdsl.text.source import Source
from netdsl.tools import explain as shown
from netdsl.tools.cli import main

EXAMPLES = [
    pytest.param(explain.find(code), example, id=f"{code} {kind} {number}")
    for code in explain.codes()
    for kind in ("wrong", "right")
    for number, example in enumerate(explain.find(code).examples(kind), 1)
]


def test_every_code_has_a_page_and_no_page_lacks_a_code() -> None:
    assert set(explain.codes()) == set(CODES)


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_examples_get_exactly_the_messages_that_are_marked(page: Page, example: Example) -> None:
    report = shown.run(page, example)
    assert (example.kind == "wrong") == bool(example.expected), "a wrong example is marked, a right one is not"
    missed = marks.missed(example.expected, report, Source(example.name, example.source))
    assert missed is None, missed
    assert all(page.code == want.code for want in example.expected), "an example is wrong in the way of its page only"


@pytest.mark.parametrize("code", explain.codes())
def test_pages_are_whole(code: str) -> None:
    page = explain.find(code)
    assert isinstance(page.parts[0], Prose), "it says first what the message means"
    assert page.examples("wrong") and page.examples("right")
    prose = "\n".join(part.text for part in page.parts if isinstance(part, Prose))
    assert "```net" not in prose, "a fence that is neither wrong nor right is not run"
    assert all(len(line) <= 120 for line in prose.splitlines())
    assert not re.search(r"⟨.*⟩", "".join(each.source for each in page.examples("wrong")))


def test_what_is_too_long_to_be_shown_is_there_and_said() -> None:
    page = explain.parse("E0006", 'It is long.\n\n```net wrong\n#! E0006\nsource "⟨ab × 1,500⟩"\n```\n')
    (example,) = page.examples("wrong")
    assert example.source == f'source "{"ab" * 1500}"\n'
    assert example.expected == (marks.Expected(0, "E0006", ""),)
    assert "`⟨ab × 1,500⟩` stands for `ab`, 1,500 times." in shown.as_markdown(page)


def test_options_and_files_of_an_example() -> None:
    text = (
        'Why.\n\n```net file=a.net\nblock b() { relu }\n```\n\n```net right variant=V set=n=3\nuse "a.net"\n```\nEnd.'
    )
    page = explain.parse("E0205", text)
    assert [part.text for part in page.parts if isinstance(part, Prose)] == ["Why.", "End."]
    assert [each.name for each in page.examples("file")] == ["a.net"]
    assert page.examples("right")[0].command == "netdsl check example.net --variant V --set n=3"


@pytest.mark.parametrize("info", ["right colour=red", "right set=n", "wrongly"])
def test_a_fence_that_says_something_unknown_is_refused(info: str) -> None:
    with pytest.raises(ValueError, match="net"):
        explain.parse("E0101", f"Why.\n\n```net {info}\nrelu\n```\n")


def test_marks_tell_what_is_missing_and_what_is_too_much() -> None:
    text, expected = marks.read("input 3x8x8\nrelu3 #! E0405 no kernel #! E0101\n")
    assert text == "input 3x8x8\nrelu3\n" and [each.line for each in expected] == [2, 2]
    source = Source("a.net", text)
    report = compile(source).report
    assert marks.missed(expected[:1], report, source) is None
    assert "expected:\nline 2: E0101" in str(marks.missed(expected[1:], report, source))
    assert "found:\nline 2: E0405" in str(marks.missed([], report, source))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*args: str) -> tuple[int, str, str]:
        status = main(["explain", *args])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


def test_the_command_explains_codes_in_any_case(say: Callable[..., tuple[int, str, str]]) -> None:
    status, out, _ = say("e0302", "E0404", "E0302")
    assert status == 0
    assert [line for line in out.splitlines() if re.match(r"E\d", line)] == [
        f"E0302: {CODES['E0302']}",
        f"E0404: {CODES['E0404']}",
    ]
    assert "    error[E0302]: the branches of 'add' have different shapes: 256x28x28 and 64x56x56\n" in out
    assert "#!" not in out and "```" not in out


def test_the_command_lists_all_codes_by_their_ranges(say: Callable[..., tuple[int, str, str]]) -> None:
    status, out, _ = say()
    assert status == 0
    assert re.findall(r"(?m)^  ([EW]\d{4})  ", out) == sorted(CODES)
    assert re.findall(r"(?m)^([a-z ]+):$", out)[:3] == ["files and limits", "syntax", "names"]


def test_the_command_writes_markdown_and_json(say: Callable[..., tuple[int, str, str]]) -> None:
    assert say("E0404", "--format", "markdown")[1] == (shown.DOCS / "E0404.md").read_text("utf-8")
    assert say("--format", "markdown")[1] == (shown.DOCS / "README.md").read_text("utf-8")
    (page,) = json.loads(say("E0205", "--format", "json")[1])["codes"]
    wrong = next(part for part in page["parts"] if part["kind"] == "wrong")
    assert page["code"] == "E0205" and page["range"] == "names"
    assert wrong["command"].endswith("--set clases=10") and wrong["printed"].startswith("error[E0205]")
    listed = json.loads(say("--format", "json")[1])["codes"]
    assert {each["code"]: each["title"] for each in listed} == CODES


def test_an_unknown_code_is_wrong_use_and_gets_the_nearest(say: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = say("E0320")
    assert (status, out) == (2, "") and "there is no code 'E0320'; did you mean E0302" in err


def test_messages_end_with_the_way_to_their_pages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, text in (("a.net", "input 3x8x8\nconv3\nmaxpol\n"), ("b.net", "input 3x8x8\nfc\n")):
        (tmp_path / name).write_text(text)
    assert main(["check", str(tmp_path / "a.net"), str(tmp_path / "b.net")]) == 1
    err = capsys.readouterr().err
    assert err.count("netdsl explain") == 1 and err.endswith("\nsee: netdsl explain E0203 E0404\n")


def test_the_documents_are_up_to_date() -> None:
    """After a change that is meant, `python -m netdsl.tools.explain` writes them anew."""
    kept = {path.name: path.read_text("utf-8") for path in shown.DOCS.glob("*.md")}
    assert kept == shown.documents()
