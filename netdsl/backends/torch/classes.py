"""Instances to classes: one class for all instances of a block that are alike, its constructor's arguments where they
differ.

Every instance is the same skeleton with constants of its own (anti-unification). A constant that is the same everywhere
stays a constant; the others become arguments, named after the block's own parameters where their values agree, and
arithmetic on arguments (`width * 4`) where that gives them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from netdsl.backends.torch.construct import Argument, Construct, Parameter, Symbol, alike
from netdsl.backends.torch.names import Numbered

UNSET = object()
"""In place of a constant that an instance does not have: it can be anything."""

USUAL = {"stride": 1, "dilation": 1, "groups": 1, "padding": 0, "output_padding": 0}
"""Arguments that have a default, where some instance has that value."""

MOST_TERMS = 16
"""How many arguments are tried in arithmetic."""


@dataclass(eq=False)
class Instance:
    """One class-like level: its attributes with their constructions, and its text.

    `optional` is the attribute that some instances lack (None in its place). `known` are values that can name an
    argument: `in_channels` and the block's parameters. `construct` is the call that makes it, once there is a class.
    """

    attributes: list[tuple[str, Any]]
    inputs: tuple[str, ...] = ()
    gives: str = "Tensor"
    forward: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    known: dict[str, Any] = field(default_factory=dict)
    optional: str | None = None
    construct: Construct | None = None

    @property
    def option(self) -> Any:
        """The construction of the optional attribute, if it is there."""
        return next((item for name, item in self.attributes if name == self.optional), None) if self.optional else None


@dataclass(eq=False)
class Class:
    """An emitted class. `inputs` and `gives` are what its `forward` takes and returns; an `nn.Sequential` has none."""

    name: str
    parameters: list[Parameter] = field(default_factory=list)
    attributes: list[tuple[str, Any]] = field(default_factory=list)
    inputs: tuple[str, ...] = ()
    gives: str = "Tensor"
    forward: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    optional: tuple[str, str] | None = None
    doc: str = ""

    def __repr__(self) -> str:
        return self.name


def group(instances: Sequence[Instance]) -> list[list[Instance]]:
    """Instances that can share a class, in order of first use."""
    optional = any(each.optional for each in instances)
    groups: dict[Any, list[Instance]] = {}
    for instance in instances:
        parts = tuple(
            (name, item.skeleton() if item is not None and not (optional and name == "downsample") else None)
            for name, item in instance.attributes
        )
        groups.setdefault((instance.inputs, instance.gives, instance.forward, instance.init, parts), []).append(
            instance
        )
    found: list[list[Instance]] = []
    for members in groups.values():
        kinds: dict[Any, list[Instance]] = {}
        for member in members:
            kinds.setdefault(member.option.skeleton() if member.option is not None else None, []).append(member)
        lacking = kinds.pop(None, [])
        first, *rest = list(kinds.values()) or [[]]
        chosen = {id(each) for each in (*first, *lacking)}
        found.append([each for each in members if id(each) in chosen])
        found.extend(rest)
    return found


def unify(name: str, instances: list[Instance], reserved: Collection[str]) -> Class:
    """One class for `instances`, which share a skeleton; each gets the call that constructs it.

    No argument takes one of the `reserved` names.
    """
    model = next((each for each in instances if each.option is not None), instances[0])
    roles: list[str] = []
    for _, item in model.attributes:
        if item is not None:
            roles += [role for role, _ in item.constants()]
    columns: list[list[Any]] = [[] for _ in roles]
    for instance in instances:
        row: list[Any] = []
        for (_, item), (_, modelled) in zip(instance.attributes, model.attributes, strict=True):
            if item is not None:
                row += [value for _, value in item.constants()]
            elif modelled is not None:
                row += [UNSET for _ in modelled.constants()]
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    arguments = _Arguments([instance.known for instance in instances], reserved)
    texts = iter([arguments.expression(role, column) for role, column in zip(roles, columns, strict=True)])
    made = Class(name, inputs=model.inputs, gives=model.gives, forward=model.forward, init=model.init)
    made.attributes = [(key, item.substitute(texts) if item is not None else None) for key, item in model.attributes]
    present = [each.option is not None for each in instances]
    if model.optional is not None and any(present) and not all(present):
        switch = arguments.fresh(model.optional)
        made.optional = (model.optional, switch)
        arguments.columns[switch] = list(present)
    made.parameters = arguments.parameters()
    for index, instance in enumerate(instances):
        given = []
        for parameter in made.parameters:
            value = arguments.columns[parameter.name][index]
            if parameter.default is UNSET:
                given.append(Argument(None, None if value is UNSET else value, parameter.name))
            elif value is not UNSET:
                # one that has its default is there all the same, so that all calls are alike; it is not written out
                given.append(Argument(parameter.name, value, parameter.name))
            else:
                given.append(Argument(parameter.name, parameter.default, parameter.name))
        instance.construct = Construct(made, tuple(given))
    return made


def _same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return all(x is UNSET or y is UNSET or alike(x, y) for x, y in zip(a, b, strict=True))


def _integers(column: Sequence[Any]) -> bool:
    return all(value is UNSET or type(value) is int for value in column)


class _Arguments:
    """The arguments of one constructor as they are found, each with its column of values."""

    def __init__(self, known: list[dict[str, Any]], reserved: Collection[str]):
        self.reserved = reserved
        self.numbered = Numbered(set())
        self.candidates: dict[str, list[Any]] = {}
        for name in known[0] if known else ():
            self.candidates[self.fresh(name)] = [each.get(name, UNSET) for each in known]
        self.columns: dict[str, list[Any]] = {}
        self._exact: dict[Any, str] = {}

    def fresh(self, name: str) -> str:
        found = self.numbered(name)
        while found in self.reserved:
            name += "_"
            found = self.numbered(name)
        return found

    def expression(self, role: str, column: list[Any]) -> Any:
        """The constant or the expression that stands for a column of values."""
        given = [value for value in column if value is not UNSET]
        if all(alike(value, given[0]) for value in given):
            return given[0]
        key = (role.startswith("in_"), tuple((type(value), value) for value in column))
        if key in self._exact:
            return Symbol(self._exact[key])
        found = self._named(role, column) or self._derived(role, column)
        if found is None:
            found = self.fresh(role or "value")
            self.columns[found] = list(column)
        self._exact[key] = found
        return Symbol(found)

    def _named(self, role: str, column: list[Any]) -> str | None:
        """An argument with these values: one in use before a new one, and `in_channels` first where it goes in."""
        used = [*self.columns][:MOST_TERMS]
        names = [*used, *(name for name in self.candidates if name not in self.columns)]
        entering = ("in_channels", "in_features")
        if role.startswith("in_"):
            names.sort(key=lambda name: name not in entering)
        else:
            names.sort(key=lambda name: (name not in self.columns, name in entering))
        for name in names:
            values = self.columns.get(name) or self.candidates[name]
            if _same(values, column):
                self.columns[name] = [a if a is not UNSET else b for a, b in zip(values, column, strict=True)]
                return name
        return None

    def _derived(self, role: str, column: list[Any]) -> str | None:
        """Arithmetic on an argument that gives the column: a multiple, a part, or a sum of two."""
        if not _integers(column):
            return None
        table = {**self.candidates, **self.columns}
        ranked = sorted(table, key=lambda name: name not in self.columns)[:MOST_TERMS]
        names = [name for name in ranked if _integers(table[name])]
        for name in names:
            pairs = [(v, c) for v, c in zip(table[name], column, strict=True) if c is not UNSET]
            if any(v is UNSET for v, _ in pairs) or len({v for v, _ in pairs}) < 2:
                continue
            (v0, c0), *_ = pairs
            text = None
            if v0 and c0 % v0 == 0 and c0 // v0 > 1 and all(c == v * (c0 // v0) for v, c in pairs):
                text = f"{c0 // v0} * {name}"
            elif c0 and v0 % c0 == 0 and v0 // c0 > 1 and all(v == c * (v0 // c0) for v, c in pairs):
                text = f"{name} // {v0 // c0}"
            elif role == "padding" and all(c == v // 2 for v, c in pairs):
                text = f"{name} // 2"
            if text is not None:
                self.columns.setdefault(name, list(table[name]))
                return text
        used = [name for name in names if name in self.columns and UNSET not in table[name]]
        for index, a in enumerate(used):
            for b in used[index + 1 :]:
                if _same([x + y for x, y in zip(table[a], table[b], strict=True)], column):
                    return f"{a} + {b}"
        return None

    def parameters(self) -> list[Parameter]:
        """The arguments: those without a default first, each in the order of the block's."""
        order = [*self.candidates, *self.columns]
        ranks = {name: rank for rank, name in reversed(list(enumerate(order)))}
        found = [self._parameter(name) for name in sorted(self.columns, key=ranks.__getitem__)]
        return sorted(found, key=lambda each: each.default is not UNSET)

    def _parameter(self, name: str) -> Parameter:
        values = [value for value in self.columns[name] if value is not UNSET]
        lengths = {len(value) for value in values if isinstance(value, tuple)}
        values.sort(key=lambda value: value is None)
        kinds = dict.fromkeys(_kind(value, len(lengths) == 1) for value in values)
        if "int" in kinds and "float" in kinds:
            del kinds["int"]
        default: Any = UNSET
        if set(kinds) == {"bool"}:
            default = False
        elif name in USUAL and USUAL[name] in values:
            default = USUAL[name]
        elif name in USUAL or UNSET in self.columns[name]:
            common = max(dict.fromkeys(values), key=values.count)
            if UNSET in self.columns[name] or values.count(common) * 2 > len(values):
                default = common
        return Parameter(name, " | ".join(kinds), default)


def _kind(value: Any, fixed: bool = True) -> str:
    """The type of a value; `fixed` where tuples have one length."""
    if isinstance(value, tuple):
        kinds = sorted({_kind(item) for item in value})
        if fixed and len(kinds) == 1 and len(value) <= 4:
            return f"tuple[{', '.join(kinds * len(value))}]"
        return f"tuple[{' | '.join(kinds)}, ...]"
    return "None" if value is None else type(value).__name__
