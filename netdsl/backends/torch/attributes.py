"""Constructions of several instances to those of one class.

What is the same thing in several instances is laid side by side, in order; what only some have stands under the test
that the spec has for it. Where two constructions cannot be one, there is one for each outcome of a test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netdsl.backends.torch.classes import Repetition, changed, terms_of
from netdsl.backends.torch.columns import Column, Columns, InstanceRow, Split
from netdsl.backends.torch.construct import PLAIN, SIDES, Chain, Construct, Container
from netdsl.backends.torch.decisions import Arms
from netdsl.backends.torch.reading import Unreadable, parsed, read
from netdsl.backends.torch.symbols import is_symbolic, plain, symbolic
from netdsl.backends.torch.terms import Term, make, name


class Attributes(Columns):
    """What the rows of one class construct."""

    def items(
        self, lists: Mapping[int, Sequence[tuple[str, Any, Arms]]], named: bool, top: bool = False
    ) -> list[tuple[str, Any, Term | None]]:
        """What the rows have side by side, in order: key, construction, and the condition under which it is there."""
        found: list[tuple[str, Any, Term | None]] = []
        for key, column, when in self._aligned(lists, named):
            try:
                found.append((key, self.merged(column, top), when))
            except Split:
                found += self._alternatives(key, column, when, top)
        return found

    def _aligned(
        self, lists: Mapping[int, Sequence[tuple[str, Any, Arms]]], named: bool
    ) -> Iterator[tuple[str, Column, Term | None]]:
        """The entries that stand for one another, in order: key, those of each row, and when they are there."""
        if len(lists) == 1:
            for row, entries in lists.items():
                yield from ((key if named else "", {row: item}, None) for key, item, _ in entries)
            return
        order: list[Any] = []
        columns: dict[Any, Column] = {}
        arms: dict[Any, dict[int, Arms]] = {}
        for row, entries in lists.items():
            counted: Counter[Any] = Counter()
            at = 0
            for key, item, around in entries:
                what = key if named else (_kind(item), tuple((test, held) for test, held in around))
                identity = (what, counted[what])
                counted[what] += 1
                if identity not in columns:
                    order.insert(at, identity)
                    columns[identity], arms[identity] = {}, {}
                    at += 1
                else:
                    place = order.index(identity)
                    if place < at:
                        raise Split
                    at = place + 1
                columns[identity][row] = item
                arms[identity][row] = around
        for identity in order:
            column = columns[identity]
            key = identity[0] if named else ""
            when = None
            if len(column) < len(lists):
                when = self.condition(set(column), set(lists), arms[identity].values(), key or _word(column))
            yield key, column, when

    def _alternatives(
        self, key: str, column: Column, when: Term | None, top: bool
    ) -> list[tuple[str, Any, Term | None]]:
        """Two constructions of one attribute, one for each outcome of a test."""
        for test in (*self.tests(), *self.further()):
            sides = self.sides(test, column)
            if sides is None or not all(sides):
                continue
            try:
                yes, no = (self.merged({row: column[row] for row in side}, top) for side in sides)
            except Split:
                continue
            self.conditions.setdefault(test, key)
            both = [(yes, test), (no, make("not", test))]
            return [(key, item, side if when is None else make("and", when, side)) for item, side in both]
        raise Split

    def merged(self, column: Column, top: bool = False) -> Any:
        """One construction for several."""
        first = next(iter(column.values()))
        if len(column) > 1 and len({_kind(item) for item in column.values()}) > 1:
            raise Split
        if isinstance(first, Chain):
            return self._chain(column, top)
        assert isinstance(first, Construct)
        function = first.function
        if is_symbolic(function):
            function = self.value("act", {row: item.function for row, item in column.items()})
        elif len(column) == 1 and all(type(argument.value) in PLAIN for argument in first.arguments):
            return first
        arguments, module = [*first.arguments], type(function) is str and function.startswith("nn.")
        # A padding that an argument gives is mostly a dilation, which then has its name.
        for place, argument in sorted(enumerate(first.arguments), key=lambda each: each[1].role == "padding"):
            values = {row: item.arguments[place].value for row, item in column.items()}
            sided = module and argument.role in SIDES
            arguments[place] = argument._replace(value=self.value(argument.role, values, sided))
        return Construct(function, tuple(arguments), first.frozen, first.parameter)

    def _chain(self, column: Column, top: bool) -> Chain:
        """One sequence for several. Some of its layers may be under conditions where a list of it can be made: in one
        that is an attribute (`top`), or a class."""
        numbered = all(
            key == str(place) for chain in column.values() for place, (key, _) in enumerate(chain.items)
        ) and not any(isinstance(chain, Container) for chain in column.values())
        lists = {
            row: [
                (key, item, when)
                for (key, item), when in zip(chain.items, chain.when or ((),) * len(chain.items), strict=True)
            ]
            for row, chain in column.items()
        }
        found = self.items(lists, named=not numbered)
        kind = type(next(iter(column.values())))
        when = tuple(each for _, _, each in found)
        conditional = any(each is not None for each in when)
        if conditional and (not top or kind is Container):
            raise Split
        items = tuple(
            (key if not numbered else "" if conditional else str(place), item)
            for place, (key, item, _) in enumerate(found)
        )
        made: Chain = kind(items, when if conditional else ())
        return made

    def repetition(self, chains: Sequence[Chain]) -> Repetition:
        """One loop for the repetitions that all rows are."""
        loops = [row.trace.loop for row in self.rows if row.trace.loop is not None]
        first = loops[0]
        if any((each.index, each.entry, each.label) != (first.index, first.entry, first.label) for each in loops):
            raise Split
        count = next((each.count for each in loops if self._turns(each.count)), None)
        turns: list[InstanceRow] = []
        column: Column = {}
        numbered = True
        for number, (row, loop, chain) in enumerate(zip(self.rows, loops, chains, strict=True)):
            for names, (place, item) in zip(loop.environments, chain.items, strict=True):
                numbered = numbered and place == str(names[first.index])
                column[len(turns)] = item
                turns.append(InstanceRow(number, names, row.trace))
        key = None if numbered else _label(first.label, first.index)
        if count is None or (not numbered and key is None):
            raise Split
        whole, self.rows, self.index = self.rows, turns, first.index
        item = self.merged(column)
        self.rows, self.index = whole, None
        carry = next((each.carry for each in loops if each.carry is not None), None)
        if not any(first.entry in term.names for term in terms_of(item)) or carry == name(first.entry):
            carry = None
        elif first.growth is not None and all(each.growth == first.growth for each in loops):
            step = make("+", name(first.entry), make("*", name(first.index), first.growth))
            item, carry = changed(item, lambda term: term.substitute({first.entry: step})), None
        return Repetition(item, first.index, count, first.entry, carry, key)

    def _turns(self, count: Term) -> bool:
        """Whether a term is how often the loop of every row turns."""
        try:
            loops = [(row.trace.loop, row.trace.env) for row in self.rows]
            return all(loop and count.evaluate(names) == len(loop.environments) for loop, names in loops)
        except (KeyError, ArithmeticError, TypeError):
            return False


def _kind(item: Any) -> Any:
    """What a construction is, whatever its constants."""
    if isinstance(item, Chain):
        return type(item).__name__
    keywords = tuple(a.keyword for a in item.arguments)
    if is_symbolic(item.function):  # which an argument names
        return "", tuple(a.usual for a in item.arguments), item.frozen, item.parameter, keywords
    return item.function, item.frozen, item.parameter, keywords


def _word(column: Column) -> str:
    """A name for what only some instances have."""
    item = next(iter(column.values()))
    function = str(item.function if isinstance(item, Construct) else "layers").rpartition(".")[2]
    for words, found in ((("ReLU", "SiLU", "GELU", "Sigmoid", "Tanh", "Swish"), "act"), (("Norm",), "norm")):
        if any(word in function for word in words):
            return found
    return "".join("_" + each.lower() if each.isupper() else each for each in function).strip("_").replace("__", "_")


def _label(label: str | None, index: str) -> tuple[str, Term, str] | None:
    """`denselayer{i + 1}` as what stands before, the term, and what stands behind."""
    if label is None:
        return None
    before, opening, rest = label.partition("{")
    inside, closing, after = rest.partition("}")
    node = parsed(inside)
    if not opening or not closing or node is None:
        return None

    def find(word: str) -> Any:
        if word != index:
            raise KeyError(word)
        return symbolic(0, name(index))

    try:
        return before, read(node, find, {index: 0}), after.rstrip(": ")
    except Unreadable:
        return None


def shape_of(item: Any) -> Any:
    """Equal for constructions that differ in constants only."""
    if isinstance(item, Chain):
        return type(item).__name__, tuple((key, shape_of(each)) for key, each in item.items), item.when
    kinds = tuple(type(plain(value)) for _, value in item.constants())
    return item.skeleton(), kinds
