"""Initial values drawn once for each tensor, or not at all.

A constructor draws what PyTorch's layers draw by default, and then what the spec asks for; where weights follow,
neither is of use. So a tensor that is to be filled at random remembers how, the last wish wins, and it is filled when
something reads it or at the end. This holds in one thread: others draw as ever.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import torch
from torch import Tensor
from torch.nn import init
from torch.overrides import TorchFunctionMode

FILLS = frozenset({init.uniform_, init.normal_, init.kaiming_uniform_, Tensor.uniform_, Tensor.normal_})
"""Functions that fill a tensor at random and ask a mode first; all of `nn.init` goes through one of them."""
OVERWRITES = frozenset({init.constant_, Tensor.fill_, Tensor.zero_, Tensor.copy_})
LOOKS = frozenset(
    {
        Tensor.dim,
        Tensor.size,
        Tensor.numel,
        Tensor.ndimension,
        Tensor.requires_grad_,
        *(getattr(Tensor, name).__get__ for name in ("shape", "ndim", "dtype", "device", "requires_grad", "is_meta")),
    }
)
"""Functions that do not read a tensor's values."""


FUNCTIONS = tuple(name for name in vars(init) if name.endswith("_") and not name.startswith("_"))
"""The functions of `nn.init` that fill a tensor."""
_LOCK = threading.Lock()
_UNDRAWN: dict[int, int] = {}
"""The threads that draw nothing, each with how often it has said so."""


@contextlib.contextmanager
def undrawn() -> Iterator[None]:
    """Within, the functions of `nn.init` leave the tensors of this thread as they are.

    They stand where PyTorch's layers and emitted classes find them, since a mode that sees every call costs more than
    what else a constructor does.
    """
    thread = threading.get_ident()
    with _LOCK:
        if not _UNDRAWN:
            for name in FUNCTIONS:
                setattr(init, name, _passing(getattr(init, name)))
        _UNDRAWN[thread] = _UNDRAWN.get(thread, 0) + 1
    try:
        yield
    finally:
        with _LOCK:
            _UNDRAWN[thread] -= 1
            if not _UNDRAWN[thread]:
                del _UNDRAWN[thread]
            if not _UNDRAWN:
                for name in FUNCTIONS:
                    setattr(init, name, getattr(init, name).__wrapped__)


def _passing(fill: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function that fills a tensor, but none of a thread that draws nothing."""

    @wraps(fill)
    def filled(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return tensor if threading.get_ident() in _UNDRAWN else fill(tensor, *args, **kwargs)

    return filled


class DrawnOnce(TorchFunctionMode):
    """Puts off what fills tensors at random until something reads them, or the end."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[int, tuple[Tensor, Any, Any, Any]] = {}

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One call of PyTorch: a wish to fill is noted, and whatever reads a tensor finds it filled."""
        kwargs = kwargs or {}
        if function in LOOKS or not (function in FILLS or self.waiting):
            return function(*args, **kwargs)
        given = [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor) and not each.is_meta]
        if function in FILLS and given:
            self.waiting[given[0].data_ptr()] = given[0], function, args, kwargs
            return given[0]
        for each in given:
            found = self.waiting.get(each.data_ptr())
            if found is not None and function in OVERWRITES and each is given[0] and each.numel() == found[0].numel():
                del self.waiting[each.data_ptr()]
            elif found is not None:
                self._fill(each.data_ptr())
        return function(*args, **kwargs)

    def _fill(self, place: int) -> None:
        _, function, args, kwargs = self.waiting.pop(place)
        with torch.no_grad():
            function(*args, **kwargs)

    def finish(self) -> None:
        """Fill all that waits."""
        for place in list(self.waiting):
            self._fill(place)


@contextlib.contextmanager
def drawn(once: bool = True) -> Iterator[None]:
    """Within, each tensor is drawn once; or what `nn.init` would fill is left undetermined."""
    if not once:
        with undrawn():
            yield
        return
    drawing = DrawnOnce()
    with drawing:
        yield
    drawing.finish()
