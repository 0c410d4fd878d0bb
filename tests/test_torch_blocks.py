"""Laws of the emitted source on networks of blocks: a block's class does for every call what the network says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from strategies_blocks import block_networks

import netdsl
from netdsl.backends.text import text as written
from netdsl.ir import Network

LAW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


def weights(network: Network) -> list[tuple[str, tuple[int, ...]]]:
    """The names and shapes of all weights, in the order of the nodes."""
    return [
        (f"{node.path}.{name}", tuple(weight.shape))
        for node in network.nodes
        for name, weight in network.weights(node).items()
    ]


@LAW
@given(block_networks())
def test_names_and_shapes(network: Network) -> None:
    with torch.device("meta"):
        model = netdsl.build(network)
    source = network.sources[0].text + netdsl.emit(network)
    found = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    assert found == weights(network), source


@settings(LAW, max_examples=40)
@given(block_networks())
def test_the_flat_text_computes_the_same(network: Network) -> None:
    """Block by block or flat, with the same weights the values are the same."""
    torch.manual_seed(0)
    one = netdsl.build(network).eval()
    flat = netdsl.loads(written(network))
    two = netdsl.build(flat).eval()
    state = one.state_dict()
    pairs = zip(weights(network), weights(flat), strict=True)
    two.load_state_dict({new: state[old] for (old, _), (new, _) in pairs}, strict=True)
    x = torch.randn(2, 4, 16, 16)
    source = network.sources[0].text + netdsl.emit(network)
    with torch.no_grad():
        torch.testing.assert_close(two(x), one(x), rtol=1e-4, atol=1e-5, equal_nan=True, msg=lambda text: text + source)


@settings(LAW, max_examples=30)
@given(block_networks())
def test_from_json_the_source_is_the_same(network: Network) -> None:
    again = Network.model_validate_json(network.model_dump_json())
    assert again == network
    assert netdsl.emit(again) == netdsl.emit(network)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emitted")


def test_sources_are_formatted(folder: Path) -> None:
    count = 0

    @settings(LAW, max_examples=40)
    @given(block_networks())
    def write(network: Network) -> None:
        nonlocal count
        (folder / f"net{count}.py").write_text(netdsl.emit(network), "utf-8")
        count += 1

    write()
    options = ["--isolated", "--line-length", "120", "--target-version", "py311"]
    for command in (["check", "--select", "E,F,W,I,UP,B"], ["format", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, str(folder)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[:3000]
    assert count >= 30
