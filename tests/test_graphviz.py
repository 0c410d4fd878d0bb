"""Diagrams: what is one box, what folds, what the edges say, and that any text survives."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import netdsl
from netdsl.backends.artefacts import RenderError, draw
from netdsl.backends.graphviz import dot, render
from netdsl.backends.graphviz.items import Box, Frame, boxes
from netdsl.backends.graphviz.look import TINTS, clean, shape
from netdsl.backends.graphviz.picture import picture
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.text.amounts import amount

rendering = importlib.import_module("netdsl.backends.graphviz.render")
ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "specs").glob("*.net"), *(ROOT / "tests" / "nets").glob("*.net")])


def plain(text: str) -> list[str]:
    """The labels of the nodes in DOT text, without markup, lines separated by ` / `."""
    found = re.findall(r"^\t+\w+ \[label=<(.*)> color=.*\]$", text, re.M)
    return [re.sub(r"<[^>]*>", "", label.replace("<BR/>", " / ")) for label in found]


def edges(text: str) -> list[tuple[str, str, str]]:
    """(from, to, label) of the edges in DOT text."""
    found = re.findall(r'^\t+(\w+) -> (\w+)(?: \[(?:label="? ?([^"\] ]*)"?)?.*\])?$', text, re.M)
    return [(one, other, label) for one, other, label in found]


def words(network: Network, **options: bool) -> list[str]:
    return plain(dot(network, **options))


def test_text() -> None:
    network = netdsl.loads("net Small\ninput 3x8x8\na: conv3-4(norm=bn, act=relu)\nfc-2")
    body = dot(network).split("fontsize=8]\n", 1)[1]
    end = 'color="#bbbbbb" height=0.25 margin="0.1,0.03" style=rounded width=0.6'
    small = '<FONT POINT-SIZE="8" COLOR="#6b6b6b">'
    assert body == (
        f"\tv0 [label=<input> {end}]\n"
        f'\tv1 [label=<<B>conv3-4</B><BR/><FONT POINT-SIZE="9.5">bn · relu</FONT><BR/>{small}a · 120 params</FONT>> '
        'color="#4477aa" fillcolor="#cfe0f1"]\n'
        f'\tv4 [label=<<FONT POINT-SIZE="9.5">flatten</FONT><BR/><B>fc-2</B><BR/>{small}514 params</FONT>> '
        'color="#2f8f6b" fillcolor="#cdebd9"]\n'
        '\tv0 -> v1 [label=" 3x8x8" weight=4]\n'
        '\tv1 -> v4 [label=" 4x8x8" weight=4]\n'
        f"\to0 [label=<output> {end}]\n"
        '\tv4 -> o0 [label=" 2" weight=4]\n'
        "}\n"
    )


def test_runs_of_equal_layers_fold() -> None:
    vgg = netdsl.loads(
        "input 3x32x32\ndefault conv(act=relu)\nconv3-64 x2; maxpool\nconv3-128; conv3-128; conv3-128; maxpool"
    )
    text = dot(vgg)
    assert plain(text) == [
        "input",
        "conv3-64 × 2 / relu / 38.7K params",
        "maxpool",
        "conv3-128 × 3 / relu / 369K params",
        "maxpool",
        "output",
    ]
    assert [label for _, _, label in edges(text)] == ["3x32x32", "64x32x32", "64x16x16", "128x16x16", "128x8x8"]
    assert len(words(vgg, expand=True)) == 9


def test_the_first_of_a_stack_stands_alone() -> None:
    network = netdsl.loads("input 8x8x8\ndefault conv(norm=bn, act=relu)\nstage: [3x3, 16; 3x3, 16] x36 /2")
    drawn = picture(network)
    [stage] = drawn.items
    assert isinstance(stage, Frame) and stage.label == "stage"
    assert [item.times for item in stage.children] == [1, 35]
    text = dot(network)
    assert text.count("subgraph cluster_") == 3 and "<B>× 35</B>" in text
    assert len(plain(text)) == 2 + 4 + 3  # the ends; three convolutions and a sum; two convolutions and a sum
    assert dot(network, expand=True).count("subgraph cluster_") == 37


def test_what_does_not_repeat_is_not_folded() -> None:
    def times(source: str) -> list[int]:
        return [box.times for box in boxes(picture(netdsl.loads("input 4x8x8\n" + source)).items)]

    assert times("conv3-4 x3") == [3]
    assert times("a: conv3-4\nb: conv3-4") == [1, 1]  # each has a name of its own
    assert times("a{i}: conv3-4 x3 as i") == [3]  # one statement made them all
    assert times("concat { conv3-4 | conv3-4 }") == [1, 1, 1]  # side by side, not in a row
    assert times("a: conv3-4\nconv3-4 x3\nadd { @a | identity }")[:2] == [1, 3]
    assert times("{ a{i}: conv3-4 x3 as i; add { @a1 | identity } }") == [2, 1, 1, 1]  # the second is used elsewhere
    assert times("dropout(20%); dropout(30%)") == [2]  # rates may differ


def test_ranges_where_the_repeated_differ() -> None:
    text = dot(netdsl.loads("input 8x4x4\nlayer{i + 1}: { concat { identity | bn; conv3-4 } } x6 as i"))
    assert "layer1…6" in text and "× 6" in text
    assert any("16…56 params" in label for label in plain(text))
    assert edges(text)[-1][2] == "32x4x4"


def test_joins() -> None:
    text = dot(netdsl.loads("input 4x8x8\nconv3-4\nresidual(act=relu) { conv3-4 }\nmul { identity | gap }"))
    assert [label.split(" / ")[0] for label in plain(text)] == [
        "input",
        "conv3-4",
        "conv3-4",
        "+",
        "gap",
        "×",
        "output",
    ]
    pairs = [(one, other) for one, other, _ in edges(text)]
    assert pairs == [
        ("v0", "v1"), ("v1", "v2"), ("v2", "v3"), ("v1", "v3"), ("v3", "v6"), ("v3", "v7"), ("v6", "v7"), ("v7", "o0"),
    ]  # fmt: skip


def test_frames() -> None:
    source = """input 4x8x8
