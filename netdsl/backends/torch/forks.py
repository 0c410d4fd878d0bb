"""Statements of several instances to those of one class: texts that differ fork on a test.

A `forward` asks a test of an attribute: of what the constructor is told, or of a flag that has its outcome.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from netdsl.backends.torch.classes import Fork, Lines
from netdsl.backends.torch.columns import Columns, Split
from netdsl.backends.torch.terms import Term, name

COMPARED = ("==", "!=", "<", "<=", ">", ">=")


class Forks:
    """The statements of one class. `taken` are the names of its attributes; `flags` those that statements fork on, with
    their terms, and `kinds` their types where they are no truths."""

    def __init__(self, columns: Columns, taken: Collection[str]):
        self.columns = columns
        self.taken = {*taken, "training"}
        self.flags: dict[str, Term] = {}
        self.kinds: dict[str, str] = {}
        self.shortcuts = {each for row in columns.rows for each in row.trace.residuals}
        """The tests on which there is a shortcut."""

    def forked(self, texts: Mapping[int, tuple[str, ...]]) -> Lines:
        """The statements of all rows, which fork where they differ."""
        distinct = set(texts.values())
        if len(distinct) == 1:
            return next(iter(texts.values()))
        used, shortcuts = self.columns.conditions, self.shortcuts
        for test in sorted(self.columns.tests(), key=lambda each: (each not in used, each not in shortcuts)):
            sides = self.columns.sides(test, texts)
            if sides is None or not all(sides):
                continue
            yes, no = ({row: texts[row] for row in side} for side in sides)
            if len(set(yes.values())) + len(set(no.values())) > len(distinct):
                continue
            fork = Fork(self._flag(test), self.forked(yes), self.forked(no))
            return _common(fork)
        raise Split

    def _flag(self, test: Term) -> Term:
        """A test as a `forward` asks it, of an attribute: what the constructor is told, or a flag with its outcome."""
        for flag, known in self.flags.items():
            if known == test:
                return name(flag)
        word = self.columns.conditions.get(test, "")
        told = test.args[0] if test.op in COMPARED and test.args[1].constant else None
        asked = not word and test not in self.shortcuts  # where attributes hang on it, TorchScript needs a flag
        if asked and told is not None and told.op == "name" and told.text not in self.taken:
            whole = all(type(row.names.get(told.text)) is int for row in self.columns.rows)
            if whole and self.flags.setdefault(told.text, told) == told:
                self.kinds[told.text] = "int"
                return test
        if test in self.shortcuts:
            wanted = "use_shortcut"
        elif test.op == "name" and test.text not in self.taken:
            wanted = test.text
        elif test.op == "name":
            wanted = f"has_{test.text}"
        else:
            wanted = f"has_{word}" if word.isidentifier() else "variant"
        found, number = wanted, 2
        while found in self.taken or found in self.flags:
            found, number = f"{wanted}{number}", number + 1
        self.flags[found] = test
        return name(found)


def _common(fork: Fork) -> Lines:
    """A fork behind what both of its sides begin with."""
    before: list[str | Fork] = []
    yes, no = list(fork.yes), list(fork.no)
    while yes and no and yes[0] == no[0] and len(yes) > 1 and len(no) > 1:
        before.append(yes.pop(0))
        no.pop(0)
    return (*before, Fork(fork.test, tuple(yes), tuple(no)))
