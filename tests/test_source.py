"""What a reader sees: specs beside the source that is written of them, and what PyTorch makes of that source."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest
import torch

import netdsl

FOLDER = Path(__file__).parent / "source"
VARIANTS = {
    "densenet": "121",
    "efficientnet": "B0",
    "mobilenet_v2": "1.0",
    "resnet": "50-layer",
    "shufflenet_v2": "x1_0",
}
SPECS = sorted(path.stem for path in FOLDER.glob("*.net"))


def network(spec: str, **params: object) -> netdsl.Network:
    return netdsl.load(FOLDER / f"{spec}.net", variant=VARIANTS.get(spec), **params)


@pytest.mark.parametrize("spec", SPECS)
def test_the_source_is_the_one_beside_the_spec(spec: str) -> None:
    assert netdsl.emit(network(spec)) == (FOLDER / f"{spec}.py").read_text("utf-8")


@pytest.mark.parametrize("spec", SPECS)
def test_classes_is_an_argument(spec: str) -> None:
    with torch.device("meta"):
        kind = type(netdsl.build(network(spec)))
        given, built = kind(classes=10), netdsl.build(network(spec, classes=10))
    assert [(key, value.shape) for key, value in given.state_dict().items()] == [
        (key, value.shape) for key, value in built.state_dict().items()
    ]


@pytest.mark.parametrize("spec", ["efficientnet", "mobilenet_v2", "resnet", "shufflenet_v2"])
def test_scripted_and_pickled(spec: str) -> None:
    """Conditions, loops, an `else`, arguments of their own, and a shortcut that may not be there."""
    torch.manual_seed(0)
    model = netdsl.build(network(spec)).eval()
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        expected = model(x)
        torch.testing.assert_close(torch.jit.script(model)(x), expected)
        handle = io.BytesIO(pickle.dumps(model))
        torch.testing.assert_close(pickle.load(handle)(x), expected)
        exported = torch.export.export(model, (x,))
        torch.testing.assert_close(exported.module()(x), expected)
