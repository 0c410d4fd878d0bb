"""How a network is put together: branches that are repeated, an `if` in its place, blocks with several inputs and outputs,
labels in sight, operators as parameters, and what a network returns."""

from __future__ import annotations

from pathlib import Path

import pytest

import netdsl
from netdsl.backends.text import text as printed
from netdsl.compiler import compile
from netdsl.ir import Network, Scope
from netdsl.passes.claims import computed
from netdsl.text.source import Source

HEAD = "input 4x8x8\n"
TWO = "block two(n) takes a, b { sum: add { @a | @b }; output side: conv3-n; @sum; conv1-n }\n"
HANDED = "block two() takes a, b { sum: add { @a | @b }; output a: conv3-4; @sum; output b: conv1-4 }\n"


def loads(text: str, **params: object) -> Network:
    return netdsl.loads(HEAD + text, **params)


def paths(text: str) -> list[str]:
    """The modules that have weights."""
    network = loads(text)
    return [node.path for node in network.nodes if network.weights(node)]


# Two ways to say one network --------------------------------------------------------------------------------------

ALIKE = [
    ("add x3 { conv1-4; conv3-4 }", "add { conv1-4; conv3-4 | conv1-4; conv3-4 | conv1-4; conv3-4 }"),
    ("concat x3 as i { conv{2 * i + 1}-4 }", "concat { conv1-4 | conv3-4 | conv5-4 }"),
    ("add x2 as i { conv3-4 | conv{2 * i + 1}-4 }", "add { conv3-4 | conv1-4 | conv3-4 | conv3-4 }"),
    ("concat { identity | x2 as i { conv{2 * i + 1}-2 } }", "concat { identity | conv1-2 | conv3-2 }"),
    ("concat x2 as i { x2 as j { conv1-{2 * i + j + 1} } }", "concat { conv1-1 | conv1-2 | conv1-3 | conv1-4 }"),
    ("add x1 { conv3-8 }", "conv3-8"),
    ("add(act=relu) x1 { conv3-8 }", "conv3-8; relu"),
    ("mul { x1 { conv3-8 } }", "conv3-8"),
    (
        "concat x2 as i { if i > 0 { add { identity | @y{i - 1} } }; y{i}: conv3-4 }",
        "concat { y: conv3-4 | add { identity | @y }; conv3-4 }",
    ),
    (
        "add { gap; m: { conv1-2; conv1-4 } | gmp; reuse(m) }",
        "m: identity; gap; a: { conv1-2; conv1-4 }; x: identity; @m; gmp; reuse(a); y: identity; add { @x | @y }",
    ),
    ("if true { a: conv3-8 } else { a: conv5-8 }; relu; @a", "a: conv3-8; relu; @a"),
    ("if channels > 4 { relu } else { default conv(act=relu) }; conv3-8", "conv3-8(act=relu)"),
    ("if i > 0 { conv3-{4 + i} } x3 as i", "conv3-5; conv3-6"),
    ("y: if true { conv3-4 } x2; conv1-4; reuse(y)", "y: { conv3-4 } x2; conv1-4; reuse(y)"),
    ("s{i}: conv3-{4 + i} x2 as i; @s0; concat { identity | @s{2 - 1} }", "a: conv3-4; b: conv3-5; concat { @a | @b }"),
    (
        TWO + "x: relu; y: tanh; t: two(5) { @x | @y }; concat { @t | @t.side }",
        "x: relu; y: tanh; s: add { @x | @y }; p: conv3-5; @s; q: conv1-5; concat { @q | @p }",
    ),
    (
        HANDED + "t: two() { identity | relu } x2; add { @t.a | @t }",
        "x: identity; relu; y: identity; s: add { @x | @y }; a: conv3-4; @s; b: conv1-4; t: add { @a | @b }; "
        "c: conv3-4; @t; d: conv1-4; add { @c | @d }",
    ),
    ("block m(f=silu) { conv3-4; f }\nm(); m(relu); m(f=tanh)", "conv3-4; silu; conv3-4; relu; conv3-4; tanh"),
    (
        "block small(n) { conv3-n }\nblock unit(n, inner=small) { inner(n) }\nunit(8); unit(2, bottleneck)",
        "conv3-8; bottleneck(2)",
    ),
    ("param f = gelu\nconv3-4; f", "conv3-4; gelu"),
    (
        "block m(f=leakyrelu(0.2)) { conv3-4(act=f); f }\nm(); m(relu); m(elu(alpha=0.5))",
        "conv3-4; leakyrelu(0.2); leakyrelu(0.2); conv3-4; relu; relu; conv3-4; elu(0.5); elu(0.5)",
    ),
    (
        "block plain(k, n) { conv{k}-n }\nblock unit(n, inner=plain(3)) { inner(n=n) }\nunit(8); unit(2, plain(k=5))",
        "conv3-8; conv5-2",
    ),
    ("param kernels = [3, 5]\nconcat x{len(kernels)} as i { conv{kernels[i]}-2 }", "concat { conv3-2 | conv5-2 }"),
    ("param wide = 1.4\nconv3-{round_to(16 * wide, 8)}", "conv3-24"),
    ("conv3-{2 ** 3 ** 1}; conv1-{-2 ** 2 + 8}", "conv3-8; conv1-4"),
    ("param k = 3\nconv1x{k}-8(dilation=1x{k - 1})", "conv1x3-8(dilation=1x2)"),
    ("residual(shortcut=same) { conv3-4 }; residual(shortcut=same) { conv3-8 }", "residual { conv3-4 }; conv3-8"),
    ("residual(act=relu, shortcut=same) { conv3-8 }", "conv3-8; relu"),
]


