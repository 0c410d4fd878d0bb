"""A bias apart from its layer: one number is added to each channel."""

from __future__ import annotations

from netdsl.ops import Family, Operator


class Offset(Operator):
    """The bias of a convolution whose place is behind the pool that it changed places with."""

    family = Family.CONVOLUTION
