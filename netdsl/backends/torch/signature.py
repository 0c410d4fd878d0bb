"""The parameters of a class, and what it computes first.

Names that its terms use are parameters, unless they are computed of others; what the spec does not have comes behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from netdsl.backends.torch.classes import Class, arguments_of, changed, terms_of
from netdsl.backends.torch.columns import Columns
from netdsl.backends.torch.construct import SIDES, UNSET, Parameter
from netdsl.backends.torch.parameters import USUAL, kinds_of
from netdsl.backends.torch.symbols import plain
from netdsl.backends.torch.terms import MOST_LOCAL, Term, name, turns_of

OFTEN = 6
"""A term that is written so many times has a name."""


class Signature:
    """What a class of some rows is given. `defaults` are those of the spec."""

    def __init__(self, made: Class, columns: Columns, defaults: Mapping[str, Any]):
        self.made = made
        self.columns = columns
        self.defaults = defaults
        self.traces = [row.trace for row in columns.rows]

    def find(self) -> None:
        """Give the class its parameters and its locals: names in use, unless they are computed of others."""
        terms = list(self.made.terms())
        used: set[str] = set().union(*(term.names for term in terms))
        if self.made.loop is not None:
            used.discard(self.made.loop.index)
        order: list[str] = list(dict.fromkeys(atom for trace in self.traces for atom in trace.source))
        first = self.traces[0]
        if first.level.scope.definition in first.facts.handed:  # its likes may need what it does not
            sources = [item for trace in self.traces for item in trace.source.items()]
            used |= {atom for atom, (kind, *_) in sources if kind in ("entry", "argument")}
        computed: dict[str, Term] = {}
        for atom in reversed(order):
            term = self._default(atom) if atom in used else None
            if term is not None:
                computed[atom] = term
                used |= term.names
        flagged = {term.text for term in self.made.flags.values() if term.op == "name"}
        for term in (*computed.values(), *(each for one in self.made.attributes for each in terms_of(one.item))):
            flagged -= term.names  # what is asked of a flag alone is written there
        short = {atom: term for atom, term in computed.items() if term.op == "name" or term.constant or atom in flagged}
        for atom in order:
            if atom in short:
                short[atom] = short[atom].substitute(short)
        if short:
            self._change(lambda term: term.substitute(short))
            terms = list(self.made.terms())
        self.made.locals = [
            (atom, computed[atom].substitute(short)) for atom in order if atom in computed and atom not in short
        ]
        self._rounded(terms)
        parameters: list[Parameter] = []
        for atom in order:
            if atom in used and atom not in computed:
                values = [trace.env[atom] for trace in self.traces if atom in trace.env]
                parameters.append(Parameter(atom, kinds_of(values), self._usual(atom, values)))
        for fresh, column in self.columns.fresh.items():
            if fresh in used or any(fresh in term.names for term in terms):
                values = [plain(value) for value in column.values()]
                default: Any = UNSET
                if isinstance(values[0], bool) or len(column) < len(self.traces):
                    default = max(dict.fromkeys(values), key=values.count)
                elif fresh.rstrip("0123456789") in USUAL:
                    common = max(dict.fromkeys(values), key=values.count)
                    known = USUAL[fresh.rstrip("0123456789")]
                    default = known if known in values else common
                parameters.append(Parameter(fresh, kinds_of(values), default))
        self.made.parameters = sorted(parameters, key=lambda each: each.default is not UNSET)

    def _rounded(self, terms: Iterable[Term]) -> None:
        """What is rounded or one of two, and written several times, is computed first; another term if it alone is
        written often."""
        index = {self.made.loop.index, self.made.loop.entry} if self.made.loop is not None else set()
        found = Counter(part for term in terms for part in term.parts() if part.rounding or part.op == "if")
        written = Counter(term for term in terms if term.size and term not in found)
        often = {term: times for term, times in written.items() if times >= OFTEN}
        if len(often) == 1 and not any(map(turns_of, terms)):
            found.update(often)
        for term, times in found.items():
            if times > 1 and not term.names & index:
                items = [each.item for each in self.made.attributes]
                roles = [each.role for item in items for each in arguments_of(item) if each.value == term]
                local = name(self.columns.unused(roles[0] if roles and roles[0] in SIDES else "channels"))
                self.made.locals.append((local.text, term))
                self._change(partial(Term.exchanged, old=term, new=local))

    def _change(self, change: Callable[[Term], Term]) -> None:
        """Write all terms of the class otherwise."""
        made = self.made
        made.attributes = [
            replace(each, item=changed(each.item, change), when=each.when and change(each.when))
            for each in made.attributes
        ]
        made.flags = {flag: change(term) for flag, term in made.flags.items()}
        if made.loop is not None:
            loop = made.loop
            made.loop = replace(
                loop,
                item=changed(loop.item, change),
                count=change(loop.count),
                carry=loop.carry and change(loop.carry),
            )

    def _default(self, atom: str) -> Term | None:
        """What a parameter is computed of, where no instance is given it and the text is short."""
        found: Term | None = None
        for trace in self.traces:
            source = trace.source.get(atom, ("default", found))
            if source[0] != "default" or (found is not None and source[1] != found):
                return None
            found = source[1]
        return None if found is None or found.rounds or found.op == "if" or found.size > MOST_LOCAL else found

    def _usual(self, atom: str, values: Sequence[Any]) -> Any:
        """The default of a parameter: the spec's."""
        default = self.defaults.get(atom, UNSET)
        if default is not UNSET and {type(default)} == {type(value) for value in values}:
            return default
        if default is not UNSET and any(isinstance(value, tuple) for value in values) and isinstance(default, int):
            return default
        if atom in ("kernel", "stride") and default is UNSET and all(type(value) is int for value in values):
            sources = {trace.source[atom][0] for trace in self.traces if atom in trace.source}
            common = 1 if atom == "stride" and 1 in values else max(values, key=values.count)
            return common if sources == {"row"} else UNSET
        return UNSET
