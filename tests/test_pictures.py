"""Pictures: what is one box, what folds, what the edges say, that nothing crosses a label, and that any text survives."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from html import unescape
from itertools import combinations, pairwise
from math import dist
from pathlib import Path
from xml.etree import ElementTree

import pytest

import netdsl
from netdsl.backends.artefacts import RenderError, draw
from netdsl.backends.pictures import TooLarge, collapse, diagram, dot, graph, prose, styles
from netdsl.backends.pictures import words as said
from netdsl.backends.pictures.cards import SMALL
from netdsl.backends.pictures.diagram import drawing
from netdsl.backends.pictures.drawing import Circle, Drawing, Group, Rect, Text, flat
from netdsl.backends.pictures.drawing import Path as Line
from netdsl.backends.pictures.look import ROLES, STAGES, TINTS
from netdsl.backends.pictures.model import Fork, Picture, parts
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.rows import read
from netdsl.backends.pictures.sheet import PAGE, Sheet, legibility
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.text.amounts import amount
from netdsl.text.diagnostics import Diagnostic
from netdsl.text.source import Source
from netdsl.tools import gallery

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "specs").glob("*.net"), *(ROOT / "tests" / "nets").glob("*.net")])
ZOO = sorted((ROOT / "specs").glob("*.net"))
SAMPLE = ("unet", "resnet50", "inception_v3", "googlenet", "hrnet", "vit", "fpn_resnet50", "wavenet", "zip1989")
SVG = "{http://www.w3.org/2000/svg}"


def layers(text: str, **options: bool) -> Picture:
    """The picture of a spec with nothing closed."""
    return graph.picture(collapse.layers(netdsl.loads(text), **options))


def titles(picture: Picture) -> list[str]:
    """What the boxes say in bold, without the ends of the network."""
    shown = [node for node in picture.nodes if node.kind not in ("input", "output")]
    return [node.title + (f" × {node.times}" if node.times > 1 else "") for node in shown]


def of_zoo(name: str) -> Network:
    return netdsl.load(
        ROOT / "specs" / f"{name}.net", variant=(netdsl.compile(ROOT / "specs" / f"{name}.net").variants or (None,))[0]
    )


# The picture ---------------------------------------------------------------------------------------------------------


def test_runs_of_equal_layers_fold() -> None:
    text = "input 3x32x32\ndefault conv(act=relu)\nconv3-64 x2; maxpool\nconv3-128; conv3-128; conv3-128; maxpool"
    vgg = layers(text)
    assert titles(vgg) == ["conv3-64 × 2", "maxpool", "conv3-128 × 3", "maxpool"]
    assert [node.note for node in vgg.nodes][1:4:2] == ["38.7K params", "369K params"]
    assert [node.out for node in vgg.nodes] == ["3x32x32", "64x32x32", "64x16x16", "128x16x16", "128x8x8", ""]
    assert len(layers(text, expand=True).nodes) == 9


def test_the_first_of_a_stack_stands_alone() -> None:
    text = "input 8x8x8\ndefault conv(norm=bn, act=relu)\nstage: [3x3, 16; 3x3, 16] x36 /2"
    drawn = layers(text)
    stage, first, rest = drawn.frames
    assert stage.title == "stage" and (first.times, rest.times) == (1, 35)
    assert sum(isinstance(part, Fork) for part in parts(drawn.body)) == 2
    assert len(drawn.nodes) == 2 + 4 + 3  # the ends; three convolutions and a sum; two convolutions and a sum
    kinds = [edge.kind for edge in drawn.edges]
    assert kinds.count("identity") == 1 and kinds.count("projection") == 2  # into the projection, and out of it
    assert len(layers(text, expand=True).frames) == 37


def test_what_does_not_repeat_is_not_folded() -> None:
    def times(source: str) -> list[int]:
        return [node.times for node in layers("input 4x8x8\n" + source).nodes[1:-1]]

    assert times("conv3-4 x3") == [3]
    assert times("a: conv3-4\nb: conv3-4") == [1, 1]  # each has a name of its own
    assert times("a{i}: conv3-4 x3 as i") == [3]  # one statement made them all
    assert times("concat { conv3-4 | conv3-4 }") == [1, 1, 1]  # side by side, not in a row
    assert times("a: conv3-4\nconv3-4 x3\nadd { @a | identity }")[:2] == [1, 3]
    assert times("{ a{i}: conv3-4 x3 as i; add { @a1 | identity } }") == [2, 1, 1]  # the second is used elsewhere
    assert times("dropout(20%); dropout(30%)") == [2]  # rates may differ


def test_ranges_where_the_repeated_differ() -> None:
    drawn = layers("input 8x4x4\nlayer{i + 1}: { concat { identity | bn; conv3-4 } } x6 as i")
    [frame] = drawn.frames
    assert (frame.title, frame.times) == ("layer1…6", 6)
    assert "16…56 params" in {node.note for node in drawn.nodes}
    assert [node.out for node in drawn.nodes][-2] == "12…32x4x4"
    assert said.between("drop=0.0125", "drop=0.2") == "drop=0.0125…0.2"
    assert said.between("stride=2, act=relu", "stride=1, act=silu") == "stride=2, act=relu"


def test_arguments_are_told_by_name_in_six_digits() -> None:
    efficientnet = of_zoo("efficientnet")
    drawn = graph.picture(next(collapse.asked(efficientnet, depth=1)))
    given = {each for node in drawn.nodes for each in node.details if each.startswith("drop")}
    assert given and all(
        "=" in each and len(number.replace(".", "")) <= 7 for each in given for number in re.findall(r"[\d.]+", each)
    )


def test_a_norm_and_an_activation_belong_to_the_layer_before_them_however_they_are_written() -> None:
    written = layers("input 4x8x8\nconv: conv3-4; norm: bn; relu\nconv3-4(norm=bn, act=relu)")
    assert [node.details for node in written.nodes[1:-1]] == [("bn", "relu"), ("bn", "relu")]
    apart = layers("input 4x8x8\na: conv3-4\nbn; relu\nadd { @a | identity }")
    assert titles(apart) == ["conv3-4", "bn", "+"]  # what is used before its norm keeps its box
    every = graph.picture(collapse.primitives(netdsl.loads("input 4x8x8\nconv3-4(norm=bn, act=relu)")))
    assert titles(every) == ["conv3-4", "bn", "relu"]


def test_frames() -> None:
    source = """input 4x8x8
