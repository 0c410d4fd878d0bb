"""The emitted source as a reader meets it: one class for what is alike, names that say what, loops, a sane layout."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

import netdsl
from netdsl.backends.torch.terms import FUNCTIONS, MAKE_DIVISIBLE, literal
from netdsl.elaborate.functions import round_to


def classes(text: str) -> list[str]:
    return [line.removeprefix("class ").rstrip(":") for line in text.splitlines() if line.startswith("class ")]


def test_a_block_is_one_class_with_its_parameters() -> None:
    text = netdsl.emit(netdsl.load("googlenet"))
    assert classes(text)[0] == "Inception(nn.Module)"
    assert "self, in_channels: int, n1x1: int, n3x3red: int, n3x3: int" in text
    assert "self.inception3a = Inception(192, n1x1=64, n3x3red=96, n3x3=128, n5x5red=16, n5x5=32, pool_proj=32)" in text


def test_residual_blocks_share_a_class_whose_shortcut_follows_from_the_shapes() -> None:
    text = netdsl.emit(netdsl.load("resnet152"))
    assert classes(text) == ["Bottleneck(nn.Module)", "ResNet152(nn.Module)"]
    assert "in_channels: int, width: int, stride: int = 1) -> None" in text
    assert "if stride != 1 or in_channels != width * 4:" in text
    assert "nn.Conv2d(width, width * 4, kernel_size=1, bias=False)" in text
    assert "*[Bottleneck(1024, 256) for _ in range(35)]," in text


def test_no_downsample_where_no_block_has_one() -> None:
    text = netdsl.emit(netdsl.loads("input 4x8x8\n[3x3, 4; 3x3, 4] x3"))
    assert "downsample" not in text


def test_groups_that_are_alike_share_a_class_and_take_their_skip() -> None:
    spec = "net U\ninput 3x16x16\n" + "".join(f"e{i}: conv3-{4 * i}\n" for i in (1, 2, 3))
    spec += "middle: conv3-8\n"
    spec += "".join(f"dec{i}: {{ conv3-4; concat {{ @e{i} | identity }}; conv1-8 }}\n" for i in (3, 2, 1))
    text = netdsl.emit(netdsl.loads(spec))
    assert classes(text) == ["Dec(nn.ModuleDict)", "U(nn.Module)"]
    assert "def forward(self, x: Tensor, e: Tensor) -> Tensor:" in text
    assert "x = self.dec2(x, e2)" in text


def test_a_block_keeps_its_parameters_and_its_conditions() -> None:
    spec = """input 8x8x8
param classes = 3
# Twice as wide inside.
block b(n, t=1, stride=1, hidden=channels * t, act=relu) {
  if t > 1 { conv1-hidden(act=act) }
  conv3-n/stride
}
b(8); b(8, 2); b(4, 2, act=none) /2; gap; fc-classes
"""
    text = netdsl.emit(netdsl.loads(spec))
    assert '"""Twice as wide inside."""' in text and "if t > 1:" in text
    assert "n: int, t: int = 1, stride: int = 1, act: type[nn.Module] | None = nn.ReLU" in text
    assert "if t > 1 and act is not None:" in text
    assert "hidden = in_channels * t" in text and "B(8, 8, t=2)" in text
    assert "def __init__(self, classes: int = 3) -> None:" in text
    assert "downsample" not in text and "Identity" not in text


def test_a_rounded_argument_keeps_the_parameter_that_it_is_computed_of() -> None:
    """What is rounded is written as Python rounds, and the module has the weights that the network says."""
    spec = """input 8x8x8
