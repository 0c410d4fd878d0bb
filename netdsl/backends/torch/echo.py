"""Levels that do what another does with other numbers: they take its terms, once these give all of their numbers.

Most instances of a block differ in nothing but arguments. One of them is traced; of another it is enough to know its
arguments, and to see that every number in it is what the terms of the first give for them. What does not fit is traced
by itself.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from netdsl.backends.torch.facts import Facts, row_nodes
from netdsl.backends.torch.levels import Again, Leaf, Level, Member
from netdsl.backends.torch.symbols import as_term, is_symbolic, plain, symbolic
from netdsl.backends.torch.terms import Layer
from netdsl.backends.torch.trace import Trace
from netdsl.ops import Call


class Unlike(Exception):
    """A level that is not another with other numbers."""


def echo(model: Trace, level: Level, facts: Facts, drawn: Callable[[Leaf], Any]) -> Trace | None:
    """The trace of a level by that of one with the same wiring; None where it must be traced by itself.

    `drawn` tells how the weights of a layer are drawn.
    """
    if model.loop is not None:
        return None
    found = copy.copy(model)
    found.level = level
    try:
        found.env = env = _values(model, level, facts)
        shift = level.first - model.level.first
        _compare(model, env, model.level.members, level.members, facts, drawn)
        for test, held in model.decisions.items():
            if test.evaluate(env) is not held:
                return None
        found.shapes = {}
        for value in model.level.outputs:
            shape = facts.network.shapes[value + shift]
            assert shape is not None
            channels = model.shapes[value][0] if value in model.shapes else shape[0]
            found.shapes[value + shift] = (_moved(channels, env, shape[0]), *shape[1:])
        found.strided = {
            number + shift: symbolic(as_term(stride).evaluate(env), as_term(stride))
            for number, stride in model.strided.items()
        }
    except (Unlike, KeyError, ArithmeticError, TypeError):
        return None
    return found


def _values(model: Trace, level: Level, facts: Facts) -> dict[str, Any]:
    """The values of the atoms."""
    env: dict[str, Any] = {}
    given, scope = level.given, level.scope
    rows = row_nodes(scope)
    context = facts.context[id(scope)]
    for atom, (kind, *where) in model.source.items():
        if kind == "entry":
            shape = facts.network.shapes[given[where[0]]]
            assert shape is not None
            value: Any = shape[0]
        elif kind == "argument":
            value = facts.argument(scope, where[0])
        elif kind == "row":
            value = getattr(rows[where[0]].op, where[1])
            value = value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value
        elif kind == "outer":
            block, word = context.block if scope.kind != "block" else None, where[0]
            value = context.indices.get(word, facts.params.get(word))
            if block is not None and word in block.arguments and word not in context.indices:
                value = facts.argument(block, word)
        else:
            value = where[0].evaluate(env)
            if len(where) > 1 and scope.arguments[where[1]] != value:
                raise Unlike
        if type(value) is not type(model.env[atom]):
            raise Unlike
        env[atom] = value
    return env


def _moved(value: Any, env: dict[str, Any], actual: Any) -> Any:
    """A value of the model's with its term here, where it is `actual`."""
    found = as_term(value).evaluate(env) if is_symbolic(value) else value
    if found != actual or type(plain(found)) is not type(actual):
        raise Unlike
    return symbolic(actual, as_term(value)) if is_symbolic(value) else actual


def _compare(
    model: Trace,
    env: dict[str, Any],
    ones: list[Member],
    others: list[Member],
    facts: Facts,
    drawn: Callable[[Leaf], Any],
) -> None:
    """Raises `Unlike` where the terms of the model do not give what a member has."""
    for one, other in zip(ones, others, strict=True):
        if isinstance(one, Again) or type(one) is not type(other):
            raise Unlike
        if isinstance(one, Leaf) and isinstance(other, Leaf):
            known, traced = other.torch, model.torch.get(one.node.id, one.torch)
            if one.node.shares is not None or drawn(one) != drawn(other):
                raise Unlike
            if traced is one.torch and known is not one.torch and known != one.torch:
                raise Unlike
            if traced is not one.torch:
                if traced._replace(module=None) != known._replace(module=None):
                    raise Unlike
                _call(traced.module, known.module, env)
            continue
        assert isinstance(one, Level) and isinstance(other, Level)
        if one.kind != "class":
            _compare(model, env, one.members, other.members, facts, drawn)
            continue
        made, given = facts.classes[id(other)]
        call = model.constructs[id(one)]
        if is_symbolic(call.function):
            _moved(call.function, env, Layer(made.name))
        elif call.function is not made:
            raise Unlike
        for argument, (_, value) in zip(call.arguments, given, strict=True):
            _moved(argument.value, env, plain(value))


def _call(traced: Call | None, known: Call | None, env: dict[str, Any]) -> None:
    if traced is None or known is None:
        if traced is not known:
            raise Unlike
        return
    if traced.function != known.function or len(traced.args) != len(known.args):
        raise Unlike
    if dict(traced.kwargs).keys() != dict(known.kwargs).keys():
        raise Unlike
    for value, actual in zip(traced.args, known.args, strict=True):
        _moved(value, env, actual)
    for name, value in traced.kwargs.items():
        _moved(value, env, known.kwargs[name])
