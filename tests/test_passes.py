"""The figures of the passes, each found in another way too: from the tensors of the built module, and by sets of values
and of paths. The networks are drawn; see `netdsl.testing`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor, lcm, prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

import netdsl
from netdsl.compiler import compile
from netdsl.ir import Network, Node, Scope
from netdsl.passes.claims import QUANTITIES, computed, holds
from netdsl.passes.conditions import dimensions
from netdsl.passes.costs import Cost, cost, costs
from netdsl.passes.depth import depths
from netdsl.passes.memory import memory
from netdsl.passes.receptive import receptive_fields
from netdsl.passes.stacks import layers, widths
from netdsl.shapes import Shape
from netdsl.testing.drawing import LAW, sided
from netdsl.text.source import Source

pytestmark = pytest.mark.usefixtures("one_thread")


def size(shape: Shape | None) -> int:
    return 0 if shape is None else prod(shape)


# Memory ----------------------------------------------------------------------------------------------------------------


def alive(network: Network) -> Iterator[tuple[int | None, set[int]]]:
    """The values that exist before the first node, and while each node of the main path runs. An input that nobody takes
    stays with whoever gave it."""
    heads = set(in_heads(network.body))
    main = [node for node in network.nodes if node.id not in heads]
    ends = {network.result, *(output.value for output in network.outputs)}
    made = set(range(len(network.inputs)))
    ends |= made - {value for node in main for value in node.inputs}
    yield None, set(made)
    for step, node in enumerate(main):
        made.add(node.id)
        wanted = {value for later in main[step:] for value in later.inputs}
        yield node.id, {value for value in made if value in wanted or value in ends or value == node.id}


def in_heads(scope: Scope, inside: bool = False) -> Iterator[int]:
    """The nodes inside aux heads."""
    for child in scope.children:
        if isinstance(child, Scope):
            yield from in_heads(child, inside or child.kind == "aux")
        elif inside:
            yield child.id


@settings(LAW, max_examples=100)
@given(st.one_of(sided(), sided(mistakes=True)))
def test_memory_by_liveness(network: Network) -> None:
    steps = [(node, sum(size(network.shapes[value]) for value in values)) for node, values in alive(network)]
    peak = max(amount for _, amount in steps)
    total = sum(size(network.shapes[node]) for node, _ in steps if node is not None)
    assert memory(network) == (total, peak), network.sources[0].text


def test_a_chain_keeps_two_values_at_a_time_and_a_shortcut_its_own_as_long() -> None:
    chain = memory(netdsl.loads("input 1x10x10\nrelu; relu; relu"))
    assert (chain.total, chain.peak) == (300, 200)
    shortcut = memory(netdsl.loads("input 1x10x10\nresidual(act=none) { relu; relu }"))
    assert (shortcut.total, shortcut.peak) == (300, 300)


# Costs, depth and totals ----------------------------------------------------------------------------------------------------


def on_meta(network: Network) -> torch.nn.Module:
    with torch.device("meta"):
        return netdsl.build(network)


def counted(network: Network, model: torch.nn.Module | None = None) -> dict[int, Counter[str]]:
    """What the tensors of the built module hold, by the node they belong to."""
    model = model or on_meta(network)
    homes = {node.path: node.id for node in network.nodes if node.shares is None}
    trained = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    found = {node.id: Counter[str]() for node in network.nodes}
    for name, tensor in model.state_dict().items():
        path = name  # a bare parameter is a layer itself
        while path not in homes:
            path = path.rpartition(".")[0]
        kind = "buffers" if name not in trained else "params" if trained[name] else "frozen"
        found[homes[path]][kind] += tensor.numel()
    return found


@LAW
@given(sided())
def test_costs_are_what_the_module_holds(network: Network) -> None:
    tensors = counted(network)
    for node, each in zip(network.nodes, costs(network), strict=True):
        shapes = network.input_shapes(node)
        assert shapes is not None
        held = tensors[node.id]
        expected = (held["params"], held["frozen"], held["buffers"], node.op.macs(shapes), size(node.shape))
        assert each == cost(network, node) == expected, f"{network.sources[0].text}\n{node.path}"


@LAW
@given(sided(mistakes=True))
def test_what_is_unknown_costs_nothing(network: Network) -> None:
    for node, each in zip(network.nodes, costs(network), strict=True):
        unknown = node.shape is None or any(network.shapes[value] is None for value in node.inputs)
        assert each == cost(network, node)
        assert (each == Cost() == (0, 0, 0, 0, 0)) == unknown  # a node that is known gives at least one value


@LAW
@given(sided())
def test_depth_is_that_of_the_longest_path(network: Network) -> None:
    weighty = {"conv", "dwconv", "upconv", "fc", "pointwise", "local", "attention"}
    paths = [{0} for _ in network.inputs]  # how many layers with weights each path to a value has
    for node in network.nodes:
        here = node.op.layers if node.op.name in {"rnn", "lstm", "gru"} else node.op.name in weighty
        before = {0} if node.op.constant else {count for value in node.inputs for count in paths[value]}
        paths.append({count + here for count in before})
    assert depths(network) == tuple(map(max, paths))


@pytest.mark.parametrize(
    ("text", "depth"),
    [("learned(4)", 0), ("fc-4; learned(4)", 0), ("fc-4; fc-4; add { learned(4); fc-4 | @x }", 1)],
)
def test_a_learned_constant_has_no_depth(text: str, depth: int) -> None:
    """Whatever stands before it."""
    assert netdsl.loads(f"input x: 4\n{text}").depth == depth


@LAW
@given(sided())
def test_totals(network: Network) -> None:
    """What the module holds and does: in evaluation for the main path, and what training adds for the heads."""
    heads, model, totals = set(in_heads(network.body)), on_meta(network), network.totals
    main, side = Counter[str](), Counter[str]()
    for node, held in counted(network, model).items():
        (side if node in heads else main).update(held)
    flops = {}
    for training in (False, True):
        with FlopCounterMode(display=False) as counter:
            model.train(training)(*(torch.empty(2, *each.shape, device="meta") for each in network.inputs))
        flops[training] = counter.get_total_flops() // 4
    use = memory(network)
    assert totals is not None
    assert totals.model_dump() == {
        "params": main["params"],
        "aux_params": side["params"],
        "frozen_params": main["frozen"],
        "buffers": main["buffers"],
        "macs": flops[False],
        "aux_macs": flops[True] - flops[False],
        "depth": depths(network)[network.result],
        "activations": use.total,
        "peak": use.peak,
    }


# Claims ----------------------------------------------------------------------------------------------------------------------


SUMMED = [quantity for quantity in QUANTITIES if quantity not in ("field", "stride", "memory")]
"""The figures that have a law of their own here; the others are those of a value, and of what is alive."""


def sums(network: Network, tensors: dict[int, Counter[str]], nodes: list[Node]) -> dict[str, int]:
    """The figures that are sums over nodes."""
    ops = [(node.op, [network.shapes[value] for value in node.inputs]) for node in nodes]
    return {
        "params": sum(tensors[node.id]["params"] for node in nodes),
        "frozen": sum(tensors[node.id]["frozen"] for node in nodes),
        "macs": sum(op.macs(shapes) for op, shapes in ops),
        "connections": sum(op.connections(shapes) for op, shapes in ops),
        "units": sum(size(node.shape) for node in nodes if node.op.weight_layer),
    }


@LAW
@given(sided())
def test_the_figures_of_a_part_are_sums_over_it(network: Network) -> None:
    """Of every part that a claim can name: those around aux heads, beside them, inside them, and the heads themselves."""
    heads, tensors = set(in_heads(network.body)), counted(network)
    for label, part in network.named.items():
        if not label:
            continue
        nodes = list(inside(part))
        last = part.id if isinstance(part, Node) else part.exit
        expected = {
            **sums(network, tensors, nodes),
            "aux_params": sums(network, tensors, [node for node in nodes if node.id in heads])["params"],
            "depth": depths(network)[last],
            "output": network.shapes[last],
        }
        found = {quantity: computed(network, label, quantity) for quantity in SUMMED}
        assert found == expected, f"{network.sources[0].text}\n{label}"


def inside(part: Node | Scope) -> Iterator[Node]:
    if isinstance(part, Node):
        yield part
    else:
        for child in part.children:
            yield from inside(child)


@LAW
@given(sided())
def test_the_figures_of_a_network_leave_its_heads_out(network: Network) -> None:
    """With its totals or without them. What the heads have are their own sums, each one's under its name."""
    heads, tensors = set(in_heads(network.body)), counted(network)
    tops = [scope for scope in network.body.scopes() if scope.kind == "aux"]
    expected = {
        **sums(network, tensors, [node for node in network.nodes if node.id not in heads]),
        "aux_params": sum(computed(network, scope.path, "aux_params") for scope in tops),
        "depth": depths(network)[network.result],
        "output": network.output,
    }
    assert (
        expected["aux_params"] == sums(network, tensors, [node for node in network.nodes if node.id in heads])["params"]
    )
    for each in (network, network.model_copy(update={"totals": None})):
        assert {quantity: computed(each, None, quantity) for quantity in SUMMED} == expected


