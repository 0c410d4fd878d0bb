"""W0407: a batch norm that has one value a channel and sample, as behind a global pooling."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, times
from netdsl.shapes import text


class LoneValueNorm(Rule):
    code = "W0407"
    why = (
        "A batch norm takes the mean and the variance of each channel over the batch and the plane. Where the plane is "
        "one pixel only the batch is left: with one sample there is no variance, and PyTorch refuses to train."
    )
    literature = ("Chen, Papandreou, Schroff and Adam, Rethinking Atrous Convolution, 2017, section 3.3",)

    def find(self, subject: Subject) -> Warnings:
        found = []
        for node in subject.nodes:
            shapes = subject.network.input_shapes(node)
            if node.op.name == "bn" and shapes and len(shapes[0]) > 1 and set(shapes[0][1:]) == {1}:
                found.append(node)
        for nodes in subject.grouped(found):
            shape = subject.network.shapes[nodes[0].inputs[0]]
            yield self.warning(
                f"this batch norm{times(len(nodes))} sees one value of each channel, since the map is {text(shape)}: "
                "with a batch of one it cannot be trained",
                subject.place(nodes[0]),
                help="leave it out here (`norm=none`), normalize by `gn` or `ln`, or train with larger batches",
            )
