"""What the numbers of a class are made of: its levels walked with symbolic numbers in place of its arguments.

Each class is traced by itself. Its names are *atoms*: the channels of what it is given, the parameters of its block,
and what it reads from further out; whoever constructs it says what they are in its own names (`Trace.called`). For each
layer the operator itself is asked what it gives and how it is written, with the spec's expressions in its fields, so
that channels, groups and paddings come out as expressions. A term that is not what the network has is left out: the
number stays, and the names it depends on are noted as `rigid`, of which no argument of the network may be made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, TypeAlias

from netdsl.backends.torch.construct import UNSET, Argument, Construct
from netdsl.backends.torch.expressions import Names
from netdsl.backends.torch.facts import Facts, indices, kernels, row_nodes
from netdsl.backends.torch.layers import Layers
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.names import variable
from netdsl.backends.torch.reading import Unreadable, parsed, read
from netdsl.backends.torch.symbols import Sym, as_term, is_symbolic, plain, symbolic
from netdsl.backends.torch.terms import Layer, Term, make, name, turned, turns_of
from netdsl.integrity import CALLED
from netdsl.ir import Choice, Node, Scope

Arms: TypeAlias = tuple[tuple[Term | None, bool], ...]
"""The tests of the `if`s around something, outermost first, and whether they held."""


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


class Trace(Layers):
    """One class-like level with symbolic numbers.

    - `decisions`: the tests that were met, with their outcome; `residuals` are those on which there is a shortcut.
    - `made`: the values of the atoms of each class inside, in the names of this one; `constructs` are the calls of it.
    - `loop`: where the class is one repetition.
    """

    def __init__(self, facts: Facts, level: Level, loops: bool = True):
        super().__init__(facts, level)
        facts.traces[id(level)] = self
        self.decisions: dict[Term, bool] = {}
        self.residuals: set[Term] = set()
        self.made: dict[int, dict[str, Any]] = {}
        self.constructs: dict[int, Construct] = {}
        self.arms: dict[Choice, Term | None] = {}
        self.loop: Loop | None = None
        self._calls: dict[Any, Level] = {}
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
            names.known[parameter] = self.atom(parameter, value, source) if number else value

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

    def counted(self, branch: Scope, children: Iterable[Node | Scope], names: Names) -> None:
        """A repeated branch, of which there may be none elsewhere."""
        number = sum(isinstance(each, Scope) and each.span == branch.span for each in children)
        count = self.term(branch.terms["count"], number, names, self.shape_of(branch.entry))
        if is_symbolic(count):
            self.decisions[make(">", count.term, as_term(0))] = True

    def decide(self, choices: Iterable[Choice], names: Names) -> None:
        """Tests that were met."""
        for choice in choices:
            if choice in self.arms:
                continue
            found = None
            node = parsed(choice.test)
            if node is not None:
                try:
                    found = read(node, self.lookup(names, self.shape_of(choice.value)), self.env)
                    if found.evaluate(self.env) is not choice.taken:
                        found = None
                except (Unreadable, KeyError, ArithmeticError, TypeError, ValueError, IndexError):
                    found = None
            self.arms[choice] = found
            if found is None:
                self.lost(choice.test, names)
                continue
            self.rigid |= found.names
            if not found.constant:
                self.decisions[found] = choice.taken

    def around(self, member: Node | Scope) -> Arms:
        """The tests of the arms in which something stands."""
        return tuple((self.arms.get(choice), choice.taken) for choice in member.arms)

    def inlined(self, scope: Scope, names: Names) -> Names:
        """The names of a block that is no class of its own: its parameters are what the call writes."""
        return Names(self.arguments(scope, names), names)

    def arguments(self, scope: Scope, names: Names, turning: bool = False) -> dict[str, Any]:
        """The arguments of a call, in the atoms of this class."""
        found: dict[str, Any] = {}
        shape = self.shape_of(scope.entry)
        for parameter in scope.arguments:
            value = self.facts.argument(scope, parameter)
            text = scope.terms.get(parameter)
            written = None if text is None else self.term(text, value, names, shape, turning)
            found[parameter] = value if written is None else written
        return found

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
        self._shortcut(scope, body, next((each for each in rest if isinstance(each, Scope)), None))
        self.members(rest, names)

    def _shortcut(self, scope: Scope, body: Scope, shortcut: Scope | None) -> None:
        """What the shapes decide: whether the shortcut has layers, or (None) whether there is one."""
        into, out = self.shape_of(scope.entry), self.shape_of(body.exit)
        strides = {as_term(each): each for each in self._strides(body)}
        stride = next(iter(strides.values())) if len(strides) == 1 else None
        fits = make("!=", as_term(into[0]), as_term(out[0]))
        changes = fits if stride is None else make("or", make("!=", as_term(stride), as_term(1)), fits)
        if not changes.constant:
            other = shortcut is None or bool(shortcut.children)
            try:
                if changes.evaluate(self.env) is other:
                    self.decisions[changes] = other
                    alike = make("==", as_term(into[0]), as_term(out[0]))
                    alike = alike if stride is None else make("and", make("==", as_term(stride), as_term(1)), alike)
                    self.decisions[alike] = not other
                    self.residuals.add(alike)
            except TypeError:
                pass
            self.rigid |= changes.names
        for node in shortcut.nodes() if shortcut is not None else ():
            fields: dict[str, Any] = node.op.reaching(into[0], out[0])
            if stride is not None and getattr(node.op, "stride", None) is not None:
                fields["stride"] = stride
            self._overrides[node.id] = fields

    def _strides(self, body: Scope) -> Iterable[Any]:
        """The symbolic strides of a body's layers."""
        return [self.strided[node.id] for node in body.nodes() if node.id in self.strided]

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

    # Calls of other classes ------------------------------------------------------------------------------------------

    def called(self, level: Level, names: Names) -> None:
        """Another class: its atoms in the names of this one, and what it gives."""
        inner = self.facts.traces[id(level)]
        scope = level.scope
        shift = level.first - inner.level.first
        given = [self.shape_of(value)[0] for value in level.given]
        known = (inner, tuple(map(as_term, given))) if not scope.terms and scope.kind == "block" else None
        if known in self._calls:
            self._again(level, self._calls[known])
            return
        atoms: dict[str, Any] = {}
        rows = row_nodes(scope) if scope.kind == "bracket" else []
        arguments = self.arguments(scope, names, turning=True) if scope.kind == "block" else {}
        for atom, source in inner.source.items():
            value: Any = inner.env[atom]
            kind = source[0]
            found: Any = None
            if kind == "entry":
                found = given[source[1]]
            elif kind == "argument":
                found = arguments[source[1]]
            elif kind == "default":
                term = source[1].substitute(atoms)
                found = self.known(term, value)
            elif kind == "row":
                text = rows[source[1]].terms.get(source[2])
                if text is not None:
                    found = self.term(text, value, names, ())
            else:
                found = self.lookup(names, ())(source[1])
            atoms[atom] = found if found is not None and plain(found) == value else value
        for atom in inner.rigid:
            self.mark(atoms.get(atom))
        for calls, text in inner.further:
            calls -= scope.kind == "block"
            if calls:
                self.further.append((calls, text))
            else:
                self.lost(text, names)
        for value in level.outputs:
            shape = inner.shapes.get(value - shift)
            if shape is None:
                continue
            channels = shape[0]
            if isinstance(channels, Sym):
                term = channels.term.substitute(atoms)
                channels = self.local(self.known(term.substitute(turns_of(term)), plain(channels)))
            self.shapes[value] = (channels, *shape[1:])
        self.made[id(level)] = atoms
        self.constructs[id(level)] = self._construct(level, names)
        for number, stride in inner.strided.items():
            lifted = self.lift(level, stride)
            if is_symbolic(lifted):
                self.strided[number + shift] = lifted
        if known is not None and not inner.further and all(source[0] != "outer" for source in inner.source.values()):
            self._calls[known] = level

    def _again(self, level: Level, first: Level) -> None:
        """The same call as one before."""
        self.made[id(level)] = self.made[id(first)]
        self.constructs[id(level)] = self.constructs[id(first)]
        moved = level.first - first.first
        for value in first.outputs:
            if value in self.shapes:
                self.shapes[value + moved] = self.shapes[value]
        for number, stride in [*self.strided.items()]:
            if first.first <= number <= first.last:
                self.strided[number + moved] = stride

    def _construct(self, level: Level, names: Names) -> Construct:
        """The call that constructs another class here, by the parameter that names it where one does."""
        made, given = self.facts.classes[id(level)]
        word = level.scope.terms.get(CALLED)
        named = self.lookup(names, ())(word) if word is not None else None
        handed = is_symbolic(named) and named == made.name
        arguments = tuple(
            Argument(
                None if each.default is UNSET else each.name,
                self.lift(level, value),
                each.name,
                each.default if handed else UNSET,
            )
            for each, value in given
        )
        function: Any = named if handed else made
        return Construct(function, arguments)

    def lift(self, level: Level, value: Any) -> Any:
        """A value of a class inside, in the names of this one."""
        if not is_symbolic(value):
            return value
        return self.known(as_term(value).substitute(self.made[id(level)]), plain(value))


def _whole(level: Level) -> Scope | None:
    """The repetition that is all of a class, of one module each, as often as a parameter says."""
    if not level.chained or level.scope.kind != "block" or len(level.scope.children) != 1:
        return None
    repeat = level.scope.children[0]
    if not isinstance(repeat, Scope) or repeat.kind != "repeat" or "count" not in repeat.terms:
        return None
    return repeat if len(level.members) == len(repeat.children) > 0 else None
