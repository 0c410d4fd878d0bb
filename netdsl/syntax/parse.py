"""Text to tree.

A short loop runs the LALR tables that Lark made of `grammar.lark` and builds the dataclasses of `tree` as it reduces. A
loop of our own, because a mistake must not end it: the statement it stands in becomes `Broken`, reported once, and
reading goes on with the next one of the same body. What could cost more than the text is worth (size, nesting) is
refused before.
"""

from __future__ import annotations

import gc
import re
from bisect import insort
from typing import Any

from netdsl.shapes import LARGEST
from netdsl.syntax import tree
from netdsl.syntax.lex import END, Lexer, Recorder, Token
from netdsl.syntax.reduce import Reducer
from netdsl.syntax.scan import CLOSES, DEEPEST, MOST_ERRORS, OPENS, Scan, scan
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source

MOST_BYTES = 2**20
LONGEST_VALUE = 10_000


def parse(source: Source, report: Report, tokens: list[Token] | None = None) -> tree.File:
    """The tree of a text; what is wrong with it is in `report`, and what could be understood is in the tree.

    Where a list for `tokens` is given, all tokens that the parser takes go into it.
    """
    report.sources.setdefault(source.name, source)
    text = source.text
    whole = source.span(0, len(text))
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        report.error("E0002", "the text is larger than 1 MiB, the most a spec may have", source.span(0, 0))
        return tree.File(source, (), (), whole)
    paused = gc.isenabled()
    gc.disable()  # a hundred thousand new objects, all of them kept: collecting in between only costs time
    try:
        seen = scan(source, report)
        parser = _Parser(source, report, seen)
        if tokens is not None:
            parser.lexer = Recorder(seen, parser.accepts, tokens)
        statements = () if seen.hopeless else parser.file()
    finally:
        if paused:
            gc.enable()
    return tree.File(source, statements, tuple(seen.comments), whole)


def parse_value(text: str, report: Report, name: str = "<value>") -> tree.Expression | None:
    """One expression, as behind `--set name=`; None where it is wrong (and reported)."""
    source = Source(name, text)
    report.sources.setdefault(name, source)
    if len(text) > LONGEST_VALUE:
        report.error("E0002", f"the value is longer than {LONGEST_VALUE:,} characters", source.span(0, 0))
        return None
    known = len(report)
    seen = scan(source, report)
    if len(report) > known:
        return None
    value = _Parser(source, report, seen).expression()
    return value if len(report) == known else None


def parse_dims(text: str) -> tuple[int, ...] | None:
    """`3x224x224` or `784` as a shape; None if it is not one."""
    match = re.fullmatch(r"[0-9]{1,10}(?:[x×][0-9]{1,10}){0,7}", text.strip())
    sizes = tuple(map(int, re.split("[x×]", match[0]))) if match else None
    return sizes if sizes and all(0 < size <= LARGEST for size in sizes) else None


