"""What an operator is: a frozen model whose fields are its signature, and a closed set of questions it answers.

A new operator is one new file in `netdsl/ops/`, named as the operator; nothing else needs to change. Its
class derives from `Operator`; its fields (with their bounds and defaults) are the arguments the language
accepts, in positional order. It answers `shape`, `weights`, `macs`, `torch`, `window`, and says by class variables
how the notation of the papers (`conv3-64/2`) fills its fields and how a diagram shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from math import prod
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

from pydantic import BaseModel, ConfigDict

from netdsl.ops.shared.fields import PerDimension, parts
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

Constant: TypeAlias = "int | float | bool | str | tuple[Constant, ...] | None"


class Family(StrEnum):
    """What an operator does; a diagram has one colour for each."""

    CONVOLUTION = "convolution"
    POOLING = "pooling"
    FULLY_CONNECTED = "fully connected"
    NORMALIZATION = "normalization"
    ACTIVATION = "activation"
    ATTENTION = "attention"
    RECURRENT = "recurrent"
    JOIN = "join"
    REGULARIZATION = "regularization"
    REARRANGEMENT = "rearrangement"


class Weight(NamedTuple):
    """One tensor of an operator's `state_dict`.

    `trainable` is False for frozen weights (they are parameters, but out of training and of the count that
    papers print); `buffer` is True for state that is no parameter (running statistics).
    """

    shape: Shape
    trainable: bool = True
    buffer: bool = False


class Call(NamedTuple):
    """A call of source text: `Call("nn.Conv2d", (3, 64, 7), {"stride": 2})`. Arguments are plain constants."""

    function: str
    args: tuple[Constant, ...] = ()
    kwargs: Mapping[str, Constant] = {}


class Torch(NamedTuple):
    """How an operator is written in PyTorch, as a description of source text.

    One of `module` (a call that constructs an `nn.Module` of the inputs) and `expression` (a template for a function of
    the inputs, `{0}`, `{1}` or `{all}` for "a, b, c") is set. `expression` is for joins; with both, `module` constructs
    a tensor, which becomes a parameter of the class around it, and is `{m}` in the expression.
    `definitions` are the classes that PyTorch lacks, as source text standing alone on `torch`, `nn` and `F`,
    each starting with `class Name(` ; the emitted file holds each once.
    `init` are statements on the constructed module, with `{m}` for it: `nn.init.normal_({m}.weight, std=0.01)`.
    `frozen` asks for `.requires_grad_(False)` on the constructed module.
    `function` is how a `forward` says it without a module: a function of the input and of these arguments behind it.
    """

    module: Call | None = None
    expression: str | None = None
    definitions: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    frozen: bool = False
    function: Call | None = None


class Window(NamedTuple):
    """The window an operator slides over its input, one number for each dimension of the map: for the receptive field.

    `pad` is what lies before the first pixel (top, left), negative where a crop takes rows away. `upscale` is how many
    times the plane is enlarged before the window slides over it: a transposed convolution with stride s puts s - 1
    zeros between the pixels and then convolves with stride 1. A global operator has no window: it sees everything.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pad: tuple[int, ...]
    upscale: tuple[int, ...]


def window(
    rank: int,
    kernel: tuple[int, ...] = (),
    stride: tuple[int, ...] = (),
    dilation: tuple[int, ...] = (),
    pad: tuple[int, ...] = (),
    upscale: tuple[int, ...] = (),
) -> Window:
    """A window over a map of `rank` dimensions; what is not said is that of a single pixel."""
    one, none = (1,) * rank, (0,) * rank
    return Window(kernel or one, stride or one, dilation or one, pad or none, upscale or one)


class Geometry(NamedTuple):
    """Which fields the notation `NAME kernel - out / stride` fills; None where the operator has no such part."""

    kernel: str | None = None
    out: str | None = None
    stride: str | None = None


class Saved(NamedTuple):
    """What autograd keeps of a layer until its gradient is asked for: inputs by their places, and its `output`.

    `own` are more numbers (float32; a place counts as two) for each sample, `fixed` those for a batch of any size.
    `passing` are those that are there while its gradient is worked out, besides the gradients of inputs, output and
    weights; `passing_fixed` those for a batch of any size. `handed`: the gradients of its inputs are that of its
    output, or parts of it.
    """

    inputs: tuple[int, ...] = ()
    output: bool = False
    own: int = 0
    fixed: int = 0
    passing: int = 0
    passing_fixed: int = 0
    handed: bool = False


