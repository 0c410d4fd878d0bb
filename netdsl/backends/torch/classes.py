"""A class of the emitted source as a small tree: attributes under conditions, a loop, statements that fork on flags.

The tree is printed (`text`), and it is evaluated: `Class.made` is what an instance with given arguments holds and does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from netdsl.backends.torch.construct import Argument, Chain, Construct, Cycle, Items, Parameter, Run, valued
from netdsl.backends.torch.terms import Term

KEYED = r'self\[f?"|self\.values\(\)'
"""What a class says that has its modules by keys."""

IN_A_ROW = r"(\w+) = layer\(\1\)"
"""What a class says whose modules are called one after the other."""


@dataclass(frozen=True)
class Fork:
    """Statements under a test of the class's flags, and those without it."""

    test: Term
    yes: Lines
    no: Lines


Lines: TypeAlias = tuple["str | Fork", ...]


@dataclass(frozen=True)
class Attribute:
    """An attribute and its construction, there if `when` holds; an `optional` one is None otherwise."""

    name: str
    item: Any
    when: Term | None = None
    optional: bool = False


@dataclass(frozen=True)
class Repetition:
    """The layers of an `nn.Sequential` in a loop: `item` for each `index` below `count`, the atom `entry` carried on.

    `key` is a term of the index behind `prefix`, where the layers have names.
    """

    item: Any
    index: str
    count: Term
    entry: str
    carry: Term | None
    key: tuple[str, Term, str] | None = None


@dataclass(eq=False)
class Class:
    """An emitted class. `inputs` and `gives` are what its `forward` takes and returns; an `nn.Sequential` has none.

    `locals` are computed first, `flags` are attributes on whose values statements fork.
    """

    name: str
    parameters: list[Parameter] = field(default_factory=list)
    locals: list[tuple[str, Term]] = field(default_factory=list)
    flags: dict[str, Term] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    attributes: list[Attribute] = field(default_factory=list)
    loop: Repetition | None = None
    inputs: tuple[str, ...] = ()
    gives: str = "Tensor"
    forward: Lines = ()
    init: Lines = ()
    doc: str = ""
    fixed: str = ""

    def __repr__(self) -> str:
        return self.name

    @property
    def base(self) -> str:
        """What it derives from: a class that reaches modules by keys is a dictionary of them."""
        if not self.inputs or self.listed:
            row = not self.inputs or any(re.search(IN_A_ROW, text) for text in every(self.forward))
            return "nn.Sequential" if row else "nn.ModuleList"
        texts = [*every(self.forward), *every(self.init)]
        keyed = any(not each.name.isidentifier() and not _parameter(each.item) for each in self.attributes)
        return "nn.ModuleDict" if keyed or any(re.search(KEYED, text) for text in texts) else "nn.Module"

    @property
    def listed(self) -> bool:
        """Whether its modules have places and no names."""
        return self.loop is not None or [each.name for each in self.attributes] == [""]

    def made(self, names: Mapping[str, Any]) -> tuple[Any, ...]:
        """What an instance holds and does where the class's names have these values."""
        new = {local: term.evaluate(names) for local, term in self.locals if local not in names}
        names = {**names, **new} if new else names
        flags = {flag: term.evaluate(names) for flag, term in self.flags.items()}
        found = [
            (each.name, valued(each.item, names))
            for each in self.attributes
            if each.when is None or each.when.evaluate(names)
        ]
        if self.loop is not None:
            found = [("", ("Chain", tuple(self._repeated(self.loop, dict(names)))))]
        return tuple(found), settled(taken(self.forward, flags)), tuple(taken(self.init, flags))

    def _repeated(self, loop: Repetition, names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for number in range(loop.count.evaluate(names)):
            names[loop.index] = number
            prefix, index, suffix = loop.key or ("", None, "")
            key = str(number) if index is None else f"{prefix}{index.evaluate(names)}{suffix}"
            yield key, valued(loop.item, names)
            if loop.carry is not None:
                names[loop.entry] = loop.carry.evaluate(names)

    def terms(self) -> Iterator[Term]:
        """All terms in its tree but those of its locals."""
        yield from self.flags.values()
        for each in self.attributes:
            if each.when is not None:
                yield each.when
            yield from terms_of(each.item)
        if self.loop is not None:
            yield self.loop.count
            yield from terms_of(self.loop.item)
            yield from () if self.loop.carry is None else (self.loop.carry,)


def _parameter(item: Any) -> bool:
    return isinstance(item, Construct) and item.parameter


def every(lines: Lines) -> Iterator[str]:
    """All statements, under whatever tests."""
    for each in lines:
        if isinstance(each, Fork):
            yield from every(each.yes)
            yield from every(each.no)
        else:
            yield each


def taken(lines: Lines, flags: Mapping[str, Any]) -> Iterator[str]:
    """The statements that run where flags have these values."""
    for each in lines:
        if isinstance(each, Fork):
            yield from taken(each.yes if each.test.evaluate(flags) else each.no, flags)
        else:
            yield each


def settled(lines: Iterable[str]) -> tuple[str, ...]:
    """Statements whose last returns what it computes, not the variable that the one before sets."""
    *before, last = [*lines] or [""]
    name, equals, expression = before[-1].partition(" = ") if before else ("", "", "")
    if equals and name.isidentifier() and last == f"return {name}":
        return *before[:-1], f"return {expression}"
    return *before, last


def terms_of(item: Any) -> list[Term]:
    """The terms in a construction."""
    if type(item) is Construct:
        found = [item.function] if type(item.function) is Term else []
        for argument in item.arguments:
            value = argument.value
            if type(value) is Term:
                found.append(value)
            elif type(value) is Items:
                found += [each for each in value.values if type(each) is Term]
        return found
    if isinstance(item, Chain):
        found = [when for when in item.when if when is not None]
        parts = [each for _, each in item.items]
    else:
        found, parts = [], list(item.items) if isinstance(item, Cycle) else [item.first]
    for each in parts:
        found += terms_of(each)
    return found


def arguments_of(item: Any) -> Iterator[Argument]:
    """The arguments in a construction."""
    if type(item) is Construct:
        yield from item.arguments
    elif isinstance(item, Run):
        yield from arguments_of(item.first)
    else:
        for _, each in item.items if isinstance(item, Chain) else enumerate(item.items):
            yield from arguments_of(each)


def changed(item: Any, change: Callable[[Term], Term]) -> Any:
    """A construction with its terms written otherwise."""
    if isinstance(item, Chain):
        when = tuple(each and change(each) for each in item.when)
        return type(item)(tuple((key, changed(each, change)) for key, each in item.items), when)
    if isinstance(item, Run):
        return replace(item, first=changed(item.first, change))
    if isinstance(item, Cycle):
        return replace(item, items=tuple(changed(each, change) for each in item.items))

    def other(value: Any) -> Any:
        if isinstance(value, Items):
            return Items(tuple(map(other, value.values)))
        return _shortened(change(value)) if isinstance(value, Term) else value

    arguments = tuple(a._replace(value=other(a.value)) for a in item.arguments)
    return Construct(other(item.function), arguments, item.frozen, item.parameter)


def _shortened(term: Term) -> Any:
    return term.args[0] if term.constant else term
