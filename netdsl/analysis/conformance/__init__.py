"""A network to the proof of its figures: every figure the compiler computes, beside what the paper prints and what the
reference implementations have, with a verdict on each.

The paper's figures stand in the spec (`->`, `expect`, `reported`); those of the implementations are data
(`references.json`), since they were counted where the implementations run and must be there where they are not.
"""

from netdsl.analysis.conformance.compare import Comparison, Conformance, Verdict, examine, prove

__all__ = ["Comparison", "Conformance", "Verdict", "examine", "prove"]
