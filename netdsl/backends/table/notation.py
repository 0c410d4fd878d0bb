"""How the layers and blocks of a network are written in its table.

Arguments that all layers of an operator share (`bias=false` in a network with batch normalization) are left out of
their rows and stand once above the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticUndefined

from netdsl.ir import Definition, Network, Scope, Value, written
from netdsl.ops import Operator
from netdsl.ops.shared.base import references
from netdsl.ops.shared.notation import notation

_LONGEST_OPERATOR = 60
_MANY = 3
"""With fewer layers of an operator its arguments stay in the rows."""


def _rounded(op: Operator) -> dict[str, float]:
    """The fields of an operator with more than six digits, with six."""
    fields = {name: getattr(op, name) for name in type(op).model_fields}
    return {name: float(f"{value:.6g}") for name, value in fields.items() if isinstance(value, float)}


class Notations:
    """The notation of every operator of a network; equal operators are written once."""

    def __init__(self, network: Network):
        self.network = network
        self.common = _common_arguments(network)
        self.known: dict[tuple[int, bool], str] = {}

    def of(self, op: Operator, short: bool = False) -> str:
        """The operator's notation; the short one leaves out the arguments that all layers of the operator share."""
        # Stacks share their operators, so each is written once.
        key = (id(op), short)
        if key not in self.known:
            usual = self.common.get(op.name) if short else None
            self.known[key] = notation(op.model_copy(update={**_rounded(op), **(usual or {})}))
        return self.known[key]

    def throughout(self) -> tuple[str, ...]:
        """The arguments that the short notations leave out, as a spec's `default` lines would give them."""
        found = []
        for name, usual in self.common.items():
            example = next(node.op for node in self.network.nodes if node.op.name == name)
            bare = {key: info.default for key, info in type(example).model_fields.items() if key not in usual}
            arguments = example.model_copy(
                update={key: item for key, item in bare.items() if item is not PydanticUndefined}
            )
            told = notation(arguments).partition("(")[2]
            needed = notation(arguments.model_copy(update=usual)).partition("(")[2]
            told = told.removeprefix(needed.removesuffix(")") + ", ") if needed else told  # stays in the rows
            if told:  # sizes of a map's own rank (1x1 for 1) are no arguments that anybody wrote
                found.append(f"{name}({told}")
        return tuple(found)


def _common_arguments(network: Network) -> dict[str, dict[str, Any]]:
    """For each operator, the arguments that all its layers share and that differ from the default, with the default."""
    found: dict[str, dict[str, Any]] = {}
    several: dict[str, list[Operator]] = {}
    for node in network.nodes:
        several.setdefault(node.op.name, []).append(node.op)
    for name, ops in several.items():
        if len(ops) < _MANY:
            continue
        kind = type(ops[0])
        for key, info in kind.model_fields.items():
            value = getattr(ops[0], key)
            if info.is_required() or key in (*kind.geometry, *references(kind)) or value == info.default:
                continue
            if all(getattr(op, key) == value for op in ops):
                found.setdefault(name, {})[key] = info.default
    return found


def call(scope: Scope, definitions: Mapping[str, Definition]) -> str:
    """How a group is written in the table: a block with the arguments that its call gives, by name; those that a block
    needs go without where the names would not fit."""
    if scope.kind == "block" and scope.arguments:
        found = definitions.get(scope.definition or "")
        defaults = found.parameters if found is not None else {}
        given = {name: _value(value) for name, value in scope.arguments.items() if _told(name, value, defaults, scope)}
        named = f"{scope.title}({', '.join(f'{name}={value}' for name, value in given.items())})"
        if len(named) > _LONGEST_OPERATOR:
            words = (value if defaults.get(name) is None else f"{name}={value}" for name, value in given.items())
            named = f"{scope.title}({', '.join(words)})"
        return named if len(named) <= _LONGEST_OPERATOR else f"{named[: _LONGEST_OPERATOR - 3]}..."
    if scope.kind == "aux":
        return "aux"
    if scope.kind == "bracket":
        return f"[{scope.title}]"
    return scope.title if scope.title != scope.name else ""


def _told(name: str, value: Value, defaults: Mapping[str, str | None], scope: Scope) -> bool:
    """Whether a call says what a parameter is: one without a default, one that is not its default's constant, or one
    whose default is computed and that has an expression of its own."""
    default = defaults.get(name)
    if default is None:
        return True
    percent = default.endswith("%")
    try:
        return _value(float(default.rstrip("%")) / (100 if percent else 1)) != _value(value)
    except ValueError:
        return name in scope.terms or (default in ("true", "false", "none") and default != _value(value))


def _value(value: Value) -> str:
    """A value with at most six digits."""
    return f"{value:.6g}" if isinstance(value, float) else written(value)


def shortened(operator: str, width: int) -> str:
    """An operator's notation in at most so many columns: without what is in its lists, without its last arguments, or
    without what is behind it, so that no word is broken and the count of a stack stays. What has no place for that is
    cut."""
    bare = re.sub(r"(?<==)\[(?:[^\[\]]|\[[^\[\]]*\])*\]", "[…]", operator)
    if min(len(operator), len(bare)) <= width:
        return operator if len(operator) <= width else bare
    text, *stack = re.split(r"(  x\d+)$", bare)
    kept = [text[: place.end()] for place in re.finditer(r"[(\[]|, |; ", text)]
    whole = [text, *(each + "…" + _closing(each) for each in kept)]
    whole += [re.sub(r"\([^()]*\)", "(…)", each) for each in whole]
    fitting = (each + "".join(stack) for each in whole)
    return max((each for each in fitting if len(each) <= width), key=len, default=operator[: width - 1] + "…")


def _closing(begun: str) -> str:
    """The brackets that close those which are open at the end of a text."""
    open_: list[str] = []
    for char in begun:
        if char in _CLOSING:
            open_.append(_CLOSING[char])
        elif open_ and char == open_[-1]:
            open_.pop()
    return "".join(reversed(open_))


_CLOSING = {"(": ")", "[": "]"}