class _Parser:
    """Runs the tables over one text. On four stacks lie the states, and for each symbol its value and its place."""

    def __init__(self, source: Source, report: Report, seen: Scan):
        self.source = source
        self.report = report
        from netdsl.syntax.tables import (
            load,
        )  # here, so that `python -m netdsl.syntax.tables` is the first to import it

        self.mistakes = seen.mistakes
        self.table, self.rules, self.starts_at, self.ends_at = load()
        self.reducer = reducer = Reducer(source, report)
        self.actions = [getattr(reducer, rule.action) if rule.action else None for rule in self.rules]
        self.lexer = Lexer(seen, self.accepts)
        self.states: list[int] = []
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.chains = [0]  # for each open bracket, how many `else if` hang on one another
        self.errors = 0
        self.last = -1
        self.barred: set[int] = set()  # the braces of which it has been told that no `|` can stand in them

    def file(self) -> tuple[tree.Statement, ...]:
        """The statements of a file."""
        body = self._run("file")
        return () if body is None else body.statements

    def expression(self) -> tree.Expression | None:
        """An expression, and nothing else."""
        value = self._run("expression")
        return None if isinstance(value, tree.Body) else value

    def _run(self, start: str) -> Any:
        table, rules, actions, lexer = self.table, self.rules, self.actions, self.lexer
        states, values, starts, ends = self.states, self.values, self.starts, self.ends
        states.append(self.starts_at[start])
        final = self.ends_at[start]
        while True:
            row = table[states[-1]]
            kind = lexer.next(row)
            fits = kind != "_BAR" or self.accepts(kind)  # a stray bar would first complete all that lies before it
            while fits:
                to = row.get(kind)
                if to is None:
                    fits = False
                elif to >= 0:
                    states.append(to)
                    values.append(lexer.value)
                    starts.append(lexer.start)
                    ends.append(lexer.end)
                    if kind in _STRUCTURE:
                        fits = self._structure(kind)
                    lexer.take(kind)
                    break
                else:
                    origin, size, _, parts = rules[-to - 1]
                    if size:
                        found = values[-size:]
                        begin, end = starts[-size], ends[-1]
                        del states[-size:], values[-size:], starts[-size:], ends[-size:]
                    else:
                        found = []
                        begin = end = ends[-1] if ends else 0
                    action = actions[-to - 1]
                    if action is None:
                        value = found[parts[0]]  # type: ignore[index]
                    else:
                        value = action(begin, end, *[None if part is None else found[part] for part in parts])
                    states.append(table[states[-1]][origin])
                    values.append(value)
                    starts.append(begin)
                    ends.append(end)
                    if states[-1] == final and kind == END:
                        return value
                    row = table[states[-1]]
            if not fits and not self._recover(kind):
                return self._salvage()

    def accepts(self, kind: str) -> bool:
        """Whether a token of this kind can stand here."""
        return self._accepts(self.states[:], kind)

    def _accepts(self, states: list[int], kind: str) -> bool:
        while True:
            to = self.table[states[-1]].get(kind)
            if to is None or to >= 0:
                return to is not None
            rule = self.rules[-to - 1]
            if rule.size:
                del states[-rule.size :]
            states.append(self.table[states[-1]][rule.origin])
            if kind == END and states[-1] in self.ends_at.values():
                return True

    def _structure(self, kind: str) -> bool:
        """Keep track of brackets and of chains of `else if`; False where they nest too deep."""
        brackets, chains = self.lexer.brackets, self.chains
        if kind in _OPENING:
            brackets.append(_OPENING[kind])
            chains.append(0)
        elif kind in ("_RPAR", "_RSQB", "_RBRACE"):
            if brackets:
                brackets.pop()
                chains.pop()
        elif kind == "IF":
            if self.lexer.kind == "ELSE":
                chains[-1] += 1
                if len(brackets) + sum(chains) > DEEPEST:
                    at = self.lexer.start
                    self.report.error(
                        "E0003",
                        f"more than {DEEPEST} `else if` and braces in one another",
                        self.source.span(at, at + 2),
                    )
                    insort(self.mistakes, at)
                    return False
        else:
            chains[-1] = 0
        return True

    # Recovery --------------------------------------------------------------------------------------------------------

    def _recover(self, kind: str) -> bool:
        """After a mistake: report it, make the statement it stands in a broken one, and go on behind that. False to
        give up.
        """
        lexer, table = self.lexer, self.table
        from netdsl.syntax.messages import Problem

        problem = Problem(self, kind)
        at, stop = lexer.at if kind == "_ROWBAR" else lexer.start, lexer.end
        begin, depth = self._drop(at)
        state = self.states[-1]
        body = "BROKEN" in table[state]
        whole: list[tree.Statement] | None = None
        if not body and len(self.states) > 1:
            whole = self.values[-1]  # the mistake follows a whole statement: that is the broken one
            begin = whole[-1].span.start
        bar = self._accepts([*self.states, table[state]["BROKEN"]] if body else self.states[:], "_BAR")
        rows = not lexer.table and (kind == "BAD_TABLE" or (kind == "_BAR" and not lexer.brackets))
        end = lexer.skip_rows(at) if rows else lexer.skip(at, depth, bar)
        if end <= at == self.last:  # never twice in one place
            end = lexer.skip(max(stop, at + 1), depth, bar)
        self.last = at
        if not any(begin <= mistake <= end for mistake in self.mistakes):
            problem.tell()
        self.errors += 1
        if self.errors >= MOST_ERRORS:
            self.report.error(
                "E0101", "too many syntax errors; the rest of the file is not read", self.source.span(end, end)
            )
        if self.errors >= MOST_ERRORS or (len(self.states) == 1 and not body):
            return False
        lexer.at = end
        lexer.kind = "BROKEN"
        close = max(begin, at + len(self.source.text[at:end].rstrip()))
        if whole is not None:
            whole[-1] = self.reducer.broken(begin, close, "")
            self.ends[-1] = close
        else:
            self.states.append(table[state]["BROKEN"])
            self.values.append("")
            self.starts.append(begin)
            self.ends.append(close)
        return True

    def _drop(self, begin: int) -> tuple[int, int]:
        """Drop what was read of the statement, and say where it began and how many brackets were open in it."""
        depth = closed = 0
        while len(self.states) > 1:
            row = self.table[self.states[-1]]
            behind = row.get("_SEP", -1)
            if not closed and ("BROKEN" in row or (behind >= 0 and "BROKEN" in self.table[behind])):
                break
            self.states.pop()
            self.ends.pop()
            begin = self.starts.pop()
            value = self.values.pop()
            if not isinstance(value, str) or not value:
                continue
            if value in CLOSES:
                closed += 1
            elif value in OPENS or (value[0] in "x×" and value[-1] == "{"):
                if closed:
                    closed -= 1
                else:
                    depth += 1
                    self.lexer.brackets.pop()
                    self.chains.pop()
        return begin, depth

    def _salvage(self) -> Any:
        """What was read before giving up."""
        for value in self.values:
            if isinstance(value, list) and isinstance(value[0], tree.Statement):
                return self.reducer.body(0, 0, value)
        return None


_OPENING = {"_LPAR": "(", "_LSQB": "[", "_LBRACE": "{", "_REPEAT_BRACE": "{"}
_STRUCTURE = frozenset((*_OPENING, "_RPAR", "_RSQB", "_RBRACE", "IF", "_SEP", "_BAR", "_ROWBAR", "_TABLE_END"))
