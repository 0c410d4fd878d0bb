"""What the normalizations share: a learned scale and a learned offset for each channel, either of which may be left
out. PyTorch's layers have both or neither; one with a single one derives from it.
"""

from __future__ import annotations

from typing import Any

from netdsl.ops.shared.base import Weight

UNSCALED = '''class {name}Unscaled(nn.{name}):
    """{what} with a learned offset, but no learned scale."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.register_parameter("weight", None)

    def reset_parameters(self) -> None:
        {reset}nn.init.zeros_(self.bias)
'''
UNSHIFTED = '''class {name}Unshifted(nn.{name}):
    """{what} with a learned scale, but no learned offset."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.register_parameter("bias", None)

    def reset_parameters(self) -> None:
        {reset}nn.init.ones_(self.weight)
'''


def learned(channels: int, scale: bool, offset: bool, trainable: bool) -> dict[str, Weight]:
    """The tensors of a normalization."""
    each = Weight((channels,), trainable)
    return {**({"weight": each} if scale else {}), **({"bias": each} if offset else {})}


def called(
    name: str, what: str, scale: bool, offset: bool, reset: str = ""
) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """PyTorch's class `name` with these, what it is called with, and the definition that it takes.

    `reset` is what else its `reset_parameters` does.
    """
    if scale == offset:
        return f"nn.{name}", {} if scale else {"affine": False}, ()
    template, ending = (UNSCALED, "Unscaled") if offset else (UNSHIFTED, "Unshifted")
    return f"{name}{ending}", {}, (template.format(name=name, what=what, reset=reset),)
