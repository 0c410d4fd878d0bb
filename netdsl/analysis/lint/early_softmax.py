"""W0401: probabilities where later layers, or the loss, expect scores."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.ir import Node

SIGMOIDS = ("sigmoid", "hardsigmoid")
_PASSING = ("dropout", "flatten")


class EarlySoftmax(Rule):
    code = "W0401"
    why = (
        "Softmax makes the values of a layer compete and shrinks its gradients. A final one belongs to the "
        "architecture and is left to the loss; a second one behind it, or a loss that takes the softmax of it again, "
        "flattens what it is given to nearly equal shares."
    )
    literature = ("Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2.3",)

    def find(self, subject: Subject) -> Warnings:
        network = subject.network
        for nodes in subject.grouped(node for node in subject.nodes if node.op.to_probabilities):
            reader = next((found for node in nodes if (found := self._taken(subject, node)) is not None), None)
            if reader is None:
                continue
            first, second = nodes[0].op.name, reader.op.name
            what = f"`{first}` in the middle of the network: the `{second}` behind it gets probabilities for features"
            help = "use `relu` here, and `softmax` behind the last layer only"
            if reader.op.to_probabilities:
                what = f"the `{second}` behind this `{first}` takes probabilities for scores"
                help = "leave the first one out"
            yield self.warning(what, subject.place(nodes[0]), help=help)
        last = network.node(subject.origin(network.result))
        if subject.loss == "cross_entropy" and last is not None and last.op.name in SIGMOIDS and last.shape != (1,):
            yield self.warning(
                f"`cross_entropy` takes scores, and the network gives the `{last.op.name}` of them",
                subject.place(last).span,
                help="end in the layer before it, or in `softmax`",
            )

    def _taken(self, subject: Subject, node: Node) -> Node | None:
        """The layer with weights, or the second softmax, that takes this one's probabilities."""
        waiting = list(subject.readers[node.id])
        while waiting:
            reader = waiting.pop()
            if reader.op.weight_layer or reader.op.to_probabilities:
                return reader
            if reader.op.transparent or reader.op.name in _PASSING:
                waiting += subject.readers[reader.id]
        return None
