"""The channels of a pixel lie side by side in memory, throughout.

PyTorch's usual layout has one plane behind another. Where the channels of a pixel are neighbours
(`torch.channels_last`), a kernel takes many of them with one instruction: a max pool compares them side by side, a
convolution multiplies them by rows of its weights without bringing them into order first, and the tensor cores of a GPU
take this layout too. Weights are kept in it, the input is brought into it once, at the start, and all that follows
keeps it.

Where it does not pay: in float32 on a GPU, whose tensor cores do not take that type, and which then brings values back
into planes before many a kernel. On an H100, 64 images of ResNet-50 took 1.19 times as long as by the plain module
(`benchmarks/gpu.py --only inference`). So the layout is an argument of the emitted constructor, which
`netdsl.build(net, purpose="inference", device="cuda")` gives as `torch.contiguous_format`; in half precision it stays.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.backends.purpose.graph import Graph
from netdsl.ops import Family

SLIDING = (Family.CONVOLUTION, Family.POOLING)


def apply(graph: Graph) -> Graph:
    """The graph in that layout, where it has layers on planes that gain by it."""
    planar = any(step.op.family in SLIDING and len(graph.shapes(step)[0]) == 3 for step in graph.steps)
    return replace(graph, channels_last=planar)
