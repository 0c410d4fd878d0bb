"""The tests that one class meets: the spec's `if`s, and whether a shortcut fits.

A test that does not give what happened is left out, as any term is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from netdsl.backends.torch.expressions import Names
from netdsl.backends.torch.facts import Facts
from netdsl.backends.torch.layers import Layers
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.reading import Unreadable, parsed, read
from netdsl.backends.torch.symbols import as_term, is_symbolic
from netdsl.backends.torch.terms import Term, make
from netdsl.ir import Choice, Node, Scope

Arms: TypeAlias = tuple[tuple[Term | None, bool], ...]
"""The tests of the `if`s around something, outermost first, and whether they held."""


class Decisions(Layers):
    """The tests of one class-like level: `decisions` are those that were met, with their outcome; `residuals` those on
    which there is a shortcut."""

    def __init__(self, facts: Facts, level: Level):
        super().__init__(facts, level)
        self.decisions: dict[Term, bool] = {}
        self.residuals: set[Term] = set()
        self.arms: dict[Choice, Term | None] = {}

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

    def counted(self, branch: Scope, children: Iterable[Node | Scope], names: Names) -> None:
        """A repeated branch, of which there may be none elsewhere."""
        number = sum(isinstance(each, Scope) and each.span == branch.span for each in children)
        count = self.term(branch.terms["count"], number, names, self.shape_of(branch.entry))
        if is_symbolic(count):
            self.decisions[make(">", count.term, as_term(0))] = True

    def shortcut(self, scope: Scope, body: Scope, shortcut: Scope | None) -> None:
        """What the shapes decide: whether the shortcut has layers, or (None) whether there is one."""
        into, out = self.shape_of(scope.entry), self.shape_of(body.exit)
        strides = {as_term(each): each for each in self.strides(body)}
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

    def strides(self, body: Scope) -> Iterable[Any]:
        """The symbolic strides of a body's layers."""
        return [self.strided[node.id] for node in body.nodes() if node.id in self.strided]
