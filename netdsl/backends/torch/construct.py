"""Expressions that construct modules, as trees with constants or terms at their leaves.

A construction with terms, evaluated where these have values, is one with constants: so the writer of a class proves
that it makes what each of its instances is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from netdsl.backends.torch.symbols import as_term, is_symbolic, plain
from netdsl.backends.torch.terms import Layer, Term

Skeleton: TypeAlias = Any

UNSET: Any = object()
"""In place of a default that there is not."""


@dataclass(frozen=True)
class Parameter:
    """An argument of a constructor; `default` is `UNSET` where it has none."""

    name: str
    kind: str
    default: Any


class Callee(Protocol):
    """A class that is emitted; it may get its name after the calls of it."""

    name: str
    parameters: list[Parameter]


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple whose items are constants of their own: the shape of a tensor."""

    values: tuple[Any, ...]


class Argument(NamedTuple):
    """An argument of a call: its keyword (or None), its value, its role when it needs a name, and the value that is not
    written out."""

    keyword: str | None
    value: Any
    role: str
    usual: Any = UNSET


class Construct(NamedTuple):
    """`function(arguments)`, of a PyTorch module or of an emitted class; `parameter` makes a tensor a parameter."""

    function: str | Callee | Term
    arguments: tuple[Argument, ...] = ()
    frozen: bool = False
    parameter: bool = False

    def skeleton(self) -> Skeleton:
        return (self.function, self.frozen, self.parameter, tuple((a.keyword, _form(a.value)) for a in self.arguments))

    def constants(self) -> Iterator[tuple[str, Any]]:
        """Role and value of every constant, in order."""
        for argument in self.arguments:
            if isinstance(argument.value, Items):
                yield from (("channels", value) for value in argument.value.values)
            else:
                yield argument.role, argument.value

    def substitute(self, values: Iterator[Any]) -> Construct:
        """The same construction with its constants replaced, in order."""

        def other(value: Any) -> Any:
            return Items(tuple(next(values) for _ in value.values)) if isinstance(value, Items) else next(values)

        return self._replace(arguments=tuple(a._replace(value=other(a.value)) for a in self.arguments))

    def key(self) -> Any:
        """Equal for constructions that are written alike."""
        function = as_term(self.function) if isinstance(self.function, Layer) else None
        return function, self.skeleton(), tuple((type(plain(value)), as_term(value)) for _, value in self.constants())


def skeleton(item: Any) -> Skeleton:
    """Equal for constructions that differ in constants only; None for one with a condition or a loop in it."""
    if isinstance(item, Construct):
        return item.skeleton()
    if not isinstance(item, Chain) or item.when:
        return None
    inside = tuple((key, skeleton(each)) for key, each in item.items)
    return None if any(each is None for _, each in inside) else (type(item).__name__, inside)


def constants(item: Any) -> Iterator[tuple[str, Any]]:
    """Role and value of every constant, in order."""
    if isinstance(item, Chain):
        for _, each in item.items:
            yield from constants(each)
    else:
        yield from item.constants()


def substituted(item: Any, values: Iterator[Any]) -> Any:
    """The same construction with its constants replaced, in order."""
    if isinstance(item, Chain):
        return type(item)(tuple((key, substituted(each, values)) for key, each in item.items))
    return item.substitute(values)


def _form(value: Any) -> Any:
    return len(value.values) if isinstance(value, Items) else 0


@dataclass(frozen=True, slots=True)
class Chain:
    """`nn.Sequential(...)` of constructions with their keys, in order; what repeats are `Run`s and `Cycle`s.

    `when` is for each of them the condition under which it is there: the arms of the spec in one instance, a term (or
    None) in a class.
    """

    items: tuple[tuple[str, Any], ...]
    when: tuple[Any, ...] = ()


class Container(Chain):
    """Modules that the class around it calls: an `nn.Module()` of them, or an `nn.ModuleDict({...})` where it has them
    by their keys."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A loop: `count` constructions that differ, if at all, by a constant step, and by the loop's index in a rate.

    `first` is that of the index `start`, `steps` the step of each of its constants; `key` is what stands before the
    number in the keys, and the first number, or None where keys are not written out.
    """

    first: Construct | Chain
    count: int
    steps: tuple[int, ...]
    key: tuple[str, int] | None = None
    start: int = 0


@dataclass(frozen=True, slots=True)
class Cycle:
    """A loop over several constructions, the same ones `count` times, under numbers as keys."""

    items: tuple[Construct, ...]
    count: int


Construction: TypeAlias = Construct | Chain | Run | Cycle
LOOPS = (Run, Cycle)


SIDES = ("kernel", "stride", "padding", "output_padding", "dilation")
"""The roles of what PyTorch's modules take as one number where it is the same in all dimensions."""


def single(value: Any) -> Any:
    """One number for a tuple of it."""
    return value[0] if type(value) is tuple and value and all(each == value[0] for each in value) else value


def alike(a: Any, b: Any) -> bool:
    """Whether two constants are the same: `1`, `1.0` and `True` are not."""
    return type(a) is type(b) and bool(a == b)


def valued(item: Any, names: Mapping[str, Any]) -> Any:
    """What a construction makes where its names have these values, in a form that can be compared."""
    if isinstance(item, Chain):
        items = item.items
        if item.when:
            kept = [
                each
                for each, when in zip(items, item.when, strict=True)
                if not isinstance(when, Term) or when.evaluate(names)
            ]
            places = iter(range(len(kept)))
            items = tuple((key or str(next(places)), each) for key, each in kept) if "" in dict(items) else tuple(kept)
        return type(item).__name__, tuple((key, valued(each, names)) for key, each in items)
    assert isinstance(item, Construct)
    function: Any = item.function
    if type(function) is str and function.startswith("nn."):
        arguments = tuple([(a.keyword, _value(a.value, names, a.role in SIDES)) for a in item.arguments])
    else:
        arguments = tuple([(a.keyword, _value(a.value, names)) for a in item.arguments])
    if type(function) is not str and isinstance(function, (Layer, Term)):
        function = _value(function, names)[1]
    return function, item.frozen, item.parameter, arguments


def _value(value: Any, names: Mapping[str, Any], sided: bool = False) -> Any:
    if isinstance(value, Items):
        return tuple(_value(each, names) for each in value.values)
    kind = type(value)
    if kind is Term:
        value = value.evaluate(names)
        value = single(value) if sided else value
        return type(value), value
    if kind in PLAIN:
        return kind, value
    if names and is_symbolic(value):
        value = as_term(value).evaluate(names)
    value = single(plain(value)) if sided else plain(value)
    return type(value), value


PLAIN = frozenset({int, float, bool, str, Layer})
