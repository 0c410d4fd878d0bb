"""The text of the class that `attention` needs: its weights under the names of a library, and where it looks.

PyTorch's own `nn.MultiheadAttention` takes sequences N x T x C, and has no windows and no bias for relative positions.
These take maps N x C x ...; `F.scaled_dot_product_attention` does the work in all of them.
"""

from __future__ import annotations

from functools import cache

from netdsl.ops.shared.definition import definition, each, suffix

IN_PROJ = """        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, channels))
        nn.init.xavier_uniform_(self.in_proj_weight)
"""
APART = """        self.q_proj_weight = nn.Parameter(torch.empty(dim, channels))
        self.k_proj_weight = nn.Parameter(torch.empty(dim, key))
        self.v_proj_weight = nn.Parameter(torch.empty(dim, value))
        for weight in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            nn.init.xavier_uniform_(weight)
"""
IN_BIAS = """        self.register_parameter("in_proj_bias", nn.Parameter(torch.zeros(3 * dim)) if bias else None)
"""
OUT_PROJ = "        self.out_proj = nn.Linear(dim, channels, bias=bias)\n"
PROJ = "        self.proj = nn.Linear(dim, channels, bias=bias)\n"
QKV = "        self.qkv = nn.Linear(channels, 3 * dim, bias=bias)\n"
SEPARATE = """        self.q = nn.Linear(channels, dim, bias=bias)
        self.k = nn.Linear({key}, dim, bias=bias)
        self.v = nn.Linear({value}, dim, bias=bias)
"""
WEIGHTS = {
    "in_proj": IN_PROJ + IN_BIAS + OUT_PROJ,
    "apart": APART + IN_BIAS + OUT_PROJ,
    "qkv": QKV + PROJ,
    "separate": SEPARATE.format(key="channels", value="channels") + PROJ,
    "separate of others": SEPARATE.format(key="key", value="value") + PROJ,
}

WHOLE = '''class {name}(nn.Module):
    """Multi-head attention of the positions of a map N x C x ... to one another; `causal`: to none that follow."""

    def __init__(
        self,
        channels: int,
        heads: int,
        dim: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.heads, self.dropout, self.causal = heads, dropout, causal
        dim = dim or channels
{weights}
    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = {projected}
        dropout = self.dropout if self.training else 0.0
        out = F.scaled_dot_product_attention(
            self.split(q), self.split(k), self.split(v), dropout_p=dropout, is_causal=self.causal
        )
        out = self.{out}(out.transpose(1, 2).flatten(2))
        return out.transpose(1, 2).reshape(x.shape)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, [self.heads, -1]).transpose(1, 2)
'''

CROSS = '''class {name}(nn.Module):
    """Multi-head attention of the positions of a map N x C x ... to those of another, or to keys and their values."""

    def __init__(
        self,
        channels: int,
        heads: int,
        key: int | None = None,
        value: int | None = None,
        dim: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.heads, self.dropout, self.causal = heads, dropout, causal
        key, value, dim = key or channels, value or key or channels, dim or channels
{weights}
    def forward(self, x: Tensor, key: Tensor, value: Tensor | None = None) -> Tensor:
        value = key if value is None else value
{projected}
        dropout = self.dropout if self.training else 0.0
        out = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=self.causal)
        out = self.{out}(out.transpose(1, 2).flatten(2))
        return out.transpose(1, 2).reshape(x.shape)

    def tokens(self, x: Tensor) -> Tensor:
        return x.flatten(2).transpose(1, 2)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, [self.heads, -1]).transpose(1, 2)
'''

LINEAR = """\
        q_bias, k_bias, v_bias = (None, None, None) if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q = self.split(F.linear(self.tokens(x), {q}, q_bias))
        k = self.split(F.linear(self.tokens(key), {k}, k_bias))
        v = self.split(F.linear(self.tokens(value), {v}, v_bias))"""
CROSSED = {
    "in_proj": "        q_weight, k_weight, v_weight = self.in_proj_weight.chunk(3)\n"
    + LINEAR.format(q="q_weight", k="k_weight", v="v_weight"),
    "apart": LINEAR.format(q="self.q_proj_weight", k="self.k_proj_weight", v="self.v_proj_weight"),
    "separate": """        q = self.split(self.q(self.tokens(x)))
        k = self.split(self.k(self.tokens(key)))
        v = self.split(self.v(self.tokens(value)))""",
}
PROJECTED = {
    "in_proj": "F.linear(tokens, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)",
    "qkv": "self.qkv(tokens).chunk(3, dim=-1)",
    "separate": "self.q(tokens), self.k(tokens), self.v(tokens)",
}

