"""From "this field should be that" to edits: where in the text an operator's field is said, or could be.

`conv3-64/2(pad=1)` says its kernel in the head, its channels behind `-`, its stride behind `/`, the rest in
parentheses; a row of a bracket block says them in its own order. A value that is a parameter is changed where it is
given: in the call that led here, or in the `param` line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from netdsl.analysis.fixes._fault import Fault, holds
from netdsl.elaborate.arguments import field_names
from netdsl.ops import Operator
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Span

WORDS = ("same", "valid", "tf")
"""Paddings that are words; any other bare word is the name of a parameter."""


def fields(fault: Fault, span: Span, op: Operator, changes: Mapping[str, str]) -> tuple[Edit, ...] | None:
    """The edits that make the operator written at `span` have these fields; None where they cannot be written."""
    item = fault.known.items.get(span[1:]) if span.file == fault.source.name else None
    if not isinstance(item, (tree.Operation, tree.Row)):
        return None
    found: list[Edit] = []
    added: list[str] = []
    for name, text in changes.items():
        place = _place(fault, item, op, name)
        if place is None:
            added.append(f"{name}={text}")
        elif isinstance(place, Edit):
            both = isinstance(item, tree.Row) and name == "kernel" and text.isdigit()  # rows say `3x3`
            found.append(Edit(place.span, place.text.replace("?", f"{text}x{text}" if both else text)))
        elif place == "drop":
            return None
    stride = changes.get("stride")
    if stride == "1" and type(op).model_fields["stride"].default == (1, 1):
        found = [_without_stride(fault, item) or edit if _is_stride(fault, item, edit) else edit for edit in found]
    if added:
        found.append(_appended(fault, item, added))
    return tuple(sorted(found, key=lambda edit: edit.span.start))


def _place(fault: Fault, item: Any, op: Operator, name: str) -> Edit | str | None:
    """An edit with `?` for the value, where the field is or can be written; None for a new argument, "drop" where it is
    written as something that cannot be changed."""
    cls = type(op)
    written = {part for part, value in zip(cls.geometry, _geometry(item), strict=True) if value and part}
    rest = [each for each in field_names(cls) if each not in written]
    for index, argument in enumerate(item.arguments or ()):
        if (argument.name.text if argument.name else rest[index] if index < len(rest) else None) == name:
            return _value(fault, argument.value)
    parts = dict(zip(cls.geometry, ("kernel", "out", "stride"), strict=True))
    part = parts.get(name)
    if part is None:
        return None
    if part == "kernel" and isinstance(item, tree.Operation) and item.kernel is None:
        head = re.fullmatch(r"(.*?[A-Za-z_])(\d+(?:x\d+)?)?", fault.text(item.head.span))
        return fault.edit(item.head.span.start + len(head[1]), item.head.span.end, "?") if head else "drop"
    value = getattr(item, part)
    if part == "stride" and value is None:
        layer = fault.known.layers.get(item.span[1:])
        value = layer.stride if layer else None
    if value is not None:
        return _value(fault, value)
    if part == "stride":
        if isinstance(item, tree.Row):
            return fault.edit(item.out.span.end, item.out.span.end, " /?")
        return fault.edit(*_geometry_end(fault, item), "/?")
    return fault.edit(*_geometry_end(fault, item), "-?") if part == "out" else None


def _geometry(item: Any) -> tuple[object, object, object]:
    kernel = item.kernel
    if isinstance(item, tree.Operation) and kernel is None:
        kernel = re.search(r"\d$", item.head.text)
    return kernel, item.out, item.stride


def _geometry_end(fault: Fault, item: tree.Operation) -> tuple[int, int]:
    """The place behind the notation and before the parentheses, if there are any."""
    end = item.span.end
    if item.arguments is not None:
        last = item.stride or item.out or item.kernel or item.head
        end = fault.source.text.index("(", last.span.end)
    return end, end


def _value(fault: Fault, value: Any) -> Edit | str:
    """An edit of a value where it is given: here, or for a parameter in the call or the `param` line."""
    if isinstance(value, (tree.Literal, tree.Dims, tree.ListValue)):
        return fault.edit(value.span.start, value.span.end, "?")
    if not isinstance(value, tree.Reference):
        return "drop"
    if value.name in WORDS:
        return fault.edit(value.span.start, value.span.end, "?")
    given = _given(fault, value)
    return fault.edit(given.span.start, given.span.end, "?") if isinstance(given, (tree.Literal, tree.Dims)) else "drop"


def _given(fault: Fault, reference: tree.Reference) -> Any:
    """The expression that gives a parameter its value at the place of the error, if it is in this file."""
    blocks = (each for each in fault.known.file.statements if isinstance(each, tree.Block))
    block = next((each for each in blocks if holds(each.span, reference.span)), None)
    if block is not None:
        names = [parameter.name.text for parameter in block.parameters]
        if reference.name in names:
            calls = [each.span for each in fault.diagnostic.calls[:1] if each.span.file == fault.source.name]
            call = fault.known.items.get(calls[0][1:]) if calls else None
            if not isinstance(call, tree.Operation):
                return None
            for index, argument in enumerate(call.arguments or ()):
                if (argument.name.text if argument.name else names[index]) == reference.name:
                    return argument.value
            return block.parameters[names.index(reference.name)].default
    for each in fault.known.file.statements:
        if isinstance(each, tree.Param) and each.name.text == reference.name:
            return each.value
    return None


def _is_stride(fault: Fault, item: Any, edit: Edit) -> bool:
    before = fault.source.text[: edit.span.start].rstrip()
    return before.endswith("/") and edit.text == "1" and holds(_statement(fault, item), edit.span)


def _without_stride(fault: Fault, item: Any) -> Edit | None:
    """The edit that takes `/2` away, with the space before it."""
    layer = fault.known.layers.get(item.span[1:])
    value = item.stride or (layer.stride if layer else None)
    if not isinstance(value, (tree.Literal, tree.Dims)):
        return None
    slash = fault.source.text.rindex("/", 0, value.span.start)
    start = len(fault.source.text[:slash].rstrip(" \t"))
    return fault.edit(start, value.span.end, "")


def _statement(fault: Fault, item: Any) -> Span:
    layer = fault.known.layers.get(item.span[1:])
    span: Span = layer.span if layer else item.span
    return span


def _appended(fault: Fault, item: Any, added: list[str]) -> Edit:
    """New arguments, behind those that are there."""
    end = item.span.end
    if isinstance(item, tree.Row):
        return fault.edit(end, end, "".join(f", {each}" for each in added))
    text = ", ".join(added)
    if item.arguments is None:
        return fault.edit(end, end, f"({text})")
    return fault.edit(end - 1, end - 1, f", {text}" if item.arguments else text)
