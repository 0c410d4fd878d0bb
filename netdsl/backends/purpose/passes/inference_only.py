"""What does nothing in evaluation goes: dropout, stochastic depth, identities.

In evaluation `dropout` and `droppath` give what they take, so whoever takes their value takes what went into them. The
same holds for `identity`. In training they are what they are, which is why the plain source has them.
"""

from __future__ import annotations

from netdsl.backends.purpose.graph import Graph
from netdsl.ops import Family


def apply(graph: Graph) -> Graph:
    """The graph without steps that give what they take."""
    gone = {step.value: step.inputs[0] for step in graph.steps if step.op.transparent or _random(step.op.family)}
    return graph.changed((step for step in graph.steps if step.value not in gone), gone)


def _random(family: Family) -> bool:
    """Whether the operators of a family do something in training alone."""
    return family is Family.REGULARIZATION