WINDOWED = '''class {name}(nn.Module):
    """Multi-head attention within windows of a map N x C x ..., which is padded below and right to whole windows.

    `shift`: the windows are so far down and right, and go round; what does not lie side by side is masked. There is no
    shift where one window covers the map. `relative_bias` learns a number for each distance and head. A checkpoint may
    lack the index, which follows from the window.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        window: tuple[{ints}],
        shift: tuple[{ints}] = {zeros},
        relative_bias: bool = False,
        dim: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.heads, self.window, self.shift, self.dropout = heads, window, shift, dropout
        dim = dim or channels
        distances = {distances}
        table = nn.Parameter(torch.empty(distances, heads)) if relative_bias else None
        self.register_parameter("relative_position_bias_table", table)
        if table is not None:
            nn.init.trunc_normal_(table, std=0.02)
        places = torch.stack(torch.meshgrid([torch.arange(n) for n in window], indexing="ij")).flatten(1)
        index = torch.zeros(1, dtype=torch.long)
        for axis, n in enumerate(window):
            index = index * (2 * n - 1) + places[axis][:, None] - places[axis][None, :] + n - 1
        self.register_buffer("relative_position_index", index.flatten() if relative_bias else None)
{weights}
    def _load_from_state_dict(self, state_dict, prefix, *args):
        if self.relative_position_index is not None:
            state_dict.setdefault(prefix + "relative_position_index", self.relative_position_index)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def forward(self, x: Tensor) -> Tensor:
        {names} = {given}
        x = F.pad(x, [{padding}])
        shift = [
            {shifts},
        ]
        tokens = self.windows(torch.roll(x, [{rolled}], [{places}]))
        q, k, v = {projected}
        dropout = self.dropout if self.training else 0.0
        mask = self.mask(x, shift)
        out = F.scaled_dot_product_attention(self.split(q), self.split(k), self.split(v), mask, dropout)
        out = self.{out}(out.transpose(2, 3).flatten(3))
        return torch.roll(self.whole(out, x), shift, [{places}])[:, :, {kept}]

    def windows(self, x: Tensor) -> Tensor:
        """N x C x ... to N x windows x places x C."""
        {names} = {counts}
        {sizes} = {insides}
        x = x.reshape(x.shape[0], x.shape[1], {folds}).permute({order})
        return x.reshape(x.shape[0], -1, {area}, x.shape[-1])

    def whole(self, tokens: Tensor, x: Tensor) -> Tensor:
        """N x windows x places x C to a map of the shape of x."""
        {names} = {counts}
        {sizes} = {insides}
        tokens = tokens.reshape(x.shape[0], {names}, {sizes}, x.shape[1])
        return tokens.permute({back}).reshape(x.shape)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(3, [self.heads, -1]).transpose(2, 3)

    def mask(self, x: Tensor, shift: list[int]) -> Tensor | None:
        """What is added to the scores: the bias, and -100 between parts that the shift has brought together."""
        mask: Tensor | None = None
        table, index = self.relative_position_bias_table, self.relative_position_index
        if table is not None and index is not None:
            size = {volume}
            mask = table[index].view(size, size, self.heads).permute(2, 0, 1)
        if sum(shift) > 0:
            part = torch.zeros_like(x[:1, :1])
{parts}
            part = self.windows(part)
            apart = (part != part.transpose(2, 3)).to(x.dtype).unsqueeze(2) * -100.0
            mask = apart if mask is None else mask + apart
        return mask
'''


def whole(layout: str) -> tuple[str, str]:
    """The class for attention of a map to itself, and its text."""
    name = {"in_proj": "Attention", "qkv": "QkvAttention", "separate": "SeparateAttention"}[layout]
    return name, WHOLE.format(name=name, weights=WEIGHTS[layout], projected=PROJECTED[layout], out=_out(layout))


def cross(layout: str) -> tuple[str, str]:
    """The class for attention to other sources, and its text; `apart` is in_proj of sources with other channels."""
    name = {"in_proj": "CrossAttention", "apart": "ApartAttention", "separate": "SeparateCrossAttention"}[layout]
    weights = WEIGHTS["separate of others" if layout == "separate" else layout]
    return name, CROSS.format(name=name, weights=weights, projected=CROSSED[layout], out=_out(layout))


@cache
def windowed(layout: str, rank: int) -> tuple[str, str]:
    """The class for attention within windows of a map of `rank` dimensions, and its text."""
    name = {"in_proj": "InProjWindowAttention", "qkv": "WindowAttention", "separate": "SeparateWindowAttention"}[layout]
    name += suffix(rank)
    parts = [
        f"            part[:, :, {':, ' * axis}x.shape[{axis + 2}] - shift[{axis}] :] += {2**axis}"
        for axis in range(rank)
    ]
    back = ", ".join(f"{1 + axis}, {1 + rank + axis}" for axis in range(rank))
    order = [*(2 + 2 * axis for axis in range(rank)), *(3 + 2 * axis for axis in range(rank))]
    text = definition(
        WINDOWED.replace("{volume}", "{inside}"),
        rank,
        name=name,
        weights=WEIGHTS[layout],
        projected=PROJECTED[layout],
        out=_out(layout),
        distances=each("(2 * window[{axis}] - 1)", rank, " * ") if rank > 1 else "2 * window[0] - 1",
        given=each("x.shape[{place}]", rank),
        padding=each("0, -{name} % self.window[{axis}]", rank, last_first=True),
        shifts=each("self.shift[{axis}] if x.shape[{place}] > self.window[{axis}] else 0", rank, ",\n            "),
        rolled=each("-shift[{axis}]", rank),
        places=each("{place}", rank),
        counts=each("x.shape[{place}] // self.window[{axis}]", rank),
        insides=each("self.window[{axis}]", rank),
        inside=each("self.window[{axis}]", rank, " * "),
        back=f"0, {2 * rank + 1}, {back}",
        kept=each(":{name}", rank),
        folds=each("{name}, {size}", rank),
        sizes=each("{size}", rank),
        area=each("{size}", rank, " * "),
        order=", ".join(map(str, (0, *order, 1))),
        parts="\n".join(parts),
    )
    return name, text


def _out(layout: str) -> str:
    return "out_proj" if layout in ("in_proj", "apart") else "proj"