block pair(n, wide=false) { conv3-n; maxpool }
one: pair(4); pair(8, wide=true)
aux side(weight=0.3) { gap; fc-2 }
conv3-4; named: { conv3-4; maxpool3/1(pad=1) }
single: { conv3-4 }
reuse(named)"""
    frames = layers(source).frames
    assert [(frame.title, frame.details) for frame in frames] == [
        ("one", ("pair", "n=4", "wide=false")),
        ("", ("pair", "n=8", "wide=true")),
        ("side", ("training only",)),
        ("named", ()),
        ("", ("named again",)),
    ]
    nodes = layers(source).nodes
    assert [node.note for node in nodes if node.title == "side"] == ["loss × 0.3"]
    assert "single" in {node.label for node in nodes}  # a frame around one box is no frame


def test_blocks_are_boxes_until_they_are_opened() -> None:
    googlenet = of_zoo("googlenet")
    closed = next(collapse.blocks(googlenet))
    picture = graph.picture(closed)
    block = next(node for node in picture.nodes if node.label == "inception3a")
    assert (block.kind, block.title, block.out, block.note) == ("block", "inception", "256x28x28", "164K params")
    assert block.details[0] == "n1x1=64" and block.figures.macs == 128_049_152 and block.origin.line == 17
    opened = graph.picture(next(collapse.asked(googlenet, opened=("inception3a",))))
    assert len(opened.nodes) == len(picture.nodes) + 7
    assert len(graph.picture(next(collapse.asked(googlenet, depth=9))).nodes) == len(
        graph.picture(collapse.layers(googlenet)).nodes
    )


def test_the_skip_of_a_folded_stack_starts_where_it_does_in_every_copy() -> None:
    skip = layers("input 4x8x8\nblock pre() takes x { bn; relu; conv3-4; add { @x | identity } }\nconv3-4\npre() x5")
    [frame] = skip.frames
    [edge] = [edge for edge in skip.edges if edge.within]
    assert (edge.kind, edge.within, frame.times) == ("identity", frame.id, 5)


def test_repeated_branches_are_drawn_once() -> None:
    text = "input 8x8x8\nadd x32 { conv1-4; conv3-8 }\nconcat { identity | x4 { conv3-8 } }\nconcat x3 as i { conv{2 * i + 1}-4 }"
    found = titles(layers(text))
    assert found.count("conv3-8") == 2 and found.count("conv1-4") == 2 and "conv5-4" in found
    assert sorted(frame.times for frame in layers(text).frames) == [4, 32]
    assert titles(layers(text, expand=True)).count("conv3-8") == 36
    differ = layers("input 8x8x8\nadd { conv3-8 | conv3-8 }\nadd x2 { conv1-8 | conv1-4; conv1-8 }")
    assert not any(frame.times > 1 for frame in differ.frames)


def test_the_mistake_of_a_spec_is_told_where_it_stands() -> None:
    compilation = netdsl.compile(Source("wrong.net", "input 3x8x8\nconv3-4\nconv3-4(groups=3)\nmaxpool\n"))
    problems: tuple[Diagnostic, ...] = tuple(compilation.report.errors)
    for style in ("blocks", "layers", "paper", "volumes"):
        data = diagram(compilation.network, problems=problems, style=style)
        assert b"must divide the 4 input channels" in re.sub(rb"</text>\s*<text[^>]*>", b" ", data), style
        assert ROLES["light"]["wrong"].encode() in data
    compilation = netdsl.compile(Source("wrong.net", "input 3x8x8\nconv3-4\nmaxpol\n"))
    data = diagram(compilation.network, problems=tuple(compilation.report.errors))
    assert b">?</text>" in data and b"identity" not in data  # what is not known is not called anything


@pytest.mark.parametrize(
    ("text", "said", "circles"),
    [
        ("input 2\nfc-3\nfcc-2\nfc-4", "unknown operator or block `fcc`", 2 + 3 + 1 + 1),
        ("input 2\nfc-3(bias=7)", "`bias` (=7) must be true or false", 2 + 1),
        ("input 2\nconv3-4\nfc-2", "`conv` needs channels x height x width", 2 + 1 + 1),
    ],
)
def test_units_are_drawn_as_far_as_they_are_known(text: str, said: str, circles: int) -> None:
    """A layer of unknown width is one circle; that of the mistake is red, and below stands what is wrong."""
    compilation = netdsl.compile(Source("wrong.net", text))
    problems = tuple(compilation.report.errors)
    marks = list(flat(drawing((compilation.network,), Options(style="graph", problems=problems)).marks))
    units = [mark for mark in marks if isinstance(mark, Circle)]
    assert len(units) == circles and [mark.fill for mark in units].count("wrongfill") == 1
    texts = [mark.runs[0] for mark in marks if isinstance(mark, Text)]
    assert any(said in run.text and run.color == "wrong" for run in texts)
    assert not any("identity" in run.text for run in texts)


# The drawing ---------------------------------------------------------------------------------------------------------


def crossed(drawing: Drawing) -> list[str]:
    """The labels that a line runs through."""
    marks = list(flat(drawing.marks))
    labels = [mark for mark in marks if isinstance(mark, Text)]
    lines = [mark for mark in marks if isinstance(mark, Line) and not mark.curve and mark.fill == "none"]
    found = []
    for label in labels:
        left, top, right, bottom = label.bounds
        for line in lines:
            for (x1, y1), (x2, y2) in pairwise(line.points):
                if (
                    max(x1, x2) > left + 1
                    and min(x1, x2) < right - 1
                    and max(y1, y2) > top + 1
                    and min(y1, y2) < bottom - 1
                ):
                    found.append("".join(run.text for run in label.runs))
    return found


def drawn_twice(drawing: Drawing) -> int:
    """How many straight pieces lie on another one for more than a turn takes."""
    pieces: dict[tuple[bool, float], list[tuple[float, float]]] = {}
    found = 0
    for mark in flat(drawing.marks):
        if isinstance(mark, Line) and mark.fill == "none":
            for (x1, y1), (x2, y2) in pairwise(mark.points):
                upright = abs(x1 - x2) < 0.05
                at, (low, high) = (x1, sorted((y1, y2))) if upright else (y1, sorted((x1, x2)))
                others = pieces.setdefault((upright, round(at, 1)), [])
                found += sum(min(high, b) - max(low, a) > 8.1 for a, b in others)
                others.append((low, high))
    return found


@pytest.mark.parametrize("name", ["resnet18", "hrnet", "ssd300_vgg", "highway", "deeplab_v3", "nasnet"])
def test_no_line_lies_on_another(name: str) -> None:
    """Lines from one box part a little before the place where they do: dashes never show through a whole line."""
    assert drawn_twice(drawing((of_zoo(name),), Options())) == 0


def test_an_output_stands_behind_the_box_that_is_there_for_it_alone() -> None:
    text = "input 8x8x8\na: conv3-8\noutput b: conv3-4\noutput c: { @a; conv3-2 }\noutput d: { @a; conv3-1 }"
    picture = layers(text)
    assert [node.title for node in picture.nodes][1:] == ["conv3-8", "conv3-4", "b", "conv3-2", "c", "conv3-1", "d"]
    assert [edge.kind for edge in picture.edges if edge.target.startswith("o")] == ["flow"] * 3
    used = layers("input 8x8x8\noutput b: conv3-4\nconv3-2")  # its value goes on
    assert [node.title for node in used.nodes][1:] == ["conv3-4", "conv3-2", "output", "b"]


def held(path: Path, variant: str | None) -> None:
    """The laws of the default style: one page that can be read, a straight spine, no label crossed."""
    network = netdsl.load(path, variant=variant)
    made = drawing((network,), Options())
    scale = min(PAGE[0] / made.width, PAGE[1] / made.height, 1.0)
    assert scale * SMALL >= 6.0, f"{scale * SMALL:.1f} points"
    assert made.height <= 8 * made.width
    assert crossed(made) == []
    picture = next(importlib.import_module("netdsl.backends.pictures.styles.blocks").pictures(network, Options()))
    assert len([node for node in picture.nodes if node.kind not in ("input", "output")]) <= 45


@pytest.mark.parametrize("name", SAMPLE)
def test_a_drawing_fits_a_page_and_no_line_crosses_a_label(name: str) -> None:
    path = ROOT / "specs" / f"{name}.net"
    held(path, (netdsl.compile(path).variants or (None,))[0])


def on_a_page(network: Network, **asked: object) -> Drawing:
    """A drawing of what is asked for, which holds the laws of a page."""
    options = Options(**asked)
    made = drawing((network,), options)
    assert legibility(made, options) >= 6.0, f"{legibility(made, options):.1f} points"
    assert made.height <= 8 * made.width
    assert crossed(made) == []
    return made


@pytest.mark.parametrize(
    ("name", "asked", "less"),
    [
        ("googlenet", {"open": ("inception3a",)}, False), ("googlenet", {"open": ("inception",)}, True),
        ("googlenet", {"depth": 1}, True), ("densenet", {"open": ("denselayer2",)}, True),
        ("nasnet", {"open": ("previous",)}, True), ("nasnet", {"open": ("normal",)}, True),
        ("mobilenet_v2", {"depth": 1}, True), ("swin", {"depth": 2}, True), ("resnet50", {"depth": 1}, False),
    ],
)  # fmt: skip
def test_what_is_opened_fits_a_page(name: str, asked: dict[str, object], less: bool) -> None:
    """First boxes leave their figures to those who ask them; then the first call of each block alone is open, and the
    drawing says so."""
    made = on_a_page(of_zoo(name), **asked)
    said = ["".join(run.text for run in mark.runs) for mark in flat(made.marks) if isinstance(mark, Text)]
    assert any("the first of each" in text for text in said) == less
    assert any(text.startswith("conv") for text in said)


@pytest.mark.slow
@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_every_depth_of_the_zoo_fits_a_page(path: Path) -> None:
    network = netdsl.load(path, variant=(netdsl.compile(path).variants or (None,))[0])
    for depth in (1, 2, 3):
        on_a_page(network, depth=depth)


@pytest.mark.slow
@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_every_drawing_of_the_zoo_fits_a_page(path: Path) -> None:
    for variant in netdsl.compile(path).variants or (None,):
        held(path, variant)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_value_has_its_box(path: Path) -> None:
    """Folded or not: each edge joins two nodes that exist, and everything drawn is reached."""
    compilation = netdsl.compile(path)
    if compilation.network is None and not compilation.variants:
        pytest.skip("not a whole network")
    network = netdsl.load(path, variant=(compilation.variants or (None,))[0])
    for folded in (collapse.layers(network), next(collapse.blocks(network)), collapse.primitives(network)):
        picture = graph.picture(folded)
        names = [node.id for node in picture.nodes]
        assert len(names) == len(set(names))
        assert {name for edge in picture.edges for name in (edge.source, edge.target)} == set(names)
        entered = {edge.target for edge in picture.edges}
        learned = {node.id for node in picture.nodes if node.op is not None and node.op.inputs[0] == 0}
        assert set(names) - entered == {f"v{number}" for number in range(len(network.inputs))} | learned


def test_figure_3_of_the_resnet_paper() -> None:
    networks = (of_zoo("vgg19"), netdsl.load(ROOT / "specs" / "plain.net", variant="34"), of_zoo("resnet34"))
    made = drawing(networks, Options(style="paper"))
    texts = ["".join(run.text for run in mark.runs) for mark in flat(made.marks) if isinstance(mark, Text)]
    assert texts.count("3x3 conv, 512") == 8 + 5 + 5 and texts.count("3x3 conv, 512, /2") == 2
    assert {"VGG-19 (19.6G)", "Plain:34 (3.64G)", "ResNet-34 (3.66G)", "pool, /2", "fc 1000", "size: 112"} <= set(texts)
    arcs = [mark for mark in flat(made.marks) if isinstance(mark, Line) and mark.radius == 12]
    assert len(arcs) == 16 and sum(bool(arc.dash) for arc in arcs) == 3
    heights = {
        mark.y for mark in flat(made.marks) if isinstance(mark, Text) and mark.runs[0].text == "7x7 conv, 64, /2"
    }
    assert len(heights) == 1  # side by side


@pytest.mark.parametrize(
    "names",
    [
        "alexnet vgg19 resnet152", "resnet152 plain", "plain densenet:201 resnet152", "inception_resnet_v2 resnet152",
        "vit:L/16 resnet50", "resnet18 resnet34 resnet50 resnet101 resnet152", "unet fcn8s", "lenet5 wavenet swin",
    ],
)  # fmt: skip
def test_networks_side_by_side_fit_a_page(names: str) -> None:
    """What repeats is drawn once, columns wrap, blocks are closed: in this order, as far as it takes."""
    networks = []
    for name in names.split():
        stem, _, variant = name.partition(":")
        networks.append(netdsl.load(ROOT / "specs" / f"{stem}.net", variant=variant) if variant else of_zoo(stem))
    made = drawing(tuple(networks), Options(style="paper"))
    assert made.height <= 8 * made.width and legibility(made, Options()) >= 5
    assert crossed(made) == []


def test_what_repeats_keeps_its_number_where_no_page_has_room_for_all() -> None:
    deep = netdsl.load(ROOT / "specs" / "resnet.net", variant="152-layer")
    made = drawing((of_zoo("vgg19"), deep), Options(style="paper"))
    texts = ["".join(run.text for run in mark.runs) for mark in flat(made.marks) if isinstance(mark, Text)]
    assert [text for text in texts if text.startswith("×")] == ["× 2", "× 7", "× 35", "× 2"]
    assert texts.count("3x3 conv, 512 × 4") == 2
    frames = [mark for mark in flat(made.marks) if isinstance(mark, Rect) and mark.fill == "shade"]
    arcs = [mark for mark in flat(made.marks) if isinstance(mark, Line) and mark.radius == 12 and not mark.dash]
    assert len(frames) == len(arcs) == 4  # a skip of each copy, inside the frame of its stack
    for frame, arc in zip(frames, arcs, strict=True):
        assert all(frame.x <= x <= frame.x + frame.w and frame.y <= y <= frame.y + frame.h for x, y in arc.points)


def test_an_arc_goes_around_the_widest_of_its_rows() -> None:
    """Beside rows of other widths too, as where there are branches elsewhere."""
    text = "input 8x8x8\nresidual { conv1-8; conv3-8(groups=2, dilation=2); conv1-8 }\nconcat { conv1-8 | conv3-8 }"
    made = drawing((netdsl.loads(text),), Options(style="paper"))
    assert [mark for mark in flat(made.marks) if isinstance(mark, Line) and mark.radius == 12]
    assert crossed(made) == []


@pytest.mark.parametrize(
    "name",
    ["dpn", "ssd300_vgg", *(pytest.param(path.stem, marks=pytest.mark.slow) for path in ZOO)],
)
def test_values_called_by_name_cross_no_label_of_a_paper(name: str) -> None:
    """Neither a size beside a row, nor the boxes beside a branch that a copy's skip enters."""
    assert crossed(drawing((of_zoo(name),), Options(style="paper"))) == []


