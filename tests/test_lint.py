"""The rules, as data and as laws.

`lint/*.txt` hold specs with the warnings expected beside their lines, in the form of the error tests; a case without a
mark is one about which nothing may be said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

import pytest
from cases import folder
from hypothesis import given, settings
from hypothesis import strategies as st

import netdsl
from netdsl import zoo
from netdsl.analysis.lint import Mended, differs, lint, lint_variants, mend, rules
from netdsl.analysis.lint.unused_param import UnusedParam
from netdsl.compiler import Compilation, compile
from netdsl.elaborate.files import Texts
from netdsl.testing.drawing import HEAD, LAW, WHOLE, statements
from netdsl.text import explain
from netdsl.text.codes import CODES
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source
from netdsl.tools.cli import _tell, main

CASES = folder("lint")


def compiled(source: Source) -> Mapping[str, Compilation]:
    first = compile(source)
    return {name: compile(source, variant=name) for name in first.variants} or {"": first}


def judged(compilations: Mapping[str, Compilation]) -> Report:
    return lint_variants(compilations)


def mended(text: str) -> Mended:
    return mend(Source("case.net", text), compiled, judged)


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_is_said(text: str) -> None:
    wanted = []
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        shown, *marks = line.split("#!")
        lines.append(shown.rstrip())
        for mark in marks:
            code, _, words = mark.strip().partition(" ")
            wanted.append((number, code, words.strip()))
    source = Source("case.net", "\n".join(lines) + "\n")
    compilations = compiled(source)
    assert all(each.valid for each in compilations.values()), [str(e) for c in compilations.values() for e in c.report]
    found = [(source.position(each.span.start).line, each.code, each.message) for each in judged(compilations)]
    told = "\n".join(map(str, found))
    assert [each[:2] for each in found] == [each[:2] for each in wanted], told
    for (_, _, message), (_, _, words) in zip(found, wanted, strict=True):
        assert re.search(words, message), told


def test_every_code_of_a_warning_has_a_rule_and_a_case() -> None:
    warnings = {code for code in CODES if code.startswith("W")}
    assert {rule.code for rule in rules()} | {"W0901", "W0902"} == warnings
    assert len({rule.code for rule in rules()}) == len(rules())
    assert all(re.search(rf"#! {code}\b", "".join(CASES.values())) for code in warnings)
    assert all(rule.why.endswith(".") and rule.title == CODES[rule.code] for rule in rules())
    for rule in rules():
        assert explain.find(rule.code).examples("wrong"), f"{rule.code} has no page"


ZOO = {
    "alexnet": {"W0101"},
    "alexnet_bn": {"W0101", "W0102", "W0104"},
    "alexnet_owt": {"W0101", "W0102"},
    "cnn_fms": {"W0101", "W0102", "W0202", "W0203"},
    "deeplab_v3": {"W0102", "W0407"},
    "enet": {"W0104"},
    "fcn8s": {"W0102", "W0203"},
    "googlenet": {"W0101"},
    "hrnet": {"W0104"},
    "inception_v3": {"W0101", "W0407"},
    "nasnet": {"W0201"},
    "nin": {"W0101", "W0202"},
    "nin_bn": {"W0101", "W0104"},
    "plain": {"W0102", "W0103"},
    "resnet": {"W0201"},
    "resnet50": {"W0201"},
    "resnet101": {"W0201"},
    "resnet152": {"W0201"},
    "squeezenet": {"W0202"},
    "unet": {"W0102"},
    "vgg": {"W0102"},
    "vgg19": {"W0102"},
    "vgg_bn": {"W0102", "W0104"},
    "vgg_torchvision": {"W0102"},
    "wavenet": {"W0301"},
    "zfnet": {"W0102"},
    "zfnet_wide": {"W0102"},
}
"""What the rules say of the networks of the literature; each has been read, is true, and is what a later paper mended.
Of the others they say nothing but that."""
LESSONS = {"W0101", "W0102", "W0103", "W0201", "W0202"}
"""What networks were like before a later paper showed how else."""


@pytest.mark.parametrize("name", [name for name in zoo.names() if name not in ("regnet", "efficientnet")])
def test_the_zoo_has_no_false_alarm(name: str) -> None:
    path = zoo.find(name)
    assert path is not None
    first = compile(path)
    compilations = {each: compile(path, variant=each) for each in first.variants} or {"": first}
    found = {each.code for each in lint_variants(compilations)}
    if name in ZOO:
        assert found == ZOO[name]
    else:
        assert found <= LESSONS


def test_figures_are_those_of_the_network() -> None:
    """ResNet's own example: 256 channels to 256 by 3x3 have 590K weights, 70K as a bottleneck."""
    text = "input 256x14x14\nconv3-256(act=relu); gap; fc-10\n"
    (warning,) = lint(compile(Source("a.net", text)))
    assert "590K" in warning.label and "164K" in str(warning.help) and "69.6K" in str(warning.help)
    half = lint(compile(Source("a.net", text.replace("256", "512"))))
    assert "2.36M" in next(iter(half)).label