@LAW
@given(sided())
def test_the_memory_of_a_part_is_the_most_while_it_runs(network: Network) -> None:
    """In inference: an aux head takes none. A network of no layers holds what it is given."""
    bytes = {node: 4 * sum(size(network.shapes[value]) for value in values) for node, values in alive(network)}
    assert computed(network, None, "memory") == max(bytes.values())
    for label, part in network.named.items():
        if label and (nodes := list(inside(part))):
            assert computed(network, label, "memory") == max(bytes.get(node.id, 0) for node in nodes)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("input 4\nfc-3", 4),
        ("input 4x9\ngap", 9),
        ("input 3x5x5\ngap", 5),
        ("input 3x5x9\nfc-4", (5, 9)),
        ("input 3x4x5x9\ngap", (4, 5, 9)),
        ("input a: 3x5x9\ninput b: 2x6x4\nconcat { @a; gap | @b; gap }", (6, 9)),
        ("input a: 3x5x9\ninput b: 70\nmul { @a; fc-4 | @b; fc-4 }", (5, 9)),
    ],
)
def test_the_field_of_what_sees_all_is_the_plane_of_the_input(text: str, field: object) -> None:
    """One number where all its sides agree; of several inputs, the largest."""
    assert computed(netdsl.loads(text), None, "field") == field


