"""The law of the operators: what each says of itself (shape, weights, multiply-adds, source) is what PyTorch does.

Every file in `netdsl/ops` is tested here by being there: its arguments are drawn from its own annotations.
"""

from __future__ import annotations

import copy
import itertools
import json
import math
import pickle
import re
from math import prod
from typing import Annotated, Literal

import pytest
import torch
from hypothesis import HealthCheck, example, find, given, settings
from hypothesis import strategies as st
from ops_source import BARE, build, multiplied, source, tensors
from pydantic import Field, ValidationError
from torch.utils.flop_counter import FlopCounterMode

from netdsl import ops
from netdsl.ir import Setting
from netdsl.ops.shared.base import dimensional, hidden
from netdsl.ops.shared.draws import draws
from netdsl.ops.shared.init import parse
from netdsl.ops.shared.notation import notation
from netdsl.ops.shared.reference import choices, field, reference, type_in_words
from netdsl.ops.shared.reference import schema as schema_of
from netdsl.testing import allocations
from netdsl.testing.cases import Case, cases, fits
from netdsl.text.diagnostics import OpError

CHECKS = [HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large]
NAMES = ops.names()

# The operators that refuse what PyTorch would take, each with the reason. Of every other one, `refused` asks that PyTorch
# refuses too, so that no operator forbids a thing by mistake. One adds a line when a new operator is stricter on purpose:
# when PyTorch would go on and give what nobody meant. The page of the operator says so too.
STRICTER = {
    **dict.fromkeys(("add", "mul", "max", "mean"), "PyTorch lays maps of other ranks on one another from the right"),
    "attention": "PyTorch would roll by a whole window or more",
    "avgpool": "a window must see a pixel of the input",
    "maxpool": "a window must see a pixel of the input",
    "pad": "PyTorch takes away where there is less than nothing to add",
    "unpool": "PyTorch puts values wherever the places say",
    "embedding": "PyTorch gives vectors for the numbers of a map too",
    "fc": "PyTorch would apply it along the width",
    "rbf": "PyTorch would apply it along the width",
    "upconv": "PyTorch gives an empty map",
    "slice": "PyTorch cuts ranges off in silence",
    "crop": "Python's negative slices begin at the other end",
    "reshape": "nn.Flatten gives whatever there is",
}


# The operators that do not take maps of every rank: those they take (0 is features). All others are met in one, two and
# three dimensions.
RANKS = {
    **dict.fromkeys(("fc", "rbf", "embedding"), (0,)),
    **dict.fromkeys(("lstm", "gru", "rnn", "class_token", "positions", "token", "transpose", "matmul"), (1,)),
    **dict.fromkeys(("pixelshuffle", "pixelunshuffle"), (2,)),
}


pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated")


RARE = settings(max_examples=3000, deadline=None, derandomize=True, database=None)


def profile(examples: int) -> settings:
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=CHECKS)


def laws(draw: Case) -> bool:
    """Check one operator on its inputs; False where it refused them."""
    op, inputs = draw
    try:
        shape = op.shape(inputs)
    except OpError as problem:
        refused(draw, problem)
        return False
    weights = op.weights(inputs)
    module, given = build(draw, "meta"), tensors(draw, "meta")
    with FlopCounterMode(display=False) as counter:
        out = module(*given)
    assert tuple(out.shape) == (2, *shape)
    assert counter.get_total_flops() == 2 * 2 * multiplied(op, inputs)
    # a bare parameter is named by the module around it: `BARE` in the sources of these tests, nothing in the operator's words
    state = [(name.removeprefix(BARE), tuple(tensor.shape)) for name, tensor in module.state_dict().items()]
    assert state == [(name, weight.shape) for name, weight in weights.items()]
    assert op.weighted == bool(weights)
    parameters = {name.removeprefix(BARE): item.requires_grad for name, item in module.named_parameters()}
    assert parameters == {name: weight.trainable for name, weight in weights.items() if not weight.buffer}
    assert all(type(size) is int for size in shape)
    assert type(op.macs(inputs)) is int
    window = op.window(inputs)
    assert window is None or all(each >= 1 for sizes in window._replace(pad=()) for each in sizes)
    assert window is None or set(map(len, window)) == {len(inputs[0]) - 1}
    return True


