"""For which inputs a network is defined, from the arithmetic of its layers alone.

`progression` are numbers that stand for many, `families` what a network answers for them, `solve` sends them through
it, `sets` says in short what comes out, `valid` has the answer for each dimension of the input with the statements that
cause it, `symbolic` the shapes in terms of the input's.
"""

from netdsl.passes.sizes.families import Family, Solution
from netdsl.passes.sizes.sets import SizeSet, condition
from netdsl.passes.sizes.solve import Solver
from netdsl.passes.sizes.valid import (
    Cause,
    Dimension,
    Inputs,
    changing_weights,
    keeps_shape,
    names,
    plane_as_built,
    valid_inputs,
)

__all__ = [
    "Cause",
    "Dimension",
    "Family",
    "Inputs",
    "SizeSet",
    "Solution",
    "Solver",
    "changing_weights",
    "condition",
    "keeps_shape",
    "names",
    "plane_as_built",
    "valid_inputs",
]
