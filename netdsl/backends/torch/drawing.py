"""Initial values drawn once for each tensor, or not at all.

A constructor draws what PyTorch's layers draw by default, and then what the spec asks for; where weights follow,
neither is of use. So a tensor that is to be filled at random remembers how, the last wish wins, and it is filled when
something reads it or at the end. This holds in one thread: others draw as ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import cycle
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


DEVIATIONS = (0.0, 0.6, -0.6, 1.2, -1.2)
"""Between two neighbours of these, and beyond them, lie less than three tenths of all normal values."""


class Undrawn(TorchFunctionMode):
    """Leaves what would be drawn at random as it is.

    A function that draws until its values suit it (`nn.init.trunc_normal_`) would not end on what happens to be in
    memory. It goes by PyTorch's raw functions, which here give one value everywhere, each time another that they could
    draw: where three tenths of the normal values suit, which is when PyTorch draws so, one of these does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.deviations = cycle(DEVIATIONS)

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One call of PyTorch."""
        kwargs = kwargs or {}
        if function is Tensor.normal_:
            return self._filled(*args, **kwargs)
        if function is Tensor.uniform_:
            least = args[1] if len(args) > 1 else kwargs.get("from", 0.0)
            return self._filled(args[0], least, 0.0)
        if function in FILLS:
            return args[0] if args else kwargs["tensor"]
        return function(*args, **kwargs)

    def _filled(self, tensor: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
        with torch.no_grad():
            return tensor.fill_(mean + next(self.deviations) * std)


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
    """Within, each tensor is drawn once; or what would be drawn is left undetermined."""
    if not once:
        with Undrawn():
            yield
        return
    drawing = DrawnOnce()
    with drawing:
        yield
    drawing.finish()
