"""A file of Python to its mutants: the same tree with one small mistake in a function, the kind that a programmer makes.

An operator or a comparison is exchanged for its neighbour, a number is one larger, a truth or a test is turned, a sign is
lost, the least taken for the most. What no law should pin is left alone: the words of messages, annotations, what only the type
checker reads. What stands outside functions (defaults, bounds) is not touched either: a mutant is put into functions that
are imported already.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple
from zlib import crc32

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min", "floor": "ceil", "ceil": "floor"}
MESSAGES = {"OpError", "ValueError", "Related", "did_you_mean", "error", "Meaningless"}
"""What is called with the words of a message. Whether there is one is pinned; each of its words is by tests/errors."""
UNTOUCHED = (ast.Raise, ast.Assert, ast.arguments)
FIELDS = ("annotation", "returns", "decorator_list", "format_spec")
"""What is left alone too."""

Put = Callable[[ast.AST], None]


class Change(NamedTuple):
    """One mistake in a tree: `make` puts it in. `statement` is a number for the statement that it stands in."""

    function: str
    line: int
    statement: int
    before: str
    make: Callable[[], str]


def changes(tree: ast.Module) -> Iterator[Change]:
    """All mistakes that can be made in a tree, each of which expects to be the only one."""
    for name, function in _functions(tree):
        for statement in function.body:
            yield from _within(name, statement, 0, lambda new: None)


def probed(tree: ast.Module) -> ast.Module:
    """The tree whose functions call `__reached__(number)` before each statement."""
    for name, function in _functions(tree):
        for node in list(ast.walk(function)):
            for field in ("body", "orelse", "finalbody"):
                body = getattr(node, field, None)
                if isinstance(body, list):
                    setattr(node, field, [each for one in body for each in (_probe(name, one), one)])
    return ast.fix_missing_locations(tree)


def _functions(node: ast.AST, name: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a file and of its classes; those within others belong to these."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield f"{name}{child.name}", child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{name}{child.name}.")
        elif isinstance(child, ast.If) and "TYPE_CHECKING" not in ast.unparse(child.test):
            yield from _functions(child, name)


def _number(function: str, statement: ast.stmt) -> int:
    """A number for a statement that stays what it is when others change: of its function and its own first line."""
    return crc32(f"{function}: {ast.unparse(statement).splitlines()[0]}".encode())


def _probe(function: str, statement: ast.stmt) -> ast.stmt:
    (call,) = ast.parse(f"__reached__({_number(function, statement)})").body
    return ast.copy_location(call, statement)


def _within(function: str, node: ast.AST, statement: int, put: Put, around: ast.expr | None = None) -> Iterator[Change]:
    if isinstance(node, UNTOUCHED) or (isinstance(node, ast.Call) and _name(node.func) in MESSAGES):
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":  # of `zip`: a check, as `assert` is
        return
    if isinstance(node, ast.stmt):
        statement = _number(function, node)
    if isinstance(node, ast.expr):
        whole = around if isinstance(node, ast.Constant) and around is not None else node
        for make in _mistakes(node, put):
            yield Change(function, node.lineno, statement, ast.unparse(whole), partial(_told, make, whole, node))
        around = node
    yield from _turned(function, node, statement)
    for field, value in ast.iter_fields(node):
        if field in FIELDS:
            continue
        if isinstance(value, ast.AST):
            yield from _within(function, value, statement, partial(setattr, node, field), around)
        elif isinstance(value, list):
            for at, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from _within(function, each, statement, partial(value.__setitem__, at), around)


def _told(make: Callable[[], str], whole: ast.expr, node: ast.expr) -> str:
    """Make a mistake, and tell what there is then; of a number, with what it stands in."""
    made = make()
    return made if whole is node else ast.unparse(whole)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _mistakes(node: ast.expr, put: Put) -> Iterator[Callable[[], str]]:
    """What can be made of an expression that stands where `put` puts another; each tells what stands there then."""

    def done(new: ast.expr) -> str:
        put(ast.copy_location(new, node))
        return ast.unparse(new)

    def changed(of: ast.AST, field: str, new: object) -> Callable[[], str]:
        def make() -> str:
            setattr(of, field, new)
            return ast.unparse(node)

        return make

    match node:
        case ast.Compare(ops=signs):
            for at, sign in enumerate(signs):
                if type(sign) in SWAPPED:
                    yield changed(node, "ops", [*signs[:at], SWAPPED[type(sign)](), *signs[at + 1 :]])
        case ast.BinOp(op=sign) if type(sign) in SWAPPED and not _is_text(node):
            yield changed(node, "op", SWAPPED[type(sign)]())
        case ast.BoolOp(op=sign):
            yield changed(node, "op", SWAPPED[type(sign)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield lambda: done(operand)
        case ast.Constant(value=bool(value)):
            yield changed(node, "value", not value)
        case ast.Constant(value=int(value)):
            yield changed(node, "value", value + 1)
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            yield changed(node.func, "id", NAMES[name])


def _turned(function: str, node: ast.AST, statement: int) -> Iterator[Change]:
    """A test of truth alone, turned; comparisons and the like have mistakes of their own."""
    tests: list[tuple[ast.expr, Put]] = []
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        tests = [(node.test, partial(setattr, node, "test"))]
    elif isinstance(node, ast.comprehension):
        tests = [(test, partial(node.ifs.__setitem__, at)) for at, test in enumerate(node.ifs)]
    for test, put in tests:
        if isinstance(test, (ast.Name, ast.Attribute, ast.NamedExpr)) or (
            isinstance(test, ast.Call) and _name(test.func) not in NAMES
        ):
            yield Change(function, test.lineno, statement, ast.unparse(test), partial(_turn, test, put))


def _turn(test: ast.expr, put: Put) -> str:
    turned = ast.copy_location(ast.UnaryOp(ast.Not(), test), test)
    put(turned)
    return ast.unparse(turned)


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(each, ast.JoinedStr) or type(getattr(each, "value", None)) is str for each in ast.walk(node))
