"""The values of sequences, references, joins and rearrangements, against PyTorch's own layers or formulas written down."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from ops_source import build, text
from pydantic import ValidationError, create_model
from torch import Tensor, nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

from netdsl import ops
from netdsl.ops import Operator
from netdsl.ops.shared.base import references
from netdsl.ops.shared.checks import nearest_divisors
from netdsl.ops.shared.fields import Count, Label, Reference
from netdsl.ops.shared.notation import notation
from netdsl.testing.cases import Case
from netdsl.text.diagnostics import OpError

pytestmark = pytest.mark.usefixtures("one_thread")


def test_an_operator_is_called_as_its_file_and_its_labels_are_inputs() -> None:
    fields: dict[str, Any] = {"by": (Count, 1), "like": (Reference, None), "other": Label}
    found = create_model("Moved", __base__=Operator, __module__="elsewhere.moved", **fields)
    assert found.name == "moved" and references(found) == ("like", "other")
    assert not hasattr(create_model("Mover", __base__=Operator, __module__="elsewhere.shared.mover"), "name")


def make(name: str, rank: int = 2, **arguments: Any) -> Operator:
    """An operator for maps of `rank` dimensions."""
    return ops.find(name).model_validate(arguments).fitted(rank)


def module(op: Operator, *shapes: tuple[int, ...]) -> nn.Module:
    torch.manual_seed(0)
    return build(Case(op, shapes)).eval()


def apply(op: Operator, *inputs: Tensor) -> Tensor:
    shapes = tuple(tuple(each.shape[1:]) for each in inputs)
    with torch.no_grad():
        out: Tensor = module(op, *shapes)(*inputs)
    assert op.shape(shapes) == tuple(out.shape[1:])
    return out


def x(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def close(left: Tensor, right: Tensor) -> None:
    torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-5)


def state(model: nn.Module) -> list[tuple[str, tuple[int, ...]]]:
    return [(name, tuple(each.shape)) for name, each in model.state_dict().items()]


# Attention ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bias", "causal"), [(True, False), (False, False), (True, True)])
def test_attention_is_pytorchs(bias: bool, causal: bool) -> None:
    op = make("attention", 1, heads=3, bias=bias, causal=causal)
    reference = nn.MultiheadAttention(12, 3, bias=bias, batch_first=True).eval()
    made = module(op, (12, 10))
    assert state(made) == state(reference)
    made.load_state_dict(reference.state_dict())
    value = x(2, 12, 10)
    tokens = value.transpose(1, 2)
    mask = nn.Transformer.generate_square_subsequent_mask(10) if causal else None
    expected = reference(tokens, tokens, tokens, attn_mask=mask, need_weights=False)[0]
    close(made(value), expected.transpose(1, 2))
    close(made(value.reshape(2, 12, 2, 5)).flatten(2), made(value)) if not causal else None  # on a map of any rank


@pytest.mark.parametrize("sources", [[(12, 7)], [(12, 7), (12, 7)], [(5, 7)], [(5, 7), (6, 7)]])
def test_attention_to_other_sources_is_pytorchs(sources: list[tuple[int, int]]) -> None:
    op = make("attention", 1, heads=3)
    made = module(op, (12, 10), *sources)
    reference = nn.MultiheadAttention(12, 3, kdim=sources[0][0], vdim=sources[-1][0], batch_first=True).eval()
    nn.init.normal_(reference.in_proj_bias)
    assert state(made) == state(reference)
    made.load_state_dict(reference.state_dict())
    given = [x(2, *shape, seed=number) for number, shape in enumerate([(12, 10), *sources])]
    tokens = [each.transpose(1, 2) for each in given]
    expected = reference(tokens[0], tokens[1], tokens[-1], need_weights=False)[0]
    close(made(*given), expected.transpose(1, 2))


@pytest.mark.parametrize("shift", [0, 3])
@pytest.mark.parametrize("size", [(14, 14), (7, 7), (9, 20), (5, 6)])
def test_attention_in_windows_is_torchvisions(size: tuple[int, int], shift: int) -> None:
    op = make("attention", heads=3, window=7, shift=shift, relative_bias=True, layout="qkv")
    made = module(op, (12, *size))
    reference = ShiftedWindowAttention(12, [7, 7], [shift, shift], 3).eval()
    nn.init.normal_(reference.relative_position_bias_table)
    assert state(made) == state(reference)
    made.load_state_dict(reference.state_dict())
    value = x(2, 12, *size)
    close(made(value), reference(value.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
    lacking = {key: each for key, each in reference.state_dict().items() if "index" not in key}  # as timm's
    made.load_state_dict(lacking, strict=True)


def test_layouts_of_the_same_weights_agree() -> None:
    value = x(2, 12, 4, 5)
    made = {
        layout: module(make("attention", heads=3, layout=layout), (12, 4, 5))
        for layout in ("in_proj", "qkv", "separate")
    }
    state = made["in_proj"].state_dict()
    weight, bias = state["in_proj_weight"], x(36)
    made["in_proj"].load_state_dict({**state, "in_proj_bias": bias})
    out = {"proj.weight": state["out_proj.weight"], "proj.bias": state["out_proj.bias"]}
    made["qkv"].load_state_dict({"qkv.weight": weight, "qkv.bias": bias, **out})
    thirds = zip("qkv", weight.chunk(3), bias.chunk(3), strict=True)
    own = {f"{name}.{key}": each for name, w, b in thirds for key, each in (("weight", w), ("bias", b))}
    made["separate"].load_state_dict({**own, **out})
    close(made["qkv"](value), made["in_proj"](value))
    close(made["separate"](value), made["in_proj"](value))


def test_relative_bias_without_a_window_is_that_of_one_window() -> None:
    value = x(2, 8, 4, 6)
    whole = module(make("attention", heads=2, relative_bias=True), (8, 4, 6))
    windowed = module(make("attention", heads=2, relative_bias=True, window=(4, 6)), (8, 4, 6))
    windowed.load_state_dict(whole.state_dict())
    close(windowed(value), whole(value))


def test_matmul_writes_attention_out() -> None:
    q, k, v = (x(2, 6, 10, seed=seed) for seed in range(3))
    scores = apply(make("matmul", 1), apply(make("transpose", 1), k), q)
    out = apply(make("matmul", 1), v, apply(make("softmax", 1), scores))
    expected = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), scale=1.0)
    close(out, expected.transpose(1, 2))


@pytest.mark.parametrize(
    ("arguments", "shapes", "at", "message"),
    [
        ({"heads": 5}, [(12, 4)], "heads", "`heads` (=5) must divide the 12 channels"),
        ({"heads": 2, "layout": "qkv"}, [(12, 4), (12, 5)], "layout", "`layout=qkv` has one matrix for one source"),
        ({"heads": 2, "window": 2}, [(12, 4), (12, 5)], "window", "attention of a map to itself; there are 2 sources"),
        ({"heads": 2, "window": 2, "shift": 2}, [(12, 4)], "shift", "must be less than the window 2"),
        ({"heads": 2}, [(12, 4), (12, 5), (12, 6)], None, "each key needs a value"),
        ({"heads": 2}, [(12,)], None, "`attention` needs channels x height x width; the input is 12 features"),
    ],
)
def test_attention_refuses(arguments: dict[str, Any], shapes: Any, at: str | None, message: str) -> None:
    with pytest.raises(OpError) as caught:
        make("attention", 1, **arguments).shape(tuple(shapes))
    assert message in caught.value.message
    assert caught.value.at == at


# Sequences ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("layers", "both"), [(1, False), (2, True)])
@pytest.mark.parametrize(("name", "cls"), [("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN)])
def test_recurrent_layers_are_pytorchs(name: str, cls: Any, layers: int, both: bool) -> None:
    made = module(make(name, 1, units=5, layers=layers, both=both), (12, 10))
    reference = cls(12, 5, layers, bidirectional=both, batch_first=True)
    assert state(made) == state(reference)
    made.load_state_dict(reference.state_dict())
    close(made(x(2, 12, 10)), reference(x(2, 12, 10).transpose(1, 2))[0].transpose(1, 2))


@pytest.mark.parametrize(("name", "gates"), [("lstm", 4), ("gru", 3), ("rnn", 1)])
def test_recurrent_layers_count_a_step_layer_and_direction(name: str, gates: int) -> None:
    assert make(name, 1, units=5).macs(((12, 10),)) == 10 * gates * 5 * (12 + 5)
    both = make(name, 1, units=5, layers=2, both=True)
    assert both.macs(((12, 10),)) == 10 * gates * 5 * 2 * ((12 + 5) + (10 + 5))


def test_tokens_and_back() -> None:
    value = x(2, 3, 4, 5)
    tokens = apply(make("tokens"), value)
    close(tokens, value.reshape(2, 3, 20))
    close(apply(make("reshape", 1, like="@"), tokens, x(2, 7, 4, 5)), value)
    close(apply(make("transpose", 1), tokens), torch.einsum("nct->ntc", tokens))
    close(apply(make("token", 1, index=-2), tokens), tokens[:, :, 18])
    with pytest.raises(OpError, match="no token 20 among 20"):
        make("token", 1, index=20).shape(((3, 20),))


def test_learned_tensors() -> None:
    value = x(2, 6, 5)
    token: Any = module(make("class_token", 1, init={"name": "ones"}), (6, 5))
    close(token(value), torch.cat([torch.ones(2, 6, 1), value], 2))
    table: Any = module(make("positions", 1), (6, 5))
    (weights,) = table.parameters()
    assert weights.shape == (1, 5, 6)
    assert 0.01 < float(weights.detach().std()) < 0.03
    close(table(value), value + weights[0].T)
    constant: Any = module(make("learned", 1, to=(3, 4)), (6, 5))
    (weights,) = constant.parameters()
    close(constant(value), torch.stack([weights[0]] * 2))


def test_sine_positions_by_the_formula() -> None:
    for channels in (6, 7):
        found = apply(make("positions", 1, kind="sine"), torch.zeros(1, channels, 9))[0]
        for c, t in itertools.product(range(channels), range(9)):
            angle = t / 10000 ** (2 * (c // 2) / channels)
            assert float(found[c, t]) == pytest.approx(math.cos(angle) if c % 2 else math.sin(angle), abs=1e-5)


def test_embedding_is_pytorchs() -> None:
    made: Any = module(make("embedding", 0, units=5, vocabulary=11), (7,))
    numbers = torch.randint(0, 11, (2, 7), generator=torch.Generator().manual_seed(0))
    close(made(numbers), nn.Embedding.from_pretrained(made.weight.detach())(numbers).transpose(1, 2))
    with pytest.raises(OpError, match="reads an input of tokens"):
        make("embedding", 0, units=5).shape(((7,),))


# Joins ----------------------------------------------------------------------------------------------------------------


JOINED: dict[str, Any] = {
    "add": lambda arrays: sum(arrays[1:], arrays[0]),
    "mul": lambda arrays: math.prod(arrays[1:], start=arrays[0]),
    "max": lambda arrays: torch.stack(torch.broadcast_tensors(*arrays)).max(0).values,
    "mean": lambda arrays: torch.stack(torch.broadcast_tensors(*arrays)).mean(0),
}
SPREAD = [
    [(4, 3, 5), (4, 3, 5)],
    [(4, 3, 5), (4, 1, 1), (4, 3, 5)],
    [(4, 1, 1), (1, 3, 5)],
    [(4, 3, 5), (1, 1, 1)],
    [(4, 3, 5), (4,)],
    [(1,), (4, 3, 5), (1, 3, 1)],
    [(4, 6), (4,)],
    [(4,), (1,)],
    [(4, 2, 3, 5), (4, 2, 1, 1)],
    [(4, 3, 5)] * 3,
]


@pytest.mark.parametrize("shapes", SPREAD)
@pytest.mark.parametrize("name", JOINED)
def test_joins_spread_what_is_1(name: str, shapes: list[tuple[int, ...]]) -> None:
    given = [x(2, *shape, seed=seed) for seed, shape in enumerate(shapes)]
    rank = max(map(len, shapes))
    maps = [each.reshape(*each.shape, *[1] * (rank - len(shape))) for each, shape in zip(given, shapes, strict=True)]
    close(apply(make(name, rank - 1), *given), JOINED[name](maps))


@pytest.mark.parametrize(
    "shapes", [[(4, 3, 5), (4, 3)], [(4, 3, 5), (3,)], [(4, 3, 5), (2, 3, 5)], [(4, 3), (4, 3, 1)]]
)
@pytest.mark.parametrize("name", JOINED)
def test_joins_refuse_other_shapes(name: str, shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(OpError, match="have different shapes") as caught:
        make(name).shape(tuple(shapes))
    assert caught.value.code == "E0302"
    assert caught.value.help


# Labels as arguments --------------------------------------------------------------------------------------------------


def test_sizes_of_other_values() -> None:
    value = x(2, 3, 6, 7)
    close(apply(make("crop", like="@"), value, x(2, 5, 4, 4)), value[:, :, 1:5, 1:5])
    close(apply(make("pad", like="@"), value, x(2, 5, 9, 7)), F.pad(value, [0, 0, 1, 2]))
    like = x(2, 5, 9, 14)
    close(
        apply(make("upsample", like="@", mode="bilinear"), value, like), F.interpolate(value, (9, 14), mode="bilinear")
    )
    made = module(make("crop", like="@"), (3, 6, 7), (5, 4, 4))
    assert made(x(1, 3, 20, 20), x(1, 3, 10, 11)).shape == (1, 3, 10, 11)  # of any size
    with pytest.raises(OpError, match=r"`like` names 5x9x7, which is smaller|is larger than"):
        make("crop", like="@").shape(((3, 6, 7), (5, 9, 7)))
    with pytest.raises(OpError, match="smaller than the input"):
        make("pad", like="@").shape(((3, 6, 7), (5, 5, 7)))


@pytest.mark.parametrize("pool", [{"kernel": 2}, {"kernel": 2, "stride": 2, "pad": 1}, {"kernel": 3, "ceil": True}])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_unpool_is_pytorchs(rank: int, pool: dict[str, Any]) -> None:
    before = x(2, 3, *(8, 6, 4)[:rank])
    layer: Any = module(make("maxpool", rank, **pool), tuple(before.shape[1:]))
    layer.return_indices = True
    after, places = layer(before)
    settings = {"kernel_size": pool["kernel"], "stride": pool.get("stride"), "padding": pool.get("pad", 0)}
    expected = (nn.MaxUnpool1d, nn.MaxUnpool2d, nn.MaxUnpool3d)[rank - 1](**settings)(after, places, before.shape)
    close(apply(make("unpool", rank, pool="@", **pool), after, before), expected)


# Squares, channels ----------------------------------------------------------------------------------------------------


def _unshuffled(value: Tensor, r: int, order: str) -> Tensor:
    n, c, h, w = value.shape
    out = value.new_zeros(n, c * r * r, h // r, w // r)
    for k, i, j, y, z in itertools.product(range(c), range(r), range(r), range(h // r), range(w // r)):
        place = {"chw": (k * r + i) * r + j, "hwc": (i * r + j) * c + k, "whc": (j * r + i) * c + k}[order]
        out[:, place, y, z] = value[:, k, y * r + i, z * r + j]
    return out


def _reorg(value: Tensor, r: int) -> Tensor:
    """`reorg_cpu` of Darknet, as its layer calls it, place by place in memory."""
    n, c, h, w = value.shape
    flat, out, out_c = value.reshape(-1), torch.empty(value.numel()), c // (r * r)
    for b, k, j, i in itertools.product(range(n), range(c), range(h), range(w)):
        offset, c2 = k // out_c, k % out_c
        w2, h2 = i * r + offset % r, j * r + offset // r
        out[i + w * (j + h * (k + c * b))] = flat[w2 + w * r * (h2 + h * r * (c2 + out_c * b))]
    return out.reshape(n, c * r * r, h // r, w // r)


@pytest.mark.parametrize("order", ["chw", "hwc", "whc", "darknet"])
@pytest.mark.parametrize("r", [2, 3])
def test_pixel_squares(r: int, order: str) -> None:
    value = x(2, 9 if r == 3 else 8, 2 * r, 3 * r)
    expected = _reorg(value, r) if order == "darknet" else _unshuffled(value, r, order)
    found = apply(make("pixelunshuffle", factor=r, order=order), value)
    assert torch.equal(found, expected)
    assert torch.equal(apply(make("pixelshuffle", factor=r, order=order), found), value)


def test_pixel_squares_are_pytorchs_and_swins() -> None:
    value = x(2, 4, 6, 8)
    assert torch.equal(apply(make("pixelunshuffle", factor=2), value), F.pixel_unshuffle(value, 2))
    assert torch.equal(apply(make("pixelshuffle", factor=2), value), F.pixel_shuffle(value, 2))
    merged = [value[:, :, i::2, j::2] for j, i in itertools.product(range(2), range(2))]  # torchvision's PatchMerging
    assert torch.equal(apply(make("pixelunshuffle", factor=2, order="whc"), value), torch.cat(merged, 1))


def test_over_channels() -> None:
    value = x(2, 6, 3, 4)
    close(apply(make("reduce", by="mean"), value), value.mean(1, keepdim=True))
    close(apply(make("reduce", by="max"), value), value.amax(1, keepdim=True))
    across = apply(make("softmax", across=2), value)
    close(across[:, :3] + across[:, 3:], torch.ones(2, 3, 3, 4))
    close(across[:, 1] / across[:, 4], (value[:, 1] - value[:, 4]).exp())
    close(apply(make("l2norm"), value), value / value.square().sum(1, keepdim=True).sqrt())
    close(apply(make("l2norm", scale=20), value), 20 * apply(make("l2norm"), value))
    tokens = value.permute(0, 2, 3, 1)
    close(apply(make("rmsnorm"), value), nn.RMSNorm(6, eps=1e-6)(tokens).permute(0, 3, 1, 2))
    close(apply(make("exp"), value), math.e**value)
    close(apply(make("sqrt"), value.square()), value.abs())
    close(apply(make("softsign"), value), value / (1 + value.abs()))
    close(apply(make("hardtanh", low=-0.5, high=2), value), value.clamp(-0.5, 2))
    shared: Any = module(make("scale", shared=True, init=0.0), (6, 3, 4))
    assert [tuple(each.shape) for each in shared.parameters()] == [(1,)]
    assert not shared(value).any()


def test_dropout_of_channels_and_of_all() -> None:
    for rank in (1, 2, 3):
        value = torch.ones(400, 5, *[3] * rank)
        out = module(make("dropout", rank, p=0.25, per="channel"), tuple(value.shape[1:])).train()(value).flatten(2)
        assert (out == out[:, :, :1]).all()
        assert set(out.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert not module(make("dropout", p=1), (5, 3, 3)).train()(torch.ones(2, 5, 3, 3)).any()


@pytest.mark.parametrize(("scale", "offset"), [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("name", ["bn", "gn", "ln", "instancenorm"])
def test_norms_with_a_scale_or_an_offset_alone(name: str, scale: bool, offset: bool) -> None:
    given = {"groups": 2} if name == "gn" else {}
    made: Any = module(make(name, scale=scale, offset=offset, eps=1e-3, **given), (4, 3, 5)).train()
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    assert [key for key, _ in made.named_parameters()] == ["weight"] * scale + ["bias"] * offset
    value = x(3, 4, 3, 5)
    over = {"bn": (0, 2, 3), "ln": (1,), "instancenorm": (2, 3)}
    grouped = value.reshape(3, 2, -1) if name == "gn" else value
    dims = over.get(name, (2,))
    normal = (grouped - grouped.mean(dims, keepdim=True)) / (
        grouped.var(dims, keepdim=True, correction=0) + 1e-3
    ).sqrt()
    normal = normal.reshape(value.shape)
    if scale:
        normal = normal * made.weight.view(-1, 1, 1)
    if offset:
        normal = normal + made.bias.view(-1, 1, 1)
    close(made(value), normal)


def test_batch_normalization_without_averages_takes_the_batch() -> None:
    made = module(make("bn", running=False), (4, 3, 5))
    assert list(made.state_dict()) == ["weight", "bias"]
    value = 3 * x(6, 4, 3, 5) + 2
    close(made(value).mean((0, 2, 3)), torch.zeros(4))


def test_the_running_variance_is_over_n_minus_1() -> None:
    made: Any = module(make("bn", 0, momentum=1.0), (3,)).train()
    value = x(5, 3)
    made(value)
    close(made.running_var, value.var(0, correction=1))


def test_lrn_within_is_caffes() -> None:
    value = 5 * x(1, 2, 5, 6)
    found = apply(make("lrn", size=3, alpha=0.1, k=1, within=True), value)
    for c, y, z in itertools.product(range(2), range(5), range(6)):
        near = value[0, c, max(y - 1, 0) : y + 2, max(z - 1, 0) : z + 2]
        expected = value[0, c, y, z] / (1 + 0.1 / 9 * near.square().sum()) ** 0.75
        assert float(found[0, c, y, z]) == pytest.approx(float(expected), rel=1e-4)


def test_lrn_across_is_pytorchs() -> None:
    for rank in (1, 2, 3):
        value = 5 * x(2, 7, *[3] * rank)
        close(apply(make("lrn", rank, alpha=0.3), value), nn.LocalResponseNorm(5, alpha=0.3, k=2.0)(value))


# Convolutions, interpolation ------------------------------------------------------------------------------------------


def test_a_convolution_in_groups_is_one_of_each_group() -> None:
    value = x(2, 6, 5, 5)
    for groups in (1, 2, 3):
        made: Any = module(make("conv", kernel=3, channels=12, groups=groups), (6, 5, 5))
        pieces = zip(*(each.chunk(groups) for each in (made.weight, made.bias)), strict=True)
        parts = [F.conv2d(each, *piece, padding=1) for each, piece in zip(value.chunk(groups, 1), pieces, strict=True)]
        close(made(value), torch.cat(parts, 1))


@pytest.mark.parametrize(("kernel", "pad"), [((3, 5), 2), ((5, 3), 2), ((4, 6), (2, 3)), (5, 2)])
def test_a_pooling_may_be_padded_by_more_than_half_of_its_window(kernel: Any, pad: Any) -> None:
    """PyTorch's own refuses that in any dimension."""
    value = x(2, 3, 9, 8)
    rows, columns = pad if isinstance(pad, tuple) else (pad, pad)
    around = [columns, columns, rows, rows]
    largest = F.max_pool2d(F.pad(value, around, value=-math.inf), kernel, 2)
    close(apply(make("maxpool", kernel=kernel, stride=2, pad=pad), value), largest)
    close(
        apply(make("avgpool", kernel=kernel, stride=2, pad=pad), value), F.avg_pool2d(F.pad(value, around), kernel, 2)
    )


