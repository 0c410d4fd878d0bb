"""PyTorch: `emit` writes source that imports torch only, `build` executes that very text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.backends.torch.source import emit

if TYPE_CHECKING:
    from netdsl.ir import Network
    from torch import nn

__all__ = ["build", "emit"]


def build(network: Network, probabilities: bool = False) -> nn.Module:
    """The network as a live `torch.nn.Module`; see `netdsl.backends.torch.module.build`."""
    from netdsl.backends.torch import module

    return module.build(network, probabilities)
