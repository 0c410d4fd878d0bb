"""Networks that no library has, as their papers and authors describe them, in PyTorch's own layers.

What a spec says in the language stands here once more in plain PyTorch, written from the same source and not from the
spec; the weighted layers have the names that the spec gives them, so that one's weights load into the other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import torch
from torch import nn


def stack(**layers: nn.Module) -> nn.Sequential:
    """Layers one after the other, by name."""
    return nn.Sequential(OrderedDict(layers))


def conv(before: int, after: int, kernel: int, stride: int = 1, pad: int = 0, groups: int = 1) -> nn.Sequential:
    """A convolution with its rectifier, as it stands in the networks of 2012 to 2014; the names are given by `flat`."""
    return nn.Sequential(nn.Conv2d(before, after, kernel, stride, pad, groups=groups), nn.ReLU())


def flat(**parts: nn.Module) -> nn.Sequential:
    """Layers by name, where the first layer of a `Sequential` has the name and the others, which have no weights, none."""
    layers: dict[str, nn.Module] = {}
    for name, part in parts.items():
        first, *others = part if isinstance(part, nn.Sequential) else [part]
        layers[name] = first
        layers.update({f"{name}_{number}": other for number, other in enumerate(others)})
    return stack(**layers)


def classifier(
    features: int, hidden: tuple[int, ...], first: int, name: str = "fc", classes: int = 1000
) -> dict[str, nn.Module]:
    """Fully connected layers with rectifiers and dropout, named by their numbers, and a last one for the classes."""
    found: dict[str, nn.Module] = {"flatten": nn.Flatten()}
    for number, width in enumerate(hidden, first):
        found[f"{name}{number}"] = nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Dropout())
        features = width
    return {**found, f"{name}{first + len(hidden)}": nn.Linear(features, classes)}


def caffenet() -> nn.Module:
    """BVLC's bvlc_reference_caffenet."""
    pool, norm = partial(nn.MaxPool2d, 3, 2), partial(nn.LocalResponseNorm, 5, 1e-4, 0.75, 1.0)
    return flat(
        conv1=conv(3, 96, 11, 4), pool1=pool(), norm1=norm(),
        conv2=conv(96, 256, 5, 1, 2, 2), pool2=pool(), norm2=norm(),
        conv3=conv(256, 384, 3, 1, 1), conv4=conv(384, 384, 3, 1, 1, 2), conv5=conv(384, 256, 3, 1, 1, 2), pool5=pool(),
        **classifier(9216, (4096, 4096), 6),
    )  # fmt: skip


def alexnet_bn() -> nn.Module:
    """alexnetowtbn of imagenet-multiGPU.torch."""
    features: list[nn.Module] = []
    for before, after, kernel, stride, pad in ((3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1),
                                               (384, 256, 3, 1, 1), (256, 256, 3, 1, 1)):  # fmt: skip
        features += [nn.Conv2d(before, after, kernel, stride, pad), nn.BatchNorm2d(after, 1e-3), nn.ReLU()]
        if after in (64, 192) or before == after:
            features.append(nn.MaxPool2d(3, 2))
    hidden: list[nn.Module] = []
    for before in (9216, 4096):
        hidden += [nn.Dropout(), nn.Linear(before, 4096), nn.BatchNorm1d(4096, 1e-3), nn.ReLU()]
    return stack(
        features=nn.Sequential(*features),
        flatten=nn.Flatten(),
        classifier=nn.Sequential(*hidden, nn.Linear(4096, 1000)),
    )


