"""The language, by what its networks come to: names, values, blocks, files, and the digest of their function."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import netdsl
from netdsl.analysis.compare import compare
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.ops.shared.notation import notation
from netdsl.text.source import Source

HEAD = "input 3x16x16\n"


def paths(text: str) -> list[str]:
    """The weights' places in the state_dict."""
    network = netdsl.loads(text if "input" in text else HEAD + text)
    return [f"{node.path}.{name}" for node in network.nodes for name in network.weights(node)]


def codes(path: Path, **options: object) -> list[str]:
    return [diagnostic.code for diagnostic in compile(path, **options).report]  # type: ignore[arg-type]


NAMES = [
    # statements, and the names of their weights
    ("c: conv3-4(bias=false)", ["c.weight"]),
    ("c: conv3-4(bias=false, norm=gn(2), act=relu)", ["c.conv.weight", "c.gn.weight", "c.gn.bias"]),
    ("c: conv3-4(bias=false, act=prelu)", ["c.conv.weight", "c.prelu.weight"]),
    ("conv3-4(bias=false, act=relu) x2", ["0.weight", "2.weight"]),
    ("maxpool; conv3-4(bias=false)", ["1.weight"]),
    ("a: relu; conv3-4(bias=false)", ["1.weight"]),
    ("c: conv3-4(bias=false) x2", ["c.0.weight", "c.1.weight"]),
    ("c{i + 1}: conv3-4(bias=false) x2 as i", ["c1.weight", "c2.weight"]),
    ("c{i}_x: conv3-4(bias=false) x{2} as i", ["c0_x.weight", "c1_x.weight"]),
    ("{ conv3-4(bias=false); relu } x2", ["0.weight", "2.weight"]),
    ("g: { conv3-4(bias=false); relu } x2", ["g.0.0.weight", "g.1.0.weight"]),
    ("f: { conv3-4(bias=false); d: fc-2(bias=false) }", ["f.0.weight", "f.d.weight"]),
    ("fc-2(bias=false)", ["1.weight"]),
    ("flatten; g: { fc-2(bias=false) }", ["g.0.weight"]),
    ("add { conv1-3(bias=false) | identity }", ["0.branch1.weight"]),
    ("add { a: conv1-3(bias=false) | identity }", ["a.weight"]),
    ("j: add { conv1-3(bias=false) | conv1-3(bias=false); relu }", ["j.branch1.weight", "j.branch2.0.weight"]),
    ("block b() { add { conv1-3(bias=false) | identity } }\nx: b()", ["x.branch1.weight"]),
    ("block b() { add { conv1-3(bias=false) | identity }; relu }\nx: b()", ["x.0.branch1.weight"]),
    ("block b() { c: conv1-3(bias=false) }\nb(); b()", ["0.c.weight", "1.c.weight"]),
    ("default conv(bias=false)\nl: [3x3, 3; 3x3, 3] x2", [f"l.{i}.conv{k}.weight" for i in (0, 1) for k in (1, 2)]),
    ("default conv(bias=false)\nl: [3x3, 4] /2", ["l.conv1.weight", "l.downsample.0.weight"]),
    ("forward: conv1-3(bias=false); class: conv1-3(bias=false)", ["forward_.weight", "class_.weight"]),
    ("aux h { fc-2(bias=false) }; relu", ["h.1.weight"]),
]


