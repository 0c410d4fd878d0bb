"""`attention`: multi-head attention."""

from __future__ import annotations

from math import prod
from typing import Literal, Self

from pydantic import Field, model_validator

from netdsl.ops.shared.attending import cross, whole, windowed
from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Weight, Window
from netdsl.ops.shared.checks import divides, plane
from netdsl.ops.shared.fields import Count, Flag, Frozen, Offsets, Rate, Sizes
from netdsl.ops.shared.init import Initial, matrices
from netdsl.ops.shared.padding import shown
from netdsl.shapes import Shape, text
from netdsl.text.diagnostics import OpError


class Attention(Operator):
    """Multi-head attention: `attention(12)` lets each position of a map see all others, by 12 heads; the shape stays.

    Each head computes softmax(q k^T / sqrt(d)) v, with d = dim / heads; queries, keys and values are linear in the
    positions' channels, and so is what comes out. `attention(8) { @x | @memory }` takes queries from x, keys and values
    from memory, `{ @q | @k | @v }` all three from maps of their own; the first gives shape and channels.

    With `window=7` a position sees its window alone (Swin): the map is padded below and right to whole windows, which
    are not masked; `shift=3` moves the windows, unless one covers the map. `relative_bias=true` adds a learned number
    for each distance and head: `relative_position_bias_table`, and the buffer `relative_position_index`, which a
    checkpoint may lack; without `window` it is over the whole map.

    `layout` says what the weights are called: `in_proj` as `nn.MultiheadAttention` (with sources of other channels its
    `q_proj_weight`, `k_proj_weight`, `v_proj_weight`), `qkv` as timm and Swin (`qkv`, `proj`), `separate` (`q`, `k`,
    `v`, `proj`). Multiply-adds are those of the projections and of both products, padded windows included. `init` draws
    the matrices.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2; Liu et al., Swin Transformer, 2021, section
    3.2. PyTorch: `F.scaled_dot_product_attention`.
    """

    family = Family.ATTENTION
    called = "{heads}-head attention"
    inputs = (1, 3)
    followed_by = ("norm", "act")
    weight_layer = True
    aliases = ("multi-head attention", "multihead attention", "self-attention", "mha")
    example = "attention(8)"
    example_input = "64x49"

    heads: Count
    """Number of heads; must divide dim."""
    dim: Count | None = None
    """Channels of the queries, keys and values of all heads; none: those of the map."""
    bias: Flag = True
    """Add a learned bias in each projection."""
    dropout: Rate = 0.0
    """Probability that a weight of the attention is left out in training."""
    causal: Flag = False
    """Each position sees itself and those before it alone."""
    window_: Sizes | None = Field(None, alias="window")
    """Height x width of the windows; none: the whole map."""
    shift: Offsets = (0,)
    """By how much the windows are moved down and right, less than the window."""
    relative_bias: Flag = False
    """Learn a bias for each relative position."""
    layout: Literal["in_proj", "qkv", "separate"] = "in_proj"
    """What the weights are called."""
    frozen: Frozen = False
    init: Initial = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if any(self.shift) and self.window_ is None:
            raise ValueError("`shift` moves windows; give `window` too")
        if self.causal and (self.window_ is not None or self.relative_bias):
            raise ValueError("`causal` is for whole sequences; leave out `window` and `relative_bias`")
        if self.dim is not None and self.dim % self.heads:
            raise ValueError(f"`heads` (={self.heads}) must divide `dim` (={self.dim})")
        return self

    def places(self, inputs: tuple[Shape, ...]) -> Shape | None:
        """The window, or the map that a relative bias is over; None where there is neither."""
        if self.window_ is None:
            return inputs[0][1:] if self.relative_bias else None
        return self.window_

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        maps = [plane(self.name, shape) for shape in inputs]
        if self.dim is None:
            divides(self.heads, maps[0][0], "channels", at="heads")
        if len(maps) > 1 and (self.window_ is not None or self.relative_bias):
            word = "window" if self.window_ is not None else "relative_bias"
            raise OpError(f"`{word}` is for attention of a map to itself; there are {len(maps)} sources", at=word)
        if len(maps) > 1 and self.layout == "qkv":
            raise OpError(
                f"`layout=qkv` has one matrix for one source; there are {len(maps)}",
                at="layout",
                help="`layout=in_proj` or `layout=separate`",
            )
        if len(maps) == 3 and prod(maps[1][1:]) != prod(maps[2][1:]):
            raise OpError(f"each key needs a value: keys are {text(maps[1])}, values {text(maps[2])}")
        if self.window_ is not None and any(s >= w for s, w in zip(self.shift, self.window_, strict=True)):
            raise OpError(
                f"`shift` (={shown(self.shift)}) must be less than the window {shown(self.window_)}", at="shift"
            )
        return maps[0]

    def _inner(self, inputs: tuple[Shape, ...]) -> int:
        return inputs[0][0] if self.dim is None else self.dim

    def _apart(self, inputs: tuple[Shape, ...]) -> bool:
        """Whether sources differ in channels, so that one matrix cannot hold all three projections."""
        return any(shape[0] != inputs[0][0] for shape in inputs)

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        channels, dim = inputs[0][0], self._inner(inputs)
        keys, values = inputs[min(1, len(inputs) - 1)][0], inputs[-1][0]
        places = self.places(inputs)
        shapes: dict[str, Shape] = {}
        if places is not None and self.relative_bias:
            shapes["relative_position_bias_table"] = (prod(2 * n - 1 for n in places), self.heads)
        index = {"relative_position_index": Weight((prod(places) ** 2,), False, buffer=True)} if shapes else {}  # type: ignore[arg-type]
        inner: dict[str, Shape] = {}
        if self.layout == "in_proj":
            if self._apart(inputs):
                shapes |= {
                    "q_proj_weight": (dim, channels),
                    "k_proj_weight": (dim, keys),
                    "v_proj_weight": (dim, values),
                }
            else:
                shapes["in_proj_weight"] = (3 * dim, channels)
            shapes["in_proj_bias"] = (3 * dim,)
        elif self.layout == "qkv":
            inner |= {"qkv.weight": (3 * dim, channels), "qkv.bias": (3 * dim,)}
        else:
            for name, seen in (("q", channels), ("k", keys), ("v", values)):
                inner |= {f"{name}.weight": (dim, seen), f"{name}.bias": (dim,)}
        out = "out_proj" if self.layout == "in_proj" else "proj"
        inner |= {f"{out}.weight": (channels, dim), f"{out}.bias": (channels,)}
        own, inside = (
            {name: Weight(shape, not self.frozen) for name, shape in each.items() if self.bias or name[-4:] != "bias"}
            for each in (shapes, inner)
        )
        return {**own, **index, **inside}

    def _positions(self, shape: Shape) -> int:
        """How many positions a map has, those that fill up its windows included."""
        sides = self.window_ or shape[1:]
        return prod(-(-size // side) * side for size, side in zip(shape[1:], sides, strict=True))

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        channels, dim = inputs[0][0], self._inner(inputs)
        queries = self._positions(inputs[0])
        if self.window_ is not None:
            return queries * (4 * channels * dim + 2 * prod(self.window_) * dim)
        keys, values = inputs[min(1, len(inputs) - 1)], inputs[-1]
        seen = prod(keys[1:])
        return queries * 2 * channels * dim + seen * (keys[0] + values[0]) * dim + 2 * queries * seen * dim

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """Queries, keys, values and what came of them, a logarithm for each row of weights, and the places as rows,
        where matrices are trained.

        The fused kernels know no windows, and give no gradient of a learned bias: there all weights are kept, and what
        came of them is only for the matrix behind it.
        """
        channels, dim, places = inputs[0][0], self._inner(inputs), self.places(inputs)
        queries = keys = self._positions(inputs[0])
        rows = 0
        if len(inputs) > 1:
            keys, rows = prod(inputs[1][1:]), inputs[1][0] + inputs[-1][0]
        elif self.layout == "separate" and self.window_ is None:
            rows = 2 * channels  # each matrix has them laid out for itself
        own = queries * (2 * dim + self.heads * prod(places or ())) + keys * 2 * dim
        if not self.frozen:
            own += queries * channels + keys * rows
        elif places is not None:
            own -= queries * dim
        return Saved(own=own)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        channels = inputs[0][0]
        kwargs: dict[str, Constant] = {}
        places = self.places(inputs)
        if places is not None:
            function, text = windowed(self.layout, len(places))
            kwargs["window"] = places
            if any(self.shift):
                kwargs["shift"] = self.shift
            if self.relative_bias:
                kwargs["relative_bias"] = True
        elif len(inputs) > 1:
            apart = self._apart(inputs)
            function, text = cross("apart" if apart and self.layout == "in_proj" else self.layout)
            if apart:
                kwargs |= {"key": inputs[1][0], "value": inputs[-1][0]}
        else:
            function, text = whole(self.layout)
        if self.dim is not None and self.dim != channels:
            kwargs["dim"] = self.dim
        if not self.bias:
            kwargs["bias"] = False
        if self.dropout:
            kwargs["dropout"] = self.dropout
        if self.causal:
            kwargs["causal"] = True
        init = matrices(self.init, self.weights(inputs))
        return Torch(Call(function, (channels, self.heads), kwargs), None, (text,), init, self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"dim": self._inner(inputs), "init": None})
