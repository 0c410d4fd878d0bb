"""The networks of the zoo against the implementations that people use: the same names, and the same numbers.

A spec's module takes the reference's `state_dict` as it is, and gives what the reference gives: the same logits in
evaluation, with weights and statistics drawn at random, and the same gradients in training.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import torch
import torchvision
from references import CASES, Case
from torch import nn

import netdsl

pytestmark = pytest.mark.usefixtures("one_thread")


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
        if type(module).__name__ in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "DropPath", "StochasticDepth"):
            module.p = 0.0
    return model


def error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    assert float(theirs.std()) > 1e-3
    return float((ours - theirs).abs().max() / theirs.abs().max())


def listed(output: Any, names: Iterable[str] = ()) -> list[torch.Tensor]:
    """The values of a network that returns one or several, in their order, or those of these names."""
    if isinstance(output, torch.Tensor):
        return [output]
    if isinstance(output, Mapping):
        return list(output.values())
    return [getattr(output, name) for name in names] or list(output)


def errors(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> float:
    """The largest error among all outputs."""
    return max(error(mine, other) for mine, other in zip(ours, theirs, strict=True))


def worst_gradient(ours: nn.Module, theirs: nn.Module) -> float:
    """The largest error of a parameter's gradient, relative to that gradient's largest value.

    Gradients that are less than a hundredth of the largest are sums in which most cancels; theirs are relative to that.
    """
    expected = dict(theirs.named_parameters())
    largest = max(float(value.grad.abs().max()) for value in expected.values() if value.grad is not None)
    assert largest > 1e-6
    worst = 0.0
    assert any(value.grad is not None for value in ours.parameters())
    for name, value in ours.named_parameters():
        assert value.requires_grad is expected[name].requires_grad, name
        if not value.requires_grad:
            continue
        if value.grad is None or expected[name].grad is None:  # a layer that nothing follows, in both
            assert value.grad is expected[name].grad, name
            continue
        size = max(float(expected[name].grad.abs().max()), largest / 100)
        worst = max(worst, float((value.grad - expected[name].grad).abs().max()) / size)
    return worst


def pair(case: Case, dtype: torch.dtype = torch.float32) -> tuple[nn.Module, nn.Module]:
    """The spec's module and its reference, with the same weights and nothing random in training."""
    torch.manual_seed(0)
    theirs = still(case.reference()).to(dtype)
    draw(theirs)
    ours = still(netdsl.build(case.network())).to(dtype)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return ours, theirs


def timed(cases: Iterable[Case]) -> list[object]:
    """Cases whose numbers are compared, the long ones marked."""
    return [pytest.param(case, id=case.id, marks=[pytest.mark.slow] if case.slow else []) for case in cases]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_names_and_shapes(case: Case) -> None:
    with torch.device("meta"):
        theirs = case.reference().state_dict()
        ours = netdsl.build(case.network())
    assert {name: tuple(value.shape) for name, value in ours.state_dict().items()} == {
        name: tuple(value.shape) for name, value in theirs.items()
    }
    ours.load_state_dict(theirs, strict=True, assign=True)


@pytest.mark.parametrize("case", timed(case for case in CASES if case.heads is None))
def test_logits_and_gradients(case: Case) -> None:
    """Logits in evaluation; gradients and statistics in training, dropout off."""
    ours, theirs = pair(case)
    x = torch.randn(2, *case.input)
    names = list(case.network().returns)
    with torch.no_grad():
        logits = errors(listed(ours.eval()(x), names), listed(theirs.eval()(x)))
    for model in (ours, theirs):
        values = listed(model.train()(x), names if model is ours else ())
        sum((value**2).mean() for value in values).backward()
    gradients = worst_gradient(ours, theirs)
    print(f"PARITY {case.spec}:{case.variant} {logits:.1e} {gradients:.1e}")
    assert logits < 1e-5 and gradients < 1e-5
    statistics, kept = dict(theirs.named_buffers()), ours.state_dict()
    for name, value in ours.named_buffers():
        if name in kept:
            torch.testing.assert_close(value, statistics[name])


@pytest.mark.parametrize("case", timed(case for case in CASES if case.heads is not None))
def test_aux_heads(case: Case) -> None:
    """Logits in evaluation; logits, aux outputs and gradients in training, dropout off.

    In double precision: gradients of branches are summed in whatever order, and here small ones differ by that.
    """
    ours, theirs = pair(case, torch.float64)
    x = torch.randn(2, *case.input, dtype=torch.float64)
    with torch.no_grad():
        outputs = theirs.eval()(x)  # timm's gives its heads then too
        assert error(ours.eval()(x), outputs if isinstance(outputs, torch.Tensor) else outputs[0]) < 1e-5
    mine, other = ours.train()(x), theirs.train()(x)
    assert error(mine.logits, other[0]) < 1e-5
    for head, name in (case.heads or {}).items():
        assert error(getattr(mine, head), other[name] if isinstance(name, int) else getattr(other, name)) < 1e-5
    for output in (mine, other):
        sum((value**2).mean() for value in output).backward()
    assert worst_gradient(ours, theirs) < 1e-5


def paths(values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """ResNeXt's values by its Figure 3c as those of its Figure 3a: what belongs to a group goes into that path."""
    found: dict[str, torch.Tensor] = {}
    for name, value in values.items():
        block = re.fullmatch(r"(layer\d\.\d+)\.(conv|bn)([123])\.(\w+)", name)
        if block is None or (block[2], block[3]) == ("bn", "3"):
            found[name] = value
            continue
        number = 3 * int(block[3]) - 3 + (block[2] == "bn")  # convolution, norm, rectifier, convolution, ...
        parts = [value] * 32 if value.dim() == 0 else value.chunk(32, 1 if number == 6 else 0)
        found |= {f"{block[1]}.paths.branch{i}.{number}.{block[4]}": part for i, part in enumerate(parts, 1)}
    return found


def test_resnext_as_figure_3a() -> None:
    """32 paths compute what one grouped convolution does, with the same gradients."""
    torch.manual_seed(0)
    theirs = torchvision.models.resnext50_32x4d(weights=None).double()
    draw(theirs)
    ours = netdsl.build(netdsl.load("resnext_3a")).double()
    ours.load_state_dict(paths(theirs.state_dict()), strict=True)
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    with torch.no_grad():
        assert error(ours.eval()(x), theirs.eval()(x)) < 1e-9
    for model in (ours, theirs):
        (model.train()(x) ** 2).mean().backward()
    expected = paths({name: value.grad for name, value in theirs.named_parameters() if value.grad is not None})
    largest = max(float(value.abs().max()) for value in expected.values())
    for name, value in ours.named_parameters():
        assert value.grad is not None and float((value.grad - expected[name]).abs().max()) < 1e-9 * largest, name