@pytest.mark.parametrize(
    ("text", "stride"),
    [
        ("input 4\nfc-3", 1),
        ("input 4x9\nconv3-4/2", 2),
        ("input 3x8x8\nmaxpool; conv3-4/2", 4),
        ("input 3x8x8\nconv3-4/1x2", (1, 2)),
        ("input 3x8x8\nupsample(2)", 0.5),
    ],
)
def test_the_stride_is_how_far_neighbours_are_apart_in_the_input(text: str, stride: object) -> None:
    """One number where all its sides agree, and of features, which have none."""
    assert computed(netdsl.loads(text), None, "stride") == stride


@LAW
@given(sided(mistakes=True))
def test_a_figure_is_unknown_where_a_shape_is(network: Network) -> None:
    """A count of a part with an unknown shape, a size that is not known, and all of a network with a mistake."""
    labels = [label for label in network.named if label]
    assert "nowhere" not in labels
    for label in ("nowhere", ""):
        with pytest.raises(KeyError):
            computed(network, label, "params")
    for label in [None, *labels]:
        part = network.body if label is None else network.named[label]
        shapes = [node.shape for node in inside(part)]
        last = network.shapes[part.id if isinstance(part, Node) else part.exit]
        for quantity in QUANTITIES:
            if quantity == "depth":
                unknown = label is None and not network.complete
            elif quantity == "output":
                unknown = last is None or (label is None and not network.complete)
            else:
                unknown = None in shapes
            if unknown:
                with pytest.raises(ValueError, match="unknown"):
                    computed(network, label, quantity)
            else:
                computed(network, label, quantity)


@st.composite
def printed(draw: st.DrawFn) -> tuple[str, Decimal, Decimal]:
    """A number as a paper prints it, its value, and the unit of its last digit."""
    digits = draw(st.from_regex(r"(0|[1-9][0-9]{0,4})(\.[0-9]{1,3})?(e-?[0-3])?", fullmatch=True))
    suffix = draw(st.sampled_from(["", "K", "M", "G", "T"]))
    scale = Decimal(1000) ** ["", "K", "M", "G", "T"].index(suffix)
    return digits + suffix, Decimal(digits) * scale, Decimal((0, (1,), Decimal(digits).as_tuple().exponent)) * scale


