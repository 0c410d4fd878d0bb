"""How two networks differ: what is told of well-known pairs, and the laws that hold for all.

`tests/compare/*.txt` are pairs: the first line names both, what follows is the short text, as a user reads it.
"""

from __future__ import annotations

import json
import random
import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netdsl
from netdsl import zoo
from netdsl.analysis.compare import Difference, compare
from netdsl.analysis.compare.align import Item, align, best, windows
from netdsl.analysis.compare.difference import full, short
from netdsl.analysis.compare.document import document
from netdsl.analysis.compare.text import brief
from netdsl.backends.text import text as written
from netdsl.ir import Network
from netdsl.testing.drawing import HEAD, LAW, WHOLE, statements
from netdsl.testing.nets import networks
from netdsl.tools.cli import main

CASES = sorted((Path(__file__).parent / "compare").glob("*.txt"))
PAIRS = [tuple(path.read_text("utf-8").partition("\n")[0].split(" | ")) for path in CASES]


def loads(*lines: str) -> Network:
    return netdsl.loads("input 8x16x16\n" + "\n".join(lines))


def conserved(difference: Difference) -> None:
    """What is told adds up to the difference of the totals."""
    left, right = difference.left.totals, difference.right.totals
    for told in (difference.rows, () if difference.same else difference.findings):
        if told:
            assert sum(each.params for each in told if not each.aux) == right.params - left.params
            assert sum(each.macs for each in told if not each.aux) == right.macs - left.macs
            assert sum(each.params for each in told if each.aux) == right.aux_params - left.aux_params
            assert sum(each.macs for each in told if each.aux) == right.aux_macs - left.aux_macs


def told(difference: Difference) -> list[str]:
    """The findings in words."""
    return [line.text.strip() for line in short(difference) if line.text[:2] in ("+ ", "- ", "~ ", "= ")]


# Well-known pairs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_told(path: Path) -> None:
    names, _, expected = path.read_text("utf-8").partition("\n")
    left, right = names.split(" | ")
    assert f"{compare(netdsl.load(left), netdsl.load(right))}\n" == expected
    assert len(expected.splitlines()) <= 28


@pytest.mark.parametrize("pair", [*PAIRS, ("unet", "densenet:121"), ("lenet5", "squeezenet:1_0")], ids="-".join)
def test_laws_of_pairs(pair: tuple[str, str]) -> None:
    left, right = map(netdsl.load, pair)
    difference = compare(left, right)
    conserved(difference)
    assert compare(right, left).mirrored() == difference
    assert compare(right, left).same == difference.same == (netdsl.digest(left) == netdsl.digest(right))
    for side, network in enumerate((left, right)):
        paths = [row[2 + side].path for row in difference.rows if row[2 + side] is not None]
        assert sorted(paths) == sorted(node.path for node in network.nodes if not node.op.transparent)


def test_a_param_makes_another_network() -> None:
    small, large = netdsl.load("resnet:50-layer", classes=10), netdsl.load("resnet:50-layer")
    assert [line.split() for line in told(compare(small, large))] == [
        ["~", "fc-10", "->", "fc-1000", "at", "fc", "+2,028,510", "+2,027,520"]
    ]


# The same, spelled otherwise -----------------------------------------------------------------------------------------

