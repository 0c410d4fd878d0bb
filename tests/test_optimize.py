"""Source that is compiled for inference gives what the plain module gives, after each pass and after all.

The law: against the module in float64, the error is at most 5e-6 of the largest value, or twice that of the plain
module in float32. It holds for networks that are drawn, and, marked slow, for every network of the zoo.
"""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from test_parity import draw
from torch import Tensor, nn

import netdsl
from netdsl import zoo
from netdsl.backends.purpose import passes
from netdsl.backends.purpose.graph import Graph, graph
from netdsl.backends.purpose.write import Writer, planned, write
from netdsl.backends.torch.module import load
from netdsl.ir import Network
from netdsl.testing.drawing import LAW
from netdsl.testing.nets import networks
from netdsl.tools.cli import main

pytestmark = pytest.mark.usefixtures("one_thread")


def listed(output: Any) -> list[Tensor]:
    return [output] if isinstance(output, Tensor) else list(output)


def inputs(network: Network, batch: int = 2) -> list[Tensor]:
    torch.manual_seed(1)
    return [
        torch.randn(batch, *each.shape) if not each.vocabulary else torch.randint(each.vocabulary, (batch, *each.shape))
        for each in network.inputs
    ]


def plain(network: Network) -> nn.Module:
    torch.manual_seed(0)
    model = netdsl.build(network).eval()
    draw(model)
    return model


def worst(found: Any, exact: list[Tensor]) -> float:
    given = listed(found)
    assert len(given) == len(exact)
    return max(
        float((one.double() - other).abs().max() / other.abs().max().clamp_min(1e-30))
        for one, other in zip(given, exact, strict=True)
    )


def holds(network: Network, *targets: str) -> None:
    """The law, for one network."""
    model, given = plain(network), inputs(network)
    with torch.inference_mode():
        usual = listed(model(*given))
        made = {target: netdsl.optimize(model, network, target=target)(*given) for target in targets}
        exact = listed(model.double()(*(each.double() if each.is_floating_point() else each for each in given)))
    if not all(bool(each.isfinite().all()) for each in exact):
        return
    most = max(5e-6, 2 * worst(usual, exact))
    for target, found in made.items():
        assert worst(found, exact) <= most, target


@pytest.mark.parametrize("name", ["lenet5_modern", "resnet_cifar:20"])
def test_small_networks(name: str) -> None:
    holds(netdsl.load(name), "any", "cpu")


@pytest.mark.slow
@pytest.mark.parametrize("name", [entry.name for entry in zoo.entries()])
def test_the_zoo(name: str) -> None:
    network = netdsl.load(name)
    holds(network, "any", "cpu")


@settings(LAW, max_examples=15)
@given(networks())
def test_drawn_networks(network: Network) -> None:
    holds(network, "any", "cpu")


INPUT = "input 4x9x9\n"
PASSES = {
    "inference_only": "conv3-4; dropout(50%); identity; fc-3",
    "dead_code": "conv3-4; aux side(0.3) { fc-5 }; fc-3",
    "computed_once": "c: conv1-4; relu; concat { maxpool3/1(pad=1) | maxpool3/1(pad=1) }; fc-3",
    "folded_norms": "conv3-4; bn; relu; conv3-6(bias=false, groups=2); bn; fc-5; bn; fc-3",
    "pools_behind_projections": "conv3-8; avgpool3/1(pad=1); conv1-3(norm=bn, act=relu); fc-3",
    "merged_siblings": "conv3-32; concat { conv1-4(act=relu) | conv1-2(act=relu); conv3-4 | conv1-6 }; fc-3",
    "late_relu": "conv3-4; relu; maxpool3/2(pad=1); fc-3",
    "channels_last": "conv3-4; maxpool; fc-3",
    "fused_kernels": "conv3-4(act=silu); residual { conv3-4(norm=bn, act=relu); conv3-4 }; fc-5(act=tanh); fc-3",
}


def ready(network: Network, step: passes.Pass) -> Graph:
    """The plan that a pass finds: after those that stand before it, as far as what it works on needs them."""
    plan = graph(network)
    if step not in (passes.inference_only.apply, passes.dead_code.apply):
        plan = passes.dead_code.apply(passes.inference_only.apply(plan))
        plan = plan if step is passes.folded_norms.apply else passes.folded_norms.apply(plan)
    return plan


@pytest.mark.parametrize("step", dict.fromkeys((*passes.ANY, *passes.CPU)), ids=passes.name)
def test_each_pass_changes_the_plan_and_not_the_outputs(step: passes.Pass) -> None:
    network = netdsl.loads(INPUT + PASSES[passes.name(step)])
    before = ready(network, step)
    after = step(before)
    assert after != before, "there is something to change"
    assert step(after).steps == after.steps, "once is enough"
    target = "cpu" if passes.name(step) == "fused_kernels" else "any"
    writer = Writer(after, False, target)
    model, given = plain(network), inputs(network)
    made = getattr(load(writer.text(), network.name), writer.name)(model.state_dict())
    with torch.inference_mode():
        exact = listed(model.double()(*(each.double() for each in given)))
        assert worst(made(*given), exact) < 5e-6


