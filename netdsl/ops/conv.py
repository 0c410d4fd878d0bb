"""`conv`: convolution."""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from netdsl.ops.shared.base import Call, Geometry, Saved, Torch, Weight
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.conv import Convolution
from netdsl.ops.shared.definition import definition, each
from netdsl.ops.shared.fields import Count, Flag, Frozen, Pad, Size, Sizes, Words, absent
from netdsl.ops.shared.init import BiasInitial, Init, Initial, statements
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

CONNECTED = '''class ConnectedConv{d}d(nn.Module):
    """Convolution in which each output map sees only the input maps listed for it: one filter for each such link."""

    def __init__(
        self,
        connect: tuple[tuple[int, ...], ...],
        kernel_size: tuple[{ints}],
        stride: tuple[{ints}] = {ones},
        padding: tuple[{ints}] = {zeros},
        dilation: tuple[{ints}] = {ones},
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.dilation = stride, padding, dilation
        self.maps = len(connect)
        fan_in = [len(maps) * {volume} for maps in connect for _ in maps]
        self.register_buffer("fan_in", torch.tensor(fan_in).view(-1, 1, {tail}), persistent=False)
        sources = [i for maps in connect for i in maps]
        targets = [o for o, maps in enumerate(connect) for _ in maps]
        self.register_buffer("sources", torch.tensor(sources), persistent=False)
        self.register_buffer("targets", torch.tensor(targets), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(sources), 1, {kernel}))
        nn.init.uniform_(self.weight, -1, 1)
        self.weight.data /= self.fan_in.sqrt()
        self.bias = nn.Parameter(torch.zeros(self.maps)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        # One kernel with zeros where there is no link: faster than a group of its own for each.
        weight = self.weight.new_zeros(self.maps, x.shape[1], {taps})
        weight = weight.index_put((self.targets, self.sources), self.weight.squeeze(1))
        return F.conv{d}d(x, weight, self.bias, self.stride, self.padding, self.dilation)
'''

Connections = Annotated[
    tuple[Annotated[tuple[Size, ...], Field(min_length=1)], ...],
    Words("a list with, for each output map, the list of the input maps it sees, from 0"),
]


