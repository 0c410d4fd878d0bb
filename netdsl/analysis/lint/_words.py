"""How warnings print figures: three digits as papers do, and how often a thing is there."""

from __future__ import annotations

from netdsl.ir import Node
from netdsl.ops.shared.notation import notation
from netdsl.text.amounts import amount


def short(count: int) -> str:
    """A count in three digits, where it has more than four: `9,408`, `590K`, `2.36M`."""
    return f"{count:,}" if count < 10_000 else amount(count)


def plural(count: int, word: str) -> str:
    """`1 weight`, `2 weights`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def times(count: int) -> str:
    """` (x4)` where a thing is there several times."""
    return f" (x{count})" if count > 1 else ""


def percent(share: float) -> str:
    """A share in percent: whole, but never 0 or 100 where it is not."""
    whole = round(100 * share)
    if whole in (0, 100) and 0 < share < 1:
        return f"{100 * share:.1f}%"
    return f"{whole}%"


def layer(node: Node) -> str:
    """An operator as the papers print it; how its weights are drawn is left out."""
    drawn: dict[str, object] = {key: None for key in ("init", "bias_init") if key in type(node.op).model_fields}
    return notation(node.op.model_copy(update=drawn))