def drawn() -> st.SearchStrategy[str]:
    return statements(kinds=WHOLE).map(lambda body: HEAD + "\n".join([*body, "gap; fc-3"]) + "\n")


@settings(LAW, max_examples=30)
@given(drawn())
def test_drawn_networks_are_judged_and_mended(text: str) -> None:
    """No network makes a rule fail, errors or not; what is mended is what it was, with fewer warnings, and for good."""
    compilations = compiled(Source("case.net", text))
    before = judged(compilations)
    assert all(each.severity == "warning" and each.span is not None for each in before)
    assert all(f"{each.message}{each.help}".isprintable() for each in before)
    found = mended(text)
    after = compiled(Source("case.net", found.text))
    assert differs(compilations, after, smaller=True, exactly=False) is None
    assert len(judged(after)) <= len(before) - bool(found.mended)
    assert mended(found.text).text == found.text


MENDABLE = {
    "a param": ("param n = 3\ninput 3x8x8\nconv3-8; gap\n", "input 3x8x8\nconv3-8; gap\n"),
    "a param behind another": (
        "input 3x8x8\nparam n = 3; param m = 8\nconv3-m; gap\n",
        "input 3x8x8\nparam m = 8\nconv3-m; gap\n",
    ),
    "params of a table": (
        "input 3x8x8\ntable\n| a | b |\n|---|---|\n| param n = 1; conv3-8 | param n = 2; conv3-4 |\n",
        "input 3x8x8\ntable\n| a | b |\n|---|---|\n| conv3-8 | conv3-4 |\n",
    ),
    "a label": (
        "input 3x8x8\nconv3-8\na: identity   # here\ngap; fc-10\n",
        "input 3x8x8\nconv3-8\nidentity   # here\ngap; fc-10\n",
    ),
    "an identity": ("input 3x8x8\nconv3-8; identity; gap\n", "input 3x8x8\nconv3-8; gap\n"),
    "a relu": ("input 3x8x8\nconv3-8(act=relu); relu\ngap\n", "input 3x8x8\nconv3-8(act=relu)\ngap\n"),
    "a bias": ("input 3x8x8\nconv3-8(norm=bn); gap\n", "input 3x8x8\nconv3-8(norm=bn, bias=false); gap\n"),
    "a bias that is written": (
        "input 3x8x8\nconv3-8(bias=true); bn; gap\n",
        "input 3x8x8\nconv3-8(bias=false); bn; gap\n",
    ),
    "a bias without parentheses": ("input 3x8x8\nconv3-8 x2; bn\n", None),
    "biases by default": (
        "input 3x8x8\ndefault conv(norm=bn)\nconv3-8; conv3-4\n",
        "input 3x8x8\ndefault conv(norm=bn, bias=false)\nconv3-8; conv3-4\n",
    ),
    "a default that reaches a layer without a norm": (
        "input 3x8x8\ndefault conv(norm=bn)\nconv3-8; conv3-4(norm=none)\n",
        None,
    ),
    "a bias that a claim counts": ("input 3x8x8\nconv3-8(norm=bn); gap\nexpect params = 240\n", None),
    "an identity that holds a place": ("input 3x8x8\nconv3-8; identity; conv3-8(act=relu)\n", None),
    "a comment of no use": ("input 3x8x8\ngap  # netdsl: allow W0101\n", "input 3x8x8\ngap\n"),
    "a comment on its line": ("input 3x8x8\n# netdsl: allow W0101\ngap\n", "input 3x8x8\ngap\n"),
}


