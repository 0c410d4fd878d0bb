"""The values that the operators compute, against formulas written down independently; and their refusals."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from ops_source import build, source, text
from pydantic import ValidationError
from torch import Tensor, nn

import netdsl
from netdsl import ops
from netdsl.ir import Setting
from netdsl.ops import Operator
from netdsl.ops.shared.base import dimensional
from netdsl.ops.shared.init import INITS, parse, statements
from netdsl.ops.shared.notation import notation, number, percent
from netdsl.passes.training_memory import training
from netdsl.testing import allocations
from netdsl.testing.cases import Case
from netdsl.text.diagnostics import OpError

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated"),
    pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean"),
]

# LeNet-5, LeCun et al. 1998, Table I: the input maps of each of the 16 maps of C3
C3 = [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5], [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5],
    [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5], [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5],
]  # fmt: skip


def make(name: str, rank: int = 2, **arguments: Any) -> Operator:
    """An operator for maps of `rank` dimensions."""
    return ops.find(name).model_validate(arguments).fitted(rank)


def module(op: Operator, *shapes: tuple[int, ...]) -> nn.Module:
    torch.manual_seed(0)
    return build(Case(op, shapes))


def apply(op: Operator, *inputs: Tensor) -> Tensor:
    shapes = tuple(tuple(x.shape[1:]) for x in inputs)
    made = module(op, *shapes).eval()
    assert op.shape(shapes) == tuple(made(*inputs).shape[1:])
    out: Tensor = made(*inputs).detach()
    return out


def x(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def count(op: Operator, shape: tuple[int, ...], trainable: bool = True) -> int:
    return sum(math.prod(w.shape) for w in op.weights((shape,)).values() if not w.buffer and w.trainable == trainable)


# Convolutions ---------------------------------------------------------------------------------------------------------


def test_lenet_c3_is_a_dense_convolution_with_zeros() -> None:
    op = make("conv", kernel=5, channels=16, pad="valid", connect=C3)
    assert count(op, (6, 14, 14)) == 1516
    assert op.macs(((6, 14, 14),)) == 60 * 25 * 100
    assert op.macs(((6, 14, 14),)) + 16 * 100 == 151_600  # the connections that the paper counts, biases included
    sparse: Any = module(op, (6, 14, 14))
    dense = torch.zeros(16, 6, 5, 5)
    links = [(o, i) for o, maps in enumerate(C3) for i in maps]
    for weight, (o, i) in zip(sparse.weight.detach(), links, strict=True):
        dense[o, i] = weight[0]
    torch.testing.assert_close(
        sparse(x(2, 6, 14, 14)), F.conv2d(x(2, 6, 14, 14), dense, sparse.bias), rtol=1e-4, atol=1e-5
    )


def test_a_table_of_connections_is_one_filter_for_each_link_also_in_its_gradients() -> None:
    op = make("conv", kernel=5, channels=16, pad="valid", connect=C3)
    made: Any = module(op, (6, 14, 14)).double()  # type: ignore[union-attr]
    ours, theirs = (x(2, 6, 14, 14).double().requires_grad_() for _ in range(2))
    weight, bias = (each.detach().clone().requires_grad_() for each in (made.weight, made.bias))
    links = [(o, i) for o, maps in enumerate(C3) for i in maps]
    parts = [F.conv2d(theirs[:, i : i + 1], filter_[None]) for filter_, (_, i) in zip(weight, links, strict=True)]
    apart = torch.cat(
        [bias[o] + sum(p for p, (to, _) in zip(parts, links, strict=True) if to == o) for o in range(16)], 1
    )
    torch.testing.assert_close(made(ours), apart)
    toward = torch.randn(apart.shape, generator=torch.Generator().manual_seed(2)).double()
    (made(ours) * toward).sum().backward()
    (apart * toward).sum().backward()
    for one, other in ((ours, theirs), (made.weight, weight), (made.bias, bias)):
        torch.testing.assert_close(one.grad, other.grad)


def test_lenet_c3_draws_each_map_by_its_own_fan_in() -> None:
    op = make("conv", kernel=5, channels=16, pad=0, connect=C3, init="lecun", bias_init=0.5)
    made: Any = module(op, (6, 14, 14))
    weight = made.weight.detach()
    assert (made.bias == 0.5).all()
    bounds = torch.tensor([2.4 / (len(maps) * 25) for maps in C3 for _ in maps]).view(-1, 1, 1, 1)
    assert (weight.abs() <= bounds).all()
    assert weight[-1].abs().max() > 0.8 * bounds[-1]
    with pytest.raises(ValidationError, match="`init=kaiming_normal` needs one number of inputs"):
        make("conv", kernel=5, channels=16, connect=C3, init="he")


@pytest.mark.parametrize("size", [(7, 7), (8, 9), (13, 4), (1, 2), (224, 224)])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [((3, 3), 2, 1), ((2, 5), 3, 1), ((3, 3), (2, 1), 2), ((1, 1), 2, 1)]
)
def test_tf_padding_gives_ceil_of_n_over_s(size: tuple[int, int], kernel: Any, stride: Any, dilation: int) -> None:
    op = make("conv", kernel=kernel, channels=3, stride=stride, pad="tf", dilation=dilation)
    value = x(1, 2, *size)
    made: Any = module(op, (2, *size))
    got = made(value)
    pairs = list(zip(size, op.stride, op.kernel, strict=True))  # type: ignore[attr-defined]
    assert got.shape[2:] == tuple(-(-n // s) for n, s, _ in pairs)
    totals = [max((-(-n // s) - 1) * s + (k - 1) * dilation + 1 - n, 0) for n, s, k in pairs]
    (y, z) = totals
    padded = F.pad(value, [z // 2, z - z // 2, y // 2, y - y // 2])
    torch.testing.assert_close(got, F.conv2d(padded, made.weight, made.bias, op.stride, 0, dilation))  # type: ignore[attr-defined]


def test_ceil_rounds_up_as_cuda_convnet() -> None:
    op = make("conv", kernel=3, channels=2, stride=2, pad=0, ceil=True)
    for n in range(2, 12):
        made: Any = module(op, (1, n, n))
        want = 1 + math.ceil((n - 3) / 2)
        assert made(x(1, 1, n, n)).shape[2:] == (want, want) == op.shape(((1, n, n),))[1:]
        missing = (want - 1) * 2 + 3 - n
        padded = F.pad(x(1, 1, n, n), [0, missing, 0, missing])
        torch.testing.assert_close(made(x(1, 1, n, n)), F.conv2d(padded, made.weight, made.bias, 2))


def test_asymmetric_padding() -> None:
    op = make("conv", kernel=3, channels=2, stride=2, pad=(0, 1, 2, 1))
    made: Any = module(op, (1, 8, 8))
    expected = F.conv2d(F.pad(x(1, 1, 8, 8), [2, 1, 0, 1]), made.weight, made.bias, 2)
    torch.testing.assert_close(made(x(1, 1, 8, 8)), expected)


def test_dwconv_has_one_filter_a_channel() -> None:
    op = make("dwconv", kernel=3, mult=2, bias=False)
    made: Any = module(op, (3, 6, 6))
    each = [F.conv2d(x(1, 3, 6, 6)[:, i : i + 1], made.weight[2 * i : 2 * i + 2], padding=1) for i in range(3)]
    torch.testing.assert_close(made(x(1, 3, 6, 6)), torch.cat(each, 1))
    assert op.macs(((3, 6, 6),)) == 6 * 36 * 9


# Pooling --------------------------------------------------------------------------------------------------------------


def windows(value: Tensor, op: Any) -> list[tuple[Tensor, int]]:
    """For each output place, by definition: the pixels its window sees, and how many of its taps lie in map or padding."""
    sizes = value.shape[2:]
    slide = op.slide(len(sizes))
    sides = slide.sides(*sizes)
    found = []
    for place in itertools.product(*map(range, op.shape((tuple(value.shape[1:]),))[1:])):
        inside, area = [], 0
        for tap in itertools.product(*map(range, slide.kernel)):
            at = [
                p * s - b + t * d
                for p, s, b, t, d in zip(place, slide.stride, sides[::2], tap, slide.dilation, strict=True)
            ]
            area += all(-b <= y < n + a for y, n, b, a in zip(at, sizes, sides[::2], sides[1::2], strict=True))
            if all(0 <= y < n for y, n in zip(at, sizes, strict=True)):
                inside.append(value[(0, slice(None), *at)])
        found.append((torch.stack(inside, 1) if inside else value.new_full((value.shape[1], 1), -math.inf), area))
    return found


PADS: dict[int, list[Any]] = {
    1: [0, 1, "same", "tf", [0, 1], [2, 0]],
    2: [0, 1, "same", "tf", (0, 1, 1, 0), (2, 2, 2, 2), (0, 2, 0, 1)],
    3: [1, "same", "tf", [0, 1, 1, 0, 2, 1]],
}


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize(("rank", "pad"), [(rank, pad) for rank, pads in PADS.items() for pad in pads])
def test_pooling_by_definition(rank: int, pad: Any, ceil: bool) -> None:
    if pad == "tf" and ceil:
        pytest.skip("tf rounds by itself")
    kernels = [(3,) * rank] + [(3, 5)] * (rank == 2) + [(5,)] * (rank == 1)
    lengths = [5, 6, 8] if rank < 3 else [4]
    for kernel, stride, n in itertools.product(kernels, [1, 2, 3] if rank < 3 else [2], lengths):
        value = x(1, 2, *(n + axis % 2 for axis in range(rank)))
        for dilation in (1, 2):
            most: Any = make("maxpool", rank, kernel=kernel, stride=stride, pad=pad, ceil=ceil, dilation=dilation)
            try:
                most.shape((tuple(value.shape[1:]),))
            except OpError as problem:  # larger than the map
                assert dilation == 2, problem.message
                continue
            expected = torch.stack([window.amax(1) for window, _ in windows(value, most)], 1)
            torch.testing.assert_close(apply(most, value)[0].flatten(1), expected)
        dilated: list[tuple[bool | None, int | None]] = [(True, 2), (False, 2)] if stride == 2 and not ceil else []
        for counts, dilation in ((True, None), (False, None), (None, None), *dilated):
            given = {
                "kernel": kernel,
                "stride": stride,
                "pad": pad,
                "ceil": ceil,
                "count_pad": counts,
                "dilation": dilation,
            }
            mean: Any = make("avgpool", rank, **given)
            try:
                mean.shape((tuple(value.shape[1:]),))
            except OpError as problem:  # larger than the map, or the padding is TensorFlow's
                assert dilation == 2, problem.message
                continue
            counted = pad != "tf" if counts is None else counts
            values = [each.sum(1) / (area if counted else each.shape[1]) for each, area in windows(value, mean)]
            torch.testing.assert_close(apply(mean, value)[0].flatten(1), torch.stack(values, 1), equal_nan=True)


@pytest.mark.parametrize("name", ["avgpool", "maxpool"])
@pytest.mark.parametrize(
    "more", [{}, {"stride": 1}, {"stride": 1, "pad": "tf", "dilation": 2}, {"pad": 1, "ceil": True}]
)
def test_a_pooling_without_a_window_takes_two_pixels_of_each_dimension(name: str, more: dict[str, Any]) -> None:
    for rank in (1, 2, 3):
        shapes = ((3, *(7, 8, 5)[:rank]),)
        left_out, written_out = make(name, rank, **more), make(name, rank, kernel=2, **more)
        assert left_out.shape(shapes) == written_out.shape(shapes)
        assert left_out.canonical(shapes) == written_out.canonical(shapes)


def test_a_mean_over_a_clip_is_built_for_clips_as_large_as_its_window_or_for_smaller_ones() -> None:
    """Unless it gives a size: PyTorch refuses a clip that is smaller than the window, whatever the padding."""
    small, large, larger = (((3, frames, 4, 4),) for frames in (2, 3, 4))
    sliding, adaptive = make("avgpool", 3, kernel=3, pad=1), make("avgpool", 3, to=2)
    assert sliding.built(small) != sliding.built(large) == sliding.built(larger)
    assert adaptive.built(((3, 1, 1, 1),)) == adaptive.built(larger)


def _lifted(op: Operator) -> Operator:
    """The operator that does on maps with one more dimension, of size 1 in front, what `op` does."""
    changes: dict[str, Any] = {}
    for key, mark in dimensional(type(op)).items():
        sizes = getattr(op, key)
        if isinstance(sizes, tuple):
            rest = 0 if key in ("pad", "out_pad", "sides", "shift") else 1
            double = mark.each == 2 or (mark.sides and len(sizes) > len(op.kernel))  # type: ignore[attr-defined]
            changes[key] = (rest,) * (2 if double else 1) + sizes
    return op.model_copy(update=changes)


SIGNALS: list[tuple[str, dict[str, Any]]] = [
    ("conv", {"kernel": 3, "channels": 4, "stride": 2, "pad": "tf"}),
    ("conv", {"kernel": 3, "channels": 4, "dilation": 2, "groups": 2, "standardize": True}),
    ("conv", {"kernel": 4, "channels": 4, "stride": 3, "pad": 1, "ceil": True}),
    ("conv", {"kernel": 3, "channels": 4, "pad": "tf", "stride": 2, "standardize": True}),
    ("conv", {"kernel": 3, "channels": 2, "connect": [[0, 1], [3]], "pad": 0}),
    ("dwconv", {"kernel": 5, "mult": 2, "stride": 2}),
    ("upconv", {"kernel": 3, "channels": 2, "stride": 2, "pad": "same"}),
    ("upconv", {"kernel": 4, "channels": 2, "stride": 3, "pad": "tf"}),
    ("upconv", {"kernel": 3, "channels": 2, "stride": 2, "pad": 1, "out_pad": 1}),
    ("local", {"kernel": 3, "channels": 4, "stride": 2, "pad": 1}),
    ("maxpool", {"kernel": 3, "stride": 2, "pad": 1, "ceil": True}),
    ("avgpool", {"kernel": 3, "stride": 2, "pad": "tf"}),
    ("avgpool", {"kernel": 2, "dilation": 2, "pad": 1}),
    ("avgpool", {"to": 3}),
    ("gap", {}),
    ("gmp", {}),
    ("subsample", {"kernel": 2}),
    ("pad", {"sides": 2, "mode": "reflect"}),
    ("pad", {"sides": 1, "channels": (1, 2), "value": 3.0}),
    ("crop", {"sides": 1}),
    ("crop", {"to": 4}),
    ("upsample", {"factor": 2}),
    ("upsample", {"factor": [1.5], "mode": "linear"}),
    ("upsample", {"to": 5, "mode": "area"}),
    ("bn", {}),
    ("ln", {"offset": False}),
    ("gn", {"groups": 2}),
    ("lrn", {}),
    ("instancenorm", {"scale": True}),
    ("rmsnorm", {}),
    ("pointwise", {"channels": 3}),
    ("shuffle", {"groups": 2}),
    ("attention", {"heads": 2}),
    ("attention", {"heads": 2, "window": 4, "shift": 1, "relative_bias": True, "layout": "qkv"}),
]


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize(("name", "arguments"), SIGNALS)
def test_a_map_is_one_of_a_further_dimension_of_size_1(name: str, arguments: dict[str, Any], rank: int) -> None:
    """A signal is an image of one row, an image a clip of one frame: the same weights give the same values."""
    if name == "upsample" and rank == 2 and arguments.get("mode") == "area":
        arguments = {**arguments, "to": (5, 4)}
    op = make(name, rank, **arguments)
    value = x(2, 4, *(11, 9)[:rank])
    wide = _lifted(op)
    shapes = (tuple(value.shape[1:]), (4, 1, *value.shape[2:]))
    made, lifted = module(op, shapes[0]).eval(), module(wide, shapes[1]).eval()
    own = lifted.state_dict()
    lifted.load_state_dict({key: tensor.reshape(own[key].shape) for key, tensor in made.state_dict().items()})
    assert wide.macs((shapes[1],)) == op.macs((shapes[0],))
    torch.testing.assert_close(lifted(value[:, :, None])[:, :, 0], made(value), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_convolution_by_definition(rank: int) -> None:
    for stride, dilation, pad in itertools.product([1, 2], [1, 2], [0, "same", "tf"]):
        op: Any = make("conv", rank, kernel=3, channels=3, stride=stride, dilation=dilation, pad=pad)
        value = x(1, 2, *(6 + axis for axis in range(rank)))
        made: Any = module(op, tuple(value.shape[1:]))
        sides = op.slide.sides(*value.shape[2:])
        around = F.pad(
            value, [side for pair in reversed(list(zip(sides[::2], sides[1::2], strict=True))) for side in pair]
        )
        expected = []
        for place in itertools.product(*map(range, op.shape((tuple(value.shape[1:]),))[1:])):
            taps = [slice(p * stride, p * stride + 2 * dilation + 1, dilation) for p in place]
            expected.append(
                (made.weight * around[(0, None, slice(None), *taps)].expand_as(made.weight)).flatten(1).sum(1)
            )
        torch.testing.assert_close(
            made(value)[0].flatten(1), torch.stack(expected, 1) + made.bias[:, None], rtol=1e-4, atol=1e-5
        )


def test_ceil_pooling_is_pytorchs_and_caffes() -> None:
    for n, k, s, p, d in itertools.product(range(1, 15), (1, 2, 3, 4), (1, 2, 3, 5), (0, 1, 2), (1, 2)):
        if 2 * p > k:
            continue
        op = make("maxpool", kernel=k, stride=s, pad=p, ceil=True, dilation=d)
        reference = nn.MaxPool2d(k, s, p, d, ceil_mode=True)
        try:
            expected = tuple(reference(torch.zeros(1, 1, n, n)).shape[1:])
        except RuntimeError:
            with pytest.raises(OpError):
                op.shape(((1, n, n),))
            continue
        assert op.shape(((1, n, n),)) == expected, (n, k, s, p, d)


def test_subsample_is_lenets() -> None:
    op = make("subsample")
    assert count(op, (6, 28, 28)) == 12
    made: Any = module(op, (6, 28, 28))
    nn.init.normal_(made.weight)
    nn.init.normal_(made.bias)
    value = x(2, 6, 28, 28)
    sums = value[:, :, ::2, ::2] + value[:, :, 1::2, ::2] + value[:, :, ::2, 1::2] + value[:, :, 1::2, 1::2]
    expected = sums * made.weight[:, None, None] + made.bias[:, None, None]
    torch.testing.assert_close(made(value), expected)


def test_a_locally_connected_layer_sees_what_a_convolution_sees() -> None:
    for rank, pad in itertools.product((1, 2, 3), ("same", "tf", 0, 1)):
        given = {"kernel": 3, "channels": 2, "stride": 2, "pad": pad}
        shapes = ((4, *(7, 8, 5)[:rank]),)
        assert make("local", rank, **given).window(shapes) == make("conv", rank, **given).window(shapes)


def test_a_transposed_convolution_may_give_a_single_pixel() -> None:
    value = x(2, 3, 1, 2)
    op = make("upconv", kernel=3, channels=4, pad=1)
    made: Any = module(op, (3, 1, 2))
    torch.testing.assert_close(apply(op, value), F.conv_transpose2d(value, made.weight, made.bias, padding=1))


# Fully connected ------------------------------------------------------------------------------------------------------


def test_rbf_is_squared_distance_to_prototypes_of_signs() -> None:
    op = make("rbf", units=10, frozen=True)
    assert count(op, (84,), trainable=False) == 840
    made: Any = module(op, (84,))
    assert set(made.weight.unique().tolist()) == {-1.0, 1.0}
    assert not made.weight.requires_grad
    value = x(3, 84)
    expected = torch.stack([((value - row) ** 2).sum(1) for row in made.weight], 1)
    torch.testing.assert_close(made(value), expected)


# Normalization --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", [{}, {"alpha": 5e-4}, {"k": 1}, {"size": 4, "alpha": 0.5, "beta": 2}])
def test_lrn(op: dict[str, Any]) -> None:
    norm: Any = make("lrn", **op)
    value = x(2, 9, 3, 3) * 10
    expected = torch.empty_like(value)
    for i in range(9):  # PyTorch's window: size // 2 channels below, (size - 1) // 2 above
        near = value[:, max(0, i - norm.size // 2) : i + (norm.size - 1) // 2 + 1]
        expected[:, i] = value[:, i] / (norm.k + norm.alpha / norm.size * near.square().sum(1)) ** norm.beta
    torch.testing.assert_close(apply(norm, value), expected)


def test_lrn_of_the_paper_is_alpha_times_the_size() -> None:
    value = x(1, 8, 2, 2) * 20
    expected = torch.empty_like(value)
    for i in range(8):  # Krizhevsky et al. 2012, section 3.3, as printed
        near = value[:, max(0, i - 2) : min(7, i + 2) + 1]
        expected[:, i] = value[:, i] / (2 + 1e-4 * near.square().sum(1)) ** 0.75
    torch.testing.assert_close(apply(make("lrn", alpha=5e-4), value), expected)


def test_lcn_by_definition() -> None:
    value = x(2, 3, 7, 6)
    op = make("lcn", size=5)
    g = [math.exp(-(t**2) / (2 * 1.25**2)) for t in range(-2, 3)]

    def around(plane: Tensor) -> Tensor:
        out = torch.zeros(7, 6)
        for y, z in itertools.product(range(7), range(6)):
            total = weight = 0.0
            for a, b in itertools.product(range(-2, 3), repeat=2):
                if 0 <= y + a < 7 and 0 <= z + b < 6:
                    total += g[a + 2] * g[b + 2] * float(plane[:, y + a, z + b].mean())
                    weight += g[a + 2] * g[b + 2]
            out[y, z] = total / weight
        return out

    v = torch.stack([each - around(each) for each in value])
    s = torch.stack([around(each**2).sqrt() for each in v])[:, None]
    expected = v / torch.maximum(s, s.mean((2, 3), keepdim=True))  # each sample by itself
    torch.testing.assert_close(apply(op, value), expected, rtol=1e-4, atol=1e-5)
    assert torch.isfinite(apply(op, torch.ones(1, 3, 7, 6))).all()


def test_ln_of_a_map_is_over_its_channels() -> None:
    value = x(2, 8, 4, 5)
    expected = (value - value.mean(1, keepdim=True)) / (value.var(1, keepdim=True, correction=0) + 1e-6).sqrt()
    torch.testing.assert_close(apply(make("ln"), value), expected)


def test_rmsnorm_adds_eps_to_the_mean_of_the_squares() -> None:
    value = x(2, 5, 3, 3)
    for eps in (1e-6, 0.5):
        expected = value / (value.square().mean(1, keepdim=True) + eps).sqrt()
        torch.testing.assert_close(apply(make("rmsnorm", eps=eps), value), expected)


def test_the_widest_window_of_lcn_is_255_pixels() -> None:
    assert make("lcn", size=255).shape(((3, 4, 4),)) == (3, 4, 4)


@pytest.mark.parametrize(("name", "arguments"), [("bn", {}), ("attention", {"heads": 2, "relative_bias": True})])
def test_what_is_no_parameter_is_not_trained(name: str, arguments: dict[str, Any]) -> None:
    weights = make(name, **arguments).weights(((4, 3, 3),))
    made = module(make(name, **arguments), (4, 3, 3))
    assert {key for key, each in weights.items() if each.buffer} == set(dict(made.named_buffers())) != set()
    assert {key for key, each in weights.items() if each.trainable} == set(dict(made.named_parameters()))


def test_l2norm_divides_by_no_less_than_eps() -> None:
    value = x(2, 5, 3, 3) * torch.tensor([1e-7, 10.0])[:, None, None, None]
    for eps in (1e-12, 0.5):
        norm = make("l2norm", eps=eps)
        expected = value / value.square().sum(1, keepdim=True).sqrt().clamp(min=eps)
        torch.testing.assert_close(apply(norm, value), expected, rtol=1e-5, atol=0)


def test_lrn_needs_only_one_of_what_is_added_and_the_weight_of_the_squares() -> None:
    value = x(2, 5, 3, 3)
    torch.testing.assert_close(apply(make("lrn", size=1, k=0, alpha=1, beta=0.5), value), value.sign())
    torch.testing.assert_close(apply(make("lrn", k=4, alpha=0, beta=0.5), value), value / 2)


def test_a_clip_may_be_smaller_than_the_window_of_a_local_response_normalization() -> None:
    value = x(2, 3, 2, 1, 4)
    around = F.pad(value.square(), [1] * 6).unfold(2, 3, 1).unfold(3, 3, 1).unfold(4, 3, 1)
    expected = value / (1 + 0.5 * around.mean((5, 6, 7)))
    torch.testing.assert_close(apply(make("lrn", 3, size=3, alpha=0.5, beta=1, k=1, within=True), value), expected)


def test_what_a_local_response_normalization_takes_at_its_peak_is_predicted() -> None:
    for layer in ("lrn", "lrn(within=true)"):
        network = netdsl.loads(f"input 6x16x16\nconv1-6\n{layer}")
        measured = allocations.step(netdsl.build(network).train(), [torch.zeros(2, 6, 16, 16)])[1]
        assert training(network).peak(2) == pytest.approx(measured, rel=0.03)


def test_bn_without_scale_has_an_offset() -> None:
    made: Any = module(make("bn", scale=False, eps=1e-3), (4, 3, 3))
    made.bias.data.normal_()
    value = x(5, 4, 3, 3)
    mean, var = value.mean((0, 2, 3), keepdim=True), value.var((0, 2, 3), keepdim=True, correction=0)
    torch.testing.assert_close(made.train()(value), (value - mean) / (var + 1e-3).sqrt() + made.bias.view(1, -1, 1, 1))
    made.reset_parameters()
    assert list(made.state_dict()) == ["bias", "running_mean", "running_var", "num_batches_tracked"]


# Activations, regularization ------------------------------------------------------------------------------------------


def test_scaled_tanh_is_one_at_one() -> None:
    ones = torch.tensor([[1.0, -1.0]])
    torch.testing.assert_close(apply(make("scaled_tanh"), ones), ones, atol=1e-4, rtol=0)


def test_step_is_one_from_zero_on_and_has_zero_gradient() -> None:
    value = torch.tensor([[-2.0, -1e-30, -0.0, 0.0, 1e-30, 3.0, math.inf]], requires_grad=True)
    out = module(make("step"), (7,))(value)
    assert out.tolist() == [[0, 0, 1, 1, 1, 1, 1]]
    out.sum().backward()
    assert value.grad is not None
    assert not value.grad.any()


def test_droppath_drops_whole_samples_and_keeps_the_mean() -> None:
    made = module(make("droppath", p=0.25), (3, 2, 2)).train()
    out = made(torch.ones(4000, 3, 2, 2))
    each = out.flatten(1)
    assert (each == each[:, :1]).all()
    assert set(each[:, 0].tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert abs(float(each[:, 0].mean()) - 1) < 0.05
    assert (made.eval()(torch.ones(2, 3, 2, 2)) == 1).all()


# What a gradient needs ------------------------------------------------------------------------------------------------


def kept(op: Operator, shapes: tuple[tuple[int, ...], ...], batch: int) -> tuple[set[int], bool, int]:
    """What autograd keeps until the backward pass: which inputs, whether the output, and how many numbers besides (a
    place counts as two), weights left out."""
    made = module(op, *shapes).train()
    given = [torch.randn(batch, *shape, requires_grad=True) for shape in shapes]
    found, output = allocations.kept(made, given)
    inputs = {
        place for place, each in enumerate(given) if found.pop(each.untyped_storage().data_ptr(), None) is not None
    }
    whole = found.pop(output.untyped_storage().data_ptr(), None) is not None
    return inputs, whole, sum(found.values()) // 4


KEPT: list[tuple[str, dict[str, Any], list[tuple[int, ...]]]] = [
    ("avgpool", {"kernel": 3, "stride": 2, "pad": (0, 1, 1, 0)}, [(2, 7, 9)]),
    ("avgpool", {"kernel": 3, "stride": 2, "pad": "tf"}, [(2, 7, 8)]),
    ("maxpool", {"kernel": 3, "stride": 2, "pad": (0, 1, 1, 0), "ceil": True}, [(2, 8, 10)]),
    ("maxpool", {"kernel": 3, "stride": 2, "pad": "tf"}, [(2, 7, 8)]),
    ("dropout", {"p": 0}, [(3, 4, 5)]),
    ("dropout", {}, [(3, 4, 5)]),
    ("dropout", {"per": "channel"}, [(3, 4, 5)]),
    ("droppath", {"p": 0}, [(3, 4, 5)]),
    ("droppath", {"p": 0.5}, [(3, 4, 5)]),
    ("instancenorm", {}, [(3, 4, 5)]),
    ("instancenorm", {"scale": True}, [(3, 4, 5)]),
    ("lrn", {}, [(6, 4, 5)]),
    ("pointwise", {"channels": 4}, [(3, 5, 1)]),
    ("pointwise", {"channels": 4}, [(3, 1, 5)]),
    ("pointwise", {"channels": 4}, [(3, 1, 1)]),
    ("pointwise", {"channels": 4}, [(1, 4, 5)]),
    ("upsample", {"to": (1, 1), "mode": "area"}, [(3, 4, 6)]),
    ("upsample", {"to": (2, 1), "mode": "area"}, [(3, 4, 6)]),
    ("upsample", {"to": (2, 3), "mode": "area"}, [(3, 4, 6)]),
    ("pad", {"sides": 1}, [(3, 4, 5)]),
    ("pad", {"sides": 1, "mode": "reflect"}, [(3, 4, 5)]),
    ("pad", {"sides": 1, "mode": "replicate"}, [(3, 4, 5)]),
    ("lrn", {"size": 3, "within": True}, [(2, 4, 5)]),
    ("lrn", {"size": 3, "within": True}, [(2, 4, 2, 5)]),
    ("max", {}, [(3, 4, 5)] * 2),
    ("max", {}, [(3, 4, 5)] * 3),
    ("max", {}, [(3, 4, 5), (3, 1, 1), (3, 4, 5)]),
]

# A map that is attended to by itself, by another, by one of other channels, and by keys and values apart; and by windows.
ATTENDED: list[list[tuple[int, ...]]] = [
    [(4, 3, 8)],
    [(4, 3, 8), (4, 5)],
    [(4, 3, 8), (6, 5)],
    [(4, 24), (6, 5), (8, 5)],
]
PLAIN: list[dict[str, Any]] = [{}, {"dim": 8}, {"frozen": True}]
WINDOWS: list[dict[str, Any]] = [
    {"window": (2, 3)},
    {"window": (2, 3), "shift": (0, 1)},
    {"window": (2, 3), "relative_bias": True},
    {"window": (2, 3), "frozen": True},
    {"relative_bias": True},
]
KEPT += [
    ("attention", {"heads": 2, "layout": layout, **more}, shapes)
    for layout, more, shapes in itertools.product(("in_proj", "separate"), PLAIN, ATTENDED)
]
KEPT += [
    ("attention", {"heads": 2, "layout": layout, **more}, [(4, 5, 7)])
    for layout, more in itertools.product(("in_proj", "qkv", "separate"), WINDOWS)
]


@pytest.mark.parametrize(("name", "arguments", "shapes"), KEPT)
def test_what_autograd_keeps_is_what_is_predicted(
    name: str, arguments: dict[str, Any], shapes: list[tuple[int, ...]]
) -> None:
    op = make(name, **arguments)
    saved = op.saved(tuple(shapes))
    for batch in (2, 5):
        numbers = batch * saved.own + saved.fixed
        assert kept(op, tuple(shapes), batch) == (set(saved.inputs), saved.output, numbers)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("mul", [(3, 4, 5)] * 2),
        ("mul", [(3, 4, 5), (3, 1, 1)]),
        ("mul", [(1, 4, 5), (3, 4, 5)]),
        ("prelu", [(3, 4, 5)]),
        ("relu", [(3, 4, 5)]),
    ],
)
def test_what_is_there_while_a_gradient_is_worked_out_is_what_is_predicted(
    name: str, shapes: list[tuple[int, ...]]
) -> None:
    """Besides what the layer was given, what it gave, and the gradients of both and of its weights."""
    for batch in (2, 5):
        made = module(make(name), *shapes)
        given = [torch.randn(batch, *shape, requires_grad=True) for shape in shapes]
        weights = list(made.parameters())
        out = made(*given)
        toward = torch.ones_like(out)
        with allocations.Followed([*given, *weights, out, toward]) as followed:
            found = torch.autograd.grad(out, [*given, *weights], toward)
        gradients = sum(each.numel() for each in found)
        assert followed.peak == 4 * (gradients + batch * make(name).saved(tuple(shapes)).passing)


@pytest.mark.parametrize("name", [name for name in ops.names() if ops.find(name).family is ops.Family.JOIN])
@pytest.mark.parametrize("shapes", [[(3, 4, 5)] * 2, [(3, 4, 5)] * 3, [(3, 4, 5), (3, 1, 1)]])
def test_a_join_hands_the_gradient_of_its_output_on_where_it_says_so(name: str, shapes: list[tuple[int, ...]]) -> None:
    op = make(name)
    try:
        op.shape(tuple(shapes))
    except OpError:
        return
    given = [torch.randn(2, *shape, requires_grad=True) for shape in shapes]
    out = module(op, *shapes)(*given)
    toward = torch.ones_like(out)
    places = {each.untyped_storage().data_ptr() for each in torch.autograd.grad(out, given, toward)}
    assert op.saved(tuple(shapes)).handed == (places == {toward.untyped_storage().data_ptr()})


def test_the_largest_of_two_keeps_the_two_and_of_more_that_tie_each_has_its_share_of_the_gradient() -> None:
    assert kept(make("max"), ((4,), (4,)), 2)[::2] == ({0, 1}, 0)
    alike = [torch.ones(1, 4, requires_grad=True) for _ in range(3)]
    module(make("max"), *[(4,)] * 3)(*alike).sum().backward()
    for each in alike:
        torch.testing.assert_close(each.grad, torch.full((1, 4), 1 / 3))


def test_a_frozen_table_of_connections_needs_nothing_for_the_gradient_of_its_weights() -> None:
    for frozen in (False, True):
        op = make("conv", kernel=5, channels=16, pad="valid", connect=C3, frozen=frozen)
        assert op.saved(((6, 14, 14),)).passing_fixed == (0 if frozen else (16 * 6 - 60) * 25)


# Rearrangements and joins ---------------------------------------------------------------------------------------------


def test_rearrangements() -> None:
    value = x(2, 6, 5, 7)
    torch.testing.assert_close(apply(make("crop", to=(2, 3)), value), value[:, :, 1:3, 2:5])
    torch.testing.assert_close(apply(make("crop", sides=(1, 0, 2, 1)), value), value[:, :, 1:, 2:-1])
    torch.testing.assert_close(apply(make("slice", **{"from": 2, "to": 5}), value), value[:, 2:5])
    torch.testing.assert_close(apply(make("pad", sides=(1, 0)), value), F.pad(value, [0, 0, 1, 1]))
    torch.testing.assert_close(
        apply(make("pad", sides=(0, 1, 2, 3), value=4), value), F.pad(value, [2, 3, 0, 1], value=4)
    )
    torch.testing.assert_close(apply(make("pad", sides=0, channels=(1, 2)), value), F.pad(value, [0] * 4 + [1, 2]))
    torch.testing.assert_close(apply(make("reshape", to=(7, 6, 5)), value), value.reshape(2, 7, 6, 5))
    shuffled = apply(make("shuffle", groups=2), value)
    torch.testing.assert_close(shuffled, value[:, [0, 3, 1, 4, 2, 5]])
    torch.testing.assert_close(
        apply(make("upsample", factor=(2, 3)), value), value.repeat_interleave(2, 2).repeat_interleave(3, 3)
    )


@pytest.mark.parametrize("shape", [(3, 4, 6), (3, 24), (3, 2, 3, 4)])
def test_values_are_laid_out_in_the_plane_of_another(shape: tuple[int, ...]) -> None:
    value, like = x(2, *shape), x(2, 1, 8, 3)
    op = make("reshape", like="@")
    torch.testing.assert_close(apply(op, value, like), value.reshape(2, 3, 8, 3))
    expression = op.torch((shape, (1, 8, 3))).expression
    assert expression is not None and ("flatten(2)" in expression) == (len(shape) > 2)  # tokens are flat already


def test_values_in_the_plane_of_another_stay_at_their_places_and_in_another_shape_they_do_not() -> None:
    assert make("reshape", rank=1, like="@").window(((3, 24), (1, 8, 3))) == ops.window(1)
    assert make("reshape", to=(6, 4)).window(((3, 2, 4),)) is None


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_plane_is_padded_from_itself_to_the_size_of_another(mode: str) -> None:
    value, like = x(2, 3, 4, 5), x(2, 1, 7, 9)
    expected = F.pad(value, [2, 2, 1, 2], mode=mode)
    torch.testing.assert_close(apply(make("pad", like="@", mode=mode), value, like), expected)


def test_a_plane_is_padded_with_a_constant_to_the_size_of_another() -> None:
    value, like = x(2, 3, 4, 5), x(2, 1, 7, 9)
    for constant in (0.0, 3.0):
        expected = F.pad(value, [2, 2, 1, 2], value=constant)
        torch.testing.assert_close(apply(make("pad", like="@", value=constant), value, like), expected)


def test_what_goes_round_can_go_round_once() -> None:
    value = x(2, 3, 4, 4)
    torch.testing.assert_close(apply(make("pad", sides=4, mode="circular"), value), value.repeat(1, 1, 3, 3))


def test_joins() -> None:
    a, b, gate = x(2, 4, 3, 3), x(2, 4, 3, 3) + 1, x(2, 4, 1, 1)
    torch.testing.assert_close(apply(make("add"), a, b, a), a + b + a)
    torch.testing.assert_close(apply(make("mul"), gate, a), gate * a)
    torch.testing.assert_close(apply(make("concat"), a, b), torch.cat([a, b], 1))
    torch.testing.assert_close(apply(make("scale", x=0.17), a), a * 0.17)
    torch.testing.assert_close(apply(make("scale", x=-1.0, shift=1.0), a), 1 - a)


@pytest.mark.parametrize("to", [{"factor": (2, 1.5)}, {"to": (10, 9)}, {"to": (3, 4)}, {"like": "@"}])
@pytest.mark.parametrize(
    "more", [{}, {"align_corners": True}, {"antialias": True}, {"align_corners": True, "antialias": True}]
)
def test_an_interpolation_is_pytorchs(to: dict[str, Any], more: dict[str, Any]) -> None:
    value, like = x(2, 3, 5, 6), x(2, 1, 10, 9)
    size = to.get("to", (10, 9))
    for mode in ("bilinear", "bicubic"):
        expected = F.interpolate(value, size, mode=mode, **more)
        inputs = (value, like) if "like" in to else (value,)
        torch.testing.assert_close(apply(make("upsample", **to, mode=mode, **more), *inputs), expected)


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize(
    ("mode", "antialias"),
    [("nearest", False), ("nearest_exact", False), ("area", False)]
    + [(mode, antialias) for mode in ("bilinear", "bicubic") for antialias in (False, True)],
)
def test_an_interpolation_sees_the_pixels_that_gradients_reach(mode: str, antialias: bool, factor: float) -> None:
    """Away from the edges: each place no other pixels than those of its window, and at some places all of them."""
    to = int(24 * factor)
    op = make("upsample", to=(to, to), mode=mode, antialias=antialias)
    made = module(op, (1, 24, 24))
    window = op.window(((1, 24, 24),))
    assert window is not None
    for axis in (0, 1):
        reached = []
        for place in range(to // 3, 2 * to // 3):
            value = x(1, 1, 24, 24).requires_grad_()
            made(value)[0, 0, place, place].backward()
            assert value.grad is not None
            seen = set((value.grad[0, 0] != 0).any(1 - axis).nonzero().flatten().tolist())
            first = place * window.stride[axis] - window.pad[axis]
            assert seen <= {(first + tap) // window.upscale[axis] for tap in range(window.kernel[axis])}
            reached.append(len(seen))
        assert math.ceil(1 + (window.kernel[axis] - 1) / window.upscale[axis]) == max(reached)
        assert window.stride[axis] * factor == window.upscale[axis]


def test_an_attention_has_a_value_for_each_key_however_they_lie() -> None:
    op = make("attention", heads=2)
    queries, keys, values = x(2, 4, 5, 1), x(2, 4, 2, 3), x(2, 4, 6, 1)
    laid = apply(op, queries, keys, values.reshape(2, 4, 2, 3))
    torch.testing.assert_close(apply(op, queries, keys, values), laid)


def test_an_attention_multiplies_by_the_channels_of_its_sources() -> None:
    op = make("attention", rank=1, heads=2)
    queries, keys, values = (4, 7), (6, 5), (8, 5)
    products = 2 * 7 * 5 * 4  # of queries and keys, and of their weights and the values
    assert op.macs((queries,)) == 7 * 4 * 4 * 4 + 2 * 7 * 7 * 4
    assert op.macs((queries, keys)) == 7 * 2 * 4 * 4 + 5 * (6 + 6) * 4 + products
    assert op.macs((queries, keys, values)) == 7 * 2 * 4 * 4 + 5 * (6 + 8) * 4 + products
    for sources in ((queries, keys), (queries, keys, values)):
        made = module(op, *sources).state_dict()
        assert {key: each.shape for key, each in op.weights(sources).items()} == {
            key: tuple(each.shape) for key, each in made.items()
        }


@pytest.mark.parametrize(("channels", "mult"), [(8, 1), (8, 3), (5, 2)])
def test_the_groups_of_a_depthwise_convolution_follow_its_inputs(channels: int, mult: int) -> None:
    inputs = ((channels, 7, 7),)
    depthwise = make("conv", kernel=3, channels=channels * mult, groups=channels)
    assert depthwise.relative(inputs) == {"groups": 1, "channels": mult}
    assert make("conv", kernel=3, channels=channels * mult).relative(inputs) == {}


def test_an_embedding_of_no_known_vocabulary_has_no_vectors() -> None:
    assert count(make("embedding", rank=0, units=3), (4,)) == 0
    assert count(make("embedding", rank=0, units=3, vocabulary=7), (4,)) == 21


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("conv", ("conv", None)),
        (" Conv3x3", ("conv", "3x3")),
        ("conv3\u00d75", ("conv", "3x5")),
        ("relu6", ("relu6", None)),
        ("Max  Pool", ("maxpool", None)),
        ("max pool3", ("maxpool", "3")),
        ("deconv2x4", ("upconv", "2x4")),
        ("transposed convolution4x4x4", ("upconv", "4x4x4")),
        ("linear", ("fc", None)),
        ("convolutional banana3", None),
        ("convx", None),
    ],
)
def test_a_head_is_an_operator_and_its_kernel(head: str, found: tuple[str, str | None] | None) -> None:
    assert ops.resolve(head) == found


@pytest.mark.parametrize(
    ("name", "arguments", "takes", "parts", "line"),
    [
        ("conv", {"channels": 8}, (4, 7, 7), ("3x3", "8", "2"), "3x3 conv, 8, /2"),
        ("conv", {"channels": 8}, None, ("3x3", "8"), "3x3 conv, 8"),
        ("conv", {"channels": 8, "groups": 2}, (4, 7, 7), ("3x3", "8"), "3x3 conv, 8, 2 groups"),
        ("conv", {"channels": 8, "groups": 4}, (4, 8, 8), ("3x3", "8"), "3x3 conv, 8, 4 groups"),
        ("conv", {"channels": 4, "groups": 2}, (4, 7, 7), ("3x3", "4"), "3x3 conv, 4, 2 groups"),
        ("conv", {"channels": 4, "groups": 4}, None, ("3x3", "4"), "3x3 conv, 4, 4 groups"),
        ("conv", {"channels": 4, "groups": 4}, (4, 7, 7), ("3x3", "4", "2"), "3x3 depthwise conv, /2"),
        ("conv", {"channels": 2, "groups": 2}, (2, 7, 7), ("3x3", "2"), "3x3 depthwise conv"),
        ("conv", {"channels": 1}, (1, 7, 7), ("3x3", "1"), "3x3 conv, 1"),
        ("maxpool", {}, (4, 8, 8), ("2x2", "", "2"), "pool, /2"),
        ("maxpool", {}, (4, 8, 8), ("3x3", "", "3"), "3x3 max pool, /3"),
    ],
)
def test_a_layer_in_one_line(
    name: str, arguments: dict[str, Any], takes: tuple[int, ...] | None, parts: tuple[str, ...], line: str
) -> None:
    assert make(name, kernel=3, **arguments).line(takes, *parts) == line


# What is PyTorch's own is emitted as it is ----------------------------------------------------------------------------


def written(name: str, shape: tuple[int, ...], **arguments: Any) -> str:
    """The constructor that is emitted for an operator on maps of this shape."""
    call = make(name, len(shape) - 1, **arguments).torch((shape,)).module
    assert call is not None
    return text(call)


@pytest.mark.parametrize(
    ("name", "arguments", "shape", "call"),
    [
        ("avgpool", {"kernel": 3, "pad": 1}, (3, 2, 2), "nn.AvgPool2d(kernel_size=3, padding=1)"),
        ("avgpool", {"kernel": 3, "pad": 1}, (3, 3, 3, 4), "nn.AvgPool3d(kernel_size=3, padding=1)"),
        (
            "avgpool",
            {"kernel": 3, "pad": 1},
            (3, 2, 4, 4),  # PyTorch refuses a clip that is shorter than the window, whatever the padding
            "PaddedAvgPool3d((3, 3, 3), (3, 3, 3), (1, 1, 1, 1, 1, 1))",
        ),
        ("avgpool", {"kernel": 3, "pad": 0, "count_pad": False}, (3, 4, 4), "nn.AvgPool2d(kernel_size=3)"),
        (
            "avgpool",
            {"kernel": 3, "pad": (1, 0), "count_pad": False},
            (3, 4, 4),
            "nn.AvgPool2d(kernel_size=3, padding=(1, 0), count_include_pad=False)",
        ),
        ("attention", {"heads": 2}, (4, 5), "Attention(4, 2)"),
        ("attention", {"heads": 2, "dim": 4}, (4, 5), "Attention(4, 2)"),
        ("attention", {"heads": 2, "dim": 6}, (4, 5), "Attention(4, 2, dim=6)"),
        ("lcn", {}, (3, 4, 4), "LocalContrastNorm()"),
        ("lcn", {"size": 5}, (3, 4, 4), "LocalContrastNorm(size=5, sigma=1.25)"),
        ("pad", {"sides": 1}, (3, 4, 4), "nn.ZeroPad2d(1)"),
        ("pad", {"sides": 1, "value": 1}, (3, 4, 4), "nn.ConstantPad2d(1, 1.0)"),
        (
            "upconv",
            {"kernel": 2, "channels": 4, "stride": 2},
            (3, 4, 4),
            "nn.ConvTranspose2d(3, 4, kernel_size=2, stride=2)",
        ),
        (
            "upconv",
            {"kernel": 4, "channels": 4, "stride": 2, "pad": 1},
            (3, 4, 4),
            "nn.ConvTranspose2d(3, 4, kernel_size=4, stride=2, padding=1)",
        ),
        (
            "upconv",
            {"kernel": 3, "channels": 4, "stride": 2, "pad": "tf"},
            (3, 4, 4),
            "CroppedConvTranspose2d(3, 4, kernel_size=3, stride=2, sides=(0, 1, 0, 1))",
        ),
    ],
)
def test_a_module_is_constructed_with_what_is_not_its_default(
    name: str, arguments: dict[str, Any], shape: tuple[int, ...], call: str
) -> None:
    assert written(name, shape, **arguments) == call


@pytest.mark.parametrize(("name", "more"), [("maxpool", {}), ("avgpool", {}), ("avgpool", {"dilation": 2})])
def test_sides_are_rounded_up_in_the_order_in_which_they_are_padded(name: str, more: dict[str, Any]) -> None:
    pooling = make(name, kernel=3, stride=2, pad=(0, 1, 2, 1), ceil=True, **more)
    (defined,) = pooling.torch(((3, 8, 8),)).definitions
    rounded = re.findall(r"^ +(\w+) = self\.\w+\(", defined, re.M)
    *_, padded = re.findall(r"F\.pad\(x, \[(.*)\]", defined)
    assert rounded == [each for each in re.findall(r"\w+", padded) if each in rounded] != []


def test_a_unit_of_a_transposed_convolution_is_drawn_by_the_inputs_of_its_group() -> None:
    for groups in (1, 2, 3):
        op = make("upconv", kernel=2, channels=6, groups=groups, init="lecun")
        made: Any = module(op, (12, 4, 4))
        bound = 2.4 / (12 // groups * 4)
        assert 0.9 * bound < made.weight.abs().max() <= bound
        assert any("*" in each for each in op.torch(((12, 4, 4),)).init) == (groups > 1)


# Each class of its own, in every form that PyTorch gives a module -----------------------------------------------------

DEFINED = [
    ("conv", {"kernel": 3, "channels": 4, "stride": 2, "pad": "tf"}),
    ("conv", {"kernel": 4, "channels": 4, "pad": "tf"}),
    ("conv", {"kernel": 3, "channels": 4, "stride": 2, "ceil": True}),
    ("conv", {"kernel": 3, "channels": 2, "connect": [[0, 1], [2]], "bias": False}),
    ("maxpool", {"kernel": 3, "stride": 2, "pad": "tf"}),
    ("maxpool", {"kernel": 3, "pad": (0, 1, 2, 1), "ceil": True}),
    ("avgpool", {"kernel": 3, "stride": 2, "pad": "tf"}),
    ("avgpool", {"kernel": 3, "pad": (0, 1, 2, 1), "ceil": True}),
    ("bn", {"scale": False}),
    ("ln", {}),
    ("lcn", {}),
    ("subsample", {}),
    ("scale", {}),
    ("scale", {"x": 0.1}),
    ("scale", {"x": -1.0, "shift": 1.0}),
    ("slice", {"from": 1}),
    ("crop", {"sides": 1}),
    ("crop", {"to": 2}),
    ("reshape", {"to": (7, 3, 7)}),
    ("droppath", {"p": 0.2}),
    ("step", {}),
    ("scaled_tanh", {}),
]


@pytest.mark.parametrize(("name", "arguments"), DEFINED)
def test_own_classes_script_export_and_take_other_sizes(name: str, arguments: dict[str, Any]) -> None:
    op = make(name, **arguments)
    made = module(op, (3, 7, 7)).eval()
    with torch.no_grad():
        expected = made(x(2, 3, 7, 7))
        scripted = torch.jit.script(made)
        torch.testing.assert_close(scripted(x(2, 3, 7, 7)), expected)
        torch.testing.assert_close(torch.export.export(made, (x(2, 3, 7, 7),)).module()(x(2, 3, 7, 7)), expected)
        torch.testing.assert_close(torch.jit.trace(made, (x(2, 3, 7, 7),))(x(2, 3, 7, 7)), expected)
        torch.testing.assert_close(torch.compile(made, backend="eager", fullgraph=True)(x(2, 3, 7, 7)), expected)
        assert made.double()(x(2, 3, 7, 7).double()).dtype == torch.float64
        made.float()
        if name != "reshape":  # weights used again on another size still do what the operator says
            for size in ((8, 8), (5, 10)):
                assert tuple(made(x(1, 3, *size)).shape[1:]) == op.shape(((3, *size),))
    train = torch.jit.script(module(op, (3, 7, 7)).train())
    assert train(x(2, 3, 7, 7)).shape == expected.shape
    assert "import" not in source(Case(op, ((3, 7, 7),))).split("class ", 1)[1]


# How weights are drawn ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "zeros",
        "ones",
        "lecun",
        "sign",
        "xavier_uniform",
        "xavier_normal",
        "kaiming_normal",
        "kaiming_uniform",
        "He",
        "gaussian(0.02)",
        Setting(name="normal", kwargs={"std": 0.01}),
        Setting(name="normal", args=(0.01, 1)),
        Setting(name="constant", args=(3,)),
        Setting(name="uniform", args=(0.05,)),
        Setting(name="uniform", args=(-1, 2)),
        Setting(name="trunc_normal", kwargs={"std": 0.02, "a": -0.04, "b": 0.04}),
    ],
)
def test_init_draws(written: Any) -> None:
    if written == "gaussian(0.02)":
        written = Setting(name="gaussian", args=(0.02,))
    for name, arguments in (
        ("conv", {"kernel": 3, "channels": 8}),
        ("fc", {"features": 5}),
        ("upconv", {"kernel": 2, "channels": 4}),
    ):
        op: Any = make(name, **arguments, init=written, bias_init=1)
        shape = (50,) if name == "fc" else (6, 7, 7)
        made: Any = module(op, shape)
        assert (made.bias == 1).all()
        spread = float(made.weight.detach().abs().max())
        bound = {
            "normal": 4 if op.init.name == "normal" and op.init.mean else 0.1,
            "uniform": 2,
            "constant": 3,
            "trunc_normal": 0.04,
        }
        assert spread <= bound.get(op.init.name, 2)
        assert type(op).model_validate(op.model_dump(mode="json", by_alias=True)) == op


def test_init_statements_serve_the_recipe() -> None:
    each = parse(Setting(name="normal", kwargs={"std": 1, "per": "channel"}))
    assert statements(each, "module", None)[0] == "nn.init.normal_(module.weight, std=1.0 / module.weight.shape[1])"
    assert statements(parse(Setting(name="normal", kwargs={"std": 0.01})), "module", 0) == (
        "nn.init.normal_(module.weight, std=0.01)",
        "nn.init.zeros_(module.bias)",
    )
    assert statements(None) == ()
    assert set(INITS) >= {"normal", "lecun", "sign", "kaiming_normal"}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("norma", "unknown `norma`; known: zeros"),
        ("normal", "`normal` needs `std`"),
        (3, "takes a way to draw weights"),
        (True, "takes a way to draw weights"),
        (Setting(name="normal", args=(1, 2, "channel", 3)), "`normal` takes std, mean, per"),
        (Setting(name="normal", args=(1,), kwargs={"std": 2}), "`std` is given twice"),
        (Setting(name="normal", kwargs={"sd": 2}), "`normal` has no setting `sd`; it takes std, mean, per"),
        (Setting(name="normal", args=(-1,)), "`std` of `normal` must be a number of at least 0"),
        (Setting(name="kaiming_normal", args=("out",)), "`mode` of `kaiming_normal` must be fan_in or fan_out"),
        (Setting(name="uniform", args=(2, 1)), "`a` \\(=2\\) must not be above `b` \\(=1\\)"),
    ],
)
def test_init_refusals(written: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make("fc", features=3, init=written)


# Refusals -------------------------------------------------------------------------------------------------------------

BIG = 2**31 - 1


@pytest.mark.parametrize(
    ("name", "arguments", "shapes", "at", "message", "help"),
    [
        (
            "conv",
            {"kernel": 3, "channels": 8, "groups": 3},
            [(64, 8, 8)],
            "groups",
            "`groups` (=3) must divide the 64 input channels",
            "try 2 or 4",
        ),
        (
            "conv",
            {"kernel": 3, "channels": 9, "groups": 2},
            [(64, 8, 8)],
            "groups",
            "`groups` (=2) must divide the 9 output channels",
            "no common divisor",
        ),
        (
            "conv",
            {"kernel": 4, "channels": 8},
            [(64, 8, 8)],
            "kernel",
            "`pad=same` needs an odd kernel; the kernel of `conv` is 4x4",
            "pad=valid",
        ),
        (
            "conv",
            {"kernel": 3, "channels": 8},
            [(1000,)],
            None,
            "`conv` needs channels x height x width; the input is 1000 features",
            "reshape(1000x1x1)",
        ),
        (
            "conv",
            {"kernel": 7, "channels": 8, "pad": 0},
            [(3, 5, 5)],
            "kernel",
            "the kernel 7x7 of `conv` is larger than the 5x5 input",
            "at most 5x5",
        ),
        (
            "conv",
            {"kernel": 7, "channels": 8, "pad": 1, "dilation": 2},
            [(3, 5, 5)],
            "kernel",
            "dilated to 13x13, is larger than the 7x7 input with its padding",
            "at most 4x4",
        ),
        (
            "conv",
            {"kernel": 1, "channels": 1, "connect": [[3]]},
            [(3, 5, 5)],
            "connect",
            "`connect` names input map 3; the input has 3 maps, 0 to 2",
            None,
        ),
        (
            "maxpool",
            {"kernel": 2, "pad": 2},
            [(3, 5, 5)],
            "pad",
            "the padding 2 of `maxpool` must be smaller than its window 2x2: a window must see at least one pixel of the input",
            "at most 1",
        ),
        (
            "maxpool",
            {"kernel": 2, "pad": "same"},
            [(3, 5, 5)],
            "pad",
            "`pad=same` needs an odd kernel; the kernel of `maxpool` is 2x2",
            "pad=tf",
        ),
        (
            "avgpool",
            {"kernel": 8},
            [(3, 7, 7)],
            "kernel",
            "the kernel 8x8 of `avgpool` is larger than the 7x7 input",
            "at most 7x7",
        ),
        ("fc", {"features": 10}, [(3, 7, 7)], None, "`fc` needs a vector of features; the input is 3x7x7", "flatten"),
        ("gn", {"groups": 32}, [(48, 7, 7)], "groups", "`groups` (=32) must divide the 48 channels", "try 24 or 48"),
        (
            "add",
            {},
            [(256, 28, 28), (64, 56, 56)],
            None,
            "the branches of 'add' have different shapes: 256x28x28 and 64x56x56",
            "the same channels and the same strides",
        ),
        (
            "add",
            {},
            [(256, 28, 28), (64, 28, 28)],
            None,
            "the branches of 'add' have different shapes: 256x28x28 and 64x28x28",
            "256 or 64",
        ),
        (
            "mul",
            {},
            [(4, 8, 8), (3,)],
            None,
            "the branches of 'mul' have different shapes: 4x8x8 and 3 features",
            "the same channels, 4 or 3",
        ),
        ("max", {}, [(4, 8), (4, 8, 8)], None, "the branches of 'max' have different shapes: 4x8 and 4x8x8", "reshape"),
        (
            "add",
            {},
            [(4, 1, 8), (4, 8, 1), (4, 8, 7)],
            None,
            "the branches of 'add' have different shapes: 4x1x8, 4x8x1 and 4x8x7",
            "strides",
        ),
        (
            "concat",
            {},
            [(4, 8, 8), (4, 7, 7)],
            None,
            "the branches of 'concat' have different planes: 4x8x8 and 4x7x7; only the channels may differ",
            "strides",
        ),
        (
            "reshape",
            {"to": (2, 3, 3)},
            [(36,)],
            "to",
            "`to` (=2x3x3) has 18 values; the input, 36 features, has 36",
            "reshape(4x3x3)",
        ),
        (
            "reshape",
            {"to": (10,)},
            [(36,)],
            "to",
            "`to` (=10) has 10 values; the input, 36 features, has 36",
            "`reshape(36)` or `flatten`",
        ),
        (
            "reshape",
            {"to": (5, 4)},
            [(36,)],
            "to",
            "`to` (=5x4) has 20 values; the input, 36 features, has 36",
            "`reshape(9x4)`",
        ),
        (
            "slice",
            {"from": 2, "to": 9},
            [(4, 8, 8)],
            "to",
            "`to` (=9) is beyond the 4 channels of the input",
            "at most 4",
        ),
        (
            "crop",
            {"sides": 4},
            [(4, 8, 8)],
            "sides",
            "cropping 8 rows and 8 columns leaves nothing of the 8x8 input",
            "at most 7 rows",
        ),
        (
            "slice",
            {"from": 8},
            [(8, 4, 4)],
            "from",
            "`from` (=8) is beyond the input, 8x4x4; the last is 7",
            None,
        ),
        (
            "concat",
            {},
            [(4, 8, 8), (4, 8)],
            None,
            "the branches of 'concat' have different shapes: 4x8x8 and 4x8; only the channels may differ",
            "`flatten` the maps",
        ),
        (
            "instancenorm",
            {},
            [(4, 1, 1)],
            None,
            "`instancenorm` of a 1x1 plane is always 0; the input is 4x1x1",
            "use `bn` or `ln`",
        ),
        ("lrn", {"k": 0, "alpha": 0}, [(4, 8, 8)], "k", "everything would be divided by 0", None),
        (
            "attention",
            {"heads": 2},
            [(4, 5), (4, 2, 3), (4, 3)],
            None,
            "each key needs a value: keys are 4x2x3, values 4x3",
            None,
        ),
        (
            "pad",
            {"sides": 4, "mode": "circular"},
            [(2, 3, 4)],
            "sides",
            "`mode=circular` can pad a 3x4 plane by at most 3x4, not 4",
            "pad less",
        ),
        (
            "attention",
            {"heads": 2, "window": (3, 4), "shift": (3, 1)},
            [(4, 9, 8)],
            "shift",
            "`shift` (=3x1) must be less than the window 3x4",
            None,
        ),
        (
            "upsample",
            {"factor": (0.1, 2)},
            [(4, 8, 8)],
            "factor",
            "`factor` leaves nothing of the 8x8 input: 0x16",
            None,
        ),
        ("crop", {"to": 9}, [(4, 8, 8)], "to", "`to` (=9x9) is larger than the 8x8 input", None),
        ("crop", {"like": "@"}, [(4, 8, 8), (2, 9, 7)], "like", "`like` (=9x7) is larger than the 8x8 input", None),
        (
            "upconv",
            {"kernel": 3, "channels": 4, "pad": 2},
            [(3, 2, 5)],
            "pad",
            "`pad` (=2) takes away all rows or columns of the output",
            None,
        ),
        (
            "upconv",
            {"kernel": 3, "channels": 4, "pad": (1, 2, 0, 0)},
            [(3, 1, 5)],
            "pad",
            "`pad` (=[1, 2, 0, 0]) takes away all rows or columns of the output",
            None,
        ),
        ("gap", {}, [(1,)], None, "the input is 1 feature", "`reshape(1x1x1)` makes channels of the features"),
        ("gap", {}, [(2,)], None, "the input is 2 features", "`reshape(2x1x1)` makes channels of the features"),
        (
            "conv",
            {"kernel": (3, 4), "channels": 8},
            [(3, 8, 8)],
            "kernel",
            "`pad=same` needs an odd kernel; the kernel of `conv` is 3x4",
            "or say how to pad",
        ),
        (
            "conv",
            {"kernel": 5, "channels": 8, "pad": 0},
            [(3, 1, 9)],
            "kernel",
            "the kernel 5x5 of `conv` is larger than the 1x9 input",
            "a kernel of at most 1x5, or more padding",
        ),
        (
            "add",
            {},
            [(4, 8, 5), (8, 4, 6)],
            None,
            "the branches of 'add' have different shapes: 4x8x5 and 8x4x6",
            "give the branches the same channels and the same strides",
        ),
        (
            "add",
            {},
            [(4, 8, 5), (4, 9, 5)],
            None,
            "the branches of 'add' have different shapes: 4x8x5 and 4x9x5",
            "give the branches the same strides and padding, so that their planes agree",
        ),
        *(
            (
                name,
                {"like": "@"},
                [(3, 6, 7), (5, 4)],
                "like",
                f"`like` of `{name}` names 5x4; the input is 3x6x7",
                "both must be maps of as many dimensions",
            )
            for name in ("crop", "pad", "upsample")
        ),
        ("upsample", {"factor": BIG}, [(4, 8, 8)], None, "a dimension may be at most 2^31-1", None),
        ("flatten", {}, [(BIG, 8, 8)], None, "a dimension may be at most 2^31-1", None),
        ("dwconv", {"kernel": 3, "mult": BIG}, [(3, 8, 8)], None, "a dimension may be at most 2^31-1", None),
        ("concat", {}, [(BIG, 8, 8), (1, 8, 8)], None, "a dimension may be at most 2^31-1", None),
    ],
)
def test_refusals(
    name: str, arguments: dict[str, Any], shapes: Any, at: str | None, message: str, help: str | None
) -> None:
    with pytest.raises(OpError) as caught:
        make(name, **arguments).shape(tuple(shapes))
    assert caught.value.message.endswith(message)
    assert caught.value.at == at
    assert help is None or help in (caught.value.help or "")
    if "2^31" in message:
        assert caught.value.code == "E0005"
    if "branches" in message:
        assert caught.value.code == "E0302"


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("conv", {"kernel": 3}, "Field required"),
        ("conv", {"kernel": True, "channels": 3}, "valid tuple"),
        ("conv", {"kernel": 3, "channels": True}, "valid integer"),
        ("conv", {"kernel": 3, "channels": 3.0}, "valid integer"),
        ("conv", {"kernel": 3, "channels": 0}, "greater than or equal to 1"),
        ("conv", {"kernel": 3, "channels": BIG + 1}, "less than or equal to"),
        ("conv", {"kernel": 3, "channels": 3, "bias": 1}, "valid boolean"),
        ("conv", {"kernel": 3, "channels": 3, "bias": False, "bias_init": 1}, "`bias_init` needs `bias=true`"),
        ("conv", {"kernel": 3, "channels": 3, "pad": "sane"}, "'same', 'valid' or 'tf'"),
        ("conv", {"kernel": 3, "channels": 3, "pad": "tf", "ceil": True}, "rounds sizes up by itself"),
        (
            "conv",
            {"kernel": 3, "channels": 3, "connect": [[0]]},
            "`connect` lists 1 output maps; there are 3 output channels",
        ),
        ("conv", {"kernel": 3, "channels": 1, "connect": [[0, 0]]}, "gives output map 0 an input map twice"),
        ("dropout", {"p": 1.5}, "less than or equal to 1"),
        ("droppath", {"p": 1}, "less than 1"),
        ("dropout", {"p": True}, "valid number"),
        ("dropout", {"p": math.nan}, "less than or equal to 1"),
        ("bn", {"eps": "1"}, "valid number"),
        ("maxpool", {"to": 7, "kernel": 3}, "leave out `kernel`"),
        (
            "upconv",
            {"kernel": 2, "channels": 1, "out_pad": 1},
            "`out_pad` \\(=1\\) must be smaller than the stride 1",
        ),
        *(
            ("upconv", {"kernel": 3, "channels": 1, "stride": 2, **sizes}, message)
            for sizes, message in (
                ({"pad": "same", "out_pad": (0, 1)}, "`pad=same` says what comes out"),
                ({"pad": "tf", "out_pad": 1}, "`pad=tf` says what comes out"),
                ({"out_pad": (0, 2)}, "`out_pad` \\(=0x2\\) must be smaller than the stride 2"),
                ({"out_pad": 1, "stride": (2, 1)}, "must be smaller than the stride 2x1"),
                ({"out_pad": (1, 2), "dilation": (1, 2)}, "must be smaller than the stride 2"),
            )
        ),
        ("attention", {"heads": 2, "shift": (0, 1)}, "give `window` too"),
        ("attention", {"heads": 2, "causal": True, "window": 3}, "`causal` is for whole sequences"),
        ("attention", {"heads": 2, "causal": True, "relative_bias": True}, "`causal` is for whole sequences"),
        ("attention", {"heads": 4, "dim": 6}, "`heads` \\(=4\\) must divide `dim` \\(=6\\)"),
        ("pad", {"sides": 1, "mode": "reflect", "channels": (0, 1)}, "channels can only be added with `mode=constant`"),
        ("scale", {"x": 2.0, "frozen": True}, "leave out `frozen`"),
        ("lcn", {"size": 4}, "must be odd"),
        ("lcn", {"size": 257}, "at most 255"),
        ("positions", {"kind": "sine", "frozen": True}, "`kind=sine` learns nothing"),
        ("positions", {"kind": "sine", "init": "zeros"}, "`kind=sine` learns nothing"),
        ("unpool", {"pool": "@", "pad": "tf", "ceil": True}, "rounds sizes up by itself"),
        ("crop", {}, "crop\\(4\\)"),
        ("upsample", {"factor": 2, "to": 7}, "upsample\\(2\\)"),
        ("slice", {"from": 3, "to": 3}, "must be greater than"),
        ("scale", {"x": math.inf}, "finite"),
        ("scale", {"shift": 1.0}, "goes with a constant factor"),
        ("gelu", {"approximate": "erf"}, "'none' or 'tanh'"),
    ],
)
def test_arguments_out_of_bounds(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make(name, **arguments)


@pytest.mark.parametrize(
    "sizes",
    [
        {"out_pad": (0, 1)},
        {"out_pad": 1, "stride": (2, 3)},
        {"out_pad": 2, "dilation": 3},
        {"out_pad": (1, 2), "stride": 3},
    ],
)
def test_rows_are_added_to_a_transposed_convolution_that_leaves_them_out(sizes: dict[str, Any]) -> None:
    given = {"kernel": 2, "channels": 4, "stride": 2, **sizes}
    more: Any = given["out_pad"]
    assert make("upconv", **given, pad="valid").shape(((3, 5, 6),)) == make("upconv", **given).shape(((3, 5, 6),))
    (_, *with_rows), (_, *without) = (
        make("upconv", **{**given, "out_pad": each}).shape(((3, 5, 6),)) for each in (more, 0)
    )
    assert (
        [n - m for n, m in zip(with_rows, without, strict=True)] == [more] * 2 if isinstance(more, int) else list(more)
    )


WITH_BIAS = [name for name in ops.names() if {"bias", "bias_init"} <= set(ops.find(name).model_fields)]


@pytest.mark.parametrize("name", WITH_BIAS)
def test_how_a_bias_starts_is_said_where_there_is_one(name: str) -> None:
    needed: dict[str, Any] = {key: 2 for key, info in ops.find(name).model_fields.items() if info.is_required()}
    for bias, start in itertools.product((False, True), (None, 0.5)):
        given: dict[str, Any] = {**needed, "bias": bias, "bias_init": start}
        if start is not None and not bias:
            with pytest.raises(ValidationError, match="`bias_init` needs `bias=true`"):
                make(name, **given)
        else:
            assert make(name, **given)


# Notation -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("conv", {"kernel": 3, "channels": 64, "stride": 2, "pad": 1, "bias": False}, "conv3-64/2(pad=1, bias=false)"),
        ("conv", {"kernel": (1, 7), "channels": 64, "pad": (0, 0, 3, 3)}, "conv1x7-64(pad=0x3)"),
        ("conv", {"kernel": 3, "channels": 2, "pad": (0, 1, 0, 1)}, "conv3-2(pad=[0, 1, 0, 1])"),
        ("conv", {"kernel": 1, "channels": 2, "connect": [[0, 1], [1]]}, "conv1-2(connect=[[0, 1], [1]])"),
        (
            "conv",
            {"kernel": 1, "channels": 2, "init": Setting(name="normal", args=(0.01,))},
            "conv1-2(init=normal(std=0.01))",
        ),
        ("maxpool", {}, "maxpool"),
        ("maxpool", {"kernel": 3, "stride": 2, "pad": 1}, "maxpool3/2(pad=1)"),
        ("avgpool", {"to": 6}, "avgpool(to=6)"),
        ("fc", {"features": 10}, "fc-10"),
        ("dropout", {"p": 0.4}, "dropout(40%)"),
        ("dropout", {}, "dropout"),
        ("dropout", {"p": 1 / 3}, "dropout(0.3333333333333333)"),
        ("scale", {"x": 0.17}, "scale(0.17)"),
        ("gn", {"groups": 32}, "gn(32)"),
        ("slice", {"from": 1, "to": 3}, "slice(1, to=3)"),
        ("reshape", {"to": (128, 7, 7)}, "reshape(128x7x7)"),
        ("reshape", {"to": 10}, "reshape(10)"),
        ("pad", {"sides": 0, "channels": (0, 64)}, "pad(0, channels=[0, 64])"),
        ("lrn", {"alpha": 5e-4}, "lrn(alpha=5e-4)"),
        ("relu6", {}, "relu6"),
        ("prelu", {"per_channel": True}, "prelu(per_channel=true)"),
        ("upconv", {"kernel": 3, "channels": 8, "stride": 2, "pad": (1, 0)}, "upconv3-8/2(pad=1x0)"),
        ("upconv", {"kernel": 3, "channels": 8, "pad": (0, 1, 0, 1)}, "upconv3-8(pad=[0, 1, 0, 1])"),
        ("upsample", {"factor": [1.5, 2]}, "upsample([1.5, 2])"),
        ("crop", {"like": "@"}, "crop(like=@)"),
        ("unpool", {"pool": "@", "kernel": 3}, "unpool(@)"),
        ("attention", {"heads": 3, "window": 7, "relative_bias": True}, "attention(3, window=7, relative_bias=true)"),
        ("lstm", {"units": 256, "both": True}, "lstm-256(both=true)"),
        ("learned", {"to": (1, 1)}, "learned(1x1)"),
    ],
)
def test_notation(name: str, arguments: dict[str, Any], text: str) -> None:
    assert notation(make(name, **arguments)) == text


def test_numbers_lose_nothing() -> None:
    for value in (
        0.0,
        1.0,
        -2.0,
        0.1,
        1e-4,
        1.5e-7,
        -3e-9,
        5e-324,
        1e22,
        1.7976931348623157e308,
        2 / 3,
        0.001,
        123456.789,
    ):
        assert float(number(value)) == value
    for rate in (0.5, 0.4, 0.7, 0.125, 1 / 3, 0.07, 1e-9, 0.999):
        text = percent(rate)
        assert (float(text[:-1]) / 100 if text.endswith("%") else float(text)) == rate


def test_equal_functions_have_equal_canonical_forms() -> None:
    shape = ((8, 7, 7),)

    def canonical(name: str, **arguments: Any) -> Operator:
        return make(name, **arguments).canonical(shape)

    assert canonical("conv", kernel=3, channels=4) == canonical("conv", kernel=3, channels=4, pad=1)
    assert canonical("conv", kernel=3, channels=4, pad="tf") == canonical("conv", kernel=3, channels=4, pad=1)
    assert canonical("conv", kernel=3, channels=4, stride=2, pad=0, ceil=True) == canonical(
        "conv", kernel=3, channels=4, stride=2, pad=0
    )
    assert canonical("gap") == canonical("avgpool", kernel=7) == canonical("avgpool", to=1)
    assert canonical("gmp") == canonical("maxpool", kernel=7)
    assert canonical("maxpool") == canonical("maxpool", kernel=2, stride=2) != canonical("maxpool", ceil=True)
    assert canonical("slice") == canonical("slice", **{"from": 0, "to": 8})
    assert canonical("local", kernel=3, channels=4) == canonical("local", kernel=3, channels=4, pad=1)
    strided = {"kernel": 3, "channels": 4, "stride": 2}
    for plane in ((7, 8), (8, 7)):
        sides = [side for n in plane for side in (n % 2, 1)]
        tf, numbers = make("local", **strided, pad="tf"), make("local", **strided, pad=sides)
        assert tf.canonical(((8, *plane),)) == numbers.canonical(((8, *plane),))
    upconv = {"kernel": 3, "channels": 4}  # what is taken away on both sides alike is said once
    assert canonical("upconv", **upconv, pad="same") == canonical("upconv", **upconv, pad=1)
    assert canonical("upconv", **upconv, pad="same") == make("upconv", **upconv, pad=1)
    assert canonical("crop", to=3) == canonical("crop", sides=2) == canonical("crop", sides=(2, 2, 2, 2))
    assert make("crop", like="@").canonical((*shape, (4, 3, 3))) == make("crop", like="@")
    plain, padded = {"kernel": 3, "stride": 2}, {"kernel": 3, "stride": 2, "pad": 1}
    assert canonical("avgpool", **plain) == canonical("avgpool", **plain, count_pad=False)  # there is no padding
    assert canonical("avgpool", **padded) == canonical("avgpool", **padded, count_pad=True)
    assert canonical("avgpool", **padded) != canonical("avgpool", **padded, count_pad=False)
    above = {"kernel": 3, "pad": (1, 0)}
    assert canonical("avgpool", **above) != canonical("avgpool", **above, count_pad=False)
    assert canonical("avgpool", **plain) == canonical("avgpool", **plain, dilation=1)
    assert canonical("avgpool", **plain) != canonical("avgpool", **plain, dilation=2)
    assert canonical("upsample", factor=2) == canonical("upsample", to=14)
    like = make("upsample", like="@", mode="linear").canonical((*shape, (4, 3, 3)))
    assert like == make("upsample", like="@", mode="bilinear")
    assert canonical("upconv", **upconv) == canonical("upconv", **upconv, pad="valid")


def test_transposed_convolutions_that_cut_differently_are_not_one_function() -> None:
    """In each dimension by itself, before and after."""
    for rank in (1, 2, 3):
        cuts = [list(sides) for sides in itertools.product((0, 1), repeat=2 * rank)]
        found = {
            make("upconv", rank, kernel=4, channels=2, stride=2, pad=sides).canonical(((3, *(5,) * rank),))
            for sides in cuts
        }
        assert len(found) == len(cuts)
