"""W0402: the last layer has an activation, as only hidden layers should."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.analysis.lint.early_softmax import SIGMOIDS
from netdsl.ops import Family

_SCORES = ("cross_entropy", "hinge")


class ActivatedLogits(Rule):
    code = "W0402"
    why = (
        "The scores of the classes must be free to be negative: behind a ReLU every class that should be unlikely has "
        "the score 0 and no gradient. It happens where `default fc(act=relu)` reaches the last layer."
    )
    literature = ("Krizhevsky, Sutskever and Hinton, ImageNet Classification, NIPS 2012, section 3.5",)

    def find(self, subject: Subject) -> Warnings:
        network = subject.network
        for value in (network.result, *(each.value for each in network.aux)):
            node = network.node(subject.origin(value))
            final = node is not None and node.op.to_probabilities
            if final and node is not None:
                node = subject.before(node)
            if node is None or not (final or subject.loss in _SCORES):
                continue
            if node.op.family is not Family.ACTIVATION or node.op.to_probabilities or node.shape == (1,):
                continue
            if not final and node.op.name in SIGMOIDS:
                continue  # W0401
            layer = subject.before(node)
            if layer is None or layer.op.family is not Family.FULLY_CONNECTED:
                continue
            yield self.warning(
                f"the scores of the classes pass through `{node.op.name}`",
                subject.place(layer if node.implicit else node).span,
                label=f"the last layer{subject.place(layer).inside}",
                help="write `act=none` here" if node.implicit else "leave it out",
            )