def kernels(plan: Graph) -> int:
    """How many kernels run in a forward: all steps but those that only look at memory in another way."""
    return sum(step.op.name not in ("slice", "flatten", "dropout", "identity") for step in plan.steps)


@pytest.mark.parametrize(("name", "bound"), [("googlenet_bn", 3.0), ("inception_v3", 2.5)])
def test_fewer_kernels(name: str, bound: float) -> None:
    network = netdsl.load(name)
    eager = kernels(passes.dead_code.apply(graph(network)))
    assert eager / kernels(planned(network, target="cpu")) >= bound


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("concat { conv1-4 | conv1-4 }", True),
        ("concat { conv1-30; conv3-4 | conv1-30; conv3-4 }", False),
        ("concat { add { conv1-4; identity | conv1-4 } | conv1-4 }", False),
    ],
    ids=["copied anyway", "more copied than read", "feeds a sum"],
)
def test_siblings_are_merged_where_it_pays(text: str, merged: bool) -> None:
    plan = planned(netdsl.loads(f"input 32x8x8\n{text}; fc-3"))
    assert any(step.op.name == "slice" for step in plan.steps) == merged


def test_a_norm_before_its_convolution_stays() -> None:
    plan = planned(netdsl.loads("input 4x8x8\nbn; relu; conv3-4; fc-3"))
    assert "bn" in [step.op.name for step in plan.steps]


def test_the_source_says_what_each_line_does() -> None:
    network = netdsl.loads("input 3x8x8\nconv3-4(norm=bn, act=relu)\nmaxpool\nfc-10\n", name="small.net")
    text = netdsl.emit(network, purpose="inference")
    assert text.startswith("# Generated by netdsl from small.net.")
    assert "# line 2: conv3-4(norm=bn, act=relu)" in text
    assert "folded(layer(state, " in text
    assert "F.batch_norm" not in text
    ast.parse(text)
    assert all(len(line) <= 120 for line in text.splitlines())


def test_without_its_operators_the_source_for_cpus_falls_back() -> None:
    network = netdsl.load("resnet_cifar:20")
    name, text = write(network, target="cpu")
    without = text.replace("ONEDNN = torch.backends", "ONEDNN = False and torch.backends")
    assert without != text
    model, given = plain(network), inputs(network)
    state = model.state_dict()
    with torch.inference_mode():
        exact = listed(model.double()(*(each.double() for each in given)))
        state = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
        for source in (text, without):
            made = getattr(load(source, network.name), name)(state)
            assert worst(made(*given), exact) < 5e-6


def test_the_plain_module_stays_as_it_is() -> None:
    network = netdsl.loads("input 3x8x8\nconv3-4; relu; fc-10\n")
    model, (x,) = plain(network), inputs(network)
    made = netdsl.optimize(model.state_dict(), network)
    with torch.inference_mode():
        before = made(x)
        for each in model.parameters():
            each.zero_()
        assert torch.equal(made(x), before)
        assert not torch.equal(before, model(x))


def test_another_size_is_refused_where_padding_was_placed_for_one() -> None:
    network = netdsl.loads("input 3x8x8\nconv3-4/2(pad=tf); gap; fc-10\n")
    made = netdsl.build(network, purpose="inference")
    with pytest.raises(ValueError, match="compiled for inputs of 3x8x8"):
        made(torch.zeros(1, 3, 9, 9))


def test_weights_that_do_not_fit_are_told_of() -> None:
    network = netdsl.loads("input 3x8x8\nconv3-4; fc-10\n")
    with pytest.raises(netdsl.backends.torch.WeightsError, match="not among the weights"):  # type: ignore[attr-defined]
        netdsl.build(network, purpose="inference", weights={})


