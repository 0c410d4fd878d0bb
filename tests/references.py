"""The models that specs of the zoo must be: torchvision's and timm's, and the papers' in their blocks.

`CASES` is the one table: a spec and its variant, the model, the side of the input on which both are compared, and whether
that takes long. A new network of the zoo that others have built is a line of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple
from unittest import mock

import papers
import pytest
import torch
from torch import nn

import netdsl
from netdsl.analysis.conformance.apart import apart, applied
from netdsl.ir import Network

torchvision = pytest.importorskip("torchvision")
timm = pytest.importorskip("timm")

Make = Callable[[], nn.Module]


class Named:
    """A model of a library by its name, `torchvision:resnet50`, as specs name it."""

    def __init__(self, name: str, make: Make, drawn: bool = True) -> None:
        self.name, self.make = name, make
        self.drawn = drawn  # whether the spec has its initial weights too

    def __call__(self) -> nn.Module:
        return self.make()


def tv(name: str, width_mult: float | None = None, drawn: bool = True, **more: Any) -> Named:
    more |= {} if width_mult is None else {"width_mult": width_mult}
    title = name if width_mult is None else f"{name}(width_mult={width_mult})"
    return Named(f"torchvision:{title}", lambda: torchvision.models.get_model(name, weights=None, **more), drawn)


def tm(name: str, drawn: bool = True, **more: Any) -> Named:
    return Named(f"timm:{name}", lambda: timm.create_model(name, **more), drawn)


def regnet(name: str) -> Named:
    """Its widths are computed by tensors, which must have values wherever the model is made."""
    widths = torchvision.models.regnet.BlockParams.from_init_params

    def on_cpu(**settings: Any) -> Any:
        with torch.device("cpu"):
            return widths(**settings)

    def make() -> nn.Module:
        with mock.patch.object(torchvision.models.regnet.BlockParams, "from_init_params", on_cpu):
            return tv(name)()

    return Named(f"torchvision:{name}", make)


CONVMIXERS = {"768-32": "768_32", "1024-20": "1024_20_ks9_p14", "1536-20": "1536_20"}


def ghostnet() -> nn.Module:
    """timm's, whose blocks are numbered in stages of 1, 1, 1, 1, 1, 1, 5, 1, 4, by one number each."""
    before = [0, 1, 2, 3, 4, 5, 6, 11, 12]

    def number(found: re.Match[str]) -> str:
        return f"blocks.{before[int(found[1])] + int(found[2])}."

    last = (r"^blocks\.9\.0\.conv", "conv"), (r"^blocks\.9\.0\.bn1", "bn2")
    return renamed(tm("ghostnet_100", drop_rate=0.0), *last, (r"^blocks\.(\d)\.(\d)\.", number))()


def hrnet(name: str) -> Make:
    """timm's, under the names of the spec: a fusing path from resolution j to i is branch j + 1 of map i."""

    def fuse(found: re.Match[str]) -> str:
        to, source = int(found[1]), int(found[2])
        numbers = [int(number) for number in found[3].split(".")]
        place = numbers[0] if source > to else 3 * numbers[0] + numbers[1]  # a step is convolution, norm, rectifier
        return f"map{to}.branch{source + 1}.{place}"

    def kind(found: re.Match[str]) -> str:
        return f"{found[1]}.{('conv', 'bn')[int(found[2])]}"

    return renamed(
        tm(name),
        (r"fuse_layers\.(\d)\.(\d)\.([\d.]+)$", fuse),
        (r"\bconv(\d)$", r"conv\1.conv"),
        (r"\bbn(\d)$", r"conv\1.bn"),
        (r"^stage2\.0", "stage2"),
        (r"branches\.(\d)", r"branch\1"),
        (r"^transition1\.0\.", "transition10."),
        (r"^(transition10|final_layer|downsamp_modules\.\d)\.(\d)$", kind),
        (r"^transition1\.1\.0", "transition11"),
        (r"^transition(\d)\.\d\.0", r"transition\1"),
        (r"^incre_modules\.(\d)\.0", r"incre\1"),
        (r"^downsamp_modules\.(\d)", r"down_conv\1"),
        (r"^final_layer", "final"),
    )


def deeplab() -> nn.Module:
    """torchvision's, which returns its outputs by name, its head first."""

    def make() -> nn.Module:
        model = torchvision.models.segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None, aux_loss=True)
        forward = model.forward
        model.forward = lambda x: tuple(forward(x).values())
        return model

    return renamed(make, (r"convs\.(\d)", lambda found: f"convs.branch{int(found[1]) + 1}"))()