def test_rows_are_joined_where_a_value_goes_and_nowhere_else() -> None:
    """The second head takes the map and not the first head; by way of a norm, which is no row."""
    network = netdsl.loads("input 8x8x8\nconv3-4\nmap: bn\noutput a: conv3-2\noutput b: { @map; conv3-1 }")
    rows = read(graph.picture(collapse.layers(network)), network, 0, (), alone=True)
    at = {part.id: part.title for part in parts(tuple(rows.parts))}
    assert sorted((at[edge.source], at[edge.target], edge.kind) for edge in rows.edges) == [
        ("3x3 conv, 4", "3x3 conv, 1", "reference"), ("3x3 conv, 4", "3x3 conv, 2", "flow"),
    ]  # fmt: skip


def test_a_shortcut_around_branches_is_no_arc_through_them() -> None:
    text = "input 8x8x8\nconv3-8\nresidual { concat { conv1-4 | conv3-4 }; conv1-8 }\nconv3-8"
    made = drawing((netdsl.loads(text),), Options(style="paper"))
    shown = [mark.runs[0].text for mark in flat(made.marks) if isinstance(mark, Text)]
    assert "+" in shown and not [mark for mark in flat(made.marks) if isinstance(mark, Line) and mark.radius == 12]
    assert crossed(made) == []
    called = "input 8x8x8\na: conv3-8\nconv3-8\nadd { @a; conv1-8 | identity }"
    made = drawing((netdsl.loads(called),), Options(style="paper"))
    assert "+" in [mark.runs[0].text for mark in flat(made.marks) if isinstance(mark, Text)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("input 8x8x8\nconv3-16/2(groups=2)", "3x3 conv, 16, /2, 2 groups"), ("input 8x8x8\nmaxpool", "pool, /2"),
        ("input 8x8x8\navgpool", "2x2 avg pool, /2"), ("input 8x8x8\nmaxpool(to=1)", "max pool"),
        ("input 8x8x8\ndwconv3", "3x3 depthwise conv"), ("input 8x8x8\nconv3-8(groups=8)", "3x3 depthwise conv"),
        ("input 8x8x8\ntokens; attention(2)", "2-head attention"),
        ("input 8x8x8\nconv1x3-4", "1x3 conv, 4"), ("input 8x8x8\nlrn", "lrn"), ("input 8x8x8\nfc-10", "fc 10"),
        ("input 8x8x8\nscale(0.5)", "scale(0.5)"),
    ],
)  # fmt: skip
def test_each_operator_says_its_line(text: str, line: str) -> None:
    picture = layers(text)
    assert prose.line(picture.nodes[-2]) == line


