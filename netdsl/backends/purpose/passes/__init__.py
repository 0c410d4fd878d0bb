"""The passes over the plan of an evaluation, one file each: a graph to another with the same results; and what is
computed again in training.

A pass is a function `apply`; its file's docstring is its page, which `netdsl explain NAME` prints.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeAlias

from netdsl.backends.purpose.graph import Graph
from netdsl.backends.purpose.passes import (
    channels_last,
    computed_once,
    dead_code,
    folded_norms,
    fused_kernels,
    inference_only,
    late_relu,
    merged_siblings,
    pools_behind_projections,
    recomputed_groups,
    recomputed_values,
)

Pass: TypeAlias = Callable[[Graph], Graph]

ANY: tuple[Pass, ...] = (
    inference_only.apply,
    dead_code.apply,
    computed_once.apply,
    folded_norms.apply,
    pools_behind_projections.apply,
    merged_siblings.apply,
    late_relu.apply,
    channels_last.apply,
)
"""The passes for any device, in order."""

CPU: tuple[Pass, ...] = (*(each for each in ANY if each is not late_relu.apply), fused_kernels.apply)
"""The passes for oneDNN on a CPU: a ReLU in a convolution's kernel needs not wait for the pool."""

TARGETS = {"any": ANY, "cpu": CPU}


TRAINING = (recomputed_values, recomputed_groups)
"""What `--for training` does: these choose for a budget."""


def name(step: Pass) -> str:
    """What a pass is called: its file."""
    return step.__module__.rpartition(".")[2]


def pages() -> dict[str, str]:
    """The page of each pass, by its name."""
    modules = [sys.modules[each.__module__] for each in dict.fromkeys((*ANY, *CPU))]
    return {each.__name__.rpartition(".")[2]: (each.__doc__ or "").strip() for each in (*modules, *TRAINING)}
