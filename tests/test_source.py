"""What a reader sees: specs beside the source that is written of them, and what PyTorch makes of that source."""

from __future__ import annotations

import io
import pickle
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch

import netdsl
from netdsl.backends.text import text as written
from netdsl.tools.cli import main

FOLDER = Path(__file__).parent / "source"
PAPERS = Path(__file__).parent / "syntax"
NOTATION = ["cbam", "hrnet_w18_small", "mobilenet_v2", "segnet", "unet", "vit_b_16", "wavenet"]
"""Specs in the notation of 1.1: several inputs and outputs, repeated branches, labels in arguments, tokens."""
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


def test_what_compile_writes_takes_another_number_of_classes(tmp_path: Path) -> None:
    """`netdsl compile resnet50`, and then `ResNet50(classes=10)` on the file that lies there."""
    file = tmp_path / "resnet50.py"
    assert main(["compile", "resnet50", "-o", str(file)]) == 0
    made = runpy.run_path(str(file))
    with torch.device("meta"):
        model = made["ResNet50"](classes=10)
        assert model(torch.empty(2, 3, 224, 224)).shape == (2, 10)
        assert made["ResNet50"]().fc.out_features == 1000


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


@pytest.mark.parametrize("name", NOTATION)
def test_papers_in_the_notation_of_1_1(name: str) -> None:
    """The source is the one kept, from JSON too, and its module has the network's weights."""
    net = netdsl.load(PAPERS / f"{name}.net")
    assert netdsl.emit(net) == (FOLDER / "papers" / f"{name}.py").read_text("utf-8")
    assert netdsl.emit(netdsl.Network.model_validate_json(net.model_dump_json())) == netdsl.emit(net)
    flat = netdsl.loads(written(net))
    with torch.device("meta"):
        one, two = netdsl.build(net).state_dict(), netdsl.build(flat).state_dict()
    named = [(f"{node.path}.{name}".rstrip("."), node) for node in net.nodes for name in net.weights(node)]
    assert sorted(one) == sorted(name for name, _ in named)
    assert sorted(tuple(value.shape) for value in one.values()) == sorted(tuple(value.shape) for value in two.values())


SMALLER: dict[str, Any] = {  # what is large enough for every layer
    **dict.fromkeys(("cbam", "vit_b_16", "unet", "cifar10_full", "crnn", "rezero", "maxout", "dueling")),
    "wavenet": (256, 1100),
    "yolov1": (3, 64, 64),
    "deepface": (3, 96, 96),
    "lrcn": (3, 2, 227, 227),
    "pointnet": (3, 32),
    "ras": (3, 64, 64),
}


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[pytest.mark.slow] * (each in ("yolov1", "lrcn", "ras"))) for each in SMALLER]
)
def test_modules_of_papers_are_exported_and_compute_what_the_flat_text_does(name: str) -> None:
    torch.manual_seed(0)
    net = netdsl.load(PAPERS / f"{name}.net", input=SMALLER[name])
    flat = netdsl.loads(written(net))
    one, two = netdsl.build(net).eval(), netdsl.build(flat).eval()
    keys, others = (
        [f"{node.path}.{key}".rstrip(".") for node in each.nodes for key in each.weights(node)] for each in (net, flat)
    )
    state = one.state_dict()
    two.load_state_dict({new: state[old] for old, new in zip(keys, others, strict=True)}, strict=True)
    x = torch.randn(1, *net.inputs[0].shape)
    with torch.no_grad():
        expected = one(x)
        torch.testing.assert_close(two(x), expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(torch.export.export(one, (x,)).module()(x), expected, rtol=1e-4, atol=1e-5)
