"""Weights that users have, into a built module: by name, all of them, and told in the spec's terms where they do not
fit."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


class WeightsError(Exception):
    """The weights are not those of the module: names are missing or unknown, or shapes differ."""


def load_weights(model: nn.Module, weights: Any) -> nn.Module:
    """Load weights into a module that `build` made, and return it.

    `weights` is a `state_dict`, another module, a file (`.safetensors`, or what `torch.save` wrote: read with
    `weights_only`, so that it cannot run code), or a torchvision weights enum, which torchvision fetches or finds in
    its cache. All names and shapes must agree; otherwise nothing is loaded and `WeightsError` lists what is missing,
    unknown and of another shape.
    """
    state = _state(weights)
    own = model.state_dict()
    missing = [name for name in own if name not in state and not name.endswith("num_batches_tracked")]
    unknown = [name for name in state if name not in own]
    shapes = [
        f"`{name}` is {_text(state[name])} in the weights, {_text(own[name])} in the network"
        for name in own
        if name in state and tuple(state[name].shape) != tuple(own[name].shape)
    ]
    problems = []
    if missing:
        problems.append(
            f"{len(missing)} of the network's {len(own)} tensors are not among the weights: {_list(missing)}"
        )
    if unknown:
        nearest = {name: difflib.get_close_matches(name, missing, n=1, cutoff=0.75) for name in unknown[:3]}
        hints = [f"`{name}` (for `{found[0]}`?)" if found else f"`{name}`" for name, found in nearest.items()]
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        problems.append(f"the network has no layer for {', '.join(hints)}{more}")
    problems += shapes[:5] + ([f"and {len(shapes) - 5} more of another shape"] if len(shapes) > 5 else [])
    if problems:
        raise WeightsError("; ".join(problems))
    model.load_state_dict({**own, **state}, strict=True)
    return model


def _state(weights: Any) -> Mapping[str, Tensor]:
    import torch

    if isinstance(weights, torch.nn.Module):
        return weights.state_dict()
    if isinstance(weights, Mapping):
        return weights
    if hasattr(weights, "get_state_dict"):  # a torchvision weights enum
        found: Mapping[str, Tensor] = weights.get_state_dict(progress=True)
        return found
    path = Path(os.fspath(weights))
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    inner = loaded.get("state_dict") if isinstance(loaded, Mapping) else None
    if isinstance(inner, Mapping):
        return inner
    if not isinstance(loaded, Mapping):
        raise WeightsError(f"'{path}' holds no state_dict")
    return loaded


def _text(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _list(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