class Conv(Convolution):
    """Convolution: `conv3-64/2` is 3x3 kernels, 64 output channels, stride 2.

    It follows the map: 3 on a signal, 3x3x3 on a clip; `conv1x3x3-64` has one number for each dimension.

    A CxHxW input gives channels x H' x W' with H' = floor((H + top + bottom - (k-1)*dilation - 1) / stride) + 1.
    `pad=same`, the default, is (k-1)*dilation/2 on each side. `groups` splits input and output channels into so many
    groups that do not see each other.

    `connect` lists for each output map the input maps it sees (LeNet-5's C3, LeCun et al. 1998, Table I). Its weights
    are one kernel for each link, `weight` (links, 1, kh, kw): parameters and multiply-adds are those of the links, no
    more.

    `standardize=true` is weight standardization (Qiao et al. 2019, eq. 4, with the 1e-10 of Kolesnikov et al., Big
    Transfer, 2020, in the root): the weights stay as they are, and are standardized where they are used.

    PyTorch: `nn.Conv2d`, `nn.Conv1d`, `nn.Conv3d`.
    """

    geometry = Geometry(kernel="kernel", out="channels", stride="stride")
    aliases = ("convolution",)

    kernel: Sizes
    """Height x width of the kernels."""
    channels: Count
    """Output channels: the number of kernels."""
    stride: Sizes = (1,)
    """Step of the kernel."""
    pad: Pad = "same"
    """Pixels of zeros around the input: same, valid (none), tf (TensorFlow's SAME), or numbers."""
    dilation: Sizes = (1,)
    """Distance between the kernel's taps."""
    groups: Count = 1
    """Groups of channels that do not see each other."""
    bias: Flag = True
    """Add a learned bias for each output channel."""
    ceil: Flag = False
    """Round the output's size up, as cuda-convnet did."""
    connect: Connections | None = None
    """For each output map, the input maps it sees; none: all."""
    standardize: Flag = Field(False, exclude_if=absent)
    """Use each output channel's weights less their mean, over their standard deviation."""
    frozen: Frozen = False
    init: Initial = None
    bias_init: BiasInitial = None

    @model_validator(mode="after")
    def _connectable(self) -> Self:
        if self.connect is None:
            return self
        if len(self.connect) != self.channels:
            raise ValueError(
                f"`connect` lists {len(self.connect)} output maps; there are {self.channels} output channels"
            )
        for index, maps in enumerate(self.connect):
            if len(set(maps)) != len(maps):
                raise ValueError(f"`connect` gives output map {index} an input map twice: {list(maps)}")
        if self.groups != 1:
            raise ValueError("`connect` says which channels see which; leave out `groups`")
        if self.standardize:
            raise ValueError("`connect` does not go with `standardize=true`")
        if self.ceil:
            raise ValueError("`connect` does not go with `ceil=true`; write the padding as numbers")
        if isinstance(self.init, Init) and self.init.fanned:
            raise ValueError(
                f"`init={self.init.name}` needs one number of inputs for all maps; "
                "with `connect` take lecun, normal or uniform"
            )
        return self

    def line(self, takes: Shape | None, kernel: str = "", out: str = "", stride: str = "") -> str:
        if takes is not None and takes[0] == self.groups == self.channels > 1:
            return super().line(takes, f"{kernel} depthwise", "", stride)
        return super().line(takes, kernel, out, stride) + (f", {self.groups} groups" if self.groups > 1 else "")

    def filters(self, channels: int) -> tuple[int, int]:
        return self.channels, self.groups

    def relative(self, inputs: tuple[Shape, ...]) -> dict[str, int]:
        """A depthwise convolution has a group for each input channel, and so many output channels in each."""
        depthwise = self.groups == inputs[0][0]
        return {"groups": 1, "channels": self.channels // self.groups} if depthwise else {}

    @property
    def links(self) -> int:
        """The number of (input map, output map) pairs that are connected."""
        return sum(map(len, self.connect or ()))

    def reaching(self, into: int, out: int) -> dict[str, Any]:
        return {"channels": out}

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if self.connect is not None:
            channels, *_ = plane(self.name, inputs[0])
            last = max(map(max, self.connect))
            if last >= channels:
                raise OpError(
                    f"`connect` names input map {last}; the input has {channels} maps, 0 to {channels - 1}",
                    at="connect",
                )
            if self.slide.symmetric() is None:
                raise OpError("`connect` needs the same padding on opposite sides", at="pad", help="write `pad=0`")
        return super().shape(inputs)

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        found = super().weights(inputs)
        if self.connect is not None:
            found["weight"] = Weight((self.links, 1, *self.kernel), not self.frozen)
        return found

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        if self.connect is None:
            return super().macs(inputs)
        return self.links * prod(self.shape(inputs)[1:]) * prod(self.kernel)

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input; where an output map sees only some maps, also the filters with zeros for the others, by whose
        gradient that of the weights is found."""
        if self.connect is None:
            return super().saved(inputs)
        volume, maps = prod(self.kernel), self.channels * inputs[0][0]
        zeros = 0 if self.frozen else (maps - self.links) * volume
        return Saved((0,), fixed=maps * volume, passing_fixed=zeros)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.connect is None:
            return super().torch(inputs)
        settings = {
            "stride": self.stride,
            "padding": self.slide.symmetric(),
            "dilation": self.dilation,
            "bias": self.bias,
        }
        rank = len(self.kernel)
        one = (1,) * rank
        usual = {"stride": one, "padding": (0,) * rank, "dilation": one, "bias": True}
        kwargs = {"kernel_size": self.kernel, **{key: item for key, item in settings.items() if item != usual[key]}}
        init = statements(self.init, bias=self.bias_init)
        if self.init is not None and self.init.name == "lecun":
            init = (
                f"nn.init.uniform_({{m}}.weight, -{self.init.bound!r}, {self.init.bound!r})",
                "{m}.weight.data /= {m}.fan_in",
                *init[1:],
            )
        connected = definition(CONNECTED, rank, taps=each("self.weight.shape[{place}]", rank))
        return Torch(Call(f"ConnectedConv{rank}d", (self.connect,), kwargs), None, (connected,), init, self.frozen)