@pytest.mark.parametrize(("text", "wanted"), MENDABLE.values(), ids=MENDABLE)
def test_mending(text: str, wanted: str | None) -> None:
    assert mended(text).text == (text if wanted is None else wanted)


def test_variants_share_what_they_say() -> None:
    text = "input 8x8x8\ntable\n| a | b | c |\n|---|---|---|\n| conv3-8 | conv3-8 | conv1-8 |\nconv3-8\nrelu; gap\n"
    (warning,) = judged(compiled(Source("case.net", text)))
    assert warning.message.endswith("(variants a, b)")
    half = text.replace("conv1-8", "conv3-8(act=relu)").replace("conv3-8 |", "conv3-8(norm=bn) |", 1)
    assert [each.code for each in judged(compiled(Source("case.net", half)))] == ["W0104", "W0406"]


def test_what_is_nobodys_in_one_variant_keeps_its_edit_from_all() -> None:
    text = "input 8x8x8\ntable\n| a | b |\n|---|---|\n| default conv(norm=bn) | |\nconv3-8; relu; gap\n"
    warnings = list(judged(compiled(Source("case.net", text))))
    assert [each.code for each in warnings] == ["W0104"] and not warnings[0].edits


def test_errors_hide_no_more_than_they_must() -> None:
    compilation = compile(Source("case.net", "input 8x8x8\nparam n = 1\nconv3-8; conv3-8\nconv4-8\ngap; fc-10\n"))
    assert compilation.report.errors
    assert [each.code for each in lint(compilation)] == ["W0304", "W0406"]
    broken = compile(Source("case.net", "input 8x8x8\nparam n = 1\nconv3-8; conv3-8\n???\n"))
    assert [each.code for each in lint(broken)] == ["W0406"], "what is read nowhere is unknown of a text with a hole"


def test_wrong_specs_are_judged_as_far_as_they_are_known() -> None:
    for text in folder("errors").values():
        report = lint(compile(Source("case.net", text)))
        assert not report.errors and all(each.span is not None for each in report)


def test_a_large_text_takes_its_time_once() -> None:
    lines = [f"param p{number} = 1 # netdsl: allow W0101" for number in range(3_000)]
    compilation = compile(Source("case.net", "\n".join(["input 8x8x8", *lines, "gap"])))
    start = perf_counter()
    assert len(lint(compilation)) == 6_000, "each is unused, and each allows what is not there"
    assert perf_counter() - start < 5


def test_what_is_of_the_text_alone_is_judged_once_for_all_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    find = UnusedParam.find
    monkeypatch.setattr(UnusedParam, "find", lambda self, subject: calls.append(subject) or find(self, subject))
    text = "input 8x8x8\nparam n = 3\ntable\n| a | b | c |\n|---|---|---|\n| conv3-8 | conv3-4 | conv1-8 |\n"
    source, texts = Source("case.net", text), Texts()
    (warning,) = lint_variants({name: compile(source, variant=name, texts=texts) for name in "abc"})
    assert warning.code == "W0304" and "variant" not in warning.message and len(calls) == 1


# The command --------------------------------------------------------------------------------------------------------

SPEC = "input 3x8x8\nparam n = 3\nconv3-8; conv3-8  # two\ngap; fc-10\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "mine.net"
    path.write_text(SPEC)
    return path


def test_command(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(spec)]) == 1
    said = capsys.readouterr().err
    assert "warning[W0304]" in said and "warning[W0406]" in said and "2 warnings" in said
    assert main(["lint", str(spec), "--select", "w03", "--exit-zero"]) == 0
    assert "W0406" not in capsys.readouterr().err
    assert main(["lint", str(spec), "--ignore", "W0304,W0406"]) == 0
    assert "nothing to say" in capsys.readouterr().out
    assert main(["lint", str(spec), "--select", "W04", "--ignore", "W0406"]) == 0
    assert main(["lint", str(spec), "--select", "X1"]) == 2
    assert main(["lint"]) == 2
    assert main(["lint", "nowhere.net"]) == 2


