"""W0404: dropout shifts the variance that a batch norm behind it has learned."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, percent, times
from netdsl.ops.dropout import Dropout


class DropoutBeforeNorm(Rule):
    code = "W0404"
    why = (
        "With dropout the variance of a unit is larger in training than in evaluation; a batch norm behind it keeps "
        "the one it saw in training, and every prediction is made with the wrong one."
    )
    literature = (
        "Li, Chen, Hu and Yang, Understanding the Disharmony between Dropout and Batch Normalization by Variance "
        "Shift, CVPR 2019",
    )

    def find(self, subject: Subject) -> Warnings:
        drops = [node for node in subject.nodes if isinstance(node.op, Dropout) and node.op.p > 0]
        found = [node for node in drops if (reader := subject.only_reader(node)) is not None and reader.op.name == "bn"]
        for nodes in subject.grouped(found):
            rate = nodes[0].op.p  # type: ignore[attr-defined]
            growth = 1 / (1 - rate) if rate < 1 else 0
            yield self.warning(
                f"a dropout of {percent(rate)} right before a batch norm{times(len(nodes))}: the mean square of what "
                f"it sees in training is {growth:.3g} times that in evaluation",
                subject.place(nodes[0]),
                help="put the dropout behind the last batch norm, or leave it out",
            )
