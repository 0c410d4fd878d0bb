"""Weights that know whose they are: files that training writes hold the digest of their network, so that weights of
another one are told by it, with the first layer that differs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from netdsl.backends.torch import WeightsError, load_weights
from netdsl.ir import Network
from netdsl.passes.hash import digest
from netdsl.training.errors import TrainingError


def origin(network: Network) -> dict[str, str]:
    """What a file of weights says of its network."""
    return {"network": network.name, "digest": digest(network)}


def load(model: nn.Module, network: Network, path: str | os.PathLike[str], ignore: Iterable[str] = ()) -> nn.Module:
    """Load a file into a module of this network; `ignore` as in `load_weights`.

    Raises `TrainingError` where it holds the weights of another network, `WeightsError` for others that do not fit.
    """
    given: Any = path
    if Path(path).suffix == ".ckpt" and Path(path).is_file():
        given = of_model(torch.load(path, map_location="cpu", weights_only=True))
    try:
        return load_weights(model, given, ignore=ignore)
    except WeightsError as problem:
        found, own = _origin(Path(path)), origin(network)
        if not found or found["digest"] == own["digest"]:
            raise
        them, us = (f"{each['network']} ({each['digest'][:12]})" for each in (found, own))
        raise TrainingError(
            f"'{path}' holds the weights of {them}, not of {us}: {problem}",
            "take those of this network, or leave out what differs by --ignore",
        ) from None


def of_model(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The weights in a checkpoint, by their names in the network: without those of the task, and of `torch.compile`."""
    state = checkpoint.get("state_dict", checkpoint)
    own = {name: value for name, value in state.items() if name.startswith("model.")} or state
    return {name.removeprefix("model.").removeprefix("_orig_mod."): value for name, value in own.items()}


def belongs(checkpoint: dict[str, Any], network: Network, path: Path) -> None:
    """Refuse a checkpoint of another network. Raises `TrainingError`."""
    found, own = checkpoint.get("netdsl"), origin(network)
    if found is not None and found["digest"] != own["digest"]:
        raise TrainingError(
            f"'{path}' is of {found['network']} ({found['digest'][:12]}), the run of {own['network']} "
            f"({own['digest'][:12]})",
            "put the run's own checkpoint back; the one before it is previous.ckpt",
        )


def _origin(path: Path) -> dict[str, str] | None:
    """Whose weights a file says that it holds; None where it says nothing."""
    if path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            found = json.loads((file.metadata() or {}).get("netdsl", "null"))
        return found if isinstance(found, dict) else None
    found = torch.load(path, map_location="cpu", weights_only=True)
    return found.get("netdsl") if isinstance(found, dict) else None