@pytest.mark.parametrize(
    ("name", "arguments", "rank", "call"),
    [
        ("maxpool", {}, 2, "nn.MaxPool2d(kernel_size=2)"),
        ("maxpool", {"kernel": 3, "pad": 1}, 2, "nn.MaxPool2d(kernel_size=3, padding=1)"),
        ("conv", {"kernel": 3, "channels": 4}, 2, "nn.Conv2d(6, 4, kernel_size=3, padding=1)"),
        ("lstm", {"units": 5}, 1, "SequenceLSTM(6, 5)"),
        ("lstm", {"units": 5, "layers": 2, "both": True}, 1, "SequenceLSTM(6, 5, num_layers=2, bidirectional=True)"),
    ],
)
def test_what_is_pytorchs_default_is_not_said(name: str, arguments: dict[str, Any], rank: int, call: str) -> None:
    made = make(name, rank, **arguments).torch(((6, *[8] * rank),)).module
    assert made is not None and text(made) == call


def test_standardized_weights() -> None:
    made: Any = module(make("conv", kernel=3, channels=5, standardize=True), (4, 6, 6))
    weight = made.weight.detach()
    normal = (weight - weight.mean((1, 2, 3), keepdim=True)) / weight.std((1, 2, 3), keepdim=True, correction=0)
    close(made(x(1, 4, 6, 6)), F.conv2d(x(1, 4, 6, 6), normal, made.bias, padding=1))


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 2, 1), (4, 2, 1), (5, 3, 1), (2, 3, 1), (3, 2, 2)])
def test_upconv_by_tf_is_the_gradient_of_a_convolution_by_tf(kernel: int, stride: int, dilation: int) -> None:
    settings = {"kernel": kernel, "stride": stride, "dilation": dilation, "pad": "tf", "bias": False}
    up = make("upconv", channels=3, **settings)
    assert up.shape(((2, 5, 4),)) == (3, 5 * stride, 4 * stride)
    made: Any = module(up, (2, 5, 4))
    forth: Any = module(make("conv", channels=2, **settings), (3, 5 * stride, 4 * stride))
    forth.load_state_dict(made.state_dict())
    below = x(1, 3, 5 * stride, 4 * stride).requires_grad_()
    out = x(1, 2, 5, 4)
    (gradient,) = torch.autograd.grad(forth(below), below, out)
    close(made(out), gradient)


