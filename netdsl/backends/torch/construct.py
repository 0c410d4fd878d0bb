"""Expressions that construct modules, as trees: what they share, and where they differ.

Two constructions have the same `skeleton` when they differ in constants only; `constants` lists these in order.
Classes get their constructor's arguments by laying the constants of all their instances side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.backends.torch.classes import Class

Skeleton = Any


@dataclass(frozen=True)
class Symbol:
    """A constant that has become an expression: an argument of the constructor, or arithmetic on some."""

    text: str


@dataclass(frozen=True)
class Argument:
    """An argument of a call: its keyword (or None), its value, and its role when it needs a name."""

    keyword: str | None
    value: Any
    role: str


@dataclass(frozen=True)
class Construct:
    """`function(arguments)`, of a PyTorch module or of an emitted class."""

    function: str | Class
    arguments: tuple[Argument, ...] = ()
    frozen: bool = False

    def skeleton(self) -> Skeleton:
        return (self.function, self.frozen, tuple((a.keyword, skeleton(a.value)) for a in self.arguments))

    def constants(self) -> Iterator[tuple[str, Any]]:
        """Role and value of every constant, in order."""
        for argument in self.arguments:
            yield from constants(argument.value, argument.role)

    def substitute(self, values: Iterator[Any]) -> Construct:
        """The same construction with its constants replaced, in order."""
        return replace(self, arguments=tuple(replace(a, value=substitute(a.value, values)) for a in self.arguments))


@dataclass(frozen=True)
class Chain:
    """`nn.Sequential(...)` of constructions with their keys, in order; runs of equal ones are `Run`s."""

    items: tuple[tuple[str, Any], ...]

    def skeleton(self) -> Skeleton:
        return ("chain", tuple((key, skeleton(item)) for key, item in self.items))

    def constants(self) -> Iterator[tuple[str, Any]]:
        for _, item in self.items:
            yield from constants(item, "")

    def substitute(self, values: Iterator[Any]) -> Chain:
        return Chain(tuple((key, substitute(item, values)) for key, item in self.items))


@dataclass(frozen=True)
class Container:
    """`nn.ModuleDict({...})`: modules that the class around it calls."""

    items: tuple[tuple[str, Any], ...]

    def skeleton(self) -> Skeleton:
        return ("container", tuple((key, skeleton(item)) for key, item in self.items))

    def constants(self) -> Iterator[tuple[str, Any]]:
        for _, item in self.items:
            yield from constants(item, "")

    def substitute(self, values: Iterator[Any]) -> Container:
        return Container(tuple((key, substitute(item, values)) for key, item in self.items))


@dataclass(frozen=True)
class Run:
    """A loop: `count` constructions that differ, if at all, by a constant step. `first` is that of index 0, `steps` the
    step of each of its constants; `key` is what the keys begin with (`denselayer`, or nothing), and the number of the
    first."""

    first: Construct
    count: Any
    steps: tuple[Any, ...]
    key: tuple[str, int] = ("", 0)

    def skeleton(self) -> Skeleton:
        moving = tuple(step != 0 for step in self.steps)
        return ("run", self.first.skeleton(), moving, self.key)

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


Construction = Construct | Chain | Container | Run


def skeleton(value: Any) -> Skeleton:
    return value.skeleton() if isinstance(value, Construction) else "."


def constants(value: Any, role: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Construction):
        yield from value.constants()
    else:
        yield role, value


def substitute(value: Any, values: Iterator[Any]) -> Any:
    return value.substitute(values) if isinstance(value, Construction) else next(values)


# Runs ----------------------------------------------------------------------------------------------------------------

SHORTEST_RUN = 3


def fold(items: list[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Fold runs of equal constructions under consecutive keys into loops."""
    found: list[tuple[str, Any]] = []
    at = 0
    while at < len(items):
        key, item = items[at]
        length = _run(items, at)
        if length >= SHORTEST_RUN:
            rows = [[value for _, value in each.constants()] for _, each in items[at : at + length]]
            steps = tuple(
                b - a if isinstance(a, int) and not isinstance(a, bool) and a != b else 0
                for a, b in zip(*rows[:2], strict=True)
            )
            prefix = key.rstrip("0123456789")
            found.append((key, Run(item, length, steps, (prefix, int(key[len(prefix) :])))))
        else:
            length = 1
            found.append((key, item))
        at += length
    return tuple(found)


def _run(items: list[tuple[str, Any]], at: int) -> int:
    """How many constructions from `at` on differ by constant steps only, under keys that count up."""
    key, first = items[at]
    prefix = key.rstrip("0123456789")
    if not isinstance(first, Construct) or prefix == key:
        return 1
    number = int(key[len(prefix) :])
    shape = first.skeleton()
    rows = [[value for _, value in first.constants()]]
    length = 1
    while at + length < len(items):
        key, item = items[at + length]
        if key != f"{prefix}{number + length}" or not isinstance(item, Construct) or item.skeleton() != shape:
            break
        row = [value for _, value in item.constants()]
        if not _continues(rows, row):
            break
        rows = [*rows[:2], row] if len(rows) < 3 else [rows[0], rows[1], row]
        length += 1
    return length


def _continues(rows: list[list[Any]], row: list[Any]) -> bool:
    """Whether `row` is the next of `rows`, each constant going on by the same step."""
    last = rows[-1]
    for index, value in enumerate(row):
        before = last[index]
        if value == before and type(value) is type(before):
            if len(rows) > 1 and rows[1][index] != rows[0][index]:
                return False
            continue
        if not (type(value) is int and type(before) is int):
            return False
        if len(rows) > 1 and (rows[1][index] == rows[0][index] or value - before != rows[1][index] - rows[0][index]):
            return False
    return True


__all__ = [
    "Argument",
    "Chain",
    "Construct",
    "Construction",
    "Container",
    "Run",
    "Symbol",
    "constants",
    "field",
    "fold",
    "skeleton",
]
