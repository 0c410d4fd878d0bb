"""W0203: a padding that is no padding for the kernel beside it makes maps grow or shrink by a pixel or two."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._window import Axis, axes
from netdsl.analysis.lint._words import plural, times
from netdsl.ir import Network, Node
from netdsl.ops.shared.conv import Convolution
from netdsl.shapes import extent, text
from netdsl.text.diagnostics import Diagnostic


class PaddingDrift(Rule):
    code = "W0203"
    why = (
        "A kernel of k needs (k-1)*dilation/2 pixels on each side to keep the size. With more the border grows by "
        "zeros, with fewer the map shrinks in every layer, and sizes stop coming out even."
    )
    literature = ("Dumoulin and Visin, A Guide to Convolution Arithmetic for Deep Learning, 2016, section 2.2.1",)

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        if network is None:
            return
        keeps = shrinks = 0
        unpadded: list[Node] = []
        wrong: list[Node] = []
        for node in subject.nodes:
            found = axes(network, node)
            if found is None or node.shape is None:
                continue
            pad = getattr(node.op, "pad", None)
            changed = any(axis.out != -(-axis.size // axis.stride) for axis in found)
            plain = isinstance(node.op, Convolution) and all(axis.stride == 1 for axis in found)
            if plain and max(axis.kernel for axis in found) > 1:
                keeps, shrinks = keeps + (not changed), shrinks + changed
            if not changed or not isinstance(pad, tuple) or pad[0] != pad[1] or pad[2] != pad[3]:
                continue
            if not any(pad):
                if plain and node.shape[1:] != (1, 1):
                    unpadded.append(node)
            elif any(map(_drifts, found)):
                wrong.append(node)
        # Without padding at all is a way to build (LeNet, U-Net); one layer of it among padded ones is none.
        if keeps > shrinks:
            wrong += unpadded
        for nodes in subject.grouped(wrong):
            yield self._told(subject, network, nodes)

    def _told(self, subject: Subject, network: Network, nodes: list[Node]) -> Diagnostic:
        node = nodes[0]
        found = axes(network, node)
        assert found is not None
        axis = next((each for each in found if _drifts(each)), found[0])
        size, needed = extent(axis.kernel, axis.dilation), (extent(axis.kernel, axis.dilation) - 1) / 2
        grows = axis.out > -(-axis.size // axis.stride)
        if needed.is_integer() and isinstance(node.op, Convolution):
            help = f"`pad=same` pads by {int(needed)} and gives {-(-axis.size // axis.stride)}"
        elif needed.is_integer():
            help = f"`pad={int(needed)}` gives {-(-axis.size // axis.stride)}"
        else:
            help = "an even window cannot be centred: leave the padding out, or write `pad=tf`"
        if not axis.pad:
            help += "; write `pad=valid` if it is meant to shrink"
        return self.warning(
            f"the map {'grows' if grows else 'shrinks'} from {text(network.shapes[node.inputs[0]])} to "
            f"{text(node.shape)}{times(len(nodes))}: a window of {size} with {plural(axis.pad, 'pixel')} of padding",
            subject.place(node),
            label=f"{axis.size} to {axis.out}{subject.within(node)}",
            help=help,
        )


def _drifts(axis: Axis) -> bool:
    """Whether a padding changes the size though it seems meant to keep it: it is there, and does not fit the window."""
    even = extent(axis.kernel, axis.dilation) % 2 == 0
    kept = -(-axis.size // axis.stride)
    if axis.stride > 1 or even:
        return axis.pad > 0 and axis.out > kept
    return axis.pad > 0 and axis.out != kept and axis.out > 1
