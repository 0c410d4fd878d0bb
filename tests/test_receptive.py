"""The receptive field against gradients: what one value of a module's output depends on, pixel by pixel."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import netdsl
from netdsl.ir import Network
from netdsl.passes.receptive import receptive_fields
from netdsl.passes.windows import Axis, axes, seen
from netdsl.testing.drawing import LAW, accepted, sided

pytestmark = pytest.mark.usefixtures("one_thread")


class Drawn:
    """A chain of layers as text, and by how much its planes have been enlarged along each axis.

    A layer behind an enlarged plane sees more pixels at some places than at others. Each kind of place must be met
    equally often, so strides behind have no divisor in common with the factor, and paths of different reach do not meet.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.factor = draw(st.sampled_from([2, 3]))
        self.period = [1, 1]
        self.lines = [self.layer() for _ in range(draw(st.integers(1, 4)))]

    def two(self, *choices: int) -> str:
        return "x".join(str(self.draw(st.sampled_from(choices))) for _ in range(2))

    @property
    def enlarged(self) -> bool:
        return self.period != [1, 1]

    @property
    def stride(self) -> str:
        return self.two(1, 1, 5 - self.factor if self.enlarged else 2)

    def conv(self, stride: str) -> str:
        return f"conv{self.two(1, 3, 5)}-1/{stride}(dilation={self.two(1, 1, 2)})"

    def layer(self) -> str:
        kinds = ["conv", "conv", "dwconv", "avgpool", "even", "plain", "upsample", "upsample"]
        match self.draw(st.sampled_from(kinds + ["join", "join", "detour"] * (not self.enlarged))):
            case "conv":
                return self.conv(self.stride)
            case "dwconv":
                return f"dwconv{self.two(1, 3, 5)}/{self.stride}(dilation={self.two(1, 2)})"
            case "avgpool":
                return f"avgpool{self.two(1, 2, 3)}/{self.stride}"
            case "even":
                return f"conv{self.two(2, 4)}-2(pad=valid)"
            case "join":
                stride = self.stride
                branches = [self.conv(stride), f"{self.conv(stride)}; {self.conv('1x1')}"]
                return f"{self.draw(st.sampled_from(['add', 'concat']))} {{ {' | '.join(branches)} }}"
            case "detour":  # down and up again beside the plane as it is
                self.period = [self.factor, self.factor]
                return f"concat {{ identity | conv5-1/{self.factor}; upsample({self.factor}) }}"
            case "upsample" if max(self.period) < 3:
                factors = [self.draw(st.sampled_from([1, self.factor])) for _ in range(2)]
                self.period = [a * b for a, b in zip(self.period, factors, strict=True)]
                return f"upsample({factors[0]}x{factors[1]})"
            case _:
                return self.draw(st.sampled_from(["relu", "bn", "pad(1)", "crop(1)"]))


@settings(LAW, max_examples=300)
@given(st.builds(Axis, st.integers(1, 24), st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.integers(0, 6), st.integers(1, 9)))  # fmt: skip
def test_the_pixels_of_an_axis_that_windows_see(axis: Axis) -> None:
    """One by one; where the windows see none of them, all are told to be seen."""
    taps = {
        window * axis.stride - axis.pad + tap * axis.dilation
        for window in range(axis.out)
        for tap in range(axis.kernel)
    }
    among = [pixel in taps for pixel in range(axis.size)]
    assert list(seen(axis)) == (among if any(among) else [True] * axis.size)
    assert axis.end == max(taps) + 1
    inner = "".join("01"[each] for each in seen(axis)).strip("0")
    assert axis.gaps == ("0" in inner and axis.out > 1 and axis.stride > 1)  # between windows, not within one
    assert axis.kept == len(range(0, axis.size, axis.stride))


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("conv3x5-4/2x1(pad=1x0, dilation=1x2)", (Axis(9, 3, 2, 1, 1, 5), Axis(14, 5, 1, 2, 0, 6))),
        ("avgpool2x3/1x3(pad=tf)", (Axis(9, 2, 1, 1, 0, 9), Axis(14, 3, 3, 1, 0, 5))),
        ("upconv2-4/2", None),  # windows over a plane that has been enlarged first
        ("upconv2x1-4/2x1", None),
        ("upconv1x3-4/1x3", None),
        ("maxpool(to=3x3)", None),
        ("relu", None),
        ("gap", None),
        ("conv3-4; flatten", None),
        ("tokens; conv3-4", None),
        ("reshape(3x2x7x9); conv3-4", None),
        ("add { identity | relu }", None),
    ],
)
def test_the_windows_of_a_layer_along_height_and_width(layer: str, expected: tuple[Axis, Axis] | None) -> None:
    network = netdsl.loads(f"input 3x9x14\n{layer}")
    assert axes(network, network.nodes[-1]) == expected