SAME = {
    "bracket and residual": (
        "default conv(norm=bn, act=relu)\n[3x3, 16; 3x3, 16] x2 /2",
        "residual(act=relu) { conv3-16/2(norm=bn, act=relu); conv3-16(norm=bn) }\n"
        "residual(act=relu) { conv3-16(norm=bn, act=relu); conv3-16(norm=bn) }",
    ),
    "bracket and block": (
        "default conv(norm=bn, act=relu)\n[1x1, 4; 3x3, 4; 1x1, 16]",
        "block b(n) { add { conv1-n(norm=bn, act=relu); conv3-n(norm=bn, act=relu); conv1-{4 * n}(norm=bn) "
        "| conv1-{4 * n}(norm=bn) }; relu }\nb(4)",
    ),
    "labels and groups": ("conv3-8; relu; conv3-8", "a: { conv3-8(act=relu) }; { b: conv3-8 }"),
    "arguments and statements": ("conv3-8(norm=bn, act=silu) x2", "conv3-8; bn; silu\nconv3-8; bn; silu"),
    "padding in words and numbers": ("conv3-8; maxpool", "conv3-8(pad=1); maxpool2/2"),
    "identities": ("conv3-8; relu", "identity; conv3-8; identity; relu; identity"),
    "branches of a sum": ("add { conv3-8 | conv5-8 }", "add { conv5-8 | conv3-8 }"),
    "wiring": ("residual(act=none) { conv3-8; relu }", "a: identity\nconv3-8; b: relu\nadd { @b | @a }"),
    "implicit flattening": ("gap; fc-3", "gap; flatten; fc-3"),
    "initial weights": ("conv3-8", "conv3-8(init=normal(std=0.1), bias_init=1)"),
}


@pytest.mark.parametrize("left, right", SAME.values(), ids=SAME)
def test_spelling_does_not_count(left: str, right: str) -> None:
    assert compare(loads(left), loads(right)).same


@pytest.mark.parametrize("name", ["googlenet", "resnet:50-layer", "unet", "densenet:121", "shufflenet_v2:x1_0"])
def test_flat_text_is_the_same_under_other_names(name: str) -> None:
    network = netdsl.load(name)
    difference = compare(network, netdsl.loads(written(network)))
    assert difference.same and difference.renamed
    assert "under other names" in str(difference)
    assert all(row.kind == "same" for row in difference.rows)


# One thing changed ---------------------------------------------------------------------------------------------------

CHANGES = {
    "an argument": ("conv3-8\nrelu", "conv5-8\nrelu", ["~ conv3-8 -> conv5-8  at 0 (8x16x16)"]),
    "an operator": ("conv3-8\nrelu", "conv3-8\ngelu", ["~ relu -> gelu  at 1 (8x16x16)"]),
    "a new layer": ("conv3-8\nrelu", "conv3-8\nbn\nrelu", ["+ bn behind conv  at 1 (8x16x16)"]),
    "a layer less": ("conv3-8 x3", "conv3-8 x2", ["- conv3-8: 3 -> 2  at 2 (8x16x16)"]),
    "a shortcut": (
        "conv3-8; conv3-8",
        "residual(act=none) { conv3-8; conv3-8 }",
        ["+ add { ... | identity }  at 0.0 (8x16x16)"],
    ),
    "a branch": (
        "concat { conv1-8 | conv3-8 }",
        "concat { conv1-8 | conv3-8 | conv5-8; relu }",
        ["+ branch conv5-8, relu  at 0.branch3.0 (8x16x16)"],
    ),
    "the order of branches": (
        "concat { conv1-8 | conv3-8 }",
        "concat { conv3-8 | conv1-8 }",
        ["~ concat joins its branches in another order  at 0.2"],
    ),
    "a join": ("add { conv1-8 | conv3-8 }", "mul { conv1-8 | conv3-8 }", ["~ add -> mul  at 0.2 (8x16x16)"]),
    "an aux head": ("conv3-8\ngap", "conv3-8\naux a { gap; fc-2 }\ngap", ["+ aux head a"]),
    "a weight of an aux head": (
        "conv3-8\naux a(weight=0.3) { gap }",
        "conv3-8\naux a(weight=0.4) { gap }",
        ["~ aux head a: weight 0.3 -> 0.4"],
    ),
    "an output": ("conv3-8\nrelu", "conv3-8\noutput early\nrelu", ["+ output early"]),
    "a softmax": ("gap; fc-3", "gap; fc-3; softmax", ["+ softmax behind fc  at 3 (3)"]),
    "weights shared": ("a: conv3-8\nconv3-8", "a: conv3-8\nreuse(a)", None),
    "frozen weights": ("conv3-8", "conv3-8(frozen=true)", ["~ conv3-8 -> conv3-8(frozen=true)  at 0 (8x16x16)"]),
    "another place of an output": (
        "conv3-8\noutput early\nrelu\nconv3-8",
        "conv3-8\nrelu\noutput early\nconv3-8",
        ["~ output early takes the value of 0 -> 1"],
    ),
}


