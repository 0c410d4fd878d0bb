"""Text to tree: every construct of the language, what is left after a mistake, the limits; and no text breaks it."""

from __future__ import annotations

import ast
import gc
import os
import pickle
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, reduce
from pathlib import Path
from typing import Any

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.syntax import grammar, parse, parse_dims, parse_value, tree, walk
from netdsl.syntax.cache import directory
from netdsl.syntax.lex import KEYWORDS
from netdsl.syntax.numbers import number
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source

ROOT = Path(__file__).parent.parent
SPECS = sorted([*ROOT.glob("specs/*.net"), *ROOT.glob("netdsl/std/*.net"), *ROOT.glob("tests/syntax/*.net")])


def read(text: str) -> tuple[tree.File, list[str]]:
    """A tree, and the messages as `code: message`."""
    report = Report()
    file = parse(Source("a.net", text), report)
    return file, [f"{d.code}: {d.message}" for d in report]


def statements(text: str) -> tuple[Any, ...]:
    """The statements of a text that has no mistake."""
    file, messages = read(text)
    assert not messages
    return file.statements


def one(text: str) -> Any:
    (statement,) = statements(text)
    return statement


def item(text: str) -> Any:
    return one(text).item


def value(text: str) -> Any:
    report = Report()
    found = parse_value(text, report)
    assert not len(report), list(report)
    return found


def brief(node: Any) -> Any:
    """An expression without its places: names as words, operators in front."""
    match node:
        case tree.Literal():
            return node.value
        case tree.Reference():
            return node.name
        case tree.Dims():
            return "x".join(str(each) if isinstance(each, int) else f"{{{brief(each)}}}" for each in node.values)
        case tree.Seen():
            return "@" + seen(node)
        case tree.ListValue():
            return [brief(each) for each in node.items]
        case tree.Unary():
            return (node.operator, brief(node.operand))
        case tree.Binary():
            return (node.operator, brief(node.left), brief(node.right))
        case tree.Conditional():
            return ("if", brief(node.test), brief(node.then), brief(node.otherwise))
        case tree.Call():
            return (node.name.text, *arguments(node.arguments))
        case None:
            return None
    raise AssertionError(node)


def seen(node: tree.Seen) -> str:
    """What is named behind `@`, as it is written; expressions in braces."""
    parts = [f"{part.text}{{{brief(part.index)}}}{part.after}" if part.index else part.text for part in node.parts]
    return ".".join(parts)


def repeat(node: Any) -> Any:
    """A repetition: its count, and the name of its index."""
    return None if node is None else (brief(node.count), node.index.text if node.index else None)


def branches(found: Any) -> Any:
    """The branches of a join or a call: the names in each, with its repetition where it has one."""
    if found is None:
        return None
    return [(names(each.body.statements), *([repeat(each.repeat)] if each.repeat else [])) for each in found]


def arguments(given: Any) -> list[Any]:
    return [brief(each.value) if each.name is None else (each.name.text, "=", brief(each.value)) for each in given]


def shape(operation: tree.Operation) -> tuple[Any, ...]:
    parts = (operation.kernel, operation.out, operation.stride)
    return (
        operation.head.text,
        *map(brief, parts),
        None if operation.arguments is None else arguments(operation.arguments),
    )


# The tour of the language ------------------------------------------------------------------------------------------

TOUR = [
    (
        4,
        """
input 3x224x224
conv3-64 x2; maxpool; inception(64, 96, 128, 16, 32, 32)
""",
    ),
    (
        24,
        """
net VGG-19
source "Simonyan & Zisserman, Very Deep Convolutional Networks, ICLR 2015, Table 1, column E"
input 3x224x224
default conv(act=relu)
default fc(act=relu)

conv3-64  x2; maxpool
conv3-128 x2; maxpool
conv3-256 x4; maxpool
conv3-512 x4; maxpool
conv3-512 x4; maxpool          -> 512x7x7
fc-4096; dropout
fc-4096; dropout
fc-1000(act=none)
softmax

expect params = 144M
expect depth = 19
reported top5 = 7.3%
""",
    ),
    (
        5,
        """
net VGG
input 3x224x224
default conv(act=relu)
default fc(act=relu)

table
| A        | A-LRN    | B        | C        | D        | E        |
|----------|----------|----------|----------|----------|----------|
| conv3-64 | conv3-64 | conv3-64 | conv3-64 | conv3-64 | conv3-64 |
|          | lrn      | conv3-64 | conv3-64 | conv3-64 | conv3-64 |
| maxpool                                                         |
| fc-4096; dropout                                                |
| fc-1000(act=none)                                               |
| softmax                                                         |
""",
    ),
    (
        5,
        """
net ResNet
input 3x224x224
param classes = 1000
default conv(norm=bn, bias=false, act=relu)

table
| 18-layer                       | 50-layer                                         |
|--------------------------------|--------------------------------------------------|
| conv7-64/2                                                      -> 64x112x112     |
| maxpool3/2(pad=1)                                                                 |
| layer1: [3x3, 64; 3x3, 64] x2  | layer1: [1x1, 64; 3x3, 64; 1x1, 256] x3          |
| layer2: [3x3, 128; 3x3, 128] x2 /2 | layer2: [1x1, 128; 3x3, 128; 1x1, 512] x4 /2 |
| gap; fc: fc-classes; softmax                                                      |
""",
    ),
    (
        4,
        """
block inception(n1x1, n3x3red, n3x3, n5x5red, n5x5, pool_proj) {
  concat {
    conv1-n1x1
  | conv1-n3x3red; conv3-n3x3
  | conv1-n5x5red; conv5-n5x5
  | maxpool3/1(pad=1); conv1-pool_proj
  }
}

inception3a: inception(64, 96, 128, 16, 32, 32)      -> 256x28x28
inception4a: inception(192, 96, 208, 16, 48, 64)     -> 512x14x14
aux aux1(weight=0.3) { avgpool5/3; conv1-128; fc-1024(act=relu); dropout(70%); fc-1000 }
""",
    ),
    (
        5,
        """
enc1: { conv3-64 x2 }
maxpool
conv3-128 x2
upconv2-64/2
concat { @enc1 | identity }
""",
    ),
]


@pytest.mark.parametrize(("count", "text"), TOUR)
def test_the_tour(count: int, text: str) -> None:
    assert len(statements(text)) == count


