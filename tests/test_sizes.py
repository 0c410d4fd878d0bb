"""For which inputs a network is defined: what is solved from the arithmetic is what trying every size gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import islice
from math import ceil, floor, prod
from operator import eq, floordiv, ge, gt, index, le, lt, mod, mul, ne, neg, pos, sub, truediv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import netdsl
from netdsl import zoo
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.passes.sizes import (
    Inputs,
    Solution,
    Solver,
    changing_weights,
    condition,
    keeps_shape,
    plane_as_built,
    valid_inputs,
)
from netdsl.passes.sizes.progression import Apart, Progression, Refine, Split
from netdsl.passes.sizes.sets import SizeSet, canonical
from netdsl.passes.sizes.symbolic import Size, fit, symbolic
from netdsl.shapes import Shape
from netdsl.testing.nets import networks
from netdsl.text.diagnostics import OpError
from netdsl.text.source import Source
from netdsl.tools.cli import main

FAR = 600
SAMPLE = ("vgg19", "resnet18", "densenet121", "unet", "enet", "bn_inception:576", "vit:B/16", "wavenet", "mlp", "c3d")


def shapes_for(network: Network, shape: Shape) -> list[Shape] | None:
    """The shapes of all values for another input, layer by layer; None where one refuses."""
    shapes = [shape, *(item.shape for item in network.inputs[1:])]
    try:
        for node in network.nodes:
            shapes.append(node.op.shape(tuple(shapes[value] for value in node.inputs)))
    except OpError:
        return None
    return shapes


def by_trying(network: Network, inputs: Inputs, place: int, size: int) -> bool:
    shape = tuple(size if at == place else each for at, each in enumerate(inputs.base))
    return shapes_for(network, shape) is not None


def hold(network: Network, far: int, step: int = 1) -> Inputs:
    """The law: all sizes from 1 to `far` are told right, and every shape as `--symbolic` writes it."""
    inputs = valid_inputs(network)
    assert inputs is not None
    for each in inputs.dimensions:
        tried = [n for n in range(1, far + 1, step) if by_trying(network, inputs, each.place, n)]
        assert tried == [n for n in range(1, far + 1, step) if n in each.sizes], (network.sources[0].text, each.name)
        assert all(n < each.sizes.least for n in each.sizes.exceptions)
        assert all(family.count is None or family.count > 0 for family in each.solution.families)
        assert not each.sizes.residues or each.sizes.least in each.sizes
        for size in islice(each.sizes.members(), 3):
            family = each.solution.family(size)
            shape = tuple(size if at == each.place else n for at, n in enumerate(inputs.base))
            assert [family.shape_at(value, size) for value in range(len(network.shapes))] == shapes_for(network, shape)
    return inputs


def distinct() -> Iterator[str]:
    """One network of each spec."""
    seen = set()
    for entry in zoo.entries():
        if entry.family not in seen:
            seen.add(entry.family)
            yield entry.name


@pytest.mark.parametrize("name", SAMPLE)
def test_every_size_is_told_right(name: str) -> None:
    hold(netdsl.load(name), FAR, step=7)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(distinct()))
def test_every_size_of_every_network_is_told_right(name: str) -> None:
    hold(netdsl.load(name), FAR)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(dims=(1, 2, 3)), st.data())
def test_drawn_networks_and_any_dimensions_together(network: Network, data: st.DataObject) -> None:
    inputs = hold(network, 60)
    assume(not inputs.joint)
    shape = tuple(data.draw(st.integers(1, 40)) for _ in inputs.base)
    assert (shapes_for(network, shape) is not None) == (not list(inputs.outside(shape))), network.sources[0].text


def compiled(text: str, size: Shape | None = None) -> Network:
    found = compile(Source("x.net", text), input=size)
    assert found.network is not None and found.valid, list(found.report)
    return found.network


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("input 3x32x32\nconv3-8; maxpool; maxpool", "height", "H >= 4"),
        ("input 3x32x32\na: conv3-8\nmaxpool; upconv2-8/2; add { @a | identity }", "width", "W = 0 mod 2"),
        ("input 8x4x4\nconv3-8(groups=4)", "channels", "C = 0 mod 4"),
        ("input 8x4x4\nadd { conv1-8 | identity }", "channels", "C = 1, 8"),
        ("input 3x9x9\ncrop(to=5x5); reshape(75)", "height", "H >= 5"),
        ("input 3x4x4\nreshape(48)", "height", "H = 4"),
        ("input 1x100\nconv10-4/5(pad=valid)", "length", "L >= 10"),
        ("input 2x8x8x8\nmaxpool1x2x2", "depth", "D >= 1"),
        ("input 7\nfc-3", "channels", "C >= 1"),
        ("input 12 of 100\nembedding-8; lstm-4", "length", "L >= 1"),
        ("input 3x33x33\nupsample(1.5); maxpool5/5(pad=valid)", "height", "H >= 4"),
        ("input 3x9\na: conv3-3\nupsample(to=12); crop(like=@a); maxpool", "length", "L = 2 to 12"),
        ("input 3x9\na: conv3-3\nupsample(to=12); crop(like=@a); conv1-3/16", "length", "L = 1 to 12"),
        ("input x: 3x12\ninput y: 3x6\nadd { maxpool | @y }", "length", "L = 2, 3, 12, 13"),
    ],
)
def test_conditions(text: str, name: str, expected: str) -> None:
    inputs = hold(compiled(text), 20)
    assert {condition(each.letter, each.sizes) for each in inputs.dimensions if each.name == name} == {expected}
    for each in inputs.dimensions:  # from an input that is not valid, where a valid one is found from there
        size = next((n for n in range(1, 20) if n not in each.sizes), None)
        shape = tuple(size or n if at == each.place else n for at, n in enumerate(inputs.base))
        network = compile(Source("x.net", text), input=shape).network
        assert network is not None
        outside = valid_inputs(network)
        if outside is None:  # channels alone are no plane that is looked for, and what `reshape` takes is one size
            assert size is not None and (each.name == "channels" or "reshape" in text)
        else:
            assert outside.dimensions[each.place].sizes == each.sizes


def test_dimensions_that_depend_on_each_other() -> None:
    for text in (
        "input 3x4x4\ntokens; reshape(3x4x4)",
        "input 4x4\nmatmul { identity | identity }",
        "input x: 3x4x4\ninput y: 48\nadd { flatten | @y }",
    ):
        found = valid_inputs(compiled(text))
        assert found is not None
        assert found.joint, text
        assert found.document()["joint"] is True


def test_a_dependence_that_shows_at_one_other_size_alone_is_found() -> None:
    even = "pad(1, mode=reflect); crop(1); tokens; add { maxpool; upsample(2) | identity }\n"  # from two rows on
    for text in (
        "input 3x16x16\nupsample(1.5); maxpool\n",  # 12 rows, and 12, 24 and 6 of 17, 32 and 8, but 11 of 15
        "input 3x25x25\nconv19-3/5(pad=valid)\n",  # 2 rows, and of 24 and 26, none of 12, but 7 of 50
        "input 3x28x28\nconv19-3/5(pad=valid)\n",  # 2 rows, and of 27, none of 14, 8 of 56, but 3 of 29
    ):
        found = valid_inputs(compiled(text + even))
        assert found is not None and found.joint, text


@pytest.mark.parametrize(
    "text",
    [
        "input 3x16x16\nconv3-4; tokens; transpose; pointwise-8; transpose\n",
        "input 3x8x8\nconv3-4; gap; fc-10\n",
        "input 3x8x8\nconv3-4(pad=valid); maxpool\n",
        "input 3x1x1\ntokens; transpose\n",
    ],
)
def test_what_mixes_without_a_condition_is_not_joint(text: str) -> None:
    found = valid_inputs(compiled(text))
    assert found is not None and not found.joint


def test_what_is_flattened_for_layers_that_take_any_vector_is_solved_once_for_each_dimension() -> None:
    class Counting(Solver):
        asked = 0

        def solve(self, axes: tuple[int, ...], shape: Shape | None = None) -> Solution | None:
            self.asked += 1
            return super().solve(axes, shape)

    network = compiled("input 3x8x8\nconv3-4(pad=valid); flatten; fc-10\n")
    solver = Counting(network)
    found = valid_inputs(network, solver=solver)
    assert found is not None and not found.joint and solver.asked == 3


def test_the_statement_that_causes_a_condition() -> None:
    text = "input 3x32x32\na: conv3-8\nmaxpool\nb: conv3-8\nmaxpool\nupconv2-8/2; add { @b | identity }\nupconv2-8/2; add { @a | identity }\n"
    network = compiled(text)
    inputs = valid_inputs(network)
    assert inputs is not None
    causes = [
        (text[: each.span.start].count("\n") + 1, condition("H", each.left)) for each in inputs.dimensions[1].causes
    ]
    assert causes[-1] == (7, "H = 0 mod 4") and causes[-2][0] == 6


def test_the_layer_that_needs_the_largest_input_causes_the_bound() -> None:
    for text, expected in (
        ("conv5-8(pad=valid)\nmaxpool\nconv3-8(pad=valid)\nconv3-8\n", {"conv3-8(pad=valid)": "H >= 10"}),
        ("conv5-8(pad=valid)\nconv2-8(pad=valid)\n", {"conv2-8(pad=valid)": "H >= 6"}),
        ("conv2-8(pad=valid)\n", {"conv2-8(pad=valid)": "H >= 2"}),
        (
            "a: conv3-8\nmaxpool; upconv2-8/2; add { @a | identity }\nconv5-8(pad=valid)\n",
            {"add": "H = 0 mod 2", "conv5-8(pad=valid)": "H >= 6 and = 0 mod 2"},
        ),
    ):
        network = compiled(f"input 3x32x32\n{text}")
        inputs = valid_inputs(network)
        assert inputs is not None
        source = network.sources[0].text
        causes = inputs.dimensions[1].causes
        assert {source[at.start : at.end]: condition("H", left) for at, left in causes} == expected


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "block mix(s=length) { transpose; pointwise-s; transpose }\ntokens; residual { mix }\n",
            ["channels", "height", "width"],
        ),
        (
            "block mix(s=height) { conv1-s }\nmix; conv2-8(pad=valid)\n",
            ["height"],
        ),  # one size is refused, all others not
    ],
)
def test_a_size_that_the_text_speaks_of_is_asked_for(text: str, asked: list[str]) -> None:
    inputs = valid_inputs(compiled(f"input 3x8x8\n{text}"))
    assert inputs is not None
    assert [each.name for each in inputs.dimensions if each.asks] == asked


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def command(*arguments: str) -> tuple[int, str]:
        status = main(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return command


def test_the_command(run: Callable[..., tuple[int, str]]) -> None:
    status, output = run("sizes", "vgg19", "--json")
    assert status == 0
    every = {"least": 1, "modulus": 1, "residues": [0], "exceptions": []}
    large = {"least": 32, "modulus": 1, "residues": [0], "exceptions": []}
    assert json.loads(output) == {"channels": every, "height": large, "width": large}
    status, output = run("sizes", "enet")
    assert status == 0 and "H, W = 0 mod 8" in output and "`add" in output and "smallest input: 3x8x8" in output
    status, output = run("sizes", "vgg19", "--input", "3x31x64")
    assert status == 1 and "3x31x64 is not valid" in output and "`maxpool`" in output and "nearest is 3x32x64" in output
    assert run("sizes", "lenet5", "--input", "1x64x64")[0] == 0


def test_an_input_outside_is_told_so(run: Callable[..., tuple[int, str]]) -> None:
    status, output = run("check", "vgg19", "--input", "3x16x300")
    assert status == 1
    assert "outside of what the network takes, H, W >= 32; the nearest is 3x32x300" in output and "maxpool" in output


DEEP = "input 3x4x4\nmaxpool; maxpool\n"
MIX = "input 3x9x9\nblock mix(s=height) { conv1-s }\nmix; conv7-8(pad=valid)\n"


@pytest.mark.parametrize(
    ("text", "shape", "told"),
    [
        pytest.param(DEEP + "relu\n" * 1998, (3, 2, 2), "H, W >= 4; the nearest is 3x4x4", id="2,000 layers"),
        pytest.param(DEEP + "relu\n" * 1999, (3, 2, 2), None, id="more layers than are looked through"),
        ("input 3x4x4\nconv1-8\nexpect params = 5\n", (3, 4, 4), None),  # a claim, and no layer refuses
        (MIX, (3, 9, 4), "H, W >= 7; the nearest is 3x9x7"),
        (MIX, (3, 4, 9), None),  # another height makes another network
        (MIX, (3, 4, 4), None),
        ("input 3x4x4\ninstancenorm\n", (3, 1, 1), None),  # each size is valid beside some other
    ],
)
def test_an_input_is_outside_where_one_of_its_sizes_is_valid_nowhere(text: str, shape: Shape, told: str | None) -> None:
    (error,) = compile(Source("x.net", text), input=shape).report.errors
    said = f"outside of what the network takes, {told}" if told else "outside"
    assert (said in str(error.help)) == (told is not None), error.help


def test_symbolic_shapes(run: Callable[..., tuple[int, str]]) -> None:
    status, output = run("summary", "vgg19", "--symbolic")
    assert status == 0 and "512 x H/32 x W/32 (down)" in output
    for name in ("vit:B/16", "enet", "vgg19"):
        network = netdsl.load(name)
        inputs = valid_inputs(network)
        assert inputs is not None
        texts = symbolic(network, inputs)
        assert set(texts) == set(range(len(network.shapes))) and not any("?" in text for text, _ in texts.values())


@pytest.mark.parametrize(
    ("text", "shape", "rounded"),
    [
        ("conv3-8; tokens", "8 x (H * W)", ""),
        ("conv3-8; tokens; class_token", "8 x (H * W + 1)", ""),
        ("conv3-8; upsample(2)", "8 x 2H x 2W", ""),
        ("conv3-8; upsample(2); tokens", "8 x (4 * H * W)", ""),
        ("conv3-8; maxpool; tokens", "8 x (H/2 * W/2)", "down"),
        ("conv3-8; maxpool; upsample(2); tokens", "8 x (4 * (H/2) * (W/2))", "down"),
        ("conv3-8(pad=valid); maxpool", "8 x (H - 2)/2 x (W - 2)/2", "down"),
        ("conv3-8(pad=valid); tokens", "8 x ?", ""),  # (H - 2) (W - 2) is not a product of multiples
        ("maxpool(ceil=true)", "C x H/2 x W/2", "up"),
        ("tokens; pad([0, 600])", "C x (H * W + 600)", ""),
        ("conv32-8(pad=valid); tokens", "8 x ((H - 31) * (W - 31))", ""),
    ],
)
def test_a_shape_in_terms_of_the_sizes_of_the_input(text: str, shape: str, rounded: str) -> None:
    network = compiled(f"input 3x32x32\n{text}\n")
    inputs = valid_inputs(network)
    assert inputs is not None
    assert symbolic(network, inputs)[network.result] == (shape, rounded)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("input 4x20\nmaxpool5; matmul { transpose | identity }; flatten\n", "?"),  # the square of a fifth
        ("input 3x8x16\npad([0, 0, 8, 8]); tokens\n", "C x ?"),  # H (W + 16), which is 2 H W for these sizes alone
    ],
)
def test_what_is_no_rule_is_not_told_as_one(text: str, shape: str) -> None:
    network = compiled(text)
    inputs = valid_inputs(network)
    assert inputs is not None and symbolic(network, inputs)[network.result] == (shape, "")


def test_a_size_of_the_input_that_alone_is_valid_is_told_as_a_number() -> None:
    network = compiled("input 3x4x4\nreshape(48)\n")
    inputs = valid_inputs(network)
    assert inputs is not None and symbolic(network, inputs)[0] == ("3 x 4 x 4", "")


def test_a_layer_behind_flattened_maps_changes_its_weights_with_the_plane_and_one_behind_a_mean_does_not() -> None:
    for layers, changes in (
        ("flatten; fc-5", True),
        ("gap; flatten; fc-5", False),
        ("conv1-4/16; upsample(to=12x12); crop(like=@a); flatten; fc-5", True),  # of 1 to 12 rows, less than a period
    ):
        network = compiled(f"input 3x8x8\na: conv3-4\n{layers}\n")
        inputs = valid_inputs(network)
        assert inputs is not None
        found = [changing_weights(network, each) for each in inputs.dimensions]
        assert [node and node.op.name for node in found] == ["conv", *["fc" if changes else None] * 2]


def test_a_shape_is_kept_where_no_dimension_changes_it() -> None:
    network = compiled("input 3x8x8\ngap\n")
    inputs = valid_inputs(network)
    assert inputs is not None
    assert keeps_shape(network, inputs.dimensions[1:]) and not keeps_shape(network, inputs.dimensions)


def test_only_what_stands_where_the_layer_is_becomes_the_help_on_its_input(tmp_path: Path) -> None:
    main = 'use "other.net"\ninput 3x9x9\nbig\nconv3-8\nfoo\n'
    block = "block big { conv7-8(pad=valid) }\n"
    at = main.index("foo") - block.index("conv7")
    (tmp_path / "x.net").write_text(main)
    (tmp_path / "other.net").write_text("#" * (at - 1) + "\n" + block)
    errors = compile(tmp_path / "x.net", input=(3, 4, 9)).report.errors
    told = {each.code: str(each.help) for each in errors}
    assert set(told) == {"E0203", "E0301"}
    assert "outside" not in told["E0203"] and "the nearest is 3x7x9" in told["E0301"]


@settings(deadline=None)
@given(over=st.integers(2, 9), data=st.data())
def test_a_plain_quotient_is_told_as_one_whatever_classes_are_valid(over: int, data: st.DataObject) -> None:
    classes = {0, *data.draw(st.sets(st.integers(1, over - 2), min_size=1))} if over > 2 else {0, 1}
    inputs = tuple(n for n in range(10, 60) if n % over in classes)
    found = fit("H", inputs, tuple(n // over for n in inputs), over)
    assert found is not None and (str(found), found.rounded) == (f"H/{over}", "down")


@settings(deadline=None)
@given(over=st.integers(1, 6), plus=st.integers(-6, 6), times=st.integers(1, 4), data=st.data())
def test_a_rule_is_found_from_one_period_of_any_classes_and_adds_no_more_than_it_must(
    over: int, plus: int, times: int, data: st.DataObject
) -> None:
    classes = data.draw(st.sets(st.integers(0, over - 1), min_size=1))
    inputs = tuple(n for n in range(10, 10 + 2 * over) if n % over in classes)
    rule = Size("H", times, plus, over, 0, "down")
    sizes = tuple(map(rule.at, inputs))
    found = fit("H", inputs, sizes, over)
    assert found is not None and tuple(map(found.at, inputs)) == sizes
    if found.rounded == "down":
        assert abs(found.plus) <= abs(plus)


@settings(deadline=None)
@given(
    times=st.integers(1, 4), plus=st.integers(-6, 6), over=st.integers(1, 9), more=st.integers(0, 3), up=st.booleans()
)
def test_a_rule_is_found_again(times: int, plus: int, over: int, more: int, up: bool) -> None:
    rule = Size("H", times, plus, over, more, "up" if up else "down")
    inputs = tuple(range(10, 60))
    sizes = tuple(map(rule.at, inputs))
    found = fit("H", inputs, sizes, over)
    assert found is not None and tuple(map(found.at, inputs)) == sizes


def by_parts(asked: Callable[[Any], Any], whole: Any, count: int) -> list[Any]:
    """What the first members of a progression answer, which falls apart until each part has one answer."""
    found, left = dict[int, Any](), [range(count)]
    while left:
        places = left.pop()
        many = whole.placed(places.step, places.start, len(places))
        try:
            answer = asked(many)
        except Split as split:
            parts = [places[: split.at], places[split.at :]]
        except Refine as refined:
            parts = [places[at :: refined.by] for at in range(min(refined.by, len(places)))]
        else:
            found.update(
                (at, answer.at(k) if isinstance(answer, Progression) else answer) for k, at in enumerate(places)
            )
            continue
        assert len(parts) > 1 and all(parts), "it does not fall apart"
        left += parts
    return [found[at] for at in range(count)]


@settings(deadline=None)
@example(start=0, step=3, power=2, other=7)
@given(
    start=st.integers(-9, 9),
    step=st.integers(-5, 5).filter(bool),
    power=st.integers(1, 2),
    other=st.integers(-20, 40).filter(bool),
)
def test_what_is_asked_of_a_progression_its_parts_answer_as_their_members_do(
    start: int, step: int, power: int, other: int
) -> None:
    members = [(start + step * k) ** power for k in range(12)]
    many = prod([Progression((start, step), None)] * power)
    asked: list[Callable[[Any], Any]] = [
        bool, floor, ceil, neg, pos, *(partial(each, other) for each in (sub, mul)), lambda n: n - n == 0, lambda n: n * 0,
        *(lambda n, of=each: of(n, other) for each in (lt, le, gt, ge, eq, ne, floordiv, mod)),
        *(lambda n, of=each: of(n * n + n, n * n + other) for each in (lt, ge)),
        *(lambda n, of=each: of(n * Fraction(1, other)) for each in (floor, ceil)),
    ]  # fmt: skip
    if 0 not in members:
        asked += [partial(each, other) for each in (floordiv, mod, truediv)]
        asked += [lambda n, of=each: of(n * other + 1, n) for each in (floordiv, mod)]
        asked.append(lambda n: n % (2 * n))
    for each in asked:
        assert by_parts(each, many, len(members)) == [each(n) for n in members]
    assert ((many * other) // many, (many * other) % many) == (other, 0)
    assert (str(many), index(many)) == (str(members[0]), members[0])  # what a message about all of them shows


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(1, 9), st.integers(1, 9))
def test_a_number_is_left_as_it_is_by_all_that_are_beyond_it(number: int, more: int, step: int) -> None:
    many = Progression((number + more, step), None)
    assert (number // many, number % many) == (0, number)


def test_the_first_member_beyond_a_number_is_found_however_slowly_they_grow() -> None:
    many = Progression((0, 1), None)
    with pytest.raises(Split) as split:
        bool(many * many * (1 / 64) < 10_000)
    assert split.value.at == 800


@settings(deadline=None)
@example(start=-6, step=1, other=40, by=1)  # whose square is as large again from the 13th on
@given(start=st.integers(-9, 9), step=st.integers(-5, 5).filter(bool), other=st.integers(-20, 40), by=st.integers(1, 6))
def test_progressions_are_their_members(start: int, step: int, other: int, by: int) -> None:
    many = Progression((start, step), None)
    members = [start + step * k for k in range(50)]
    assert [(many * (1 / 1024)).at(k) for k in range(50)] == [n / 1024 for n in members]
    for compared, of in ((many, members), (many * many, [n * n for n in members])):
        try:
            assert {compared < other} == {n < other for n in of}
        except Split as split:
            before = {n < other for n in of[: split.at]}
            assert len(before) == 1 and (of[split.at] < other) not in before
    try:
        assert [(many // by).at(k) for k in range(50)] == [n // by for n in members]
    except Refine as refined:
        part = many.placed(refined.by, 1, None)
        square = (many * many).placed(refined.by, 1, None)
        assert [square.at(k) for k in range(9)] == [n * n for n in members[1 :: refined.by][:9]]
        assert [(part // by).at(k) for k in range(9)] == [n // by for n in members[1 :: refined.by][:9]]
    except Apart:
        pytest.fail("a division refines")
    except AttributeError:  # a number where all are alike
        assert len({n // by for n in members}) == 1


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        (SizeSet(1, 1, (), (1, 3, 4)), "H = 1, 3, 4"),
        (SizeSet(1, 1, (), (2, 3, 4, 7, 8, 9, 10)), "H = 2 to 4, 7 to 10"),
        (SizeSet(1, 1, (), (1, 3, 5, 7, 9, 11, 13, 15)), "H = 1, 3, 5, 7, 9, 11, 13, 15"),
        (SizeSet(1, 1, (), (1, 3, 5, 7, 9, 11, 13, 15, 17)), "H = 1, 3, 5, 7, 9, 11, 13, 15, ..."),
        (SizeSet(3, 2, (1,)), "H >= 3 and = 1 mod 2"),
        (SizeSet(1, 2, (1,)), "H = 1 mod 2"),
        (SizeSet(20, 8, (0, 1, 4, 5, 6), (3, 4)), "H >= 20 and = 0, 1, 4 to 6 mod 8, or 3, 4"),
    ],
)
def test_a_set_in_words_has_runs_from_three_sizes_on_and_a_bound_where_it_takes_some_away(
    sizes: SizeSet, words: str
) -> None:
    assert condition("H", sizes) == words


@settings(deadline=None)
@example(b"\0", b"", 1)
@given(st.binary(min_size=1, max_size=12), st.binary(max_size=20), st.integers(1, 6))
def test_a_set_says_what_its_flags_say(pattern: bytes, head: bytes, times: int) -> None:
    period = [each % 2 for each in pattern] * times
    flags = bytes([0, *(each % 2 for each in head), *period])
    found = canonical(flags, len(period))
    going_on = [*flags, *period, *period]
    assert [n in found for n in range(1, len(going_on))] == [bool(each) for each in going_on[1:]]
    assert found.smallest == next((n for n, each in enumerate(going_on) if each), None)
    members = [n for n, each in enumerate(going_on) if each and n]
    for n in range(1, len(flags)):
        assert found.below(n) == max((each for each in members if each < n), default=None)
        assert found.above(n) == min((each for each in members if each > n), default=None)


def test_what_falls_into_too_many_classes_is_left_alone() -> None:
    text = "input 1x100000\n" + "".join(f"conv{k}-1/{k}(pad=valid)\n" for k in (7, 11, 13, 17, 2))
    assert Solver(compiled(text)).solve((1,)) is None


def test_a_comparison_of_products_is_looked_through_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    many = Progression((1, 1), None)
    for farthest in (4, 3):  # (1 + k)^2 = 1 + 2 k + k^2 has no root beyond 3
        monkeypatch.setattr("netdsl.passes.sizes.progression._FARTHEST", farthest)
        if farthest == 4:
            assert many * many > 0
        else:
            with pytest.raises(Split):
                assert many * many > 0


@pytest.mark.parametrize(
    ("limit", "text", "most"),
    [
        ("MOST_ASKED", "input 3x9\nconv3-4\nconv5-6\n", 2),  # two layers, each asked once
        ("_LONGEST", "input 1x9\nconv7-1(pad=valid)\n", 8),  # from 7 on there is one class, of every size
    ],
)
def test_a_network_is_solved_up_to_a_limit_and_left_alone_beyond_it(
    monkeypatch: pytest.MonkeyPatch, limit: str, text: str, most: int
) -> None:
    for number, solved in ((most, True), (most - 1, False)):
        monkeypatch.setattr(f"netdsl.passes.sizes.solve.{limit}", number)
        assert (Solver(compiled(text)).solve((1,)) is not None) == solved


# What the docstring of emitted source says ---------------------------------------------------------------------------


def told_of_the_module(network: Network) -> Inputs | None:
    """The sizes that the docstring names, after they are found in it."""
    found = plane_as_built(network)
    docstring = " ".join(netdsl.emit(network, sizes=True).partition('"""')[2].partition('"""')[0].split())
    assert ("Valid for" in docstring) == bool(found and found.text())
    assert found is None or not found.text() or f"Valid for {found.text()}." in docstring
    assert "Valid for" not in netdsl.emit(network)
    return found


def hold_as_built(network: Network) -> None:
    """One module takes every input that is told, and gives the shapes that the layers have for it; what is not told is
    no network, or one that another module is built for."""
    found = told_of_the_module(network)
    if found is None:
        return
    assert not found.joint
    import torch

    with torch.device("meta"):
        module = netdsl.build(network, init=False).eval()
    own = network.inputs[0].shape

    def beside(place: int, size: int) -> Shape:
        return tuple(size if at == place else each for at, each in enumerate(own))

    some = {each.place: list(islice(each.sizes.members(), 40)) for each in found.dimensions}
    shapes = [beside(place, size) for place, sizes in some.items() for size in {*sizes[:3], sizes[-1]}]
    shapes += [tuple(some[at][pick] if at in some else n for at, n in enumerate(own)) for pick in (0, -1)]
    for shape in shapes:
        wanted = shapes_for(network, shape)
        assert wanted is not None, shape
        given = [torch.empty(2, *shape, device="meta")]
        given += [torch.empty(2, *item.shape, device="meta") for item in network.inputs[1:]]
        made = module(*given)
        outputs = list(made) if isinstance(made, tuple) else [made]
        for output, value in zip(outputs, network.returns.values(), strict=True):
            assert tuple(output.shape[1:]) == wanted[value], shape
    for each in found.dimensions:
        for size in filter(None, (each.sizes.below(own[each.place]), each.sizes.above(own[each.place]))):
            assert size in each.sizes
        outside = [n for n in range(1, own[each.place] + 40) if n not in each.sizes]
        for size in {*outside[:2], *outside[-2:]}:
            other = shapes_for(network, beside(each.place, size))
            assert other is None or built_for(network, other) != built_for(network, list(network.shapes)), size


def built_for(network: Network, shapes: list[Shape]) -> list[tuple[object, ...]]:
    return [node.op.built(tuple(shapes[value] for value in node.inputs)) for node in network.nodes]


EVEN = "tokens; add { maxpool; upsample(2) | identity }"
"""What takes an even number of places."""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("input 3x8x8\nconv3-4(pad=valid); maxpool; gap; fc-5", "H, W >= 4"),
        ("input 3x8x8\nconv3-4(pad=valid); maxpool; flatten; fc-5", "H, W = 8, 9"),
        ("input 3x8x8\ntokens; transpose; bn; transpose", "H, W = 8"),
        ("input 3x8\ntranspose; bn; transpose", "L = 8"),
        ("input 3x8\nconv3-4", ""),
        (f"input 3x8x8\npad(1, mode=reflect); crop(1); {EVEN}", None),
        (  # whose depth is 4 alone, and 4 rows times columns are to be a multiple of 8
            "input 2x4x8x8\na: identity\nupsample(2x1x1); crop([4, 0, 0, 0, 0, 0]); add { @a | identity }\n"
            "pad(1, mode=reflect); crop(1); tokens; add { maxpool8; upsample(8) | identity }",
            None,
        ),
    ],
)
def test_the_sizes_that_one_module_takes(text: str, told: str | None) -> None:
    network = compiled(text)
    found = plane_as_built(network)
    assert (found.text() if found is not None else None) == told
    hold_as_built(network)


@pytest.mark.parametrize("name", ["alexnet_owt", "densenet121", "unet", "vit:B/16", "c3d", "xception"])
def test_a_module_takes_what_its_docstring_says(name: str) -> None:
    hold_as_built(netdsl.load(name))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(max_layers=4, dims=(1, 2, 3)))
def test_drawn_modules_take_what_their_docstrings_say(network: Network) -> None:
    hold_as_built(network)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(distinct()))
def test_every_module_takes_what_its_docstring_says(name: str) -> None:
    hold_as_built(netdsl.load(name))
