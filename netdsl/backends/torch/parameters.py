"""The parameters of a constructor: their values, their types and their defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from netdsl.backends.torch.names import variable
from netdsl.backends.torch.reading import parsed
from netdsl.backends.torch.terms import NONE, Layer
from netdsl.ops import Family, find, resolve
from netdsl.syntax import tree

USUAL = {"stride": 1, "dilation": 1, "groups": 1, "padding": 0, "output_padding": 0}
"""Arguments that have a default, where some instance has that value."""


def told(value: Any) -> Any:
    """A value of a block's parameter as a constructor is given it: an activation as its class, and none as `None`."""
    if value is None:
        return NONE.args[0]
    return _class(value) if type(value) is str else value


@cache
def _class(word: str) -> str:
    operator = resolve(word)
    kind = find(operator[0]) if operator is not None and operator[1] is None else None
    if kind is None or kind.family is not Family.ACTIVATION or not hasattr(kind, "module"):
        return word
    return Layer(kind.module)


def defaults_of(parameters: Mapping[str, str | None]) -> dict[str, Any]:
    """The defaults of a block's parameters that are constants, under their names in Python."""
    found: dict[str, Any] = {}
    for parameter, text in parameters.items():
        node = parsed(text) if text is not None else None
        value = told(node.name if isinstance(node, tree.Reference) else getattr(node, "value", node))
        if isinstance(value, int | float | Layer) and isinstance(node, tree.Literal | tree.Reference):
            found[variable(parameter)] = value
    return found


def kinds_of(values: Sequence[Any]) -> str:
    lengths = {len(value) for value in values if isinstance(value, tuple)}
    values = sorted(values, key=lambda value: value is None or value == NONE.args[0])
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
    if isinstance(value, Layer) and value != NONE.args[0]:
        return "type[nn.Module]"
    return "None" if value is None or isinstance(value, Layer) else type(value).__name__
