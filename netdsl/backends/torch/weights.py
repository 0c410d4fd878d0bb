"""Weights that users have, into a built module: by name, all of them, and told in the spec's terms where they do not
fit."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.text.visible import visible

if TYPE_CHECKING:
    from torch import Tensor, nn


OPTIONAL = ("num_batches_tracked", "relative_position_index")
"""Buffers that a checkpoint may lack: what they hold is known without it."""


class WeightsError(Exception):
    """The weights are not those of the module: they cannot be read or are no tensors, names are missing or unknown, or
    shapes differ."""


def load_weights(model: nn.Module, weights: Any) -> nn.Module:
    """Load weights into a module that `build` made, and return it.

    `weights` is a `state_dict`, another module, a file (`.safetensors`, or what `torch.save` wrote: read with
    `weights_only`, so that it cannot run code), or a torchvision weights enum, which torchvision fetches or finds in
    its cache. All names and shapes must agree; otherwise nothing is loaded and `WeightsError` lists what is missing,
    unknown and of another shape.
    """
    state = _state(weights)
    own = model.state_dict()
    _refuse_odd(state)
    missing = [name for name in own if name not in state and not name.endswith(OPTIONAL)]
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
        hints = [f"`{visible(each)}`" + (f" (for `{found[0]}`?)" if found else "") for each, found in nearest.items()]
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
    shown = ascii(str(path))
    try:
        loaded = _read(path)
    except OSError:
        raise
    except Exception as problem:  # what is no such file fails in as many ways as there are readers
        raise WeightsError(f"{shown} cannot be read as weights ({type(problem).__name__})") from problem
    inner = loaded.get("state_dict") if isinstance(loaded, Mapping) else None
    if isinstance(inner, Mapping):
        return inner
    if not isinstance(loaded, Mapping):
        raise WeightsError(f"{shown} holds no state_dict")
    return loaded


def _read(path: Path) -> Any:
    """What a file of weights holds."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def _refuse_odd(state: Mapping[str, Tensor]) -> None:
    """Refuse what cannot be copied into a module as it is. Raises `WeightsError`, before anything is loaded."""
    import torch

    for name, value in state.items():
        if not isinstance(name, str):
            raise WeightsError(f"the name of a tensor is text, not {name!a}")
        if not isinstance(value, torch.Tensor):
            raise WeightsError(f"`{visible(name)}` is no tensor but a {type(value).__name__}")
        counts = name.endswith("num_batches_tracked")  # an integer in every network
        if value.is_meta or value.is_quantized or value.layout != torch.strided:
            raise WeightsError(f"`{visible(name)}` is a meta, quantized or sparse tensor; weights are plain ones")
        if not counts and not value.is_floating_point():
            raise WeightsError(f"`{visible(name)}` holds {str(value.dtype).removeprefix('torch.')}, no real numbers")


def _text(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _list(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
