"""The emitted source and the module it makes: the network that was checked, in a text that a linter accepts."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import netdsl
from netdsl.backends.torch.module import load
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.testing.laws import Subject
from netdsl.testing.laws.figures import Figures
from netdsl.testing.laws.shapes import compare
from netdsl.testing.laws.state import keys
from netdsl.zoo import find, names

CASES = Path(__file__).parent / "nets"


def every() -> list[tuple[str, str | None]]:
    """Every spec of the zoo in every variant, and the small nets of the tests."""
    found: list[tuple[str, str | None]] = []
    for name in names():
        path = find(name)
        assert path is not None
        found += [(str(path), variant) for variant in compile(path).variants or (None,)]
    return found + [(str(path), None) for path in sorted(CASES.glob("*.net"))]


SMALL = [str(path) for path in sorted(CASES.glob("*.net"))]
EVERY = every()
IDS = [Path(path).stem + (f":{variant}" if variant else "") for path, variant in EVERY]


def results(value: object) -> torch.Tensor:
    found = value[0] if isinstance(value, tuple) else value
    assert isinstance(found, torch.Tensor)
    return found


def built(text: str) -> nn.Module:
    return netdsl.build(netdsl.loads(text))


@pytest.mark.parametrize(("path", "variant"), EVERY, ids=IDS)
def test_names_shapes_and_flops(path: str, variant: str | None) -> None:
    """Those laws of users' specs that need no values, for the input that the spec has."""
    subject = Subject(Path(path), variant)
    network = subject.network
    keys(network, subject.outline)
    Figures("figures").hold(subject)
    compare(subject, network, subject.outline, network.inputs[0].shape)


