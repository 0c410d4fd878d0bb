"""Instances to classes: one class for all instances of a block that are alike, its constructor's arguments where they
differ.

Every instance is the same skeleton with constants of its own (anti-unification). A constant that is the same everywhere
stays a constant; the others become arguments, named after the block's own parameters where their values agree, and
arithmetic on arguments (`width * 4`) where that gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from netdsl.backends.torch.construct import Argument, Construct, Symbol

UNSET = object()
"""In place of a constant that an instance does not have: it can be anything."""


@dataclass
class Instance:
    """One class-like level: its attributes with their constructions, and its text.

    `optional` is the name of the attribute that some instances lack. `known` are values that can name an argument:
    `in_channels` and the block's parameters.
    """

    attributes: list[tuple[str, Any]]
    forward: tuple[str, ...]
    init: tuple[str, ...]
    known: dict[str, Any]
    optional: str | None = None
    construct: Construct | None = None


@dataclass(eq=False)
class Class:
    """An emitted class."""

    name: str
    parameters: list[tuple[str, str, Any]] = field(default_factory=list)
    attributes: list[tuple[str, Any]] = field(default_factory=list)
    forward: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    optional: tuple[str, str] | None = None
    doc: str = ""
    base: str = "nn.Module"

    def __repr__(self) -> str:
        return self.name


def _key(instance: Instance, without: str | None) -> Any:
    return (
        instance.forward,
        instance.init,
        tuple((name, item.skeleton()) for name, item in instance.attributes if item is not None and name != without),
        tuple(name for name, _ in instance.attributes),
    )


def group(instances: Sequence[Instance]) -> list[list[Instance]]:
    """Instances that can share a class, in order of first use."""
    optional = next((each.optional for each in instances if each.optional), None)
    groups: dict[Any, list[Instance]] = {}
    for instance in instances:
        groups.setdefault(_key(instance, optional), []).append(instance)
    found: list[list[Instance]] = []
    for members in groups.values():
        kinds: dict[Any, list[Instance]] = {}
        lacking = []
        for member in members:
            item = dict(member.attributes).get(optional) if optional else None
            if item is None:
                lacking.append(member)
            else:
                kinds.setdefault(item.skeleton(), []).append(member)
        first, *rest = list(kinds.values()) or [[]]
        chosen = {id(each) for each in (*first, *lacking)}
        found.append([each for each in members if id(each) in chosen])
        found.extend(rest)
    return found


def unify(name: str, instances: list[Instance], doc: str) -> Class:
    """One class for `instances`, which share a skeleton; each gets the call that constructs it."""
    optional = next((each.optional for each in instances if each.optional), None)
    model = next(
        (each for each in instances if optional is None or dict(each.attributes).get(optional) is not None),
        instances[0],
    )
    places: list[tuple[str, str]] = []
    for attribute, item in model.attributes:
        if item is not None:
            places += [(attribute, role) for role, _ in item.constants()]
    columns: list[list[Any]] = [[] for _ in places]
    for instance in instances:
        row: list[Any] = []
        for (_, item), (_, modelled) in zip(instance.attributes, model.attributes, strict=True):
            if modelled is None:
                continue
            row += (
                [UNSET] * len(list(modelled.constants())) if item is None else [value for _, value in item.constants()]
            )
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    present = [optional is not None and dict(each.attributes).get(optional) is not None for each in instances]
    arguments = _Arguments([instance.known for instance in instances])
    texts = [arguments.expression(role, column) for (_, role), column in zip(places, columns, strict=True)]
    made = Class(name, doc=doc, forward=model.forward, init=model.init)
    values = iter(texts)
    made.attributes = [
        (attribute, item.substitute(values) if item is not None else None) for attribute, item in model.attributes
    ]
    switch = None
    if optional is not None and any(present) and not all(present):
        switch = arguments.fresh(optional)
        made.optional = (optional, switch)
        arguments.add(switch, list(present))
    made.parameters = arguments.parameters()
    for index, instance in enumerate(instances):
        given = []
        positional = True
        for parameter, _, default in made.parameters:
            value = arguments.columns[parameter][index]
            if value is UNSET or (default is not UNSET and value == default and type(value) is type(default)):
                positional = positional and default is UNSET
                if default is UNSET:
                    value = 0 if value is UNSET else value
                else:
                    continue
            keyword = None if positional and default is UNSET else parameter
            given.append(Argument(keyword, value, parameter))
        instance.construct = Construct(made, tuple(given))
    return made


def _same(a: list[Any], b: list[Any]) -> bool:
    return all(x is UNSET or y is UNSET or (x == y and type(x) is type(y)) for x, y in zip(a, b, strict=True))


def _numbers(column: Iterable[Any]) -> bool:
    return all(value is UNSET or type(value) is int for value in column)


class _Arguments:
    """The arguments of one constructor as they are found, each with its column of values."""

    def __init__(self, known: list[dict[str, Any]]):
        self.candidates: dict[str, list[Any]] = {
            name: [each.get(name, UNSET) for each in known] for name in (known[0] if known else {})
        }
        self.columns: dict[str, list[Any]] = {}
        self.order = list(self.candidates)

    def expression(self, role: str, column: list[Any]) -> Any:
        """The constant or the expression that stands for a column of values."""
        set_values = [value for value in column if value is not UNSET]
        first = set_values[0]
        if all(value == first and type(value) is type(first) for value in set_values):
            return first
        for name in self._ranked(role):
            if _same(self.columns.get(name, self.candidates.get(name, [])), column):
                return self._use(name, column)
        derived = self._derived(column)
        if derived is not None:
            return Symbol(derived)
        name = self.fresh(role or "value")
        self.add(name, list(column))
        return Symbol(name)

    def _ranked(self, role: str) -> list[str]:
        """Names whose values might agree: the role's own first, then those in use, then the other candidates."""
        names = [*self.columns, *(name for name in self.order if name not in self.columns)]
        if role.startswith("in_"):
            return sorted(names, key=lambda name: name != "in_channels")
        return sorted(names, key=lambda name: name == "in_channels")

    def _use(self, name: str, column: list[Any]) -> Symbol:
        before = self.columns.get(name) or list(self.candidates[name])
        self.columns[name] = [b if b is not UNSET else c for b, c in zip(before, column, strict=True)]
        return Symbol(name)

    def _derived(self, column: list[Any]) -> str | None:
        """Arithmetic on an argument that gives the column: a multiple, a part, or a sum of two."""
        if not _numbers(column):
            return None
        names = [
            name
            for name in (*self.columns, *self.order)
            if _numbers(self.columns.get(name, self.candidates.get(name, [])))
        ]
        for name in dict.fromkeys(names):
            values = self.columns.get(name) or self.candidates[name]
            if any(v is UNSET and c is not UNSET for v, c in zip(values, column, strict=True)):
                continue
            pairs = [(v, c) for v, c in zip(values, column, strict=True) if c is not UNSET]
            if len({v for v, _ in pairs}) < 2:
                continue
            v0, c0 = pairs[0]
            if v0 and c0 % v0 == 0 and c0 // v0 > 1 and all(c == v * (c0 // v0) for v, c in pairs):
                self._use(name, [UNSET] * len(column))
                return f"{c0 // v0} * {name}"
            if c0 and v0 % c0 == 0 and v0 // c0 > 1 and all(v == c * (v0 // c0) for v, c in pairs):
                self._use(name, [UNSET] * len(column))
                return f"{name} // {v0 // c0}"
        used = [name for name in self.columns if _numbers(self.columns[name]) and UNSET not in self.columns[name]]
        for index, a in enumerate(used):
            for b in used[index:]:
                sums = [x + y for x, y in zip(self.columns[a], self.columns[b], strict=True)]
                if _same(sums, column):
                    return f"{a} + {b}"
        return None

    def fresh(self, name: str) -> str:
        found, number = name, 2
        while found in self.columns or found in self.candidates:
            found, number = f"{name}{number}", number + 1
        return found

    def add(self, name: str, column: list[Any]) -> None:
        self.columns[name] = column
        if name not in self.order:
            self.order.append(name)

    def parameters(self) -> list[tuple[str, str, Any]]:
        """Name, type and default of each argument: those without a default first, each in the order of the block's."""
        found = []
        for name in sorted(self.columns, key=self.order.index):
            values = [value for value in self.columns[name] if value is not UNSET]
            kinds = {type(value).__name__ for value in values}
            kind = kinds.pop() if len(kinds) == 1 else "float" if kinds == {"int", "float"} else "object"
            if kind == "tuple":
                kind = "tuple[int, ...]"
            default: Any = UNSET
            if kind == "bool":
                default = False
            elif name.startswith(("stride", "dilation", "groups")):
                common = max(set(values), key=values.count)
                default = 1 if 1 in values else common if values.count(common) * 2 > len(values) else UNSET
            elif UNSET in self.columns[name]:
                default = max(set(values), key=values.count)
            found.append((name, kind, default))
        return sorted(found, key=lambda each: each[2] is not UNSET)
