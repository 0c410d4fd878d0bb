"""What an operator is: a frozen model whose fields are its signature, and a closed set of questions it answers.

A new operator is one new file in `netdsl/ops/`, named as the operator; nothing else needs to change. Its
class derives from `Operator`; its fields (with their bounds and defaults) are the arguments the language
accepts, in positional order. It answers `shape`, `weights`, `macs`, `torch`, `window`, and says by class variables
how the notation of the papers (`conv3-64/2`) fills its fields and how a diagram shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from math import prod
from typing import Any, ClassVar, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict

from netdsl.shapes import Shape

Constant: TypeAlias = "int | float | bool | str | tuple[Constant, ...] | None"


class Family(StrEnum):
    """What an operator does; a diagram has one colour for each."""

    CONVOLUTION = "convolution"
    POOLING = "pooling"
    FULLY_CONNECTED = "fully connected"
    NORMALIZATION = "normalization"
    ACTIVATION = "activation"
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

    One of `module` (a call that constructs an `nn.Module` of one input) and `expression` (a template for a function of
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
    """The window an operator slides over its input, (height, width) each: for the receptive field.

    `pad` is (top, left), negative where a crop takes rows away. `upscale` is how many times the plane is enlarged
    before the window slides over it: a transposed convolution with stride s puts s - 1 zeros between the pixels and
    then convolves with stride 1. A global operator has no window: it sees everything.
    """

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    upscale: tuple[int, int] = (1, 1)


class Geometry(NamedTuple):
    """Which fields the notation `NAME kernel - out / stride` fills; None where the operator has no such part."""

    kernel: str | None = None
    out: str | None = None
    stride: str | None = None


class Operator(BaseModel):
    """The base of all operators. A subclass's docstring is its page in the reference: first line, details, source.

    The string below a field says what the field is for; it is read from the source when someone asks.

    Class variables:

    - `name`: the operator's name, that of its file.
    - `family`: what it does.
    - `geometry`: which fields `conv3-64/2` fills.
    - `aliases`: other names it goes by in papers (lower case).
    - `inputs`: (least, most) number of inputs; None for any number.
    - `followed_by`: which of `norm` and `act` the language lets follow it as arguments.
    - `weight_layer`: whether the papers count it when they say "19 layers".
    - `flattens`: a CxHxW input is flattened before it.
    - `transparent`: its output is its input.
    - `symbol`: what a diagram shows in place of its notation.
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
    symbol: ClassVar[str] = ""
    to_probabilities: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        folder, _, stem = cls.__module__.rpartition(".")
        if not folder.endswith(".shared"):
            cls.name = stem

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The output's shape. Raises `OpError`, naming the argument, where the inputs do not fit."""
        return inputs[0]

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        """The tensors of its `state_dict`, by name, in PyTorch's order. Parameter counts follow from these."""
        return {}

    @property
    def weighted(self) -> bool:
        """Whether it has weights at all, whatever its inputs are."""
        return type(self).weights is not Operator.weights

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        """Multiply-accumulates of one sample: those of convolutions and matrix products, without biases."""
        return 0

    def connections(self, inputs: tuple[Shape, ...]) -> int:
        """What LeCun counts: one for every product and every bias that goes into a unit."""
        shape = self.shape(inputs)
        return self.macs(inputs) + (prod(shape) if "bias" in self.weights(inputs) else 0)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        """How it is written in PyTorch for inputs of these shapes."""
        raise NotImplementedError(type(self).__name__)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        """The window it slides over its input; None when each output sees the whole input."""
        return Window()

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        """The same function with its arguments spelled out for these inputs (`pad=same` as numbers), for hashing."""
        return self

    def relative(self, inputs: tuple[Shape, ...]) -> dict[str, int]:
        """Arguments that stand in a fixed proportion to the inputs here, each with that proportion, for comparison."""
        return {}
