"""Networks that no library has, as their papers and authors describe them, in PyTorch's own layers.

What a spec says in the language stands here once more in plain PyTorch, written from the same source and not from the
spec; the weighted layers have the names that the spec gives them, so that one's weights load into the other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

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


def classifier(features: int, hidden: tuple[int, ...], first: int, name: str = "fc") -> dict[str, nn.Module]:
    """Fully connected layers with rectifiers and dropout, named by their numbers, and 1000 classes."""
    found: dict[str, nn.Module] = {"flatten": nn.Flatten()}
    for number, width in enumerate(hidden, first):
        found[f"{name}{number}"] = nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Dropout())
        features = width
    return {**found, f"{name}{first + len(hidden)}": nn.Linear(features, 1000)}


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
