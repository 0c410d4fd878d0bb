"""The law of the networks: what the checks say of any network is what its built module is, and its flat text the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

import netdsl
from netdsl.backends.text import text as written
from netdsl.ir import Network
from netdsl.testing.blocks import block_networks
from netdsl.testing.drawing import LAW, sided
from netdsl.testing.laws import Subject, laws
from netdsl.testing.nets import networks


@LAW
@given(networks(dims=(0, 1, 2, 3), tables=True) | sided())
def test_drawn_networks_keep_the_laws(network: Network) -> None:
    """Those of users' specs that need no intent of an author: the figures, the text, the weights are the module's."""
    for law in laws():
        if law.name in ("written", "figures", "state"):
            law.hold(Subject.of(network))


@settings(LAW, max_examples=25)
@given(networks(dims=(0, 1, 2, 3), tables=True))
def test_the_flat_text_computes_the_same(network: Network) -> None:
    """Block by block or flat, with the same weights the values are the same."""
    torch.manual_seed(0)
    one = netdsl.build(network).eval()
    flat = netdsl.loads(written(network))
    two = netdsl.build(flat).eval()
    first, second = (
        [f"{node.path}.{key}".rstrip(".") for node in each.nodes for key in each.weights(node)]
        for each in (network, flat)
    )
    state = one.state_dict()
    assert len(first) == len(second)
    two.load_state_dict({new: state[old] for old, new in zip(first, second, strict=True)}, strict=True)
    (x,) = Subject.of(network).tensors(network)
    with torch.no_grad():
        torch.testing.assert_close(two(x), one(x), rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("strategy", [networks, block_networks])
def test_sources_of_drawn_networks_are_formatted(
    strategy: Callable[[], SearchStrategy[Network]], tmp_path: Path
) -> None:
    count = 0

    @settings(LAW, max_examples=40)
    @given(strategy())
    def write(network: Network) -> None:
        nonlocal count
        (tmp_path / f"net{count}.py").write_text(netdsl.emit(network), "utf-8")
        count += 1

    write()
    options = ["--isolated", "--line-length", "120", "--target-version", "py311"]
    for command in (["check", "--select", "E,F,W,I,UP,B"], ["format", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, str(tmp_path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[:3000]
    assert count >= 20