def detector() -> nn.Module:
    """torchvision's SSD300 up to what its boxes are decoded from: the scores of each map, then the offsets."""

    def make() -> nn.Module:
        model = torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None)
        heads = model.head.classification_head.module_list, model.head.regression_head.module_list

        def forward(x: torch.Tensor) -> list[torch.Tensor]:
            maps = list(model.backbone(x).values())
            return [head(one) for each in heads for head, one in zip(each, maps, strict=True)]

        model.forward = forward
        return model

    return renamed(
        make,
        (r"^backbone\.scale_weight", "map0.weight"),
        (r"^backbone\.features", "features"),
        (r"^backbone\.extra\.0\.7\.(\d)", lambda found: f"map1.{7 + int(found[1])}"),
        (r"^backbone\.extra\.(\d)", lambda found: f"map{int(found[1]) + 1}"),
        (r"^head\.classification_head\.module_list\.(\d)", r"scores\1"),
        (r"^head\.regression_head\.module_list\.(\d)", r"offsets\1"),
    )()


def pyramid() -> nn.Module:
    """torchvision's pyramid over ResNet-50; its levels are numbered from the highest."""

    def make() -> nn.Module:
        build = torchvision.models.detection.backbone_utils.resnet_fpn_backbone
        return build(backbone_name="resnet50", weights=None, norm_layer=nn.BatchNorm2d, trainable_layers=5)

    def level(found: re.Match[str]) -> str:
        return f"{'lateral' if found[1] == 'inner' else 'p'}{int(found[2]) + 2}"

    return renamed(make, (r"^fpn\.(inner|layer)_blocks\.(\d)\.0", level))()


def middle(found: re.Match[str]) -> str:
    """The convolutions of VoVNet's block by their order."""
    return ("first", "second", "third", "fourth", "fifth")[int(found[1])]


def mobilenet_v1(width: float) -> Make:
    return lambda: timm.models.efficientnet._gen_mobilenet_v1("mobilenetv1_100", width, act_layer="relu")


def renamed(make: Make, *pairs: tuple[str, str | Callable[[re.Match[str]], str]]) -> Make:
    """The same model under other names: each pattern, in order, with what stands for it (a label is never a number)."""

    def rename(name: str) -> str:
        for pattern, other in pairs:
            name = re.sub(pattern, other, name)
        return name

    if isinstance(make, Named):
        return Named(make.name, lambda: Renamed(make(), rename), make.drawn)
    return lambda: Renamed(make(), rename)


class Renamed(nn.Module):
    """A model whose layers with weights have other names; it computes and trains as it does."""

    def __init__(self, model: nn.Module, rename: Callable[[str], str]) -> None:
        super().__init__()
        object.__setattr__(self, "model", model)  # not as a part: its names are not to be seen
        for name, layer in model.named_modules():
            if not any(True for _ in layer.children()):
                if any(True for _ in layer.parameters()):
                    place, last = self._place(rename(name))
                    assert last not in place._modules, f"two layers named {rename(name)}"
                    place.add_module(last, layer)
                continue
            for own, parameter in layer.named_parameters(recurse=False):
                place, last = self._place(rename(f"{name}.{own}"))
                place.register_parameter(last, parameter)
            for own, buffer in layer.named_buffers(recurse=False):
                place, last = self._place(rename(f"{name}.{own}"))
                place.register_buffer(last, buffer)

    def _place(self, name: str) -> tuple[nn.Module, str]:
        """The module that is to have what bears this name, and its name there."""
        *path, last = name.split(".")
        place: nn.Module = self
        for part in path:
            if part not in place._modules:
                place.add_module(part, nn.Module())
            place = place.get_submodule(part)
        return place, last

    def train(self, mode: bool = True) -> Renamed:
        self.model.train(mode)
        return super().train(mode)

    def modules(self) -> Iterator[nn.Module]:
        return self.model.modules()

    def forward(self, x: torch.Tensor) -> Any:
        return self.model(x)


class Padded(nn.Module):
    """Shortcut A: every second pixel, zero channels behind."""

    def __init__(self, more: int) -> None:
        super().__init__()
        self.more = more

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.more))