@settings(LAW, max_examples=200)
@given(printed(), st.sampled_from(["-1", "-0.51", "-0.5", "-0.49", "0", "0.49", "0.5", "0.51", "1"]))
def test_a_figure_holds_when_it_is_rounded_to_what_is_printed(figure: tuple[str, Decimal, Decimal], off: str) -> None:
    written, value, unit = figure
    near = max(int((value + Decimal(off) * unit).to_integral_value()), 0)
    rounded = (Decimal(near) / unit).to_integral_value(ROUND_HALF_UP) * unit
    for number in (float(value), *([int(value)] if value == int(value) else [])):
        assert holds(near, number, written) == holds(near, number, f" {written} ") == (rounded == value)


@given(st.integers(0, 10), st.integers(0, 10))
def test_what_is_no_plain_number_holds_when_it_is_equal(one: int, other: int) -> None:
    assert holds(one, other, f"2 * {other} / 2") == (one == other)
    assert not holds(one, "many", "many") and not holds(one, str(one), str(one))
    assert holds(1, True, "1") and not holds(2, True, "2")


def told(text: str) -> list[tuple[str, str]]:
    """What is told of a spec, each with the words that it is told of."""
    return [
        (" ".join(filter(None, (each.message, each.help))), text[each.span.start : each.span.end])
        for each in compile(Source("told.net", text)).report
        if each.span
    ]


@pytest.mark.parametrize(
    ("text", "claim", "words"),
    [
        ("input 8x4x4\ngap", "8", "write `-> 8x1x1`: the plane of 1x1 is still there"),
        ("input 8x1\nrelu", "8", "`relu` makes it of 8x1"),
        ("input 8x4x4\ngap", "9", "`gap` makes it of 8x4x4"),
        ("input 8x4x4\nmaxpool", "8", "`maxpool` makes it of 8x4x4"),
        ("input 8x4x6\nrelu", "4x6x8", "channels come first: write `-> 8x4x6`"),
    ],
)
def test_why_a_shape_is_not_the_claimed_one(text: str, claim: str, words: str) -> None:
    ((said, where),) = told(f"{text} -> {claim}")
    assert words in said and claim in where


def test_of_a_join_the_sizes_that_it_makes_its_own_of_are_not_told() -> None:
    for branches in ("identity", "identity | conv1-8"):
        ((said, _),) = told(f"input 8x4x4\nconcat {{ {branches} }} -> 9x4x4")
        assert ("makes it of 8x4x4" in said) == ("|" not in branches)


# Properties ------------------------------------------------------------------------------------------------------------------


def test_of_a_property_that_asks_for_nothing_its_name_is_marked() -> None:
    """The last name, where there are several."""
    head = "input 3x8x8\na: conv3-4\nproperty "
    for asked, wrong in (("nonsense == 1", "nonsense"), ("1 < a.nonsense", "nonsense"), ("a.height * b == 8", "b")):
        ((said, where),) = told(head + asked)
        assert where == wrong and f"`{wrong}` is no figure of" in said


@pytest.mark.parametrize(
    ("shape", "equal"),
    [
        ("4x8x8", True),
        ("4x8x9", False),
        ("5x8x8", False),
        ("8x8", False),
        ("4x8x8x1", False),
        ("4", False),
        ("4x4x4", False),
    ],
)
def test_shapes_are_equal_when_all_their_sizes_are(shape: str, equal: bool) -> None:
    head = "input 3x8x8\na: learned(4x8x8)\nproperty "
    for left, right in (("a.output", shape), (shape, "a.output")):
        assert bool(told(f"{head}{left} == {right}")) == (not equal)
    assert bool(told(f"{head}a.output != {shape} and a.channels == 4")) == equal