@pytest.mark.parametrize(("text", "same"), ALIKE, ids=[text for text, _ in ALIKE])
def test_two_ways_to_say_one_network(text: str, same: str) -> None:
    assert netdsl.digest(loads(text)) == netdsl.digest(loads(same))


@pytest.mark.parametrize(("text", "same"), ALIKE, ids=[text for text, _ in ALIKE])
def test_what_is_printed_reads_back(text: str, same: str) -> None:
    network = loads(text)
    assert netdsl.digest(netdsl.loads(printed(network))) == netdsl.digest(network)
    assert Network.model_validate_json(network.model_dump_json()) == network


# Names of modules -------------------------------------------------------------------------------------------------

NAMES = [
    ("add x2 { conv1-4 }", ["0.branch1", "0.branch2"]),
    ("concat { conv1-4 | x2 { conv1-4; relu } }", ["0.branch1", "0.branch2.0", "0.branch3.0"]),
    ("j: add x2 { conv1-4 }", ["j.branch1", "j.branch2"]),
    ("concat x2 as i { y{i}: conv1-4 }", ["y0", "y1"]),
    ("if true { conv3-4; a: conv3-4 }; conv3-4", ["0", "a", "2"]),
    ("y: if true { conv3-4 }", ["y.0"]),
    ("y: if true { conv3-4 } x2", ["y.0.0", "y.1.0"]),
    (TWO + "t: two(4) { conv3-4 | relu; conv1-4 }", ["0", "2", "t.side", "t.3"]),
    (HANDED + "conv1-4; t: two() { conv3-4 | relu } x2", ["0", "1", "t.0.a", "t.0.b", "t.1.a", "t.1.b"]),
    ("block b(n) { output low: conv3-n(norm=bn); conv1-4 }\nb(4)", ["0.low.conv", "0.low.bn", "0.1"]),
    ("block b() { output y{i}: conv3-4 x2 as i }\nc: b()", ["c.y0", "c.y1"]),
    ("output y: conv3-4; conv1-4", ["y", "1"]),
    ("output y: conv3-4 x2", ["y.0", "y.1"]),
]


