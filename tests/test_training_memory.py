"""What a training step keeps is known from the spec: to within half a percent of what PyTorch's autograd keeps.

Each module is run once with hooks that see every tensor kept; weights are not counted, memory that two share once.
"""

from __future__ import annotations

import json
import sys

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import netdsl
from netdsl import zoo
from netdsl.backends.purpose.training import planned
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.passes.player import Player
from netdsl.passes.tape import Bytes, Tape
from netdsl.passes.training_memory import tape, training
from netdsl.testing import allocations
from netdsl.testing.allocations import step
from netdsl.testing.drawing import LAW, sided
from netdsl.text.amounts import memory as amount
from netdsl.text.source import Source
from netdsl.tools.cli import main

pytestmark = pytest.mark.usefixtures("one_thread")
BATCH = 2


def kept(network: Network) -> int:
    """The bytes that autograd keeps for the backward pass."""
    model = netdsl.build(network).train()
    given = [
        torch.randint(each.vocabulary, (BATCH, *each.shape)) if each.vocabulary else torch.randn(BATCH, *each.shape)
        for each in network.inputs
    ]
    found, _ = allocations.kept(model, given)
    return sum(found.values())


def predicted(network: Network) -> int:
    figures = training(network)
    return figures.saved * BATCH + figures.constant


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern", "resnet_cifar:20", "squeezenet1_1", "mobilenet_v2:1.0"])
def test_what_is_kept(name: str) -> None:
    network = netdsl.load(name)
    assert predicted(network) == pytest.approx(kept(network), rel=0.005)


@pytest.mark.parametrize("ending", ["fc-4; softmax", "fc-4\noutput p\nsoftmax", "fc-4; softmax\noutput p"])
def test_a_softmax_at_the_end_is_kept_where_it_has_a_name(ending: str) -> None:
    network = netdsl.loads(f"input 3x8x8\n{ending}")
    values = 3 * 64 + (4 if ending.endswith("output p") else 0)
    assert predicted(network) == kept(network) == 4 * BATCH * values


@pytest.mark.slow
@pytest.mark.parametrize("name", [entry.name for entry in zoo.entries()])
def test_what_the_zoo_keeps(name: str) -> None:
    network = netdsl.load(name)
    if not all(node.op.differentiable for node in network.nodes):
        pytest.skip("it is not trained by gradients")
    assert predicted(network) == pytest.approx(kept(network), rel=0.005)


WIDER = {"nasnet": 0.031}
"""The functions of its cells hold variables longer than the spec tells."""


def holds_the_peak(name: str) -> None:
    """The law of the peak, of the plain module; nothing is computed, since tensors on the meta device have no numbers:
    but for attention, whose kernel is another one there."""
    network = netdsl.load(name)
    device = "cpu" if any(node.op.name == "attention" for node in network.nodes) else "meta"
    with torch.device(device):
        model = netdsl.build(network, init=False).train()
        given = [
            torch.zeros(BATCH, *each.shape, dtype=torch.long if each.vocabulary else torch.float)
            for each in network.inputs
        ]
    assert training(network).peak(BATCH) == pytest.approx(step(model.to(device), given)[1], rel=WIDER.get(name, 0.03))


FAST = ("zip1989", "fpn_resnet50", "deeplab_v3", "fcn8s", "ssd300_vgg")
"""Networks whose values are taken at several places, or that have several results, parts that are not trained, or
filters with zeros."""


@pytest.mark.parametrize("name", FAST)
def test_the_peak(name: str) -> None:
    holds_the_peak(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [entry.name for entry in zoo.entries() if entry.name not in FAST])
def test_the_peak_of_the_zoo(name: str) -> None:
    if not all(node.op.differentiable for node in netdsl.load(name).nodes):
        pytest.skip("it is not trained by gradients")
    holds_the_peak(name)