def test_figure_2_of_the_googlenet_paper_with_its_parameters_in_the_boxes(netdsl_command) -> None:
    text = netdsl_command("block:inception", "--style", "paper", "-o", "-")
    assert all(
        words in text for words in ("1x1 conv, n3x3red", "5x5 conv, n5x5", "3x3 max pool", "filter concatenation")
    )
    values = ("n1x1=64", "n3x3red=96", "n3x3=128", "n5x5red=16", "n5x5=32", "pool_proj=32")
    valued = ["--input", "192x28x28", *(word for value in values for word in ("--set", value))]
    assert "3x3 conv, 128" in netdsl_command("block:inception", *valued, "--style", "paper", "-o", "-")


@pytest.fixture
def netdsl_command(capsysbinary):
    from netdsl.tools.cli import main

    def run(*arguments: str) -> str:
        assert main(["draw", *arguments]) == 0
        return capsysbinary.readouterr().out.decode()

    return run


def test_maps_are_drawn_to_scale_and_halves_where_groups_say_so() -> None:
    made = drawing((of_zoo("alexnet"),), Options(style="volumes"))
    texts = ["".join(run.text for run in mark.runs) for mark in flat(made.marks) if isinstance(mark, Text)]
    assert {"96x55x55", "conv5", "11x11 conv, /4", "fc 4096", "pool, /2"} <= set(texts)
    groups = {mark.title.split("\n")[0]: mark for mark in made.marks if isinstance(mark, Group) and mark.title}
    faces = {name: sum(isinstance(mark, Line) for mark in group.marks) for name, group in groups.items()}
    assert faces["conv5-256"] == 6 and faces["conv11-96/4"] == 3  # three faces for each of two processors

    def front(name: str) -> float:
        points = next(mark.points for mark in groups[name].marks if isinstance(mark, Line))
        return points[2][1] - points[1][1]

    assert front("input") / front("conv11-96/4") == pytest.approx((227 / 55) ** 0.5)