def overfeat(model: str) -> Callable[[], nn.Module]:
    """Tables 1 (fast) and 3 (accurate)."""

    def fast() -> nn.Module:
        return flat(
            conv1=conv(3, 96, 11, 4), pool1=nn.MaxPool2d(2), conv2=conv(96, 256, 5), pool2=nn.MaxPool2d(2),
            conv3=conv(256, 512, 3, 1, 1), conv4=conv(512, 1024, 3, 1, 1), conv5=conv(1024, 1024, 3, 1, 1),
            pool5=nn.MaxPool2d(2), **classifier(36 * 1024, (3072, 4096), 6),
        )  # fmt: skip

    def accurate() -> nn.Module:
        return flat(
            conv1=conv(3, 96, 7, 2), pool1=nn.MaxPool2d(3), conv2=conv(96, 256, 7), pool2=nn.MaxPool2d(2),
            conv3=conv(256, 512, 3, 1, 1), conv4=conv(512, 512, 3, 1, 1), conv5=conv(512, 1024, 3, 1, 1),
            conv6=conv(1024, 1024, 3, 1, 1), pool6=nn.MaxPool2d(3), **classifier(25 * 1024, (4096, 4096), 7),
        )  # fmt: skip

    return {"fast": fast, "accurate": accurate}[model]


def devil(model: str) -> Callable[[], nn.Module]:
    """Table 1 of Return of the Devil in the Details: CNN-F, CNN-M, CNN-S."""
    norm = partial(nn.LocalResponseNorm, 5, 5e-4, 0.75, 2.0)
    wide = 256 if model == "F" else 512

    def make() -> nn.Module:
        first = {"F": conv(3, 64, 11, 4), "M": conv(3, 96, 7, 2), "S": conv(3, 96, 7, 2)}[model]
        second = {"F": conv(64, 256, 5, 1, 2), "M": conv(96, 256, 5, 2, 1), "S": conv(96, 256, 5, 1, 1)}[model]
        pools = {"F": ((3, 2), (3, 2), (3, 2)), "M": ((3, 2), (3, 2), (3, 2)), "S": ((3, 3), (2, 2), (3, 3))}[model]
        pool1, pool2, pool5 = (nn.MaxPool2d(size, step, ceil_mode=True) for size, step in pools)
        return flat(
            conv1=first, norm1=norm(), pool1=pool1, conv2=second, norm2=nn.Identity() if model == "S" else norm(),
            pool2=pool2, conv3=conv(256, wide, 3, 1, 1), conv4=conv(wide, wide, 3, 1, 1),
            conv5=conv(wide, wide, 3, 1, 1), pool5=pool5, **classifier(36 * wide, (4096, 4096), 6, "full"),
        )  # fmt: skip

    return make


class Subsample(nn.Module):
    """LeCun's averaging: the sum of 2x2 values, times a coefficient, plus a bias, both of each map."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(maps)), nn.Parameter(torch.empty(maps))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.unfold(2, 2, 2).unfold(3, 2, 2).sum((4, 5))
        return x * self.weight[:, None, None] + self.bias[:, None, None]


class Linked(nn.Module):
    """A convolution of 5x5 whose maps see some of the maps before, with a kernel for each link, in order."""

    def __init__(self, links: list[list[int]], stride: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.links, self.stride = links, stride
        self.weight = nn.Parameter(torch.empty(sum(map(len, links)), 1, 5, 5))
        self.bias = nn.Parameter(torch.empty(len(links))) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kernels = iter(self.weight)
        total = torch.zeros(())
        maps = []
        for seen in self.links:
            seeing = (nn.functional.conv2d(x[:, [i]], next(kernels)[None], stride=self.stride) for i in seen)
            maps.append(sum(seeing, total))
        joined = torch.cat(maps, 1)
        return joined if self.bias is None else joined + self.bias[:, None, None]


class Squash(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)


def lenet1() -> nn.Module:
    """LeCun et al. 1989: two halves of H3 see two maps of H2 each, one or both of them."""
    half = [[0], [0, 1], [0, 1], [1], [0, 1], [0, 1]]
    links = half + [[i + 2 for i in seen] for seen in half]
    return stack(
        H1=nn.Conv2d(1, 4, 5), squash1=Squash(), H2=Subsample(4), squash2=Squash(), H3=Linked(links), squash3=Squash(),
        H4=Subsample(12), squash4=Squash(), flatten=nn.Flatten(), output=nn.Linear(192, 10), squash5=Squash(),
    )  # fmt: skip


def dcgan(part: str) -> Callable[[], nn.Module]:
    """Figure 1 and its mirror image, as in the first author's dcgan_code."""

    def generator() -> nn.Module:
        first = nn.Linear(100, 16384, bias=False), nn.BatchNorm1d(16384), nn.ReLU(), nn.Unflatten(1, (1024, 4, 4))
        layers: list[nn.Module] = [*first]
        for before, after in ((1024, 512), (512, 256), (256, 128)):
            layers.append(nn.ConvTranspose2d(before, after, 5, 2, 2, 1, bias=False))
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
        return nn.Sequential(*layers, nn.ConvTranspose2d(128, 3, 5, 2, 2, 1, bias=False), nn.Tanh())

    def discriminator() -> nn.Module:
        layers: list[nn.Module] = [nn.Conv2d(3, 128, 5, 2, 2, bias=False), nn.LeakyReLU(0.2)]
        for before, after in ((128, 256), (256, 512), (512, 1024)):
            layers += [nn.Conv2d(before, after, 5, 2, 2, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16384, 1, bias=False), nn.Sigmoid())

    return {"generator": generator, "discriminator": discriminator}[part]