@pytest.mark.parametrize(("text", "expected"), NAMES, ids=[text for text, _ in NAMES])
def test_names_of_modules(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


# Blocks -----------------------------------------------------------------------------------------------------------


def test_a_block_of_several_inputs_in_the_network() -> None:
    network = loads(TWO + "t: two(5) { relu | tanh }")
    block = next(scope for scope in network.body.scopes() if scope.kind == "block")
    assert block.entries == block.inputs == (1, 2) and block.entry == 1
    assert network.nodes[block.outputs["side"] - 1].path == "t.side"
    single = next(scope for scope in loads("se(0.5)").body.scopes() if scope.kind == "block")
    assert (single.entries, single.inputs, single.outputs) == ((), (0,), {})


def test_parameters_with_defaults_speak_of_the_first_input() -> None:
    text = "block b(c=channels) takes x, y { concat { @x | @y }; conv1-c }\nb() { conv1-7 | conv1-9 }\n"
    assert loads(text).output == (7, 8, 8)
    assert loads(text.replace("b() {", "b({channels}) {")).output == (4, 8, 8)


def test_a_block_with_its_inputs_again() -> None:
    network = loads(TWO + "t: two(4) { relu | tanh }; z: reuse(t) { @t.side | @t }; concat { @z | @z.side }")
    first, again = (
        [node for node in scope.nodes() if network.input_shapes(node)]
        for scope in network.body.scopes()
        if scope.kind in ("block",)
    )
    assert [node.shares for node in again] == [node.id for node in first]
    assert again[0].inputs == (first[1].id, first[2].id)


def test_a_call_hides_the_outputs_of_the_calls_inside_it() -> None:
    inner = "block inner() { output a: conv3-4 }\n"
    hidden = compile(Source("t", HEAD + inner + "block outer() { t: inner() }\nu: outer()\n@u.a\n")).report
    assert [each.code for each in hidden] == ["E0204"]
    again = "block outer() { t: inner(); relu; @t.a; output a }\nu: outer(); conv1-4; @u.a"
    assert loads(inner + again).nodes[-1].path == "1"


def test_an_input_keeps_its_name_beside_an_output_of_that_name() -> None:
    network = loads("block b() takes x { output x: conv3-8; concat { @x | identity } }\nt: b(); @t.x; conv1-3")
    concat = next(node for node in network.nodes if node.op.name == "concat")
    assert concat.inputs[0] == 0 and network.nodes[-1].inputs == (1,)


def test_layers_of_branches_stand_before_the_call() -> None:
    """Their labels are not in sight behind it, as those of a group."""
    network = loads(TWO + "two(4) { inner: conv3-4 | relu }")
    kinds = [child.kind if isinstance(child, Scope) else child.op.name for child in network.body.children]
    assert kinds == ["group", "group", "block"]
    report = compile(Source("t", HEAD + TWO + "two(4) { inner: conv3-4 | relu }; @inner")).report
    assert [each.code for each in report] == ["E0204"]


# What a network returns -------------------------------------------------------------------------------------------

RETURNS = [
    ("conv3-4", ["result"]),
    ("gap; fc-3", ["logits"]),
    ("gap; fc-3; softmax", ["logits"]),
    ("gap; scores: fc-3", ["scores"]),
    ("y: conv3-4(norm=bn, act=relu)", ["y"]),
    ("y: conv3-4(act=relu)", ["y"]),
    ("y: { conv3-4; relu }", ["y"]),
    ("y{i}: conv3-4 x2 as i", ["y1"]),
    ("a: conv3-4; output mid; conv1-4", ["result", "mid"]),
    ("conv3-4; output mid; gap; fc-3", ["logits", "mid"]),
    ("conv3-4; output mid; y: conv1-4", ["y", "mid"]),
    ("output low: conv3-4; output high: conv1-4", ["low", "high"]),
    ("gap; fc-3; softmax; output probabilities", ["probabilities"]),
    ("output a: relu; output b", ["a", "b"]),
]


@pytest.mark.parametrize(("text", "names"), RETURNS, ids=[text for text, _ in RETURNS])
def test_what_a_network_returns(text: str, names: list[str]) -> None:
    network = loads(text)
    assert list(network.returns) == names
    assert network.result in network.returns.values()


# Networks of papers -----------------------------------------------------------------------------------------------

PAPERS = {
    "segnet": (29_449_355, None),
    "unet": (31_030_658, None),
    "vit_b_16": (86_567_656, 17_563_828_224),
    "googlenet": (6_998_552, 1_582_671_872),
    "hrnet_w18_small": (13_187_464, 1_601_508_352),
    "mobilenet_v2": (3_504_872, 300_774_272),
    "wavenet": (557_920, None),
    "yolov1": (197_301_875, 20_210_729_728),
    "deepface": (118_923_774, 517_624_448),
    "cifar10_full": (89_578, 12_298_240),
    "ras": (20_228_934, None),
    "crnn": (8_331_301, None),
    "lrcn": (65_422_309, None),
    "pointnet": (3_480_049, 448_025_856),
    "rezero": (37_804_044, None),
    "maxout": (1_233_610, 1_231_200),
    "dueling": (3_300_019, 10_958_336),
}


@pytest.mark.parametrize("name", PAPERS)
def test_networks_of_papers(name: str) -> None:
    """They are right as they stand, come to what is known of them, and survive being printed and read."""
    network = netdsl.load(Path(__file__).parent / "syntax" / f"{name}.net")
    params, macs = PAPERS[name]
    assert network.params == params and network.macs in (macs or network.macs,)
    assert Network.model_validate_json(network.model_dump_json()) == network
    assert netdsl.digest(netdsl.loads(printed(network))) == netdsl.digest(network)


def test_the_field_of_wavenet() -> None:
    network = netdsl.load(Path(__file__).parent / "syntax" / "wavenet.net")
    assert computed(network, None, "field") == 3071
    assert [computed(network, f"layer{i}", "field") for i in (0, 1, 9, 10)] == [3, 5, 1025, 1026]


# Ranks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "names"),
    [("6x20", "length"), ("6x20x10", "height, width"), ("6x20x10x5", "depth, height, width")],
)
def test_dimensions_by_their_names(shape: str, names: str) -> None:
    sizes = tuple(map(int, shape.split("x")))
    for name, size in zip(["channels", *names.split(", ")], sizes, strict=True):
        assert netdsl.loads(f"input {shape}\nconv1-{{{name}}}").output == (size, *sizes[1:])