@pytest.mark.parametrize("name", sorted(gallery.VOLUMES))
def test_volumes_can_be_read_on_a_page(name: str) -> None:
    """In as few rows as that takes; a U is as wide as it is deep."""
    made = drawing((of_zoo(name),), Options(style="volumes"))
    assert legibility(made, Options()) >= 6.0
    assert crossed(made) == []


def test_a_u_net_is_a_u() -> None:
    made = drawing((of_zoo("unet"),), Options(style="volumes"))
    at = {mark.runs[0].text: (mark.x, mark.y) for mark in flat(made.marks) if isinstance(mark, Text)}
    assert at["enc1"][0] < at["enc4"][0] < at["bottom"][0] < at["dec4"][0] < at["dec1"][0]
    assert at["enc1"][1] == pytest.approx(at["dec1"][1], abs=40) and at["bottom"][1] > at["enc4"][1] + 50
    copies = [mark for mark in flat(made.marks) if isinstance(mark, Line) and mark.dash]
    assert len(copies) == 4


def test_units_are_circles_and_weights_are_lines() -> None:
    network = netdsl.loads("input 4\nhidden: fc-3(act=sigmoid)\nfc-2")
    marks = list(flat(drawing((network,), Options(style="graph")).marks))
    assert sum(isinstance(mark, Circle) for mark in marks) == 4 + 3 + 2
    assert sum(isinstance(mark, Line) for mark in marks) == 4 * 3 + 3 * 2
    with pytest.raises(RenderError, match=r"LeNet-5 has `conv5-6`.*`volumes` draws feature maps"):
        drawing((of_zoo("lenet5"),), Options(style="graph"))
    with pytest.raises(RenderError, match="has branches"):
        drawing((of_zoo("resnet18"),), Options(style="volumes"))
    with pytest.raises(RenderError, match="MLP has no feature maps"):
        drawing((of_zoo("mlp"),), Options(style="volumes"))