@pytest.mark.parametrize(
    ("channels", "shown"), [(7, "7"), (1024, "1024"), (9999, "9999"), (10000, "10,000"), (1234567, "1,234,567")]
)
def test_a_figure_of_five_digits_or_more_is_told_in_groups_of_three(channels: int, shown: str) -> None:
    ((said, _),) = told(f"input 3x8x8\na: learned({channels}x1x1)\nproperty a.channels == 1")
    assert f"a.channels is {shown} " in f"{said} "


def test_a_property_takes_params_as_they_are() -> None:
    """A decimal fraction exactly, a whole number as one, and a flag as a condition."""
    head = "param n = 4\nparam rate = 0.1\nparam wide = true\ninput 3x8x8\nconv3-{n}\nproperty "
    for right in ("3 * rate == 0.3", "2 ** n == 16", "round_to(13, n) == 12", "wide", "not wide or rate < n"):
        assert not told(head + right)
    for wrong in ("3 * rate > 0.3", "2 ** n != 16", "not wide"):
        assert told(head + wrong)


def test_a_property_is_told_to_fail_as_the_network_is_where_it_does() -> None:
    """Else for the smallest input; one over params is asked of the input that there is alone."""
    head = "param n = 4\ninput 3x8x8\nconv3-{n}\nproperty "
    ((said, _),) = told(head + "output.height < 8")
    assert "not for an input of 3x8x8, where output.height is 8" in said
    ((said, _),) = told(head + "output.height >= 8")
    assert "not for an input of 3x1x8, where output.height is 1" in said
    assert not told(head + "output.height >= 8 for n in 1..9")
    assert told(head + "output.height > 8 for n in 1..9") and not told(head + "output.height > 8 for n in 5..9")


LEAVES = st.one_of(st.integers(0, 9).map(str), st.sampled_from(["0.1", "1.5", "2.25"]))
SUMS = st.recursive(
    st.one_of(LEAVES, st.builds("{} ** {}".format, LEAVES, st.integers(0, 3))),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner),
        st.builds("({}{})".format, st.sampled_from("+-"), inner),
        st.builds("{}({})".format, st.sampled_from(["ceil", "floor", "max", "min"]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["max", "min"]), inner, inner),
        st.builds("({} if {} < {} else {})".format, inner, inner, LEAVES, inner),
    ),
    max_leaves=4,
)


@settings(LAW, max_examples=60)
@given(SUMS)
def test_a_property_is_exact_arithmetic(text: str) -> None:
    """That of fractions, in which nothing is rounded but where it is asked for."""
    known = {"ceil": ceil, "floor": floor, "F": Fraction}
    known |= {"max": lambda *numbers: max(numbers), "min": lambda *numbers: min(numbers)}
    head = "input 3x8x8\nrelu\nproperty "
    try:
        value = Fraction(eval(re.sub(r"[\d.]+", lambda number: f"F('{number[0]}')", text), known))
    except ZeroDivisionError:
        assert [said for said, _ in told(f"{head}{text} == 1")] == ["division by zero"]
        return
    number = f"({value.numerator} / {value.denominator})"
    assert not told(f"{head}{text} == {number} and {text} <= {number} and {text} >= {number}")
    assert len(told(f"{head}{text} != {number} or {text} < {number} or {text} > {number}")) == 1


@pytest.mark.parametrize(
    "condition",
    [
        "2 ** 62 + (2 ** 62 - 1) > 0",
        "-(2 ** 62) - (2 ** 62 - 1) < 0",
        "1 / (2 ** 62 + (2 ** 62 - 1)) > 0",
        "3 ** 0 == 1 and 1 ** 63 == 1",
        "2 ** (4 / 2) == 4 and 9 // (4 / 2) == 4",
        "round_to(5, 1) == 5 and round_to(12, 16 / 2) == 16",
        "max(7) == 7 and min(7) == 7 and max(7, 8, 9) == 9",
        "max(1,  # the least\n  2) == 2",
    ],
)
def test_a_condition_that_holds_is_not_told(condition: str) -> None:
    assert not told(f"input 3x8x8\nrelu\nproperty {condition}")


