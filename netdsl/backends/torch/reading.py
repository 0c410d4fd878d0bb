"""The spec's expressions as terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from netdsl.backends.torch.symbols import as_term
from netdsl.backends.torch.terms import Term, constant, make
from netdsl.elaborate.evaluator import references
from netdsl.elaborate.functions import FUNCTIONS
from netdsl.syntax import tree
from netdsl.syntax.parse import parse_value
from netdsl.text.diagnostics import Report


@lru_cache(4096)
def parsed(text: str) -> tree.Expression | None:
    """The expression that a text is; None where it is none."""
    report = Report()
    found = parse_value(text, report)
    return None if report.errors else found


@lru_cache(4096)
def words(text: str) -> tuple[str, ...]:
    """The names in an expression, without the marks before it."""
    node = parsed(text.lstrip("^!"))
    return () if node is None else tuple(dict.fromkeys(references(node)))


class Unreadable(Exception):
    """An expression that is not arithmetic on names that are known."""


def read(node: tree.Expression, lookup: Callable[[str], Any], values: Mapping[str, Any]) -> Term:
    """The term of an expression. `lookup` gives the value of a name in it, `values` those of the names in terms.

    Raises `Unreadable`.
    """

    def visit(node: Any) -> Term:
        kind = type(node)
        if kind is tree.Literal and node.value is not None:
            return constant(node.value)
        if kind is tree.Dims:
            return make("tuple", *(constant(each) if isinstance(each, int) else visit(each) for each in node.values))
        if kind is tree.Reference:
            return as_term(lookup(node.name))
        if kind is tree.ListValue:
            return make("tuple", *map(visit, node.items))
        if kind is tree.Element:
            return make("element", visit(node.items), visit(node.index))
        if kind is tree.Unary:
            operand = visit(node.operand)
            return operand if node.operator == "+" else make("not" if node.operator == "not" else "negative", operand)
        if kind is tree.Binary:
            left, right = visit(node.left), visit(node.right)
            op = node.operator
            if op == "/" and isinstance(left.evaluate(values), int) and isinstance(right.evaluate(values), int):
                op = "//"  # it divides exactly, or the spec would be wrong
            return make(op, left, right)
        if kind is tree.Conditional:
            return make("if", visit(node.test), visit(node.then), visit(node.otherwise))
        if kind is tree.Call and node.name.text in ("floor", "ceil") and type(node.arguments[0].value) is tree.Binary:
            ratio = node.arguments[0].value
            left, right = visit(ratio.left), visit(ratio.right)
            whole = all(isinstance(each.evaluate(values), int) for each in (left, right))
            if ratio.operator == "/" and whole and node.name.text == "floor":
                return make("//", left, right)
            if ratio.operator == "/" and whole:
                return make("negative", make("//", make("negative", left), right))
        if kind is tree.Call and node.name.text in FUNCTIONS:
            return make(node.name.text, *(visit(each.value) for each in node.arguments))
        raise Unreadable

    try:
        return visit(node)
    except (KeyError, ArithmeticError, TypeError, ValueError, IndexError):
        raise Unreadable from None
