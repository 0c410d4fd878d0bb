"""What no result needs is not computed: auxiliary heads, and values that nothing takes.

The steps are followed back from what the network returns in evaluation; all others go. So the heads of GoogLeNet, which
give values in training only, are not in the source, and neither are their weights in the module.
"""

from __future__ import annotations

from netdsl.backends.purpose.graph import Graph


def apply(graph: Graph) -> Graph:
    """The graph of the steps that a result needs."""
    needed = set(graph.results.values())
    kept = []
    for step in reversed(graph.steps):
        if step.value in needed:
            needed.update(step.inputs)
            kept.append(step)
    return graph.changed(reversed(kept))