@pytest.mark.parametrize("target", ["any", "cpu"])
def test_other_weights_are_loaded_into_a_compiled_module(target: str) -> None:
    network = netdsl.load("resnet_cifar:20")
    made, (x,) = netdsl.build(network, purpose="inference", target=target), inputs(network)
    model = plain(network)
    assert netdsl.load_weights(made, model) is made
    with torch.inference_mode():
        assert torch.allclose(made(x), model(x), rtol=1e-4, atol=1e-4)
        before = made(x)
        with pytest.raises(netdsl.backends.torch.WeightsError, match="not among the weights"):  # type: ignore[attr-defined]
            netdsl.load_weights(made, {})
        assert torch.equal(made(x), before)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"purpose": "speed"}, "no purpose"),
        ({"purpose": "inference", "target": "tpu"}, "no target"),
        ({"target": "cpu"}, "purpose='inference'"),
        ({"purpose": "inference", "batch": 4}, "target `cpu`"),
        ({"purpose": "inference", "target": "cpu", "dtype": torch.float64}, "float32"),
        ({"batch": 4}, "target `cpu`"),
    ],
)
def test_wrong_use(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        netdsl.build(netdsl.loads("input 3x8x8\nfc-10\n"), **options)


def test_the_command(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compile", "lenet5_modern", "--for", "inference", "--target", "cpu"]) == 0
    assert "convolution(" in (tmp_path / "lenet5_modern_inference.py").read_text("utf-8")
    assert main(["compile", "lenet5_modern", "--target", "cpu"]) == 2
    assert "--for inference" in capsys.readouterr().err


@pytest.mark.parametrize("name", passes.pages())
def test_every_pass_has_a_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name.replace("_", "-")]) == 0
    assert passes.pages()[name].splitlines()[0] in capsys.readouterr().out


def test_bench_tells_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "lenet5_modern", "--rounds", "2", "--no-compile", "--threads", "1"]) == 0
    told = capsys.readouterr().out
    assert "--for inference --target cpu" in told and "1 threads, 2 rounds" in told
    assert main(["bench", "lenet5_modern", "--rounds", "2", "--no-compile", "--json"]) == 0
    ways = json.loads(capsys.readouterr().out)["ways"]
    assert [each["name"] for each in ways] == ["plain", "--for inference", "--for inference --target cpu"]
    assert all(each["milliseconds"]["median"] > 0 and each["error"] < 1e-5 for each in ways)


class TestDrawing:
    """Initial values are drawn once, or not at all."""

    def test_each_tensor_is_drawn_once(self) -> None:
        from netdsl.backends.torch.drawing import drawn

        made: list[tuple[int, ...]] = []

        class Layer(nn.Linear):
            def reset_parameters(self) -> None:
                super().reset_parameters()
                nn.init.normal_(self.weight, std=0.5)

        torch.manual_seed(0)
        with drawn():
            layer = Layer(400, 300)
            state = torch.get_rng_state()
        made.append(tuple(layer.weight.shape))
        assert abs(float(layer.weight.std()) - 0.5) < 0.01
        assert float(layer.bias.abs().max()) <= 1 / 20
        assert not torch.equal(state, torch.get_rng_state()), "drawn at the end"

    def test_what_is_read_is_drawn_before(self) -> None:
        from netdsl.backends.torch.drawing import drawn

        with drawn():
            layer = nn.Linear(400, 300)
            layer.weight.data *= 2
            nn.init.zeros_(layer.bias)
        assert 1.5 / 20 < float(layer.weight.abs().max()) <= 2 / 20
        assert not layer.bias.any()

    def test_what_draws_until_it_fits_ends_whatever_is_in_memory(self) -> None:
        from netdsl.backends.torch.drawing import drawn

        for left in (1e30, -1e30, float("nan")):
            weight = torch.full((20, 20), left)
            with drawn(once=False):
                nn.init.trunc_normal_(weight, std=0.1, a=0.1, b=0.2)
                nn.init.orthogonal_(weight)
            assert torch.equal(weight.nan_to_num(), torch.full((20, 20), left).nan_to_num())

    def test_other_threads_draw_as_ever(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        from netdsl.backends.torch.drawing import drawn

        usual = nn.init.ones_
        with drawn(once=False), ThreadPoolExecutor(1) as other:
            with drawn(once=False):
                assert not nn.init.ones_(torch.zeros(3)).any()
            assert not nn.init.ones_(torch.zeros(3)).any()
            assert other.submit(lambda: nn.init.ones_(torch.zeros(3))).result().all()
        assert nn.init.ones_ is usual and nn.init.ones_(torch.zeros(3)).all()

    @pytest.mark.parametrize("name", ["lenet5_modern", "googlenet_bn"])
    def test_without_initial_values_the_same_tensors_are_there(self, name: str) -> None:
        network = netdsl.load(name, input="3x96x96" if name != "lenet5_modern" else None)
        state = torch.get_rng_state()
        empty = netdsl.build(network, init=False)
        assert torch.equal(state, torch.get_rng_state()), "nothing was drawn"
        usual = netdsl.build(network)
        assert {k: v.shape for k, v in empty.state_dict().items()} == {
            k: v.shape for k, v in usual.state_dict().items()
        }
        given = inputs(network)
        loaded = netdsl.build(network, weights=usual.state_dict()).eval()
        assert torch.equal(loaded(*given), usual.eval()(*given))
