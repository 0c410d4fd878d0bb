"""What is told of a spec's sizes: the statements that take some away, dimensions that depend on each other, and shapes in
terms of the input's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import netdsl
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.passes.sizes import Inputs, Solution, Solver, valid_inputs
from netdsl.shapes import Shape
from netdsl.text.source import Source
from netdsl.tools.cli import main

Tell = Callable[[str], list[str]]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tell:
    """What `netdsl sizes` prints of a text, line by line."""

    def tell(text: str) -> list[str]:
        path = tmp_path / "x.net"
        path.write_text(text)
        assert main(["sizes", str(path)]) == 0
        return capsys.readouterr().out.splitlines()

    return tell


def compiled(text: str, shape: Shape | None = None) -> Network:
    network = compile(Source("x.net", text), input=shape).network
    assert network is not None
    return network


def inputs_of(text: str, shape: Shape | None = None) -> Inputs:
    found = valid_inputs(compiled(text, shape))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        ("input 3x8x8\nmaxpool\n", ["line 2, `maxpool`: H, W >= 2"]),
        (  # 5 rows are enough for the first, and 4 for nothing
            "input 3x8x8\nconv5-8(pad=valid)\nconv2-8(pad=valid)\n",
            ["line 3, `conv2-8(pad=valid)`: H, W >= 6"],
        ),
        (  # the first refuses what is larger still, the second the rest
            "input 3x9\na: conv3-3\nupsample(to=20); crop(like=@a)\nb: identity\nupsample(to=12); crop(like=@b)\n",
            ["line 3, `crop(like=@a)`: L = 1 to 20", "line 5, `crop(like=@b)`: L = 1 to 12"],
        ),
        (  # sizes that end have a bound below too
            "input 3x9\na: conv3-3\nupsample(to=12); crop(like=@a)\nmaxpool3/3\n",
            ["line 3, `crop(like=@a)`: L = 1 to 12", "line 4, `maxpool3/3`: L = 3 to 12"],
        ),
        ("input 8x4x4\nadd { conv1-8 | identity }\n", ["line 2, `add`: C = 1, 8"]),
    ],
)
def test_each_statement_that_takes_sizes_away_is_named(told: Tell, text: str, causes: list[str]) -> None:
    lines = told(text)
    first = lines.index("because of:") + 1
    assert [line.strip() for line in lines[first:] if line.startswith("  ")] == causes


EVEN = "tokens; add { maxpool; upsample(2) | identity }\n"
"""What takes an even number of places."""
ROWS = "pad([16, 0, 0, 0]); maxpool8x1/8x1\n"
"""Two rows of 1 to 7, three of 8 to 15."""


@pytest.mark.parametrize(
    "text",
    [
        # 6 columns of 1, 6 of 2, 8 of 4 and 5, but 7 of 3
        f"input 3x2x2\n{ROWS}pad([0, 0, 7, 0]); upsample([1, 1.5]); maxpool1x2/1x2\n{EVEN}",
        # 4 columns of 8 to 11, 6 of 18, 2 of 3, but 3 of 4
        f"input 3x2x9\n{ROWS}pad([0, 0, 8, 0]); maxpool1x4/1x4\n{EVEN}",
        # 2 columns of 2 to 4, but 1 of 1
        f"input 3x2x2\n{ROWS}pad([0, 0, 4, 0]); maxpool1x3/1x3\n{EVEN}",
        # features 4 H W + 4 that 16 divides
        "input 3x5x11\nconv3-4; flatten; concat { identity | fc-4 }; gn(16)\n",
    ],
)
def test_a_dependence_that_one_other_size_shows_is_told(told: Tell, text: str) -> None:
    own = text.split()[1]
    lines = told(text)
    assert lines[1:3] == [
        f"  the dimensions depend on each other; the others being those of {own}",
        f"smallest input: {own}",
    ]


@pytest.mark.parametrize(
    ("text", "first", "smallest"),
    [
        ("input 3x16x16\nconv7-4(pad=valid); tokens; conv3-4\n", "H, W >= 7", "1x7x7"),
        ("input 3x1x1\ntokens; add { identity | relu }\n", "any C, H, W", "1x1x1"),
    ],
)
def test_layers_that_take_all_that_is_large_enough_make_no_dependence(
    told: Tell, text: str, first: str, smallest: str
) -> None:
    assert told(text)[:2] == [f"valid inputs: {first}", f"smallest input: {smallest}"]


def test_the_docstring_is_silent_where_rows_and_columns_meet_in_one_length() -> None:
    """A sum of H places and W places, of which there are 1 to 12 each: where there are two of both, H = W."""
    text = (
        "input 3x1x1\na: identity\nupsample(to=12x12); crop(like=@a)\n"
        "add { pad([0, 0, 0, 11]); maxpool1x12/1x12; tokens | pad([0, 11, 0, 0]); maxpool12x1/12x1; tokens }\n"
    )
    assert compile(Source("x.net", text), input=(3, 2, 2)).valid
    assert not compile(Source("x.net", text), input=(3, 2, 3)).valid
    assert "Valid for" not in netdsl.emit(compiled(text), sizes=True)
    assert inputs_of(text).joint


EIGHTS = "input 3x16x16\na: conv3-4; maxpool8/8; upsample(8); add { @a | identity }\n"


@pytest.mark.parametrize(
    ("text", "own", "base"),
    [
        (EIGHTS, (3, 40, 24), (3, 40, 24)),
        (EIGHTS, (3, 15, 15), (3, 16, 16)),
        (EIGHTS, (3, 17, 40), (3, 16, 16)),
        (EIGHTS, (3, 3, 8), (3, 8, 8)),
        ("input 12 of 100\nembedding-4; conv5-4(pad=valid)\n", (3,), (5,)),
    ],
)
def test_sizes_of_an_input_that_is_not_valid_are_those_beside_the_nearest_square_that_is(
    text: str, own: Shape, base: Shape
) -> None:
    assert inputs_of(text, own).base == base


MIX = "block mix(s=length) { transpose; pointwise-s; transpose }\n"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("input 3x8x8\nconv3-4\n", []),
        ("input 3x8x8\nresidual { conv3-3 }\n", ["channels"]),  # whose shortcut is projected where the channels change
        ("input 3x8x8\nconv3-4; residual { conv3-4 }\n", []),
        ("input 3x8x8\nblock mix(width=8) { conv3-width }\nmix\n", []),  # a name of its own
        ("input 3x8x8\nblock mix(width=8) { conv3-width; conv3-height }\nmix\n", ["height"]),
        (f"input 12 of 100\n{MIX}embedding-8; mix\n", ["length"]),  # at another place than in the input
        ("input 3x8x8\na: tokens; conv3-8; attention(channels/4) { identity | @a }\n", []),  # the first branch's
        ("input 8x8x8\na: tokens; conv3-8; attention(channels/4) { @a | identity }\n", ["channels"]),
    ],
)
def test_a_dimension_is_asked_for_where_the_text_speaks_of_what_changes_with_it(text: str, asked: list[str]) -> None:
    assert [each.name for each in inputs_of(text).dimensions if each.asks] == asked


def test_a_network_is_looked_through_that_has_no_shape_behind_a_layer_that_speaks_of_sizes() -> None:
    text = "input 3x9x9\nblock part(s=4) { conv1-s; conv1-height }\nconv7-8(pad=valid); part; tokens; conv3-4\n"
    assert inputs_of(text, (3, 4, 4)).text() == "H, W >= 7"


def test_the_sizes_that_are_tried_reach_the_networks_own(told: Tell) -> None:
    lines = told("input 3x70x70\nblock mix(s=height) { conv1-s }\nmix; conv66-8(pad=valid)\n")
    assert lines[:2] == ["valid inputs: H, W >= 66", "smallest input: 1x66x66"]
    assert "  the spec speaks of the height: each up to 70 was compiled, and what follows is as the last" in lines


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("input 3x9x9\nconv7-8(pad=valid); flatten; fc-5\n", "`2` is built anew for other sizes"),
        ("input 3x9x9\nconv7-8(pad=valid); gap; fc-5\n", "the same for every size"),
        ("input 3x1\na: conv3-3; upsample(to=2); crop(like=@a); flatten; fc-5\n", "`4` is built anew for other sizes"),
        ("input 3x1\na: conv3-3; upsample(to=1); crop(like=@a); flatten; fc-5\n", "the same for every size"),
    ],
)
def test_weights_are_built_anew_where_they_follow_the_size(told: Tell, text: str, weights: str) -> None:
    assert told(text)[-1] == f"weights: {weights}"


class Counting(Solver):
    """Counts what it is asked for."""

    asked = 0

    def solve(self, axes: tuple[int, ...], shape: Shape | None = None) -> Solution | None:
        self.asked += 1
        return super().solve(axes, shape)


@pytest.mark.parametrize(
    ("text", "own", "times"),
    [
        ("conv3-4; maxpool; flatten; relu; fc-5", (3, 8, 8), 3),
        ("conv3-4; maxpool; tokens; relu", (3, 8, 8), 3),
        ("maxpool; conv3-4; relu", (3, 1, 1), 4),  # and once for a plane to begin with
    ],
)
def test_dimensions_that_no_layer_mixes_are_solved_once_each(text: str, own: Shape, times: int) -> None:
    solver = Counting(compiled(f"input 3x8x8\n{text}\n", own))
    found = valid_inputs(solver.network, solver=solver)
    assert found is not None and not found.joint
    assert solver.asked == times


TWICE = "a: identity\nmaxpool; upsample(2); add { @a | identity }\n"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (f"{TWICE}maxpool", "C x H/2 x W/2"),
        (f"{TWICE}pad(1); maxpool", "C x (H + 2)/2 x (W + 2)/2"),
        (f"{TWICE}pad(1); upsample(1.5)", "C x 3((H + 2)/2) x 3((W + 2)/2)"),
        ("pad([1, 0, 0, 0])", "C x (H + 1) x W"),
        ("crop([1, 0, 0, 0])", "C x (H - 1) x W"),
        ("crop([2, 0, 0, 0])", "C x (H - 2) x W"),
        ("pad([1, 0, 1, 0]); tokens", "C x ?"),
        ("upsample(2); pad([1, 0, 1, 1])", "C x (2H + 1) x (2W + 2)"),
        ("maxpool; upsample(2)", "C x 2(H/2) x 2(W/2) (down)"),
        ("maxpool; upsample(2x1); tokens", "C x (2 * (H/2) * (W/2)) (down)"),
        ("tokens; crop(1)", "C x (H * W - 2)"),
        ("tokens; pad([0, 1])", "C x (H * W + 1)"),
        ("pad([1, 0, 1, 0]); maxpool3/3", "C x (H + 1)/3 x (W + 1)/3 (down)"),
        ("maxpool; upsample(2); pad([1, 0, 0, 0])", "C x (2(H/2) + 1) x 2(W/2) (down)"),
    ],
)
def test_a_shape_is_written_in_terms_of_the_input(text: str, shape: str) -> None:
    network = compiled(f"input 3x32x32\n{text}\n")
    assert netdsl.summary(network, symbolic=True).result == shape


def test_no_rule_is_told_where_the_last_two_sizes_give_the_same() -> None:
    network = compiled("input 3x9\na: identity\nupsample(to=13); crop(like=@a); maxpool\n")
    assert netdsl.summary(network, symbolic=True).result == "C x ?"