def test_of_many_messages_the_first_are_shown(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tell, "MOST_SHOWN", 2)
    assert main(["lint", str(spec)]) == 1
    said = capsys.readouterr().err
    assert "more message" not in said and "2 warnings" in said
    spec.write_text(f"{SPEC}conv99-8(pad=0)\n")
    assert main(["lint", str(spec)]) == 1
    said = capsys.readouterr().err
    assert "error[" in said and said.count("warning[") == 1, "errors come first"
    assert "and 1 more message;" in said and "1 error, 2 warnings" in said
    main(["lint", str(spec), "--format", "json"])
    assert len(json.loads(capsys.readouterr().out)["diagnostics"]) == 3


def test_command_formats(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(spec), "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in document["diagnostics"]] == ["W0304", "W0406"]
    assert document["valid"] and document["warning_count"] == 2


def test_command_fixes(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(spec), "--fix", "--diff"]) == 1
    assert "-param n = 3" in capsys.readouterr().out
    assert spec.read_text() == SPEC
    assert main(["lint", str(spec), "--fix"]) == 1, "one warning is left"
    assert spec.read_text() == SPEC.replace("param n = 3\n", "")
    capsys.readouterr()
    assert main(["lint", str(spec), "--diff"]) == 0
    assert main(["lint", "vgg_bn", "--fix"]) == 2, "the zoo stays what it is"
    assert main(["lint", str(spec), "--fix", "--set", "n=4"]) == 2


def test_command_shows_errors(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC + "conv4-8\n")
    assert main(["lint", str(spec)]) == 1
    said = capsys.readouterr().err
    assert "error[E0301]" in said and "warning[W0304]" in said


def test_command_lists_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--rules"]) == 0
    listed = capsys.readouterr().out
    assert all(rule.code in listed for rule in rules())


def test_what_is_hardly_meant_is_told_by_check_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a warning: the status stays 0, and a comment silences it."""
    path = tmp_path / "odd.net"
    for text, told in (
        ("input 32x32x3\nconv3-8\n", "warning[W0601]"),
        ("input 32x32x3    # netdsl: allow W0601\nconv3-8\n", "ok"),
        ("input 28x28\ntable\n| a | b |\n| conv3-8 | conv5-8 |\n", "warning[W0601]"),
        ("input 3x32x32\nconv(3, 64, 3)\n", "warning[W0602]"),
        ("input 3x32x32\nconv5-8\n", "ok"),
    ):
        path.write_text(text, "utf-8")
        assert main(["check", str(path)]) == 0
        said = capsys.readouterr()
        assert told in said.out + said.err, text


def test_the_text_in_place_of_a_large_kernel_keeps_its_groups(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it promises is what it comes to."""
    path = tmp_path / "g.net"
    path.write_text("input 96x27x27\nconv5-256(groups=2, act=relu); gap; fc-10\n", "utf-8")
    assert main(["lint", str(path)]) == 1
    told = capsys.readouterr()
    said = told.out + told.err
    assert "write `conv3-160(groups=2); conv3-256(groups=2)` in its place" in said and "253K weights" in said
    written = netdsl.loads("input 96x27x27\nconv3-160(groups=2, bias=false); conv3-256(groups=2, bias=false)")
    assert f"{written.params / 1000:.0f}K" == "253K"


def test_the_outputs_in_the_documentation_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent / "docs" / "lint.md").read_text("utf-8")
    shown = re.findall(r"^    \$ netdsl (.*)\n((?:    .*\n|\n(?=    ))*)", page, re.MULTILINE)
    assert len(shown) == 2
    for command, expected in shown:
        main(command.split())
        told = capsys.readouterr()
        said = re.sub(r"/\S*/specs/", "specs/", told.out + told.err)
        lines = [line.rstrip() for line in said.strip().split("\n")]
        assert [line.removeprefix("    ") for line in expected.strip("\n").split("\n")] == lines
