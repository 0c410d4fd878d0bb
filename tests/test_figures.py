"""Every figure that the papers' networks must have, exactly: sizes, parameters, multiply-adds, depth."""

from __future__ import annotations

from pathlib import Path

import pytest

import netdsl
from netdsl.backends.pictures import collapse, graph, prose
from netdsl.compiler import compile
from netdsl.text.source import Source

NETWORKS = [
    # spec, variant, params, aux params, macs, depth
    ("vgg", "A", 132_863_336, 0, 7_609_090_048, 11),
    ("vgg", "A-LRN", 132_863_336, 0, 7_609_090_048, 11),
    ("vgg", "B", 133_047_848, 0, 11_308_466_176, 13),
    ("vgg", "C", 133_638_952, 0, 11_770_888_192, 16),
    ("vgg", "D", 138_357_544, 0, 15_470_264_320, 16),
    ("vgg", "E", 143_667_240, 0, 19_632_062_464, 19),
    ("vgg19", None, 143_667_240, 0, 19_632_062_464, 19),
    ("alexnet", None, 60_965_224, 0, 724_406_816, 8),
    ("googlenet", None, 6_998_552, 13_378_280 - 6_998_552, 1_582_671_872, 22),
    ("lenet5", None, 60_000, 0, 325_680, 4),
    ("resnet18", None, 11_689_512, 0, 1_814_073_344, 18),
    ("resnet34", None, 21_797_672, 0, 3_663_761_408, 34),
    ("resnet50", None, 25_557_032, 0, 3_857_973_248, 50),
    ("resnet101", None, 44_549_160, 0, 7_570_194_432, 101),
    ("resnet152", None, 60_192_808, 0, 11_282_415_616, 152),
    ("mlp", None, 784 * 300 + 300 + 300 * 100 + 100 + 100 * 10 + 10, 0, 784 * 300 + 300 * 100 + 100 * 10, 3),
]


@pytest.mark.parametrize(("spec", "variant", "params", "aux", "macs", "depth"), NETWORKS)
def test_totals(spec: str, variant: str | None, params: int, aux: int, macs: int, depth: int) -> None:
    net = netdsl.load(spec, variant=variant)
    assert (net.params, net.aux_params, net.macs, net.depth) == (params, aux, macs, depth)


SPATIAL = [
    ("18-layer", 1_814_073_344),
    ("34-layer", 3_663_761_408),
    ("50-layer", 4_089_184_256),
    ("101-layer", 7_801_405_440),
    ("152-layer", 11_513_626_624),
]


@pytest.mark.parametrize(("variant", "macs"), SPATIAL)
def test_resnet_with_the_stride_on_the_3x3(variant: str, macs: int) -> None:
    """The place that torchvision gives the stride: same parameters, other multiply-adds."""
    from netdsl.text.source import Source
    from netdsl.zoo import directory

    text = (directory() / "resnet.net").read_text("utf-8")
    text = text.replace("\ntable\n", "\ndefault residual(stride_at=spatial)\n\ntable\n")
    text = "\n".join(line for line in text.splitlines() if "expect macs" not in line)
    network = netdsl.compile(Source("resnet.net", text), variant=variant).network
    assert network is not None and network.complete
    assert network.macs == macs
    assert network.params == netdsl.load("resnet", variant=variant).params


SHORTCUTS = [
    ("18-layer", "pad", 11_515_688, 1_794_805_760),
    ("18-layer", "always", 12_043_816, 1_878_298_624),
    ("34-layer", "pad", 21_623_848, 3_644_493_824),
    ("34-layer", "always", 22_716_840, 3_830_747_136),
]


@pytest.mark.parametrize(("variant", "shortcut", "params", "macs"), SHORTCUTS)
def test_resnet_shortcuts(variant: str, shortcut: str, params: int, macs: int) -> None:
    """Options A and C of He et al. 2015, section 4.1."""
    from netdsl.text.source import Source
    from netdsl.zoo import directory

    text = (directory() / "resnet.net").read_text("utf-8")
    text = text.replace("\ntable\n", f"\ndefault residual(shortcut={shortcut})\n\ntable\n")
    text = "\n".join(line for line in text.splitlines() if "expect macs" not in line and "expect params" not in line)
    network = netdsl.compile(Source("resnet.net", text), variant=variant).network
    assert network is not None and network.complete
    assert (network.params, network.macs) == (params, macs)