@pytest.mark.parametrize("left, right, expected", CHANGES.values(), ids=CHANGES)
def test_one_change_is_told_once(left: str, right: str, expected: list[str] | None) -> None:
    difference = compare(loads(left), loads(right))
    conserved(difference)
    assert not difference.same
    if expected is not None:
        assert [re.sub(r"   .*|  [+-].*", "", line) for line in told(difference)] == expected


def test_an_input_of_another_shape() -> None:
    left, right = (netdsl.loads(f"input {shape}\nconv3-8; gap; fc-10") for shape in ("3x32x32", "1x28x28"))
    difference = compare(left, right)
    conserved(difference)
    assert [finding.kind for finding in difference.findings] == ["input", "reshaped"]


def test_systematic_changes_are_factored_out() -> None:
    lines = [f"conv{kernel}-{8 + number}(act=relu)" for number, kernel in enumerate((3, 5, 3, 5, 3, 1))]
    other = [line.replace("conv5", "conv3").replace("(", "(bias=false, norm=bn, ") for line in lines]
    difference = compare(loads(*lines), loads(*other))
    conserved(difference)
    texts = [(finding.text, finding.count) for finding in difference.findings]
    assert texts == [("conv: bias", 6), ("bn behind every conv", 6), ("conv: kernel", 2)]


def test_recipes_on_request() -> None:
    left = loads("conv3-8(init=normal(std=0.1))", "train(loss=mse, optimizer=sgd(lr=0.1))")
    right = loads("conv3-8", "train(loss=mse, optimizer=sgd(lr=0.2), batch=8)")
    assert compare(left, right).same
    assert [(each.text, each.before, each.after) for each in compare(left, right, recipe=True).findings] == [
        ("train: optimizer", "sgd(lr=0.1)", "sgd(lr=0.2)"),
        ("train: batch", "not given", "8"),
        ("conv: init", "normal(std=0.1)", "none"),
    ]


def test_a_network_with_errors_is_refused() -> None:
    broken = netdsl.compile(netdsl.text.source.Source("b.net", "input 3x8x8\nconv3-8\nfc-2 -> 3\n")).network
    assert broken is not None
    with pytest.raises(ValueError, match="has errors"):
        compare(broken, broken)


# Laws for networks drawn at random -----------------------------------------------------------------------------------


def drawn(lines: list[str]) -> Network | None:
    text = HEAD.replace("{{", "{").replace("}}", "}").replace("convk", "conv{k}") + "\n".join(lines) + "\n"
    compilation = netdsl.compile(netdsl.text.source.Source("drawn.net", text))
    return compilation.network if compilation.valid else None


@settings(LAW, max_examples=30)
@given(networks())
def test_a_network_is_itself_however_it_is_written(network: Network) -> None:
    assert compare(network, network).same
    assert not compare(network, network).renamed
    flat = compare(network, netdsl.loads(written(network)))
    assert flat.same and all(row.kind == "same" for row in flat.rows)


@settings(LAW, max_examples=40)
@given(networks(), networks())
def test_laws_of_drawn_networks(left: Network, right: Network) -> None:
    difference = compare(left, right)
    conserved(difference)
    assert compare(right, left).mirrored() == difference
    if difference.same:
        assert netdsl.digest(left) == netdsl.digest(right) or any(node.op.name in ("add", "mul") for node in left.nodes)
    else:
        assert netdsl.digest(left) != netdsl.digest(right) or left.totals != right.totals


