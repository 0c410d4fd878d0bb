"""Every figure that the papers' networks must have, exactly: sizes, parameters, multiply-adds, depth."""

from __future__ import annotations

import pytest

import netdsl

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