@pytest.mark.parametrize(("text", "expected"), NAMES, ids=[text for text, _ in NAMES])
def test_names_of_modules(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


SAME = "conv3-4(act=relu); conv3-4(act=relu); maxpool"
EQUAL = [
    "# a comment\nconv3-4(act=relu)  ;conv3-4( act = relu )\n\n\nmaxpool2/2",
    "a: conv3-4(act=relu); b: conv3-4(act=relu); pool: maxpool",
    "default conv(act=relu)\nconv3-4 x2; maxpool",
    "conv3×3-4(act=relu) ×2; max pool",
    "convolution3-4; ReLU; Conv3-4(pad=1); RELU; MAXPOOL",
    "block b(n) { conv3-n; relu }\nb(4); b(n=4); maxpool",
    "{ conv3-4; relu } x2; maxpool",
    "param n = 2\nif n > 1 { conv3-4(act=relu) x{n} } else { relu }\nmaxpool(pad=valid)",
    "identity; conv3-4; identity; relu; conv3-{channels}(pad=[1, 1, 1, 1]); relu; identity; maxpool",
    "table\n| A |\n|---|\n| conv3-4(act=relu) x2 |\n| maxpool |",
]


@pytest.mark.parametrize("text", EQUAL)
def test_what_does_not_change_the_digest(text: str) -> None:
    variant = "A" if text.startswith("table") else None
    assert netdsl.digest(netdsl.loads(HEAD + text, variant=variant)) == netdsl.digest(netdsl.loads(HEAD + SAME))


@pytest.mark.parametrize("mult", [1, 2])
@pytest.mark.parametrize(
    ("geometry", "rest"),
    [
        ("3", ""),
        ("3/2", "bias=false"),
        ("5x3/1x2", "act=relu6"),
        ("3/2", "bias=false, norm=bn, act=relu6"),
        ("4/2", "pad=valid"),
        ("4/3", "pad=tf"),
        ("3/2", "pad=[0, 1, 2, 3], bias=false"),
        ("3/2", "pad=1, ceil=true"),
        ("3", "dilation=2, frozen=true"),
        ("5", "init=kaiming_normal, bias_init=1"),
    ],
)
def test_a_depthwise_convolution_is_one_with_a_group_for_each_channel(geometry: str, rest: str, mult: int) -> None:
    def grouped(groups: str) -> Network:
        kernel, slash, stride = geometry.partition("/")
        return netdsl.loads(HEAD + f"conv1-6; conv{kernel}-{6 * mult}{slash}{stride}(groups={groups}, {rest})")

    depthwise = netdsl.loads(HEAD + f"conv1-6; dwconv{geometry}(mult={mult}, {rest})")
    assert netdsl.digest(depthwise) == netdsl.digest(grouped("channels"))
    assert compare(depthwise, grouped("channels")).same
    for groups in ("1", "3"):
        assert netdsl.digest(depthwise) != netdsl.digest(grouped(groups))
        assert not compare(depthwise, grouped(groups)).same


DIFFERENT = [
    "conv3-4(act=relu); conv3-4(act=relu); avgpool",
    "conv3-4(act=relu); conv3-4; maxpool",
    "conv3-4(act=relu); conv3-4(act=relu, bias=false); maxpool",
    "conv3-4(act=relu); conv3-4(act=relu, dilation=2, pad=2); maxpool",
    "c: conv3-4(act=relu); reuse(c); maxpool",
    "conv3-4(act=relu); conv3-4(act=relu, frozen=true); maxpool",
    "conv3-4(act=relu); conv3-4(act=relu); maxpool; output a",
    "conv3-4(act=relu); aux h { fc-3 }; conv3-4(act=relu); maxpool",
]


@pytest.mark.parametrize("text", DIFFERENT)
def test_what_changes_the_digest(text: str) -> None:
    if "reuse" in text:
        text, same = text.replace("3-4(", "3-3("), SAME.replace("3-4(", "3-3(")
        assert netdsl.digest(netdsl.loads(HEAD + text)) != netdsl.digest(netdsl.loads(HEAD + same))
    else:
        assert netdsl.digest(netdsl.loads(HEAD + text)) != netdsl.digest(netdsl.loads(HEAD + SAME))


def test_shared_weights_are_not_twins() -> None:
    """One value used twice, against two layers of the same shape."""
    once = netdsl.loads(HEAD + "a: conv3-4; concat { @a | @a }")
    twice = netdsl.loads(HEAD + "concat { conv3-4 | conv3-4 }")
    assert once.output == twice.output and netdsl.digest(once) != netdsl.digest(twice)


VALUES = [
    ("conv1-{7 // 2}", 3), ("conv1-{8 / 2}", 4), ("conv1-{7 % 4}", 3), ("conv1-{2 + 3 * 4}", 14), ("conv1-{(2 + 3) * 4}", 20),
    ("conv1-{round(2.5)}", 3), ("conv1-{floor(2.9)}", 2), ("conv1-{ceil(2.1)}", 3), ("conv1-{min(4, 2, 3)}", 2),
    ("conv1-{max(4, 9)}", 9), ("conv1-{5 if height > 8 and not width < 8 else 6}", 5), ("conv1-{channels * 2}", 6),
    ("conv1-{1K}", 1000), ("conv1-{round(40% * 10)}", 4), ("conv1-{-2 + 5}", 3), ("conv1-{3 if 1 == 1 or 1 / 0 == 1 else 4}", 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "channels"), VALUES)
def test_expressions(text: str, channels: int) -> None:
    assert netdsl.loads(HEAD + text).output == (channels, 16, 16)


def test_blocks_see_their_parameters_and_the_defaults_where_they_are_called() -> None:
    text = "param k = 5\nblock b(n, m=n * 2) { convk-n; conv1-m }\ndefault conv(bias=false)\nb(4)"
    network = netdsl.loads(HEAD + text.replace("convk", "conv{k}"))
    assert [notation(node.op) for node in network.nodes] == ["conv5-4(bias=false)", "conv1-8(bias=false)"]


def test_a_blocks_own_default_ends_with_it() -> None:
    network = netdsl.loads(HEAD + "block b() { default conv(bias=false); conv1-4 }\nb(); conv1-4")
    assert [notation(node.op) for node in network.nodes] == ["conv1-4(bias=false)", "conv1-4"]


def test_a_local_block_shadows_a_standard_one() -> None:
    network = netdsl.loads(HEAD + "block se() { conv1-7 }\nse()")
    assert network.output == (7, 16, 16)


def test_elements_of_lists() -> None:
    text = """input 3x8x8
param widths = [8, 16]
param table = [[1, 2], [3, 5]]
conv3-{widths[i]} x2 as i
conv1-{table[1][1] + widths[0]}
"""
    shapes = [node.shape for node in netdsl.loads(text).nodes]
    assert shapes == [(8, 8, 8), (16, 8, 8), (13, 8, 8)]
    assert netdsl.loads(text, widths=(4, 6)).output == (9, 8, 8)


def test_params_are_set_from_outside() -> None:
    text = "param classes = 10\nparam twice = classes * 2\n" + HEAD + "fc-twice"
    assert netdsl.loads(text).output == (20,)
    assert netdsl.loads(text, classes=3).output == (6,)
    with pytest.raises(netdsl.SpecError, match="clases"):
        netdsl.loads(text, clases=3)


def test_another_input() -> None:
    assert netdsl.loads(HEAD + "maxpool", input=(3, 64, 32)).output == (3, 32, 16)


def test_claims_are_about_the_network_as_written(tmp_path: Path) -> None:
    assert netdsl.load("resnet", variant="50-layer", classes=10).output == (10,)
    assert netdsl.load("vgg19", input=(3, 64, 64)).output == (1000,)
    base = "param n = 4\ninput 3x8x8\nconv3-n   -> 4x8x8\nexpect params = 112\n"
    (tmp_path / "base.net").write_text(base)
    (tmp_path / "child.net").write_text('extends "base.net" (n=5)\nexpect params = 140\n')
    (tmp_path / "wrong.net").write_text('extends "base.net" (n=5)\nexpect params = 112\n')
    (tmp_path / "same.net").write_text('extends "base.net" (n=4)\nexpect params = 113\n')
    assert codes(tmp_path / "base.net") == []
    assert codes(tmp_path / "child.net") == []
    assert codes(tmp_path / "wrong.net") == ["E0504"]
    assert codes(tmp_path / "same.net") == ["E0504"]
    assert codes(tmp_path / "child.net", params={"n": 6}) == []
    (tmp_path / "base.net").write_text(base.replace("112", "113"))
    assert codes(tmp_path / "base.net") == ["E0504"]


def test_a_block_reached_twice_is_one_block(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text("block a() { relu }\n")
    (tmp_path / "b.net").write_text('use "a.net"\nblock b() { a() }\n')
    (tmp_path / "c.net").write_text('use "a.net"\nuse "b.net"\ninput 3x8x8\na(); b()\n')
    assert codes(tmp_path / "c.net") == []


def test_stride_of_the_first_of_a_stack() -> None:
    network = netdsl.loads(HEAD + "block b(n, stride=1) { conv3-n/stride }\nconv3-4 x3 /2; b(4) x2 /2")
    assert [node.shape for node in network.nodes] == [(4, 8, 8)] * 3 + [(4, 4, 4)] * 2


def test_place_of_the_stride() -> None:
    for place, first in (("first", "conv1-2/2"), ("spatial", "conv1-2")):
        network = netdsl.loads(HEAD + f"default residual(stride_at={place})\n[1x1, 2; 3x3, 2; 1x1, 8] /2")
        assert notation(network.nodes[0].op) == first


def test_several_inputs_and_outputs() -> None:
    network = netdsl.loads("input a: 3x8x8\ninput b: 1x8x8\n@a; conv3-4; output mid; concat { identity | @b }")
    assert network.input == {"a": (3, 8, 8), "b": (1, 8, 8)}
    assert network.output == (5, 8, 8)
    assert [(item.name, network.shapes[item.value]) for item in network.outputs] == [("mid", (4, 8, 8))]


def test_the_recipe_is_kept() -> None:
    network = netdsl.loads(
        HEAD + "relu\ntrain(loss=mse, optimizer=sgd(0.1, momentum=0.9), augment=[crop(8), flip], batch=4)"
    )
    assert network.train is not None
    assert network.train.kwargs["optimizer"].kwargs == {"lr": 0.1, "momentum": 0.9}
    assert [item.name for item in network.train.kwargs["augment"]] == ["crop", "flip"]


# Files -----------------------------------------------------------------------------------------------------------------


def test_use_and_extends(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "blocks.net").write_text("param k = 3\nblock b(n) { conv{k}-n }\n")
    (tmp_path / "base.net").write_text('use "sub/blocks.net"\nparam n = 4\ninput 3x8x8\nb(n)\n')
    (tmp_path / "child.net").write_text('net Child\nextends "base.net" (n=6)\nexpect output = 6x8x8\n')
    network = netdsl.load(tmp_path / "child.net")
    assert (network.name, network.output) == ("Child", (6, 8, 8))
    assert netdsl.load(tmp_path / "base.net", n=5).output == (5, 8, 8)


def test_files_outside_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.net").write_text("block b() { relu }\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.net").symlink_to(tmp_path / "secret.net")
    for wanted in ("../secret.net", str(tmp_path / "secret.net"), "link.net", "~/x.net", "a/../../secret.net", ""):
        path = inside / "main.net"
        path.write_text(f"use {json.dumps(wanted)}\ninput 3x8x8\nrelu\n")
        assert codes(path) == ["E0007"], wanted
    path.write_text('use "gone.net"\ninput 3x8x8\nrelu\n')
    assert codes(path) == ["E0001"]


def test_files_that_use_themselves(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text('use "b.net"\nblock a() { relu }\ninput 3x8x8\na()\n')
    (tmp_path / "b.net").write_text('use "a.net"\nblock b() { relu }\n')
    assert set(codes(tmp_path / "a.net")) == {"E0705"}
    (tmp_path / "e.net").write_text('extends "f.net"\n')
    (tmp_path / "f.net").write_text('extends "e.net"\n')
    assert codes(tmp_path / "e.net") == ["E0705"]


def test_large_and_odd_files(tmp_path: Path) -> None:
    path = tmp_path / "x.net"
    path.write_bytes(b"relu\n" * 300_000)
    assert codes(path) == ["E0001"]
    path.write_bytes(b"\xff\xfe")
    assert codes(path) == ["E0001"]
    assert codes(tmp_path) == ["E0001"]
    assert codes(tmp_path / "gone.net") == ["E0001"]
    path.write_bytes(b"{" * 10_000)
    assert codes(path) == ["E0003"]
    path.write_bytes(b"input 3x8x8\r\nrelu\r\n")
    assert codes(path) == []


def test_deep_blocks_end_in_a_message() -> None:
    for opening in ("{", "if true {", "residual {", "y: if true {", "concat { identity | x1 {"):
        for levels in (3, 30):
            inside = f"{opening} " * levels, " }" * levels * opening.count("{")
            blocks = "".join(f"block b{i}() {{ {inside[0]}b{i + 1}(){inside[1]} }}\n" for i in range(60))
            report = compile(Source("deep.net", HEAD + blocks + "block b60() { relu }\nb0()\n")).report
            assert [diagnostic.code for diagnostic in report] == ["E0003"], (opening, levels)


# JSON --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vgg19", "googlenet", "resnet50", "lenet5", "alexnet"])
def test_json_there_and_back(name: str) -> None:
    network = netdsl.load(name)
    again = Network.model_validate_json(network.model_dump_json())
    assert again == network
    assert netdsl.digest(again) == netdsl.digest(network)
    assert netdsl.emit(again) == netdsl.emit(network)


def test_json_schema_knows_the_operators() -> None:
    schema = json.dumps(Network.model_json_schema(mode="serialization"))
    assert '"const": "conv"' in schema and '"const": "rbf"' in schema


def test_wrong_json_is_refused() -> None:
    data = json.loads(netdsl.loads(HEAD + "relu").model_dump_json())
    data["body"]["children"][0]["op"]["name"] = "os"
    with pytest.raises(ValueError, match="operator"):
        Network.model_validate(data)
