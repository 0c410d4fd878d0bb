"""Rewriting: what stands in the text afterwards, and the laws that hold for every rewriting.

The laws: the result is right and gives the shape it gave, in every variant; a stack sees what the kernel saw; all text
outside of the rewritten statements, and of claims that fail, is what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl import zoo
from netdsl.analysis import rewrite
from netdsl.analysis.rewrite import CannotRewrite, Rewritten
from netdsl.compiler import Compilation, compile
from netdsl.testing.drawing import LAW
from netdsl.text.source import Source
from netdsl.tools.cli import main


def compiled(source: Source) -> Mapping[str, Compilation]:
    first = compile(source)
    return {name: compile(source, variant=name) for name in first.variants} or {"": first}


def factorize(text: str, **options: Any) -> Rewritten:
    return rewrite.factorize(Source("case.net", text), compiled, **options)


def reduce(text: str, **options: Any) -> Rewritten:
    return rewrite.reduce(Source("case.net", text), compiled, **options)


HEAD = "input 16x32x32\ndefault conv(act=relu)\nconv3-16\n"
FACTORIZED = {
    "5x5": ("conv5-16", "conv3-16; conv3-16"),
    "7x7": ("conv7-16", "conv3-16; conv3-16; conv3-16"),
    "a label makes a group": ("c: conv5-16  # why", "c: { conv3-16; conv3-16 }  # why"),
    "a repetition": ("conv5-16 x4   -> 16x32x32", "{ conv3-16; conv3-16 } x4   -> 16x32x32"),
    "the last has the stride": ("conv5-16/2", "conv3-16; conv3-16/2"),
    "a stride behind the statement": ("c: conv5-16 /2", "c: { conv3-16; conv3-16/2 }"),
    "a stride as an argument": ("conv5-16(stride=2, bias=false)", "conv3-16(bias=false); conv3-16/2(bias=false)"),
    "a stride of the first of a stack": (
        "c: conv5-16 x3 /2",
        "c: { conv3-16; conv3-16/{2 if i == 0 else 1} } x3 as i",
    ),
    "a padding by a number": ("conv5-16(pad=2)", "conv3-16(pad=1); conv3-16(pad=1)"),
    "a padding that is less": ("conv7-16(pad=1)", "conv3-16(pad=1); conv3-16(pad=0); conv3-16(pad=0)"),
    "a padding that is more": ("conv5-16(pad=4)", "conv3-16(pad=3); conv3-16(pad=1)"),
    "a padding on some sides": ("conv5-16(pad=[0, 1, 2, 3])", "conv3-16(pad=[0, 1, 1, 2]); conv3-16(pad=0x1)"),
    "no padding": ("conv5-16(pad=valid)", "conv3-16(pad=valid); conv3-16(pad=valid)"),
    "groups and the rest": ("conv5-16(groups=4, norm=bn)", "conv3-16(groups=4, norm=bn); conv3-16(groups=4, norm=bn)"),
    "an expression": ("param n = 8\nconv5-{2 * n}", "param n = 8\nconv3-{2 * n}; conv3-{2 * n}"),
    "a block": (
        "block b(n) { conv5-n; conv1-n }\nb(16); b(16)",
        "block b(n) { conv3-n; conv3-n; conv1-n }\nb(16); b(16)",
    ),
    "a branch": ("concat { conv5-16 | conv1-8 }", "concat { conv3-16; conv3-16 | conv1-8 }"),
    "rows of a bracket": ("[5x5, 16, groups=2; 3x3, 16]", "[3x3, 16, groups=2; 3x3, 16, groups=2; 3x3, 16]"),
    "the stride of a row": ("[5x5, 16 /2; 3x3, 16]", "[3x3, 16; 3x3, 16 /2; 3x3, 16]"),
    "norm and activation as statements": (
        "conv5-16(act=none); bn; relu; maxpool",
        "conv3-16(act=none); bn; relu; conv3-16(act=none); bn; relu; maxpool",
    ),
}


@pytest.mark.parametrize(("old", "new"), FACTORIZED.values(), ids=FACTORIZED)
def test_factorized(old: str, new: str) -> None:
    found = factorize(HEAD + old + "\ngap; fc-10\n", kernel=(7, 7) if "7" in old else (5, 5))
    assert found.text == HEAD + new + "\ngap; fc-10\n"
    assert all(each.before.window == each.after.window for each in found.changes)


def test_factorized_into_rows_and_columns() -> None:
    text = HEAD + "conv7-16/2(pad=3)\nconv3-8\ngap; fc-10\n"
    found = factorize(text, kernel=(7, 7), into="1xn")
    assert "conv1x7-16/1x2(pad=0x3); conv7x1-16/2x1(pad=3x0)\nconv3-8" in found.text
    (each,) = found.changes
    assert each.before.window == each.after.window == (7, 7)
    # 16 * 16 * 49 + 16 weights before; twice 16 * 16 * 7 + 16 after
    assert (each.before.params, each.after.params) == (12_560, 3_616)


@pytest.mark.parametrize(("channels", "inner"), [("out", "64"), ("in", "16"), ("grow", "32")])
def test_channels_in_between(channels: str, inner: str) -> None:
    found = factorize(HEAD + "conv5-64\ngap; fc-10\n", kernel=(5, 5), channels=channels)
    assert f"conv3-{inner}; conv3-64" in found.text


def test_channels_that_differ_are_those_that_come() -> None:
    found = factorize(HEAD + "conv5-64 x2\ngap; fc-10\n", kernel=(5, 5), channels="in")
    assert "{ conv3-{channels}; conv3-64 } x2" in found.text
    refused = factorize(HEAD + "conv5-64 x2\ngap; fc-10\n", kernel=(5, 5), channels="grow")
    assert not refused.changes and "differ from call to call" in refused.skipped[0][1]


REDUCED = {
    "a quarter": ("conv3-64; conv3-64", {}, "conv3-64; conv1-16; conv3-64"),
    "so many": ("conv3-64; conv3-64/2", {"to": 8}, "conv3-64; conv1-8; conv3-64/2"),
    "a label": ("conv1-64; relu\nc: conv3-64(pad=1)", {"ratio": 2}, "conv1-64; relu\nc: { conv1-32; conv3-64(pad=1) }"),
    "what comes in differs": ("conv1-32; conv3-64 x2", {}, "conv1-32; { conv1-{channels // 4}; conv3-64 } x2"),
    "a bottleneck": ("conv3-64; conv3-64/2", {"bottleneck": True}, "conv3-64; conv1-16; conv3-16/2; conv1-64"),
    "a bracket": ("conv1-64; [3x3, 64; 3x3, 64] x2", {}, "conv1-64; [1x1, 16; 3x3, 16; 1x1, 64] x2"),
    "a bracket with a stride": ("conv1-64; [3x3, 64 /2; 3x3, 64]", {}, "conv1-64; [1x1, 16; 3x3, 16 /2; 1x1, 64]"),
    "groups stay where they are": (
        "conv3-64; conv3-64(groups=2, norm=bn)",
        {},
        "conv3-64; conv1-16(norm=bn); conv3-64(groups=2, norm=bn)",
    ),
}


@pytest.mark.parametrize(("old", "options", "new"), REDUCED.values(), ids=REDUCED)
def test_reduced(old: str, options: dict[str, Any], new: str) -> None:
    head = "input 3x32x32\ndefault conv(act=relu)\n"
    found = reduce(head + old + "\ngap; fc-10\n", **options)
    assert found.text == head + new + "\ngap; fc-10\n"
    assert sum(each.after.params for each in found.changes) < sum(each.before.params for each in found.changes)


def test_without_a_name_only_what_saves() -> None:
    text = "input 3x64x64\ndefault conv(act=relu)\nstem: conv7-64/2\nconv5-64\ngap; fc-10\n"
    found = factorize(text)
    assert [each.change.old for each in found.changes] == ["conv5-64"]
    assert found.skipped[0][0] == 3 and "multiply-adds" in found.skipped[0][1]
    assert "stem: { conv3-64; conv3-64; conv3-64/2 }" in factorize(text, labels=["stem"]).text


def test_claims_that_fail_are_taken_out_and_named() -> None:
    text = (
        HEAD
        + "c: conv5-16   -> 16x32x32\ngap; fc-10\nexpect depth = 3; expect output = 10  # still\nexpect c.params = 6416\n"
    )
    found = factorize(text)
    assert found.text.endswith("-> 16x32x32\ngap; fc-10\nexpect output = 10  # still\n")
    assert found.dropped == ["expect depth = 3", "expect c.params = 6416"]
    with pytest.raises(CannotRewrite) as refusal:
        factorize(text, keep_claims=True)
    assert refusal.value.report is not None and len(refusal.value.report.errors) == 2


def test_a_row_of_nothing_but_failed_claims_goes_as_a_whole() -> None:
    text = (
        "input 16x8x8\ntable\n| a | b |\n|---|---|\n| conv5-16 | conv5-16/2 |\n"
        "| expect params = 6416 | expect params = 6416 |\nrelu\n"
    )
    found = factorize(text, kernel=(5, 5))
    assert (
        found.text
        == "input 16x8x8\ntable\n| a | b |\n|---|---|\n| conv3-16; relu; conv3-16 | conv3-16; relu; conv3-16/2 |\nrelu\n"
    )


REFUSED = {
    "an unknown label": (HEAD + "c: conv5-16\n", ["d"], "no statement with the label `d`"),
    "a block of the standard library": (
        "input 256x8x8\ni: inception(8, 8, 8, 8, 8, 8)\n",
        ["i"],
        "netdsl/std/inception.net",
    ),
    "a call": (HEAD + "block b() { conv5-16 }\nc: b()\n", ["c"], "calls the block `b`"),
    "an even kernel": (HEAD + "c: conv4-16(pad=2)\n", ["c"], "holds no such convolution"),
    "nothing in it": (HEAD + "c: conv3-16\n", ["c"], "holds no such convolution"),
    "a kernel by an expression": (HEAD + "param k = 5\nc: conv{k}-16\n", ["c"], "its kernel is an expression"),
    "a comment inside": (HEAD + "c: conv5-16( # why\n bias=false)\n", ["c"], "a comment stands inside"),
    "a spec with errors": (HEAD + "c: conv5-16\nconv4-4\n", ["c"], "the spec has errors"),
}


@pytest.mark.parametrize(("text", "labels", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(text: str, labels: list[str], words: str) -> None:
    with pytest.raises(CannotRewrite, match=words):
        factorize(text, labels=labels)


def test_what_would_be_wrong_is_not_made() -> None:
    with pytest.raises(CannotRewrite, match="would be wrong") as refusal:
        reduce("input 16x8x8\nc: conv5-24(groups=8)\n", labels=["c"], to=6, bottleneck=True)
    assert refusal.value.report is not None and "`groups`" in refusal.value.report.errors[0].message


@st.composite
def specs(draw: st.DrawFn) -> str:
    """Stacks of convolutions with large kernels, written in many ways."""
    lines = []
    for number in range(draw(st.integers(1, 4))):
        kernel = draw(st.sampled_from([3, 5, 7]))
        arguments = draw(
            st.lists(
                st.sampled_from(["groups=2", "bias=false", "norm=bn", "act=none", f"pad={draw(st.integers(0, 4))}"]),
                unique_by=lambda each: each.partition("=")[0],
                max_size=3,
            )
        )
        label = draw(st.sampled_from(["", f"c{number}: "]))
        item = f"conv{kernel}-{draw(st.sampled_from([4, 8]))}{draw(st.sampled_from(['', '/2']))}"
        item += f"({', '.join(arguments)})" if arguments else ""
        item = draw(st.sampled_from([item, f"{item} x2", f"[{kernel}x{kernel}, 8; 3x3, 8]", f"concat {{ {item} }}"]))
        lines.append(f"{label}{item}  # {number}")
    return "\n".join(["input 4x96x96", "default conv(act=relu)", *lines, "gap; fc-3", ""])


@settings(LAW, max_examples=40)
@given(specs(), st.sampled_from([(5, 5), (7, 7)]), st.sampled_from(["3x3", "1xn"]), st.sampled_from(["out", "in"]))
def test_a_stack_gives_and_sees_what_the_kernel_did(
    text: str, kernel: tuple[int, int], into: str, channels: str
) -> None:
    old = compiled(Source("case.net", text))[""]
    if not old.valid:
        return
    try:
        found = factorize(text, kernel=kernel, into=into, channels=channels)
    except CannotRewrite as refusal:
        assert "would be wrong" in refusal.message, text
        return
    new = compiled(Source("case.net", found.text))[""]
    assert new.valid and new.network is not None and old.network is not None
    assert [node.shape for node in new.network.nodes][-2:] == [node.shape for node in old.network.nodes][-2:]
    for each in found.changes:
        assert each.before.window == each.after.window, (text, each)
    assert [line.partition("#")[2] for line in found.text.splitlines()] == [
        line.partition("#")[2] for line in text.splitlines()
    ]
    assert found.changes or found.text == text


def test_failing_claims_on_one_line_are_taken_out_together() -> None:
    text = "input 8x16x16\nc: conv5-16(act=relu)\ngap; fc-10\nexpect c.params = 3216; expect c.macs = 819200\nexpect depth = 2; expect params = 3386\n"
    found = factorize(text, labels=("c",))
    assert found.dropped == [
        "expect c.params = 3216",
        "expect c.macs = 819200",
        "expect depth = 2",
        "expect params = 3386",
    ]
    assert "expect" not in found.text and found.text.endswith("fc-10\n")


@pytest.mark.parametrize("name", ["alexnet", "nin", "resnet", "vgg", "unet", "plain"])
@pytest.mark.parametrize("change", [rewrite.factorize, rewrite.reduce])
def test_the_zoo(name: str, change: Any) -> None:
    path = zoo.find(name)
    assert path is not None
    source = Source(f"{name}.net", path.read_text("utf-8"))
    found = change(source, compiled)
    after = compiled(Source(source.name, found.text))
    assert all(each.valid for each in after.values())
    outputs = [network.output for network in found.after.values()]
    assert outputs == [network.output for network in found.before.values()]
    if found.changes:
        assert sum(each.params for each in found.after.values()) < sum(each.params for each in found.before.values())


def test_the_command_offers_what_there_is() -> None:
    from netdsl.tools.cli.rewrite import _CHANNELS, _INTO

    assert (_INTO, _CHANNELS) == (rewrite.INTO, rewrite.CHANNELS)


# The command --------------------------------------------------------------------------------------------------------

SPEC = HEAD + "c: conv5-16   # large\ngap; fc-10\nexpect depth = 3\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "mine.net"
    path.write_text(SPEC)
    return path


def test_command(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rewrite", "factorize", str(spec), "c"]) == 0
    shown = capsys.readouterr()
    assert shown.out == SPEC.replace("conv5-16", "{ conv3-16; conv3-16 }").replace("expect depth = 3\n", "")
    assert "6,416" in shown.err and "4,640" in shown.err and "expect depth = 3" in shown.err
    assert spec.read_text() == SPEC
    assert main(["rewrite", "factorize", str(spec), "--diff"]) == 0
    assert "-c: conv5-16   # large" in capsys.readouterr().out
    assert main(["rewrite", "factorize", str(spec), "-i"]) == 0
    assert spec.read_text() == shown.out
    assert main(["check", str(spec)]) == 0


def test_command_refuses(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rewrite", "factorize", str(spec), "nope"]) == 1
    assert main(["rewrite", "factorize", str(spec), "--keep-claims"]) == 1
    assert "E0504" in capsys.readouterr().err
    assert main(["rewrite", "reduce", "resnet18"]) == 1
    assert "resnet.net" in capsys.readouterr().err
    assert main(["rewrite", "factorize", "alexnet", "-i"]) == 2
    assert main(["rewrite", "factorize", str(spec), "--kernel", "big"]) == 2
    assert main(["rewrite", "reduce", str(spec), "--to", "4", "--ratio", "2"]) == 2
    assert main(["rewrite", "reduce", "nowhere.net"]) == 2
    assert spec.read_text() == SPEC


def test_blocks_of_the_standard_library_are_told_of() -> None:
    text = "input 192x28x28\ninception(64, 96, 128, 16, 32, 32) x2\n"
    found = rewrite.factorize(Source("a.net", text), lambda source: {"": compile(source)})
    assert not found.changes and found.text == text
    ((line, why),) = found.skipped
    assert line == 2 and "`inception` is of the standard library" in why and "std/inception.net" in why
