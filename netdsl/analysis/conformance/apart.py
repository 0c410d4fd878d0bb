"""What a network has otherwise than the model that it names, from the note of `reported reference`.

    reported reference = "torchvision:efficientnet_b2" "apart from: bn eps 1e-5; input 3x288x288; dropout 50%"

Each part is an operator with an argument (the first, or by its name) as the reference has it, the input, or the
recipe's `init`. So a spec stays its paper's, and is held against the model all the same: with these differences
made, and no others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from netdsl.compiler import loads
from netdsl.ir import Network, Node, Scope, Setting
from netdsl.shapes import Shape
from netdsl.text.diagnostics import SpecError

PREFIX = "apart from:"
_PART = re.compile(r"(?P<operator>\w+)\s+(?:(?P<field>[A-Za-z_]\w*)\s+)?(?P<value>\S.*)")


@dataclass(frozen=True)
class Apart:
    """The differences: the input's shape, arguments by operator, and the recipe's `init`; None where there is none."""

    input: Shape | None = None
    arguments: tuple[tuple[str, str, Any], ...] = ()
    init: str | Setting | None = None


def apart(note: str | None) -> Apart:
    """The differences that a note lists. Raises `ValueError` for one that is not understood."""
    if not (note or "").startswith(PREFIX):
        return Apart()
    size: Shape | None = None
    init: str | Setting | None = None
    arguments: list[tuple[str, str, Any]] = []
    for part in str(note).removeprefix(PREFIX).split(";"):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise ValueError(
                f"'{part.strip()}' is not understood: `dropout 50%`, `bn eps 1e-5`, `input 3x64x64`, `init`"
            )
        operator, field, value = match.group("operator", "field", "value")
        try:
            if operator == "input":
                size = loads(f"input {value}\nidentity").inputs[0].shape
            elif operator == "init":
                train = loads(f"input 1\nidentity\ntrain(init={value})").train
                init = train.kwargs["init"] if train is not None else None  # type: ignore[assignment]
            else:
                op = loads(f"input 1x64x64\n{operator}({field + '=' if field else ''}{value})").nodes[-1].op
                arguments += [(op.name, name, getattr(op, name)) for name in sorted(op.model_fields_set)]
        except SpecError as problem:
            raise ValueError(f"'{part.strip()}': {problem.diagnostics[0].message}") from None
    return Apart(size, tuple(arguments), init)


def applied(network: Network, differences: Apart) -> Network:
    """The network with these arguments and this `init`; another input is for whoever compiles it."""
    body = _with(network.body, differences.arguments) if differences.arguments else network.body
    train = network.train
    if differences.init is not None:
        train = Setting(name="train", kwargs={**(train.kwargs if train else {}), "init": differences.init})
    fields = {
        name: getattr(network, name) for name in Network.model_fields
    }  # and nothing that was worked out from them
    return Network.model_construct(**{**fields, "body": body, "train": train})


def _with(scope: Scope, arguments: tuple[tuple[str, str, Any], ...]) -> Scope:
    children = tuple(
        _with(each, arguments) if isinstance(each, Scope) else _set(each, arguments) for each in scope.children
    )
    return scope.model_copy(update={"children": children})


def _set(node: Node, arguments: tuple[tuple[str, str, Any], ...]) -> Node:
    changes = {field: value for operator, field, value in arguments if operator == node.op.name}
    return node.model_copy(update={"op": node.op.model_copy(update=changes)}) if changes else node