def test_upconv_same_and_sides() -> None:
    value = x(1, 2, 5, 4)
    made: Any = module(make("upconv", kernel=3, channels=3, stride=2, pad="same"), (2, 5, 4))
    close(made(value), F.conv_transpose2d(value, made.weight, made.bias, 2, 1, 1))
    made = module(make("upconv", kernel=4, channels=3, stride=2, pad=(0, 1, 2, 3)), (2, 5, 4))
    close(made(value), F.conv_transpose2d(value, made.weight, made.bias, 2)[:, :, :-1, 2:-3])
    with pytest.raises(OpError, match="`pad=same` needs an odd kernel"):
        make("upconv", kernel=4, channels=3, pad="same").shape(((2, 5, 4),))


def test_local_has_weights_of_its_own_at_every_place() -> None:
    op = make("local", kernel=3, channels=5, stride=2, pad=1)
    made: Any = module(op, (2, 5, 6))
    nn.init.normal_(made.bias)
    value = x(1, 2, 5, 6)
    around = F.pad(value, [1, 1, 1, 1])[0]
    found = made(value)[0]
    for number, (y, z) in enumerate(itertools.product(range(3), range(3))):
        seen = around[:, 2 * y : 2 * y + 3, 2 * z : 2 * z + 3].flatten()
        close(found[:, y, z], made.weight[number] @ seen + made.bias[:, y, z])
    assert op.macs(((2, 5, 6),)) == 9 * 5 * 2 * 9


