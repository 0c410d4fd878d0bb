"""What operators have answered, kept for when they are asked again.

A network, the variants of its table, the specs of a folder: all of them ask a few operators about a few shapes, again
and again. The answers depend on nothing else, since operators are frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from netdsl.ops.shared.base import Operator

MOST = 2**14
"""How many answers to one question are kept; with one more all are let go."""

_Question = ParamSpec("_Question")
_Answer = TypeVar("_Answer")


def remembered(
    ask: Callable[Concatenate[Operator, _Question], _Answer],
) -> Callable[Concatenate[Operator, _Question], _Answer]:
    """Ask an operator a question once: the same object, since telling equal ones costs more than most answers.

    What is asked for besides must be hashable, and stands by its place. A refusal is not kept.
    """
    known: dict[tuple[Any, ...], tuple[Operator, _Answer]] = {}  # with the operator, so that its id stays its own

    @wraps(ask)
    def answer(op: Operator, /, *question: _Question.args, **named: _Question.kwargs) -> _Answer:
        key = (id(op), *question)
        found = known.get(key)
        if found is None:
            if len(known) >= MOST:
                known.clear()
            found = known[key] = op, ask(op, *question, **named)
        return found[1]

    return answer