block pair(n, wide=false) { conv3-n; relu }
one: pair(4); pair(8, wide=true)
aux side(weight=0.3) { gap; fc-2 }
conv3-4; named: { conv3-4; relu }
reuse(named)"""
    text = dot(netdsl.loads(source))
    headings = re.findall(r"graph \[.*?label=<?(.*?)>? labeljust", text)
    assert [re.sub(r"<[^>]*>", " ", heading).split() for heading in headings] == [
        ["one", "pair(4,", "wide=false)"],
        ["pair(8,", "wide=true)"],
        ["side", "training", "only"],
        ["named"],
        ["named", "again"],
    ]
    assert "loss × 0.3" in text and 'style="rounded,dashed"' in text
    assert text.count("{") == text.count("}")


def test_inputs_and_outputs_are_named() -> None:
    network = netdsl.load(ROOT / "tests" / "nets" / "outputs.net")
    assert {"image", "mask", "features", "output"} <= set(words(network))


@pytest.mark.parametrize("text", ['{|<>"', "back\\slash \\N \\G \\l", "a & b &amp; 'c'", "<B>", "]]>", "日本 ×"])
def test_any_text_survives(text: str) -> None:
    network = netdsl.loads("input 3x8x8\nx: conv3-4\ny: { conv3-4; maxpool }")
    node, group = network.body.children
    body = network.body.model_copy(
        update={"children": (node.model_copy(update={"label": text}), group.model_copy(update={"label": text}))}
    )
    network = network.model_copy(update={"body": body, "name": text})
    root = ElementTree.fromstring(render(dot(network), "svg"))
    said = [(each.text or "").replace("\xa0", " ") for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert said.count(text) == 2  # the title and the frame
    assert f"{text} · 112 params" in said


def test_text_is_bounded_and_never_breaks_the_markup() -> None:
    assert clean("") == " " and clean("\n") == " "
    assert clean("a\x00b\ud800\x1b") == "a\ufffdb\ufffd\ufffd"
    assert len(clean("x" * 10_000)) == 60


def test_every_family_has_its_colour() -> None:
    assert set(TINTS) == set(Family) and len({tint.fill for tint in TINTS.values()}) == len(Family)


def test_numbers() -> None:
    assert [amount(n) for n in (0, 999, 1000, 9_408, 99_960, 999_999, 143_667_240, 2_500_000_000)] == [
        "0", "999", "1.00K", "9.41K", "100K", "1.00M", "144M", "2.50G",
    ]  # fmt: skip
    assert shape((64, 56, 56), (256, 56, 56)) == "64…256x56x56"
    assert shape(None, None) == "?"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_value_has_its_box(path: Path) -> None:
    """Folded or not, in both directions: each edge joins two nodes that exist, and everything drawn is reached."""
    compilation = netdsl.compile(path)
    if compilation.network is None and not compilation.variants:
        pytest.skip("not a whole network")
    for variant in compilation.variants or (None,):
        network = netdsl.load(path, variant=variant)
        for expand in (False, True):
            text = dot(network, expand=expand)
            names = set(re.findall(r"^\t+(\w+) \[label=", text, re.M))
            drawn = edges(text)
            assert {name for edge in drawn for name in edge[:2]} == names
            assert len(names) == len(plain(text))
            targets = [other for _, other, _ in drawn]
            assert names - set(targets) == {f"v{number}" for number in range(len(network.inputs))}
            assert all("None" not in label for label in plain(text))
    assert "rankdir=LR" in dot(network, direction="lr")
    assert b"</svg>" in render(text, "svg")


def test_large_networks_fold_to_a_small_picture() -> None:
    """How long it takes is measured in benchmarks/draw.py; here, that it grows with what is drawn and not with what
    repeats."""
    sizes = []
    for count in (500, 2000):
        network = netdsl.loads(f"input 8x8x8\nresidual {{ conv3-8; conv3-8(norm=bn, act=relu) }} x{count}")
        text = dot(network)
        assert text.count("<B>× ") == 1
        sizes.append(len(text))
        assert dot(network, expand=True).count("conv3-8") >= 2 * count
    assert abs(sizes[0] - sizes[1]) < 200


# Files and programs -------------------------------------------------------------------------------------------------


@pytest.fixture
def network() -> Network:
    return netdsl.loads("input 1x8x8\nconv3-4\nfc-2")


def test_draw(network: Network, tmp_path: Path) -> None:
    for ending, start in {".dot": b"digraph", ".gv": b"digraph", ".svg": b"<?xml", ".PNG": b"\x89PNG"}.items():
        path = tmp_path / f"net{ending}"
        draw(network, path, direction="lr")
        assert path.read_bytes().lstrip(b"// \n").startswith(start), ending
    with pytest.raises(ValueError, match=r"`net\.jpg` names no format of diagrams; known are \.dot, .*\.pdf"):
        draw(network, tmp_path / "net.jpg")
    with pytest.raises(ValueError, match="unknown direction `up`"):
        dot(network, direction="up")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown picture format `gif`"):
        render("digraph {}", "gif")


def test_too_large_to_lay_out(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = importlib.import_module("netdsl.backends.graphviz.draw")
    monkeypatch.setattr(drawing, "MOST_BOXES", 1)
    with pytest.raises(RenderError, match=r"has 2 boxes .* write the `\.dot` text"):
        draw(network, tmp_path / "net.svg")
    draw(network, tmp_path / "net.dot")
    draw(network, tmp_path / "net.svg", expand=True)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH without any program."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_graphviz_itself_comes_first(bare: Path) -> None:
    pure = program(bare, "graphviz-pure", "")
    assert rendering.renderer() == (str(pure), False)
    original = program(bare, "dot", "")
    assert rendering.renderer() == (str(original), True)


def test_without_graphviz(bare: Path, network: Network) -> None:
    path, original = rendering.renderer()
    assert Path(path).name.startswith("graphviz-pure") and not original  # beside the interpreter
    text = dot(network)
    root = ElementTree.fromstring(render(text, "svg"))
    said = {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"conv3-4", "fc-2", "1x8x8", "40 params"} <= {(each or "").strip() for each in said}
    assert render(text, "png").startswith(b"\x89PNG")
    with pytest.raises(RenderError, match=r"PDF needs Graphviz itself; .*apt-get install graphviz"):
        render(text, "pdf")


def test_without_any_program(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(bare / "python"))
    with pytest.raises(RenderError, match=r"no `dot` program was found.*apt-get install graphviz"):
        render("digraph {}", "svg")


def test_a_program_that_fails(bare: Path) -> None:
    program(bare, "dot", "import sys; sys.exit('syntax error in line 1')")
    with pytest.raises(RenderError, match="failed: syntax error in line 1"):
        render("digraph {}", "svg")
    program(bare, "dot", "import time; time.sleep(60)")
    with pytest.raises(RenderError, match=r"did not finish within 0\.2 seconds"):
        render("digraph {}", "svg", timeout=0.2)


def test_boxes_say_what_they_are() -> None:
    network = netdsl.load(ROOT / "specs" / "lenet5.net")
    assert any(label.startswith("conv5-16 / pad=valid, connect=…") for label in words(network))
    assert all(isinstance(item, Box) for item in picture(network).items)


def test_repeated_branches_are_drawn_once() -> None:
    """As a frame or a box with their number, and one edge behind it; branches that differ are drawn each."""
    text = "input 8x8x8\nadd x32 { conv1-4; conv3-8 }\nconcat { identity | x4 { conv3-8 } }\nconcat x3 as i { conv{2 * i + 1}-4 }"
    drawn = dot(netdsl.loads(text))
    assert drawn.count("conv3-8") == 2 and "× 32" in drawn and "× 4" in drawn
    assert drawn.count("conv1-4") == 2 and "conv5-4" in drawn
    edges = [line.split("[")[0].strip() for line in drawn.splitlines() if "->" in line]
    assert len(edges) == len(set(edges))
    everything = dot(netdsl.loads(text), expand=True)
    assert everything.count("conv3-8") == 36


def test_only_what_one_statement_made_is_drawn_once() -> None:
    drawn = dot(netdsl.loads("input 8x8x8\nadd { conv3-8 | conv3-8 }\nadd x2 { conv1-8 | conv1-4; conv1-8 }"))
    assert "×" not in drawn


def test_a_shape_stands_on_an_edge_into_a_join_that_no_other_edge_tells() -> None:
    drawn = netdsl.dot(netdsl.loads("input 3x8x8\na: conv3-16\nconv3-32/2; upconv2-8/2\nconcat { @a | identity }"))
    assert "8x8x8" in drawn
    residual = netdsl.dot(netdsl.loads("input 3x8x8\nconv3-16/2\nresidual { conv3-16 x2 }"))
    assert residual.count("16x4x4") == 1  # once on the edge that enters the body
