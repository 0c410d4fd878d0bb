"""The expressions of a spec in the names of one class: its *atoms*, for which whoever constructs it gives values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netdsl.backends.torch.facts import Facts
from netdsl.backends.torch.fitting import fitted
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.names import LOOPS, variable
from netdsl.backends.torch.reading import Unreadable, parsed, read, words
from netdsl.backends.torch.symbols import SYMBOLIC, plain, symbolic
from netdsl.backends.torch.terms import Term, name
from netdsl.syntax import tree
from netdsl.text.source import Span

_NOWHERE = Span("", 0, 0)
SIZES = {2: ("length",), 3: ("height", "width"), 4: ("depth", "height", "width")}
"""The names of the dimensions of a map, by how many numbers its shape has."""


class Names:
    """What the names in one block's text mean, in the atoms of the class around it.

    `around` are those of the text that calls it, where that is part of the same class. `turns` are what the indices of
    repetitions are called in rates, which may differ in the turns of a loop.
    """

    def __init__(
        self,
        known: Mapping[str, Any],
        around: Names | None = None,
        top: bool = False,
        turns: Mapping[str, Any] | None = None,
    ):
        self.known = dict(known)
        self.around = around
        self.top = top
        self.turns = turns or {}

    def with_index(self, index: str, number: Any, turn: Any = None) -> Names:
        turns = self.turns if turn is None else {**self.turns, index: turn}
        return Names({**self.known, index: number}, self.around, self.top, turns)

    def turning(self) -> Names:
        """The same with the indices by their turns."""
        return Names({**self.known, **self.turns}, self.around, self.top) if self.turns else self


class Expressions:
    """What expressions mean in one class-like level. `env` are the values of its atoms.

    - `source`: where an atom comes from, for who constructs it: `("entry", place)`, `("argument", parameter)`,
      `("default", term)`, `("row", place, field)`, or `("outer", name)`.
    - `shapes`: those of the values seen, with symbolic channels.
    - `rigid`: atoms that cannot have another value than the network has.
    - `further`: expressions of texts further out, by the number of calls between.
    """

    def __init__(self, facts: Facts, level: Level):
        self.facts = facts
        self.plan = facts.plan
        self.level = level
        self.env: dict[str, Any] = {}
        self.source: dict[str, tuple[Any, ...]] = {}
        self.shapes: dict[int, tuple[Any, ...]] = {}
        self.rigid: set[str] = set()
        self.further: list[tuple[int, str]] = []
        self.names = Names({}, top=True)
        self._outer: dict[str, Any] = {}

    def atom(self, wanted: str, value: Any, source: tuple[Any, ...]) -> Any:
        """A new atom, under a name that Python takes; gives its symbolic value."""
        text = variable(wanted, LOOPS, self.env, self.facts.reserved)
        self.env[text] = plain(value)
        self.source[text] = source
        return symbolic(value, name(text))

    def lookup(self, names: Names, shape: tuple[Any, ...]) -> Any:
        """What gives a name in the text of `names` its value, where the current value has this shape."""

        def find(word: str) -> Any:
            if word in names.known:
                return names.known[word]
            outer = self.outer(word) if names.top else self.param(word)
            if outer is not None:
                return outer
            if word == "channels":
                return shape[0]
            if word in SIZES.get(len(shape), ()):
                return shape[SIZES[len(shape)].index(word) + 1]
            return word

        return find

    def outer(self, word: str) -> Any:
        """The value of a name that comes from further out than this level."""
        if word not in self._outer:
            block, indices = None, dict[str, int]()
            if self.level.scope.kind != "block" and self.level is not self.plan.root:
                context = self.facts.context[id(self.level.scope)]
                block, indices = context.block, context.indices
            value: Any = indices.get(word)
            if value is None and block is not None:
                value = self.facts.argument(block, word) if word in block.arguments else None
                if type(value) in (str, bool):
                    return value
            if value is None:
                return self.param(word)
            self._outer[word] = self.atom(word, value, ("outer", word))
        return self._outer[word]

    def param(self, word: str) -> Any:
        """The value of a param of the net: a number where it is fixed."""
        facts = self.facts
        if word not in facts.params:
            return None
        value = facts.params[word]
        if isinstance(value, bool) or not isinstance(value, int | float) or facts.is_fixed(word):
            return value
        if word not in self._outer:
            if self.level is self.plan.root and word in facts.derived:
                found = self.evaluate(facts.derived[word], self.names, ())
                self._outer[word] = found if found is not None and plain(found) == value else value
            else:
                self._outer[word] = self.atom(word, value, ("outer", word))
        return self._outer[word]

    # Expressions -----------------------------------------------------------------------------------------------------

    def shape_of(self, value: int) -> tuple[Any, ...]:
        found = self.shapes.get(value)
        if found is None:
            known = self.plan.network.shapes[value]
            assert known is not None
            found = known
        return found

    def evaluate(self, text: str, names: Names, shape: tuple[Any, ...]) -> Any:
        """The symbolic value of an expression; None where it has none here."""
        node = tree.Reference(text, _NOWHERE) if text.isidentifier() else parsed(text)
        return None if node is None else self._value(node, names, shape)

    def _value(self, node: tree.Expression, names: Names, shape: tuple[Any, ...]) -> Any:
        try:
            term = read(node, self.lookup(names, shape), self.env)
            return symbolic(term.evaluate(self.env), term)
        except (Unreadable, KeyError, ArithmeticError, TypeError, ValueError, IndexError):
            return None

    def term(self, text: str, actual: Any, names: Names, shape: tuple[Any, ...], turning: bool = False) -> Any:
        """The symbolic value of what a field was written as; None where it is not `actual`, or cannot be told.

        The index of a repetition stays in it where it is a rate, or is `turning`.
        """
        here: Names | None = names
        calls = len(text) - len(text.lstrip("^"))
        inner = text.lstrip("^!")
        for crossed in range(calls):
            assert here is not None
            if here.around is None:
                self.further.append((calls - crossed, inner))
                return None
            here = here.around
        assert here is not None
        if text.lstrip("^").startswith("!"):
            self.lost(inner, here)
            return None
        found = self.evaluate(inner, here.turning() if turning or isinstance(actual, float) else here, shape)
        fitting = None if found is None else fitted(found, actual)
        if fitting is None:
            self.lost(inner, here)
        return fitting

    def lost(self, text: str, names: Names) -> None:
        """An expression gives a number that nothing else follows: what it names must stay as it is."""
        find = self.lookup(names, (1,))  # a size of the current value is marked where it is made
        for word in words(text):
            self.mark(find(word))

    def mark(self, value: Any) -> None:
        """What a symbolic value is made of must stay as it is."""
        kind = type(value)
        if kind in SYMBOLIC:
            self.rigid |= value.term.names
        elif kind is tuple:
            for each in value:
                self.mark(each)

    def known(self, term: Term, value: Any) -> Any:
        """A term with its value here; the number alone where that is another."""
        try:
            if term.evaluate(self.env) == value:
                return symbolic(value, term)
        except (KeyError, ArithmeticError, TypeError):
            pass
        self.rigid |= term.names & self.env.keys()
        return value
