"""A join that a rounding further up keeps from fitting: the statement that rounded is named, and sizes that fit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netdsl
from netdsl.compiler import compile
from netdsl.passes import rounding
from netdsl.text.diagnostics import Diagnostic, SpecError
from netdsl.text.source import Source


def unet(side: int, levels: int, down: str = "maxpool") -> str:
    """A path down and up with a skip at each level."""
    lines = [f"input 1x{side}x{side}"]
    lines += [f"s{i}: conv3-8\n{down}" for i in range(levels)]
    lines += [f"upconv2-8/2; concat {{ @s{i} | identity }}" for i in reversed(range(levels))]
    return "\n".join(lines) + "\n"


def error(text: str) -> Diagnostic:
    (found,) = compile(Source("x.net", text)).report.errors
    return found


def test_the_statement_that_rounded_is_named_and_sizes_that_fit() -> None:
    text = unet(90, 2)
    found = error(text)
    assert found.help == (
        "`maxpool` makes 22x22 of 45x45, rounded down; with an input of 1x88x88 or 1x92x92 the branches fit, "
        "as those of multiples of 4 do"
    )
    (cause,) = [each for each in found.related if each.message == "rounds 45x45 down to 22x22"]
    assert text[: cause.span.start].count("\n") == 4 and text[cause.span.start : cause.span.end] == "maxpool"


def test_multiples_are_told_from_two_on() -> None:
    assert "1x44x44 or 1x46x46 the branches fit, as those of multiples of 2 do" in str(error(unet(45, 1)).help)


@pytest.mark.parametrize(
    ("size", "window", "help"),
    [
        ("45x45", "1x2", "with an input of 1x45x44 or 1x45x46 the branches fit"),
        ("45x45", "2x1", "with an input of 1x44x45 or 1x46x45 the branches fit"),
        ("46x45", "2x2", "with an input of 1x46x44 or 1x46x46 the branches fit, as those of multiples of 2 do"),
    ],
)
def test_multiples_are_told_where_height_and_width_need_the_same(size: str, window: str, help: str) -> None:
    found = error(
        f"input 1x{size}\ns: conv3-8\nmaxpool{window}; upconv{window}-8/{window}\nconcat {{ @s | identity }}\n"
    )
    assert str(found.help).endswith(help)


@pytest.mark.parametrize(
    "text",
    [
        "input 1x45x46\ns: conv3-8\nmaxpool; conv3-{height}; upconv2-8/2\nconcat { @s | identity }\n",
        "input 1x46x45\ns: conv3-8\nmaxpool; conv3-{width}; upconv2-8/2\nconcat { @s | identity }\n",
        "input a: 1x45x45\ninput b: 8x45x45\n@a\ns: conv3-8\nmaxpool; upconv2-8/2\nconcat { @s | identity }\n"
        "add { @b | conv1-8 }\n",
        "input 100\nreshape(4x5x5)\ns: conv3-8\nmaxpool; upconv2-8/2\nconcat { @s | identity }\n",
    ],
)
def test_no_sizes_are_named_where_another_would_make_another_network(text: str) -> None:
    """Or another input would have to change too, or its sizes are none of a plane."""
    assert str(error(text).help).endswith("rounded down")


def test_in_networks_of_many_layers_no_sizes_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(netdsl.loads(unet(44, 1)).nodes)
    for most in (count, count - 1):
        monkeypatch.setattr(rounding, "_LARGEST", most)
        assert ("1x44x44 or 1x46x46" in str(error(unet(45, 1)).help)) == (most == count)


def test_joins_of_two_files_that_stand_at_the_same_place_are_told_apart(tmp_path: Path) -> None:
    here = 'use "b.net"\ninput 1x45x45\nx: conv3-8\nmaxpool; upconv2-8/2; concat { @x | identity }\n@x\nb()\n'
    there = "block b() { s: conv3-8; maxpool; upconv2-8/2; concat { @s | identity } }\n"
    there = there.replace("{ s", "{ " + " " * (here.index("concat") - there.index("concat")) + "s")
    assert here.index("concat") == there.index("concat")
    found = compile(Source("a.net", here), directory=tmp_path, unsaved={tmp_path / "b.net": there}).report.errors
    places = [(Path(each.span.file).name, Path(each.related[-1].span.file).name) for each in found if each.span]
    assert places == [("a.net", "a.net"), ("b.net", "b.net")]
    assert all("rounded down" in str(each.help) for each in found)


def test_sizes_are_named_for_which_the_join_fits_where_a_layer_behind_it_takes_none() -> None:
    found = error(unet(45, 1) + "conv3-9(groups=3)\n")
    assert "with an input of 1x44x44 or 1x46x46 the branches fit" in str(found.help)


def test_a_strided_convolution_rounds_too_and_a_size_may_be_oblong() -> None:
    found = error(
        "input 3x350x436\na: conv3-8\nconv2-8/2(pad=0); conv2-8/2(pad=0)\nupsample(4); add { @a | identity }\n"
    )
    assert found.help is not None and "`conv2-8/2(pad=0)` makes 87x109 of 175x218, rounded down" in found.help


@pytest.mark.parametrize(
    "text",
    [
        "input 3x8x8\nadd { conv3-4/2 | conv3-4 }\n",  # a stride too many, and nothing rounded
        "input 3x9x9\nmaxpool\nadd { conv3-4/2 | conv3-4 }\n",  # what rounded is above both branches
        "input 3x9x9\nconcat { maxpool; gap; flatten | identity }\n",
        "input 3x9x9\nadd { upconv3-3(pad=3) | identity }\n",  # what is cut off was not rounded
        "input 3x9x9\nadd { maxpool; upsample(2); conv3-4; crop(to=8x8) | crop(to=8x8) }\n",  # only the channels differ
        "input 3x11x11\na: conv3-8\navgpool(to=4x4); upsample(2); add { @a | identity }\n",  # a wanted size is not rounded
    ],
)
def test_what_no_rounding_caused_is_told_as_before(text: str) -> None:
    help = error(text).help
    assert help is None or "rounded down" not in help


@settings(max_examples=60, deadline=None)
@given(side=st.integers(17, 130), levels=st.integers(1, 4))
def test_the_sizes_that_are_named_fit(side: int, levels: int) -> None:
    try:
        netdsl.loads(unet(side, levels))
    except SpecError as wrong:
        help = wrong.diagnostics[0].help or ""
        named = re.findall(r"1x(\d+)x\d+", help)
        assert named, help
        for each in map(int, named):
            assert netdsl.loads(unet(each, levels)).output == (8 + 8, each, each)
    else:
        assert side % 2**levels == 0