def test_interpolation() -> None:
    value = x(1, 2, 8, 6)
    area = apply(make("upsample", to=(4, 3), mode="area"), value)
    close(area, F.avg_pool2d(value, 2))
    nearest = apply(make("upsample", to=(5, 9), mode="nearest_exact"), value)
    rows, columns = ([int((i + 0.5) * n / m) for i in range(m)] for n, m in ((8, 5), (6, 9)))
    close(nearest, value[:, :, rows][:, :, :, columns])
    factor = apply(make("upsample", factor=[1.5], mode="bilinear"), value)
    close(factor, F.interpolate(value, scale_factor=1.5, mode="bilinear"))
    one: Any = make("upsample", factor=[1.5, 2], mode="bilinear")
    assert one.canonical(((2, 8, 6),)).factor == (1.5, 2)  # by sizes it would be another function
    blurred = apply(make("upsample", to=(4, 6), mode="bilinear", antialias=True), value)
    taps = torch.zeros(4, 8)
    for i, j in itertools.product(range(4), range(8)):  # a triangle, as wide as the factor
        taps[i, j] = max(0.0, 1 - abs((j + 0.5) - (i + 0.5) * 2) / 2)
    close(blurred, (taps / taps.sum(1, keepdim=True)) @ value)
    for mode, rank in (("bilinear", 1), ("bicubic", 3)):
        with pytest.raises(OpError, match=f"`mode={mode}` is for images; the map has {rank} dimension"):
            make("upsample", rank, factor=2, mode=mode).shape(((2, *[4] * rank),))
    linear, bilinear = (make("upsample", to=9, mode=mode).canonical(((2, 4, 4),)) for mode in ("linear", "bilinear"))
    assert linear == bilinear


