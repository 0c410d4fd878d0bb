"""Columns of values to terms: what several instances of a block have in one place, as one expression.

The term that gives every instance its value is written. Where there is none: a constant that all share, one of two by a
test of the spec, or an argument of the class that the spec does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from netdsl.backends.torch.construct import PLAIN, UNSET, Items, alike, single
from netdsl.backends.torch.decisions import Arms
from netdsl.backends.torch.names import variable
from netdsl.backends.torch.symbols import as_term, is_symbolic, plain
from netdsl.backends.torch.terms import MOST_OPERATORS, Layer, Term, make, name
from netdsl.backends.torch.trace import Trace


class Split(Exception):
    """Instances that cannot be one class."""


@dataclass(eq=False)
class InstanceRow:
    """The values of the names in one instance, or in one turn of its loop."""

    instance: int
    names: Mapping[str, Any]
    trace: Trace


Column = dict[int, Any]
"""A value for some rows, by their numbers."""


class Columns:
    """The rows of one class, and what has been found for their columns.

    `fresh` are the arguments that the spec does not have, with their values by instance; `conditions` the tests in use,
    with what stands under them; `index` that of the class's loop. `reserved` are names that no argument may have.
    """

    def __init__(self, rows: list[InstanceRow], reserved: Collection[str]):
        self.rows = rows
        self.reserved = reserved
        self.used: set[str] = {atom for row in rows for atom in row.names}
        self.fresh: dict[str, Column] = {}
        self.conditions: dict[Term, str] = {}
        self.index: str | None = None

    # Values ----------------------------------------------------------------------------------------------------------

    def value(self, role: str, column: Column, sided: bool = False) -> Any:
        """The constant or the term that stands for a column of values; one number may be `sided`: the same for a tuple
        of it."""
        first = next(iter(column.values()))
        kind = type(first)
        if kind in PLAIN and all(type(value) is kind and value == first for value in column.values()):
            return first
        if isinstance(first, Items):
            lengths = {len(value.values) for value in column.values()}
            if len(lengths) > 1:
                raise Split
            return Items(
                tuple(
                    self.value("channels", {row: value.values[place] for row, value in column.items()})
                    for place in range(len(first.values))
                )
            )
        chosen = self._chosen(role, column, sided)
        for row, value in column.items():
            if as_term(value) != as_term(chosen):  # with other values in the names they would part
                self.rows[row].trace.rigid |= as_term(value).names | as_term(chosen).names
        return chosen

    def _chosen(self, role: str, column: Column, sided: bool) -> Any:
        plains = {row: single(plain(value)) if sided else plain(value) for row, value in column.items()}
        first = next(iter(plains.values()))
        same = all(alike(value, first) for value in plains.values())
        terms = list(dict.fromkeys(as_term(value) for value in column.values() if is_symbolic(value)))
        terms = [term for term in terms if term.size <= MOST_OPERATORS]
        for term in terms:
            if self._holds(term, plains, sided):
                return term
        if same:
            return first
        candidates: list[Any] = [
            *terms,
            *dict.fromkeys(value for value in plains.values() if not isinstance(value, tuple)),
        ]
        return (
            self._turning(candidates, plains)
            or self._named(plains)
            or self._either(terms, plains, column)
            or self._argument(role, column, plains)
        )

    def _holds(self, term: Any, column: Column, sided: bool = False) -> bool:
        """Whether a term or a constant has the value of every row."""
        if not isinstance(term, Term):
            return all(alike(term, value) for value in column.values())
        try:
            given = [(term.evaluate(self.rows[row].names), value) for row, value in column.items()]
            return all(alike(single(found) if sided else found, value) for found, value in given)
        except (KeyError, ArithmeticError, TypeError):
            return False

    def _turning(self, candidates: Iterable[Any], column: Column) -> Term | None:
        """What the first turn of a loop has, or else another: `stride if i == 0 else 1`."""
        if self.index is None:
            return None
        start = {row: value for row, value in column.items() if self.rows[row].names[self.index] == 0}
        rest = {row: value for row, value in column.items() if row not in start}
        if not start or not rest:
            return None
        for one in candidates:
            if not self._holds(one, start):
                continue
            for other in candidates:
                if self._holds(other, rest):
                    return make("if", make("==", name(self.index), as_term(0)), as_term(one), as_term(other))
        return None

    def _named(self, column: Column) -> Term | None:
        """The argument that has been found for another constant, where it has the value of every row."""
        for fresh, known in self.fresh.items():
            owners = {row: self.rows[row].instance for row in column}
            if all(owner in known and alike(plain(known[owner]), column[row]) for row, owner in owners.items()):
                return name(fresh)
        return None

    def _either(self, terms: Sequence[Term], plains: Column, column: Column) -> Term | None:
        """One of two, by a test of the spec: `a if COND else b`."""
        if self.index is not None:
            return None
        for test in (*self.tests(), *self.further()):
            sides = self.sides(test, column)
            if sides is None or not all(sides):
                continue
            found = []
            for side in sides:
                values = {row: plains[row] for row in side}
                constants = list(dict.fromkeys(values.values()))
                options: list[Any] = [*terms, *(constants if len(constants) == 1 else ())]
                found.append(next((each for each in options if self._holds(each, values)), UNSET))
            if UNSET not in found:
                return make("if", test, as_term(found[0]), as_term(found[1]))
        return None

    def _argument(self, role: str, column: Column, plains: Column) -> Term:
        """An argument of its own."""
        values: Column = {}
        for row, value in column.items():
            owner = self.rows[row].instance
            if owner in values and not alike(plain(values[owner]), plains[row]):
                raise Split
            values[owner] = value
        found = self.unused(role or "value")
        self.fresh[found] = values
        return name(found)

    def unused(self, wanted: str) -> str:
        base = variable(wanted if wanted.isidentifier() else f"with_{wanted}" if wanted else "value", self.reserved)
        found, number = base, 2
        while found in self.used or found in self.reserved:
            found, number = f"{base}{number}", number + 1
        self.used.add(found)
        return found

    # Conditions ------------------------------------------------------------------------------------------------------

    def tests(self) -> list[Term]:
        """The tests that some instance met, and those that are in use."""
        found = dict.fromkeys(self.conditions)
        for row in self.rows:
            found.update(dict.fromkeys(row.trace.decisions))
        return list(found)

    def further(self) -> Iterable[Term]:
        """Tests that the spec does not have: whether a stride is 1, where padding can be the same on all sides, and
        whether an argument that names a block or an activation is a certain one."""
        strides = [as_term(stride) for row in self.rows for stride in row.trace.strided.values()]
        found = [make("==", stride, as_term(1)) for stride in strides]
        for row in self.rows:
            layers = {atom: value for atom, value in row.names.items() if isinstance(value, Layer)}
            found += [make("is", name(atom), as_term(value)) for atom, value in layers.items()]
        return dict.fromkeys(found)

    def sides(self, test: Term, rows: Iterable[int]) -> tuple[list[int], list[int]] | None:
        """The rows where a test holds, and the others; None where it has no answer."""
        yes: list[int] = []
        no: list[int] = []
        for row in rows:
            try:
                (yes if test.evaluate(self._names(row)) else no).append(row)
            except (KeyError, ArithmeticError, TypeError):
                return None
        return yes, no

    def _names(self, row: int) -> Mapping[str, Any]:
        owner = self.rows[row].instance
        fresh = {key: column[owner] for key, column in self.fresh.items() if owner in column}
        return {**self.rows[row].names, **fresh} if fresh else self.rows[row].names

    def condition(self, present: set[int], rows: set[int], arms: Iterable[Arms], word: str) -> Term:
        """The test that holds where something is there: of the arms it stands in, if they say it."""
        options: dict[Term, None] = {}
        for around in arms:
            tests = [test if held else make("not", test) for test, held in around if test is not None]
            options.update(dict.fromkeys(test for test in tests if not test.constant))
            if len(tests) > 1 and len(tests) == len(around):
                whole = tests[0]
                for test in tests[1:]:
                    whole = make("and", whole, test)
                options[whole] = None
        for test in self.tests():
            options.update(dict.fromkeys((test, make("not", test))))
        further = [test for each in self.further() for test in (each, make("not", each))]
        both = (make("and", option, test) for option in options for test in further)
        for option in chain(options, both):
            sides = self.sides(option, rows)
            if sides is not None and set(sides[0]) == present:
                self.conditions.setdefault(option, word)
                return option
        if self.index is not None:
            raise Split
        owners = {self.rows[row].instance: row in present for row in rows}
        for fresh, column in self.fresh.items():
            if column.keys() >= owners.keys() and all(column[owner] is held for owner, held in owners.items()):
                return name(fresh)
        found = self.unused(word)
        self.fresh[found] = dict(owners)
        term = name(found)
        self.conditions[term] = word
        return term
