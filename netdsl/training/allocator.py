"""Memory that a step has freed is used again by the next one, and not given back to the system in between.

A step on the CPU makes hundreds of tensors of megabytes and frees them. glibc asks the system for each such block anew
(mmap), which hands out its pages one by one, filled with zeros: a twentieth to a tenth of a step's time.
"""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Settings of mallopt(3), in glibc's malloc.h."""
OWN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_", "GLIBC_TUNABLES", "LD_PRELOAD")
"""Variables by which somebody has chosen already."""


def keep_freed() -> bool:
    """Set the allocator of this process so, and say whether that was done: on Linux with glibc, unless the environment
    says otherwise."""
    if sys.platform != "linux" or any(name in os.environ for name in OWN):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(MMAP_MAX, 0) and mallopt(TRIM_THRESHOLD, 2**31 - 1))