# The formats ---------------------------------------------------------------------------------------------------------

HOSTILE = ['{|<>"', "back\\slash \\N \\G \\l", "a & b &amp; 'c'", "<B>", "]]>", "日本 ×", "$x_1^2 % #~"]


def named(text: str) -> Network:
    """A network whose name and labels are any text."""
    network = netdsl.loads("input 3x8x8\nx: conv3-4\ny: { conv3-4; maxpool }")
    node, group = network.body.children
    children = (node.model_copy(update={"label": text}), group.model_copy(update={"label": text}))
    body = network.body.model_copy(update={"children": children})
    return network.model_copy(update={"body": body, "name": text})


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_survives(text: str) -> None:
    root = ElementTree.fromstring(diagram(named(text), style="layers"))
    shown = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert shown.count(text) == 2  # the title and the frame
    assert f"{text} · 112 params" in shown
    mermaid = diagram(named(text), "mmd").decode()
    labels = [unescape(label.replace("#", "&#")) for label in re.findall(r'"([^"]*)"', mermaid)]
    assert f"conv3-4<br/>{text} · 112 params" in labels and mermaid.count('"') % 2 == 0


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
@pytest.mark.parametrize("text", HOSTILE)
def test_graphviz_reads_any_text(text: str) -> None:
    done = subprocess.run(
        ["dot", "-Tsvg"], input=dot(named(text), style="layers").encode(), capture_output=True, check=True
    )
    shown = [(each.text or "").replace("\xa0", " ") for each in ElementTree.fromstring(done.stdout).iter(f"{SVG}text")]
    assert shown.count(text) == 2


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="LaTeX is not installed")
@pytest.mark.parametrize("style", ["blocks", "paper"])
def test_tikz_compiles(style: str, tmp_path: Path) -> None:
    for number, network in enumerate([*map(named, HOSTILE), of_zoo("resnet18")]):
        path = tmp_path / f"n{number}.tex"
        path.write_bytes(diagram(network, "tex", style=style))
        command = ["pdflatex", "-halt-on-error", "-interaction=batchmode", path.name]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0, path.with_suffix(
            ".log"
        ).read_text("latin-1")[-2000:]


def test_what_a_reader_of_the_svg_is_told() -> None:
    root = ElementTree.fromstring(diagram(of_zoo("lenet5")))
    assert root.findtext(f"{SVG}title") == "LeNet-5" and "60.0K params" in root.findtext(f"{SVG}desc")
    groups = [each for each in root.iter(f"{SVG}g") if each.get("role") == "graphics-symbol"]
    told = [each.findtext(f"{SVG}title") for each in groups]
    assert told[0].startswith("input") and told[-1].startswith("output")
    assert told[1].splitlines()[-1].startswith("lenet5.net, line ") and "receptive field 5x5 pixels" in told[1]
    links = [each.get("href") for each in root.iter(f"{SVG}a")]
    assert all(re.fullmatch(r"lenet5\.net#L\d+", link) for link in links) and len(links) >= 8


