"""W0102: a 1x1 convolution before a large one on many channels takes most of its cost away."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._words import percent, short
from netdsl.ir import Node
from netdsl.ops import Family
from netdsl.ops.conv import Conv
from netdsl.text.diagnostics import Diagnostic

MANY = 256
"""Channels in and out from which on it is told: those of the example in the ResNet paper."""
LEAST = 1 / 3
"""The share of the network's multiply-adds that such layers must have together."""
RATIO = 4
_BETWEEN = (Family.ACTIVATION, Family.NORMALIZATION, Family.REGULARIZATION)


class Unreduced(Rule):
    code = "W0102"
    why = (
        "A 3x3 convolution of 256 channels to 256 has 590K weights; behind a 1x1 convolution to 64 channels and before "
        "one back to 256 it has 70K, and the network can be deeper for the same cost."
    )
    literature = (
        "Lin, Chen and Yan, Network in Network, ICLR 2014, section 3.1",
        "Szegedy et al., Going Deeper with Convolutions, CVPR 2015, section 4",
        "He et al., Deep Residual Learning, CVPR 2016, section 4.1 and Figure 5",
    )

    once = True

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        if network is None:
            return
        # Wide blocks with a shortcut are a choice of their own, and a good one (Zagoruyko and Komodakis 2016).
        residual = {node.id for scope in subject.scopes if scope.kind == "residual" for node in scope.nodes()}
        large = [node for node in subject.nodes if node.id not in residual and self._large(subject, node)]
        cost = sum(subject.cost(node).macs for node in large)
        if not large or cost < LEAST * subject.macs:
            return
        node = max(subject.grouped(large), key=lambda nodes: sum(subject.cost(node).macs for node in nodes))[0]
        shape = network.weights(node)["weight"].shape
        out, channels, height, width = shape
        less = max(channels // RATIO, 1)
        reduced = channels * less + less * out * height * width
        narrow = channels * less + less * less * height * width + less * out
        kernel = f"{height}x{width}"
        several = len(large) > 1
        many, them, do = (f"{len(large)} convolutions", "them", "do") if several else ("one convolution", "it", "does")
        yield self.warning(
            f"{many} of 3x3 or more on {MANY} channels or more, without a 1x1 reduction before {them}, {do} "
            f"{percent(cost / subject.macs)} of all multiply-adds",
            subject.place(node),
            label=f"{kernel}, {channels} channels to {out}: {short(prod(shape))} weights{subject.within(node)}",
            help=f"behind `conv1-{less}` it would have {short(reduced)} weights (`netdsl rewrite reduce`); as "
            f"`conv1-{less}; {_conv(height, width)}-{less}; conv1-{out}`, {short(narrow)}",
        )

    def _large(self, subject: Subject, node: Node) -> bool:
        """Whether it is a dense convolution over 1x1 on many channels that no 1x1 convolution stands before."""
        op, network = node.op, subject.network
        assert network is not None
        if not isinstance(op, Conv) or min(op.kernel) < 3 or op.groups != 1 or op.connect is not None:
            return False
        weights = network.weights(node)
        if "weight" not in weights or min(weights["weight"].shape[:2]) < MANY:
            return False
        made = subject.before(node)
        for _ in range(3):  # a norm, an activation, a dropout
            if made is not None and made.op.family in _BETWEEN:
                made = subject.before(made)
        return made is None or not (isinstance(made.op, Conv) and made.op.kernel == (1, 1))


def _conv(height: int, width: int) -> str:
    return f"conv{height}" if height == width else f"conv{height}x{width}"