# Layer statements ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu", ("relu", None, None, None, None)),
        ("conv3-64", ("conv3", None, 64, None, None)),
        ("conv1x7-64", ("conv1x7", None, 64, None, None)),
        ("conv3×3-64", ("conv3x3", None, 64, None, None)),
        ("conv3-64/2(pad=1)", ("conv3", None, 64, 2, [("pad", "=", 1)])),
        ("conv3 - 64 / 2", ("conv3", None, 64, 2, None)),
        ("maxpool3/2(pad=1)", ("maxpool3", None, None, 2, [("pad", "=", 1)])),
        ("maxpool3/1x2", ("maxpool3", None, None, "1x2", None)),
        ("relu6", ("relu6", None, None, None, None)),
        ("conv{k}-64", ("conv", "k", 64, None, None)),
        ("conv{2 * k + 1}-{c / 2}/{s}", ("conv", ("+", ("*", 2, "k"), 1), ("/", "c", 2), "s", None)),
        ("conv1-{channels/2}", ("conv1", None, ("/", "channels", 2), None, None)),
        ("conv1-pool_proj", ("conv1", None, "pool_proj", None, None)),
        ("conv1-n1x1", ("conv1", None, "n1x1", None, None)),
        ("fc-classes", ("fc", None, "classes", None, None)),
        ("fc-x2", ("fc", None, "x2", None, None)),
        ("x2", ("x2", None, None, None, None)),
        ("dropout()", ("dropout", None, None, None, [])),
        ("inception(64, 96, 128, 16, 32, 32)", ("inception", None, None, None, [64, 96, 128, 16, 32, 32])),
        ("f(x2, x3=1,)", ("f", None, None, None, ["x2", ("x3", "=", 1)])),
        ("f(\n  64,  # one\n\n  net=1\n)", ("f", None, None, None, [64, ("net", "=", 1)])),
        ("conv5-16(connect=[[0,1],\n [2,3]])", ("conv5", None, 16, None, [("connect", "=", [[0, 1], [2, 3]])])),
        ("max pool", ("max pool", None, None, None, None)),
        ("max-pool3/2", ("max-pool3", None, None, 2, None)),
        ("Average Pool2x2", ("Average Pool2x2", None, None, None, None)),
        ("avg-pool(to=1x1)", ("avg-pool", None, None, None, [("to", "=", "1x1")])),
        ("soft-max", ("soft-max", None, None, None, None)),
        ("conv1x3x3-64/1x2x2", ("conv1x3x3", None, 64, "1x2x2", None)),
        ("conv1×3×3-64", ("conv1x3x3", None, 64, None, None)),
        ("conv1x{k}-8", ("conv", "1x{k}", 8, None, None)),
        ("conv1×{k}-8", ("conv", "1x{k}", 8, None, None)),
        ("conv3x3x{k}-8", ("conv", "3x3x{k}", 8, None, None)),
        ("conv{k}x1-8", ("conv", "{k}x1", 8, None, None)),
        ("conv{k}×{k}x3-{c}/1x{s}", ("conv", "{k}x{k}x3", "c", "1x{s}", None)),
        ("dwconv{2 * i + 3}", ("dwconv", ("+", ("*", 2, "i"), 3), None, None, None)),
        ("max pool1x3x3/2", ("max pool1x3x3", None, None, 2, None)),
        ("reshape({c * t}x1x1)", ("reshape", None, None, None, ["{('*', 'c', 't')}x1x1"])),
        ("conv3-8(dilation=1x{d})", ("conv3", None, 8, None, [("dilation", "=", "1x{d}")])),
        ("crop(like=@x)", ("crop", None, None, None, [("like", "=", "@x")])),
        ("unpool(@pool{i}, 2)", ("unpool", None, None, None, ["@pool{i}", 2])),
        ("f(@a.b{i}c, to=@d-{j}.e,)", ("f", None, None, None, ["@a.b{i}c", ("to", "=", "@d-{j}.e")])),
        ("of", ("of", None, None, None, None)),
        ("takes(of=3)", ("takes", None, None, None, [("of", "=", 3)])),
        ("BN", ("BN", None, None, None, None)),
    ],
)
def test_operations(text: str, expected: tuple[Any, ...]) -> None:
    assert shape(item(text)) == expected


@pytest.mark.parametrize(
    ("text", "count", "index", "stride", "claim"),
    [
        ("conv3-64/2 x2", 2, None, None, None),
        ("conv3-64 x 12", 12, None, None, None),
        ("conv3-64 ×2 -> 3×4×4", 2, None, None, "3x4x4"),
        ("relu x{n - 1} as i", ("-", "n", 1), "i", None, None),
        ("[3x3, 64; 3x3, 64] x2 /2 -> 64x28x28", 2, None, 2, "64x28x28"),
        ("{ relu } x2 as x2 /{s}", 2, "x2", "s", None),
        ("f(1)/2 -> 1000", None, None, 2, 1000),
        ("f(1) /s", None, None, "s", None),
        ("conv3-4/2/3", None, None, 3, None),
        ("conv3-{n} x4", 4, None, None, None),
        ("conv{k} x1", 1, None, None, None),
        ("{ relu }x2", 2, None, None, None),
        ("relu -> {c}x32x32", None, None, None, "{c}x32x32"),
        ("relu x2 -> 3x{n}×{n}", 2, None, None, "3x{n}x{n}"),
        ("relu -> {classes}", None, None, None, "classes"),
        ("relu -> 3x16x112x112", None, None, None, "3x16x112x112"),
        ("f(1) { @a | @b } x4 /2", 4, None, 2, None),
        ("@s{i} x2", 2, None, None, None),
        ("y: if a { relu } else { bn } x{n} as i -> 3x4", "n", "i", None, "3x4"),
        ("output map{i}: add x{n} as j { relu } x{m} as i", "m", "i", None, None),
    ],
)
def test_repetition_stride_claim(text: str, count: Any, index: str | None, stride: Any, claim: Any) -> None:
    layer = one(text)
    assert (brief(layer.repeat.count) if layer.repeat else None) == count
    assert (layer.repeat.index.text if layer.repeat and layer.repeat.index else None) == index
    assert brief(layer.stride) == stride
    assert brief(layer.claim) == claim


def test_labels() -> None:
    plain, computed, after = statements("layer1: relu\ndenselayer{i + 1}: relu\nc{i}_a: relu")
    assert (plain.label.text, plain.label.index) == ("layer1", None)
    assert (computed.label.text, brief(computed.label.index)) == ("denselayer", ("+", "i", 1))
    assert (after.label.text, brief(after.label.index), after.label.after) == ("c", "i", "_a")


@pytest.mark.parametrize("word", [*KEYWORDS, "x2"])
def test_keywords_are_names_elsewhere(word: str) -> None:
    assert one(f"{word}: relu").label.text == word
    assert one(f"{word} : relu").label.text == word
    assert one(f"{word}{{i}}: relu").label.text == word
    assert item(f"@{word}").target.text == word
    assert item(f"reuse({word})").target.text == word
    assert one(f"block {word}() {{ relu }}").name.text == word
    assert item(f"concat {{ {word}: relu | @{word} }}").branches[0].body.statements[0].label.text == word
    if word not in ("not", "true", "false", "none"):
        assert arguments(item(f"f({word}=1)").arguments) == [(word, "=", 1)]


def test_keywords_without_regard_to_case() -> None:
    assert [type(each).__name__ for each in statements("NET a\nInput 3x2x2\nPARAM n = TRUE\nExpect depth = 1")] == [
        "Net", "Input", "Param", "Expect",
    ]  # fmt: skip
    assert item("Concat { a | b }").kind.text == "concat"


