"""PyTorch: `emit` writes source that imports torch only, `build` executes that very text, `load_weights` fills it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.backends.torch.weights import WeightsError, load_weights

if TYPE_CHECKING:
    from typing import Any

    import torch
    from netdsl.ir import Network
    from torch import nn

__all__ = ["WeightsError", "build", "emit", "load_weights", "optimize"]


PURPOSES = ("inference", "training")
TARGETS = ("any", "cpu")


def emit(
    network: Network,
    probabilities: bool = False,
    *,
    purpose: str | None = None,
    target: str | None = None,
    sizes: bool = False,
    batch: int | None = None,
    budget: str | int | None = None,
) -> str:
    """PyTorch source of a network, standing alone on torch.

    The plain source is one module class as a person would write it; see `netdsl.backends.torch.source`. For the
    purpose `inference` it is another class with the same outputs, which answers faster and does not train; `target` is
    `any` device or `cpu`. For `training` it is a class that derives from the plain one and needs less memory; a
    `budget` ("8GB", or bytes) is for all that a step with a `batch` of so many samples (one unless given) takes. See
    `netdsl.backends.purpose`.

    A final softmax is left out, as PyTorch's losses take logits, unless `probabilities`. With `sizes` the docstring of
    the plain source also says for which sizes of the input its module is valid, as in every file that netdsl writes: to
    solve that takes five to twenty times as long as to write the source. Raises `ValueError` for a network with errors,
    an unknown purpose or target, a target, budget or batch that the purpose does not have, and `BudgetError`, which is
    one, for a budget that cannot be met.
    """
    _asked(purpose, target, batch if purpose != "inference" else None, budget)
    if purpose == "inference":
        from netdsl.backends.purpose import write

        return write.write(network, probabilities, target or "any")[1]
    if purpose == "training":
        from netdsl.backends.purpose import module

        return module.trained(network, probabilities, batch, budget)[1]
    from netdsl.backends.torch import source

    return source.emit(network, probabilities, sizes)


def build(
    network: Network,
    probabilities: bool = False,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    init: bool = True,
    purpose: str | None = None,
    target: str | None = None,
    batch: int | None = None,
    budget: str | int | None = None,
    weights: Any = None,
) -> nn.Module:
    """The network as a live `torch.nn.Module`, of the text that `emit` gives.

    `weights` are loaded into it, as `load_weights` does. `init=False` leaves initial values undetermined, for
    whoever fills them. See `netdsl.backends.torch.module.build`, and for a `purpose`, with its `target`
    or `budget` and the `batch` that it is for, `netdsl.backends.purpose.module`.
    """
    _asked(purpose, target, batch if target != "cpu" else None, budget)
    if purpose == "inference":
        from netdsl.backends.purpose import module as purposes

        return purposes.build(
            network, weights, probabilities, target=target or "any", batch=batch, device=device, dtype=dtype
        )
    from netdsl.backends.torch import module

    text = None
    if purpose == "training":
        from netdsl.backends.purpose import module as purposes

        text = purposes.trained(network, probabilities, batch, budget)
    made = module.build(network, probabilities, device=device, dtype=dtype, init=init and weights is None, text=text)
    return made if weights is None else load_weights(made, weights)


def optimize(
    weights: Any,
    network: Network,
    probabilities: bool = False,
    *,
    target: str | None = None,
    batch: int | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """A module, or what `load_weights` takes, as a module that answers faster: `build` for inference with its weights.

    A module must have the tensors of the one that `build(network)` gives, by name; it stays as it is.
    """
    given: Any = dict(device=device, dtype=dtype, target=target, batch=batch, weights=weights)
    return build(network, probabilities, purpose="inference", **given)


def _asked(purpose: str | None, target: str | None, batch: int | None, budget: str | int | None) -> None:
    """Raises `ValueError` for what is unknown, and for what a purpose does not have."""
    if purpose is not None and purpose not in PURPOSES:
        raise ValueError(f"there is no purpose {purpose!r}; there are `inference` and `training`")
    if target is not None and target not in TARGETS:
        raise ValueError(f"there is no target {target!r}; there are `any` and `cpu`")
    if target is not None and purpose != "inference":
        raise ValueError("a target is of a purpose: give purpose='inference' too")
    if budget is not None and purpose != "training":
        raise ValueError("a budget is of a purpose: give purpose='training' too")
    if batch is not None and purpose != "training":
        raise ValueError("`batch` is for the purpose `training`, and for `inference` with target `cpu`")
