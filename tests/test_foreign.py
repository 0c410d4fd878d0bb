"""Calls of other libraries: translated whole, so that the layer computes what the call does, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import netdsl
from netdsl import foreign, ops
from netdsl.compiler import compile
from netdsl.elaborate.arguments import field_names
from netdsl.text.source import Source
from netdsl.tools.cli import main

WRITTEN = [
    # the call, and the layer it is
    ("nn.Conv2d(3, 64, 3)", "conv3-64(pad=0)"),
    ("nn.Conv2d(3, 64, 3, 1, 1)", "conv3-64"),
    ("nn.Conv2d(3, 64, kernel_size=3, padding=1, bias=False),", "conv3-64(bias=false)"),
    ("nn.Conv2d(3, 64, (1, 7), padding=(0, 3))", "conv1x7-64"),
    ("nn.Conv2d(3, 64, 4, 2, 1)", "conv4-64/2(pad=1)"),
    ("nn.Conv2d(64, 64, 3, stride=2, padding=2, dilation=2, groups=64)", "conv3-64/2(dilation=2, groups=64)"),
    ("nn.Conv2d(inp, oup, k, padding=1)", "conv{k}-oup(pad=1)"),
    ("torch.nn.Linear(16384, 10)", "fc-10"),
    ("MaxPool2d(2)", "maxpool2"),
    ("MaxPool2d(3, 2, 1)", "maxpool3/2(pad=1)"),
    ("nn.AdaptiveAvgPool2d((1, 1))", "gap"),
    ("nn.AdaptiveAvgPool2d(7)", "avgpool(to=7)"),
    ("BatchNorm2d(64, eps=1e-3)", "bn(eps=0.001)"),
    ("ConvTranspose2d(64, 32, 2, stride=2)", "upconv2-32/2"),
    ('Conv2D(64, 3, activation="relu")', "conv3-64(pad=0, act=relu)"),
    ("Conv2D(64, 3, strides=2, padding='same')", "conv3-64/2(pad=tf)"),
    ("layers.Dense(4096, activation='relu')", "fc-4096(act=relu)"),
    ("MaxPooling2D()", "maxpool2"),
    ("L.Convolution(num_output=64, kernel_size=3, pad=1)", "conv3-64"),
    ("L.InnerProduct(num_output=10)", "fc-10"),
    ("nn.LeakyReLU(0.2, inplace=True)", "leakyrelu(slope=0.2)"),
]


@pytest.mark.parametrize(("call", "layer"), WRITTEN)
def test_a_call_is_translated_whole(call: str, layer: str) -> None:
    assert foreign.call(call) == layer
    shape = {"fc": "16384", "gn": "64x8x8"}.get(layer.split("-")[0], "64x12x12")
    if "oup" not in layer:
        assert not compile(Source("x.net", f"input {shape}\n{layer}\n")).report.errors


@pytest.mark.parametrize(
    "call",
    [
        "nn.Conv2d(3, 64)",
        "nn.Conv2d(3, 64, 3, padding_mode='reflect')",
        "nn.Conv2d(*args)",
        "nn.Conv2d(3, 64, 3, **more)",
        "nn.Conv2d(3, 64, 3, colour=1)",
        "nn.Conv2d(3, 64, 3, kernel_size=3)",
        "nn.Conv2d(3, 2 * width, 3)",
        "nn.MaxPool2d(2, return_indices=True)",
        "nn.BatchNorm2d(64, affine=False)",
        "Dense(10, activation='softmax')",
        "conv2d(3, 64, 3)",
        "nn.Sequential(nn.ReLU())",
        "nn.Conv2d(3, 64, 3)(x)",
        "__import__('os').system('true')",
        "nn.Conv2d(",
        "(" * 5000,
    ],
)
def test_or_not_at_all(call: str) -> None:
    assert foreign.call(call) is None


def test_what_counts_on_other_channels_is_not_translated() -> None:
    assert foreign.call("nn.Conv2d(3, 64, 3)", (4, 8, 8)) is None
    assert foreign.call("nn.Conv2d(4, 64, 3)", (4, 8, 8)) == "conv3-64(pad=0)"
    assert foreign.call("nn.Linear(256, 10)", (4, 8, 8)) == "fc-10"


def test_the_table_knows_operators_and_fields_that_there_are() -> None:
    for name, each in foreign.CALLS.items():
        cls = ops.find(each.operator)
        fields = {*field_names(cls), "act", "norm", "", "in", "any", "zeros", "false"}
        assert {*each.parameters.values(), *each.absent} <= fields, name


sizes = st.sampled_from([1, 2, 3, 5])


@st.composite
def convolutions(draw: st.DrawFn) -> str:
    kernel = draw(st.one_of(sizes, st.tuples(sizes, sizes)))
    words = [f"nn.Conv2d(4, {draw(st.sampled_from([4, 8]))}, {kernel}"]
    for name, values in (
        ("stride", st.integers(1, 3)),
        ("padding", st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2)))),
        ("dilation", st.integers(1, 2)),
        ("groups", st.sampled_from([1, 2, 4])),
        ("bias", st.booleans()),
    ):
        if draw(st.booleans()):
            words.append(f"{name}={draw(values)}")
    return ", ".join(words) + ")"


@st.composite
def pools(draw: st.DrawFn) -> str:
    kernel = draw(st.integers(2, 4))
    words = [f"nn.{draw(st.sampled_from(['MaxPool2d', 'AvgPool2d']))}({kernel}"]
    if draw(st.booleans()):
        words.append(f"stride={draw(st.integers(1, 4))}")
    if draw(st.booleans()):
        words.append(f"padding={draw(st.integers(0, kernel // 2))}")
    if draw(st.booleans()):
        words.append(f"ceil_mode={draw(st.booleans())}")
    return ", ".join(words) + ")"


@given(call=st.one_of(convolutions(), pools()))
@settings(max_examples=150, deadline=None)
def test_the_layer_computes_what_the_call_does(call: str) -> None:
    theirs = eval(call, {"nn": nn})  # a text that this file made
    layer = foreign.call(call, (4, 13, 13))
    assert layer is not None
    ours = netdsl.build(netdsl.loads(f"input 4x13x13\na: {layer}"))
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        mine.data.copy_(other.data)
    x = torch.randn(2, 4, 13, 13)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize(
    ("line", "help"),
    [
        ("Conv2d(3, 64, 3)", "write `conv3-64(pad=0)`"),
        ("c: Conv2d(3, 64, 3)", "write `conv3-64(pad=0)`"),
        ("self.c = nn.Conv2d(3, 64, 3, padding=1)", "write `c: conv3-64`"),
        ("Linear(3072, 10)", "write `fc-10`"),
        ("Conv2D(64, 3, activation='relu')", "write `conv3-64(pad=0, act=relu)`"),
        ("conv3-64 s2 p1", "write `conv3-64/2(pad=1)`"),
        ("conv3-64 s2", "write `conv3-64/2`"),
        ("conv3-64/2 p1", "write `conv3-64/2(pad=1)`"),
    ],
)
def test_it_is_said_and_mended(line: str, help: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.net"
    path.write_text(f"input 3x32x32\n{line}\n")
    assert main(["check", str(path)]) == 1
    said = capsys.readouterr().err
    assert help in said and "= help: try" not in said
    assert main(["check", "--fix", str(path)]) == 0
    assert path.read_text().splitlines()[1] in (help.split("`")[1], "c: " + help.split("`")[1])


@pytest.mark.parametrize(
    "name",
    [
        "glu",
        "logsigmoid",
        "conv_transpose",
        "rrelu",
        "tanhshrink",
        "resize",
        "split",
        "subtract",
        "roi_align",
        "Conv2d",
    ],
)
def test_another_function_is_never_offered_for_its_spelling(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.net"
    path.write_text(f"input 4x32x32\n{name}\n")
    assert main(["check", str(path)]) == 1
    said = capsys.readouterr().err
    assert "did you mean" not in said and "instead of" not in said and "lists all" not in said


@pytest.mark.parametrize(
    ("one", "other"),
    [("max_pool2d", "MaxPool2d"), ("batch_norm2d", "BatchNorm1d"), ("adaptive_avg_pool2d", "AdaptiveAvgPool3d")],
)
def test_names_are_compared_without_underscore_case_and_rank(one: str, other: str) -> None:
    assert foreign.layer(one) is not None and foreign.layer(one) == foreign.layer(other)


def test_what_is_written_for_another_name_is_right() -> None:
    """Each layer that a message tells to write stands in a network without a syntax error or an unknown name."""
    for name, layer in foreign.LAYERS.items():
        for written in layer.written.split("`")[1::2]:
            text = f"input 64x8x8\na: conv3-64; pool1: maxpool; b: conv3-64; conv1: relu\n{written}\n"
            codes = {each.code for each in compile(Source("x.net", text)).report.errors}
            assert not {code for code in codes if code[:3] in ("E01", "E02", "E04")}, (name, written, codes)