class HighwayLayer(nn.Module):
    """Equation 3 of Training Very Deep Networks."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.plain, self.transform = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = torch.sigmoid(self.transform(x))
        return torch.relu(self.plain(x)) * gate + x * (1 - gate)


def highway(depth: int) -> nn.Module:
    """50 units a layer, of which the first is a plain one."""
    layers = nn.Sequential(*(HighwayLayer(50) for _ in range(depth - 1)))
    return stack(first=nn.Linear(784, 50), relu=nn.ReLU(), layer=layers, out=nn.Linear(50, 10))


def dqn(year: int) -> nn.Module:
    """Nature 2015, and the workshop paper of 2013."""
    if year == 2013:
        return nn.Sequential(*conv(4, 16, 8, 4), *conv(16, 32, 4, 2), nn.Flatten(),
                             nn.Linear(2592, 256), nn.ReLU(), nn.Linear(256, 18))  # fmt: skip
    return nn.Sequential(*conv(4, 32, 8, 4), *conv(32, 64, 4, 2), *conv(64, 64, 3), nn.Flatten(),
                         nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, 18))  # fmt: skip


class FCN8s(nn.Module):
    """voc-fcn8s: VGG-16 as convolutions, with two skips."""

    def __init__(self, classes: int = 21) -> None:
        super().__init__()
        before = 3
        for stage, (width, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
            for number in range(1, count + 1):
                pad = 100 if before == 3 else 1
                self.add_module(f"conv{stage}_{number}", nn.Conv2d(before, width, 3, padding=pad))
                before = width
        self.fc6, self.fc7 = nn.Conv2d(512, 4096, 7), nn.Conv2d(4096, 4096, 1)
        self.score_fr = nn.Conv2d(4096, classes, 1)
        self.score_pool4, self.score_pool3 = nn.Conv2d(512, classes, 1), nn.Conv2d(256, classes, 1)
        self.upscore2 = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False).requires_grad_(False)
        self.upscore_pool4 = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False).requires_grad_(False)
        self.upscore8 = nn.ConvTranspose2d(classes, classes, 16, 8, bias=False).requires_grad_(False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x, pools = image, []
        for stage, count in enumerate((2, 2, 3, 3, 3), 1):
            for number in range(1, count + 1):
                x = self.get_submodule(f"conv{stage}_{number}")(x).relu()
            x = nn.functional.max_pool2d(x, 2, ceil_mode=True)
            pools.append(x)
        x = self.upscore2(self.score_fr(self.fc7(self.fc6(x).relu()).relu()))
        x = self.upscore_pool4(x + self.score_pool4(pools[3])[:, :, 5 : 5 + x.shape[2], 5 : 5 + x.shape[3]])
        x = self.upscore8(x + self.score_pool3(pools[2])[:, :, 9 : 9 + x.shape[2], 9 : 9 + x.shape[3]])
        return x[:, :, 31 : 31 + image.shape[2], 31 : 31 + image.shape[3]]


class Branches(nn.Module):
    """Parts side by side, their channels joined; a part that is a tuple is a trunk with branches of its own."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for number, branch in enumerate(branches, 1):
            self.add_module(f"branch{number}", branch)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.children()], 1)