def test_text_is_bounded_and_of_characters_that_every_format_holds() -> None:
    assert said.clean("") == " " and said.clean("\n") == " "
    assert said.clean("a\x00b\ud800\x1b") == "a\ufffdb\ufffd\ufffd"
    assert len(said.clean("x" * 10_000)) == 60


def test_every_family_has_its_colour_in_both_themes() -> None:
    for theme in ("light", "dark"):
        assert (
            set(TINTS[theme]) == {*Family, None}
            and len({tint.fill for tint in TINTS[theme].values()}) == len(Family) + 1
        )
        assert contrast(theme) > 4.5


def contrast(theme: str) -> float:
    """The least contrast of the type on any box, by WCAG 2.1."""

    def light(value: str) -> float:
        parts_ = [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts_)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    fills, ink = [tint.fill for tint in TINTS[theme].values()], ROLES[theme]["ink"]
    return min((max(light(ink), light(fill)) + 0.05) / (min(light(ink), light(fill)) + 0.05) for fill in fills)


SEEN = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""What readers without one kind of cones see of linear RGB: Machado, Oliveira & Fernandes 2009, severity 1."""


def seen(value: str, cones: str) -> tuple[float, float, float]:
    """A colour as a reader sees it, in CIE L*a*b*, where distances are what an eye tells apart."""
    parts_ = [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts_]
    r, g, b = (min(max(sum(m * c for m, c in zip(row, linear, strict=True)), 0.0), 1.0) for row in SEEN[cones])
    xyz = (
        (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047,
        0.2126729 * r + 0.7151522 * g + 0.0721750 * b,
        (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883,
    )
    x, y, z = (part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("cones", SEEN)
@pytest.mark.parametrize("theme", TINTS)
def test_a_colour_blind_reader_tells_families_apart(theme: str, cones: str) -> None:
    """By the fill of a box or by its line; and stages of a figure from the ones before them."""

    def apart(one: str, two: str) -> float:
        return dist(seen(one, cones), seen(two, cones))

    for (left, a), (right, b) in combinations(TINTS[theme].items(), 2):
        assert max(apart(a.fill, b.fill), apart(a.line, b.line)) >= 12, f"{left} and {right}"
    for before, after in pairwise(STAGES[theme]):
        assert apart(before, after) >= 7


def test_a_legend_says_what_is_there() -> None:
    text = diagram(of_zoo("resnet18"), legend=True).decode()
    assert "shortcut that changes nothing" in text and "convolution" in text and "attention" not in text
    assert "shortcut" not in diagram(of_zoo("lenet5"), legend=True).decode()


def test_the_legend_of_a_paper_says_what_its_colours_are() -> None:
    made = drawing((of_zoo("resnet18"),), Options(style="paper", legend=True))
    said = {"".join(run.text for run in mark.runs) for mark in flat(made.marks) if isinstance(mark, Text)}
    assert {"convolution, 64 channels", "convolution, 512 channels", "fully connected"} <= said
    assert "pooling" not in said and "shortcut with layers on it" in said
    for style, name in (("volumes", "lenet5"), ("graph", "mlp")):
        assert b"fully connected" in diagram(of_zoo(name), style=style, legend=True)


def test_numbers() -> None:
    assert [amount(n) for n in (0, 999, 1000, 9_408, 99_960, 999_999, 143_667_240, 2_500_000_000)] == [
        "0", "999", "1.00K", "9.41K", "100K", "1.00M", "144M", "2.50G",
    ]  # fmt: skip
    assert said.shape((64, 56, 56), (256, 56, 56)) == "64…256x56x56"
    assert said.shape(None) == "?"


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def network() -> Network:
    return netdsl.loads("input 1x8x8\nconv3-4\nfc-2")


def test_draw(network: Network, tmp_path: Path) -> None:
    starts = {".dot": b"digraph", ".gv": b"digraph", ".svg": b"<?xml", ".PNG": b"\x89PNG", ".pdf": b"%PDF",
              ".mmd": b"flowchart LR", ".tex": b"\\documentclass"}  # fmt: skip
    for ending, start in starts.items():
        path = tmp_path / f"net{ending}"
        draw(network, path, direction="lr")
        assert path.read_bytes().lstrip(b"// \n").startswith(start), ending
    with pytest.raises(ValueError, match=r"`net\.jpg` names no format of diagrams; known are \.dot, .*\.pdf"):
        draw(network, tmp_path / "net.jpg")
    with pytest.raises(ValueError, match="unknown direction `up`"):
        dot(network, direction="up")
    with pytest.raises(ValueError, match="unknown style `x`; known are blocks, "):
        diagram(network, style="x")
    with pytest.raises(ValueError, match="unknown option `colour`"):
        diagram(network, colour="red")
    with pytest.raises(ValueError, match="unknown picture format `gif`"):
        diagram(network, "gif")


def test_what_is_made_of_pixels_has_its_text(network: Network) -> None:
    """Renderers drop text whose font they miss: with text, more of the picture is dark."""
    data = diagram(network, "png", dpi=72)
    assert data.startswith(b"\x89PNG") and len(data) > len(diagram(network, "png", dpi=36))
    with pytest.raises(RenderError, match=r"give at most --dpi \d+"):
        diagram(network, "png", dpi=1_000_000)


def test_too_large_to_look_at(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("netdsl.backends.pictures.diagram")
    monkeypatch.setattr(module, "MOST_BOXES", 1)
    with pytest.raises(TooLarge, match=r"has 4 boxes .* write the `\.dot` text"):
        diagram(network)
    assert diagram(network, "dot") and diagram(network, expand=True)


def test_a_style_says_what_it_does_not_draw(network: Network) -> None:
    with pytest.raises(RenderError, match="draws one network; side by side they stand in `paper`"):
        diagram(network, beside=(network,))
    with pytest.raises(RenderError, match="is a matter of places"):
        diagram(network, "dot", style="paper")
    assert styles()[0] == "blocks"


@pytest.mark.parametrize(
    ("option", "styles", "others"),
    [
        (("--depth", "1"), "`blocks`", ("layers", "paper", "volumes", "graph")),
        (("--open", "a"), "`blocks`", ("paper",)),
        (("--direction", "lr"), "`blocks` and `layers`", ("paper", "volumes", "graph")),
        (("--wrap", "2"), "`blocks`, `layers`, `paper` and `volumes`", ("graph",)),
    ],
)
def test_an_option_that_a_style_does_not_take_is_refused(
    option: tuple[str, str], styles: str, others: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from netdsl.tools.cli import main

    path, out = tmp_path / "net.net", tmp_path / "net.svg"
    path.write_text("input 1x8x8\na: conv3-4\nfc-2\n")
    for style in others:
        for command in ("draw", "compile"):
            assert main([command, str(path), "-o", str(out), "--style", style, *option]) == 2
            said = f"the style `{style}` does not take `{option[0][2:]}`; it is an option of {styles}"
            assert said in " ".join(capsys.readouterr().err.split())
    assert not out.exists()


def test_an_option_that_a_format_or_a_drawing_has_no_use_for_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from netdsl.tools.cli import main

    for option in (["--dpi", "72", "-o", "x.svg"], ["--legend", "-o", "x.mmd"], ["--wrap", "2", "-o", "x.dot"]):
        assert main(["draw", "lenet5", *option]) == 2
        assert f"{option[0]} is for --to " in capsys.readouterr().err
    with pytest.raises(RenderError, match="drawn as a U, which has no rows"):
        diagram(of_zoo("unet"), style="volumes", wrap=2)
    twice = netdsl.loads("input 3x8x8\nconv3-4 x2")
    assert diagram(twice, style="volumes", expand=True).count(b"4x8x8</text>") == 2


def test_large_networks_fold_to_a_small_picture() -> None:
    """How long it takes is measured in benchmarks/draw.py; here, that it grows with what is drawn."""
    sizes = []
    for count in (500, 2000):
        network = netdsl.loads(f"input 8x8x8\nresidual {{ conv3-8; conv3-8(norm=bn, act=relu) }} x{count}")
        sizes.append(len(dot(network)))
        assert dot(network, expand=True).count("conv3-8") >= 2 * count
    assert abs(sizes[0] - sizes[1]) < 200


def test_the_layout_of_many_boxes_takes_a_few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of columns is found near where they fill the shape of a page; so time grows with the boxes."""
    text = "input 4x8x8\n" + "".join(f"conv1-{4 + number % 3}\n" for number in range(900))
    tried: list[int] = []
    columns = Sheet.columns
    monkeypatch.setattr(Sheet, "columns", lambda self, count: tried.append(count) or columns(self, count))
    made = drawing((netdsl.loads(text),), Options(expand=True))
    assert len(tried) <= 6
    assert 1 / 2 < made.height / made.width / (PAGE[1] / PAGE[0]) < 2