@pytest.mark.parametrize("name", NAMES)
def test_a_module_takes_all_inputs_that_it_would_be_built_alike_for(name: str) -> None:
    @profile(60)
    @given(cases(name), st.integers(1, 3))
    def law(draw: Case, more: int) -> None:
        larger = draw._replace(inputs=tuple((first, *(size + more for size in plane)) for first, *plane in draw.inputs))
        try:
            draw.op.shape(draw.inputs)
            wanted = draw.op.shape(larger.inputs)
        except OpError:
            return
        if draw.op.built(larger.inputs) == draw.op.built(draw.inputs):
            assert tuple(build(draw, "meta")(*tensors(larger, "meta")).shape) == (2, *wanted)

    law()


def refused(draw: Case, problem: OpError) -> None:
    op = draw.op
    names = [info.alias or key for key, info in type(op).model_fields.items()]
    assert problem.message
    assert problem.at is None or problem.at in names
    if (
        op.name in STRICTER or "needs channels x height x width" in problem.message or "` takes chan" in problem.message
    ):  # PyTorch takes a batch of vectors for a map
        return
    with pytest.raises(Exception):  # noqa: B017  PyTorch's own refusals have no common class
        build(draw)(*tensors(draw))


@pytest.mark.parametrize("name", NAMES)
def test_what_it_says_is_what_pytorch_does(name: str) -> None:
    held = []

    cls = ops.find(name)

    ranks = set()
    classes: dict[str, str] = {}

    @profile(150 if cls.geometry.kernel else 60 if dimensional(cls) or cls.inputs != (1, 1) else 30)
    @given(cases(name))
    def law(draw: Case) -> None:
        held.append(laws(draw))
        if held[-1]:
            ranks.add(len(draw.inputs[-1]) - 1)
            for text in draw.op.torch(draw.inputs).definitions:  # which stand in one file, whatever their ranks
                assert classes.setdefault(text.partition("(")[0], text) == text

    law()
    assert sum(held) >= min(5, len(held)), f"hardly any inputs fit: {sum(held)} of {len(held)}"
    expected = set(RANKS.get(name, (1, 2, 3))) - {0}
    assert ranks - {0} <= expected
    for rank in expected - ranks:  # what chance has left out
        find(cases(name), lambda draw, rank=rank: len(draw.inputs[-1]) - 1 == rank and laws(draw), settings=RARE)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_learns_and_travels(name: str) -> None:
    """On the CPU: training, evaluation, copies, pickles, and the canonical form computes the same function."""

    @profile(80 if ops.find(name).geometry.kernel else 12)
    @given(cases(name), st.integers(0, 2**31))
    def law(draw: Case, seed: int) -> None:
        op, inputs = draw
        try:
            op.shape(inputs)
        except OpError:
            return
        torch.manual_seed(seed)
        module, given = build(draw), tensors(draw)
        for tensor in given:
            tensor.requires_grad_(tensor.is_floating_point())
        out = module.train()(*given)
        if out.requires_grad:
            out.square().mean().backward()
        for name, parameter in module.named_parameters():
            assert (parameter.grad is not None) == op.weights(inputs)[name.removeprefix(BARE)].trainable
        module.eval()
        with torch.no_grad():
            expected = module(*given)
            assert expected.dtype == (given[0].dtype if given[0].is_floating_point() else torch.float32)
            for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
                torch.testing.assert_close(other(*given), expected, equal_nan=True)
            canonical = op.canonical(inputs)
            assert canonical.canonical(inputs) == canonical
            assert canonical.shape(inputs) == op.shape(inputs)
            assert canonical.weights(inputs) == op.weights(inputs)
            assert canonical.macs(inputs) == op.macs(inputs)
            same = build(Case(canonical, inputs))
            same.load_state_dict(module.state_dict(), strict=True)
            torch.testing.assert_close(same.eval()(*given), expected, equal_nan=True)

    law()