def test_compound_items() -> None:
    bracket = item("[1x1, 64; 3x3, n, groups=32\n {k}, {n * 4} /2\n\n 1, 64]")
    assert [(brief(r.kernel), brief(r.out), brief(r.stride), arguments(r.arguments)) for r in bracket.rows] == [
        ("1x1", 64, None, []),
        ("3x3", "n", None, [("groups", "=", 32)]),
        ("k", ("*", "n", 4), 2, []),
        (1, 64, None, []),
    ]
    join = item("add(act=relu) {\n  conv1-64\n| conv3-64; relu\n\n  |\n  identity }")
    assert [len(branch.body.statements) for branch in join.branches] == [1, 2, 1]
    assert arguments(join.arguments) == [("act", "=", "relu")]
    assert [len(b.body.statements) for b in item("concat { a | | b | }").branches] == [1, 0, 1, 0]
    assert item("{ }").body.statements == ()
    residual = item("residual(shortcut=pad) { relu; bn }")
    assert arguments(residual.arguments) == [("shortcut", "=", "pad")] and len(residual.body.statements) == 2
    aux = item("aux aux1(weight=0.3) { avgpool5/3; fc-1000 }")
    assert aux.name.text == "aux1" and arguments(aux.arguments) == [("weight", "=", 0.3)]
    assert item("output features").target.text == "features"


def test_branches() -> None:
    def of(text: str) -> Any:
        found = item(text)
        return repeat(found.repeat), branches(found.branches)

    assert of("add x32 { conv1-4; conv3-4 }") == ((32, None), [("conv1 conv3",)])
    assert of("concat(act=relu) x{n} as i { relu | bn }") == (("n", "i"), [("relu",), ("bn",)])
    assert of("concat { identity | x3 as i { relu; bn } | × {n} { lrn } }") == (
        None,
        [("identity",), ("relu bn", (3, "i")), ("lrn", ("n", None))],
    )
    assert of("concat {\n  x{n} { relu }  # one\n  # two\n| x2 { bn };\n}") == (
        None,
        [("relu", ("n", None)), ("bn", (2, None))],
    )
    # Only before a body, or `as`, is what begins a branch a repetition.
    assert of("concat { x3 | x3(1) | x3: relu | x{i}: bn | x3 as i { lrn } }") == (
        None,
        [("x3",), ("x3",), ("relu",), ("bn",), ("lrn", (3, "i"))],
    )
    for join in ("concat", "add", "mul", "max", "mean", "matmul", "MAX"):
        found = item(f"{join} {{ relu | bn }}")
        assert isinstance(found, tree.Join) and found.kind.text == join.lower()
    assert item("max pool3").head.text == "max pool3" and one("max: relu").label.text == "max"
    assert brief(value("max(3, 4)")) == ("max", 3, 4)


def test_calls_with_inputs() -> None:
    call = item("exchange(32) { @a | lower(64); relu | x2 { bn } }")
    assert call.head.text == "exchange" and arguments(call.arguments) == [32]
    assert branches(call.branches) == [("Goto",), ("lower relu",), ("bn", (2, None))]
    assert item("exchange() { @a }").branches is not None
    assert item("exchange()").branches is None and item("exchange").branches is None
    again = item("reuse(s{i}) { @a | bn }")
    assert seen(again.target) == "s{i}" and branches(again.branches) == [("Goto",), ("bn",)]
    assert item("reuse(s)").branches is None


def test_what_is_seen() -> None:
    for text in ("a", "a.b", "s{i}", "s{i}x2", "s-{i}_b", "layer{i}.skip", "a{i}b.c-{j}d"):
        assert seen(item(f"@{text}").target) == text
        assert seen(item(f"reuse({text})").target) == text
        assert seen(item(f"f(@{text})").arguments[0].value) == text
    assert item("@stage2.map0").target.text == "stage2.map0"
    assert seen(item("@ a . b").target) == "a.b"
    found, text = item("crop(like=@x)").arguments[0].value, "crop(like=@x)"
    assert text[found.span.start : found.span.end] == "@x"


def test_outputs() -> None:
    bare, layer, nested = item("output z"), item("output map{i}: conv3-4"), item("output a: output b: relu")
    assert (seen(bare.target), bare.item) == ("z", None)
    assert (seen(layer.target), layer.item.head.text) == ("map{i}", "conv3")
    assert seen(nested.item.target) == "b"
    claimed = one("y: output z: conv3-4/2 x2 -> 3x4x4")
    assert claimed.label.text == "y" and brief(claimed.claim) == "3x4x4" and brief(claimed.item.item.stride) == 2


def test_inputs_of_blocks() -> None:
    def takes(text: str) -> list[Any]:
        return [(each.name.text, repeat(each.repeat)) for each in one(text).takes]

    assert takes("block b { relu }") == takes("block b() { relu }") == []
    assert takes("block b takes x { relu }") == [("x", None)]
    assert takes("block b(c, n) TAKES high, map x{n}, low x2 { relu }") == [
        ("high", None),
        ("map", ("n", None)),
        ("low", (2, None)),
    ]
    assert one("block takes() takes takes { relu }").name.text == "takes"


def test_powers() -> None:
    assert brief(value("2 ** 3 ** n")) == ("**", 2, ("**", 3, "n"))
    assert brief(value("-2 ** n")) == ("-", ("**", 2, "n"))
    assert brief(value("2 ** -n * 3")) == ("*", ("**", 2, ("-", "n")), 3)
    assert brief(value("(a + 1) ** len(b)")) == ("**", ("+", "a", 1), ("len", "b"))


def test_if() -> None:
    simple = item("if n > 3 { relu }")
    assert brief(simple.test) == (">", "n", 3) and simple.otherwise is None
    chain = item("if a { relu }\n\n# or\nelse if b { bn } # and\nelse { lrn }")
    nested = chain.otherwise.statements[0].item
    assert brief(nested.test) == "b" and len(nested.otherwise.statements) == 1


def test_an_if_has_a_label_a_repetition_and_a_claim() -> None:
    layer = one("y: if a { relu } else { bn } x2 as i -> 3x8x8")
    assert layer.label.text == "y" and isinstance(layer.item, tree.If)
    assert repeat(layer.repeat) == (2, "i") and brief(layer.claim) == "3x8x8"


# The file ------------------------------------------------------------------------------------------------------------


def test_headers() -> None:
    net, numbered, source, path, block, train = statements(
        'net VGG-19\nnet 1x\nsource "a \\"b\\" \\\\ \\n"\nuse "x.net"; block f(a, stride=1,) { relu }\n'
        "train(batch=1,\n epochs=2)"
    )
    assert (net.name.text, numbered.name.text) == ("VGG-19", "1x")
    assert source.text.value == 'a "b" \\ \n' and path.path.value == "x.net"
    assert [(p.name.text, brief(p.default)) for p in block.parameters] == [("a", None), ("stride", 1)]
    assert one("net ViT-B/16").name.text == "ViT-B/16" and one('extends "a.net" variant L/16').variant.text == "L/16"
    assert [each.text for each in one("table\n| B/16 | L |\n| relu |").columns] == ["B/16", "L"]
    assert arguments(train.arguments) == [("batch", "=", 1), ("epochs", "=", 2)]


