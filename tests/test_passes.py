"""The figures of the passes, each against a way of its own to find it: gradients and modules of torch, sets of values,
sets of paths, sums over weights.

The networks are drawn; see `strategies_networks.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from math import lcm, prod

import pytest
import torch
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from strategies_networks import HEAD, LAW, accepted, networks, sided, statements
from torch.utils.flop_counter import FlopCounterMode

import netdsl
from netdsl.ir import Network, Node, Scope
from netdsl.passes.claims import QUANTITIES, computed, holds
from netdsl.passes.costs import Cost, cost, costs
from netdsl.passes.depth import depths
from netdsl.passes.memory import memory
from netdsl.passes.receptive import receptive_fields
from netdsl.passes.stacks import layers, widths
from netdsl.shapes import Shape


def size(shape: Shape | None) -> int:
    return 0 if shape is None else prod(shape)


@st.composite
def broken(draw: st.DrawFn) -> Network:
    """Networks of which parts may be unknown."""
    return accepted(HEAD + "\n".join([*draw(statements()), "conv3-4; relu; add { conv3-4 | relu }"]) + "\n")


# The receptive field ---------------------------------------------------------------------------------------------------


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
        kinds = ["conv", "conv", "dwconv", "avgpool", "even", "plain", "upsample"]
        match self.draw(st.sampled_from(kinds + ["join", "detour"] * (not self.enlarged))):
            case "conv":
                return self.conv(self.stride)
            case "dwconv":
                return f"dwconv{self.two(1, 3, 5)}/{self.stride}(dilation={self.two(1, 2)})"
            case "avgpool":
                return f"avgpool{self.two(1, 2, 3)}/{self.stride}(pad={self.draw(st.sampled_from('01'))})".replace(
                    "1x1/1x1(pad=1)", "2x2/1x1"
                )
            case "even":
                return f"conv{self.two(2, 4)}-2(pad=valid)"
            case "join":
                stride = self.stride
                branches = [self.conv(stride), f"{self.conv(stride)}; {self.conv('1x1')}"]
                return f"{self.draw(st.sampled_from(['add', 'concat']))} {{ {' | '.join(branches)} }}"
            case "detour":  # down and up again beside the plane as it is
                self.period = [self.factor, self.factor]
                return f"concat {{ identity | conv5-1/{self.factor}; upsample({self.factor}) }}"
            case "upsample" if max(self.period) <= self.factor:
                factors = [self.draw(st.sampled_from([1, self.factor])) for _ in range(2)]
                self.period = [a * b for a, b in zip(self.period, factors, strict=True)]
                return f"upsample({factors[0]}x{factors[1]})"
            case _:
                return self.draw(st.sampled_from(["relu", "bn", "pad(1)", "crop(1)"]))


PLANE = (150, 174)
MARGIN = 20  # the last place of a layer that strides may be this far from the edge


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
    for seen in x.grad[:, 0] != 0:
        rows, columns = seen.any(1).nonzero(), seen.any(0).nonzero()
        found.append(((int(rows[0]), int(rows[-1])), (int(columns[0]), int(columns[-1]))))
    return found


@settings(LAW, max_examples=120)
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
def test_what_sees_all_of_the_input_is_whole(data: st.DataObject) -> None:
    before = data.draw(st.lists(st.sampled_from(["relu", "conv3-1", "conv1x3-1", "dwconv3"]), max_size=2))
    whole = data.draw(st.sampled_from(["gap", "fc-2", "se(1)", "flatten; fc-2", "maxpool; se(1)"]))
    after = data.draw(st.sampled_from(["relu", "add { identity | relu }", "reshape(2x1x1)", ""]))
    text = "\n".join([f"input 1x{PLANE[0]}x{PLANE[1]}", *before, whole, after, ""])
    network = accepted(text.replace("se(1)", "se(1, act=softplus)") if "se(" in text else text)
    if not network.complete:
        reject()
    fields = receptive_fields(network)
    first = next(node for node in network.nodes if node.op.name in ("gap", "fc", "flatten"))
    for node in network.nodes:
        field = fields[node.id]
        assert field is not None and field.whole == (node.id in behind(network, first.id)), text


def behind(network: Network, value: int) -> set[int]:
    """The values that are made of a value, itself among them."""
    found = {value}
    for node in network.nodes:
        if found & set(node.inputs):
            found.add(node.id)
    return found
