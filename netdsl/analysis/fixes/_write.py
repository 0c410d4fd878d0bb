"""From "this field should have that value" to edits of the text.

`conv3-64/2(pad=1)` has its kernel in the head, its channels behind `-`, its stride behind `/` and the rest in
parentheses; a row of a bracket block has them in another order. A value given by a parameter is changed where the
parameter gets it: in the call of the block, or in the `param` line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from netdsl.analysis.fixes._fault import Fault, holds
from netdsl.analysis.lookup import more_arguments
from netdsl.elaborate.arguments import field_names
from netdsl.ops import Operator
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Span

_WORDS = ("same", "valid", "tf")
"""Paddings that are words; any other bare word is the name of a parameter."""


class Unwritable(Exception):
    """A field that has no place in this text, or an expression as its value."""


def field_edits(fault: Fault, span: Span, op: Operator, changes: Mapping[str, str]) -> list[Edit]:
    """The edits that give fields of the operator written at a place these values. Raises `Unwritable`."""
    item = fault.trees.items.get(span)
    if not isinstance(item, (tree.Operation, tree.BracketRow)):
        raise Unwritable
    found: list[Edit] = []
    added: list[str] = []
    for name, text in changes.items():
        given = _argument(item, op, name)
        part = dict(zip(type(op).geometry, ("kernel", "out", "stride"), strict=True)).get(name)
        if given is not None:
            found.append(Edit(_value(fault, given), text))
        elif part is not None:
            square = isinstance(item, tree.BracketRow) and part == "kernel" and text.isdigit()  # rows have `3x3`
            plain = type(op).model_fields[name].default == (1,)
            found.append(_part(fault, item, part, f"{text}x{text}" if square else text, plain))
        else:
            added.append(f"{name}={text}")
    if added:
        found.append(more_arguments(fault.source, item, ", ".join(added)))
    return found


def _argument(item: tree.Operation | tree.BracketRow, op: Operator, name: str) -> Any:
    """The expression that an argument gives a field, by name or by position; None without such an argument."""
    kernel: object = item.kernel
    if isinstance(item, tree.Operation) and kernel is None:
        kernel = re.search(r"\d$", item.head.text)
    parts = zip(type(op).geometry, (kernel, item.out, item.stride), strict=True)
    written = [field for field, value in parts if value]
    fields = [each for each in field_names(type(op)) if each not in written]
    return _given(item.arguments or (), fields, name)


def _given(arguments: Sequence[tree.Argument], names: Sequence[str], name: str) -> Any:
    """The value that arguments give a name; those without one belong to `names` in order."""
    for index, argument in enumerate(arguments):
        if (argument.name.text if argument.name else names[index] if index < len(names) else None) == name:
            return argument.value
    return None


def _part(fault: Fault, item: tree.Operation | tree.BracketRow, part: str, text: str, plain: bool) -> Edit:
    """The edit that makes a part of the notation (`kernel`, `out` or `stride`) say `text`.

    A stride of 1 is left out if that is `plain`, which is what the operator has without one.
    """
    if part == "kernel" and isinstance(item, tree.Operation) and item.kernel is None:
        head = re.fullmatch(r"(.*?[A-Za-z_])(\d+(?:x\d+)?)?", item.head.text)
        if head is None:
            raise Unwritable
        return fault.edit(item.head.span.start + len(head[1]), item.head.span.end, text)
    value = getattr(item, part)
    layer = fault.trees.layers.get(item.span)
    if part == "stride" and value is None and layer is not None:
        value = layer.stride
    if part == "stride" and text == "1" and plain and isinstance(value, (tree.Literal, tree.Dims)):
        slash = fault.source.text.rindex("/", 0, value.span.start)
        return fault.edit(len(fault.source.text[:slash].rstrip(" \t")), value.span.end, "")
    if value is not None:
        return Edit(_value(fault, value), text)
    if isinstance(item, tree.BracketRow):
        return fault.edit(item.out.span.end, item.out.span.end, f" /{text}")
    end = item.span.end
    if item.arguments is not None:
        end = fault.source.text.index("(", (item.stride or item.out or item.kernel or item.head).span.end)
    return fault.edit(end, end, f"/{text}" if part == "stride" else f"-{text}")


def _value(fault: Fault, value: Any) -> Span:
    """Where a value is given: here, or for a parameter in the call or the `param` line. Raises `Unwritable`."""
    if isinstance(value, tree.Reference) and value.name not in _WORDS:
        value = _origin(fault, value)
        if not isinstance(value, (tree.Literal, tree.Dims)):
            raise Unwritable
    elif not isinstance(value, (tree.Literal, tree.Dims, tree.ListValue, tree.Reference)):
        raise Unwritable
    span: Span = value.span
    return span


def _origin(fault: Fault, reference: tree.Reference) -> Any:
    """The expression that gives a parameter its value at the place of the error, if it is in this file."""
    blocks = (each for each in fault.trees.of(tree.Block) if holds(each.span, reference.span))
    for block in blocks:
        names = [parameter.name.text for parameter in block.parameters]
        if reference.name in names:
            calls = [each.span for each in fault.diagnostic.calls[:1]]
            call = fault.trees.items.get(calls[0]) if calls else None
            if not isinstance(call, tree.Operation):
                return None
            given = _given(call.arguments or (), names, reference.name)
            return block.parameters[names.index(reference.name)].default if given is None else given
    return next((each.value for each in fault.trees.of(tree.Param) if each.name.text == reference.name), None)