@pytest.mark.parametrize(
    ("text", "name", "shape"),
    [
        ("input 3x224x224", None, "3x224x224"),
        ("input image: 3×224×224", "image", "3x224x224"),
        ("input 784", None, 784),
        ("input inputs", None, "inputs"),
        ("input {2 * n}", None, ("*", 2, "n")),
        ("input a: [c, h, w]", "a", ["c", "h", "w"]),
        ("input 3x{n}x{n}", None, "3x{n}x{n}"),
        ("input {c}x16000", None, "{c}x16000"),
        ("input a: 3x16x112x{2 * n}", "a", "3x16x112x{('*', 2, 'n')}"),
    ],
)
def test_inputs(text: str, name: str | None, shape: Any) -> None:
    found = one(text)
    assert ((found.name.text if found.name else None), brief(found.shape)) == (name, shape)
    assert found.vocabulary is None


def test_inputs_of_tokens() -> None:
    plain, named, computed = statements("input 128 of 30000\ninput words: 128 OF 30K\ninput of: {n} of {v * 2}")
    assert (plain.name, brief(plain.shape), brief(plain.vocabulary)) == (None, 128, 30000)
    assert (named.name.text, brief(named.shape), brief(named.vocabulary)) == ("words", 128, 30000)
    assert (computed.name.text, brief(computed.shape), brief(computed.vocabulary)) == ("of", "n", ("*", "v", 2))


@pytest.mark.parametrize(
    ("text", "variant", "given"),
    [
        ('extends "f.net"', None, []),
        ('extends "f.net" variant 50-layer', "50-layer", []),
        ('extends "f.net" variant 50-layer (classes=10)', "50-layer", [("classes", "=", 10)]),
        ('extends "f.net" variant 1.0_x(a=1)', "1.0_x", [("a", "=", 1)]),
        ('extends "f.net" variant "50-layer"', "50-layer", []),
        ('extends "f.net"(classes=10)', None, [("classes", "=", 10)]),
    ],
)
def test_extends(text: str, variant: str | None, given: list[Any]) -> None:
    found = one(text)
    assert found.path.value == "f.net" and arguments(found.arguments) == given
    assert (found.variant.text if found.variant else None) == variant


def test_claims() -> None:
    found = statements(
        "expect params = 144M\nexpect conv1.params = 9408\nexpect layer1.0.macs = 1.8G\nexpect output = 64x7x7\n"
        'reported top5 = 7.3% "a note"\nreported a.b = "words" "note"\nreported year = 2014'
    )
    claims = [
        (c.label.text if c.label else None, (getattr(c, "quantity", None) or c.name).text, brief(c.value))
        for c in found
    ]
    assert claims == [
        (None, "params", 144_000_000), ("conv1", "params", 9408), ("layer1.0", "macs", 1_800_000_000),
        (None, "output", "64x7x7"),
        (None, "top5", 0.073), ("a", "b", "words"), (None, "year", 2014),
    ]  # fmt: skip
    assert [c.note.value if c.note else None for c in found[4:]] == ["a note", "note", None]


TABLE = """table   # Table 1

| A        | A-LRN            | 50-layer |   # columns
|----------|:----------------:|---------:|
| conv3-64 |                  | concat { a | b }; relu |
# a comment

| maxpool              -> 64x112x112 |
|   | lrn; | [3x3, 64; 3x3, 64] x2
| param n = 3 |
| expect params = 133M | reported a = 1 "x | y" | |
relu
"""


def test_tables() -> None:
    table, after = statements(TABLE)
    assert [column.text for column in table.columns] == ["A", "A-LRN", "50-layer"]
    assert [[len(cell.statements) for cell in row.cells] for row in table.rows] == [
        [1, 0, 2],
        [1],
        [0, 1, 1],
        [1],
        [1, 1, 0],
    ]
    assert len(table.rows[0].cells[2].statements[0].item.branches) == 2
    assert TABLE[table.rows[1].span.start :].startswith("| maxpool")
    assert after.item.head.text == "relu"
    assert len(one("table\n| A | B |").columns) == 2
    bare = one("table\n| A |\n| relu |\n| bn |")
    assert [len(row.cells) for row in bare.rows] == [1, 1]


def test_lexical_rules() -> None:
    assert [s.item.head.text for s in statements("\ufeffrelu\r\n\tbn ;; lrn\u00a0\r\n\r\n")] == ["relu", "bn", "lrn"]
    file, _ = read('# first\nrelu # second\nsource "# none" #third\n')
    assert [(c.text, c.span.start) for c in file.comments] == [("# first", 0), ("# second", 13), ("#third", 38)]
    assert statements("") == statements("\n\n") == statements(" # only this") == statements(";;") == ()
    assert len(statements("{\n\n relu\n; bn;\n}\n")[0].item.body.statements) == 2


# Expressions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", ("+", 1, ("*", 2, 3))),
        ("(1 + 2) * 3", ("*", ("+", 1, 2), 3)),
        ("a - b - c", ("-", ("-", "a", "b"), "c")),
        ("a // b % c", ("%", ("//", "a", "b"), "c")),
        ("-a * +b", ("*", ("-", "a"), ("+", "b"))),
        ("- - 1", ("-", ("-", 1))),
        ("not a == b and c or d", ("or", ("and", ("not", ("==", "a", "b")), "c"), "d")),
        ("a if b else c if d else e", ("if", "b", "a", ("if", "d", "c", "e"))),
        ("a or b if c < 3 else -1", ("if", ("<", "c", 3), ("or", "a", "b"), ("-", 1))),
        ("a >= 1", (">=", "a", 1)),
        ("a != none", ("!=", "a", None)),
        ("(a < b) == (c < d)", ("==", ("<", "a", "b"), ("<", "c", "d"))),
        ("min(a, 3)", ("min", "a", 3)),
        ("normal(std=0.01)", ("normal", ("std", "=", 0.01))),
        ("sgd(lr=0.1, decay=step(3))", ("sgd", ("lr", "=", 0.1), ("decay", "=", ("step", 3)))),
        ("[1, [2, 3x3], []]", [1, [2, "3x3"], []]),
        ("[1,\n 2,\n]", [1, 2]),
        ('"a" == True', ("==", "a", True)),
        ("1x7", "1x7"),
        ("{n}", "n"),
        ("40% if a else 7 % 3", ("if", "a", 0.4, ("%", 7, 3))),
        ("7%3", ("%", 7, 3)),
    ],
)
def test_expressions(text: str, expected: Any) -> None:
    assert brief(value(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("64", 64), ("0.75", 0.75), (".5", 0.5), ("1e-4", 1e-4), ("2.0", 2.0), ("1e3", 1000.0), ("40%", 0.4),
        ("7.3%", 0.073),
        ("60K", 60_000), ("138M", 138_000_000), ("1.8G", 1_800_000_000), ("0.0001K", 0.1), ("1T", 10**12), ("007", 7),
    ],
)  # fmt: skip
def test_numbers(text: str, expected: float) -> None:
    found = value(text)
    assert found.value == expected and type(found.value) is type(expected) and found.text == text


@pytest.mark.parametrize("text", ["4x", "1.2.3", "64k", "1_000", "3a", "3x", "3x4x", "1e400", "9" * 5000, "1e99999"])
def test_bad_numbers(text: str) -> None:
    for whole in (f"param a = {text}", f"conv3-{text}", f"f({text})"):
        file, messages = read(whole)
        assert [m[:5] for m in messages] == ["E0106"] and len(file.statements) == 1, messages
    assert parse_value(text, Report()) is None


