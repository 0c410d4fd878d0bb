"""W0501: an aux head without a weight for its loss."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.syntax import tree


class UnweightedAux(Rule):
    code = "W0501"
    why = (
        "The loss of an auxiliary head is added to that of the network with a weight, 0.3 in GoogLeNet and 0.4 in "
        "Inception-v3; without one a reader cannot train what the spec describes."
    )
    literature = ("Szegedy et al., Going Deeper with Convolutions, CVPR 2015, section 5",)

    def find(self, subject: Subject) -> Warnings:
        bare = [head for head in subject.network.aux if head.weight is None]
        names = {each.span: each.name.span for each in subject.trees.of(tree.Aux)} if bare else {}
        for head in bare:
            yield self.warning(
                f"the loss of the aux head `{head.name}` has no weight",
                names.get(head.span, head.span),
                help=f"say it: `aux {head.name}(weight=0.3) {{ ... }}`",
            )