INCEPTION = [
    ("inception3a", 128_049_152),
    ("inception3b", 304_267_264),
    ("inception4a", 73_608_192),
    ("inception4b", 87_908_352),
    ("inception4c", 99_850_240),
    ("inception4d", 118_515_712),
    ("inception4e", 169_996_288),
    ("inception5a", 51_079_168),
    ("inception5b", 70_697_984),
    ("conv1", 118_013_952),
]


@pytest.mark.parametrize(("label", "macs"), INCEPTION)
def test_googlenet_rows(label: str, macs: int) -> None:
    from netdsl.passes.claims import computed

    assert computed(netdsl.load("googlenet"), label, "macs") == macs


ALEXNET = [
    ("conv1", (96, 55, 55), 34_944, 105_415_200),
    ("conv2", (256, 27, 27), 307_456, 223_948_800),
    ("conv3", (384, 13, 13), 885_120, 149_520_384),
    ("conv4", (384, 13, 13), 663_936, 112_140_288),
    ("conv5", (256, 13, 13), 442_624, 74_760_192),
    ("fc6", (4096,), 37_752_832, 37_748_736),
    ("fc7", (4096,), 16_781_312, 16_777_216),
    ("fc8", (1000,), 4_097_000, 4_096_000),
]


@pytest.mark.parametrize(("label", "shape", "params", "macs"), ALEXNET)
def test_alexnet_rows(label: str, shape: tuple[int, ...], params: int, macs: int) -> None:
    from netdsl.passes.claims import computed

    net = netdsl.load("alexnet")
    assert computed(net, label, "output") == shape
    assert computed(net, label, "params") == params
    assert computed(net, label, "macs") == macs


LENET = [("C1", 122_304), ("S2", 5_880), ("C3", 151_600), ("S4", 2_000), ("C5", 48_120), ("F6", 10_164), ("OUT", 840)]


@pytest.mark.parametrize(("label", "connections"), LENET)
def test_lenet_connections(label: str, connections: int) -> None:
    from netdsl.passes.claims import computed

    assert computed(netdsl.load("lenet5"), label, "connections") == connections


def test_vgg19_is_column_e() -> None:
    assert netdsl.digest(netdsl.load("vgg19")) == netdsl.digest(netdsl.load("vgg", variant="E"))
    assert netdsl.digest(netdsl.load("vgg19")) != netdsl.digest(netdsl.load("vgg", variant="D"))


# Claims ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "help"),
    [
        ("flops = 3", "`macs` counts multiply-adds; a paper that counts both operations of each prints twice"),
        ("FLOPs = 3", "`macs` counts multiply-adds; a paper that counts both operations of each prints twice"),
        ("parms = 3", "did you mean `params`?"),
        ("accuracy = 3", "there are: aux_params, connections, depth, "),
    ],
)
def test_what_cannot_be_computed_is_told_what_can(claim: str, help: str) -> None:
    (error,) = compile(Source("told.net", f"input 3x8x8\nconv3-4\nexpect {claim}")).report
    assert error.code == "E0503" and error.help is not None and error.help.startswith(help)
    assert error.help.endswith(f"goes into `reported {claim.partition(' ')[0]} = ...`")


@pytest.mark.parametrize(("label", "near"), [("stm", "stem"), ("boddy", "body")])
def test_a_claim_about_what_there_is_not_is_told_what_is_called_alike(label: str, near: str) -> None:
    text = f"input 3x8x8\nstem: conv3-4\nbody: {{ conv3-4; relu }}\nexpect {label}.params = 3"
    (error,) = compile(Source("told.net", text)).report
    assert (error.code, error.help) == ("E0502", f"did you mean `{near}`?")


