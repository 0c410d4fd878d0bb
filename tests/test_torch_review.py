"""The emitted source as a maintainer reviews it: nothing to send back in the zoo, and what it took, one by one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from slips import slips
from test_torch import EVERY

import netdsl
from netdsl.ir import Network
from netdsl.testing.blocks import block_networks

SPECS = sorted({path for path, _ in EVERY})


def emitted(spec: str) -> str:
    return netdsl.emit(netdsl.loads(spec))


@pytest.mark.parametrize("path", SPECS)
def test_nothing_is_sent_back(path: str) -> None:
    """Of every spec of the zoo in its first variant; the others are among the laws of `test_torch_blocks`."""
    text = netdsl.emit(netdsl.load(path, variant=next(variant for each, variant in EVERY if each == path)))
    assert list(slips(text)) == []


DEAD = '''
class A(nn.Module):
    """The block `a`."""

    def __init__(self, n, unused):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(n, 1 if n else 1))
        self.dead = nn.Identity()

    def forward(self, x):
        y = self.conv(x)
        if self.training:
            x = 2 * x
            z = x
        else:
            z = x
        return z
'''


def test_the_review_sees_what_it_is_for() -> None:
    found = "\n".join(slips(DEAD))
    for told in (
        "identity",
        "sequence of one",
        "end alike",
        "are alike",
        "says nothing",
        "unused",
        "reads y",
        "self.dead",
    ):
        assert told in found


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(block_networks())
def test_nor_in_drawn_networks(network: Network) -> None:
    """What is drawn has parameters that nothing needs and sequences of one, but no filler and nothing said twice."""
    text = netdsl.emit(network)
    told = [each for each in slips(text) if not each.startswith("a sequence of one")]
    assert told == [], network.sources[0].text + text


def test_a_head_that_is_one_call_is_that_call() -> None:
    text = emitted("input 4x8x8\nblock head(n) { gap; fc-n }\nconv1-4; aux a(weight=0.3) { head(3) }\ngap; fc-2")
    assert "self.a = Head(4, 3)" in text and "a = self.a(x_0) if" not in text
    state = netdsl.build(netdsl.loads("input 4x8x8\nblock h() { conv1-2 }\naux a { h() }\nconv1-2")).state_dict()
    assert list(state) == ["a.0.weight", "a.0.bias", "1.weight", "1.bias"]


def test_a_value_that_is_given_twice_is_two_inputs() -> None:
    spec = "input 4x8x8\nblock two(n) takes a, b { @a; conv1-n; add { identity | @b } }\nx: conv1-4\ny: conv1-4\n"
    text = emitted(spec + "p: two(4) { @x | @x }\nq: two(4) { @x | @y }\nadd { @p | @q }")
    assert text.count("class Two") == 1
    assert "self.p(x, x)" in text and "self.q(x, y)" in text


def test_an_identity_in_a_sequence_leaves_its_number_out() -> None:
    spec = "input 4x8x8\na: { conv1-4; identity; conv1-4(init=zeros); relu }"
    text = emitted(spec)
    assert "# The numbers are those of the checkpoint's keys." in text and 'self.a.add_module("2", ' in text
    model = netdsl.build(netdsl.loads(spec))
    assert list(model.state_dict()) == ["a.0.weight", "a.0.bias", "a.2.weight", "a.2.bias"]
    assert not model.state_dict()["a.2.weight"].any()


FORKED = """input 8x8x8
block b(n, stride=1) {
  x: identity
  if channels != n { skip{stride}: conv1-n/stride }
  way: identity
  @x
  body: conv3-n/stride
  add { identity | @way }
}
b(8); b(16); b(32, 2); gap; fc-2
"""


def test_where_instances_differ_in_what_a_name_means_it_is_set_once() -> None:
    text = emitted(FORKED)
    assert text.count("self.body(x)") == 1
    assert "elif self.has_skip" in text and "            way = x\n" in text
    assert "self.has_skip1 = in_channels != n and stride == 1" in text
    script = torch.jit.script(netdsl.build(netdsl.loads(FORKED)))
    assert script(torch.zeros(2, 8, 8, 8)).shape == (2, 2)


def test_a_shortcut_that_only_some_instances_pass_is_a_statement() -> None:
    spec = "input 8x8x8\nblock b(n) { add { body: conv3-n | if channels != n { skip: conv1-n } else { identity } } }\n"
    text = emitted(spec + "b(8); b(16)")
    assert "shortcut = self.skip(x) if self.has_skip else x" in text
    assert "return self.body(x) + shortcut" in text
    torch.jit.script(netdsl.build(netdsl.loads(spec + "b(8); b(16)")))


def test_channels_that_other_layers_take_follow_a_param() -> None:
    spec = "input 3x8x8\nparam classes = 5\nparam width = 4\nscore: conv1-classes; up: upconv2-classes/2(norm=bn)\n"
    spec += "add { identity | side: conv1-classes }; a: conv3-{width * 2}; b: conv1-width"
    text = emitted(spec)
    assert "def __init__(self, classes: int = 5) -> None:" in text and "Fixed when compiled: width=4" in text
    assert "nn.ConvTranspose2d(classes, classes, kernel_size=2, stride=2)" in text
    assert "classes: int = 21" in netdsl.emit(netdsl.load("fcn8s"))


def test_a_length_that_a_block_names_is_its_parameter() -> None:
    spec = "input 6x10\nblock mix(hidden, t=length) {\n"
    spec += "  residual { transpose; m: { pointwise-hidden; pointwise-t }; transpose }; norm: ln\n}\nmix(7) x2"
    text = emitted(spec)
    assert "Pointwise1d(t, hidden)" in text and "LayerNorm1d(in_channels" in text


def test_one_or_two_layers_may_be_drawn_otherwise_behind_the_loop() -> None:
    spec = "input 4x8x8\nconv3-4 x3; gap; fc-2; fc: fc-2(bias_init=0)\ntrain(init=by(conv=xavier, fc=xavier, bias=0.2))"
    text = emitted(spec)
    assert text.count("nn.init.xavier_uniform_") == 1
    assert "        nn.init.zeros_(self[6].bias)\n" in text.partition("for m in self.modules():")[2]
    state = netdsl.build(netdsl.loads(spec)).state_dict()
    assert not state["fc.bias"].any() and (state["0.bias"] == 0.2).all()


def test_a_layer_with_its_norm_that_comes_again_is_a_class() -> None:
    spec = "input 3x8x8\ndefault conv(norm=bn, bias=false, act=relu)\n"
    spec += "a: conv3-4/2; b: conv1-8; block x(n) { c: conv3-n; d: conv1-{2 * n} }; x(4)"
    text = emitted(spec)
    assert "in_channels: int, out: int, kernel: int = 3, stride: int = 1" in text
    assert "self.b = ConvBnRelu(4, 8, kernel=1)" in text and "self.d = ConvBnRelu(n, 2 * n, kernel=1)" in text
    assert "ConvBnRelu" not in emitted("input 3x8x8\na: conv3-4(norm=bn); b: conv3-4(norm=bn)")


def test_values_go_by_the_labels_of_their_branches() -> None:
    text = emitted("input 4x8x8\nmul { filter: conv3-4(act=tanh) | gate: conv3-4(act=sigmoid) }; relu")
    assert "gate = self.sigmoid(self.gate(x))" in text and "branch2" not in text


@pytest.mark.parametrize(("spec", "name"), [("resnet50", "ResNet50"), ("fcn8s", "FCN8s"), ("nasnet", "NASNetALarge")])
def test_classes_are_an_argument_of_the_file_that_compile_writes(spec: str, name: str) -> None:
    names: dict[str, type[torch.nn.Module]] = {}
    exec(netdsl.emit(netdsl.load(spec)), names)
    with torch.device("meta"):
        ours = names[name](classes=10).state_dict()
        theirs = netdsl.build(netdsl.load(spec, classes=10)).state_dict()
    assert {key: value.shape for key, value in ours.items()} == {key: value.shape for key, value in theirs.items()}
