"""Statements of a `forward` as text: calls, joins, assignments and returns, broken where they are too long."""

from __future__ import annotations

from typing import TypeAlias

from netdsl.backends.torch.layout import WIDTH, Bracket, call, flat, lay
from netdsl.backends.torch.terms import literal
from netdsl.ops import Call

INDENT = 8

Statement: TypeAlias = tuple[list[str], Bracket | str, bool]
"""The variables that are set, the expression, and whether it is computed in training only."""


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
    return head + _laid(expression, len(head))


def returned(expression: Bracket | str, deeper: int = 0) -> str:
    """`return expression`, in a line that is indented `deeper`."""
    return "return " + _laid(expression, deeper + len("return "))


def _laid(expression: Bracket | str, before: int) -> str:
    """Lines that are to stand at `INDENT`, without that indentation but in the first."""
    if (
        isinstance(expression, str)
        and INDENT + before + len(expression) > WIDTH
        and (" + " in expression or " * " in expression)
    ):
        sign = " + " if " + " in expression else " * "
        if INDENT + 4 + len(expression) <= WIDTH:
            return f"(\n    {expression}\n)"
        terms = expression.split(sign)
        return "(\n    " + f"\n    {sign.strip()} ".join(terms) + "\n)"
    text = lay(expression, INDENT, before)
    pad = " " * INDENT
    return "\n".join(line.removeprefix(pad) for line in text.split("\n"))