# Ranks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "rank", "message"),
    [
        (
            "conv",
            {"kernel": (3, 3), "channels": 4},
            1,
            "`kernel` (=3x3) of `conv` has 2 parts; the map has 1 dimension",
        ),
        ("conv", {"kernel": (1, 3, 3), "channels": 4}, 2, "(=1x3x3) of `conv` has 3 parts; the map has 2 dimensions"),
        ("maxpool", {"stride": (2, 2)}, 3, "`stride` (=2x2) of `maxpool` has 2 parts; the map has 3 dimensions"),
        ("conv", {"kernel": 3, "channels": 4, "pad": [1, 0, 0, 1]}, 1, "`pad` (=[1, 0, 0, 1]) of `conv` has 4 parts"),
        ("upsample", {"to": (4, 4)}, 1, "`to` (=4x4) of `upsample` has 2 parts; the map has 1 dimension"),
    ],
)
def test_a_number_of_parts_that_is_not_the_rank(name: str, arguments: dict[str, Any], rank: int, message: str) -> None:
    with pytest.raises(OpError) as caught:
        make(name, rank, **arguments)
    assert message in caught.value.message
    assert caught.value.code == "E0405"
    assert "dimension" in (caught.value.help or "")


@pytest.mark.parametrize(
    ("name", "arguments", "parts", "line"),
    [
        ("conv", {"kernel": 3, "channels": 64, "stride": 2}, ("3x3", "64", "2"), "3x3 conv, 64, /2"),
        ("conv", {"kernel": 3, "channels": 64}, ("3x3", "64"), "3x3 conv, 64"),
        ("avgpool", {"kernel": 3}, ("3x3",), "3x3 avg pool"),
        ("fc", {"features": 1000}, ("", "1000"), "fc 1000"),
        ("token", {"index": 3}, (), "token 3"),
        ("relu", {}, (), "relu"),
    ],
)
def test_a_layer_in_one_line_is_as_figures_have_it(
    name: str, arguments: dict[str, Any], parts: tuple[str, ...], line: str
) -> None:
    assert make(name, **arguments).line(None, *parts) == line


