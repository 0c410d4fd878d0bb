"""Statements of several instances to those of one class: texts that differ fork on a test.

A `forward` asks a test of an attribute: of what the constructor is told, or of a flag that has its outcome.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from netdsl.backends.torch.classes import Fork, Lines
from netdsl.backends.torch.columns import Columns, Split
from netdsl.backends.torch.terms import Term
from netdsl.backends.torch.terms import name as named

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
        """The statements of all rows, which fork where they differ: as a whole, or one by one if that is shorter."""
        if len(set(texts.values())) == 1:
            return next(iter(texts.values()))
        one_by_one = self._aligned(texts)
        known = dict(self.flags), dict(self.kinds)
        try:
            whole = self._halved(texts)
        except Split:
            whole = None
        if one_by_one is None and whole is None:
            raise Split
        if whole is not None and (one_by_one is None or _length(whole) < _length(one_by_one)):
            return whole
        assert one_by_one is not None
        self.flags, self.kinds = known
        found: list[str | Fork] = []
        for each in one_by_one:
            found += (each,) if isinstance(each, str) else _common(replace(each, test=self._flag(each.test)))
        return tuple(found)

    def _halved(self, texts: Mapping[int, tuple[str, ...]]) -> Lines:
        """The statements under a test on which they differ, and those without it."""
        distinct = set(texts.values())
        if len(distinct) == 1:
            return next(iter(texts.values()))
        for test in self._tests():
            sides = self.columns.sides(test, texts)
            if sides is None or not all(sides):
                continue
            yes, no = ({row: texts[row] for row in side} for side in sides)
            if len(set(yes.values())) + len(set(no.values())) > len(distinct):
                continue
            return _common(Fork(self._flag(test), self._halved(yes), self._halved(no)))
        raise Split

    def _tests(self) -> list[Term]:
        """The tests, first those on which attributes hang, then those on which there is a shortcut."""
        used, shortcuts = self.columns.conditions, self.shortcuts
        return sorted(self.columns.tests(), key=lambda each: (each not in used, each not in shortcuts))

    def _aligned(self, texts: Mapping[int, tuple[str, ...]]) -> Lines | None:
        """The statements in one order, those that only some rows have under a test of their own; None where there is no
        such order, or no such test. The tests are not yet flags."""
        order: list[tuple[str, int]] = []
        owners: dict[tuple[str, int], set[int]] = {}
        for row, lines in texts.items():
            counted: Counter[str] = Counter()
            at = 0
            for line in lines:
                key = line, counted[line]
                counted[line] += 1
                if key not in owners:
                    order.insert(at, key)
                place = order.index(key)
                if place < at:
                    return None
                owners.setdefault(key, set()).add(row)
                at = place + 1
        found: list[str | Fork] = []
        before: set[int] = set()
        for rows, keys in groupby(order, lambda key: owners[key]):
            lines = tuple(line for line, _ in keys)
            last = found[-1] if found else None
            if len(rows) == len(texts):
                found += lines
            elif isinstance(last, Fork) and not before & rows and len(before | rows) == len(texts):
                found[-1] = replace(last, yes=last.yes or lines, no=lines if last.yes else last.no)
            else:
                fork = self._under(rows, texts, lines)
                if fork is None:
                    return None
                found.append(fork)
            before = rows
        return tuple(found)

    def _under(self, rows: set[int], texts: Mapping[int, Any], lines: tuple[str, ...]) -> Fork | None:
        """Some statements under a test that some rows alone pass, or alone do not pass."""
        for test in self._tests():
            sides = self.columns.sides(test, texts)
            if sides is not None and rows in (set(sides[0]), set(sides[1])):
                return Fork(test, lines, ()) if rows == set(sides[0]) else Fork(test, (), lines)
        return None

    def _flag(self, test: Term) -> Term:
        """A test as a `forward` asks it, of an attribute: what the constructor is told, or a flag with its outcome."""
        for flag, known in self.flags.items():
            if known == test:
                return named(flag)
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
        return named(found)


def shortcut_first(texts: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The statements of several instances, whose last ones may differ in a layer that only some pass before a sum: its
    value is a statement of its own then, `shortcut = self.downsample(x)` in some and `shortcut = x` in others."""
    ends = sorted({lines[-1] for lines in texts}, key=len)
    if len(ends) != 2 or any(re.search(r"(?<![\w.])shortcut\b|\n", line) for lines in texts for line in lines):
        return [*texts]
    passed, made = ends
    for found in re.finditer(r"self\.\w+\(\w+\)", made):
        before, after = made[: found.start()], made[found.end() :]
        value = passed[len(before) : len(passed) - len(after)]
        summed = before.endswith(" + ") or after.startswith(" + ")
        if summed and value.isidentifier() and passed == before + value + after:
            values = {made: found[0], passed: value}
            return [(*lines[:-1], f"shortcut = {values[lines[-1]]}", f"{before}shortcut{after}") for lines in texts]
    return [*texts]


def _length(lines: Lines) -> int:
    """How many lines statements are, with those that ask tests."""
    return sum(1 + _length(each.yes) + _length(each.no) if isinstance(each, Fork) else 1 for each in lines)


def _common(fork: Fork) -> Lines:
    """A fork between what both of its sides begin and end with."""
    before: list[str | Fork] = []
    after: list[str | Fork] = []
    yes, no = list(fork.yes), list(fork.no)
    while len(yes) > 1 and len(no) > 1 and yes[0] == no[0]:
        before.append(yes.pop(0))
        no.pop(0)
    while yes and no and yes[-1] == no[-1]:
        after.insert(0, yes.pop())
        no.pop()
    if len(yes) > 1 and len(no) == 1 and (name := _set(yes[0], no[0])):
        before.append(yes.pop(0))
        no = [f"return {name}"]
    return (*before, Fork(fork.test, tuple(yes), tuple(no)), *after)


def _set(line: str | Fork, last: str | Fork) -> str:
    """The variable that a statement sets to what another returns; empty where it does not."""
    if isinstance(line, Fork) or isinstance(last, Fork):
        return ""
    name, _, expression = line.partition(" = ")
    return name if name.isidentifier() and last == f"return {expression}" else ""
