"""Statements of a `forward` as text: calls, joins, assignments and returns, broken where they are too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from netdsl.backends.torch.layout import WIDTH, Bracket, call, flat, lay
from netdsl.backends.torch.terms import literal
from netdsl.ops import Call

INDENT = 8

Statement: TypeAlias = tuple[list[str], Bracket | str, bool]
"""The variables that are set, the expression, and whether it is computed in training only."""


@dataclass(eq=False)
class Step:
    """One expression: the values it gives and takes, and its text for given inputs.

    `follows` is written around a call just before it, `takes` takes calls among its terms, `join` is not taken itself,
    `aux` is for training only, `kept` is a statement of its own. `access` is how the module that it calls is reached,
    `place` where that is written, which repetitions share. `form` is what kind of join it is. `loop` gives the
    statements of a loop, from the texts of what goes into it and the variables of what it gives.
    """

    outputs: tuple[int, ...]
    inputs: tuple[int, ...]
    text: Callable[[list[str]], Bracket | str]
    follows: bool = False
    takes: bool = False
    join: bool = False
    aux: bool = False
    kept: bool = False
    access: str = ""
    place: Any = None
    form: str = ""
    loop: Callable[[list[str], list[str]], str] | None = None


def apply(function: Call, texts: list[str]) -> Bracket:
    """A function of the input and of constants behind it."""
    constants = [*map(literal, function.args), *(f"{name}={literal(value)}" for name, value in function.kwargs.items())]
    return call(function.function, [*texts, *constants])


def fill(template: str, texts: list[str]) -> Bracket | str:
    opening, everything, closing = template.partition("{all}")
    if everything:
        head = opening.removesuffix("([")
        if head != opening and closing.startswith("]"):
            more = [("", each.strip()) for each in closing[1:-1].split(",") if each.strip()]
            items = Bracket("[", tuple(("", each) for each in texts), "]")
            return Bracket(f"{head}(", (("", items), *more), ")")
        return opening + ", ".join(texts) + closing
    parts = template.split("{")
    return parts[0] + "".join(texts[int(part.partition("}")[0])] + part.partition("}")[2] for part in parts[1:])


def assign(names: list[str], expression: Bracket | str, aux: bool = False) -> str:
    """`names = expression`, broken over lines where it is too long."""
    head = ", ".join(names) + " = " if names else ""
    if aux:
        text = flat(expression)
        return f"{head}{text} if self.training else None"
    if isinstance(expression, str) and "\n" in expression:
        return expression
    return head + _laid(expression, len(head))


def returned(expression: Bracket | str, deeper: int = 0) -> str:
    """`return expression`, in a line that is indented `deeper`."""
    return "return " + _laid(expression, deeper + len("return "))


def _laid(expression: Bracket | str, before: int) -> str:
    """Lines that are to stand at `INDENT`, without that indentation but in the first."""
    if isinstance(expression, str) and INDENT + before + len(expression) > WIDTH:
        sign = next((each for each in (" + ", " * ") if len(_terms(expression, each)) > 1), None)
        if sign is not None and INDENT + 4 + len(expression) <= WIDTH:
            return f"(\n    {expression}\n)"
        if sign is not None:
            return "(\n    " + f"\n    {sign.strip()} ".join(_terms(expression, sign)) + "\n)"
    text = lay(expression, INDENT, before)
    pad = " " * INDENT
    return "\n".join(line.removeprefix(pad) for line in text.split("\n"))


def _terms(expression: str, sign: str) -> list[str]:
    """The terms between signs that stand in no bracket."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(expression):
        depth += (letter in "([{") - (letter in ")]}")
        if not depth and expression.startswith(sign, place):
            found.append(expression[start:place])
            start = place + len(sign)
    return [*found, expression[start:]]