@pytest.mark.parametrize(
    ("text", "bytes"),
    [
        ("conv3-4; relu", 4 * (3 * 64 + 4 * 64)),
        ("relu; relu", 4 * 2 * 3 * 64),
        ("conv1-4; add { identity | conv1-4 }", 4 * (3 * 64 + 4 * 64)),
        ("conv1-4; maxpool; fc-2", 4 * (3 * 64 + 4 * 64 + 4 * 16) + 8 * 4 * 16),
        ("conv1-4; dropout(per=channel)", 4 * (3 * 64 + 4)),
    ],
)
def test_a_value_is_kept_once(text: str, bytes: int) -> None:
    assert training(netdsl.loads(f"input 3x8x8\n{text}")).saved == bytes


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", 256 + 256),
        ("dropout\nconv1-1", 256 + 64),
        ("reshape(1x16x16)\nconv1-1", 256 + 256),
        ("flatten\nfc-2", 256 + 2),
        ("relu\ndropout\nflatten\nfc-2", 256 + 2),
        ("conv3-4(groups=3)", 0),
        ("conv3-4(groups=3)\nrelu", 0),
    ],
)
def test_at_the_last_layer_of_a_step_there_is_no_more_than_it_needs(text: str, values: int) -> None:
    """Where that is the peak, since its weights have the most gradients: the input, what its gradient is and what it
    is found of, what is returned, and the gradients of the weights. What has no shape takes nothing."""
    network = compile(Source("step.net", f"input 3x8x8\nconv15-4\n{text}")).network
    assert network is not None
    weights = 3 * 15 * 15 * 4 + 4
    for batch in (1, 2):
        assert training(network).peak(batch) == 4 * (batch * (3 * 64 + values) + weights)


def left(player: Player) -> Bytes:
    """What is there at the end of a step."""
    player.played()
    return player.now


def given_and_returned(tape: Tape) -> Bytes:
    memories = {*range(tape.inputs), *(tape.storage[value] for value in tape.results)}
    return Bytes(sum(tape.sizes[value] for value in memories))


@LAW
@given(sided())
def test_a_step_leaves_what_it_was_given_and_what_it_returns(network: Network) -> None:
    made = tape(network)
    assert left(Player(made)) == given_and_returned(made), network.sources[0].text


BRANCHED = """
input 3x16x16
a: conv3-8(norm=bn, act=relu); conv3-8(norm=bn, act=silu); dropout(20%)
aux head(weight=0.3) { gap; fc-10 }
concat { @a; conv3-8(norm=bn, act=relu) | dropout(per=channel); conv3-8(act=gelu) | identity }
conv3-8(norm=bn, act=relu); maxpool; dropout(20%)
add { identity | conv3-8(norm=bn, act=relu); dropout(10%); conv3-8(norm=bn) }; relu
conv3-8(norm=bn, act=relu); gap; fc-10; softmax
"""


@pytest.mark.parametrize("name", ["branched", "resnet_cifar:20"])
@pytest.mark.parametrize("share", [None, 0.97, 0.9, 0.8, 0.7])
def test_so_does_one_in_which_values_are_computed_again(name: str, share: float | None) -> None:
    """In as much of the plain step's memory, or as many of them as cost next to nothing."""
    network = netdsl.loads(BRANCHED) if name == "branched" else netdsl.load(name)
    figures = training(network)
    budget = None if share is None else figures.whole(int(figures.peak(32) * share))
    plan = planned(network, 32, budget)
    assert plan.lights or plan.groups
    for ends in (None, plan.ends):
        player = Player(plan.tape, plan.lights, plan.groups, ends)
        assert left(player) == given_and_returned(plan.tape)


@pytest.mark.parametrize("end", ["dropout", "droppath(10%)", "maxpool", "conv3-8", "relu", "scale(2)"])
def test_so_does_one_whose_stretch_that_is_computed_again_ends_in_any_layer(end: str) -> None:
    """Whatever that keeps: numbers of its own, what it takes, what it gives, or nothing."""
    plan = planned(netdsl.loads(f"input 8x8x8\nconv3-8; gelu; {end}; scale(2); fc-2")).plain.with_groups([range(1, 4)])
    player = Player(plan.tape, plan.lights, plan.groups, plan.ends)
    assert plan.groups and left(player) == given_and_returned(plan.tape)


@LAW
@given(sided(), st.data())
def test_so_does_one_in_which_any_stretches_are_computed_again(network: Network, data: st.DataObject) -> None:
    """Beside values that are."""
    assume(all(node.op.differentiable for node in network.nodes))
    plan = planned(network)
    edges = sorted(data.draw(st.sets(st.integers(0, len(plan.tape.entries)), max_size=6)))
    plan = plan.with_groups([range(*each) for each in zip(edges[::2], edges[1::2], strict=False)])
    for ends in (None, plan.ends):
        player = Player(plan.tape, plan.lights, plan.groups, ends)
        assert left(player) == given_and_returned(plan.tape), (network.sources[0].text, plan.groups)


def test_the_peak_is_no_less_than_what_is_kept() -> None:
    figures = training(netdsl.load("resnet50"))
    for batch in (1, 8, 64):
        saved = figures.saved * batch + figures.constant
        assert saved <= figures.peak(batch) <= 1.2 * saved