def option(depth: str, letter: str) -> Make:
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
        basic = torchvision.models.resnet.BasicBlock
        first = basic(before, width, 2, Padded(width - before)) if before != width else basic(width, width)
        return nn.Sequential(first, *(basic(width, width) for _ in range(n - 1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn1(self.conv1(x)).relu()
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def plain(*stages: int) -> Make:
    """The networks without shortcuts that the paper compares with."""

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


class Case(NamedTuple):
    """A spec and the model it must be, apart from what the spec lists.

    `side` is that of the RGB image on which both are compared, `shape` another input; `heads` are the aux outputs, and
    what they are among the reference's.
    """

    spec: str
    variant: str | None
    reference: Make
    side: int = 64
    slow: bool = False
    heads: dict[str, str | int] | None = None
    shape: tuple[int, ...] | None = None

    @property
    def input(self) -> tuple[int, ...]:
        return self.shape or (3, self.side, self.side)

    def network(self) -> Network:
        """The spec's network, with what its note says that the reference has otherwise."""
        made = netdsl.load(self.spec, variant=self.variant)
        differences = apart(self.note(made))
        if differences.input is not None:
            made = netdsl.load(self.spec, variant=self.variant, input=differences.input)
        return applied(made, differences)

    def note(self, network: Network) -> str | None:
        """The note of the spec on this reference."""
        named = self.reference.name if isinstance(self.reference, Named) else None
        return next((f.note for f in network.reported if f.quantity == "reference" and f.value == named), None)

    @property
    def id(self) -> str:
        return f"{self.spec}:{self.variant}" if self.variant else self.spec


CASES = [
    Case("alexnet_owt", None, tv("alexnet"), 224, slow=True),
    *(Case("vgg_torchvision", depth, tv(f"vgg{depth}"), slow=True) for depth in ("11", "13", "16", "19")),
    *(Case("vgg_bn", depth, tv(f"vgg{depth}_bn"), slow=True) for depth in ("11", "13", "16", "19")),
    Case(
        "googlenet_bn",
        None,
        tv("googlenet", init_weights=False),
        112,
        heads={"aux1": "aux_logits1", "aux2": "aux_logits2"},
    ),
    Case(
        "inception_v3", None, tv("inception_v3", init_weights=False), 299, slow=True, heads={"AuxLogits": "aux_logits"}
    ),
    Case("inception_v3", None, tm("inception_v3", aux_logits=True), 299, slow=True, heads={"AuxLogits": 1}),
    Case("inception_v4", None, tm("inception_v4"), 107),
    Case("inception_resnet_v2", "released", tm("inception_resnet_v2"), 107),
    # the paper's networks of basic blocks are torchvision's; those of bottlenecks stride elsewhere
    *(Case("resnet", f"{depth}-layer", tv(f"resnet{depth}"), slow=True) for depth in ("18", "34")),
    *(
        Case("resnet_v1_5", depth, tv(f"resnet{depth}"), slow=depth not in ("18", "50"))
        for depth in ("18", "34", "50", "101", "152")
    ),
    Case("resnext", "50-32x4d", tv("resnext50_32x4d")),
    Case("resnext", "101-32x8d", tv("resnext101_32x8d"), slow=True),
    Case("resnext", "101-64x4d", tv("resnext101_64x4d"), slow=True),
    Case("wide_resnet", "50-2", tv("wide_resnet50_2"), slow=True),
    Case("wide_resnet", "101-2", tv("wide_resnet101_2"), slow=True),
    *(Case("densenet", size, tv(f"densenet{size}"), slow=size != "121") for size in ("121", "161", "169", "201")),
    Case("squeezenet", "1_0", tv("squeezenet1_0"), 96, slow=True),
    Case("squeezenet", "1_1", tv("squeezenet1_1"), 96),
    *(
        Case("resnet_abc", f"{depth}-{letter}", option(depth, letter), slow=depth == "34" or letter == "B")
        for depth in ("18", "34")
        for letter in "ABC"
    ),
    Case("plain", "18", plain(4, 4, 4, 4)),
    Case("plain", "34", plain(6, 8, 12, 6), slow=True),
    *(Case("resnet_cifar", f"{6 * n + 2}", partial(Cifar, n), 32, slow=n not in (3, 9)) for n in (3, 5, 7, 9, 18, 200)),
    Case("mobilenet_v2", "1.0", tv("mobilenet_v2")),
    Case("mobilenet_v2", "1.4", tv("mobilenet_v2", width_mult=1.4)),
    *(Case("shufflenet_v2_torchvision", x, tv(f"shufflenet_v2_{x}")) for x in ("x0_5", "x1_0", "x1_5", "x2_0")),
    *(Case("mnasnet", x, tv(f"mnasnet{x}")) for x in ("0_5", "0_75", "1_0", "1_3")),
    *(Case("efficientnet", f"B{n}", tv(f"efficientnet_b{n}"), slow=n > 4) for n in range(8)),
    *(
        Case(
            "regnet",
            f"{x}-{size.replace('_', '.').upper()}",
            regnet(f"regnet_{x.lower()}_{size}"),
            slow=size in ("8gf", "16gf", "32gf"),
        )
        for x in "XY"
        for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
    ),
    Case("regnet", "Y-128GF", regnet("regnet_y_128gf"), slow=True),
    *(
        Case("convnext", x, tv(f"convnext_{x}"), slow=x in ("base", "large"))
        for x in ("tiny", "small", "base", "large")
    ),
    Case("senet", "50", tm("seresnet50", drawn=False)),
    Case("senet", "154", tm("senet154", drawn=False), slow=True),
    *(Case("mobilenet_v1", f"{width}", mobilenet_v1(width)) for width in (1.0, 0.75, 0.5, 0.25)),
    Case("xception", None, tm("legacy_xception", drawn=False), 107),
    *(
        Case("resnet_v2", depth, tm(f"resnetv2_{depth}", drawn=False), slow=depth != "50")
        for depth in ("50", "101", "152")
    ),
    *(Case("dpn", size, tm(f"dpn{size}", drawn=False), slow=size != "92") for size in ("92", "98", "131")),
    *(
        Case(
            "vovnet",
            size,
            renamed(tm(f"vovnet{size}a"), (r"stem\.(\d)", r"stem\1"), (r"conv_mid\.(\d)", middle)),
            slow=size != "39",
        )
        for size in ("39", "57")
    ),
    Case("caffenet", None, papers.caffenet, 227),
    Case("alexnet_bn", None, papers.alexnet_bn, 224, slow=True),
    *(
        Case("overfeat", name, papers.overfeat(name), side, slow=True)
        for name, side in (("fast", 231), ("accurate", 221))
    ),
    *(Case("cnn_fms", f"CNN-{size}", papers.devil(size), 224, slow=True) for size in "FMS"),
    *(Case("mobilenet_v3", size, tv(f"mobilenet_v3_{size}")) for size in ("large", "small")),
    Case("efficientnet_v2", None, tv("efficientnet_v2_s"), slow=True),
    Case("ghostnet", None, ghostnet),
    *(
        Case("convmixer", size, tm(f"convmixer_{name}", drawn=False), 70, slow=True)
        for size, name in CONVMIXERS.items()
    ),
    *(Case("highway", f"{depth}", partial(papers.highway, depth), shape=(784,)) for depth in (10, 20, 50, 100)),
    *(Case("dqn", f"{year}", partial(papers.dqn, year), shape=(4, 84, 84)) for year in (2015, 2013)),
    Case("inception_v2", None, papers.inception_v2, 299, slow=True),
    Case("lenet1", None, papers.lenet1, shape=(1, 28, 28)),
    Case("dcgan", "generator", papers.dcgan("generator"), shape=(100,)),
    Case("dcgan", "discriminator", papers.dcgan("discriminator")),
    Case("fcn8s", None, papers.FCN8s, 500, slow=True),
    *(
        Case("repvgg", size, tm(f"repvgg_{size.lower()}", drawn=False), slow=size != "A0")
        for size in ("A0", "A1", "A2", "B0", "B1")
    ),
    *(
        Case("video_resnet", name, tv(name), shape=(3, 8, 40, 40), slow=name != "r3d_18")
        for name in ("r3d_18", "mc3_18", "r2plus1d_18")
    ),
    Case("c3d", None, papers.c3d, shape=(3, 16, 112, 112), slow=True),
    Case("wavenet", None, papers.WaveNet, shape=(256, 700)),
    *(Case("hrnet", size, hrnet(f"hrnet_{size}"), slow=size != "w18_small") for size in ("w18_small", "w18", "w32")),
    Case(
        "nasnet",
        None,
        renamed(tm("nasnetalarge"), ("conv_prev_1x1", "previous"), (r"(path_\d|final_path_bn)", r"previous.\1")),
        107,
        slow=True,
    ),
    Case("fpn_resnet50", None, pyramid),
    Case("deeplab_v3", None, deeplab, 65, slow=True, heads={"aux_classifier": 1}),
    Case("vit", "B/16", tv("vit_b_16", drawn=False), 224, slow=True),
    Case("vit", "B/32", tv("vit_b_32", drawn=False), 224),
    Case("vit", "L/16", tv("vit_l_16", drawn=False), 224, slow=True),
    *(
        Case("deit", size, tm(f"deit_{size}_patch16_224", drawn=False), 224, slow=size != "tiny")
        for size in ("tiny", "small", "base")
    ),
    *(
        Case("mixer", size, tm(f"mixer_{size.lower().replace('/', '')}_224", drawn=False), 224, slow=size != "S/32")
        for size in ("S/32", "S/16", "B/32", "B/16", "L/16")
    ),
    Case("zip1989", None, papers.Zip1989, shape=(1, 16, 16)),
    *(
        Case(
            "swin",
            size,
            renamed(tv(f"swin_{size.lower()}", drawn=False), (r"features\.0\.2", "features.0.1")),
            128,
            slow=size != "T",
        )
        for size in "TSB"
    ),
    Case("ssd300_vgg", None, detector, 300, slow=True),
    Case("enet", None, papers.ENet),
]
