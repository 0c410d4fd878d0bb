"""What the numbers of a class are made of: its levels walked with symbolic numbers in place of its arguments.

Each class is traced by itself. Its names are *atoms*: the channels of what it is given, the parameters of its block,
and what it reads from further out; whoever constructs it says what they are in its own names (`calls`). For each layer
the operator itself is asked what it gives and how it is written, with the spec's expressions in its fields, so
that channels, groups and paddings come out as expressions. A term that is not what the network has is left out: the
number stays, and the names it depends on are noted as `rigid`, of which no argument of the network may be made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from netdsl.backends.torch.calls import Calls
from netdsl.backends.torch.expressions import SIZES, Names
from netdsl.backends.torch.facts import UNIT, Facts, indices, kernels, row_nodes
from netdsl.backends.torch.fitting import single_of
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.names import variable
from netdsl.backends.torch.symbols import as_term, is_symbolic, plain, symbolic
from netdsl.backends.torch.terms import Layer, Term, make, name, turned
from netdsl.ir import Node, Scope


@dataclass
class Loop:
    """A class that is one repetition, `count` times, of one module each.

    `entry` is the atom of what goes into each, `carry` what it gives in these names (None: it differs);
    `environments` are the values of the atoms in each, `label` the keys as written.
    """

    count: Term
    index: str
    entry: str
    carry: Term | None = None
    label: str | None = None
    environments: list[dict[str, Any]] = field(default_factory=list)

    @property
    def growth(self) -> Term | None:
        """What each adds to the channels it is given, where that is all it does to them."""
        carry = self.carry
        if carry is None or carry.op != "+" or carry.args[0] != name(self.entry):
            return None
        step: Term = carry.args[1]
        return None if step.names & {self.entry, self.index} else step

    def after(self) -> Term:
        """The channels behind all of them."""
        assert self.carry is not None
        return self.carry if self.growth is None else make("+", name(self.entry), make("*", self.count, self.growth))


class Trace(Calls):
    """One class-like level with symbolic numbers. `loop`: where the class is one repetition."""

    def __init__(self, facts: Facts, level: Level, loops: bool = True):
        super().__init__(facts, level)
        facts.traces[id(level)] = self
        self.loop: Loop | None = None
        self.entries()
        self.names = self.beginning()
        repeat = _whole(level) if loops else None
        if repeat is None:
            self.walk(level.scope, self.names)
        else:
            self.looped(repeat)

    # Atoms -----------------------------------------------------------------------------------------------------------

    def entries(self) -> None:
        """The channels of what the class is given."""
        level = self.level
        if level is self.plan.root:
            return
        for number, value in enumerate(level.given):
            shape = self.plan.network.shapes[value]
            assert shape is not None
            word = "channels" if len(shape) > 1 else "features"
            label = level.taken(value) or self.plan.labels.get(value, "other")
            named = level.taken(value) or number
            prefix = "in" if not named else label if label.isidentifier() else "other"
            self.shapes[value] = (self.atom(f"{prefix}_{word}", shape[0], ("entry", number)), *shape[1:])

    def beginning(self) -> Names:
        """The names of the text that the level begins in, and its parameters as atoms."""
        scope = self.level.scope
        if self.level is self.plan.root:
            return Names({}, top=True)
        if scope.kind == "block":
            names = Names({}, top=True)
            self.parameters(scope, names)
            return names
        if scope.kind == "bracket":
            self.rows(scope)
        elif scope.kind == "unit":
            self.unit(scope)
        return Names({}, top=True)

    def parameters(self, scope: Scope, names: Names) -> None:
        """Atoms for the parameters of a block; one that its definition computes from others has that term."""
        definition = self.facts.definition(scope)
        shape = self.shape_of(scope.entry)
        for parameter in scope.arguments:
            value = self.facts.argument(scope, parameter)
            text = definition.parameters.get(parameter) if definition is not None else None
            source: tuple[Any, ...] = ("argument", parameter)
            if text is not None and parameter not in scope.terms and isinstance(value, int | float):
                found = self.evaluate(text, names, shape)
                if found is None:
                    self.lost(text, names)
                if found is not None and plain(found) == value and is_symbolic(found):
                    source = ("default", found.term, parameter)
            number = isinstance(value, int | float | tuple | Layer)
            names.known[parameter] = found = self.atom(parameter, value, source) if number else value
            sizes = SIZES.get(len(shape), ())
            if text in sizes and parameter not in scope.terms:
                place = sizes.index(text) + 1
                self.shapes[scope.entry] = shape = (*shape[:place], found, *shape[place + 1 :])

    def rows(self, scope: Scope) -> None:
        """Atoms for a building block in brackets: the width of its first row, others where they are no multiple of it,
        and its stride."""
        nodes = row_nodes(scope)
        quotients, strided = self.facts.brackets[kernels(scope)]
        width = self.atom("width", nodes[0].op.channels, ("row", 0, "channels"))  # type: ignore[attr-defined]
        for place, node in enumerate(nodes):
            channels = node.op.channels  # type: ignore[attr-defined]
            quotient = quotients[place]
            if quotient is None:
                symbol = self.atom(f"width{place + 1}", channels, ("row", place, "channels"))
            else:
                symbol = width * quotient
            self._overrides[node.id] = {"channels": symbol}
            stride = node.op.stride  # type: ignore[attr-defined]
            if place == strided and len(set(stride)) == 1:
                self._overrides[node.id]["stride"] = self.atom("stride", stride[0], ("row", place, "stride"))

    def unit(self, scope: Scope) -> None:
        """Atoms for a layer with what follows it: its channels, its kernel and its stride if those of others differ."""
        (node,) = row_nodes(scope)
        fields = self._overrides[node.id] = {}
        for word, key in UNIT.items():
            value = single_of(getattr(node.op, key, None))
            if isinstance(value, int) and (word == "out" or len(self.facts.units[node.op.name][key]) > 1):
                fields[key] = self.atom(word, value, ("row", 0, key))

    def walk(self, scope: Scope, names: Names) -> None:
        self.members(scope.children, names, indices(scope))
        if scope.choices:
            self.decide(scope.choices, names)

    def members(
        self, children: Iterable[Node | Scope], around: Names, known: Iterable[dict[str, int]] = repeat({})
    ) -> None:
        """The parts of a scope, with the indices of repetitions that are `known` in each."""
        for child, each in zip(children, known, strict=False):
            names = self.turn(around, each) if each else around
            if child.arms:
                self.decide(child.arms, names)
            if isinstance(child, Node):
                if child.id not in self.plan.dropped:
                    self.node(child, names)
                continue
            if child.kind == "branch" and "count" in child.terms:
                self.counted(child, children, names)
            level = self.plan.level_of.get(id(child))
            if level is not None and level.kind == "class":
                self.called(level, names)
            elif child.kind == "block" and child.definition is not None:
                self.walk(child, self.inlined(child, names))
            elif child.kind == "repeat":
                self.repeated(child, names)
            elif child.kind == "residual":
                self.residual(child, names)
            else:
                self.walk(child, names)

    def inlined(self, scope: Scope, names: Names) -> Names:
        """The names of a block that is no class of its own: its parameters are what the call writes."""
        return Names(self.arguments(scope, names), names)

    def repeated(self, scope: Scope, names: Names) -> None:
        count = scope.terms.get("count")
        if count is not None:
            self.mark(self.term(count, len(scope.children), names, self.shape_of(scope.entry)))
        self.walk(scope, names)

    def turn(self, names: Names, known: dict[str, int]) -> Names:
        """The names in one turn of a repetition. In the net a rate keeps the index, since a loop may make all turns."""
        for index, number in known.items():
            self.env[turned(number)] = number
            turn = symbolic(number, name(turned(number)))
            names = names.with_index(index, number, turn)
        return names

    def residual(self, scope: Scope, names: Names) -> None:
        """A residual: its shortcut takes channels and stride from the body."""
        body, *rest = scope.children
        assert isinstance(body, Scope)
        if scope.arms and (test := self.arms.get(scope.arms[-1])) is not None:
            self.residuals.add(test if scope.arms[-1].taken else make("not", test))
        self.members((body,), names)
        self.shortcut(scope, body, next((each for each in rest if isinstance(each, Scope)), None))
        self.members(rest, names)

    def looped(self, repeat: Scope) -> None:
        """The layers of a repetition, each in the same names: what goes into it, and its index."""
        names = self.names
        if repeat.arms:
            self.decide(repeat.arms, names)
        count = self.term(repeat.terms["count"], len(repeat.children), names, self.shape_of(repeat.entry))
        self.mark(count)
        word = repeat.terms.get("index", "i")
        index = word if word not in self.env and word not in self.facts.reserved else variable(word, self.env)
        entry = next(iter(self.source))
        first = self.env[entry]
        self.turning = True
        loop = self.loop = Loop(as_term(count if count is not None else len(repeat.children)), index, entry)
        loop.label = repeat.terms.get("label")
        exits: list[Any] = []
        for number, child in enumerate(repeat.children):
            assert isinstance(child, Scope)
            shape = self.plan.network.shapes[child.entry]
            assert shape is not None
            self.env[entry], self.env[index] = shape[0], number
            self.shapes[child.entry] = (symbolic(shape[0], name(entry)), *shape[1:])
            self.arms.clear()
            self.walk(child, names.with_index(word, symbolic(number, name(index))))
            loop.environments.append(dict(self.env))
            exits.append(self.shape_of(child.exit)[0])
        self.env[entry] = first
        del self.env[index]
        self.shapes[repeat.entry] = (symbolic(first, name(entry)), *self.shape_of(repeat.entry)[1:])
        terms = {as_term(each) for each in exits}
        loop.carry = terms.pop() if len(terms) == 1 else None
        shape = self.plan.network.shapes[repeat.exit]
        assert shape is not None
        self.shapes[repeat.exit] = (self.known(loop.after(), shape[0]) if loop.carry else shape[0], *shape[1:])
        self.decide(self.level.scope.choices, names)


def _whole(level: Level) -> Scope | None:
    """The repetition that is all of a class, of one module each, as often as a parameter says."""
    if not level.chained or level.scope.kind != "block" or len(level.scope.children) != 1:
        return None
    repeat = level.scope.children[0]
    if not isinstance(repeat, Scope) or repeat.kind != "repeat" or "count" not in repeat.terms:
        return None
    return repeat if len(level.members) == len(repeat.children) > 0 else None
