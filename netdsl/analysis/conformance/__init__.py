"""The figures that the compiler computes for a network, compared with those of its paper and of other implementations,
with a verdict on each.

The paper's figures are in the spec (`->`, `expect`, `reported`). Those of the implementations are in `references.json`:
they were counted where the implementations are installed, and are needed where they are not.
"""

from netdsl.analysis.conformance.compare import Comparison, Conformance, Verdict, examine, prove

__all__ = ["Comparison", "Conformance", "Verdict", "examine", "prove"]
