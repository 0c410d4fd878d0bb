"""The recipe's `init`: one way to draw all weight layers, or one for each kind of layer.

`normal(std=0.01)` draws convolutions and fully connected layers alike; `by(conv=kaiming_normal(mode=fan_out), bias=0,
fc=uniform, labels=[[head, zeros]])` tells them apart, since most papers and implementations do. From here comes, for
one layer, how its weights are drawn and what its biases start from; the torch backend writes the statements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netdsl.ops.shared.init import Init, parse

KINDS: Mapping[str, str] = {
    "conv": "conv", "dwconv": "conv", "upconv": "conv", "local": "conv", "fc": "fc", "pointwise": "fc",
}  # fmt: skip
"""The weight layers and their kinds: a way for `conv` holds for all convolutions, unless `dwconv` has its own."""
_LABEL = re.compile(r"\w+(\.\w+)*")


@dataclass(frozen=True)
class Draws:
    """How a recipe draws the weights.

    - `every`: of all weight layers alike, None where they are told apart.
    - `kinds`: by operator, or by kind of operator.
    - `labels`: of what stands under a label or a dotted path of labels, at any depth; the last that fits holds.
    - `bias`: what all biases of weight layers start from, None for PyTorch's own.
    """

    every: Init | None = None
    kinds: Mapping[str, Init] = ()  # type: ignore[assignment]
    labels: tuple[tuple[str, Init], ...] = ()
    bias: float | None = None

    def init(self, operator: str, path: str) -> Init | None:
        """The way in which the weights of `operator`, at the dotted `path` of modules, are drawn; None: PyTorch's."""
        for label, init in reversed(self.labels):
            if f".{label}." in f".{path}.":
                return init
        if self.every is not None:
            return self.every
        kinds = dict(self.kinds)
        return kinds.get(operator, kinds.get(KINDS.get(operator, "")))


def draws(value: Any) -> Draws:
    """The recipe's `init` from a spec's value. Raises `ValueError`."""
    if getattr(value, "name", None) != "by":
        return Draws(every=parse(value))
    if value.args:
        raise ValueError("`by` takes its ways by name: `by(conv=kaiming_normal, fc=normal(std=0.01))`")
    kinds: dict[str, Init] = {}
    labels: tuple[tuple[str, Init], ...] = ()
    bias: float | None = None
    for key, item in value.kwargs.items():
        if key == "labels":
            labels = _labels(item)
        elif key == "bias":
            if isinstance(item, bool) or not isinstance(item, (int, float)):
                raise ValueError("`bias` of `by` must be a number")
            bias = float(item)
        elif key in KINDS:
            kinds[key] = _way(item)
        else:
            raise ValueError(f"`by` has no setting `{key}`; it takes {', '.join(KINDS)}, bias and labels")
    return Draws(None, kinds, labels, bias)


def _way(value: Any) -> Init:
    found = parse(value)
    if not isinstance(found, Init):
        raise ValueError("`by` takes ways to draw weights, as `normal(std=0.01)`; what it does not name is drawn as "
                         "PyTorch does")  # fmt: skip
    return found


def _labels(value: Any) -> tuple[tuple[str, Init], ...]:
    pairs = value if isinstance(value, (tuple, list)) else (value,)
    found = []
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise ValueError("`labels` of `by` is a list of a label and a way each: `labels=[[head, zeros]]`")
        if not _LABEL.fullmatch(pair[0]):
            raise ValueError(f"'{pair[0]}' is no label, and no path of labels joined by dots")
        found.append((str(pair[0]), _way(pair[1])))
    return tuple(found)
