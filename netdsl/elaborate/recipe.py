"""`train(...)`: how the paper trains the network, checked against the vocabulary of recipes, and kept as written.

What can be said, and what it means, is in `netdsl.recipe`; here a refusal of it gets its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from netdsl.elaborate.arguments import called, renamed
from netdsl.elaborate.evaluator import Evaluator
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.values import plain
from netdsl.ir import Setting
from netdsl.ops.shared.draws import draws
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


def unmatched(statement: tree.Train, setting: Setting, paths: Iterable[str], report: Report) -> None:
    """Tell of the labels in `init=by(labels=[...])` under which no layer with weights stands, whose paths these are."""
    ways = draws(setting.kwargs.get("init")).labels
    known = [f".{path}." for path in paths] if ways else []
    pairs = labelled(statement)
    places = pairs if len(pairs) == len(ways) else ()
    for number, (label, _) in enumerate(ways):
        if any(f".{label}." in path for path in known):
            continue
        span = places[number].span if places else statement.span
        parts = [path.strip(".").split(".") for path in known]
        length = label.count(".") + 1
        runs = (".".join(each[at : at + length]) for each in parts for at in range(len(each) - length + 1))
        help = did_you_mean(label, (each for each in runs if not each.isdigit()), "labels with weights")
        report.error("E0204", f"no layer with weights has the label `{label}`", span, help=help)


def labelled(statement: tree.Train) -> tuple[tree.Expression, ...]:
    """The pairs of a label and a way in `init=by(labels=[...])`, as they are written."""
    pairs = next((each.value for each in _inside(statement) if each.name and each.name.text == "labels"), None)
    return pairs.items if isinstance(pairs, tree.ListValue) else ()


def _inside(node: tree.Train | tree.Call) -> Iterator[tree.Argument]:
    """The arguments of a recipe, and those inside them."""
    for each in node.arguments:
        yield each
        if isinstance(each.value, tree.Call):
            yield from _inside(each.value)


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
