"""W0103: a deep stack of layers without shortcuts is hard to train."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.ir import Node
from netdsl.ops.shared.conv import Convolution

MOST = 20
"""Layers in a row that still train well, as plain networks of 18 (ImageNet) and 20 layers (CIFAR-10) do."""


def _counts(node: Node) -> bool:
    """Whether a node is a layer that makes training harder; a 1x1 convolution, which only mixes channels, is not."""
    if isinstance(node.op, Convolution):
        return max(node.op.kernel) > 1
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
        # Layers on the shortest way to each value. Shortcuts and short branches shorten it; the rest cannot be avoided.
        fewest = [0] * len(network.inputs)
        for node in network.nodes:
            fewest.append(min((fewest[value] for value in node.inputs), default=0) + _counts(node))
        if fewest[network.result] <= MOST:
            return
        beyond = network.node(network.result)
        while beyond is not None and not (fewest[beyond.id] == MOST + 1 and _counts(beyond)):
            beyond = network.node(min(beyond.inputs, key=lambda value: fewest[value]))
        if beyond is not None:
            yield self.warning(
                f"every way through the network passes {fewest[network.result]} layers, and no shortcut shortens it",
                subject.place(beyond),
                label=f"the {MOST + 1}st of them",
                help="put shortcuts around every two or three layers: `residual { ... }`, or `[3x3, 64; 3x3, 64] x3` "
                "in place of `conv3-64 x6`",
            )