@settings(LAW, max_examples=80)
@given(statements(kinds=WHOLE), st.data())
def test_one_statement_more_is_the_one_that_is_told(lines: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines)))
    new = data.draw(st.sampled_from(["leakyrelu(0.37)", "lrn(size=3)", "dropout(35%)", "scale(0.7)"]))
    before, after = drawn(lines), drawn([*lines[:at], new, *lines[at:]])
    if before is None or after is None or netdsl.digest(before) == netdsl.digest(after):
        return
    difference = compare(before, after)
    conserved(difference)
    assert [(each.kind, each.count) for each in difference.findings] == [("added", 1)], (lines, at, new)
    assert difference.findings[0].text.startswith(new.partition("(")[0])
    assert [row.kind for row in difference.rows if row.kind != "same"] == ["added"]
    changed = drawn([*lines[:at], {"leakyrelu(0.37)": "leakyrelu(0.41)"}.get(new, "leakyrelu(0.37)"), *lines[at:]])
    if changed is not None:
        kinds = sorted(row.kind for row in compare(after, changed).rows if row.kind != "same")
        assert kinds in (["changed"], ["added", "removed"]), (lines, at, new)


# Alignment -----------------------------------------------------------------------------------------------------------


def longest(left: list[int], right: list[int]) -> int:
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            table[i + 1][j + 1] = max(table[i][j + 1], table[i + 1][j], table[i][j] + (one == other))
    return table[-1][-1]


@pytest.mark.parametrize("seed", range(100))
def test_alignments_are_the_best(seed: int) -> None:
    dice = random.Random(seed)
    left, right = ([dice.randrange(4) for _ in range(dice.randrange(16))] for _ in range(2))
    items = [[Item((), number, number, number, 1.0) for number in side] for side in (left, right)]

    def gain(one: Item, other: Item) -> int:
        return int(one.kind == other.kind)

    aligned, exact = align(*items, gain)
    assert exact
    for pairs in (best(*items, gain), windows(*items, gain), aligned):
        assert len(pairs) == longest(left, right)
        assert all(left[i] == right[j] for i, j in pairs)
        assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


def test_long_networks_cost_no_more_than_they_are_long() -> None:
    plain = loads("conv3-8(act=relu) x2500")
    more = loads("conv3-8(act=relu) x500", "conv5-8", "conv3-8(act=relu) x1500", "lrn", "conv3-8(act=relu) x510")
    normed = loads("conv3-8(norm=bn, act=relu, bias=false) x2500")
    begin = time.process_time()
    two = compare(plain, more)
    assert [finding.count for finding in two.findings] == [1, 10, 1] and two.exact
    every = compare(plain, normed)
    assert [(each.text, each.count) for each in every.findings] == [
        ("conv: bias", 2500),
        ("bn behind every conv", 2500),
    ]
    assert not every.exact and "too long" in str(every)
    for each in (two, every):
        conserved(each)
    assert time.process_time() - begin < 8


def test_places_in_few_words() -> None:
    assert brief(["layer2.0.conv1", "layer3.0.conv1"]) == "layer2.0.conv1, layer3.0.conv1"
    assert brief([f"inception{n}.branch3.1" for n in ("3a", "3b", "4a", "5b")]) == "inception*.branch3.1"
    assert brief([str(n) for n in range(1000)]).startswith("0, 1, 2, ") and brief(
        [str(n) for n in range(1000)]
    ).endswith(" more")
    assert brief([]) == ""
    assert brief(["0", "7", "17", "19"]) == "0, 7, 17, 19", "all of them, where a line bears them"


# The command ---------------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["compare", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_exit_status_is_that_of_diff(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, "vgg:E", "vgg19")[0] == 0
    assert run(capsys, "vgg:D", "vgg:E")[0] == 1
    bad = tmp_path / "bad.net"
    bad.write_text("input 3x8x8\nconv3-4 -> 5x8x8\n", "utf-8")
    status, out, err = run(capsys, str(bad), "vgg19")
    assert (status, out) == (2, "") and "E0501" in err
    assert run(capsys, "no_such", "vgg19")[0] == 2
    assert run(capsys, "vgg", "vgg19")[0] == 2
    assert "one of the two only" in run(capsys, "-", "-")[2]