def test_sizes_are_written_out_once() -> None:
    op: Any = ops.find("conv").model_validate({"kernel": 3, "channels": 4, "pad": (1, 0)})
    fitted = op.fitted(2)
    assert (fitted.kernel, fitted.stride, fitted.pad) == ((3, 3), (1, 1), (1, 1, 0, 0))
    assert fitted.fitted(2) is fitted
    assert op.fitted(0) is op
    assert op.model_copy(update={"pad": (1,)}).fitted(3).pad == (1,) * 6


@pytest.mark.parametrize(
    ("name", "argument", "usual"), [("prelu", "slope", 0.25), ("l2norm", "scale", None), ("scale", "init", 1.0)]
)
def test_where_learned_factors_start(name: str, argument: str, usual: float | None) -> None:
    for value in (usual, 0.75):
        made = module(make(name, **{} if value is None else {argument: value}), (4, 3, 3))
        assert all((each == value).all() for each in made.parameters())


@pytest.mark.parametrize(
    ("bounds", "low", "high"),
    [
        ({"a": 0.5, "b": 0.75}, 0.5, 0.75),
        ({"a": 0.5, "b": 0.5}, 0.5, 0.5),
        ({"a": 0.05}, -0.05, 0.05),
        ({}, -1 / 6, 1 / 6),  # 4 channels by 3x3 pixels go into a unit
        ({"mode": "fan_out"}, -1 / 24, 1 / 24),  # 64 channels by 3x3 pixels go out of an input
    ],
)
def test_uniform_weights_fill_the_stretch_between_their_bounds(bounds: dict[str, Any], low: float, high: float) -> None:
    made: Any = module(make("conv", kernel=3, channels=64, init={"name": "uniform", **bounds}), (4, 6, 6))
    margin = 0.05 * (high - low) + 1e-6
    assert low - 1e-6 <= made.weight.min() <= low + margin and high - margin <= made.weight.max() <= high + 1e-6


