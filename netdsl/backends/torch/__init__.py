"""PyTorch: `emit` writes source that imports torch only, `build` executes that very text, `load_weights` fills it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.backends.torch.source import emit
from netdsl.backends.torch.weights import WeightsError, load_weights

if TYPE_CHECKING:
    import torch
    from netdsl.ir import Network
    from torch import nn

__all__ = ["WeightsError", "build", "emit", "load_weights"]


def build(
    network: Network,
    probabilities: bool = False,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """The network as a live `torch.nn.Module`; see `netdsl.backends.torch.module.build`."""
    from netdsl.backends.torch import module

    return module.build(network, probabilities, device=device, dtype=dtype)
