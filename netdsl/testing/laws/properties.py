"""The spec's properties hold: proved for single dimensions, drawn for several together and for params."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import isqrt
from typing import Any

from netdsl.ir import Property
from netdsl.passes.properties import Counterexample, condition, counterexample, false_as_it_is, told
from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject

_DRAWN = 24
"""So many values of a param, or inputs, are tried of those that are more."""


class Properties(Law):
    """Every property holds for all valid inputs that are tried, and for values of the params that it ranges over."""

    torch = False

    def hold(self, subject: Subject) -> None:
        failed = []
        for each in subject.network.properties:
            found = _refuted(subject, each)
            if found is not None:
                line = subject.network.line(each.span)
                failed.append(f"line {line}: `property {each.text}` does not hold: {found}")
        if failed:
            raise Broken("\n".join(failed))


def _refuted(subject: Subject, property: Property) -> str | None:
    """The smallest case for which a property does not hold, in words; None where none was found."""
    parsed = condition(property)
    if property.domains:
        return _over_params(subject, property)
    if subject.inputs is not None and (found := counterexample(subject.network, parsed, subject.inputs)) is not None:
        return told(found)

    def fails(shape: tuple[int, ...]) -> str | None:
        made = subject.compile(shape).network
        wrong = false_as_it_is(made, parsed) if made is not None and made.complete else None
        return told(wrong) if wrong is not None else None

    shapes = product(*(subject.sizes(place)[:6] for place in range(len(subject.network.inputs[0].shape))))
    own = subject.network.inputs[0].shape
    return next((words for shape in (own, *list(shapes)[:_DRAWN]) if (words := fails(shape)) is not None), None)


def _over_params(subject: Subject, property: Property) -> str | None:
    parsed = condition(property)

    def fails(values: dict[str, int]) -> Counterexample | str | None:
        made = subject.compile(params=values)
        wrong = [each for each in made.report.errors if each.code not in ("E0501", "E0504", "E0505")]
        if wrong or made.network is None:
            return str(wrong[0]) if wrong else "there is no network"
        return false_as_it_is(made.network.model_copy(update={"complete": True}), parsed)

    names = list(property.domains)
    drawn = [list(spread(*property.domains[name])) for name in names]
    for each in list(product(*drawn))[: _DRAWN * 8]:
        values = dict(zip(names, each, strict=True))
        if fails(values) is not None:
            return _shrunk(property, values, fails)
    return None


def spread(least: int, most: int) -> Iterator[int]:
    """Values of a range, the smallest first: all of a short one, else both ends, and some between, the denser the
    smaller."""
    count = most - least + 1
    if count <= _DRAWN:
        yield from range(least, most + 1)
        return
    inner = {least + round((count - 1) * (step / (_DRAWN - 1)) ** 2) for step in range(_DRAWN)}
    yield from sorted(inner | {least + 1, least + isqrt(count), most - 1})


def _shrunk(property: Property, values: dict[str, int], fails: Callable[[dict[str, int]], Any]) -> str:
    """The smallest values for which it fails, each halved towards the least that holds."""
    for name, (least, _most) in property.domains.items():
        low, high = least - 1, values[name]  # it fails for `high`, and at `low` nothing is asked
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if fails({**values, name: middle}) is not None else (middle, high)
        values = {**values, name: high}
    found = fails(values)
    given = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"with {given}" + (f", {told(found)}" if isinstance(found, Counterexample) else f": {found}")