class Operator(BaseModel):
    """The base of all operators. A subclass's docstring is its page in the reference: first line, details, source.

    The string below a field says what the field is for; it is read from the source when someone asks.

    Class variables:

    - `name`: the operator's name, that of its file.
    - `family`: what it does.
    - `geometry`: which fields `conv3-64/2` fills.
    - `aliases`: other names it goes by in papers (lower case).
    - `inputs`: (least, most) number of inputs; None for any number. Values that its arguments name (`like=@x`) come
      behind these.
    - `followed_by`: which of `norm` and `act` the language lets follow it as arguments.
    - `weight_layer`: whether the papers count it when they say "19 layers".
    - `flattens`: a CxHxW input is flattened before it.
    - `transparent`: its output is its input.
    - `symmetric`: the order of its inputs does not matter. `sums`: what comes out is their sum, so that one which is
      passed on as it is is a shortcut.
    - `example`, `example_input`: the statement that shows it at work, and the input; without one, its notation.
    - `any_channels`: it is the same layer for any number of channels, all of which it passes on.
    - `keeps`: what its gradient needs, where that does not depend on its arguments.
    - `symbol`: what a diagram shows in place of its notation.
    - `called`: what the figures of papers call it, where that is not its name; a field in braces has its value.
    - `of`: the operator that it undoes; an argument that names a label must name one, and means what went into it. The
      fields that both have are copied; here they are hidden (`hidden`).
    - `own_name`: it is a parameter of the module around, called by its own name where it has no label.
    - `differentiable`: whether it has a gradient that a network can learn by.
    - `constant`: of the values that it takes it sees the sizes alone, so that it passes no gradient on to them.
    - `to_logits`: what it gives at a network's end are logits.
    - `to_probabilities`: it turns logits into probabilities or their logarithms, which a compiled module leaves to the
      loss.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)

    name: ClassVar[str]
    family: ClassVar[Family]
    geometry: ClassVar[Geometry] = Geometry()
    aliases: ClassVar[tuple[str, ...]] = ()
    inputs: ClassVar[tuple[int, int | None]] = (1, 1)
    followed_by: ClassVar[tuple[str, ...]] = ()
    weight_layer: ClassVar[bool] = False
    flattens: ClassVar[bool] = False
    transparent: ClassVar[bool] = False
    symmetric: ClassVar[bool] = False
    sums: ClassVar[bool] = False
    example: ClassVar[str] = ""
    example_input: ClassVar[str] = "64x56x56"
    any_channels: ClassVar[bool] = False
    keeps: ClassVar[Saved] = Saved((0,))
    of: ClassVar[type[Operator] | None] = None
    symbol: ClassVar[str] = ""
    called: ClassVar[str] = ""
    own_name: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    constant: ClassVar[bool] = False
    to_logits: ClassVar[bool] = False
    to_probabilities: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        folder, _, stem = cls.__module__.rpartition(".")
        if not folder.endswith(".shared"):
            cls.name = stem

    def fitted(self, rank: int) -> Self:
        """The operator with its sizes written out for a map of `rank` dimensions; a single number is in all of them.

        Raises `OpError` where an argument has another number of parts. Features have no dimensions (rank 0), and leave
        it as it is. Whoever applies an operator to inputs fits it first; what was fitted stays as it is.
        """
        changes = {}
        for key, mark in (dimensional(type(self)) if rank else {}).items():
            sizes = getattr(self, key)
            if not isinstance(sizes, tuple) or len(sizes) == rank * mark.each:
                continue
            if not mark.sides or len(sizes) != 2 * rank:
                changes[key] = _spread(type(self), key, sizes, rank, mark.each)
        return self.model_copy(update=changes) if changes else self

    def is_default(self, key: str) -> bool:
        """Whether a field has its default, which for sizes may be written out for each dimension."""
        item, default = getattr(self, key), type(self).model_fields[key].default
        if type(item) is type(default) is tuple and len(default) == 1 and key in dimensional(type(self)):
            return set(item) == set(default)
        return type(item) is type(default) and bool(item == default)

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The output's shape. Raises `OpError`, naming the argument, where the inputs do not fit."""
        return inputs[0]

    @property
    def keeps_shape(self) -> bool:
        """Whether what comes out has the shape of the first input, whatever that is."""
        return type(self).shape is Operator.shape

    @property
    def takes_any(self) -> bool:
        """Whether it refuses no size: it passes shapes on, or is built for as many features as there are."""
        return self.keeps_shape or self.flattens

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        """The tensors of its `state_dict`, by name, in PyTorch's order. Parameter counts follow from these."""
        return {}

    def built(self, inputs: tuple[Shape, ...]) -> tuple[Any, ...]:
        """What a module that is built for these inputs is fixed to: it takes others for which this is the same."""
        return tuple(each.shape for each in self.weights(inputs).values())

    @property
    def weighted(self) -> bool:
        """Whether it has weights at all, whatever its inputs are."""
        return type(self).weights is not Operator.weights

    @property
    def depth(self) -> int:
        """How many layers the papers count it for: one for a weight layer."""
        return int(self.weight_layer)

    def reaching(self, into: int, out: int) -> dict[str, Any]:
        """The fields by which it makes `out` channels of `into`, where such fields tell: those of a shortcut follow the
        body's."""
        return {}

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        """Multiply-accumulates of one sample: those of convolutions and matrix products, without biases."""
        return 0

    @property
    def view(self) -> bool:
        """Whether its result is its input's memory, looked at in another way."""
        return False

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """What autograd keeps of it: its input, unless its derivative needs less or more."""
        return self.keeps

    def connections(self, inputs: tuple[Shape, ...]) -> int:
        """What LeCun counts: one for every product and every bias that goes into a unit."""
        shape = self.shape(inputs)
        return self.macs(inputs) + (prod(shape) if "bias" in self.weights(inputs) else 0)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        """How it is written in PyTorch for inputs of these shapes."""
        raise NotImplementedError(type(self).__name__)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        """The window it slides over its input; None when each output sees the whole input."""
        return window(len(inputs[0]) - 1)

    def line(self, takes: Shape | None, kernel: str = "", out: str = "", stride: str = "") -> str:
        """The layer in one line, as the figures of papers have it: `3x3 conv, 64, /2`, `fc 1000`; a text for each part
        of its geometry, empty where it has none, or a stride of one. `takes` is its input's shape, if that is known."""
        name = (self.called or self.name).format_map(self.__dict__)
        if not kernel:
            return f"{name} {out}".strip()
        return ", ".join(filter(None, (f"{kernel} {name}", out, stride and f"/{stride}")))

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        """The same function with its arguments spelled out for these inputs (`pad=same` as numbers), for hashing."""
        return self

    def relative(self, inputs: tuple[Shape, ...]) -> dict[str, int]:
        """Arguments that stand in a fixed proportion to the inputs here, each with that proportion, for comparison."""
        return {}