@given(st.floats(min_value=0, max_value=1e300, allow_subnormal=False))
def test_numbers_are_read_exactly(wanted: float) -> None:
    assert number(repr(wanted)) == wanted


def test_parse_dims() -> None:
    assert parse_dims("3x224x224") == parse_dims(" 3×224×224 ") == (3, 224, 224)
    assert parse_dims("784") == (784,)
    assert [parse_dims(text) for text in ("", "3x", "0x3", "3xx3", "a", "99999999999", "3,4", "²")] == [None] * 8


# Places --------------------------------------------------------------------------------------------------------------


def test_every_node_covers_its_text() -> None:
    text = (
        "net VGG-19\nblock b(n, s=1) { conv{n}-{n*2}/{s} x{n} as i /{s} -> 3x4x4 }\n"
        'lab{i}_a : add( act = relu ) { [3x3, 64 /2, a=1; 1x1, {n}] x2 | @lab }\nreported a.b.params = 2.7K "note"\n'
        'extends "f.net" variant 50-layer (n=3)\ninput im: 3x2x2\naux  q (w=1) { reuse( lab ) }\n'
        "output  z\nmax pool3/2(a)\n"
    )
    file, messages = read(text)
    assert not messages
    seen = {}
    for node in walk(file):
        assert isinstance(node.span.start, int) and node.span.file == "a.net"
        seen.setdefault(type(node).__name__, []).append(text[node.span.start : node.span.end])
    for node in walk(file):
        if isinstance(node, tree.Name):
            assert text[node.span.start : node.span.end] == node.text
        if isinstance(node, tree.Literal):
            assert text[node.span.start : node.span.end] == node.text
    assert seen["Label"] == ["lab{i}_a", "lab", "lab", "z"] and seen["Seen"] == ["lab", "lab", "z"]
    assert seen["Operation"] == ["conv{n}-{n*2}/{s}", "max pool3/2(a)"]
    assert seen["Layer"][0] == "conv{n}-{n*2}/{s} x{n} as i /{s} -> 3x4x4"
    assert seen["Repeat"] == ["x{n} as i", "x2"]
    assert seen["BracketRow"] == ["3x3, 64 /2, a=1", "1x1, {n}"]
    assert seen["Bracket"] == ["[3x3, 64 /2, a=1; 1x1, {n}]"]
    assert seen["Goto"] == ["@lab"] and seen["Reuse"] == ["reuse( lab )"] and seen["Output"] == ["output  z"]
    assert seen["Dims"] == ["3x4x4", "3x3", "1x1", "3x2x2"]
    assert seen["Extends"] == ['extends "f.net" variant 50-layer (n=3)']
    assert seen["Argument"][0] == "a=1" or "act = relu" in seen["Argument"]


def test_an_outer_node_covers_the_inner_ones() -> None:
    for path in SPECS:
        file, messages = read(path.read_text("utf-8"))
        assert not messages, path
        check(file)


def check(node: Any) -> None:
    """Every node lies within the one above it."""
    for child in [n for n in walk(node) if n is not node]:
        assert node.span.start <= child.span.start <= child.span.end <= node.span.end, (node, child)
        if not isinstance(node, tree.File):
            continue
        check(child)


def test_walk_goes_by_place() -> None:
    file, _ = read("a: conv{k}-64 x2; add { b | c }")
    names = [type(node).__name__ for node in walk(file)]
    assert names[:6] == ["File", "Layer", "Label", "Operation", "Name", "Reference"]
    assert sum(name == "Layer" for name in names) == 4


def test_nodes_are_values() -> None:
    first, second = one("conv3-64(pad=1)"), one("conv3-64(pad=1)")
    assert first == second and hash(first) == hash(second) and first != one("conv3-65(pad=1)")
    assert pickle.loads(pickle.dumps(first)) == first
    assert repr(tree.Name("a", first.span)).startswith("Name(text='a', span=Span(")
    with pytest.raises(AttributeError):
        first.label = None


# Mistakes ------------------------------------------------------------------------------------------------------------