OUT_OF_RANGE, POWER = "the number is out of range", "a power in a property is a whole number from 0 to 63"
NO_NUMBER, MULTIPLE = "a number is needed here", "`round_to` takes a number, and the whole number"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("2 ** 63", OUT_OF_RANGE),
        ("-2 ** 63", OUT_OF_RANGE),
        ("1 / 2 ** 62 / 2", OUT_OF_RANGE),
        ("1 ** 64", POWER),
        ("2 ** (0 - 1)", POWER),
        ("4 ** (1 / 2)", POWER),
        ("round_to(5)", MULTIPLE),
        ("round_to(5, 1, 1)", MULTIPLE),
        ("round_to(5, 1 / 2)", MULTIPLE),
        ("round_to(5, 0)", MULTIPLE),
        ("round_to(5, 0 - 8)", MULTIPLE),
        ("ceil()", "`ceil` takes one number"),
        ("ceil(1, 2)", "`ceil` takes one number"),
        ("round(1, 2)", "`round` takes one number"),
        ("max()", "`max` takes numbers"),
        ("min()", "`min` takes numbers"),
        ("true", NO_NUMBER),
        ("output", NO_NUMBER),
        ("(1 < 2)", NO_NUMBER),
    ],
)
def test_what_a_property_cannot_reckon_with_is_marked(part: str, words: str) -> None:
    """However many blanks, and comments, stand before it."""
    for before in ("", "1  ==  1   and  ", "max(1,  # one\n    # and two\n  2) == 2 and "):
        ((said, where),) = told(f"input 3x8x8\nrelu\nproperty {before}{part} > 0")
        assert words in said and where in part and where.strip("()") in (part.strip("()"), part.lstrip("-"))


def test_a_property_speaks_of_parts_of_parts_and_of_all_ends_of_the_network() -> None:
    head = (
        "input x: 3x8x9\ninput y: 2x8x9\na: concat { @x; { conv3-4; bn } x2; c: conv3-5 | @y }\noutput z\nb: conv1-8\n"
    )
    head += "property "
    for condition in (
        "c.channels == 5 and a.branch1.c.channels == 5 and a.branch1.2.channels == 4",
        "x.channels == input.channels and y.channels == 2",
        "z.channels == 7 and output.channels == 8 and b.channels == 8",
        "input.height == output.height and y.width == 9 and output.width == x.width",
    ):
        assert told(head + condition) == []
        assert told(head + f"not ({condition})")


def test_the_figures_of_a_property_are_those_that_can_be_claimed() -> None:
    head = "input 3x8x8\na: conv3-4\nb: conv1-2\nproperty "
    assert not told(f"{head}params == 112 + 10 and a.params == 112 and b.macs == 8 * 64 and depth == 2 and field == 3")
    assert told(f"{head}params != 112 + 10") and told(f"{head}a.params != 112")
    for size, stride in ((2, "1 / 2"), (3, "1 / 3")):
        assert not told(f"input 3x8x8\nupsample({size})\nproperty stride == {stride} and stride < 1 and 6 * stride > 1")


@pytest.mark.parametrize(
    ("asked", "help"),
    [
        ("stem.hight", "`hight` is no figure of `stem` did you mean `height`?"),
        ("stem.0.parms", "`parms` is no figure of `stem.0` did you mean `params`?"),
        ("stem.zebra", "`zebra` is no figure of `stem` there are aux_params, channels, connections, depth, "),
        ("zebra", "`zebra` is no figure of the network known: aux_params, connections, depth, "),
        ("output.parms", "`parms` is no figure of `output` known: channels, height, width"),
        ("output.params", "`params` is no figure of `output` known: channels, height, width"),
        ("input.params", "`params` is no figure of `input` known: channels, height, width"),
        ("stm.height", "nothing is labelled `stm` did you mean `stem`?"),
    ],
)
def test_a_property_that_asks_for_what_there_is_not_is_told_what_there_is(asked: str, help: str) -> None:
    ((said, where),) = told(f"input 3x8x8\nstem: {{ conv3-4; bn }}\nproperty {asked} == 8")
    assert said.startswith(help) and where in (asked, asked.rpartition(".")[2])


def test_of_many_labels_twenty_are_told() -> None:
    ((said, _),) = told(
        "input 3x8x8\n" + "".join(f"a{each}: relu\n" for each in range(30)) + "property zebra.height == 8"
    )
    assert said.endswith("there are input, output, " + ", ".join(f"a{each}" for each in range(18)))


