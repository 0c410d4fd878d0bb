"""The parameters of a constructor: their types and their defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netdsl.backends.torch.names import variable
from netdsl.backends.torch.reading import parsed
from netdsl.syntax import tree

USUAL = {"stride": 1, "dilation": 1, "groups": 1, "padding": 0, "output_padding": 0}
"""Arguments that have a default, where some instance has that value."""


def defaults_of(parameters: Mapping[str, str | None]) -> dict[str, Any]:
    """The defaults of a block's parameters that are constants, under their names in Python."""
    found: dict[str, Any] = {}
    for parameter, text in parameters.items():
        node = parsed(text) if text is not None else None
        if isinstance(node, tree.Literal) and isinstance(node.value, int | float):
            found[variable(parameter)] = node.value
    return found


def kinds_of(values: Sequence[Any]) -> str:
    lengths = {len(value) for value in values if isinstance(value, tuple)}
    values = sorted(values, key=lambda value: value is None)
    kinds = dict.fromkeys(_type(value, len(lengths) == 1) for value in values)
    if "int" in kinds and "float" in kinds:
        del kinds["int"]
    return " | ".join(kinds)


def _type(value: Any, fixed: bool = True) -> str:
    """The type of a value; `fixed` where tuples have one length."""
    if isinstance(value, tuple):
        kinds = sorted({_type(item) for item in value})
        if fixed and len(kinds) == 1 and len(value) <= 4:
            return f"tuple[{', '.join(kinds * len(value))}]"
        return f"tuple[{' | '.join(kinds)}, ...]"
    return "None" if value is None else type(value).__name__