def test_sources_are_formatted_and_lint_clean(tmp_path: Path) -> None:
    for number, (path, variant) in enumerate(EVERY):
        text = netdsl.emit(netdsl.load(path, variant=variant))
        (tmp_path / f"net{number}.py").write_text(text, "utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "120", "--target-version", "py311"]
    checked = subprocess.run(
        [*ruff, "check", *options, "--select", "E,F,W,I,UP,B", str(tmp_path)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
    formatted = subprocess.run([*ruff, "format", "--diff", *options, str(tmp_path)], capture_output=True, text=True)
    assert formatted.returncode == 0, formatted.stdout


def test_sources_import_torch_only() -> None:
    for path, variant in EVERY:
        text = netdsl.emit(netdsl.load(path, variant=variant))
        for line in text.splitlines():
            if line.startswith(("import ", "from ")):
                assert line.split()[1].split(".")[0] in ("torch", "collections", "math", "typing"), line


def test_lengths() -> None:
    """A torchvision maintainer's patience: about as long as their own files."""
    assert netdsl.emit(netdsl.load("resnet152")).count("\n") < 95
    assert netdsl.emit(netdsl.load("googlenet")).count("\n") < 146
    assert netdsl.emit(netdsl.load("vgg19")).count("\n") < 70


@pytest.fixture(params=SMALL, ids=[Path(path).stem for path in SMALL])
def network(request: pytest.FixtureRequest) -> Network:
    return netdsl.load(request.param)


def inputs(network: Network, seed: int = 0) -> list[torch.Tensor]:
    torch.manual_seed(seed)
    return [torch.randn(2, *item.shape) for item in network.inputs]


def test_lives_as_a_module(network: Network) -> None:
    """eval and train, deepcopy, pickle, state_dict, dtype, getsource."""
    model = netdsl.build(network)
    model.eval()
    given = inputs(network)
    with torch.no_grad():
        first = results(model(*given))
        assert torch.equal(first, results(copy.deepcopy(model)(*given)))
        assert torch.equal(first, results(pickle.loads(pickle.dumps(model))(*given)))
        other = netdsl.build(network).eval()
        other.load_state_dict(model.state_dict(), strict=True)
        assert torch.equal(first, results(other(*given)))
        assert results(model.double()(*(item.double() for item in given))).dtype == torch.float64
    assert inspect.getsource(type(model)) in netdsl.emit(network)
    model.float().train()
    output = model(*given)
    total = sum(
        value.float().sum() for value in (output if isinstance(output, tuple) else (output,)) if value is not None
    )
    assert isinstance(total, torch.Tensor)
    if total.requires_grad:
        total.backward()  # type: ignore[no-untyped-call]


def test_scripts_traces_exports_and_compiles(network: Network) -> None:
    model = netdsl.build(network).eval()
    given = tuple(inputs(network))
    with torch.no_grad():
        first = results(model(*given))
        if not network.aux and not network.outputs:
            scripted = torch.jit.script(model)
            torch.testing.assert_close(results(scripted(*given)), first)
        else:
            traced = torch.jit.trace(model, given)
            torch.testing.assert_close(results(traced(*given)), first)
        exported = torch.export.export(model, given)
        torch.testing.assert_close(results(exported.module()(*given)), first)
        compiled = torch.compile(model, backend="eager")
        torch.testing.assert_close(results(compiled(*given)), first)
    torch._dynamo.reset()


def test_probabilities() -> None:
    network = netdsl.loads("input 8\nfc-4\nsoftmax")
    assert netdsl.build(network, probabilities=True)(torch.zeros(1, 8)).sum().item() == pytest.approx(1)
    assert "Softmax" not in netdsl.emit(network)


def test_init_is_honoured() -> None:
    network = netdsl.loads(
        "input 64\na: fc-64(init=constant(0.5), bias_init=2)\nb: fc-64(frozen=true)\ntrain(init=constant(0.25))"
    )
    model = netdsl.build(network)
    state = model.state_dict()
    assert state["a.weight"].eq(0.5).all() and state["a.bias"].eq(2).all()
    assert state["b.weight"].eq(0.25).all()
    assert not model.b.weight.requires_grad and model.a.weight.requires_grad
    recipe = netdsl.build(netdsl.loads("input 3x8x8\na: conv3-4\nfc-2\ntrain(init=constant(0.25))"))
    assert all(value.eq(0.25).all() for name, value in recipe.state_dict().items() if name.endswith("weight"))


BY = (
    "input 3x8x8\na: {{ b: conv3-4 }}\nc: conv3-4(bias=false)\nd: dwconv3\nu: upconv2-4\nhead: fc-2\ntrain(init=by({}))"
)


def drawn(ways: str) -> dict[str, float | None]:
    """The one value that each tensor has, None where they differ."""
    state = netdsl.build(netdsl.loads(BY.format(ways))).state_dict()
    return {name: float(x.flatten()[0]) if bool((x == x.flatten()[0]).all()) else None for name, x in state.items()}


def test_a_recipe_draws_by_kind_of_layer() -> None:
    found = drawn("conv=constant(1), fc=constant(2), bias=3")
    assert {found[f"{name}.weight"] for name in ("a.b", "c", "d", "u")} == {1.0} and found["head.weight"] == 2
    assert {value for name, value in found.items() if name.endswith("bias")} == {3.0}
    assert "if m.bias is not None:" in netdsl.emit(netdsl.loads(BY.format("conv=ones, bias=0")))


def test_an_operator_and_a_label_outweigh_their_kind() -> None:
    found = drawn("conv=constant(1), dwconv=constant(4), labels=[[a, constant(5)], [head, constant(6)]]")
    weights = {name.removesuffix(".weight"): value for name, value in found.items() if name.endswith("weight")}
    assert weights == {"a.b": 5, "c": 1, "d": 4, "u": 1, "head": 6}
    assert drawn('labels=[["a.b", zeros], [b, ones]]')["a.b.weight"] == 1  # the last that fits
    assert drawn("conv=zeros")["head.weight"] is None  # what is not named is drawn as PyTorch does


def test_uniform_alone_is_as_pytorch_draws() -> None:
    torch.manual_seed(0)
    (ours,) = netdsl.build(netdsl.loads("input 64\nfc-2000\ntrain(init=by(fc=uniform(mode=fan_out)))")).children()
    assert float(ours.weight.detach().abs().max()) == pytest.approx(2000**-0.5, rel=1e-3)
    (ours,) = netdsl.build(netdsl.loads("input 64\nfc-2000(init=uniform)")).children()
    assert float(ours.weight.detach().abs().max()) == pytest.approx(64**-0.5, rel=1e-3)


@pytest.mark.parametrize(("groups", "inputs"), [(1, 64), (4, 16)])
def test_lecun_counts_the_inputs_of_a_unit_of_upconv_too(groups: int, inputs: int) -> None:
    model = built(f"input 64x8x8\nu: upconv3-8(init=lecun, groups={groups})")
    assert float(model.u.weight.detach().abs().max()) == pytest.approx(2.4 / (9 * inputs), rel=0.02)


def test_without_init_pytorchs_defaults() -> None:
    torch.manual_seed(0)
    ours = netdsl.build(netdsl.loads("input 3x8x8\na: conv3-4"))
    torch.manual_seed(0)
    theirs = nn.Conv2d(3, 4, 3, padding=1)
    assert torch.equal(ours.a.weight, theirs.weight)


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


HOSTILE = """net X
source "a \\"\\"\\" b \\\\ \\n import os # {x} %"
input 3x8x8
conv3-4
"""


def test_text_of_the_spec_is_never_code() -> None:
    text = netdsl.emit(netdsl.loads(HOSTILE, name='"""\nimport os\n#.net'))
    assert "\nimport os" not in text
    assert load(text, "X")
    assert results(netdsl.build(netdsl.loads(HOSTILE))(torch.zeros(1, 3, 8, 8))).shape == (1, 4, 8, 8)


def test_a_network_with_errors_is_not_compiled() -> None:
    from netdsl.text.source import Source

    wrong = compile(Source("x", "input 3x8x8\nconv4-4\n")).network
    assert wrong is not None and not wrong.complete
    with pytest.raises(ValueError, match="errors"):
        netdsl.emit(wrong)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_cuda(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    model = netdsl.build(network).eval()
    given = inputs(network)
    with torch.no_grad():
        first = results(model(*given))
        second = results(model.cuda()(*(item.cuda() for item in given)))
    torch.testing.assert_close(second.cpu(), first, rtol=1e-3, atol=1e-4)


def test_weights_that_fit_are_loaded_and_others_are_told(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from netdsl.backends.torch import WeightsError

    network = netdsl.loads("input 3x8x8\na: conv3-4\nfc: fc-2")
    first, second = netdsl.build(network), netdsl.build(network)
    torch.save(first.state_dict(), tmp_path / "w.pt")
    torch.save({"state_dict": first.state_dict(), "epoch": 3}, tmp_path / "checkpoint.pt")
    save_file(first.state_dict(), tmp_path / "w.safetensors")
    for weights in (
        first,
        first.state_dict(),
        tmp_path / "w.pt",
        tmp_path / "checkpoint.pt",
        str(tmp_path / "w.safetensors"),
    ):
        nn.init.zeros_(second.a.weight)
        assert netdsl.load_weights(second, weights) is second
        assert torch.equal(second.a.weight, first.a.weight)
    state = first.state_dict()
    state["b.weight"] = state.pop("a.weight")
    state["fc.bias"] = torch.zeros(3)
    with pytest.raises(
        WeightsError, match=r"`a.weight`.*no layer for `b.weight`.*`fc.bias` is 3 in the weights, 2 in the network"
    ):
        netdsl.load_weights(second, state)
    assert torch.equal(second.a.weight, first.a.weight)