def test_the_largest_batch_fits_and_the_next_does_not() -> None:
    figures = training(netdsl.load("resnet50"))
    for budget in (10**9, 8 * 10**9, 24 * 10**9):
        most = figures.largest(budget)
        assert figures.step(most) <= budget < figures.step(most + 1)
    assert figures.largest(10**6) == 0


@pytest.mark.parametrize("text", ["fc-2", "conv3-4; dropout; conv3-8(norm=bn); fc-10", "conv7-64; gap; fc-2"])
def test_a_budget_that_is_met_exactly_is_enough(text: str) -> None:
    """And a byte less is not."""
    figures = training(netdsl.loads(f"input 3x8x8\n{text}"))
    for batch in range(1, 40):
        budget = figures.step(batch)
        assert figures.largest(budget) == batch and figures.largest(budget - 1) == batch - 1
        for more in range(11):
            room = figures.room(budget + more)
            assert figures.whole(room) <= budget + more < figures.whole(room + 1)
    assert figures.largest(figures.standing) == figures.largest(0) == 0


@pytest.mark.parametrize(
    ("optimizer", "copies"),
    [
        ("sgd(lr=0.1)", 0),
        ("sgd(lr=0.1, momentum=0.9)", 1),
        ("adamw(lr=0.1)", 2),
        ("adam(lr=0.1, amsgrad=false)", 2),
        ("adam(lr=0.1, amsgrad=true)", 3),
        ("rmsprop(lr=0.1)", 1),
        ("rmsprop(lr=0.1, momentum=0.9)", 2),
        ("rmsprop(lr=0.1, centered=true)", 2),
        ("rmsprop(lr=0.1, momentum=0.9, centered=true)", 3),
    ],
)
def test_what_the_optimizer_remembers(optimizer: str, copies: int) -> None:
    figures = training(netdsl.loads(f"input 3x8x8\nfc-10\ntrain(optimizer={optimizer})"))
    assert figures.state == copies * figures.gradients == copies * 4 * (192 * 10 + 10)


@pytest.mark.parametrize(
    ("recipe", "name", "copies"),
    [
        ("", "sgd(momentum)", 1),
        ("train(epochs=3)", "sgd(momentum)", 1),
        ("train(optimizer=sgd(lr=0.1))", "sgd", 0),
        ("train(optimizer=rmsprop(lr=0.1))", "rmsprop", 1),
    ],
)
def test_the_optimizer_is_the_recipes_or_sgd_with_momentum(recipe: str, name: str, copies: int) -> None:
    figures = training(netdsl.loads(f"input 3x8x8\nfc-10\n{recipe}"))
    assert (figures.optimizer, figures.state) == (name, copies * figures.gradients)


@pytest.mark.parametrize(("written", "bytes"), [("24GB", 24 * 10**9), ("1.5 MiB", 3 * 2**19), ("512", 512)])
def test_amounts(written: str, bytes: int) -> None:
    assert amount(written) == bytes


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "lenet5_modern", "--memory", "--batch", "8", "--budget", "1GB"]) == 0
    told = capsys.readouterr().out
    assert "kept for the backward pass" in told and "1.00 GB hold" in told
    assert main(["summary", "lenet5_modern", "--memory", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["total"] > record["peak"] >= record["saved"] > 0
    assert main(["summary", "lenet5_modern", "--memory", "--markdown"]) == 0
    assert "| layer | operator |" in capsys.readouterr().out
    assert main(["summary", "lenet5_modern", "--batch", "8"]) == 2
    assert main(["summary", "lenet5_modern", "--memory", "--budget", "much"]) == 2


def test_a_budget_is_met_layer_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["summary", "resnet_cifar:20", "--memory", "--batch", "32", "--budget"]
    assert main([*words, "30MB"]) == 0
    told = capsys.readouterr().out
    assert "in the budget  computed again" in told and "compiled --for training in this budget: " in told
    assert main([*words, "30MB", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["plan"]["total"] <= 30_000_000 < record["total"] and record["plan"]["groups"]
    stage = next(each for each in record["stages"] if each["name"] == "layer1")
    assert stage["in_budget"] < stage["kept"] and stage["again"] > 3
    assert main([*words, "60MB"]) == 0
    assert "computed again" not in capsys.readouterr().out
    assert main([*words, "10MB"]) == 0
    assert (
        "even compiled --for training, a training step of ResNet-CIFAR with 32 samples takes" in capsys.readouterr().out
    )


def test_no_torch_is_needed() -> None:
    import subprocess

    code = "import sys, netdsl.tools.cli as c; c.main(['summary', 'resnet50', '--memory', '--batch=8', '--budget=800MB']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
