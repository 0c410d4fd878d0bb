"""Expressions that construct modules, as trees: what they share, and where they differ.

Two constructions have the same `skeleton` when they differ in constants only; `constants` lists these in order. Classes
get their constructor's arguments by laying the constants of all their instances side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

Skeleton: TypeAlias = Any


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
class Symbol:
    """A constant that has become an expression: an argument of the constructor, or arithmetic on some."""

    text: str

    @property
    def factor(self) -> str:
        """The text as a factor of a product."""
        return f"({self.text})" if " + " in self.text else self.text


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple whose items are constants of their own: the shape of a tensor."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call: its keyword (or None), its value, and its role when it needs a name."""

    keyword: str | None
    value: Any
    role: str


@dataclass(frozen=True, slots=True)
class Construct:
    """`function(arguments)`, of a PyTorch module or of an emitted class; `parameter` makes a tensor a parameter."""

    function: str | Callee
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

        return replace(self, arguments=tuple(replace(a, value=other(a.value)) for a in self.arguments))


def _form(value: Any) -> Any:
    return len(value.values) if isinstance(value, Items) else value is None


@dataclass(frozen=True, slots=True)
class Chain:
    """`nn.Sequential(...)` of constructions with their keys, in order; what repeats are `Run`s and `Cycle`s."""

    items: tuple[tuple[str, Any], ...]

    def skeleton(self) -> Skeleton:
        return (type(self).__name__, tuple((key, item.skeleton()) for key, item in self.items))

    def constants(self) -> Iterator[tuple[str, Any]]:
        for _, item in self.items:
            yield from item.constants()

    def substitute(self, values: Iterator[Any]) -> Chain:
        return type(self)(tuple((key, item.substitute(values)) for key, item in self.items))


class ModuleDict(Chain):
    """`nn.ModuleDict({...})`: modules that the class around it calls."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A loop: `count` constructions that differ, if at all, by a constant step.

    `first` is that of index 0, `steps` the step of each of its constants; `key` is what stands before the number in the
    keys, and the first number, or None where keys are not written out.
    """

    first: Construct
    count: Any
    steps: tuple[Any, ...]
    key: tuple[str, int] | None = None

    def skeleton(self) -> Skeleton:
        return ("Run", self.first.skeleton(), tuple(step != 0 for step in self.steps), self.key)

    def constants(self) -> Iterator[tuple[str, Any]]:
        yield "layers", self.count
        yield from self.first.constants()
        for step in self.steps:
            if step != 0:
                yield "growth", step

    def substitute(self, values: Iterator[Any]) -> Run:
        count = next(values)
        first = self.first.substitute(values)
        return Run(first, count, tuple(next(values) if step != 0 else 0 for step in self.steps), self.key)


@dataclass(frozen=True, slots=True)
class Cycle:
    """A loop over several constructions, the same ones `count` times, under numbers as keys."""

    items: tuple[Construct, ...]
    count: Any

    def skeleton(self) -> Skeleton:
        return ("Cycle", tuple(item.skeleton() for item in self.items))

    def constants(self) -> Iterator[tuple[str, Any]]:
        yield "layers", self.count
        for item in self.items:
            yield from item.constants()

    def substitute(self, values: Iterator[Any]) -> Cycle:
        count = next(values)
        return Cycle(tuple(item.substitute(values) for item in self.items), count)


@dataclass(frozen=True, slots=True)
class Each:
    """A loop over the values of one constant, the `column`-th of `first`; all others are the same.

    `key` is as in a `Run`.
    """

    first: Construct
    column: int
    values: Any
    key: tuple[str, int] | None = None

    def skeleton(self) -> Skeleton:
        return ("Each", self.first.skeleton(), self.column, self.key)

    def constants(self) -> Iterator[tuple[str, Any]]:
        for column, (role, value) in enumerate(self.first.constants()):
            yield (f"{role}s", self.values) if column == self.column else (role, value)

    def substitute(self, values: Iterator[Any]) -> Each:
        given = [next(values) for _ in self.first.constants()]
        column, given[self.column] = given[self.column], None
        return Each(self.first.substitute(iter(given)), self.column, column, self.key)


Construction: TypeAlias = Construct | Chain | Run | Cycle | Each
LOOPS = (Run, Cycle, Each)


def alike(a: Any, b: Any) -> bool:
    """Whether two constants are the same: `1`, `1.0` and `True` are not."""
    return type(a) is type(b) and bool(a == b)