def test_names_count_on_request(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, text in (("a.net", "input 3x8x8\nc: conv3-4\n"), ("b.net", "input 3x8x8\nd: conv3-4\n")):
        (tmp_path / name).write_text(text, "utf-8")
    specs = str(tmp_path / "a.net"), str(tmp_path / "b.net")
    status, out, _ = run(capsys, *specs)
    assert status == 0 and "under other names" in out and "c -> d" in out
    assert run(capsys, *specs, "--names")[0] == 1
    assert run(capsys, specs[0], specs[0], "--names")[0] == 0


def test_params_of_one_side_and_of_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "vgg:E", "vgg:E", "--set", "classes=10")[0] == 0
    status, out, _ = run(capsys, "vgg:E", "vgg:E", "--set-right", "classes=10")
    assert status == 1 and "fc-1000 -> fc-10" in out
    assert "~ input" not in run(capsys, "vgg:D", "vgg:E", "--input", "3x64x64")[1]


def test_json_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "googlenet", "googlenet_bn", "--json")
    found = json.loads(out)
    assert (status, found["format_version"], found["same"]) == (1, 1, False)
    assert sum(each["params"] for each in found["findings"] if not each["aux"]) == found["params"] == -373648
    assert sum(each["macs"] for each in found["rows"] if not each["aux"]) == found["macs"]
    changed = [each for each in found["findings"] if each["text"] == "conv: kernel"]
    assert [(each["before"], each["after"], each["count"]) for each in changed] == [("5x5", "3x3", 9)]
    assert all("branch3" in place["left"] for place in changed[0]["places"])
    assert found == document(compare(netdsl.load("googlenet"), netdsl.load("googlenet_bn")))


def test_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "vgg:D", "vgg:E", "--all")
    assert "... 16 equal rows" in out
    assert out.count("\n+ ") == 2 + 6  # two findings, six layers
    difference = compare(netdsl.load("inception_v4"), netdsl.load("inception_resnet_v2:released"))
    assert len(short(difference)) <= 28 < len(full(difference))
    assert any("more; --all shows them" in line.text for line in short(difference))
    assert not any("--all" in line.text for line in full(difference))


def test_colours_are_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b[" not in run(capsys, "vgg:D", "vgg:E")[1]
    assert "\x1b[" in run(capsys, "vgg:D", "vgg:E", "--color", "always")[1]


def test_it_is_in_the_api() -> None:
    difference = netdsl.compare(netdsl.load("vgg:D"), netdsl.load("vgg:E"))
    assert isinstance(difference, netdsl.Difference) and "conv3-256" in str(difference)


def test_the_tutorial_shows_what_is_printed() -> None:
    tutorial = (Path(__file__).parent.parent / "docs" / "tutorial.md").read_text("utf-8")
    pairs = re.findall(r"\$ netdsl compare (\S+) (\S+)$", tutorial, re.M)
    assert len(pairs) == 3
    for left, right in pairs:
        printed = str(compare(netdsl.load(left), netdsl.load(right)))
        shown = "\n".join(f"    {line}".rstrip() for line in printed.splitlines())
        assert f"    $ netdsl compare {left} {right}\n{shown}\n" in tutorial


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("input 3x4x8x8\nconv3-4(pad=[0, 0, 1, 1, 1, 1])\n", "input 3x8x8\nconv5-4(pad=2)\n"),
        ("input 4x8x8\ntokens; attention(2)\n", "input 4x8x8\nattention(2, window=4)\n"),
        ("input 4x8x8\nconv3-4\n", "input 4x8x8\nresidual(shortcut=same, act=relu) { conv3-8; bn; conv3-8 }\n"),
        ("input 4x8x8\nadd { identity | learned(4x8x8) }\n", "input 4x8x8\nconv3-4\n"),
    ],
    ids=["a clip and an image", "tokens and a map", "a residual without an addition", "a branch without inputs"],
)
def test_any_two_networks_have_a_difference(left: str, right: str) -> None:
    one, other = netdsl.loads(left), netdsl.loads(right)
    for pair in ((one, other), (other, one)):
        found = compare(*pair)
        assert not found.same and full(found) and short(found)
        assert sum(each.params for each in found.findings) == pair[1].params - pair[0].params
        assert sum(each.macs for each in found.findings) == pair[1].macs - pair[0].macs