MISTAKES = [
    # text, the part that is marked, the message, what is left ("?" is a broken statement)
    ("conv3-64 conv3-64\nrelu", "conv3", "E0108: a new statement begins at 'conv3'", "? relu"),
    ("conv3-\nrelu", "", "E0101: a number of channels or features must follow '-', not the end of the line", "? relu"),
    ("conv3-(4)\nrelu", "(", "E0101: a number of channels or features must follow '-'", "? relu"),
    ("conv(3, 64\nrelu", "(", "E0102: this '(' is never closed", "conv relu"),
    ("conv(3,\n 64\nrelu\nbn(a)", "(", "E0102: this '(' is never closed", "conv relu bn"),
    ("concat { a | b\nrelu", "{", "E0102: this '{' is never closed", "concat"),
    ("concat { a | b # c", "{", "E0102: this '{' is never closed", "concat"),
    ("block f(n { relu }\nrelu", "(", "E0102: this '(' is never closed", "Block relu"),
    ("{ conv(3 }\nrelu", "(", "E0102: this '(' is not closed before '}'", "{} relu"),
    ("[3x3, 64; 3x3, 64\nrelu", "[", "E0102: this '[' is never closed", "[] relu"),
    ("[\n  3x3, 64\n  3x3, 64\nrelu", "[", "E0102: this '[' is never closed", "[] relu"),
    ("f(a=[1, 2)\nrelu", "[", "E0102: this '[' is not closed before ')'", "f relu"),
    ("relu }\nbn", "}", "E0102: unexpected '}': it closes nothing", "relu bn"),
    ("relu)\nbn", ")", "E0102: unexpected ')': it closes nothing", "relu bn"),
    ("conv3-64 $ 3\nrelu", "$", "E0103: unknown character '$'", "? relu"),
    ("conv3\u201364\nrelu", "\u2013", "E0103: unknown character '\u2013'", "? relu"),
    ("re\x00lu\nbn", "\x00", "E0103: the character U+0000 cannot stand in a spec", None),
    ("relu # \u202e\nbn", "\u202e", "E0103: the character U+202E", "relu bn"),
    ('source "abc\nrelu', '"abc', "E0105: this string is not closed on its line", "SourceNote relu"),
    ('f(a="abc)\nrelu', '"abc)', "E0105: this string is not closed on its line", "f relu"),
    ('source "a\\q"\nrelu', "\\q", "E0105: unknown escape '\\q'", "SourceNote relu"),
    ("expect params 144M\nrelu", "144M", "E0101: '=' must stand before '144M'", "? relu"),
    ("expect params == 3\nrelu", "==", "E0101: '=' must stand before '=='", "? relu"),
    ("param n = \nrelu", "", "E0101: a value must stand here, not the end of the line", "? relu"),
    ("param n = 1 +\nrelu", "", "E0101: a value must stand here", "? relu"),
    ("param a = b < c < d\nrelu", "b < c < d", "E0101: comparisons cannot be chained", "Param relu"),
    ("f(a b)\nrelu", "b", "E0101: ',' or ')' is expected here, not 'b'", "? relu"),
    ("f(,)\nrelu", ",", "E0101: a value must stand here", "? relu"),
    ("f(a=)\nrelu", ")", "E0101: a value must stand here", "? relu"),
    ("net\nrelu", "", "E0101: a name must follow `net`", "? relu"),
    ("use foo.net\nrelu", "foo", "E0101: a file in quotation marks must follow `use`", "? relu"),
    ("default conv act=relu\nrelu", "default conv act=relu", "E0101: the arguments of a default stand in paren", "? relu"),
    ("relu ->\nbn", "", "E0101: a shape must follow '->'", "? bn"),
    ("relu x\nbn", "x", "E0101: a number of repetitions must follow 'x'", "? bn"),
    ("relu x2 x3\nbn", "x3", "E0101: a statement is repeated once only", "? bn"),
    ("conv 3\nbn", "3", "E0101: unexpected '3' behind 'conv'", "? bn"),
    ("[3x3 64; 3x3, 64] x2\nrelu", "64", "E0101: ',' must stand between the kernel and the channels", "? relu"),
    ("{ a | b }\nrelu", "|", "E0101: '|' stands between the branches", "{} relu"),
    ("relu | bn\nlrn", "|", "E0101: '|' stands between branches, or cells of a table", "? lrn"),
    ("| A | B |\n|---|---|\n| relu | bn |\nlrn", "|", "E0101: a row of a table stands outside a table", "? lrn"),
    ("table\nrelu", "table", "E0101: the columns of the table must follow `table`", "? relu"),
    ("{ table\n relu }\nbn", "table", "E0101: a table cannot stand inside", "{} bn"),
    ("a: net b\nrelu", "net", "E0101: `net` cannot follow a label", "? relu"),
    ("else { relu }\nbn", "else", "E0101: this `else` has no `if`", "? bn"),
    ("a: else\nbn", "else", "E0101: `else` cannot follow a label", "? bn"),
    ("input 3x99999999999x3\nrelu", "3x99999999999x3", "E0005: a dimension may be at most 2^31 - 1", "Input relu"),
    ("block f() { conv3-\n relu }\nbn", "", "E0101: a number of channels", "Block bn"),
    ("table\n| A | B |\n|--|--|\n| relu | conv3- |\n| bn |\nlrn", "", "E0101: a number of channels", "Table lrn"),
    ("table\n| A | B |\n| a | b | c |\n| bn |\nlrn", "| a | b | c",
     "E0104: this row has 3 cells, the table has 2", "Table lrn"),
    ("conv3-{n}x4\nrelu", "{n}x4", "E0101: an `x` that touches what is before it joins dimensions", "conv3 relu"),
    ("conv3-64×2\nrelu", "64×2", "E0101: an `x` that touches what is before it joins dimensions", "conv3 relu"),
    ("relu -> 3x{n}xm\nbn", "xm", "E0101: dimensions are joined by `x`", "? bn"),
    ("input 3x {n}\nrelu", "3x {n}", "E0101: dimensions are joined by `x` without blanks", "? relu"),
    ("f() { @a | conv3- | b }\nrelu", "|", "E0101: a number of channels", "f relu"),
    ("f() { @a | conv3-4\nrelu", "{", "E0102: this '{' is never closed", "f"),
    ("add x3 { conv3- }\nrelu", "}", "E0101: a number of channels", "add relu"),
    ("concat { x3 { conv3-; bn } | lrn }\nrelu", ";", "E0101: a number of channels", "concat relu"),
    ("concat { x3 { bn }; bn | lrn }\nrelu", "bn", "E0101: a repeated branch stands alone", "concat relu"),
    ("concat {\n  x3 as i { bn }\n  bn\n| lrn\n}\nrelu", "bn", "E0101: a repeated branch stands alone", "concat relu"),
    ("block f() takes a, { relu }\nrelu", "{", "E0101: the name of an input must stand here", "? relu"),
    ("block f() takes a { conv3- }\nrelu", "}", "E0101: a number of channels", "Block relu"),
    ("output a.b\nrelu", "a.b", "E0101: the name of an output has no dots", "Output relu"),
    ("@a.\nrelu", "", "E0101: the name of an output must follow '.'", "? relu"),
    ("f(@)\nrelu", ")", "E0101: a label must follow '@'", "? relu"),
    ("param a = @b\nrelu", "@", "E0101: a value must stand here, not '@'", "? relu"),
    ("param a = 2 **\nrelu", "", "E0101: a value must stand here", "? relu"),
    ("table\n| A b | B |\n| bn |\nlrn", "A b", "E0107: 'A b' cannot name a variant", "Table lrn"),
]  # fmt: skip


def names(body: Any) -> str:
    words = []
    for each in body:
        found = getattr(each, "item", each)
        match found:
            case tree.Broken():
                words.append("?")
            case tree.Operation():
                words.append(found.head.text)
            case tree.Join():
                words.append(found.kind.text)
            case tree.Group():
                words.append("{}")
            case tree.Bracket():
                words.append("[]")
            case _:
                words.append(type(found).__name__)
    return " ".join(words)


@pytest.mark.parametrize(("text", "marked", "message", "left"), MISTAKES, ids=[each[0] for each in MISTAKES])
def test_one_mistake_is_one_error(text: str, marked: str | None, message: str, left: str | None) -> None:
    report = Report()
    file = parse(Source("a.net", text), report)
    found = list(report)
    assert len(found) == 1, found
    assert f"{found[0].code}: {found[0].message}".startswith(message)
    span = found[0].span
    assert span is not None
    if marked is not None:
        assert text[span.start : span.end] == marked
    if left is not None:
        assert names(file.statements) == left


def test_several_mistakes_are_all_told_in_one_run() -> None:
    text = """input 3x8x8
conv3-
block b(n) {
  conv3-/2
  relu
  concat { bn | conv1- | lrn
    | $ }
  gelu
}
table
| A | B |
|---|---|
| relu; conv3- | fc- |
| bn | bn | bn |
| lrn |
tanh
f(a b)
silu
"""
    report = Report()
    file = parse(Source("a.net", text), report)
    source = Source("a.net", text)
    lines = [(source.position(d.span.start).line, d.code) for d in report if d.span]
    assert lines == [
        (2, "E0101"),
        (4, "E0101"),
        (6, "E0101"),
        (7, "E0103"),
        (13, "E0101"),
        (13, "E0101"),
        (14, "E0104"),
        (17, "E0101"),
    ]
    assert names(file.statements) == "Input ? Block Table tanh ? silu"
    block, table = file.statements[2:4]
    assert isinstance(block, tree.Block) and isinstance(table, tree.Table)
    assert names(block.body.statements) == "? relu concat gelu"
    assert [names(branch.body.statements) for branch in block.body.statements[2].item.branches] == [
        "bn",
        "?",
        "lrn",
        "?",
    ]  # type: ignore[union-attr]
    assert [[names(cell.statements) for cell in row.cells] for row in table.rows] == [["relu ?", "?"], ["?"], ["lrn"]]


def test_help_and_edits() -> None:
    report = Report()
    parse(Source("a", "conv3-64 relu\nuse foo.net\nexpect depth == 3\nconv3\u201364\nparam a = 64k\nrelu }"), report)
    found = list(report)
    fixed = "conv3-64 relu\nuse foo.net\nexpect depth == 3\nconv3\u201364\nparam a = 64k\nrelu }"
    for each in reversed(found):
        for edit in each.edits:
            fixed = fixed[: edit.span.start] + edit.text + fixed[edit.span.end :]
    assert fixed == 'conv3-64; relu\nuse "foo.net"\nexpect depth = 3\nconv3-64\nparam a = 64k\nrelu '
    assert "64K" in (found[4].help or "")


