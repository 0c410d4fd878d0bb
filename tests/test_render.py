"""What people and programs see of a report. The texts lie in `tests/render/*.txt`, one file for each case here.

After a change that is meant, `NETDSL_UPDATE=1 pytest tests/test_render.py` writes them anew: read the difference.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.text.diagnostics import Diagnostic, Related, Report
from netdsl.text.source import Source, Span
from netdsl.text.visible import visible
from netdsl.tools.render import formats, render
from netdsl.tools.render.line import LONGEST, ShownLine
from netdsl.tools.render.paint import wants_color

GOLDENS = Path(__file__).parent / "render"
CASES: dict[str, Callable[[], Report]] = {}


def case(function: Callable[[], Report]) -> Callable[[], Report]:
    CASES[function.__name__] = function
    return function


def report(*texts: str, names: tuple[str, ...] = ("net.net", "std/block.net")) -> tuple[Report, list[Source]]:
    sources = [Source(name, text) for name, text in zip(names, texts, strict=False)]
    return Report({source.name: source for source in sources}), sources


def at(source: Source, words: str, occurrence: int = 0) -> Span:
    start = -1
    for _ in range(occurrence + 1):
        start = source.text.index(words, start + 1)
    return source.span(start, start + len(words))


@case
def several_labels_on_a_line() -> Report:
    found, (source,) = report("\n" * 13 + "  add { conv1-256/2 | identity }\n", names=("resnet.net",))
    found.error(
        "E0302",
        "the branches of 'add' have different shapes",
        at(source, "conv1-256/2"),
        label="256x28x28: the stride of 2 halves 56",
        related=[Related(at(source, "identity"), "64x56x56")],
        help="give the shortcut the same stride and channels: `conv1-256/2`, or use `residual { ... }`",
    )
    return found


@case
def marks_inside_marks() -> Report:
    found, (source,) = report("input 8x4x4\nadd { conv1-9 | identity | conv3-7 }\n")
    found.error(
        "E0302",
        "the branches differ",
        at(source, "add { conv1-9 | identity | conv3-7 }"),
        label="all must have one shape",
        related=[
            Related(at(source, "conv1-9"), "9x4x4"),
            Related(at(source, "identity"), "8x4x4"),
            Related(at(source, "conv3-7"), "7x4x4"),
        ],
    )
    return found


@case
def another_line_near_and_far() -> Report:
    found, (source,) = report("a: conv3-1\nconv3-2\na: conv3-3\n" + "relu\n" * 8 + "a: conv3-4\n")
    for number in (1, 2):
        found.error(
            "E0202",
            "the label `a` is given twice",
            at(source, "a:", number),
            related=[Related(at(source, "a:"), "first given here")],
        )
    return found


@case
def another_file_and_the_calls() -> Report:
    found, (source, block) = report("x\n" * 30 + "b: block(64)\n", "block block(n) {\n  conv3-n/5(groups=3)\n}\n")
    found.error(
        "E0301",
        "`groups` (=3) must divide the 64 input channels",
        at(block, "groups=3"),
        help="try 2 or 4",
        related=[Related(at(source, "64"), "from here")],
        calls=[
            Related(at(source, "block(64)"), "in this call of `block`"),
            Related(at(source, "b: block(64)"), "in this call of `outer`"),
        ],
    )
    return found


@case
def a_long_chain_of_calls() -> Report:
    found, (source,) = report("conv\n" * 30)
    calls = [Related(at(source, "conv", number), f"in this call of `b{number}`") for number in range(1, 20)]
    found.error("E0301", "wrong", at(source, "conv"), calls=calls)
    return found


@case
def several_lines() -> Report:
    text = "conv3-64\n  concat {\n    a\n  | b\n  | c\n  | d } ; add {\n  e }\nrelu\n"
    found, (source,) = report(text)
    start, end = text.index("concat"), text.index("d }") + 3
    found.error("E0302", "one block", source.span(start, end), label="planes differ")
    second = source.span(text.index("add"), text.index("e }") + 3)
    found.error("E0302", "two blocks", source.span(start, end), label="this", related=[Related(second, "and this")])
    found.error(
        "E0101", "two lines", source.span(text.index("b\n"), text.index("| c") + 3), label="over the end of a line"
    )
    return found


@case
def tabs_and_wide_characters() -> Report:
    found, (source,) = report('\tconv3-64\tx2 # \u6f22\u5b57\n"\u6f22\u5b57": e\u0301\u0301x "caf\u00e9" bad\n')
    found.error("E0203", "after tabs", at(source, "x2"))
    found.error(
        "E0203",
        "after wide characters",
        at(source, "bad"),
        label="here",
        related=[Related(at(source, "\u5b57", 1), "\u5b57")],
    )
    return found


@case
def a_very_long_line() -> Report:
    found, (source,) = report("a" * 5000 + "[wrong]" + "b" * 5000 + "(too)\n")
    found.error(
        "E0101", "far in", at(source, "[wrong]"), label="here", related=[Related(at(source, "(too)"), "and there")]
    )
    found.error("E0101", "a long mark", source.span(100, 6000), label="all of it")
    found.error("E0101", "at the start", source.span(0, 3))
    return found


@case
def control_characters() -> Report:
    found, (source,) = report("conv\x1b[31m3-64 \u202e evil \x00\u00a0end\n", names=("a\x1b[2Jb\n.net",))
    found.error(
        "E0103",
        "a '\x1b]0;title\x07' in it\nerror[E0000]: forged",
        at(source, "evil"),
        label="\x1b[31mred\nnext",
        help="first\nsecond\x9b",
    )
    return found


@case
def places_at_the_edges() -> Report:
    found, (source,) = report("concat {\n")
    found.error("E0101", "at the end of the text", source.span(9, 9), label="`}` is expected here")
    found.error("E0101", "past the end", source.span(99, 120))
    found.error("E0101", "at the end of a line", source.span(8, 8))
    found.error("E0101", "the newline itself", source.span(8, 9))
    return found


@case
def no_place_at_all() -> Report:
    found, _ = report("")
    found.error("E0001", "there is no file 'vgg.nte'", help="did you mean `vgg.net`?")
    found.error(
        "E0001", "it cannot be read", Span("gone.net", 3, 4), related=[Related(Span("gone.net", 0, 1), "asked for")]
    )
    found.warn("W0101", "only a warning", Span("net.net", 0, 0), help="never mind")
    found.add(Diagnostic("W0102", "only a note", severity="note"))
    return found


@pytest.mark.parametrize("name", CASES)
def test_text(name: str) -> None:
    golden = GOLDENS / f"{name}.txt"
    text = render(CASES[name]())
    if os.environ.get("NETDSL_UPDATE"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("name", CASES)
def test_text_cannot_steer_a_terminal(name: str) -> None:
    assert all(char == "\n" or char.isprintable() for char in render(CASES[name]()))


@pytest.mark.parametrize("name", CASES)
def test_colours_change_nothing_else(name: str) -> None:
    colored = render(CASES[name](), color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(CASES[name]())


def test_no_messages_no_text() -> None:
    assert render(Report()) == ""
    assert json.loads(render(Report(), "json")) == {
        "format_version": 1,
        "valid": True,
        "error_count": 0,
        "warning_count": 0,
        "diagnostics": [],
    }


def test_json() -> None:
    found, (source, block) = report("net x\r\nconv\u6f223-64\n", "block b() {\n}\n")
    found.error(
        "E0203",
        "unknown",
        at(source, "3-64"),
        help="try it",
        related=[Related(at(block, "b()"), "defined here")],
        calls=[Related(at(source, "conv"), "in this call of `b`")],
    )
    found.warn("W0001", "careful")
    found.error("E0001", "gone", Span("gone.net", 2, 3))
    assert json.loads(render(found, "json")) == {
        "format_version": 1,
        "valid": False,
        "error_count": 2,
        "warning_count": 1,
        "diagnostics": [
            {
                "code": "E0203",
                "severity": "error",
                "message": "unknown",
                "file": "net.net",
                "range": {
                    "start": {"line": 2, "column": 6, "offset": 12},
                    "end": {"line": 2, "column": 10, "offset": 16},
                },
                "help": "try it",
                "related": [
                    {
                        "message": "defined here",
                        "file": "std/block.net",
                        "range": {
                            "start": {"line": 1, "column": 7, "offset": 6},
                            "end": {"line": 1, "column": 10, "offset": 9},
                        },
                    },
                    {
                        "message": "in this call of `b`",
                        "file": "net.net",
                        "range": {
                            "start": {"line": 2, "column": 1, "offset": 7},
                            "end": {"line": 2, "column": 5, "offset": 11},
                        },
                    },
                ],
                "edits": [],
                "suggestions": [],
            },
            {
                "code": "W0001",
                "severity": "warning",
                "message": "careful",
                "file": None,
                "range": None,
                "help": None,
                "related": [],
                "edits": [],
                "suggestions": [],
            },
            {
                "code": "E0001",
                "severity": "error",
                "message": "gone",
                "file": "gone.net",
                "range": None,
                "help": None,
                "related": [],
                "edits": [],
                "suggestions": [],
            },
        ],
    }


@pytest.mark.parametrize("name", CASES)
def test_json_is_ascii(name: str) -> None:
    assert render(CASES[name](), "json").isascii()


def test_formats() -> None:
    assert {"text", "json"} <= set(formats())
    with pytest.raises(ValueError, match="unknown format 'xml'"):
        render(Report(), "xml")


def test_a_long_line_stays_short() -> None:
    line = ShownLine("x" * 1_000_000, [(500_000, 600_000)])
    assert len(line.text) < 2 * LONGEST
    assert line.text[line.column(500_000)] == "x"


@pytest.mark.parametrize(
    "text, shown",
    [("plain \u00e9", "plain \u00e9"), ("\x1b[0m", "\\x1b[0m"), ("\u202e", "\\u202e"), ("\ud800", "\\ud800")],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_when_to_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_color(Terminal())
    assert not wants_color(io.StringIO())
    assert wants_color(io.StringIO(), "always")
    assert not wants_color(Terminal(), "never")
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_color(Terminal())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_color(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(Terminal())
    assert wants_color(Terminal(), "always")