@pytest.mark.slow
def test_networks_of_the_zoo_have_a_difference() -> None:
    names = [entry.name for entry in zoo.entries()]
    draw = random.Random(0)
    for _ in range(200):
        one, other = (netdsl.load(name) for name in draw.sample(names, 2))
        found = compare(one, other, recipe=True)
        assert full(found) and short(found)
        assert sum(each.params for each in found.findings if not each.aux) == other.params - one.params


@pytest.mark.parametrize("join", ["add", "mul", "max", "mean"])
def test_branches_of_a_join_may_come_in_any_order(join: str) -> None:
    text = "input 4x8x8\na: conv3-4\n@input; b: conv3-4; relu\n%s { %s }\n"
    one, other = (netdsl.loads(text % (join, branches)) for branches in ("@a | @b", "@b | @a"))
    assert not [each for each in compare(one, other).findings if each.kind == "rewired"]


def test_sizes_of_one_number_are_alike_for_any_dimensions() -> None:
    clip, image = (netdsl.loads(f"input {size}\nconv3-4(dilation=2)\n") for size in ("3x8x8x8", "3x8x8"))
    assert [(each.kind, each.text) for each in compare(clip, image).findings] == [
        ("input", "input"),
        ("reshaped", "1 conv"),
    ]


# Against live models --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["squeezenet:1_1", "torchvision:squeezenet1_1", "--input", "3x64x64"], 0, "names: all 52 agree"),
        (["resnet:18-layer", "torchvision:resnet18", "--input", "3x64x64"], 0, "weights by name"),
        (["resnet_v1_5:18", "timm:resnet18", "--input", "3x64x64"], 0, "outputs: the same"),
        (["vgg:A", "torchvision:vgg11"], 0, "with the model's weights by order"),
        (["vgg:A", "torchvision:vgg11", "--names"], 1, "22 only in the network"),
        (["squeezenet:1_0", "torchvision:squeezenet1_1"], 1, "outputs: not compared"),
        (["squeezenet:1_1", "torchvision:squeezenet1_1", "--set", "classes=10"], 1, "is 10x512x1x1, the model's 1000x512x1x1"),
        (["mobilenet_v2:1.4", "torchvision:mobilenet_v2(width_mult=1.4)", "--input", "3x32x32"], 0, "outputs: the same"),
        (["vgg:A", "torchvision:vgg12"], 2, "torchvision makes no model `vgg12`"),
        (["vgg:A", "timm:nothing_of_the_kind"], 2, "timm makes no model"),
        (["vgg:A", "torchvision:vgg11", "--recipe"], 2, "are for two specs"),
    ],
)  # fmt: skip
def test_a_spec_is_held_against_a_live_model(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torchvision")
    pytest.importorskip("timm")
    assert main(["compare", *arguments]) == status
    told = capsys.readouterr()
    assert said in told.out + told.err


def test_a_stride_that_moved_is_found_though_all_weights_fit(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torchvision")
    assert main(["compare", "resnet:50-layer", "torchvision:resnet50", "--input", "3x64x64"]) == 1
    told = capsys.readouterr().out
    assert "names: all 320 agree" in told and "NOT the same" in told
    assert main(["compare", "resnet_v1_5:50", "torchvision:resnet50", "--input", "3x64x64", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["same"] is True
