"""What people type to change a spec before it is compiled, to values: `classes=10`, `3x224x224`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.text.diagnostics import Report


class NotASetting(ValueError):
    """What was typed cannot be read. `report` has the messages about the value, where that is what is wrong."""

    def __init__(self, message: str, report: Report | None = None):
        super().__init__(message)
        self.report = report


def shape(written: str) -> tuple[int, ...]:
    """`3x224x224` or `784` as a shape. Raises `NotASetting`."""
    from netdsl.syntax import parse_dims

    found = parse_dims(written)
    if found is None:
        raise NotASetting(f"'{written}' is not a shape such as 3x224x224 or 784")
    return found


def setting(pair: str, form: str = "NAME=VALUE") -> tuple[str, Any]:
    """A param and its value, which is read as the language reads it. Raises `NotASetting`; `form` is what the user was
    told to type."""
    from netdsl.elaborate.evaluator import Evaluator
    from netdsl.elaborate.problems import Problem
    from netdsl.syntax import parse_value
    from netdsl.text.diagnostics import Report

    name, _, text = (part.strip() for part in pair.partition("="))
    if not name or not text:
        raise NotASetting(f"'{pair}' is not {form}")
    report = Report()
    expression = parse_value(text, report, f"--set {name}")
    if expression is not None:
        try:
            return name, Evaluator({}).value(expression)
        except Problem as problem:
            problem.tell(report)
    raise NotASetting(f"the value of '{name}' is wrong", report)
