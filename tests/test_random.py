"""Networks drawn at random: what the checks say is what the built module is.

The strategy writes .net text, statement by statement, so that every way to say a thing is used: notation and
arguments, labels, groups, repeats, joins, residuals, bracket blocks, blocks with parameters, `@label`, defaults.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

import netdsl
from netdsl.backends.text import text as written
from netdsl.ir import Network

SIMPLE = [
    "relu",
    "bn",
    "conv1-4",
    "conv3-6(act=relu)",
    "conv3-4/2(norm=bn, bias=false, act=silu)",
    "conv5-4(pad=2, act=tanh)",
    "conv1x3-6",
    "conv3-8(groups=2)",
    "conv3-4(dilation=2)",
    "dwconv3",
    "dwconv3/2(mult=2, norm=bn)",
    "upconv2-4/2",
    "maxpool",
    "maxpool3/2(pad=1)",
    "maxpool3/2(ceil=true)",
    "avgpool3/1(pad=1)",
    "avgpool2(ceil=true)",
    "lrn",
    "dropout(20%)",
    "leakyrelu(0.2)",
    "prelu",
    "gelu",
    "ln",
    "gn(2)",
    "scale(0.5)",
    "scale()",
    "pad(1)",
    "upsample(2)",
    "shuffle(2)",
    "identity",
    "conv3-4(pad=tf)",
    "conv2-4/2(pad=tf)",
    "conv3-6(pad=[0, 1, 2, 1])",
    "conv3-4/2(ceil=true, pad=0)",
    "se(0.5)",
    "inception(2, 2, 4, 2, 2, 2)",
    "basic(8)",
    "bottleneck(2, stride=2)",
    "unit(4)",
    "unit(6, k=1)",
    "maxpool(to=4x4)",
    "[3x3, 4; 3x3, 4]",
    "[1x1, 2; 3x3, 2; 1x1, 8] /2",
    "[3x3, 6; 3x3, 6] x2 /2",
]
HEAD = """input 4x16x16
default conv(init=normal(std=0.1))
block unit(n, k=3) {{ residual {{ convk-n(act=relu); convk-n }} }}
"""


@st.composite
def statements(draw: st.DrawFn, depth: int = 0) -> list[str]:
    found = []
    labels: list[str] = []
    for number in range(draw(st.integers(1, 4 if depth else 5))):
        kind = draw(
            st.sampled_from(["simple"] * 7 + (["group", "join", "residual", "repeat", "goto"] if depth < 2 else []))
        )
        name = f"n{depth}_{number}"
        label = f"{name}: " if draw(st.booleans()) else ""
        if kind == "group":
            found.append(f"{label}{{ {'; '.join(draw(statements(depth + 1)))} }}")
        elif kind == "repeat":
            found.append(f"{label}{draw(st.sampled_from(SIMPLE[:20]))} x{draw(st.integers(1, 4))}")
            if "[" in found[-1]:
                found.pop()
                continue
        elif kind == "join":
            joining = draw(st.sampled_from(["concat", "add", "mul"]))
            width = draw(st.sampled_from([4, 6]))
            branches = [
                f"conv{k}-{width}" + draw(st.sampled_from(["", "(act=relu)"]))
                for k in draw(st.lists(st.sampled_from([1, 3]), min_size=2, max_size=3))
            ]
            if joining == "concat":
                branches.append("identity")
            found.append(f"{label}{joining} {{ {' | '.join(branches)} }}")
        elif kind == "residual":
            shortcut = draw(st.sampled_from(["", "(shortcut=always)", "(act=relu)"]))
            found.append(f"{label}residual{shortcut} {{ conv3-{draw(st.sampled_from([4, 8]))}(norm=bn); conv1-8 }}")
        elif kind == "goto" and labels:
            found.append(f"@{draw(st.sampled_from(labels))}")
            continue
        else:
            found.append(label + draw(st.sampled_from(SIMPLE)))
        if label:
            labels.append(name)
    return found


@st.composite
def networks(draw: st.DrawFn) -> Network:
    body = draw(statements())
    ending = draw(st.sampled_from([[], ["gap", "fc-3"], ["flatten", "fc-4(norm=bn, act=relu)", "softmax"]]))
    text = HEAD.replace("{{", "{").replace("}}", "}").replace("convk", "conv{k}") + "\n".join([*body, *ending]) + "\n"
    compilation = netdsl.compile(netdsl.text.source.Source("drawn.net", text))
    network = compilation.network
    allowed = ("E0301", "E0302", "E0405")  # a window over the plane, shapes that do not join
    for diagnostic in compilation.report:
        assert diagnostic.code in allowed, f"{text}\n{diagnostic}"
    if network is None or not network.complete:
        from hypothesis import reject

        reject()
    return network


LAW = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


@LAW
@given(networks())
def test_the_module_is_what_was_checked(network: Network) -> None:
    with torch.device("meta"):
        model = netdsl.build(network)
    expected = {
        f"{node.path}.{name}": tuple(weight.shape)
        for node in network.nodes
        for name, weight in network.weights(node).items()
    }
    source = network.sources[0].text + netdsl.emit(network)
    assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == expected, source
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == network.params
    model.eval()
    with FlopCounterMode(display=False) as counter:
        output = model(torch.empty(2, 4, 16, 16, device="meta"))
    assert tuple(output.shape[1:]) == network.output, source
    assert counter.get_total_flops() == 4 * network.macs, source


@LAW
@given(networks())
def test_printed_parsed_equal(network: Network) -> None:
    again = netdsl.loads(written(network))
    assert netdsl.digest(again) == netdsl.digest(network), written(network)
    assert (again.params, again.macs, again.output) == (network.params, network.macs, network.output)
    assert Network.model_validate_json(network.model_dump_json()) == network


@settings(LAW, max_examples=25)
@given(networks())
def test_the_flat_text_computes_the_same(network: Network) -> None:
    """Block by block or flat, with the same weights the values are the same."""
    torch.manual_seed(0)
    one = netdsl.build(network).eval()
    flat = netdsl.loads(written(network))
    two = netdsl.build(flat).eval()
    first = [name for node in network.nodes for name in (f"{node.path}.{key}" for key in network.weights(node))]
    second = [name for node in flat.nodes for name in (f"{node.path}.{key}" for key in flat.weights(node))]
    state = one.state_dict()
    assert len(first) == len(second)
    two.load_state_dict({new: state[old] for old, new in zip(first, second, strict=True)}, strict=True)
    x = torch.randn(2, 4, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(two(x), one(x), rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emitted")


def test_sources_of_drawn_networks_are_formatted(folder: Path) -> None:
    count = 0

    @settings(LAW, max_examples=40)
    @given(networks())
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
    assert count >= 20