# What chance hardly ever draws, and its input.
SELDOM = {"avgpool": ("avgpool3/2(pad=tf, count_pad=true)", (2, 7, 7))}

# What autograd keeps of these hangs on the kernel that PyTorch chooses on a machine; their figures are held on networks.
BY_KERNEL = ("attention", "lstm", "gru", "rnn", "lcn")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BY_KERNEL and ops.find(name).differentiable])
def test_it_says_what_autograd_keeps(name: str) -> None:
    """Inputs, output, and so many more numbers for each sample and for any batch; a view gives no memory of its own."""

    @profile(40 if ops.find(name).geometry.kernel else 12)
    @given(cases(name))
    def law(draw: Case) -> None:
        op, inputs = draw
        if not fits(draw) or (name == "local" and 1 in (inputs[0][0], *op.kernel)):  # whose rows may be views
            return
        few, many = kept(draw, 2), kept(draw, 5)
        each = (many[2] - few[2]) // 3
        said = op.saved(inputs)
        assert (op.view, said.inputs, said.output) == (few[3], *few[:2])
        assert (said.own, said.fixed) == (each, few[2] - 2 * each)

    if name in SELDOM:
        text, shape = SELDOM[name]
        law = example(Case(read(text).fitted(len(shape) - 1), (shape,)))(law)
    law()


def kept(draw: Case, batch: int) -> tuple[tuple[int, ...], bool, int, bool]:
    """The inputs that autograd keeps, whether it keeps the output, how many float32 besides, and whether that is a view."""
    module = build(draw).train()
    given = [
        tensor.requires_grad_() * 1 if tensor.is_floating_point() else tensor for tensor in tensors(draw, batch=batch)
    ]
    found, result = allocations.kept(module, given)
    out = result.untyped_storage().data_ptr()
    places = [tensor.untyped_storage().data_ptr() for tensor in given]
    more = [size for place, size in found.items() if place not in {*places, out}]
    kept = tuple(number for number, place in enumerate(places) if place in found)
    return kept, out in found and out not in places, sum(more) // 4, out in places