@pytest.mark.slow
@pytest.mark.parametrize("style", ["blocks", "layers", "paper"])
def test_13000_layers_are_drawn(style: str) -> None:
    lines = [f"conv3-{8 + number % 50}" for number in range(13_000)]
    lines[6500] = "add { conv3-7 | identity }"
    network = netdsl.loads("input 3x32x32\n" + "\n".join([*lines[:6500], "conv3-7", lines[6500], *lines[6501:]]))
    with pytest.raises(TooLarge, match="ask for it all the same with `expand`"):
        diagram(network, style=style)
    assert diagram(network, style=style, expand=True).count(b"<rect") > 13_000
    folded = netdsl.loads("input 3x32x32\nconv3-8 x13000")
    assert b"13000" in diagram(folded, style=style).replace(b",", b"")


# The gallery ---------------------------------------------------------------------------------------------------------


def test_the_gallery_has_every_network() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    shown = re.findall(r"\(gallery/(.*?)\.svg\)", page)
    assert sorted(shown) == sorted([path.stem for path in ZOO] + [name for name, *_ in gallery.SIDE_BY_SIDE])
    assert sorted(path.stem for path in (ROOT / "docs" / "gallery").glob("*.svg")) == sorted(shown)


@pytest.mark.slow
def test_the_gallery_is_that_of_these_specs(tmp_path: Path) -> None:
    """`make gallery` draws it anew."""
    assert (ROOT / "docs" / "gallery.md").read_text("utf-8") == gallery.page()
    gallery.pictures(tmp_path / "gallery")
    for path in (tmp_path / "gallery").iterdir():
        assert path.read_bytes() == (ROOT / "docs" / "gallery" / path.name).read_bytes(), path.name