@cache
def dimensional(cls: type[Operator]) -> dict[str, PerDimension]:
    """The fields that hold sizes, each with how many for one dimension: 1, or 2 for the sides of a padding."""
    found = {}
    for key, info in cls.model_fields.items():
        marks = [each for each in parts(info) if isinstance(each, PerDimension)]
        if marks:
            found[key] = marks[0]
    return found


@cache
def references(cls: type[Operator]) -> tuple[str, ...]:
    """The fields that name a label, in order: the values named are inputs, behind the current value."""
    return tuple(key for key, info in cls.model_fields.items() if "@" in parts(info))


@cache
def hidden(cls: type[Operator]) -> frozenset[str]:
    """The fields that no spec writes: elaboration knows their values."""
    return frozenset(key for key, info in cls.model_fields.items() if not info.repr)


def _spread(cls: type[Operator], key: str, sizes: tuple[int, ...], rank: int, each: int) -> tuple[int, ...]:
    """Sizes for every dimension of the map, twice each for the sides of a padding."""
    if len(sizes) == 1:
        return sizes * rank * each
    if len(sizes) == rank:
        return tuple(size for size in sizes for _ in range(each))
    name = cls.model_fields[key].alias or key
    shown = str(list(sizes)) if len(sizes) > 3 else "x".join(map(str, sizes))
    dimensions = f"{rank} dimension{'s' * (rank != 1)}"
    raise OpError(
        f"`{name}` (={shown}) of `{cls.name}` has {len(sizes)} parts; the map has {dimensions}",
        at=name,
        code="E0405",
        help=f"one number is in every dimension; a map of {dimensions} is {_MAPS[rank]}",
    )


_MAPS = {
    1: "channels x length, as a signal or a sequence: `input 1x28x28` gives a plane its channel",
    2: "channels x height x width, as an image",
    3: "channels x depth x height x width, as a clip; a batch is no part of the input",
}
