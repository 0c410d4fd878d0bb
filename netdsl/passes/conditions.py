"""A condition about a network, as `output.height == input.height / 32`, to whether it holds where its values have some
shapes.

The shapes may be those of the network as it is, of another input, or of all sizes of a family at once, whose numbers
stand for many (`sizes.progression`). Division is exact.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from netdsl.ir import Network
from netdsl.passes.claims import QUANTITIES, computed, find
from netdsl.passes.sizes.progression import Progression, Split
from netdsl.passes.sizes.valid import dimensions_of
from netdsl.shapes import LARGEST, LARGEST_NUMBER, round_to, rounded
from netdsl.syntax import tree
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Span

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ceil": math.ceil, "floor": math.floor, "max": lambda *numbers: max(numbers), "min": lambda *numbers: min(numbers),
    "round": rounded, "round_to": round_to,
}  # fmt: skip
"""The functions that a condition may call; what they give of `/`, which is exact, is what they give in the spec."""
_OF_ONE = ("ceil", "floor", "round")
_TAKES = f"it has + - * / // % **, comparisons, `and`, `or`, `not`, and the functions {', '.join(FUNCTIONS)}"


class Meaningless(Exception):
    """A condition that asks for what there is not; `span` is inside the condition."""

    def __init__(self, message: str, span: Span, help: str | None = None):
        super().__init__(message)
        self.span, self.help = span, help


class Unknown(Exception):
    """A figure that is not known for all sizes at once."""


class Figures:
    """Evaluates conditions where the values have these shapes. `seen` are the figures that were asked for."""

    def __init__(self, network: Network, shapes: Any, general: bool = False):
        self.network, self.shapes, self.general = network, shapes, general
        self.seen: dict[str, Any] = {}

    def truth(self, node: tree.Expression) -> bool:
        """Whether a condition holds. Raises `Meaningless`."""
        value = self.value(node)
        if not isinstance(value, bool):
            raise Meaningless("a property is a condition, true or false", node.span, "compare: `output.height == 7`")
        return value

    def value(self, node: tree.Expression) -> Any:
        match node:
            case tree.Literal(value=value):
                return Fraction(str(value)) if isinstance(value, float) else value
            case tree.Dims(values=sizes):
                return tuple(each if isinstance(each, int) else self.value(each) for each in sizes)
            case tree.Reference(name=name):
                return self._named(None, name, node)
            case tree.Quantity(names=names):
                return self._named(".".join(each.text for each in names[:-1]), names[-1].text, node)
            case tree.Unary(operator="not", operand=operand):
                return not self.truth(operand)
            case tree.Unary(operator=sign, operand=operand):
                return -self._number(operand) if sign == "-" else self._number(operand)
            case tree.Binary(operator="and", left=left, right=right):
                return self.truth(left) and self.truth(right)
            case tree.Binary(operator="or", left=left, right=right):
                return self.truth(left) or self.truth(right)
            case tree.Binary(operator="/", left=left, right=right):
                return self._divided(self._number(left), self._number(right), node)
            case tree.Binary(operator="**", left=left, right=right):
                return self._power(self._number(left), self._number(right), node)
            case tree.Binary(operator=sign, left=left, right=right) if sign in ("==", "!="):
                return _equal(self.value(left), self.value(right)) == (sign == "==")
            case tree.Binary(operator=sign, left=left, right=right) if sign in _OPERATIONS:
                try:
                    return _OPERATIONS[sign](self._number(left), self._number(right))
                except ZeroDivisionError:
                    raise Meaningless("division by zero", node.span) from None
            case tree.Conditional(test=test, then=then, otherwise=otherwise):
                return self.value(then if self.truth(test) else otherwise)
            case tree.Call(name=name, arguments=arguments) if name.text in FUNCTIONS:
                return self._called(name.text, [self._number(each.value) for each in arguments], node)
        raise Meaningless("this cannot stand in a property", node.span, _TAKES)

    def _called(self, name: str, numbers: list[Any], node: tree.Expression) -> Any:
        if name == "round_to":
            if len(numbers) != 2 or not isinstance(numbers[1], int) or numbers[1] < 1:
                takes = "a number, and the whole number that it is to be a multiple of"
                raise Meaningless(f"`{name}` takes {takes}", node.span)
        elif not numbers or (name in _OF_ONE and len(numbers) > 1):
            raise Meaningless(f"`{name}` takes {'one number' if name in _OF_ONE else 'numbers'}", node.span)
        return FUNCTIONS[name](*numbers)

    def _number(self, node: tree.Expression) -> Any:
        value = self.value(node)
        if isinstance(value, bool) or not isinstance(value, (int, Fraction, Progression)):
            raise Meaningless("a number is needed here", node.span)
        if isinstance(value, Fraction) and value.denominator == 1:
            value = int(value)
        if not isinstance(value, Progression) and max(abs(value.numerator), value.denominator) > LARGEST_NUMBER:
            raise Meaningless("the number is out of range", node.span, "numbers go up to 2^63 - 1")
        return value

    def _divided(self, left: Any, right: Any, node: tree.Expression) -> Any:
        if isinstance(right, Progression):
            raise Split(1)
        if right == 0:
            raise Meaningless("division by zero", node.span)
        return left * (1 / Fraction(right))

    def _power(self, left: Any, right: Any, node: tree.Expression) -> Any:
        if isinstance(left, Progression) or isinstance(right, Progression):
            raise Unknown
        if not isinstance(right, int) or not 0 <= right <= 63:
            raise Meaningless("a power in a property is a whole number from 0 to 63", node.span)
        return left**right

    def _named(self, label: str | None, name: str, node: tree.Expression) -> Any:
        if label is None and name in self.network.settings:
            value = self.network.settings[name]
            return Fraction(str(value)) if isinstance(value, float) else value
        shape = self._shape(label, node) if label is not None else None
        if shape is not None:
            places = dimensions_of(len(shape))
            if name in places:
                return self._noted(label, name, shape[places.index(name)])
            if name == "output":
                return self._noted(label, name, tuple(shape))
        elif name == "output":
            return self._noted(None, name, tuple(self.shapes[self.network.result]))
        quantities = () if label in ("input", "output") else QUANTITIES
        if name in quantities:
            if self.general:
                raise Unknown
            try:
                value = computed(self.network, label, name)
            except ValueError:
                raise Unknown from None
            exact = Fraction(value).limit_denominator(LARGEST) if isinstance(value, float) else value
            return self._noted(label, name, exact)
        known = [*quantities, *(dimensions_of(len(shape)) if shape is not None else self.network.settings)]
        of = f"`{label}`" if label else "the network"
        at = node.names[-1].span if isinstance(node, tree.Quantity) else node.span
        help = did_you_mean(name, known) or f"there are {', '.join(sorted(known))}"
        raise Meaningless(f"`{name}` is no figure of {of}", at, help)

    def _shape(self, label: str, node: tree.Expression) -> Any:
        """The shape of what is called `label`. Raises `Meaningless` where nothing is."""
        try:
            return self.shape_of(label)
        except KeyError:
            ends = [*(each.name for each in self.network.inputs), *(each.name for each in self.network.outputs)]
            known = list(dict.fromkeys(("input", "output", *filter(None, (*ends, *self.network.named)))))
            help = did_you_mean(label, known) or f"there are {', '.join(known[:20])}"
            raise Meaningless(f"nothing is labelled `{label}`", node.span, help) from None

    def shape_of(self, label: str) -> Any:
        """The shape of what is called `label`. Raises `KeyError` where nothing is."""
        given = {each.name: at for at, each in enumerate(self.network.inputs)}
        part = find(self.network, label)
        if part is not None:
            return self.shapes[part[1]]
        if label in given:
            return self.shapes[given[label]]
        if label == "input":
            return self.shapes[0]
        outputs = {each.name: each.value for each in self.network.outputs}
        if label in outputs:
            return self.shapes[outputs[label]]
        if label == "output":
            return self.shapes[self.network.result]
        raise KeyError(label)

    def _noted(self, label: str | None, name: str, value: Any) -> Any:
        self.seen[f"{label}.{name}" if label else name] = value
        return value


def dimensions(network: Network | None, label: str) -> list[tuple[str, int]]:
    """The sizes that a property may name behind a label, `input` or `output`, as they are; none where it is unknown."""
    if network is None or not network.complete:
        return []
    try:
        shape = Figures(network, network.shapes).shape_of(label)
    except KeyError:
        return []
    return list(zip(dimensions_of(len(shape)), shape, strict=True))


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(_equal(a, b) for a, b in zip(left, right, strict=True))
    return bool(left == right)