def test_errors_end_somewhere() -> None:
    file, messages = read("relu\n" + "conv3-\n" * 300)
    assert len(messages) == 101 and "too many" in messages[-1] and len(file.statements) > 50
    file, messages = read("relu\n" + "}\n" * 300)
    assert len(messages) == 101 and "too many" in messages[-1]


# Limits --------------------------------------------------------------------------------------------------------------


def test_limits() -> None:
    def codes(text: str) -> list[str]:
        return [message[:5] for message in read(text)[1]]

    assert codes("a" * 2**20) == [] and codes("a" * (2**20 + 1)) == ["E0002"] and codes("é" * 2**19 + "#") == ["E0002"]
    for opening, closing in ("()", "[]", "{}"):
        assert codes(f"param a = {opening * 64}1{closing * 64}") == []
        assert codes(f"param a = {opening * 65}1{closing * 65}") == ["E0003"]
        assert codes(opening * 10_000) == ["E0003"]
    assert codes("{" * 64 + "relu" + "}" * 64) == []
    assert codes("param a = 3x2147483647") == [] and codes("param a = 3x2147483648") == ["E0005"]
    assert codes("param a = " + "1x" * 9 + "1") == ["E0005"]
    assert codes("param a = " + "{n}x" * 7 + "1") == [] and codes("param a = " + "{n}x" * 8 + "1") == ["E0005"]
    assert codes("param a = {n}x2147483648") == ["E0005"] and codes("param a = {n}x1.5") == ["E0106"]
    assert codes("param a = " + "1x{" * 63 + "1" + "}" * 63) == [] and codes("param a = 1" + " ** 1" * 65) == ["E0003"]
    assert codes("add { " * 63 + "x2 { relu }" + " }" * 63) == [] and codes("f() { " * 65 + "}" * 65) == ["E0003"]
    assert codes(f'source "{"a" * 10_000}"') == [] and codes(f'source "{"a" * 10_001}"') == ["E0006"]
    assert codes("param a = 1" + " + 1" * 64) == [] and codes("param a = 1" + " + 1" * 65) == ["E0003"]
    assert codes("param a = 1" + " + 1" * 100_000) == ["E0003"]
    assert codes("param a = " + "-" * 10_000 + "1") == ["E0003"] and codes("param a = " + "not " * 70 + "b") == [
        "E0003"
    ]
    assert codes("param a = " + "a if b else " * 70 + "c") == ["E0003"]
    assert codes("if a { b }" + " else if a { b }" * 64) == []
    assert codes("if a { b }" + " else if a { b }" * 65 + "\nrelu") == ["E0003"]
    assert parse_value("1" * 10_001, Report()) is None


def test_the_deepest_tree_can_be_walked_by_recursion() -> None:
    chain = "if a { relu }" + " else if a { relu }" * 30 + " else { "
    file, messages = read(chain + "{" * 30 + "param a = " + "-" * 64 + "1" + "}" * 31)
    assert not messages

    def depth(node: Any) -> int:
        below = [getattr(node, name) for name in node.__slots__ if name not in ("span", "source")]
        flat = [each for part in below for each in (part if isinstance(part, tuple) else (part,))]
        return 1 + max((depth(each) for each in flat if hasattr(each, "span")), default=0)

    assert depth(file) > 200
    assert hash(file.statements) == hash(file.statements) and repr(file) and file == file


