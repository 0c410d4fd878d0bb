"""The networks of the challenge years and their kin against torchvision: the same names, and the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from test_parity_b import compare, tv
from torch import nn

import netdsl

# spec, variant, the reference, the side of the input of the numeric comparison (0: names and shapes only)
CASES: list[tuple[str, str | None, Callable[[], nn.Module], int]] = [
    ("alexnet_owt", None, tv("alexnet"), 224),
    *(
        ("resnet_v1_5", depth, tv(f"resnet{depth}"), 64 if int(depth) < 100 else 0)
        for depth in ("18", "34", "50", "101", "152")
    ),
    ("resnext", "50-32x4d", tv("resnext50_32x4d"), 64),
    ("resnext", "101-32x8d", tv("resnext101_32x8d"), 0),
    ("resnext", "101-64x4d", tv("resnext101_64x4d"), 0),
    ("wide_resnet", "50-2", tv("wide_resnet50_2"), 64),
    ("wide_resnet", "101-2", tv("wide_resnet101_2"), 0),
    *(("densenet", size, tv(f"densenet{size}"), 64 if size == "121" else 0) for size in ("121", "161", "169", "201")),
    ("squeezenet", "1_0", tv("squeezenet1_0"), 96),
    ("squeezenet", "1_1", tv("squeezenet1_1"), 96),
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


QUICK = ("resnet_v1_5:18", "resnet_v1_5:50", "resnext:50-32x4d", "densenet:121", "squeezenet:1_1")
NUMERIC = [
    pytest.param(*case, id=name, marks=[] if name in QUICK else [pytest.mark.slow])
    for name, case in zip(IDS, CASES, strict=True)
    if case[3]
]


@pytest.mark.parametrize(("spec", "variant", "reference", "side"), NUMERIC)
def test_logits_and_gradients(spec: str, variant: str | None, reference: Callable[[], nn.Module], side: int) -> None:
    logits, gradients = compare(spec, variant, reference, side)
    assert logits < 1e-5 and gradients < 1e-5