PLANE = (108, 122)
MARGIN = 16  # what reaches the edge at some layer comes as near as this: strides leave the last pixels out


def regions(network: Network, places: list[tuple[int, int]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """What the output sees of the input at each place: the first and last row, and the first and last column.

    All weights are one, so that nothing cancels out."""
    model = netdsl.build(network).eval()
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    x = torch.ones(len(places), 1, *PLANE, requires_grad=True)
    out = model(x).reshape(len(places), -1, *network.output[1:], *[1] * (3 - len(network.output)))
    sum(out[number, :, row, column].sum() for number, (row, column) in enumerate(places)).backward()
    found = []
    for reached in x.grad[:, 0] != 0:
        rows, columns = reached.any(1).nonzero(), reached.any(0).nonzero()
        found.append(((int(rows[0]), int(rows[-1])), (int(columns[0]), int(columns[-1]))))
    return found


@settings(LAW, max_examples=100)
@given(st.composite(Drawn)())
def test_a_receptive_field_is_what_gradients_reach(drawn: Drawn) -> None:
    """Away from the edges, exactly; behind an enlarged plane, between what the places of least and of most reach see."""
    network = accepted("\n".join([f"input 1x{PLANE[0]}x{PLANE[1]}", *drawn.lines, ""]))
    if not network.complete:
        reject()
    field = receptive_fields(network)[network.result]
    assert field is not None and not field.whole
    count = max(drawn.period) + 1
    middle = [extent // 2 - count // 2 for extent in network.output[1:]]
    if min(middle) < 0:
        reject()
    found = regions(network, [(middle[0] + step, middle[1] + step) for step in range(count)])
    for axis in (0, 1):
        places = [each[axis] for each in found]
        if min(low for low, _ in places) < MARGIN or max(high for _, high in places) >= PLANE[axis] - MARGIN:
            reject()
        seen = [high - low + 1 for low, high in places]
        period = drawn.period[axis]
        text = f"{network.sources[0].text}\naxis {axis}: {field}, seen {seen}"
        assert min(seen) <= field.size[axis] <= field.pixels[axis] <= max(seen), text
        assert period > 1 or len(set(seen)) == 1, text
        assert places[period][0] - places[0][0] == period * field.jump[axis], text


@settings(LAW, max_examples=25)
@given(st.data())
def test_a_transposed_convolution_reaches_as_far_as_where_it_reaches_most(data: st.DataObject) -> None:
    """Among the zeros between the pixels, an odd window meets one pixel more at some places than at others."""
    sizes = ["3x5", "5x3", "1x3", "3x1"]
    before, kernel, after = (data.draw(st.sampled_from(sizes[:count])) for count in (4, 2, 4))
    lines = [f"conv{before}-1/{data.draw(st.sampled_from(['1x1', '2x1']))}", f"upconv{kernel}-1/2", f"conv{after}-1"]
    network = accepted("\n".join([f"input 1x{PLANE[0]}x{PLANE[1]}", *lines, ""]))
    field = receptive_fields(network)[network.result]
    assert field is not None
    found = regions(network, [(40 + step, 40 + step) for step in range(4)])
    seen = [max(each[axis][1] - each[axis][0] + 1 for each in found) for axis in (0, 1)]
    assert list(field.size) == list(field.pixels) == seen, network.sources[0].text


def reached(network: Network, place: tuple[int, ...]) -> list[tuple[int, int]]:
    """The first and last pixel along each dimension of the input that the output sees at a place; all weights are one."""
    model = netdsl.build(network).eval()
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    value = torch.ones(1, *network.input, requires_grad=True)
    model(value)[(0, slice(None), *place)].sum().backward()
    seen = (value.grad[0] != 0).any(0).nonzero()
    return list(zip(seen.amin(0).tolist(), seen.amax(0).tolist(), strict=True))


LAYERS = {
    1: (
        "conv3-1",
        "conv5-1(dilation=2)",
        "conv3-1/2",
        "maxpool2",
        "avgpool3/1(pad=1)",
        "dwconv3",
        "upsample(2)",
        "local3-1",
    ),
    3: ("conv3-1", "conv1x3x5-1", "conv3-1/1x2x2", "avgpool2x1x1/1", "conv3-1(dilation=1x2x1)", "conv3-1(pad=1x0x0)"),
}


@settings(LAW, max_examples=30)
@given(st.data())
@pytest.mark.parametrize("rank", LAYERS)
def test_a_receptive_field_in_one_and_three_dimensions(rank: int, data: st.DataObject) -> None:
    """Away from the edges, and where the distance of neighbours is whole, exactly; else no more than it says."""
    lines = data.draw(st.lists(st.sampled_from(LAYERS[rank]), min_size=1, max_size=3))
    sizes = "121" if rank == 1 else "17x23x25"
    network = netdsl.loads("\n".join([f"input 1x{sizes}", *lines, ""]))
    field = receptive_fields(network)[network.result]
    assert field is not None and len(field.size) == rank and not field.whole
    found = reached(network, tuple(size // 2 for size in network.output[1:]))
    for (low, high), size, pixels in zip(found, network.input[1:], field.pixels, strict=True):
        assert high - low + 1 <= pixels, lines
        if low > 0 and high < size - 1 and "upsample(2)" not in lines and "maxpool2" not in lines:
            assert high - low + 1 == pixels, lines


def test_a_map_folded_anew_is_seen_whole_by_windows_over_it() -> None:
    network = netdsl.loads("input 3x32x32\nconv4-8/4(pad=0)\ntokens\nln\npointwise-4\nconv3-4\n")
    fields = receptive_fields(network)
    assert [field is not None and field.whole for field in fields] == [False] * 5 + [True]
    assert all(field is not None and field.pixels == (4, 4) for field in fields[1:5])


@settings(LAW, max_examples=25)
@given(st.data())
def test_what_sees_all_of_the_input_is_whole(data: st.DataObject) -> None:
    before = data.draw(st.lists(st.sampled_from(["relu", "conv3-1", "conv1x3-1", "dwconv3"]), max_size=2))
    whole = data.draw(st.sampled_from(["gap", "fc-2", "flatten; fc-2", "mul { identity | gap; conv1-1 }"]))
    after = data.draw(st.sampled_from(["relu", "add { identity | relu }", "reshape(2x1x1)", "conv1-2"]))
    network = accepted("\n".join([f"input 1x{PLANE[0]}x{PLANE[1]}", *before, whole, after, ""]))
    if not network.complete:
        reject()
    first = next(node for node in network.nodes if node.op.name in ("gap", "flatten"))
    seeing = {first.id}
    for node in network.nodes:
        if seeing & set(node.inputs):
            seeing.add(node.id)
    fields = receptive_fields(network)
    assert {value for value, field in enumerate(fields) if field is not None and field.whole} == seeing
    assert regions(network, [(0, 0)]) == [((0, PLANE[0] - 1), (0, PLANE[1] - 1))]


RECEPTIVE = [
    ("conv7-4", (7, 7)), ("conv3-4 x3", (7, 7)), ("conv5-4", (5, 5)), ("conv3-4 x2", (5, 5)), ("conv3-4(dilation=2)", (5, 5)),
    ("conv3-4/2; conv3-4", (7, 7)), ("maxpool; conv3-4", (6, 6)), ("conv1x7-4; conv7x1-4", (7, 7)),
    ("conv3x5-4/2(pad=tf); conv2-4(pad=tf)", (5, 7)),
    ("concat { conv1-4 | conv5-4 }", (5, 5)), ("conv3-4/2; upsample(2); conv3-4", (5, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "pixels"), RECEPTIVE)
def test_receptive_fields(text: str, pixels: tuple[int, int]) -> None:
    field = receptive_fields(netdsl.loads(f"input 3x32x32\n{text}"))[-1]
    assert field is not None and field.pixels == pixels


@pytest.mark.parametrize("before", ["relu", "gap", "conv5-4"])
@pytest.mark.parametrize(
    ("shape", "layer", "pixels"),
    [("4x9", "conv3-4", (3,)), ("4x8x9", "conv3x5-4", (3, 5)), ("4x6x7x8", "conv3-4", (3, 3, 3))],
)
def test_a_learned_constant_has_pixels_of_its_own(shape: str, layer: str, before: str, pixels: tuple[int, ...]) -> None:
    """Whatever stands before it. Windows over it see as many of them as of an input, and not all of the input."""
    network = netdsl.loads(f"input {shape}\nadd {{ {layer} | {before}; learned({shape}); {layer} }}")
    *_, constant, behind, _ = receptive_fields(network)
    assert constant is not None and constant.pixels == (1,) * len(pixels)
    assert behind is not None and (behind.pixels, behind.whole) == (pixels, False)


@pytest.mark.parametrize(
    "join", ["mul { @image; conv3-4; conv3-4 | @code; fc-4 }", "mul { @code; fc-4 | @image; conv5-4 }"]
)
def test_where_features_meet_a_map_the_field_is_the_maps(join: str) -> None:
    field = receptive_fields(netdsl.loads(f"input image: 3x8x8\ninput code: 5\n{join}"))[-1]
    assert field is not None and field.pixels == (5, 5) and field.whole


@LAW
@given(sided(mistakes=True))
def test_a_receptive_field_is_unknown_where_the_shape_is(network: Network) -> None:
    known = [shape is not None for shape in network.shapes]
    assert [field is not None for field in receptive_fields(network)] == known
