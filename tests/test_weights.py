"""Checkpoints as they are found: unwrapped, with a prefix, with another head, under other names; or told, and nothing is
loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import netdsl
from netdsl.backends.torch import WeightsError

NETWORK = "input 3x8x8\nparam classes = 2\na: { conv: conv3-4(norm=bn) }\nb: conv3-4\nfc: fc-classes"


def built(text: str = NETWORK, **params: object) -> nn.Module:
    return netdsl.build(netdsl.loads(text, **params))


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state, "optimizer": {"lr": 0.1}},
        lambda state: {"model": {"state_dict": state}},
        lambda state: {"model_state_dict": state},
    ],
)
def test_a_checkpoint_is_unwrapped(wrap: Callable[[object], object], tmp_path: Path) -> None:
    first = built()
    torch.save(wrap(first.state_dict()), tmp_path / "c.pt")
    assert same(netdsl.load_weights(built(), tmp_path / "c.pt"), first)
    assert same(netdsl.load_weights(built(), wrap(first.state_dict())), first)


@pytest.mark.parametrize("prefix", ["module.", "encoder.", "net.backbone."])
def test_a_common_prefix_is_named_and_taken_off_on_request(prefix: str) -> None:
    first, second = built(), built()
    state = {prefix + name: value for name, value in first.state_dict().items()}
    with pytest.raises(WeightsError) as told:
        netdsl.load_weights(second, state)
    assert f"all names of the weights begin with `{prefix}`" in str(told.value)
    assert f'give prefix="{prefix}"' in str(told.value) and not same(first, second)
    assert same(netdsl.load_weights(second, state, prefix=prefix), first)
    assert same(netdsl.load_weights(second, state, prefix=prefix.rstrip(".")), first)


def test_a_network_within_another_is_found_by_its_prefix() -> None:
    first = built()
    state = {f"encoder.{name}": value for name, value in first.state_dict().items()} | {"decoder.w": torch.zeros(3)}
    with pytest.raises(WeightsError, match=r"11 of 12 names of the weights begin with `encoder.`"):
        netdsl.load_weights(built(), state)
    assert same(netdsl.load_weights(built(), state, prefix="encoder"), first)
    with pytest.raises(WeightsError, match=r"no tensor of the weights begins with `backbone.`"):
        netdsl.load_weights(built(), state, prefix="backbone.")


def test_a_new_head_is_left_as_it_is() -> None:
    first, second = built(), built(classes=5)
    head = second.fc.weight.clone()
    with pytest.raises(WeightsError, match=r'`fc.weight` is 2x256 .*ignore=\["fc.\*"\] leaves these as they are'):
        netdsl.load_weights(second, first)
    netdsl.load_weights(second, first, ignore=["fc.*"])
    assert torch.equal(second.fc.weight, head) and torch.equal(second.b.weight, first.b.weight)
    without = {name: value for name, value in first.state_dict().items() if not name.startswith("fc.")}
    with pytest.raises(WeightsError, match=r'ignore=\["fc.\*"\]'):
        netdsl.load_weights(built(), without)
    netdsl.load_weights(built(), without, ignore="fc.*")


def test_names_that_pair_up_by_shape_are_offered() -> None:
    first = built()
    names = {"a.conv.conv.weight": "stem.0.weight", "b.weight": "stem.3.weight", "b.bias": "stem.3.bias"}
    state = {names.get(name, name): value for name, value in first.state_dict().items()}
    with pytest.raises(WeightsError, match=r"all 3 pair up by their shapes, in order: rename=error.pairs") as told:
        netdsl.load_weights(built(), state)
    assert told.value.pairs == {new: old for old, new in names.items()}
    assert same(netdsl.load_weights(built(), state, rename=told.value.pairs), first)
    state["stem.3.bias"] = torch.zeros(7)
    with pytest.raises(WeightsError) as told:
        netdsl.load_weights(built(), state)
    assert told.value.pairs == {} and "pair up" not in str(told.value)


class Kept(nn.Module):
    """Not among what torch reads without running code."""


def test_what_is_wrong_is_told_in_one_sentence_and_nothing_is_loaded(tmp_path: Path) -> None:
    model = built()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.save(Kept(), tmp_path / "pickled.pt")
    torch.save(torch.zeros(3), tmp_path / "tensor.pt")
    for wrong, words in (
        (tmp_path / "pickled.pt", "reading it would run its code"),
        (tmp_path / "tensor.pt", "holds no state_dict but a Tensor"),
        (tmp_path / "nowhere.pt", "cannot be read: No such file"),
        (tmp_path, "cannot be read"),
        (3, "a int is no weights"),
        ({}, "10 of the network's 10 tensors are not among the weights"),
        ({1: torch.zeros(1)}, "the name of a tensor is text"),
    ):
        with pytest.raises(WeightsError) as told:
            netdsl.load_weights(model, wrong)
        assert "\n" not in str(told.value)
        assert words in str(told.value)
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
