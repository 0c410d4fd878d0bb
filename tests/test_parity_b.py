"""The mobile networks, the later Inceptions and their kin against the implementations that people use.

A spec's module takes the reference's `state_dict` as it is, and gives what the reference gives: the same logits in
evaluation, with weights and statistics drawn at random, and the same gradients in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
import torch
from torch import nn

import netdsl

torchvision = pytest.importorskip("torchvision")
timm = pytest.importorskip("timm")


def tv(name: str, **more: Any) -> Callable[[], nn.Module]:
    return lambda: torchvision.models.get_model(name, weights=None, **more)


def regnet(name: str) -> Callable[[], nn.Module]:
    """Its widths are computed by tensors, which must have values wherever the model is made."""
    widths = torchvision.models.regnet.BlockParams.from_init_params

    def on_cpu(**settings: Any) -> Any:
        with torch.device("cpu"):
            return widths(**settings)

    def make() -> nn.Module:
        with mock.patch.object(torchvision.models.regnet.BlockParams, "from_init_params", on_cpu):
            return tv(name)()

    return make


def tm(name: str, **more: Any) -> Callable[[], nn.Module]:
    return lambda: timm.create_model(name, **more)


# spec, variant, the reference, the side of the input of the numeric comparison, and whether that takes long.
CASES: list[tuple[str, str | None, Callable[[], nn.Module], int, bool]] = [
    ("mobilenet_v2", "1.0", tv("mobilenet_v2"), 64, False),
    ("mobilenet_v2", "1.4", tv("mobilenet_v2", width_mult=1.4), 64, False),
    *(("shufflenet_v2", x, tv(f"shufflenet_v2_{x}"), 64, False) for x in ("x0_5", "x1_0", "x1_5", "x2_0")),
    *(("mnasnet", x, tv(f"mnasnet{x}"), 64, False) for x in ("0_5", "0_75", "1_0", "1_3")),
    *(("efficientnet", f"B{n}", tv(f"efficientnet_b{n}"), 64, n > 4) for n in range(8)),
    *(
        (
            "regnet",
            f"{x}-{size.replace('_', '.').upper()}",
            regnet(f"regnet_{x.lower()}_{size}"),
            64,
            size in ("8gf", "16gf", "32gf"),
        )
        for x in "XY"
        for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
    ),
    ("regnet", "Y-128GF", regnet("regnet_y_128gf"), 64, True),
    *(("convnext", x, tv(f"convnext_{x}"), 64, x in ("base", "large")) for x in ("tiny", "small", "base", "large")),
    ("inception_v4", None, tm("inception_v4"), 107, False),
    ("inception_resnet_v2", "released", tm("inception_resnet_v2"), 107, False),
]
IDS = [f"{spec}:{variant}" if variant else spec for spec, variant, *_ in CASES]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Small planes gain nothing from threads, which wait for each other at length where others use the processor."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(("spec", "variant", "reference", "side", "slow"), CASES, ids=IDS)
def test_names_and_shapes(
    spec: str, variant: str | None, reference: Callable[[], nn.Module], side: int, slow: bool
) -> None:
    with torch.device("meta"):
        theirs = reference().state_dict()
        ours = netdsl.build(netdsl.load(spec, variant=variant))
    assert {name: tuple(value.shape) for name, value in ours.state_dict().items()} == {
        name: tuple(value.shape) for name, value in theirs.items()
    }
    ours.load_state_dict(theirs, strict=True, assign=True)


def draw(model: nn.Module) -> None:
    """Weights and statistics at random, such that activations neither die nor explode."""
    state = model.state_dict()
    most = 1.0 if len(state) < 5000 else 0.1  # of a thousand layers each may add little, or the sum overflows
    with torch.no_grad():
        for name, value in state.items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif name.endswith("running_mean"):
                value.normal_(0, 0.1)
            elif value.dim() > 1 and value.numel() > value.shape[0]:
                value.normal_(0, (2 / (value.numel() // value.shape[0])) ** 0.5)
            elif value.is_floating_point():
                value.uniform_(most / 2, most) if name.endswith("weight") or "scale" in name else value.normal_(0, 0.1)


def still(model: nn.Module) -> nn.Module:
    """Without what is random in training."""
    for module in model.modules():
        if type(module).__name__ in ("Dropout", "DropPath", "StochasticDepth"):
            module.p = 0.0
    return model


def error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    assert float(theirs.std()) > 1e-3
    return float((ours - theirs).abs().max() / theirs.abs().max())


def worst_gradient(ours: nn.Module, theirs: nn.Module) -> float:
    """The largest error of a parameter's gradient, relative to that gradient's largest value.

    Gradients that are less than a hundredth of the largest are sums in which most cancels; theirs are relative to that.
    """
    expected = dict(theirs.named_parameters())
    largest = max(float(value.grad.abs().max()) for value in expected.values() if value.grad is not None)
    assert largest > 1e-6
    worst = 0.0
    for name, value in ours.named_parameters():
        assert value.grad is not None and expected[name].grad is not None, name
        size = max(float(expected[name].grad.abs().max()), largest / 100)
        worst = max(worst, float((value.grad - expected[name].grad).abs().max()) / size)
    return worst


def compare(spec: str, variant: str | None, reference: Callable[[], nn.Module], side: int) -> tuple[float, float]:
    """The largest relative error of the logits, and of the gradients."""
    torch.manual_seed(0)
    theirs = still(reference())
    draw(theirs)
    network = netdsl.load(spec, variant=variant)
    ours = still(netdsl.build(network))
    ours.load_state_dict(theirs.state_dict(), strict=True)
    side = side or network.inputs[0].shape[1]
    x = torch.randn(2, 3, side, side)
    with torch.no_grad():
        logits = error(ours.eval()(x), theirs.eval()(x))
    losses = [(model.train()(x) ** 2).mean() for model in (ours, theirs)]
    for loss in losses:
        loss.backward()
    worst = worst_gradient(ours, theirs)
    statistics = dict(theirs.named_buffers())
    for name, value in ours.named_buffers():
        torch.testing.assert_close(value, statistics[name])
    return logits, worst


@pytest.mark.parametrize(
    ("spec", "variant", "reference", "side"),
    [
        pytest.param(*case[:4], id=name, marks=[pytest.mark.slow] if case[4] else [])
        for case, name in zip(CASES, IDS, strict=True)
        if case[3]
    ],
)
def test_numbers(spec: str, variant: str | None, reference: Callable[[], nn.Module], side: int) -> None:
    logits, gradients = compare(spec, variant, reference, side)
    print(f"PARITY {spec}:{variant} {logits:.1e} {gradients:.1e}")
    assert logits < 1e-5 and gradients < 1e-5


def built(text: str) -> nn.Module:
    return netdsl.build(netdsl.loads(text))


def test_a_label_may_hold_a_dash_before_its_number() -> None:
    model = built("input 3x4x4\nblock1: { block1-{i}: conv3-4 x2 as i }\nconv3-{4}")
    assert [name for name in model.state_dict() if name.endswith("weight")] == [
        "block1.block1-0.weight",
        "block1.block1-1.weight",
        "1.weight",
    ]


def test_a_bare_scale_is_a_parameter_of_the_module_around_it() -> None:
    model = built(
        "input 3x4x4\nblock b() { residual(act=none) { gamma: scale(init=0.5, bare=true) } }\nb()\ng: scale(bare=true)"
    )
    assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == {
        "0.gamma": (3, 1, 1),
        "g": (3, 1, 1),
    }
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(model(x), 1.5 * x)


def test_a_constant_scale_has_no_weights_to_name() -> None:
    model = built("input 3x4x4\nblock b() { residual(act=none) { body: conv1-3; scale(0.1) } }\nb()")
    assert list(model.state_dict()) == ["0.body.weight", "0.body.bias"]


def test_pointwise_is_a_convolution_with_a_matrix() -> None:
    model = built("input 3x4x5\np: pointwise-7")
    x = torch.randn(2, 3, 4, 5)
    weight, bias = model.state_dict().values()
    assert weight.shape == (7, 3)
    torch.testing.assert_close(model(x), nn.functional.conv2d(x, weight[:, :, None, None], bias))
