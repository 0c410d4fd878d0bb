"""W0203: a padding that does not fit its kernel makes maps grow or shrink by a pixel or two."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, plural, times
from netdsl.ir import Node
from netdsl.ops.shared.conv import Convolution
from netdsl.passes.windows import Axis, axes
from netdsl.shapes import extent, text
from netdsl.text.diagnostics import Diagnostic


class PaddingDrift(Rule):
    code = "W0203"
    why = (
        "A kernel of k needs (k-1)*dilation/2 pixels on each side to keep the size. With more the border grows by "
        "zeros, with fewer the map shrinks in every layer, and sizes stop coming out even."
    )
    literature = ("Dumoulin and Visin, A Guide to Convolution Arithmetic for Deep Learning, 2016, section 2.2.1",)

    def find(self, subject: Subject) -> Warnings:
        keeps = shrinks = 0
        unpadded: list[Node] = []
        wrong: list[Node] = []
        for node in subject.nodes:
            found = axes(subject.network, node)
            if found is None or node.shape is None:
                continue
            pad = getattr(node.op, "pad", None)
            changed = any(axis.out != axis.kept for axis in found)
            plain = isinstance(node.op, Convolution) and all(axis.stride == 1 for axis in found)
            if plain and max(axis.kernel for axis in found) > 1:
                keeps, shrinks = keeps + (not changed), shrinks + changed
            if not changed or not isinstance(pad, tuple) or pad[::2] != pad[1::2]:
                continue
            if any(pad):
                wrong += [node] * any(map(_drifts, found))
            elif plain and node.shape[1:] != (1, 1):
                unpadded.append(node)
        # Some networks never pad (LeNet, U-Net); a single layer without padding among padded ones is a mistake.
        if keeps > shrinks:
            wrong += unpadded
        for nodes in subject.grouped(wrong):
            yield self._drift(subject, nodes)

    def _drift(self, subject: Subject, nodes: list[Node]) -> Diagnostic:
        node, before = nodes[0], subject.network.shapes[nodes[0].inputs[0]]
        found = axes(subject.network, node)
        assert found is not None
        axis = next(filter(_drifts, found), found[0])
        size = extent(axis.kernel, axis.dilation)
        if size % 2 == 0:
            help = "an even window cannot be centred: leave the padding out, or write `pad=tf`"
        elif isinstance(node.op, Convolution):
            help = f"`pad=same` pads by {size // 2} and gives {axis.kept}"
        else:
            help = f"`pad={size // 2}` gives {axis.kept}"
        if not axis.pad:
            help += "; write `pad=valid` if it is meant to shrink"
        return self.warning(
            f"the map {'grows' if axis.out > axis.kept else 'shrinks'} from {text(before)} to "
            f"{text(node.shape)}{times(len(nodes))}: a window of {size} with {plural(axis.pad, 'pixel')} of padding",
            subject.place(node),
            label=f"{axis.size} to {axis.out}",
            help=help,
        )


def _drifts(axis: Axis) -> bool:
    """Whether an axis is padded, apparently to keep its size, and changes its size all the same."""
    if axis.stride > 1 or extent(axis.kernel, axis.dilation) % 2 == 0:
        return axis.pad > 0 and axis.out > axis.kept
    return axis.pad > 0 and axis.out != axis.kept and axis.out > 1
