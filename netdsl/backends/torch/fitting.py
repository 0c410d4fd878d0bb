"""Symbolic values in the form of the fields they are for, and whether what comes of them is what the network has."""

from __future__ import annotations

from typing import Any

from netdsl.backends.torch.symbols import as_term, is_symbolic, plain, symbolic
from netdsl.ir import Node
from netdsl.ops import Torch


def attribute_of(node: Node, key: str) -> str:
    """The field that a spec calls `key`."""
    fields = type(node.op).model_fields
    if key in fields:
        return key
    return next(field for field, info in fields.items() if info.alias == key)


def single_of(value: Any) -> Any:
    """A stride as one number where both are the same."""
    return value[0] if type(value) is tuple and value and all(each is value[0] for each in value) else value


def fitted(found: Any, actual: Any) -> Any:
    """A symbolic value in the form of the field that holds `actual`; None where it is another value."""
    value = plain(found)
    if isinstance(actual, float) and isinstance(value, int) and not isinstance(value, bool) and value == actual:
        return symbolic(actual, as_term(found)) if is_symbolic(found) else actual
    if value == actual and type(value) is type(actual):
        return found
    if isinstance(actual, tuple) and actual and isinstance(value, int) and all(each == value for each in actual):
        return (found,) * len(actual)
    if isinstance(value, tuple) and actual == tuple(size for size in value for _ in (0, 1)):
        return tuple(size for size in found for _ in (0, 1))
    return None


def same(traced: Torch, known: Torch) -> bool:
    """Whether a symbolic description is that of the network, number for number."""
    if traced._replace(module=None, function=None) != known._replace(module=None, function=None):
        return False
    for one, two in ((traced.module, known.module), (traced.function, known.function)):
        if one is None or two is None:
            if one is not two:
                return False
        elif (one.function, one.args, dict(one.kwargs)) != (two.function, two.args, dict(two.kwargs)):
            return False
    return True
