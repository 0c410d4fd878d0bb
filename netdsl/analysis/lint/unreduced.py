"""W0102: a 1x1 convolution before a large one on many channels takes most of its cost away."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, percent, short
from netdsl.ir import Node
from netdsl.ops import Family
from netdsl.ops.conv import Conv

MANY = 256
"""The least channels in and out of a large convolution: those of the example in the ResNet paper."""
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

    def find(self, subject: Subject) -> Warnings:
        # Wide blocks with a shortcut are a choice of their own, and a good one (Zagoruyko and Komodakis 2016).
        scopes = [scope for scope in subject.network.body.scopes() if scope.kind == "residual"]
        residual = {node.id for scope in scopes for node in scope.nodes()}
        large = [node for node in subject.nodes if node.id not in residual and self._is_large(subject, node)]
        cost = sum(subject.cost(node).macs for node in large)
        if not large or cost < LEAST * subject.macs:
            return
        node = max(subject.grouped(large), key=lambda nodes: sum(subject.cost(node).macs for node in nodes))[0]
        out, channels, height, width = subject.network.weights(node)["weight"].shape
        less = max(channels // RATIO, 1)
        reduced = channels * less + less * out * height * width
        narrow = channels * less + less * less * height * width + less * out
        conv = f"conv{height}" if height == width else f"conv{height}x{width}"
        many, them, do = f"{len(large)} convolutions", "them", "do"
        if len(large) == 1:
            many, them, do = "one convolution", "it", "does"
        yield self.warning(
            f"{many} of 3x3 or more on {MANY} channels or more, without a 1x1 reduction before {them}, {do} "
            f"{percent(cost / subject.macs)} of all multiply-adds",
            subject.place(node),
            label=f"{height}x{width}, {channels} channels to {out}: {short(channels * out * height * width)} weights",
            help=f"behind `conv1-{less}` it would have {short(reduced)} weights (`netdsl rewrite reduce`); as "
            f"`conv1-{less}; {conv}-{less}; conv1-{out}`, {short(narrow)}",
        )

    def _is_large(self, subject: Subject, node: Node) -> bool:
        """Whether it is a dense convolution over 1x1 on many channels with no 1x1 convolution before it."""
        op = node.op
        if (
            not isinstance(op, Conv)
            or len(op.kernel) != 2
            or min(op.kernel) < 3
            or op.groups != 1
            or op.connect is not None
        ):
            return False
        weights = subject.network.weights(node)
        if "weight" not in weights or min(weights["weight"].shape[:2]) < MANY:
            return False
        made = subject.before(node)
        for _ in range(3):  # a norm, an activation, a dropout
            if made is not None and made.op.family in _BETWEEN:
                made = subject.before(made)
        return made is None or not (isinstance(made.op, Conv) and made.op.kernel == (1, 1))
