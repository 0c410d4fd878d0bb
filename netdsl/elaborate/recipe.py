"""`train(...)`: how the paper trains the network, checked against the vocabulary of recipes, and kept as written.

What can be said, and what it means, is in `netdsl.recipe`; here a refusal of it gets its place.
"""

from __future__ import annotations

from typing import Any

from netdsl.elaborate.arguments import called, renamed
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.values import Evaluator, plain
from netdsl.ir import Setting
from netdsl.recipe import NAMES, RecipeError, checked, find
from netdsl.syntax import tree
from netdsl.text.diagnostics import Report, did_you_mean
from netdsl.text.source import Span


def recipe(statement: tree.Train, evaluator: Evaluator, report: Report) -> Setting:
    """The recipe of a `train(...)` statement. Each wrong setting is told of; the right ones are kept."""
    kept: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    misplaced = {each.name.text for each in statement.arguments if each.name is not None} - set(NAMES)
    for argument in statement.arguments:
        try:
            name = _name(argument)
            if name in spans:
                raise twice(f"`{name}`", argument.span, spans[name], code="E0402")
            spans[name] = argument.span
            try:
                kept[name] = checked(name, plain(evaluator.value(argument.value)))
            except RecipeError as problem:
                if problem.code == "E0404" and misplaced:  # what is missing stands where it does not belong
                    continue
                raise _placed(problem, argument.value.span) from None
            if name in _LENGTHS and len(_LENGTHS & kept.keys()) == 2:
                message = "`epochs` and `iterations` both say how long the network is trained"
                raise Problem("E0405", message, argument.span, "leave one of them out")
        except Problem as problem:
            problem.tell(report)
    return Setting(name="train", kwargs=kept)


_LENGTHS = {"epochs", "iterations"}


def _name(argument: tree.Argument) -> str:
    """The setting that is given."""
    if argument.name is None:
        listed = f"one of {', '.join(NAMES)}"
        raise Problem("E0401", "settings of `train` are given by name", argument.span, listed)
    name = argument.name.text
    if name in NAMES:
        return name
    help = called(name, NAMES, "")
    if not renamed(name, NAMES) and any(name in each.model_fields for each in find("optimizer").values()):
        help = f"it is a setting of the optimizer: `optimizer=sgd({name}=...)`"
    raise Problem("E0401", f"`train` has no setting `{name}`", argument.name.span, help)


def _placed(problem: RecipeError, span: Span) -> Problem:
    """A refusal of the vocabulary, at its place and with what could have been meant."""
    help = problem.help
    if problem.known and problem.code == "E0401":
        help = called(problem.word, problem.known, "its settings")
    elif problem.known:
        help = did_you_mean(problem.word, problem.known)
    return Problem(problem.code, problem.message, span, help)