def unit(before: int, after: int, kernel: int | tuple[int, int], stride: int = 1, pad: bool = True) -> list[nn.Module]:
    """A convolution, batch normalization and a rectifier."""
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (height // 2, width // 2) if pad else (0, 0)
    layer = nn.Conv2d(before, after, (height, width), stride, padding, bias=False)
    return [layer, nn.BatchNorm2d(after, 1e-3), nn.ReLU()]


def chain(before: int, *rows: tuple[int, int | tuple[int, int]], tail: tuple[nn.Module, ...] = ()) -> nn.Sequential:
    """Units one after the other: channels and kernel of each."""
    layers: list[nn.Module] = []
    for after, kernel in rows:
        layers += unit(before, after, kernel)
        before = after
    return nn.Sequential(*layers, *tail)


def inception_v2() -> nn.Module:
    """Table 1 of Rethinking the Inception Architecture, row by row, with the filters of the authors' code inside."""

    def pooled(before: int, after: int) -> nn.Sequential:
        return nn.Sequential(nn.AvgPool2d(3, 1, 1), *unit(before, after, 1))

    def figure5(n: int) -> nn.Module:
        return Branches(
            chain(n, (64, 1), (96, 3), (96, 3)), chain(n, (48, 1), (64, 3)), pooled(n, 64), chain(n, (64, 1))
        )

    def figure6(n: int, c: int) -> nn.Module:
        return Branches(
            chain(n, (c, 1), (c, (1, 7)), (c, (7, 1)), (c, (1, 7)), (192, (7, 1))),
            chain(n, (c, 1), (c, (1, 7)), (192, (7, 1))),
            pooled(n, 192),
            chain(n, (192, 1)),
        )

    def figure7(n: int) -> nn.Module:
        def split() -> nn.Module:
            return Branches(chain(384, (384, (1, 3))), chain(384, (384, (3, 1))))

        return Branches(
            chain(n, (448, 1), (384, 3), tail=(split(),)),
            chain(n, (384, 1), tail=(split(),)),
            pooled(n, 192),
            chain(n, (320, 1)),
        )

    def figure10(n: int, a1: int, a2: int, b1: int, b2: int) -> nn.Module:
        return Branches(
            nn.Sequential(*unit(n, a1, 1), *unit(a1, a2, 3), *unit(a2, a2, 3, 2, False)),
            nn.Sequential(*unit(n, b1, 1), *unit(b1, b2, 3, 2, False)),
            nn.MaxPool2d(3, 2),
        )

    return nn.Sequential(
        *unit(3, 32, 3, 2, False), *unit(32, 32, 3, 1, False), *unit(32, 64, 3), nn.MaxPool2d(3, 2),
        *unit(64, 80, 3, 1, False), *unit(80, 192, 3, 2, False), *unit(192, 288, 3),
        figure5(288), figure5(288), figure10(288, 64, 96, 64, 384),
        figure6(768, 128), figure6(768, 160), figure6(768, 160), figure6(768, 192), figure10(768, 192, 192, 192, 320),
        figure7(1280), figure7(2048), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000),
    )  # fmt: skip


