"""The networks of the challenge years and their kin against torchvision: the same names, and the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from test_parity_b import compare, draw, error, still, tv
from torch import nn

import netdsl

# spec, variant, the reference, the side of the input of the numeric comparison (0: names and shapes only)
CASES: list[tuple[str, str | None, Callable[[], nn.Module], int]] = [
    ("alexnet_owt", None, tv("alexnet"), 224),
    *(("vgg_torchvision", depth, tv(f"vgg{depth}"), 0) for depth in ("11", "13", "16", "19")),
    *(("vgg_bn", depth, tv(f"vgg{depth}_bn"), 0) for depth in ("11", "13", "16", "19")),
    ("googlenet_bn", None, tv("googlenet", init_weights=False), 0),
    ("inception_v3", None, tv("inception_v3", init_weights=False), 0),
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


AUX = [
    # spec, the reference, the side of the input, the aux outputs in the reference's order
    ("googlenet_bn", tv("googlenet", init_weights=False), 64, {"aux1": "aux_logits1", "aux2": "aux_logits2"}),
    pytest.param(
        "inception_v3", tv("inception_v3", init_weights=False), 299, {"AuxLogits": "aux_logits"}, marks=pytest.mark.slow
    ),
]


@pytest.mark.parametrize(("spec", "reference", "side", "heads"), AUX)
def test_aux_heads(spec: str, reference: Callable[[], nn.Module], side: int, heads: dict[str, str]) -> None:
    """Logits in evaluation; logits, aux outputs and gradients in training, dropout off."""
    torch.manual_seed(0)
    theirs = still(reference())
    draw(theirs)
    ours = still(netdsl.build(netdsl.load(spec)))
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(2, 3, side, side)
    with torch.no_grad():
        assert error(ours.eval()(x), theirs.eval()(x)) < 1e-5
    mine, other = ours.train()(x), theirs.train()(x)
    assert error(mine.logits, other.logits) < 1e-5
    for head, name in heads.items():
        assert error(getattr(mine, head), getattr(other, name)) < 1e-5
    for output in (mine, other):
        sum((value**2).mean() for value in output).backward()
    expected = dict(theirs.named_parameters())
    largest = max(float(value.grad.abs().max()) for value in expected.values())
    for name, value in ours.named_parameters():
        assert float((value.grad - expected[name].grad).abs().max()) < 1e-5 * largest, name
