"""The networks of the challenge years and their kin against torchvision: the same names, and the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from test_parity_b import _one_thread as _one_thread
from test_parity_b import compare, draw, error, still, tm, tv, worst_gradient
from torch import nn
from torchvision.models.resnet import BasicBlock

import netdsl


class Padded(nn.Module):
    """Shortcut A: every second pixel, zero channels behind."""

    def __init__(self, more: int) -> None:
        super().__init__()
        self.more = more

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.more))


def option(depth: str, letter: str) -> Callable[[], nn.Module]:
    """torchvision's ResNet, which has shortcuts B, with others."""

    def make() -> nn.Module:
        model = tv(f"resnet{depth}")()
        for block in [block for number in range(1, 5) for block in model.get_submodule(f"layer{number}")]:
            if letter == "A" and block.downsample is not None:
                block.downsample = Padded(block.conv1.out_channels - block.conv1.in_channels)
            elif letter == "C" and block.downsample is None:
                width = block.conv1.in_channels
                block.downsample = nn.Sequential(nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width))
        return model

    return make


class Cifar(nn.Module):
    """Section 4.2 of the paper in torchvision's blocks, under the names of its larger sisters."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = self.stage(16, 16, n), self.stage(16, 32, n), self.stage(32, 64, n)
        self.fc = nn.Linear(64, 10)

    @staticmethod
    def stage(before: int, width: int, n: int) -> nn.Sequential:
        first = BasicBlock(before, width, 2, Padded(width - before)) if before != width else BasicBlock(width, width)
        return nn.Sequential(first, *(BasicBlock(width, width) for _ in range(n - 1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn1(self.conv1(x)).relu()
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def plain(*stages: int) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        layers.append(nn.MaxPool2d(3, 2, 1))
        before = 64
        for width, count in zip((64, 128, 256, 512), stages, strict=True):
            for _ in range(count):
                stride = 1 if width == before else 2
                layers += [nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
                before = width
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))

    return make


# spec, variant, the reference, the side of the input of the numeric comparison (0: names and shapes only)
CASES: list[tuple[str, str | None, Callable[[], nn.Module], int]] = [
    ("alexnet_owt", None, tv("alexnet"), 224),
    *(("vgg_torchvision", depth, tv(f"vgg{depth}"), 64) for depth in ("11", "13", "16", "19")),
    *(("vgg_bn", depth, tv(f"vgg{depth}_bn"), 64) for depth in ("11", "13", "16", "19")),
    ("googlenet_bn", None, tv("googlenet", init_weights=False), 0),
    ("inception_v3", None, tv("inception_v3", init_weights=False), 0),
    ("inception_v3", None, tm("inception_v3", aux_logits=True), 0),
    # the paper's networks of basic blocks are torchvision's; those of bottlenecks stride elsewhere
    *(("resnet", f"{depth}-layer", tv(f"resnet{depth}"), 64) for depth in ("18", "34")),
    *(("resnet_v1_5", depth, tv(f"resnet{depth}"), 64) for depth in ("18", "34", "50", "101", "152")),
    ("resnext", "50-32x4d", tv("resnext50_32x4d"), 64),
    ("resnext", "101-32x8d", tv("resnext101_32x8d"), 64),
    ("resnext", "101-64x4d", tv("resnext101_64x4d"), 64),
    ("wide_resnet", "50-2", tv("wide_resnet50_2"), 64),
    ("wide_resnet", "101-2", tv("wide_resnet101_2"), 64),
    *(("densenet", size, tv(f"densenet{size}"), 64) for size in ("121", "161", "169", "201")),
    ("squeezenet", "1_0", tv("squeezenet1_0"), 96),
    ("squeezenet", "1_1", tv("squeezenet1_1"), 96),
    *(("resnet_abc", f"{depth}-{letter}", option(depth, letter), 64) for depth in ("18", "34") for letter in "ABC"),
    ("plain", "18", plain(4, 4, 4, 4), 64),
    ("plain", "34", plain(6, 8, 12, 6), 64),
    *(("resnet_cifar", f"{6 * n + 2}", partial(Cifar, n), 32) for n in (3, 5, 7, 9, 18, 200)),
]
IDS = [f"{spec}:{variant}" if variant else spec for spec, variant, *_ in CASES]


@pytest.mark.parametrize(("spec", "variant", "reference", "side"), CASES, ids=IDS)
def test_names_and_shapes(spec: str, variant: str | None, reference: Callable[[], nn.Module], side: int) -> None:
    with torch.device("meta"):
        theirs = reference().state_dict()
        ours = netdsl.build(netdsl.load(spec, variant=variant))
    assert {name: tuple(value.shape) for name, value in ours.state_dict().items()} == {
        name: tuple(value.shape) for name, value in theirs.items()
    }
    ours.load_state_dict(theirs, strict=True, assign=True)


QUICK = (
    *("resnet_v1_5:18", "resnet_v1_5:50", "resnext:50-32x4d", "densenet:121", "squeezenet:1_1"),
    *("resnet_abc:18-A", "resnet_abc:18-C", "plain:18", "resnet_cifar:20", "resnet_cifar:56"),
)
NUMERIC = [
    pytest.param(*case, id=name, marks=[] if name in QUICK else [pytest.mark.slow])
    for name, case in zip(IDS, CASES, strict=True)
    if case[3]
]


@pytest.mark.parametrize(("spec", "variant", "reference", "side"), NUMERIC)
def test_logits_and_gradients(spec: str, variant: str | None, reference: Callable[[], nn.Module], side: int) -> None:
    logits, gradients = compare(spec, variant, reference, side)
    print(f"PARITY {spec}:{variant} {logits:.1e} {gradients:.1e}")
    assert logits < 1e-5 and gradients < 1e-5


AUX = [
    # spec, the reference, the side of the input, the aux outputs in the reference's order
    ("googlenet_bn", tv("googlenet", init_weights=False), 112, {"aux1": "aux_logits1", "aux2": "aux_logits2"}),
    pytest.param(
        "inception_v3", tv("inception_v3", init_weights=False), 299, {"AuxLogits": "aux_logits"}, marks=pytest.mark.slow
    ),
    pytest.param("inception_v3", tm("inception_v3", aux_logits=True), 299, {"AuxLogits": 1}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("spec", "reference", "side", "heads"), AUX)
def test_aux_heads(spec: str, reference: Callable[[], nn.Module], side: int, heads: dict[str, str | int]) -> None:
    """Logits in evaluation; logits, aux outputs and gradients in training, dropout off.

    In double precision: gradients of branches are summed in whatever order, and here small ones differ by that.
    """
    torch.manual_seed(0)
    theirs = still(reference()).double()
    draw(theirs)
    ours = still(netdsl.build(netdsl.load(spec))).double()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(2, 3, side, side, dtype=torch.float64)
    with torch.no_grad():
        outputs = theirs.eval()(x)  # timm's gives its heads then too
        assert error(ours.eval()(x), outputs if isinstance(outputs, torch.Tensor) else outputs[0]) < 1e-5
    mine, other = ours.train()(x), theirs.train()(x)
    assert error(mine.logits, other[0]) < 1e-5
    for head, name in heads.items():
        assert error(getattr(mine, head), other[name] if isinstance(name, int) else getattr(other, name)) < 1e-5
    for output in (mine, other):
        sum((value**2).mean() for value in output).backward()
    assert worst_gradient(ours, theirs) < 1e-5
