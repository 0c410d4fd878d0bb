"""The messages that programs read: SARIF, GitHub's annotations, JSON, and what the commands print of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cases import WRONG

from netdsl.analysis.fixes import proposed, suggestions
from netdsl.compiler import compile
from netdsl.text.diagnostics import Diagnostic, Edit, Proposal, Related, Report
from netdsl.text.source import Source, Span
from netdsl.tools.cli import main
from netdsl.tools.render import formats, render

ROOT = Path(__file__).parent.parent
TEXT = 'net "\u6f22 \U0001f642"\ninput 64x56x56\nadd { conv1-256/2 | identity }  # \U0001f642\nmaxpol\n'


@cache
def checked(text: str, name: str = "a.net") -> Report:
    """The messages of a text with what may be tried, as the command shows them."""
    compilation = compile(Source(name, text))
    found: dict[Diagnostic, list[Any]] = {}
    for each in suggestions(compilation, compile):
        found.setdefault(each.diagnostic, []).append(each)
    return proposed(compilation.report, found)


def every_kind() -> Report:
    """One message of each severity, with all that a message can have, one without a place, one without a text."""
    source, block = Source("dir/\u00e4 b,c.net", "first: 100%\nsecond\n"), Source("<std>/x.net", "block b() {\n}\n")
    report = Report({source.name: source, block.name: block})
    span = source.span(7, 11)
    report.add(
        Diagnostic(
            "E0302",
            "100% wrong: {0}, a\nsecond line\x1b[0m",
            source.span(0, 14),
            "label",
            "help: {1}",
            (Related(span, "{2}"),),
            (Related(source.span(12, 18), "in this call of `b`"),),
            (Edit(span, "50%"),),
            "error",
            (Proposal("`x`", (Edit(span, "x"), Edit(source.span(0, 0), "y"))),),
        )
    )
    report.warn("W0101", "in a block", block.span(0, 5), calls=[Related(span, "in this call of `b`")])
    report.add(Diagnostic("E0001", "note", severity="note"))
    report.error("E0001", "gone", Span("gone.net", 2, 3))
    return report


# SARIF ---------------------------------------------------------------------------------------------------------------


def region(found: dict[str, int], text: str) -> tuple[int, int]:
    """The offsets of a region, counted here in code points and lines of our own."""
    assert set(found) == {"startLine", "startColumn", "endLine", "endColumn"}
    assert all(type(number) is int and number >= 1 for number in found.values())
    lines = text.split("\n")
    offsets = []
    for line, column in ((found["startLine"], found["startColumn"]), (found["endLine"], found["endColumn"])):
        assert line <= len(lines) and column <= len(lines[line - 1]) + 1
        offsets.append(sum(len(each) + 1 for each in lines[: line - 1]) + column - 1)
    assert offsets[0] <= offsets[1]
    return offsets[0], offsets[1]


def physical(found: dict[str, Any], report: Report) -> tuple[str, tuple[int, int] | None]:
    assert set(found) <= {"artifactLocation", "region"}
    name = artifact(found["artifactLocation"])
    return name, region(found["region"], report.sources[name].text) if "region" in found else None


def artifact(found: dict[str, Any]) -> str:
    assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", found["uri"])  # no sign that a URI reserves
    assert found["uriBaseId"] == "%SRCROOT%"
    return unquote(found["uri"])


def message(found: dict[str, str]) -> str:
    """The text of a message string: braces outside of placeholders are doubled."""
    assert set(found) == {"text"} and found["text"]
    assert not re.search(r"(?<!\{)(\{\{)*\{(?!\{)", found["text"])
    return found["text"].replace("{{", "{").replace("}}", "}")


def validate(document: dict[str, Any], report: Report) -> None:
    """The parts of the schema of SARIF 2.1.0 that are used here, and what they must say of the report."""
    assert set(document) == {"$schema", "version", "runs"} and document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert set(run) == {"tool", "columnKind", "invocations", "results"}
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "netdsl"
    assert [rule["id"] for rule in rules] == sorted({diagnostic.code for diagnostic in report})
    for rule in rules:
        assert set(rule) <= {"id", "shortDescription", "fullDescription", "help", "defaultConfiguration"}
        assert rule["shortDescription"]["text"] and rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning")
    assert len(run["results"]) == len(report)
    for result, diagnostic in zip(run["results"], report, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == diagnostic.code
        assert result["level"] == diagnostic.severity
        assert message(result["message"]).startswith(diagnostic.message)
        places = [physical(each["physicalLocation"], report) for each in result.get("locations", [])]
        if diagnostic.span is None:
            assert not places
        else:
            known = diagnostic.span.file in report.sources
            assert places == [(diagnostic.span.file, tuple(diagnostic.span[1:]) if known else None)]
        related = result.get("relatedLocations", [])
        assert [each["id"] for each in related] == list(range(1, len(related) + 1))
        assert [message(each["message"]) for each in related] == [
            each.message for each in (*diagnostic.related, *diagnostic.calls)
        ]
        ways = [diagnostic.edits] if diagnostic.edits else []
        ways += [each.edits for each in diagnostic.proposals]
        assert len(result.get("fixes", [])) == len(ways)
        for fix, edits in zip(result.get("fixes", []), ways, strict=True):
            assert message(fix["description"])
            said = set()
            for change in fix["artifactChanges"]:
                name = artifact(change["artifactLocation"])
                for each in change["replacements"]:
                    place = region(each["deletedRegion"], report.sources[name].text)
                    said.add((name, *place, each["insertedContent"]["text"]))
            assert said == {(*edit.span, edit.text) for edit in edits}


@pytest.mark.parametrize("text", [*WRONG.values(), TEXT, "input 3x8x8\nconv3-4\n"])
def test_sarif_says_what_the_report_says(text: str) -> None:
    report = checked(text)
    written = render(report, "sarif")
    assert written.isascii()
    validate(json.loads(written), report)


def test_sarif_of_every_kind_of_message() -> None:
    report = every_kind()
    document = json.loads(render(report, "sarif"))
    validate(document, report)
    first = document["runs"][0]["results"][0]
    assert first["message"]["text"].startswith("100% wrong: {{0}}, a\nsecond line")
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "dir/%C3%A4%20b%2Cc.net"
    assert [each["level"] for each in document["runs"][0]["results"]] == ["error", "warning", "note", "error"]


def test_sarif_of_an_absolute_path() -> None:
    source = Source("/srv/a b.net", "x")
    report = Report({source.name: source})
    report.error("E0101", "wrong", source.span(0, 1))
    (result,) = json.loads(render(report, "sarif"))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///srv/a%20b.net"}


# GitHub --------------------------------------------------------------------------------------------------------------


def commands(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """What the runner reads: the command, its properties, the message."""
    for line in text.splitlines():
        match = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert match, line
        pairs = (each.partition("=") for each in match[2].split(",") if each)
        yield match[1], {name: decoded(value) for name, _, value in pairs}, decoded(match[3])


def decoded(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


@pytest.mark.parametrize("text", [*WRONG.values(), TEXT])
def test_an_annotation_for_each_message(text: str) -> None:
    report = checked(text)
    found = list(commands(render(report, "github")))
    assert len(found) == len(report)
    for (_, properties, told), diagnostic in zip(found, report, strict=True):
        assert told.startswith(diagnostic.message.partition("\n")[0])
        assert properties["title"].startswith(diagnostic.code)
        for proposal in diagnostic.proposals:
            assert proposal.title in told
        if diagnostic.span is not None and not diagnostic.span.file.startswith("<"):
            position = report.sources["a.net"].position(diagnostic.span.start)
            assert (properties["file"], int(properties["line"])) == ("a.net", position.line)
            assert int(properties["line"]) <= int(properties["endLine"])
            assert ("col" in properties) == (properties["line"] == properties["endLine"])
            if "col" in properties:
                assert int(properties["col"]) == position.column


def test_annotations_escape_what_ends_them() -> None:
    written = render(every_kind(), "github")
    first, second, third, fourth = written.splitlines()
    assert first.startswith("::error file=dir/\u00e4 b%2Cc.net,line=1,endLine=2,title=E0302%3A ")
    assert "::100%25 wrong: {0}, a%0Asecond line\\x1b[0m%0Alabel%0Ahelp: help: {1}%0Atry `x`" in first
    assert second.startswith("::warning file=dir/\u00e4 b%2Cc.net,line=1,col=8,endLine=1,endColumn=12,")  # the call
    assert third.startswith("::notice title=")
    assert fourth.startswith("::error file=gone.net,title=")
    assert render(Report(), "github") == ""


# JSON ----------------------------------------------------------------------------------------------------------------


def test_json_has_the_edits_and_the_suggestions() -> None:
    report = checked(TEXT)
    joined, misspelt = (
        next(each for each in json.loads(render(report, "json"))["diagnostics"] if each["code"] == code)
        for code in ("E0302", "E0203")
    )
    (edit,) = misspelt["edits"]
    assert (edit["text"], edit["file"]) == ("maxpool", "a.net")
    start, end = (edit["range"][each]["offset"] for each in ("start", "end"))
    assert TEXT[start:end] == "maxpol"
    first = joined["suggestions"][0]
    assert first["title"].startswith("`conv1-256/2` for the shortcut")
    (edit,) = first["edits"]
    assert TEXT[edit["range"]["start"]["offset"] : edit["range"]["end"]["offset"]] == "identity"
    assert (edit["range"]["start"]["line"], edit["text"]) == (3, "conv1-256/2")


# The command line ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "lint"])
def test_every_format_is_one_document_of_all_files(
    three_specs: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    for format in formats():
        main([command, "--format", format, "b.net", "nets/a.net", "c.net"])
        out = capsys.readouterr().out
        if format == "json":
            assert {each["file"] for each in json.loads(out)["diagnostics"]} == {"b.net", "c.net"}
        elif format == "sarif":
            assert [each["ruleId"] for each in json.loads(out)["runs"][0]["results"]] == ["E0302", "E0203"]
        elif format == "github":
            assert [properties["file"] for _, properties, _ in commands(out)] == ["b.net", "c.net"]
    assert {"github", "json", "sarif", "text"} <= set(formats())


def test_all_is_well_in_every_format(three_specs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--format", "sarif", "nets/a.net"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []
    assert main(["check", "--format", "github", "nets/a.net"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["check", "--format", "json", "nets/a.net"]) == 0
    assert json.loads(capsys.readouterr().out)["valid"] is True