def c3d() -> nn.Module:
    """Figure 3 of Learning Spatiotemporal Features; the classes are Sports-1M's."""

    def conv3d(before: int, after: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv3d(before, after, 3, padding=1), nn.ReLU())

    pool = partial(nn.MaxPool3d, 2, ceil_mode=True)
    return flat(
        conv1a=conv3d(3, 64), pool1=nn.MaxPool3d((1, 2, 2)), conv2a=conv3d(64, 128), pool2=pool(),
        conv3a=conv3d(128, 256), conv3b=conv3d(256, 256), pool3=pool(),
        conv4a=conv3d(256, 512), conv4b=conv3d(512, 512), pool4=pool(),
        conv5a=conv3d(512, 512), conv5b=conv3d(512, 512), pool5=pool(),
        **classifier(8192, (4096, 4096), 6, classes=487),
    )  # fmt: skip


class WaveLayer(nn.Module):
    """Equation 2 and Figure 4 of WaveNet: what goes on, and what is skipped to the end."""

    def __init__(self, width: int, skips: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.filter, self.gate = (nn.Conv1d(width, width, 2, dilation=dilation) for _ in range(2))
        self.skip, self.residual = nn.Conv1d(width, skips, 1), nn.Conv1d(width, width, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        past = nn.functional.pad(x, (self.dilation, 0))
        gated = torch.tanh(self.filter(past)) * torch.sigmoid(self.gate(past))
        return x + self.residual(gated), self.skip(gated)


class WaveLayers(nn.Module):
    """Three times ten layers of dilations 1 to 512; what all of them skip is added up."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(30):
            self.add_module(f"layer{number}", WaveLayer(32, 256, 2 ** (number % 10)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(())
        for layer in self.children():
            x, skip = layer(x)
            total = total + skip
        return total


class WaveNet(nn.Module):
    """A causal convolution, the layers, and two convolutions behind what they skip."""

    def __init__(self) -> None:
        super().__init__()
        self.causal = nn.Conv1d(256, 32, 2)
        self.layers = WaveLayers()
        self.out1, self.out2 = nn.Conv1d(256, 256, 1), nn.Conv1d(256, 256, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.layers(self.causal(nn.functional.pad(x, (1, 0))))
        return self.out2(self.out1(x.relu()).relu())


class Zip1989(nn.Module):
    """Backpropagation Applied to Handwritten Zip Code Recognition: shared kernels, biases of each unit's own."""

    def __init__(self) -> None:
        super().__init__()
        first, last, outer = range(8), range(4, 12), (*range(4), *range(8, 12))
        self.H1 = nn.Conv2d(1, 12, 5, 2, bias=False)
        self.H2 = Linked([list(seen) for seen in (first, last, outer) for _ in range(4)], 2, bias=False)
        self.H1_bias = nn.Parameter(torch.empty(1, 12, 8, 8))
        self.H2_bias = nn.Parameter(torch.empty(1, 12, 4, 4))
        self.H3, self.output = nn.Linear(192, 30), nn.Linear(30, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squash = Squash()
        for kernels, biases in ((self.H1, self.H1_bias), (self.H2, self.H2_bias)):
            x = squash(kernels(nn.functional.pad(x, (2, 2, 2, 2), value=-1.0)) + biases)
        return squash(self.output(squash(self.H3(x.flatten(1)))))


class Plus(nn.Module):
    """A body added to what passes beside it (the input, where nothing else is given), and an activation."""

    def __init__(self, main: nn.Module, act: nn.Module) -> None:
        super().__init__()
        self.main, self.act = main, act

    def forward(self, x: torch.Tensor, beside: torch.Tensor | None = None) -> torch.Tensor:
        return self.act(self.main(x) + (x if beside is None else beside))


class ENetInitial(nn.Module):
    """Figure 2a: a convolution and a pooling side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.act = nn.Conv2d(3, 13, 3, 2, 1), nn.BatchNorm2d(16, 1e-3), nn.PReLU(16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.bn(torch.cat([self.conv(x), nn.functional.max_pool2d(x, 2)], 1)))


class ENet(nn.Module):
    """Table 1 of ENet; the middle convolutions have biases, as in the authors' ENet-training."""

    def __init__(self, classes: int = 20) -> None:
        super().__init__()
        self.initial = ENetInitial()
        self.bottleneck1_0 = self.encode(16, 64, 2)
        for number in range(1, 5):
            self.add_module(f"bottleneck1_{number}", self.encode(64, 64))
        self.bottleneck2_0 = self.encode(64, 128, 2)
        for number in (2, 3):
            kinds = (
                {},
                {"dilation": 2},
                {"wide": 5},
                {"dilation": 4},
                {},
                {"dilation": 8},
                {"wide": 5},
                {"dilation": 16},
            )
            self.add_module(f"section{number}", nn.Sequential(*(self.encode(128, 128, **kind) for kind in kinds)))
        self.bottleneck4_0, self.narrow4 = self.decode(128, 64, True), self.project(128, 64)
        self.bottleneck4_1, self.bottleneck4_2 = self.decode(64, 64), self.decode(64, 64)
        self.bottleneck5_0, self.narrow5 = self.decode(64, 16, True), self.project(64, 16)
        self.bottleneck5_1 = self.decode(16, 16)
        self.fullconv = nn.ConvTranspose2d(16, classes, 2, 2)

    @staticmethod
    def encode(before: int, after: int, stride: int = 1, dilation: int = 1, wide: int = 0) -> Plus:
        inner = after // 4
        middle: list[nn.Module] = [nn.Conv2d(inner, inner, 3, 1, dilation, dilation)]
        if wide:
            flat = nn.Conv2d(inner, inner, (1, wide), padding=(0, wide // 2), bias=False)
            middle = [flat, nn.Conv2d(inner, inner, (wide, 1), padding=(wide // 2, 0))]
        body = nn.Sequential(
            nn.Conv2d(before, inner, stride, stride, bias=False), nn.BatchNorm2d(inner, 1e-3), nn.PReLU(inner),
            *middle, nn.BatchNorm2d(inner, 1e-3), nn.PReLU(inner),
            nn.Conv2d(inner, after, 1, bias=False), nn.BatchNorm2d(after, 1e-3),
        )  # fmt: skip
        return Plus(body, nn.PReLU(after))

    @staticmethod
    def decode(before: int, after: int, double: bool = False) -> Plus:
        inner = after // 4
        middle: nn.Module = nn.Conv2d(inner, inner, 3, 1, 1)
        if double:
            middle = nn.ConvTranspose2d(inner, inner, 3, 2, 1, 1)
        body = nn.Sequential(
            nn.Conv2d(before, inner, 1, bias=False), nn.BatchNorm2d(inner, 1e-3), nn.ReLU(),
            middle, nn.BatchNorm2d(inner, 1e-3), nn.ReLU(),
            nn.Conv2d(inner, after, 1, bias=False), nn.BatchNorm2d(after, 1e-3),
        )  # fmt: skip
        return Plus(body, nn.ReLU())

    @staticmethod
    def project(before: int, after: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after, 1e-3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.initial(x)
        found = []
        for stage in (self.bottleneck1_0, self.bottleneck2_0):
            pooled, where = nn.functional.max_pool2d(x, 2, return_indices=True)
            found.append(where)
            empty = pooled.new_zeros(len(x), stage.act.num_parameters - x.shape[1], *pooled.shape[2:])
            x = stage(x, torch.cat([pooled, empty], 1))
            if stage is self.bottleneck1_0:
                for number in range(1, 5):
                    x = self.get_submodule(f"bottleneck1_{number}")(x)
        x = self.get_submodule("section3")(self.get_submodule("section2")(x))
        x = self.bottleneck4_0(x, nn.functional.max_unpool2d(self.narrow4(x), found[1], 2))
        x = self.bottleneck4_2(self.bottleneck4_1(x))
        x = self.bottleneck5_0(x, nn.functional.max_unpool2d(self.narrow5(x), found[0], 2))
        return self.fullconv(self.bottleneck5_1(x))
