"""How weights are drawn: the vocabulary of `init=`, for one operator or for the whole recipe.

`normal(std=0.01)` in a spec becomes an `Init`, a frozen model with that name and those settings, and from there one
statement of PyTorch: `nn.init.normal_(self.conv.weight, std=0.01)`. A new way to draw weights is one new class here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from netdsl.ops.shared.fields import Count, Finite, NonNegative, Positive, Words
from netdsl.ops.shared.words import words_of


class Init(BaseModel):
    """One way to draw a tensor of weights. Its fields, after `name`, are the settings a spec can give."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    by_fan: ClassVar[bool] = False
    """Whether it may look at how many inputs or outputs a unit has, which PyTorch reads from the shape of a matrix."""

    @property
    def fanned(self) -> bool:
        """Whether it does so, with the settings it has."""
        return self.by_fan

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that are not the defaults, by name."""
        fields = type(self).model_fields
        return {
            key: getattr(self, key) for key in fields if key != "name" and getattr(self, key) != fields[key].default
        }

    def statement(self, weight: str) -> str:
        """The PyTorch statement that draws the tensor `weight` (an expression)."""
        words = [weight, *(f"{key}={value!r}" for key, value in self.settings.items())]
        return f"nn.init.{self.name}_({', '.join(words)})"  # type: ignore[attr-defined]


class Zeros(Init):
    """All zeros."""

    name: Literal["zeros"] = "zeros"


class Ones(Init):
    """All ones."""

    name: Literal["ones"] = "ones"


class Constant(Init):
    """All the same value."""

    name: Literal["constant"] = "constant"
    value: Finite

    def statement(self, weight: str) -> str:
        return f"nn.init.constant_({weight}, {self.value!r})"


class Normal(Init):
    """Normal with a standard deviation and a mean; with `per=channel` the deviation is divided by the number of input
    channels that a unit sees (ShuffleNet-v2's, in the authors' code)."""

    name: Literal["normal"] = "normal"
    std: NonNegative
    mean: Finite = 0.0
    per: Literal["channel"] | None = None

    @property
    def fanned(self) -> bool:
        return self.per is not None

    def statement(self, weight: str) -> str:
        if self.per is None:
            return super().statement(weight)
        mean = f"mean={self.mean!r}, " if self.mean else ""
        return f"nn.init.normal_({weight}, {mean}std={self.std!r} / {weight}.shape[1])"


class TruncNormal(Init):
    """Normal, drawn again outside [a, b] (absolute values, as in PyTorch)."""

    name: Literal["trunc_normal"] = "trunc_normal"
    std: Positive
    mean: Finite = 0.0
    a: Finite = -2.0
    b: Finite = 2.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.a >= self.b:
            raise ValueError(f"`a` (={self.a:g}) must be below `b` (={self.b:g})")
        return self


Fan: TypeAlias = Annotated[Literal["fan_in", "fan_out"], Words("fan_in or fan_out")]


class Uniform(Init):
    """Uniform between a and b; `uniform(0.05)` is between -0.05 and 0.05, and `uniform` alone within 1 / sqrt(fan), as
    PyTorch draws what nothing else is said of."""

    by_fan = True
    name: Literal["uniform"] = "uniform"
    a: Finite | None = None
    b: Finite | None = None
    mode: Fan = "fan_in"

    @model_validator(mode="before")
    @classmethod
    def _around_zero(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("b") is None and isinstance(data.get("a"), (int, float)):
            return {**data, "a": -abs(data["a"]), "b": abs(data["a"])}
        return data

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.a is None or self.b is None:
            if self.a != self.b:
                raise ValueError("`uniform` takes both `a` and `b`, or one number, or neither")
        elif self.mode != "fan_in":
            raise ValueError("`mode` of `uniform` is for one without bounds, which follow from the fan")
        elif self.a > self.b:
            raise ValueError(f"`a` (={self.a:g}) must not be above `b` (={self.b:g})")
        return self

    @property
    def fanned(self) -> bool:
        return self.a is None

    def statement(self, weight: str) -> str:
        if self.a is None:
            mode = ', mode="fan_out"' if self.mode == "fan_out" else ""
            return f"nn.init.kaiming_uniform_({weight}, a=5**0.5{mode})"
        return f"nn.init.uniform_({weight}, {self.a!r}, {self.b!r})"


class XavierUniform(Init):
    """Glorot and Bengio 2010, eq. 16: uniform within gain * sqrt(6 / (fan_in + fan_out))."""

    by_fan = True
    name: Literal["xavier_uniform"] = "xavier_uniform"
    gain: Positive = 1.0


class XavierNormal(Init):
    """Glorot and Bengio 2010: normal with std gain * sqrt(2 / (fan_in + fan_out))."""

    by_fan = True
    name: Literal["xavier_normal"] = "xavier_normal"
    gain: Positive = 1.0


Nonlinearity: TypeAlias = Literal["leaky_relu", "relu", "linear", "sigmoid", "tanh", "selu"]


class KaimingNormal(Init):
    """He et al. 2015, section 2.2: normal with std gain / sqrt(fan); the gain of relu is sqrt(2)."""

    by_fan = True
    name: Literal["kaiming_normal"] = "kaiming_normal"
    mode: Fan = "fan_in"
    nonlinearity: Nonlinearity = "relu"

    def statement(self, weight: str) -> str:
        mode = ', mode="fan_out"' if self.mode == "fan_out" else ""
        return f'nn.init.{self.name}_({weight}{mode}, nonlinearity="{self.nonlinearity}")'


class KaimingUniform(Init):
    """He et al. 2015: uniform within gain * sqrt(3 / fan)."""

    by_fan = True
    name: Literal["kaiming_uniform"] = "kaiming_uniform"
    mode: Fan = "fan_in"
    nonlinearity: Nonlinearity = "relu"

    statement = KaimingNormal.statement


class Lecun(Init):
    """LeCun et al. 1998, appendix A: uniform within 2.4 / fan_in, fan_in being a unit's number of inputs."""

    name: Literal["lecun"] = "lecun"
    bound: Positive = 2.4

    def statement(self, weight: str) -> str:
        fan = f"{weight}[0].numel()"
        return f"nn.init.uniform_({weight}, -{self.bound!r} / {fan}, {self.bound!r} / {fan})"