# The operators whose windows do not say what each place of the output sees.
BEYOND_WINDOWS = {
    "learned": "it sees the size of the batch alone",
    "step": "it gives a number for what is none, by which the law looks",
    "unpool": "the values say where",
}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BEYOND_WINDOWS])
def test_a_window_is_what_each_place_sees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from the edges and at them: a pixel that is no number makes those places none that have it in their window."""
    looked, passed_over = [], []
    if name == "lcn":  # whose divisor is at least the mean over the map, which its window leaves aside
        monkeypatch.setattr(torch, "maximum", lambda own, mean: own)

    @profile(30 if ops.find(name).geometry.kernel else 10)
    @given(cases(name))
    def law(draw: Case) -> None:
        op, inputs = draw
        if not fits(draw) or prod(inputs[0]) > 1500:
            return
        window, out = op.window(inputs), op.shape(inputs)
        if window is None or min(len(out), len(inputs[0])) < 2 or len(out) != len(inputs[0]):
            return
        found = seen(draw)
        if found is None or by_another_rule(draw):
            passed_over.append(draw)
            return
        axes = []
        for axis, (n, m) in enumerate(zip(inputs[0][1:], out[1:], strict=True)):
            sees = torch.zeros(n, m, dtype=torch.bool)
            for place, tap in itertools.product(range(m), range(window.kernel[axis])):
                at = place * window.stride[axis] - window.pad[axis] + tap * window.dilation[axis]
                pixel, between = divmod(at, window.upscale[axis])
                if 0 <= pixel < n and not (between and name == "upconv"):  # which puts zeros between the pixels
                    sees[pixel, place] = True
            axes.append(sees)
        expected = axes[0]
        for sees in axes[1:]:
            expected = (expected[:, None, ..., None] & sees[:, *[None] * (expected.dim() - 1)]).flatten(0, 1)
        assert (found == expected).all()
        looked.append(draw)

    law()
    assert looked or not passed_over


def seen(draw: Case) -> torch.Tensor | None:
    """For each pixel of the first input, which places of the output it reaches; None where these are numbers for none."""
    pixels = prod(draw.inputs[0][1:])
    given = [tensor.abs().repeat(pixels + 1, *[1] * (tensor.dim() - 1)) for tensor in tensors(draw, batch=1)]
    for pixel in range(pixels):
        given[0].flatten(2)[pixel, :, pixel] = math.nan
    with torch.no_grad():
        none = build(draw).eval()(*given).isnan().any(1)
    return None if none[-1].any() else none[:-1]


def by_another_rule(draw: Case) -> bool:
    """Whether a window is only about what is seen: rows that go round or are mirrored, sizes that do not divide each other."""
    op, inputs = draw
    arguments = op.model_dump()
    sizes = list(zip(inputs[0][1:], op.shape(inputs)[1:], strict=True))
    return (
        arguments.get("mode") in ("circular", "reflect", "replicate")
        or arguments.get("order") == "darknet"
        or arguments.get("running") is False
        or arguments.get("beta") == 0
        or bool(arguments.get("align_corners"))
        or (op.name == "upsample" and any(max(pair) % min(pair) for pair in sizes))
        or (op.name in ("avgpool", "maxpool") and arguments["to"] is not None and any(n % m for n, m in sizes))
    )


@pytest.mark.parametrize("name", NAMES)
def test_script_and_export(name: str) -> None:
    seen: set[str] = set()

    @profile(80 if ops.find(name).geometry.kernel else 12)
    @given(cases(name))
    def law(draw: Case) -> None:
        op, inputs = draw
        try:
            op.shape(inputs)
        except OpError:
            return
        made = op.torch(inputs)
        kind = made.module.function if made.module else "join"
        if kind in seen:
            return
        module, given = build(draw).eval(), tensors(draw)
        with torch.no_grad():
            expected = module(*given)
            torch.testing.assert_close(torch.jit.script(module)(*given), expected, equal_nan=True)
            exported = torch.export.export(module, tuple(given)).module()
            torch.testing.assert_close(exported(*given), expected, equal_nan=True)
        seen.add(kind)

    law()
    assert seen


@pytest.mark.parametrize("name", NAMES)
def test_json_and_notation(name: str) -> None:
    cls = ops.find(name)

    @profile(25 if cls.model_fields else 1)
    @given(cases(name))
    def law(draw: Case) -> None:
        op = draw.op
        assert cls.model_validate(json.loads(json.dumps(op.model_dump(mode="json", by_alias=True)))) == op
        shown = op.model_dump(by_alias=True)
        assert cls.model_validate(shown) == op
        for key, info in cls.model_fields.items():  # those added later are not there where they say nothing
            assert ((info.alias or key) in shown) == (info.exclude_if is None or getattr(op, key) != info.default)
        assert hash(op) == hash(op.model_copy())
        rank = len(draw.inputs[0]) - 1 or 2
        unwritten = {key: getattr(op, key) for key in hidden(cls)}
        again = read(notation(op)).model_copy(update=unwritten)
        assert again.fitted(rank) == op.fitted(rank), notation(op)

    law()


@pytest.mark.parametrize("name", [name for name in NAMES if ops.find(name).reaching is not ops.Operator.reaching])
def test_the_fields_that_reach_channels_make_as_many(name: str) -> None:
    held = []

    @profile(60)
    @given(cases(name), st.integers(0, 5))
    def law(draw: Case, more: int) -> None:
        op, inputs = draw
        into = inputs[0][0]
        try:
            found = op.model_validate({**op.model_dump(by_alias=True), **op.reaching(into, into + more)}).shape(inputs)
        except (OpError, ValidationError):
            return
        assert found[0] == into + more
        held.append(more)

    law()
    assert any(held)


WORDS = ("same", "valid", "tf", "chw", "darknet", "nearest", "bilinear", "area", "constant", "reflect", "mean", "max")
WORDS += (
    "in_proj",
    "qkv",
    "channel",
    "sinusoid",
    "learned",
    "zeros",
    "normal",
    "kaiming_normal",
    "none",
    "one",
    "fan_in",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_choices_of_an_argument_are_the_words_that_it_takes(name: str) -> None:
    cls = ops.find(name)
    for argument in (info.alias or key for key, info in cls.model_fields.items()):
        listed = choices(cls, argument)
        for word in {*WORDS, *listed}:
            given = {"name": word, "std": 1.0} if word == "normal" and "normal" in listed else word
            try:
                cls.model_validate({argument: given})
                refused = []
            except ValidationError as problem:
                refused = [error for error in problem.errors() if error["loc"][:1] == (argument,)]
            missing = any(
                "needs `" in str(error["msg"]) for error in refused
            )  # a way to draw weights, without its numbers
            assert (word in listed) == (not refused or missing), (argument, word)


@pytest.mark.parametrize("name", NAMES)
def test_reference(name: str) -> None:
    page = reference(ops.find(name))
    assert page.summary.endswith((".", "!"))
    assert page.details
    parts = ops.find(name).geometry
    assert re.fullmatch(rf"{name}( K)?(-C|-N)?(/S)?", page.geometry)
    assert (" K" in page.geometry, "-" in page.geometry, "/S" in page.geometry) == tuple(map(bool, parts))
    assert ("-C" in page.geometry) == (parts.out == "channels" and parts.kernel is not None)
    infos = [info for key, info in ops.find(name).model_fields.items() if key not in hidden(ops.find(name))]
    assert [each.default is None for each in page.parameters] == [info.is_required() for info in infos]
    for parameter in page.parameters:
        assert parameter.description, f"{name}({parameter.name}) has no description"
        assert parameter.type and "a value" not in parameter.type
    cls = ops.find(name)
    schema = schema_of(cls)
    names = [info.alias or key for key, info in cls.model_fields.items()]
    assert names == list(schema.get("properties", {}))
    assert [field(cls, each) for each in names] == list(cls.model_fields.values())
    assert all(schema["properties"][each]["description"] for each in names)
    assert cls.__module__ == f"netdsl.ops.{name}"
    assert ops.resolve(name) == (name, None)
    for alias in cls.aliases:
        assert ops.resolve(alias) == (name, None), alias
        assert alias == alias.lower()


def test_aliases_are_unambiguous() -> None:
    aliases = [alias for name in NAMES for alias in ops.find(name).aliases]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(NAMES)


def test_source_is_plain(name: str = "conv") -> None:
    op = ops.find("conv").model_validate({"kernel": 7, "channels": 64, "stride": 2, "bias": False}).fitted(2)
    assert "nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)" in source(Case(op, ((3, 224, 224),)))


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("conv3-4/2", "nn.Conv2d"),
        ("conv3-4(ceil=true)", "nn.Conv2d"),
        ("conv3-4/2(ceil=true)", "PaddedConv2d"),
        ("conv3-4/2(pad=tf)", "Conv2dSame"),
        ("dwconv3", "nn.Conv2d"),
    ],
)
def test_a_convolution_is_pytorchs_own_where_that_pads_alike(text: str, called: str) -> None:
    made = read(text).fitted(2).torch(((4, 7, 7),))
    assert made.module is not None and made.module.function == called
    assert bool(made.definitions) == (not called.startswith("nn."))


@pytest.mark.parametrize(("plane", "called"), [((8,), "Crop1d"), ((8, 8), "Crop"), ((8, 8, 8), "Crop3d")])
def test_a_class_for_planes_is_named_without_its_rank(plane: tuple[int, ...], called: str) -> None:
    (text,) = read("crop(1)").fitted(len(plane)).torch(((2, *plane),)).definitions
    assert text.startswith(f"class {called}(")


@pytest.mark.parametrize(
    ("window", "count"), [((4,), "2 * window[0] - 1"), ((4, 4), "(2 * window[0] - 1) * (2 * window[1] - 1)")]
)
def test_a_class_has_no_parentheses_around_a_whole_value(window: tuple[int, ...], count: str) -> None:
    op = ops.find("attention").model_validate({"heads": 2, "window": window, "relative_bias": True})
    (text,) = op.torch(((4, *[8] * len(window)),)).definitions
    assert f"distances = {count}\n" in text


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_class_that_pads_takes_two_sides_for_each_dimension(rank: int) -> None:
    (text,) = read("conv3-4/2(ceil=true)").fitted(rank).torch(((3, *[9] * rank),)).definitions
    assert f"sides: tuple[{', '.join(['int', 'int'] * rank)}]," in text


# What an argument takes and how it is written -------------------------------------------------------------------------


class Plain(ops.Operator):
    """An operator with arguments that have no words of their own."""

    few: Annotated[int, Field(ge=2)] | None = None
    order: Literal["rows", "columns"] | None = None
    side: Literal["left"] = "left"


@pytest.mark.parametrize(
    ("cls", "argument", "words"),
    [
        (Plain, "few", "an integer or none"),
        (Plain, "order", "rows, columns or none"),
        (Plain, "side", "left"),
        (ops.find("conv"), "kernel", "an integer of at least 1, or one for each dimension, as 1x7"),
        (ops.find("avgpool"), "kernel", "an integer of at least 1, or one for each dimension, as 1x7, or none"),
        (ops.find("attention"), "layout", "in_proj, qkv or separate"),
        (ops.find("dropout"), "per", "value or channel"),
        (ops.find("slice"), "from", "an integer of at least 0"),
    ],
)
def test_what_an_argument_takes_in_words(cls: type[ops.Operator], argument: str, words: str) -> None:
    assert type_in_words(cls, argument) == words


@pytest.mark.parametrize("number", ["1e15", "100000000000000", "1.5e300", "0.001", "9e-4", "-0.25"])
def test_a_number_is_written_as_short_as_it_goes(number: str) -> None:
    op = ops.find("scale").model_validate({"init": float(number)})
    assert notation(op) == f"scale(init={number})"


@pytest.mark.parametrize(
    ("text", "rank", "shown"),
    [
        ("conv3-4(pad=1x2)", 3, "pad` (=1x2)"),
        ("conv3-4(pad=1x2x3)", 2, "pad` (=1x2x3)"),
        ("conv3-4(pad=[1, 2, 3, 4])", 3, "pad` (=[1, 2, 3, 4])"),
        ("upconv3-4(pad=[1, 2, 3, 4])", 3, "pad` (=[1, 2, 3, 4])"),
        ("conv3x2-4", 3, "kernel` (=3x2)"),
    ],
)
def test_sizes_for_another_rank_are_shown_as_they_are_written(text: str, rank: int, shown: str) -> None:
    parts = shown.count("x") + shown.count(",") + 1
    with pytest.raises(OpError, match=re.escape(f"`{shown} of `")) as found:
        read(text).fitted(rank)
    assert f"has {parts} parts; the map has {rank} dimension" in found.value.message


@pytest.mark.parametrize("text", ["crop({})", "pad({})", "conv3-4(pad={})", "upconv7-4(pad={})"])
@pytest.mark.parametrize("sides", [(1, 2), (1, 2, 3, 0), (1, 2, 3, 0, 1, 1)])
def test_two_sides_for_each_dimension_stay_as_they_are(text: str, sides: tuple[int, ...]) -> None:
    op = read(text.format(list(sides)))
    assert op.fitted(len(sides) // 2).model_dump() == {**op.model_dump(), **written_out(op, len(sides) // 2)}


def written_out(op: ops.Operator, rank: int) -> dict[str, tuple[int, ...]]:
    """The sizes of an operator that are one number, for each dimension."""
    sizes = {key: getattr(op, key) for key in dimensional(type(op))}
    return {key: each * rank for key, each in sizes.items() if isinstance(each, tuple) and len(each) == 1}


# What is asked of inputs ----------------------------------------------------------------------------------------------


def test_a_dimension_may_be_as_large_as_the_limit_and_no_larger() -> None:
    op = ops.find("flatten")()
    assert op.shape(((2**31 - 1, 1, 1),)) == (2**31 - 1,)
    with pytest.raises(OpError, match=r"at most 2\^31-1"):
        op.shape(((2**30, 2, 1),))


@pytest.mark.parametrize(
    ("branches", "listed"),
    [
        (2, "8x1x1 and 8x2x2"),
        (6, "8x1x1, 8x2x2, 8x3x3, 8x4x4, 8x5x5 and 8x6x6"),
        (7, "8x1x1, 8x2x2, 8x3x3, 8x4x4, 8x5x5, 8x6x6 and 1 more"),
        (8, "8x1x1, 8x2x2, 8x3x3, 8x4x4, 8x5x5, 8x6x6 and 2 more"),
    ],
)
def test_of_many_branches_that_do_not_fit_the_first_six_are_listed(branches: int, listed: str) -> None:
    with pytest.raises(OpError) as found:
        ops.find("concat")().shape(tuple((8, size, size) for size in range(1, branches + 1)))
    assert f" {listed};" in found.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv5-4(pad=0)", "the kernel 5x5 of `conv` is larger than the 3x3 input"),
        ("conv5-4(pad=[1, 0, 0, 0])", "the kernel 5x5 of `conv` is larger than the 4x3 input with its padding"),
        ("maxpool3/1(pad=[0, 3, 0, 0])", "the padding [0, 3, 0, 0] of `maxpool` must be smaller than its window 3x3"),
        ("avgpool3/1(pad=3)", "the padding 3 of `avgpool` must be smaller than its window 3x3"),
    ],
)
def test_a_refusal_tells_the_padding_where_there_is_some(text: str, message: str) -> None:
    with pytest.raises(OpError) as found:
        read(text).fitted(2).shape(((2, 3, 3),))
    assert found.value.message.partition(":")[0] == message


@pytest.mark.parametrize("bias", [True, "1", (1.0,), None])
def test_the_bias_of_a_recipe_must_be_a_number(bias: object) -> None:
    assert draws(Setting(name="by", kwargs={"bias": 1})).bias == 1
    with pytest.raises(ValueError, match="`bias` of `by` must be a number"):
        draws(Setting(name="by", kwargs={"bias": bias}))


@pytest.mark.parametrize(
    ("way", "counts"),
    [
        ("uniform", True),
        ("uniform(a=-0.1, b=0.1)", False),
        ("normal(std=0.01)", False),
        ("normal(std=0.01, per=channel)", True),
        ("kaiming_normal", True),
        ("zeros", False),
    ],
)
def test_what_has_no_matrix_takes_no_way_that_counts_the_inputs_of_a_unit(way: str, counts: bool) -> None:
    for text in (f"local3-4(init={way})", f"conv3-2(init={way}, connect=[[0, 1], [1]])"):
        if counts:
            with pytest.raises(ValidationError, match="`init="):
                read(text)
        else:
            assert read(text)


@pytest.mark.parametrize(
    ("text", "message", "way_out"),
    [
        ("conv5-4(pad=0)", "the kernel 5x5 of `conv` is larger", "a kernel of at most 3x3, or more padding"),
        (
            "conv5-4(pad=0, dilation=2)",
            "the kernel 5x5 of `conv`, dilated to 9x9, is larger",
            "a kernel of at most 2x2 or a smaller dilation, or more padding",
        ),
    ],
)
def test_a_smaller_dilation_is_a_way_out_where_there_is_one(text: str, message: str, way_out: str) -> None:
    with pytest.raises(OpError) as found:
        read(text).fitted(2).shape(((2, 3, 3),))
    assert found.value.message.startswith(message) and found.value.help == way_out


def test_one_number_is_the_bound_of_a_uniform_way_on_both_sides() -> None:
    for bound in (0.05, -0.05):
        init = parse({"name": "uniform", "a": bound})
        assert (init.a, init.b) == (-0.05, 0.05)


@pytest.mark.parametrize(("a", "b", "fits"), [(-1.0, 1.0, True), (1.0, 1.0, False), (2.0, 1.0, False)])
def test_a_truncated_normal_needs_room_between_its_bounds(a: float, b: float, fits: bool) -> None:
    way = {"name": "trunc_normal", "std": 0.1, "a": a, "b": b}
    if fits:
        assert (parse(way).a, parse(way).b) == (a, b)
    else:
        with pytest.raises(ValueError, match="must be below `b`"):
            parse(way)


# Windows that adapt ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["avgpool", "maxpool"])
def test_the_window_of_a_pooling_to_a_size_is_the_largest_that_a_place_sees(name: str) -> None:
    for n, m in itertools.product(range(1, 13), range(1, 15)):
        window = ops.find(name).model_validate({"to": m}).fitted(1).window(((3, n),))
        sees = torch.nn.functional.adaptive_avg_pool1d(torch.eye(n), m) > 0
        assert (window is None) == (m == 1)
        if window is not None:
            assert window.kernel == (int(sees.sum(0).max()),)
            assert window.stride == (max(n // m, 1),)


@pytest.mark.parametrize("name", ["avgpool", "maxpool"])
def test_a_pooling_to_a_size_that_divides_the_map_is_one_by_windows(name: str) -> None:
    op, by_windows = (read(name + text).fitted(2) for text in ("(to=2x3)", "2x3"))
    assert op.canonical(((5, 4, 9),)) == by_windows.canonical(((5, 4, 9),))
    assert op.canonical(((5, 4, 10),)) == op
    assert op.canonical(((5, 5, 9),)) == op


@pytest.mark.parametrize(("size", "kept"), [(8, False), (9, True)])
def test_rounding_up_is_kept_where_it_changes_the_size(size: int, kept: bool) -> None:
    canonical = read("maxpool2/2(ceil=true)").fitted(2).canonical(((3, size, size),))
    assert canonical.model_dump()["ceil"] is kept
    assert canonical == read(f"maxpool2/2(ceil={'true' if kept else 'false'})").fitted(2).canonical(((3, size, size),))
    assert not read("maxpool2/2").fitted(2).canonical(((3, size, size),)).model_dump()["ceil"]


# A small reader of the notation, on its own, so that this file needs no other part of the compiler --------------------


def read(text: str) -> ops.Operator:
    head, _, rest = text.partition("(")
    match = re.fullmatch(r"(.*?)(?:-(\d+))?(?:/(\d+(?:x\d+)*))?", head)
    assert match
    name, kernel = ops.resolve(match[1]) or ("", None)
    cls = ops.find(name)
    parts = cls.geometry
    found = {}
    for key, written in ((parts.kernel, kernel), (parts.out, match[2]), (parts.stride, match[3])):
        if written is not None:
            assert key is not None
            found[key] = _value(written)
    names = [info.alias or key for key, info in cls.model_fields.items()]
    for index, argument in enumerate(_split(rest[:-1])):
        key, equals, written = argument.partition("=")
        if not equals or "(" in key:
            key, written = names[index], argument
        found[key.strip()] = _value(written)
    return cls.model_validate(found)


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text + ","):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [part for part in parts if part]


def _value(text: str) -> object:
    text = text.strip()
    if re.fullmatch(r"\d+(x\d+)+", text):
        return tuple(map(int, text.split("x")))
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?[\d.]+(e-?\d+)?", text):
        return float(text)
    if text.endswith("%"):
        return float(text[:-1]) / 100
    if text.startswith("["):
        return tuple(_value(part) for part in _split(text[1:-1]))
    if text in ("true", "false", "none"):
        return {"true": True, "false": False, "none": None}[text]
    if text.endswith(")"):
        name, _, rest = text.partition("(")
        pairs = (part.partition("=") for part in _split(rest[:-1]))
        return {"name": name, **{key: _value(value) for key, _, value in pairs}}
    return text