def test_bounds_of_uniform_weights_may_agree_and_not_be_exchanged() -> None:
    make("conv", kernel=3, channels=64, init={"name": "uniform", "a": 0.5, "b": 0.5})
    with pytest.raises(ValidationError, match="must not be above"):
        make("conv", kernel=3, channels=64, init={"name": "uniform", "a": 0.5, "b": 0.25})


def test_one_bound_of_uniform_weights_needs_the_other() -> None:
    with pytest.raises(ValidationError, match="takes both `a` and `b`, or one number, or neither"):
        make("conv", kernel=3, channels=64, init={"name": "uniform", "b": 1})


def test_units_that_see_few_inputs() -> None:
    made: Any = module(make("fc", 0, features=50, init={"name": "sparse", "excite": 3, "inhibit": 2}), (9,))
    assert ((made.weight == 1).sum(1) == 3).all() and ((made.weight == -1).sum(1) == 2).all()
    assert ((made.weight == 0).sum(1) == 4).all()


def test_the_divisors_next_to_a_number() -> None:
    for n, near in (*itertools.product(range(1, 40), range(1, 45)), (10007, 5000)):
        every = [d for d in range(1, n + 1) if n % d == 0]
        below, above = [d for d in every if d <= near], [d for d in every if d > near]
        assert nearest_divisors(n, near) == ([below[-1], above[0]] if near < n else [n])
    assert nearest_divisors(2**31 - 1, 46341) == [1, 2**31 - 1]  # a prime


def test_what_is_written_is_as_short_as_it_goes() -> None:
    assert notation(make("pad", 3, sides=(1, 2, 3))) == "pad(1x2x3)"
    assert notation(make("pad", 3, sides=(1, 1, 2, 2, 3, 4))) == "pad([1, 1, 2, 2, 3, 4])"
    assert notation(make("pad", 2, sides=(1, 1, 1, 1))) == "pad(1)"
    assert notation(make("upconv", 3, kernel=5, channels=4, pad=(1, 2, 1))) == "upconv5-4(pad=1x2x1)"
    assert notation(make("dropout", p=0.1225)) == "dropout(12.25%)"
    assert notation(make("dropout", p=0.12345)) == "dropout(0.12345)"
    assert notation(make("hardtanh", low=-2e-5, high=2e-5)) == "hardtanh(-2e-5, high=2e-5)"
