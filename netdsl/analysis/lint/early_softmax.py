"""W0401: probabilities where the layers behind, or the loss, want scores."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.ir import Node
from netdsl.text.diagnostics import Diagnostic

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

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        if network is None:
            return
        for nodes in subject.grouped(node for node in subject.nodes if node.op.to_probabilities):
            reader = next((found for node in nodes if (found := self._taken(subject, node)) is not None), None)
            if reader is None:
                continue
            again = reader.op.to_probabilities
            yield self.warning(
                f"the `{reader.op.name}` behind this `{nodes[0].op.name}` takes probabilities for scores"
                if again
                else f"`{nodes[0].op.name}` in the middle of the network: the `{reader.op.name}` behind it gets "
                "probabilities for features",
                subject.place(nodes[0]),
                label=subject.within(nodes[0]).removeprefix(", "),
                help="leave the first one out"
                if again
                else "use `relu` here, and `softmax` behind the last layer only",
            )
        loss = network.train.kwargs.get("loss") if network.train is not None else None
        name = getattr(loss, "name", loss)
        last = network.node(network.result)
        last = network.node(subject.origin(last.id)) if last is not None else None
        if name == "cross_entropy" and last is not None and last.op.name in SIGMOIDS and network.output != (1,):
            yield self.warning(
                f"`cross_entropy` takes scores, and the network gives the `{last.op.name}` of them",
                subject.place(last),
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