class Sign(Init):
    """-1 or +1 with equal chance: a perceptron's random connections, prototypes of an RBF."""

    name: Literal["sign"] = "sign"

    def statement(self, weight: str) -> str:
        return f"{weight}.data.bernoulli_(0.5).mul_(2).sub_(1)"


class Sparse(Init):
    """Each unit has +1 from so many inputs drawn at random, -1 from so many others, and 0 from the rest: Rosenblatt's
    A-units with their exciting and inhibiting connections (1958)."""

    name: Literal["sparse"] = "sparse"
    excite: Count
    inhibit: Count

    def statement(self, weight: str) -> str:
        order = f"torch.rand_like({weight}).argsort(1)"
        bounds = f"torch.tensor([{self.excite - 1}, {self.excite + self.inhibit - 1}])"
        return f"{weight}.data = torch.tensor([1.0, -1.0, 0.0])[torch.bucketize({order}, {bounds})]"


_Choice: TypeAlias = (
    Zeros | Ones | Constant | Normal | TruncNormal | Uniform
    | XavierUniform | XavierNormal | KaimingNormal | KaimingUniform | Lecun | Sign | Sparse
)  # fmt: skip

INITS: dict[str, type[Init]] = {cls.model_fields["name"].default: cls for cls in get_args(_Choice)}
ALIASES = {
    "gaussian": "normal",
    "xavier": "xavier_uniform",
    "glorot": "xavier_uniform",
    "he": "kaiming_normal",
    "msra": "kaiming_normal",
    "kaiming": "kaiming_normal",
}


def parse(value: Any) -> Any:
    """An `Init` from a spec's value: a word, or what has `.name`, `.args` and `.kwargs`. Raises `ValueError`."""
    if value is None or isinstance(value, Init):
        return value
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    if isinstance(value, str):
        name, args, kwargs = value, (), {}
    elif isinstance(value, dict) and isinstance(value.get("name"), str):
        name, args, kwargs = value["name"], (), {key: item for key, item in value.items() if key != "name"}
    elif isinstance(getattr(value, "name", None), str):
        name, args, kwargs = value.name, tuple(value.args), dict(value.kwargs)
    else:
        raise ValueError("takes a way to draw weights, as `normal(std=0.01)`")
    cls = INITS.get(ALIASES.get(name.lower(), name.lower()))
    if cls is None:
        raise ValueError(f"unknown `{name}`; known: {', '.join(INITS)}")
    fields = [key for key in cls.model_fields if key != "name"]
    if len(args) > len(fields):
        raise ValueError(f"`{name}` takes {', '.join(fields) or 'no settings'}")
    for key, item in zip(fields, args, strict=False):
        if key in kwargs:
            raise ValueError(f"`{key}` is given twice")
        kwargs[key] = item
    try:
        return cls.model_validate(kwargs)
    except ValidationError as problem:
        raise ValueError(_refusal(cls, name, fields, problem)) from None


def _refusal(cls: type[Init], name: str, fields: list[str], problem: ValidationError) -> str:
    errors = problem.errors()
    error = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    key = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "missing":
        return f"`{name}` needs `{key}`"
    if error["type"] == "extra_forbidden":
        return f"`{name}` has no setting `{key}`; it takes {', '.join(fields) or 'none'}"
    if not key:
        return str(error["msg"].removeprefix("Value error, "))
    return f"`{key}` of `{name}` must be {words_of(cls.model_fields[key])}"


Initial: TypeAlias = Annotated[
    Annotated[_Choice, Field(discriminator="name")] | None,
    BeforeValidator(parse),
    Words("a way to draw weights, as normal(std=0.01)"),
    Field(
        description="How the weights are drawn: "
        + ", ".join(INITS)
        + ". None: as the recipe says, else as PyTorch does."
    ),
]
BiasInitial: TypeAlias = Annotated[
    Finite | None,
    Field(description="The value that all biases start from. None: as the recipe says, else as PyTorch does."),
]


def statements(init: Init | None, module: str = "{m}", bias: float | None = None) -> tuple[str, ...]:
    """The PyTorch statements that draw the weights (`init`) and set the biases (`bias`) of the expression `module`."""
    found = [init.statement(f"{module}.weight")] if init else []
    if bias is not None and math.isfinite(bias):
        found.append(f"nn.init.zeros_({module}.bias)" if bias == 0 else f"nn.init.constant_({module}.bias, {bias!r})")
    return tuple(found)


def matrices(init: Init | None, names: Iterable[str]) -> tuple[str, ...]:
    """The PyTorch statements that draw those of a module's tensors that are matrices, with `{m}` for the module."""
    return tuple(init.statement(f"{{m}}.{name}") for name in names if "weight" in name) if init is not None else ()


__all__ = ["ALIASES", "INITS", "BiasInitial", "Init", "Initial", "matrices", "parse", "statements"]