@pytest.mark.parametrize("value", ["true", "many", "1x12", '"112"', "[112]"])
def test_a_count_is_no_truth_no_word_and_no_shape(value: str) -> None:
    (error,) = compile(Source("told.net", f"input 3x8x8\nconv3-4\nexpect params = {value}")).report
    assert (error.code, error.message) == ("E0504", f"`params` is 112; {value} is no number")


def test_a_value_that_is_claimed_over_several_lines_is_told_in_one() -> None:
    text = "input 3x8x8\nconv3-4\nexpect params = max(1,  # the least\n  2)"
    (error,) = compile(Source("told.net", text)).report
    assert error.message == "`params` is 112, not max(1, 2)"


def test_without_layers_a_network_holds_its_inputs_and_a_part_nothing() -> None:
    """4 bytes for each of 3 * 8 * 8 + 10 values."""
    text = "input x: 3x8x8\ninput y: 10\na: { conv3-4 x0 }\nexpect memory = 808; expect a.memory = 0"
    assert not list(compile(Source("told.net", text)).report)


def test_a_shape_is_told_where_it_is_made_if_that_is_not_where_it_is_claimed(tmp_path: Path) -> None:
    block = "block two() {\n  conv3-4\n  relu\n}\n"
    (tmp_path / "two.net").write_text(block)
    for text, made in (
        ("input 3x8x8\nrelu -> 4x8x8\n", []),
        ("input 3x8x8\n{ conv3-4; relu } x2 -> 5x8x8\n", []),
        (f"{block}input 3x8x8\ntwo -> 5x8x8\n", [("told.net", "relu")]),
        ('use "two.net"\ninput 3x8x8\ntwo -> 5x8x8\n', [("two.net", "relu")]),
    ):
        (error,) = compile(Source("told.net", text), directory=tmp_path).report
        sources = {"told.net": text, "two.net": block}
        spans = [each.span for each in error.related if each.span]
        assert [(span.file, sources[span.file][span.start : span.end]) for span in spans] == made, text


# Layers in one line ----------------------------------------------------------------------------------------------------------


LINES = [
    ("conv3-64/2", "3x3 conv, 64, /2"),
    ("conv3-64", "3x3 conv, 64"),
    ("conv3-64(groups=64)", "3x3 depthwise conv"),
    ("conv3-64/2(groups=64)", "3x3 depthwise conv, /2"),
    ("conv1x3-128(groups=64)", "1x3 conv, 128, 64 groups"),
    ("conv1-64(groups=32)", "1x1 conv, 64, 32 groups"),
    ("conv1-2", "1x1 conv, 2"),
    ("conv3-2(groups=2)", "3x3 depthwise conv"),
    ("conv1-4(groups=2)", "1x1 conv, 4, 2 groups"),
    ("conv1-1", "1x1 conv, 1"),
    ("conv3-1", "3x3 conv, 1"),
    ("maxpool3/2", "pool, /2"),
    ("maxpool", "pool, /2"),
    ("maxpool3/3", "3x3 max pool, /3"),
    ("maxpool3/1", "3x3 max pool"),
    ("avgpool", "2x2 avg pool, /2"),
    ("dwconv3", "3x3 depthwise conv"),
    ("gap", "avg pool"),
    ("fc-1000", "fc 1000"),
]


def test_a_layer_in_one_line_is_as_the_figures_of_papers_have_it() -> None:
    """What is depthwise can be told where the input's channels are known: not behind a mistake."""
    text = "\n".join(["input 64x200x200", *(layer for layer, _ in LINES)])
    wrong = "input 3x8x8\nconv3-4(groups=2)\nconv3-64(groups=64)"
    for spec, lines in (
        (text, [line for _, line in LINES]),
        (wrong, ["3x3 conv, 4, 2 groups", "3x3 conv, 64, 64 groups"]),
    ):
        network = compile(Source("lines.net", spec)).network
        assert network is not None
        picture = graph.picture(collapse.layers(network))
        assert [prose.line(node) for node in picture.nodes[1:-1]] == lines