def test_time_is_linear() -> None:
    def seconds(count: int) -> float:
        text = "conv3-64 x2\nc: conv3-64/2(pad=1)\nmaxpool; fc-10\n" * (count // 4)
        start = time.perf_counter()
        assert len(statements(text)) == count
        return time.perf_counter() - start

    seconds(1000)
    small = min(seconds(4_000) for _ in range(3))
    assert seconds(64_000) < 16 * small * 3


@pytest.mark.parametrize(
    "unit",
    ["(", "{(}", '"\n', "|", "\n|", "table\n|a|\n", "conv- ;", "1+", "a if b else ", "x2 ", "{}",
     "a:", "\\", "f(\n", "[1,\n", "$\n", "if a {} else "],
)  # fmt: skip
def test_hostile_texts_end_soon(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    start = time.perf_counter()
    for whole in (text, "param a = " + text, "table\n| a |\n" + text, "{" + text):
        assert len(read(whole)[1]) <= 301
    assert time.perf_counter() - start < 8


@pytest.mark.parametrize(
    "text", ["net{}" + " " * 200_000 + "b", "table\n|a|\n|" + "-" * 200_000 + "x"], ids=["label", "rule"]
)
def test_a_long_run_of_one_character_is_read_once(text: str) -> None:
    start = time.perf_counter()
    read(text)
    assert time.perf_counter() - start < 2


def test_the_collector_is_as_it_was() -> None:
    assert gc.isenabled()
    read("relu")
    assert gc.isenabled()
    gc.disable()
    try:
        read("relu")
        assert not gc.isenabled()
    finally:
        gc.enable()


# No text breaks it ---------------------------------------------------------------------------------------------------

PIECES = [
    *"()[]{}|;\n,=-/:@#\"$%\\×é\t\x00", " ", "->", "x2", " x{", "if ", " else ", "table\n| A | B |\n|--|--|\n",
    "\n|", "net ", "input ", "expect ",
    "concat {", "3x3", "64", "4x", "1e-4", "conv3-64", " as ", "\r\n", "\ufeff", "a.b", "extends ",
    "variant ", "output ",
    "aux a", "reuse(",
    "block f(", "reported ", "param a", "train(", "max pool", "not ", " and ", "residual ", "\ud800", "\u2028",
    "{n}x", "3x{", "x{n} {", "x2 as i {", "f() {", "{ @a | @b }", "@a.b", "like=@a", "output a: ", "block f takes x", ", b x{n}",
    " of 30", " ** ", "max {", ".",
]  # fmt: skip


def survives(text: str) -> None:
    report = Report()
    file = parse(Source("a.net", text), report)
    for node in walk(file):
        assert 0 <= node.span.start <= node.span.end <= len(text)
        assert not isinstance(node, tree.Broken) or len(report)
    for found in report:
        assert found.code[:3] in ("E00", "E01") and found.message
        assert found.span is None or 0 <= found.span.start <= found.span.end <= len(text)
    parse_value(text[:100], Report())


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    survives(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_pieces(text: str) -> None:
    survives(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SPECS), st.randoms(use_true_random=False))
def test_any_change_of_a_spec(path: Path, rng: random.Random) -> None:
    text = path.read_text("utf-8")
    for _ in range(rng.randrange(1, 6)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice([0, 1, 1, 3, 40]))
        text = text[:start] + rng.choice(["", "", rng.choice(PIECES)]) + text[end:]
    survives(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SPECS), st.randoms(use_true_random=False))
def test_one_character_lost_is_few_errors(path: Path, rng: random.Random) -> None:
    """A mistake stays where it is: the rest of the spec is read as before."""
    text = path.read_text("utf-8")
    at = rng.randrange(len(text))
    before, _ = read(text)
    after, messages = read(text[:at] + text[at + 1 :])
    assert len(messages) <= 3, messages
    assert len(after.statements) >= len(before.statements) - 2 or messages


# Lark ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The cache of a user who has none yet, for a process that has read nothing yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(grammar, "_made", cache(grammar._made.__wrapped__))
    yield tmp_path / "cache" / "netdsl" / "grammar"


def test_the_grammar_has_one_conflict_which_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `/` right behind an operator is its stride. All else is decided by one token ahead."""
    told: list[str] = []
    monkeypatch.setattr(lark.logger, "warning", lambda message, *rest: told.append(message % rest))
    made = {"parser": "lalr", "lexer": "basic", "start": ["file", "alone"], "keep_all_tokens": True, "debug": True}
    lark.Lark(grammar._GRAMMAR.read_text("utf-8"), **made)
    conflicts = [message for message in told if "onflict" in message]
    assert conflicts and all("for terminal SLASH" in message for message in conflicts)


def again() -> None:
    """Read as a new process does: Lark is asked for its parser."""
    grammar._made.cache_clear()
    assert names(statements("conv3-64; relu")) == "conv3 relu"


def test_the_parser_is_kept_in_the_users_own_folder(home: Path) -> None:
    again()
    (kept,) = home.iterdir()
    assert home.stat().st_mode & 0o777 == 0o700
    written = kept.stat().st_mtime_ns
    again()
    assert kept.stat().st_mtime_ns == written


@pytest.mark.parametrize("garbage", [b"", b"\n", b"no pickle", b"\x80\x04."])
def test_a_kept_parser_that_is_no_good_is_made_anew(home: Path, garbage: bytes) -> None:
    again()
    (kept,) = home.iterdir()
    whole = kept.read_bytes()
    for text in (garbage, whole.partition(b"\n")[0] + b"\n" + garbage, whole[: len(whole) // 2]):
        kept.write_bytes(text)
        again()
        assert len(kept.read_bytes()) > len(whole) // 2


def test_a_folder_that_others_can_write_to_is_not_trusted(home: Path) -> None:
    home.mkdir(parents=True)
    home.chmod(0o777)
    again()
    assert not list(home.iterdir())


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs users")
def test_a_folder_of_somebody_else_is_not_trusted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert directory("grammar") == home
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    assert directory("grammar") is None
    again()
    assert not list(home.iterdir())


def test_a_link_is_no_folder(home: Path, tmp_path: Path) -> None:
    home.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    home.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    again()
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("base", ["file", "relative/path"])
def test_where_nothing_can_be_kept_it_is_made_each_time(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / base) if base == "file" else base)
    monkeypatch.setattr(grammar, "_made", cache(grammar._made.__wrapped__))
    again()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_threads_read_at_once(home: Path) -> None:
    texts = [path.read_text("utf-8") for path in SPECS[:12]] + [case[0] for case in MISTAKES[:12]]

    def found(text: str) -> Any:
        report = Report()
        return parse(Source("a.net", text), report), tuple(report), parse_value("n * (2 + 3)", report)

    alone = list(map(found, texts))
    grammar._made.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(found, texts * 4)) == alone * 4


def test_a_tree_is_freed_with_its_last_reference() -> None:
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for text in ("conv3-64(pad=1)\n" * 300, "a: conv3-\nrelu\n" * 30):
            read(text)
        assert len(gc.get_objects()) - before < 300
    finally:
        gc.enable()


def test_of_lark_only_what_is_public_is_used() -> None:
    """No private attribute of another object, no private module, and nothing taken apart by reflection."""
    for path in (ROOT / "netdsl" / "syntax").glob("*.py"):
        module = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(module):
            match node:
                case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=_):
                    continue
                case ast.Attribute(attr=name) if name.startswith("_") and not name.startswith("__"):
                    pytest.fail(f"{path.name}:{node.lineno} uses {name}")
                case ast.ImportFrom(module=str(name), names=found) if name.split(".")[0] == "lark":
                    assert not [each.name for each in found if each.name.startswith("_")] and "._" not in name


# Operators, as Python binds them ------------------------------------------------------------------------------------


@st.composite
def conditions(draw: st.DrawFn) -> str:
    """An expression of names, every operator and brackets, in which nothing is compared with a comparison."""

    def row(part: Callable[[int], str], operators: str, most: int, depth: int) -> str:
        found = part(depth)
        for _ in range(draw(st.integers(0, most))):
            found += f" {draw(st.sampled_from(operators.split()))} {part(depth)}"
        return found

    def operand(depth: int) -> str:
        kind = draw(st.integers(0, 9)) if depth else 9
        if kind == 0:
            return f"-{operand(depth - 1)}"
        if kind == 1:
            return f"{draw(st.sampled_from('abc'))} ** {operand(depth - 1)}"
        return f"({either(depth - 1)})" if kind == 2 else draw(st.sampled_from("abc"))

    def arithmetic(depth: int) -> str:
        return row(operand, "+ - * / // %", 4, depth)

    def comparison(depth: int) -> str:
        negated = "not " * draw(st.integers(0, 1))
        return negated + row(arithmetic, "== != < <= > >=", 1, depth)

    def either(depth: int) -> str:
        found = row(comparison, "and or", 3, depth)
        return f"{found} if {found} else {either(depth - 1)}" if depth and draw(st.booleans()) else found

    return either(2)


def _ours(node: Any) -> str:
    """An expression with all its brackets."""
    match node:
        case tree.Binary(operator=operator, left=left, right=right):
            return f"({_ours(left)} {operator} {_ours(right)})"
        case tree.Unary(operator=operator, operand=operand):
            return f"({operator} {_ours(operand)})"
        case tree.Conditional(test=test, then=then, otherwise=otherwise):
            return f"({_ours(then)} if {_ours(test)} else {_ours(otherwise)})"
    assert isinstance(node, tree.Reference)
    return node.name


_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.And: "and",
    ast.Or: "or", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.USub: "-", ast.Not: "not",
}  # fmt: skip


def _pythons(node: ast.expr) -> str:
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            return f"({_pythons(left)} {_SIGNS[type(operator)]} {_pythons(right)})"
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return f"({_pythons(left)} {_SIGNS[type(operator)]} {_pythons(right)})"
        case ast.BoolOp(op=operator, values=values):
            return reduce(lambda left, right: f"({left} {_SIGNS[type(operator)]} {right})", map(_pythons, values))
        case ast.UnaryOp(op=operator, operand=operand):
            return f"({_SIGNS[type(operator)]} {_pythons(operand)})"
        case ast.IfExp(test=test, body=then, orelse=otherwise):
            return f"({_pythons(then)} if {_pythons(test)} else {_pythons(otherwise)})"
    assert isinstance(node, ast.Name)
    return node.id


@settings(max_examples=60, deadline=None, derandomize=True)
@given(conditions())
def test_operators_bind_as_in_python(text: str) -> None:
    report = Report()
    found = parse_value(text, report)
    assert not len(report) and found is not None
    assert _ours(found) == _pythons(ast.parse(text, mode="eval").body)
    assert (found.span.start, found.span.end) == (0, len(text)) or text[0] == "("
