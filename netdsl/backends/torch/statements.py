"""Statements as text: calls, joins, assignments and returns, broken where they are too long, and forks on tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from netdsl.backends.torch.classes import Fork, Lines
from netdsl.backends.torch.layout import WIDTH, Bracket, call, flat, lay
from netdsl.backends.torch.terms import Term, literal, make, name
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


def indented(lines: Lines, indent: int, chained: bool = False) -> list[str]:
    """Statements as text, under tests where they fork; `chained` if the first of them stands behind an `el`."""
    pad = " " * indent
    found: list[str] = []
    for each in lines:
        if isinstance(each, str):
            found += [f"{pad}{line}" if line else "" for line in each.split("\n")]
            continue
        yes, no, test = each.yes, each.no, each.test
        if not yes:
            yes, no, test = no, yes, make("not", test)
        asked = test.substitute({flag: name(f"self.{flag}") for flag in test.names})
        if not chained and (one := _either(yes, asked, no)) and indent + len(one) <= WIDTH:
            found.append(pad + one)
            continue
        found += [f"{pad}if {asked.text}:", *indented(yes, indent + 4)]
        returns = isinstance(yes[-1], str) and yes[-1].startswith("return ")
        if no and returns:
            found += indented(no, indent)
        elif len(no) == 1 and isinstance(no[0], Fork):
            first, *more = indented(no, indent, chained=True)
            found += [f"{pad}el{first.removeprefix(pad)}", *more]
        elif no:
            found += [f"{pad}else:", *indented(no, indent + 4)]
    return found


def _either(yes: Lines, asked: Term, no: Lines) -> str:
    """One statement that sets a variable to one of two values by a test; empty where two do more than that."""
    sides = [lines[0].partition(" = ") for lines in (yes, no) if len(lines) == 1 and isinstance(lines[0], str)]
    if len(sides) != 2 or not all(equals and "\n" not in value for _, equals, value in sides):
        return ""
    (variable, _, one), (other, _, two) = sides
    return f"{variable} = {one} if {asked.text} else {two}" if variable == other and variable.isidentifier() else ""