def test_a_property_of_shapes_is_proved_for_all_sizes() -> None:
    head = "input 3x8x8\na: conv3-4\nproperty "
    for claimed, shown in (
        ("output == 4x8x8", "output is 4x1x8"),
        ("a.output == 4x8x8", "a.output is 4x1x8"),
        ("8 / input.height <= 4", "input.height is 1"),
        ("input.height < 2000 or input.height % 7 > 0", "input.height is 2002"),
    ):
        ((said, _),) = told(head + claimed)
        assert said.partition(", where ")[2].startswith(f"{shown} ")


@pytest.mark.parametrize(
    "holds", ["macs == 108 * output.height * output.width", "output.height ** 2 < 100", "2 ** output.height < 300"]
)
def test_a_property_is_not_refuted_for_other_sizes_by_what_is_known_of_one(holds: str) -> None:
    """Figures are those of the network as it is, and powers of sizes are not known for all sizes."""
    assert not told(f"input 3x8x8\nconv3-4(bias=false)\nproperty {holds}")


def test_a_property_over_a_param_is_asked_at_both_ends_of_its_range() -> None:
    for least, most, inside in ((4, 9, True), (1, 4, True), (1, 3, False), (5, 9, False)):
        assert bool(told(f"param n = 4\ninput 3x8x8\nconv3-{{n}}\nproperty n == 0 for n in {least}..{most}")) == inside


def test_the_statements_are_shown_whose_figures_a_property_asks_for() -> None:
    text = "input 3x8x8\na: { conv3-4; b: conv1-2 }\nproperty "
    for asked, shown in (
        ("a.height > 8", ["{ conv3-4; b: conv1-2 }"]),
        ("a.b.height + a.0.height > 16", ["conv1-2", "conv3-4"]),
        ("input.height > 8", []),
        ("output.height > 8 and params > 1", []),
    ):
        (error,) = compile(Source("told.net", text + asked)).report
        assert [each.span and text[each.span.start : each.span.end] for each in error.related] == shown


def test_the_sizes_that_a_property_may_name_are_known_of_a_network_without_a_mistake() -> None:
    text = "input x: 3x8x9\na: conv3-4/2\n"
    network, wrong = (compile(Source("sizes.net", text + more)).network for more in ("gap", "conv3-4(groups=3)"))
    sizes = [("channels", 4), ("height", 4), ("width", 5)]
    assert dimensions(network, "a") == sizes and dimensions(network, "output")[0] == ("channels", 4)
    assert dimensions(network, "input") == dimensions(network, "x") == [("channels", 3), ("height", 8), ("width", 9)]
    assert dimensions(network, "b") == dimensions(wrong, "a") == dimensions(None, "a") == []


def test_properties_of_a_network_with_a_mistake_are_not_asked() -> None:
    ((said, _),) = told("input 3x8x8\nconv3-4(groups=2)\nrelu\nproperty output.height == 9\nproperty nonsense")
    assert "groups" in said


# Stacks of 3x3 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", range(1, 21, 2))
def test_a_stack_of_3x3_sees_what_the_kernel_saw(kernel: int) -> None:
    fields = [
        receptive_fields(netdsl.loads(f"input 1x32x32\n{text}"))[-1]
        for text in (f"conv{kernel}-1", "; ".join(["conv1-1", *["conv3-1"] * layers(kernel)]))
    ]
    assert fields[0] is not None and fields[0] == fields[1]


@given(*[st.integers(1, 600)] * 2, st.integers(1, 6), st.integers(1, 48))
def test_a_stack_grows_in_equal_steps(before: int, after: int, count: int, groups: int) -> None:
    """The inner widths are the multiples of 8 and of the groups nearest to a geometric series, in whole numbers here."""
    unit = lcm(8, groups)
    *inner, last = widths(before, after, count, groups)
    assert widths(before, after, count) == widths(before, after, count, 1)
    assert (len(inner), last) == (count - 1, after)
    for step, width in enumerate(inner, 1):
        ideal = before ** (count - step) * after**step  # to the power of `count`
        assert width % unit == 0 and 2**count * ideal <= (2 * width + unit) ** count
        assert width == unit or (2 * width - unit) ** count <= 2**count * ideal
