"""The collection of garbage, put off while much is made that is kept: it would find nothing, and costs a multiple."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def put_off() -> Iterator[None]:
    """Without collection until the end; also around a function, as `@put_off()`, so that what it no longer needs is
    garbage by then. Inside another one, or where nothing is collected anyway, it changes nothing."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()
