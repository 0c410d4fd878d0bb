"""Calls of other classes in one class: their arguments in its names, and what they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netdsl.backends.torch.construct import UNSET, Argument, Construct
from netdsl.backends.torch.decisions import Decisions
from netdsl.backends.torch.expressions import Names
from netdsl.backends.torch.facts import Facts, row_nodes
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.symbols import Sym, as_term, is_symbolic, plain
from netdsl.backends.torch.terms import turns_of
from netdsl.integrity import CALLED
from netdsl.ir import Scope


class Calls(Decisions):
    """The calls in one class-like level.

    `made`: the values of the atoms of each class inside, in the names of this one; `constructs` are the calls of it.
    """

    def __init__(self, facts: Facts, level: Level):
        super().__init__(facts, level)
        self.made: dict[int, dict[str, Any]] = {}
        self.constructs: dict[int, Construct] = {}
        self._calls: dict[Any, Level] = {}

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
        atoms = self._atoms(level, inner, given, names)
        for atom in inner.rigid:
            self.mark(atoms.get(atom))
        for calls, text in inner.further:
            calls -= scope.kind == "block"
            if calls:
                self.further.append((calls, text))
            else:
                self.lost(text, names)
        self._given(level, inner, atoms, shift)
        self.made[id(level)] = atoms
        self.constructs[id(level)] = self._construct(level, names)
        for number, stride in inner.strided.items():
            lifted = self.lift(level, stride)
            if is_symbolic(lifted):
                self.strided[number + shift] = lifted
        if known is not None and not inner.further and all(source[0] != "outer" for source in inner.source.values()):
            self._calls[known] = level

    def _atoms(self, level: Level, inner: Any, given: Sequence[Any], names: Names) -> dict[str, Any]:
        """The values of a class's atoms, in the names of this one."""
        atoms: dict[str, Any] = {}
        scope = level.scope
        rows = row_nodes(scope)
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
                    found = self.term(text, value, names, self.shape_of(scope.entry) if scope.kind == "unit" else ())
            else:
                found = self.lookup(names, ())(source[1])
            atoms[atom] = found if found is not None and plain(found) == value else value
        return atoms

    def _given(self, level: Level, inner: Any, atoms: Mapping[str, Any], shift: int) -> None:
        """The shapes of what a class gives, whose values have numbers `shift` from those of its trace."""
        for value in level.outputs:
            shape = inner.shapes.get(value - shift)
            if shape is None:
                continue
            channels = shape[0]
            if isinstance(channels, Sym):
                term = channels.term.substitute(atoms)
                channels = self.local(self.known(term.substitute(turns_of(term)), plain(channels)))
            self.shapes[value] = (channels, *shape[1:])

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
