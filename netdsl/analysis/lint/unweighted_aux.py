"""W0501: an aux head whose share in the loss is not said."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Diagnostic


class UnweightedAux(Rule):
    code = "W0501"
    why = (
        "The loss of an auxiliary head is added to that of the network with a weight, 0.3 in GoogLeNet and 0.4 in "
        "Inception-v3; without one a reader cannot train what the spec describes."
    )
    literature = ("Szegedy et al., Going Deeper with Convolutions, CVPR 2015, section 5",)

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        bare = [head for head in network.aux if head.weight is None] if network is not None else []
        if not bare:
            return
        names = {
            each.span: each.name.span
            for file in subject.files.values()
            for each in walk(file)
            if isinstance(each, tree.Aux)
        }
        for head in bare:
            yield self.warning(
                f"the loss of the aux head `{head.name}` has no weight",
                names.get(head.span, head.span),
                help=f"say it: `aux {head.name}(weight=0.3) {{ ... }}`",
            )
