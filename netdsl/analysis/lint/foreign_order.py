"""W0602: `conv(3, 64, 3)` on 3 channels, which another library reads as channels in, channels out, kernel."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, times
from netdsl.ops.conv import Conv
from netdsl.ops.shared.notation import notation
from netdsl.syntax import tree


class ForeignOrder(Rule):
    code = "W0602"
    early = True
    why = (
        "Other libraries give a convolution the channels that come in, those that come out, and the kernel. Here the "
        "channels that come in are known, and the numbers are kernel, channels, stride: the same call is another layer."
    )

    def find(self, subject: Subject) -> Warnings:
        network = subject.network
        found = []
        for node in subject.nodes:
            op, shapes = node.op, network.input_shapes(node)
            if isinstance(op, Conv) and shapes and set(op.kernel) == {shapes[0][0]} and max(op.stride) > 1:
                item = subject.trees.items.get(node.span)
                if isinstance(item, tree.Operation) and _called(item):
                    found.append(node)
        for nodes in subject.grouped(found):
            op, shapes = nodes[0].op, network.input_shapes(nodes[0])
            assert isinstance(op, Conv) and shapes
            meant = f"conv{op.stride[0]}-{op.channels}"
            yield self.warning(
                f"this is `{notation(op)}`{times(len(nodes))}: kernel, channels and stride; its first number is that "
                f"of the {shapes[0][0]} channels that come in",
                subject.place(nodes[0]),
                help=f"if these are channels in, channels out and kernel, write `{meant}` or `{meant}(pad=0)`",
            )


def _called(item: tree.Operation) -> bool:
    """Whether a layer is written with three numbers in parentheses, and none before them."""
    given = [each for each in item.arguments or () if each.name is None]
    return item.kernel is None and item.out is None and item.stride is None and len(given) >= 3
