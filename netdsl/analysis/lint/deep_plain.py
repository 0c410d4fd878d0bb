"""W0103: a deep stack of layers that no shortcut passes by is hard to train."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.ir import Node
from netdsl.ops.shared.conv import Convolution

MOST = 20
"""Layers in a row that still train well: plain networks of 18 (ImageNet) and 20 layers (CIFAR-10) do."""


def _counts(node: Node) -> bool:
    """Whether a node is a layer that the signal must get through: 1x1 convolutions pass it on place by place."""
    if isinstance(node.op, Convolution):
        return node.op.kernel != (1, 1)
    return node.op.weight_layer


class DeepPlain(Rule):
    code = "W0103"
    why = (
        "Plain networks get worse from about 20 layers on, in training too: a plain network of 34 layers errs more "
        "than one of 18 (28.5% to 27.9%), a residual one less (25.0% to 27.9%)."
    )
    literature = (
        "He et al., Deep Residual Learning, CVPR 2016, section 4.1, Table 2; section 4.2",
        "Srivastava, Greff and Schmidhuber, Highway Networks, 2015",
    )

    once = True

    def find(self, subject: Subject) -> Warnings:
        network = subject.network
        # The way with the fewest layers: shortcuts and short branches shorten it, so what is left cannot be passed by.
        fewest = [0] * len(network.inputs)
        for node in network.nodes:
            fewest.append(min((fewest[value] for value in node.inputs), default=0) + _counts(node))
        depth = fewest[network.result]
        if depth <= MOST:
            return
        beyond: Node | None = None
        made = network.node(network.result)
        while made is not None:  # back along that way to the first layer beyond the limit
            if fewest[made.id] == MOST + 1 and _counts(made):
                beyond = made
            made = network.node(min(made.inputs, key=lambda value: fewest[value]))
        if beyond is None:
            return
        yield self.warning(
            f"every way through the network passes {depth} layers, and no shortcut shortens it",
            subject.place(beyond),
            label=f"the {_ordinal(MOST + 1)} of them",
            help="put shortcuts around every two or three layers: `residual { ... }`, or `[3x3, 64; 3x3, 64] x3` in "
            "place of `conv3-64 x6`",
        )


def _ordinal(number: int) -> str:
    return f"{number}{'st' if number % 10 == 1 else 'th'}"