@pytest.mark.parametrize("shape", ["4x16", "4x16x16", "4x8x16x16"])
def test_shortcuts_in_every_rank(shape: str) -> None:
    rank = shape.count("x")
    for shortcut in ("projection", "pad"):
        network = netdsl.loads(f"input {shape}\nresidual(shortcut={shortcut}) {{ conv3-8/2(norm=bn) }}")
        assert network.output is not None
        assert network.output == (8, *(int(size) // 2 for size in shape.split("x")[1:]))
        used = [node.op.model_dump()["stride"] for node in network.nodes if node.op.name in ("conv", "maxpool")]
        assert used == [(2,) * rank] * 2
    assert len(netdsl.loads(f"input {shape}\nresidual(shortcut=same) {{ conv3-8/2 }}").nodes) == 1


def test_tokens_are_read_by_an_embedding_only() -> None:
    report = compile(Source("t", "input words: 12 of 100\nconv3-4\n")).report
    assert [each.code for each in report] == ["E0301"]
    network = netdsl.loads("input words: 12 of 100\nembedding-8; conv3-4")
    assert network.inputs[0].vocabulary == 100 and network.params == 800 + 8 * 3 * 4 + 4
    assert Network.model_validate_json(network.model_dump_json()) == network
    assert netdsl.digest(netdsl.loads(printed(network))) == netdsl.digest(network)
    assert netdsl.digest(netdsl.loads("input words: 12 of 99\nembedding-8; conv3-4")) != netdsl.digest(network)


# Files ------------------------------------------------------------------------------------------------------------


def test_the_zoo_can_be_opened_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "mine.net").write_text('net Mine\nextends "zoo:lenet5"\nexpect output = 10\n')
    assert netdsl.load(tmp_path / "mine.net").params == netdsl.load("lenet5").params
    assert netdsl.loads('extends "zoo:vgg" variant D (classes=7)').output == (7,)
    for wanted, code in (("zoo:lenet6", "E0001"), ("zoo:../lenet5", "E0001"), ("zoo:", "E0001"), ("zoo", "E0007")):
        report = compile(Source("t", f'use "{wanted}"\n{HEAD}relu\n')).report
        assert [each.code for each in report] == [code], wanted


def test_blocks_of_the_zoo(tmp_path: Path) -> None:
    (tmp_path / "mine.net").write_text(f'use "zoo:efficientnet"\n{HEAD}relu\n')
    assert compile(tmp_path / "mine.net").valid


# What is shown ----------------------------------------------------------------------------------------------------


def test_tables_fold_repeated_branches() -> None:
    """Branches by one statement are one row with the sum of all; those that differ are a row each."""
    network = loads("add x32 { conv1-4; conv3-4 }\nconcat { identity | x4 { conv3-8 } }\nadd { conv1-4 | conv1-4 }")
    added, joined, twice = netdsl.summary(network).rows
    (folded,) = added.rows
    assert (folded.name, folded.times, folded.params) == ("branch1-branch32", 32, added.params)
    assert [(row.name, row.times) for row in joined.rows][1:] == [("branch2-branch5", 4)]
    assert [row.times for row in twice.rows] == [1, 1]
    assert len(netdsl.summary(network, expand=True).rows[0].rows) == 32


def test_memory_is_the_most_that_is_alive_at_once() -> None:
    """Counted by hand: 4 bytes for each of 256 values of the input, and of what is kept beside it."""
    network = loads("a: conv1-8; b: conv1-4; c: add { @a; conv1-4 | @b }")
    assert computed(network, "a", "memory") == 4 * (256 + 512)
    assert computed(network, "b", "memory") == 4 * (512 + 256)
    assert computed(network, "c", "memory") == computed(network, None, "memory") == 4 * (512 + 256 + 256)