block sep(n) { dwconv3; conv1-n }
block unit(c, squeeze=true, nl=relu) {
  if squeeze { sep(round_to(c / 4, 8)) }
  sep(floor(c * 0.6)); conv1-{ceil(c * 0.4)}(act=nl)
}
unit(20); unit(32, false); unit(44, nl=hardswish); unit(60, false, none); gap; fc-3
"""
    net = netdsl.loads(spec)
    text = netdsl.emit(net)
    assert classes(text) == ["Sep(nn.Sequential)", "Unit(nn.Sequential)", "Network(nn.Sequential)"]
    assert "Unit(8, 20)" in text and "Unit(13, 44, nl=nn.Hardswish)" in text and "import math" in text
    assert "channels2 = math.floor(c * 0.6)" in text and "channels = make_divisible(c // 4, 8)" in text
    with torch.device("meta"):
        made = netdsl.build(net).state_dict()
    assert "        squeeze = math.floor(0.25 * in_channels + 0.5)" in netdsl.emit(netdsl.load("regnet_y_400mf"))
    halves = netdsl.loads("input 8x8x8\nblock b(n) { conv1-{round(n * 0.5)}; conv1-n }\nb(5); b(9); b(8)")
    assert "        channels = math.floor(n * 0.5 + 0.5)\n" in netdsl.emit(halves)
    expected = {f"{node.path}.{key}": w.shape for node in net.nodes for key, w in net.weights(node).items()}
    assert {key: tuple(value.shape) for key, value in made.items()} == expected
    given: dict[str, Any] = {}
    exec(MAKE_DIVISIBLE, given)
    for divisor in (1, 3, 4, 8, 16):
        for value in (*range(1, 300), *(n * 0.35 for n in range(1, 300)), *(n * 1.4 for n in range(1, 300))):
            found = given["make_divisible"](value, divisor)
            assert found == FUNCTIONS["round_to"](value, divisor), (value, divisor)
            assert isinstance(value, float) or found == round_to(value, divisor), (value, divisor)


def test_activations_truths_and_counts_of_the_zoo_are_arguments() -> None:
    """Blocks that were several classes, or lost their parameters, are one class with them."""
    text = netdsl.emit(netdsl.load("mobilenet_v3_large"))
    assert classes(text) == [
        "ConvBn(nn.Sequential)",
        "SqueezeExcitation(nn.Module)",
        "Bneck(nn.Module)",
        "MobileNetV3Large(nn.Module)",
    ]
    assert "Bneck(40, kernel=5, expand=120, out=40, se=True, nl=nn.ReLU)," in text
    assert "SqueezeExcitation(expand, make_divisible(expand // 4, 8), gate=nn.Hardsigmoid)" in text
    assert "self.has_identity = stride == 1 and in_channels == c" in netdsl.emit(netdsl.load("repvgg_a0"))
    assert netdsl.emit(netdsl.load("ghostnet")).count("layers: list[nn.Module] = [") == 1
    assert (
        "for "
        not in netdsl.emit(netdsl.load("xception")).partition("def forward(self, x: Tensor)")[2].rpartition("def")[2]
    )


def test_a_block_that_a_parameter_names_is_an_argument() -> None:
    """Such blocks take the same arguments, whether they need them or not; an activation is called alike."""
    text = netdsl.emit(
        netdsl.loads(
            "input 4x8x8\n"
            "block deep(n, wide, stride=1) { conv3-wide/stride; conv1-n }\n"
            "block flat(n, wide, stride=1) { conv1-n/stride }\n"
            "block pair(unit, n, f=relu, stride=1) { unit(n, 2 * n, stride); f; unit(n, n) }\n"
            "pair(deep, 8, gelu); pair(flat, 8, stride=2); pair(deep, 16, silu); gap; fc-10"
        )
    )
    made = ["Deep(nn.Sequential)", "Flat(nn.Sequential)", "Pair(nn.Sequential)", "Network(nn.Sequential)"]
    assert classes(text) == made
    assert "def __init__(self, in_channels: int, n: int, wide: int, stride: int = 1) -> None:" in text
    assert "unit(in_channels, n, 2 * n, stride=stride),\n            f(),\n            unit(n, n, n)," in text
    assert "Pair(4, Deep, 8, f=nn.GELU),\n            Pair(8, Flat, 8, stride=2)," in text
    assert classes(netdsl.emit(netdsl.load("mc3_18"))) == [
        "Full(nn.Sequential)",
        "Flat(nn.Sequential)",
        "BasicBlock(nn.Module)",
        "VideoResNetMc3_18(nn.Module)",
    ]
    nasnet = netdsl.emit(netdsl.load("nasnet"))
    assert "channels = before_channels if fit is Keep else c" in nasnet
    assert "self.cell_0 = Normal(168, 336, 168, fit=Halve)" in nasnet


def test_a_param_that_shapes_depend_on_is_named() -> None:
    text = netdsl.emit(netdsl.loads("input 8x8x8\nparam width = 4\nparam rate = 0.5\nconv3-width; dropout(rate); fc-3"))
    assert "Fixed when compiled: width=4; `netdsl compile" in text
    assert "def __init__(self, rate: float = 0.5) -> None:" in text


def test_loops() -> None:
    spec = "block b(n) { layer{i + 1}: dense_layer(4) xN as i }\n".replace("N", "{n}")
    text = netdsl.emit(netdsl.loads("input 8x8x8\n" + spec + "a: b(4)\nc: b(6)"))
    assert 'self.add_module(f"layer{i + 1}", DenseLayer(in_channels + i * 4, 4))' in text
    text = netdsl.emit(netdsl.loads("input 8x8x8\ndefault conv(act=relu)\nconv3-8 x20"))
    assert (
        "for _ in range(20)" in text and "for layer in (nn.Conv2d(8, 8, kernel_size=3, padding=1), nn.ReLU())" in text
    )
    spec = "block u(r) { residual(act=none) { conv1-8; droppath(r) } }\nblock b(n) { u({i / 9.0}) xN as i }\nb(5)"
    text = netdsl.emit(netdsl.loads("input 8x8x8\n" + spec.replace("N", "{n}")))
    assert "for i in range(n):" in text and "layers.append(U(in_channels, i / 9.0))" in text


def test_the_names_of_classes_do_not_collide() -> None:
    spec = "net Slice\ninput 4x8x8\nblock slice_(n) { conv1-n; relu }\nblock Module(n) { conv1-n; Tensor: conv1-4 }\n"
    spec += "slice(0, 4); slice_(4); Module(4); Linear: { conv1-4; add { conv1-4 | identity } }; output Slice\naux I { fc-2 }"
    text = netdsl.emit(netdsl.loads(spec))
    names = [each.partition("(")[0] for each in classes(text)]
    assert len(names) == len(set(names)) and "SliceNet" in names
    model = netdsl.build(netdsl.loads(spec))
    assert type(model).__name__ == "SliceNet"


def test_a_network_without_a_usable_name() -> None:
    assert "class Net(nn.Module)" in netdsl.emit(netdsl.loads("net _\ninput 4\na: fc-2"))
    assert "class Net3D(" in netdsl.emit(netdsl.loads("net 3D\ninput 4\nfc-2"))
    assert "class NoneNet(" in netdsl.emit(netdsl.loads("net None\ninput 4\nfc-2"))


def test_one_loop_draws_what_all_layers_share() -> None:
    text = netdsl.emit(netdsl.loads("input 4x4x4\nconv1-4\nupconv2-4/2\nfc-2\ntrain(init=normal(std=0.01))"))
    assert "if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):" in text
    mixed = "input 4x4x4\ndefault conv(init=ones)\nconv1-4 x3; a: { conv1-4 x3; conv1-4(init=zeros) }\nfc-2\ntrain(init=zeros)"
    state = netdsl.build(netdsl.loads(mixed)).state_dict()
    assert [bool(state[f"{name}.weight"].all()) for name in ("0", "2", "a.0", "a.3", "5")] == [True] * 3 + [False] * 2


def test_device_and_dtype() -> None:
    network = netdsl.loads("input 4x4x4\nconv1-4(norm=bn)\nfc-2")
    model = netdsl.build(network, device="meta", dtype=torch.float16)
    assert {(value.device.type, value.dtype) for value in model.parameters()} == {("meta", torch.float16)}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-05, "1e-5"),
        (0.1, "0.1"),
        ('a"b', "'a\"b'"),
        ("a\n\u2028", '"a\\n\\u2028"'),
        ((1,), "(1,)"),
        (float("inf"), 'float("inf")'),
    ],
)
def test_literals(value: object, text: str) -> None:
    assert literal(value) == text
    assert eval(text) == value


def test_long_lines_are_broken_as_formatters_do(tmp_path: Path) -> None:
    label = "a_label_of_a_length_that_nobody_needs"
    specs = [
        f"input 4x8x8\n{label}: conv1-4\n{label}2: conv1-4\n"
        f"concat {{ @{label} | @{label}2; conv1-4; relu | z{label}: conv3-4 | conv3-4(norm=bn) }}",
        "input 4x8x8\nblock b("
        + ", ".join(f"{label}{i}" for i in range(9))
        + ") {"
        + "; ".join(f"conv1-{label}{i}" for i in range(9))
        + "}\n"
        + "; ".join(f"b({', '.join(str((i * j) % 7 + 1) for i in range(1, 10))})" for j in range(1, 5)),
        "input "
        + "\ninput ".join(f"{label}{i}: 4x4x4" for i in range(5))
        + "\nadd { "
        + " | ".join(f"@{label}{i}" for i in range(5))
        + " }\n"
        + "\n".join(f"output {label}{i}_" for i in range(5)),
    ]
    for number, spec in enumerate(specs):
        (tmp_path / f"net{number}.py").write_text(netdsl.emit(netdsl.loads(spec)), "utf-8")
    options = ["--isolated", "--line-length", "120", "--target-version", "py311", str(tmp_path)]
    for command in (["check", "--select", "E,F,W,I,UP,B"], ["format", "--diff"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, *options], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


LARGE = {
    "equal": "conv3-8 x{n}",
    "varied": "conv1-{{8 + i * 7919 % 13}} x{n} as i",
    "blocks": "[1x1, 4; 3x3, 4; 1x1, 8] x{n}",
    "used again": "s: {{ conv1-8; relu }}\nreuse(s) x{n}",
    "joins": "concat {{ conv1-1 | identity }} x{n}",
}


@pytest.mark.parametrize("statement", LARGE.values(), ids=LARGE)
def test_time_grows_with_the_size(statement: str) -> None:
    """Four times the layers, four times the time or so: nothing is quadratic."""
    times = []
    for count in (500, 2000):
        network = netdsl.loads("input 8x4x4\ndefault conv(norm=bn, act=relu)\n" + statement.format(n=count))
        found = []
        for _ in range(3):
            start = time.process_time()
            netdsl.emit(network)
            found.append(time.process_time() - start)
        times.append(min(found))
    assert times[1] < 10 * times[0] + 0.05


def test_modules_without_labels_and_modules_that_count_up_are_scripted() -> None:
    """A list of them is an `nn.Sequential` or an `nn.ModuleList`; loops over values are what TorchScript reads."""
    net = netdsl.loads(
        "input 4x8x8\n"
        "block layer(n) takes x { conv1-n; relu; output skip: conv1-2; conv1-n; add { identity | @x } }\n"
        "block layers(m, n) { layer{i}: layer(n) x{m} as i; add x{m} as i { @layer{i}.skip } }\n"
        "block paths(n) { add x6 { conv1-n; relu } }\n"
        "block pool() takes x { gap; conv1-4; upsample(like=@x) }\n"
        "block cell(n) takes a, b { @a; left: conv3-n; @b; right: conv1-n; output a: add { @left | @right }\n"
        "  output b: mul { @left | @right } }\n"
        "paths(4); pool(); pair: cell(4) { identity | conv1-4 } x3; concat { @pair.a | @pair.b }\n"
        "layers(14, 8); gap; fc-3"
    )
    text = netdsl.emit(net)
    assert "class Pool(nn.Sequential):" in text and "        for layer in self:\n            out = layer(out)\n" in text
    assert "class Pair(nn.ModuleList):" in text and "            a, b = layer(a, b)\n" in text
    assert "            x, skip = layer(x)\n            skips.append(skip)\n        x = skips[0]\n" in text
    assert "        terms = [branch(x) for branch in self.values()]\n" in text
    model, x = netdsl.build(net).eval(), torch.randn(2, 4, 8, 8)
    assert torch.equal(torch.jit.script(model)(x), model(x))
    assert list(model.state_dict()) == [f"{node.path}.{name}" for node in net.nodes for name in net.weights(node)]


def test_modules_of_a_join_that_takes_several_values_are_attributes_of_it() -> None:
    """Only where a loop reaches them by their numbers are they in a dictionary."""
    net = netdsl.loads(
        "input 4x8x8\na: conv1-4; b: conv1-4\nm: add { @a; conv1-4 | @b; conv1-4(norm=bn) }\n"
        "c: concat x6 as j { if j < 5 { @a; conv1-4 }\nif j == 5 { @m; conv3-4 } }\ngap; fc: fc-2"
    )
    text = netdsl.emit(net)
    assert "self.m = nn.Module()\n        self.m.branch1 = nn.Conv2d(4, 4, kernel_size=1)\n" in text
    assert "self.m.branch1(a) + self.m.branch2(b)" in text
    assert "self.c = nn.ModuleDict(" in text and '[self.c[f"branch{i + 1}"](a) for i in range(5)]' in text
    model, x = netdsl.build(net).eval(), torch.randn(2, 4, 8, 8)
    assert list(model.state_dict()) == [f"{node.path}.{name}" for node in net.nodes for name in net.weights(node)]
    model(x)
    hrnet = netdsl.emit(netdsl.load("hrnet:w18_small"))
    assert "self.map1.branch1(branch0)" in hrnet and "ModuleDict" not in hrnet


def test_a_value_given_twice_is_two_inputs_that_a_reuse_may_tell_apart() -> None:
    net = netdsl.loads(
        "input 3x8x8\nblock pair() takes a, b { add { @a; c: conv3-3 | @b } }\n"
        "x: relu; t: pair() { @x | @x }; reuse(t) { @x | tanh }"
    )
    model, x = netdsl.build(net).eval(), torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        first = torch.relu(x)
        wanted = model.t(first, torch.tanh(model.t(first, first)))
        assert torch.equal(model(x), wanted) and list(model.state_dict()) == ["t.c.weight", "t.c.bias"]
