"""Weights that users have, into a built module: by name, all of them, and told in the spec's terms where they do not
fit."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

from netdsl.text.visible import visible

if TYPE_CHECKING:
    from torch import Tensor, nn


OPTIONAL = ("num_batches_tracked", "relative_position_index")
"""Buffers that a checkpoint may lack: what they hold is known without it."""


Reload: TypeAlias = "Callable[[nn.Module, Callable[[nn.Module], object], bool], None]"
RELOADED: WeakKeyDictionary[nn.Module, Reload] = WeakKeyDictionary()
"""How modules whose tensors are made of the plain module's take other weights: told by who makes them. Such a function
gets the module, what loads a plain module, and whether the initial values of that matter."""


class WeightsError(Exception):
    """The weights are not those of the module: they cannot be read or are no tensors, names are missing or unknown, or
    shapes differ.

    `pairs` is an offer where only names differ: the weights' names with those of the network's tensors of the same
    shapes. It goes into `load_weights(..., rename=error.pairs)`; that the two mean the same is for the user to know.
    """

    def __init__(self, message: str, pairs: Mapping[str, str] | None = None):
        super().__init__(message)
        self.pairs: Mapping[str, str] = pairs or {}


WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "module")
"""Under which names a training script keeps the weights in its checkpoint."""


def load_weights(
    model: nn.Module,
    weights: Any,
    *,
    prefix: str = "",
    ignore: Iterable[str] = (),
    rename: Mapping[str, str] | None = None,
) -> nn.Module:
    """Load weights into a module that `build` made, and return it.

    `weights` is a `state_dict`, a checkpoint that holds one (`{'model': ...}`), another module, a file (`.safetensors`,
    or what `torch.save` wrote: read with `weights_only`, so that it cannot run code), or a torchvision weights enum,
    which torchvision fetches or finds in its cache.

    `prefix` is taken off: only what begins with it counts, without it. `ignore` are patterns (`fc.*`) of names that are
    neither needed nor wanted: what they fit keeps its values, as a new head does. `rename` gives names of the weights
    (without the prefix) others.

    A module that is compiled for inference takes the plain module's weights, and makes its own of them; what is ignored
    is drawn anew.

    All other names and shapes must agree; else nothing is loaded, and `WeightsError` says what is missing, unknown and
    of another shape, and what would help.
    """
    options: dict[str, Any] = {"prefix": prefix, "ignore": ignore, "rename": rename}
    if reload := RELOADED.get(model):
        reload(model, lambda plain: load_weights(plain, weights, **options), bool(ignore))
        return model
    state = _prefixed(_state(weights), prefix)
    state = {(rename or {}).get(name, name): value for name, value in state.items()}
    patterns = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    state = {name: value for name, value in state.items() if not _fits(name, patterns)}
    own = model.state_dict()
    wanted = {name: value for name, value in own.items() if not _fits(name, patterns)}
    _refuse_odd(state)
    _refuse_unlike(wanted, state)
    model.load_state_dict({**own, **state}, strict=True)
    return model


def _fits(name: object, patterns: tuple[str, ...]) -> bool:
    return isinstance(name, str) and any(fnmatchcase(name, each) for each in patterns)


def _prefixed(state: Mapping[str, Tensor], prefix: str) -> Mapping[str, Tensor]:
    if not prefix:
        return state
    dotted = prefix if prefix.endswith(".") else f"{prefix}."
    found = {name[len(dotted) :]: value for name, value in state.items() if str(name).startswith(dotted)}
    if not found:
        raise WeightsError(f"no tensor of the weights begins with `{visible(dotted)}`: {_list(list(state))}")
    return found


def _refuse_unlike(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Refuse weights of other names or shapes. Raises `WeightsError`, with what would help."""
    missing = [name for name in own if name not in state and not _dispensable(name)]
    unknown = [name for name in state if name not in own]
    shapes = [
        f"`{name}` is {_text(state[name])} in the weights, {_text(own[name])} in the network"
        for name in own
        if name in state and tuple(state[name].shape) != tuple(own[name].shape)
    ]
    if not (missing or unknown or shapes):
        return
    prefix = _common(own, state)
    if prefix:
        fitting = sum(name.startswith(prefix) for name in state)
        which = "all" if fitting == len(state) else f"{fitting} of {len(state)}"
        raise WeightsError(
            f"{which} names of the weights begin with `{visible(prefix)}`, without which they are the network's: "
            f'give prefix="{visible(prefix)}"'
        )
    pairs = {} if shapes else _pairs(own, state, missing, [name for name in unknown if not _dispensable(name)])
    problems = []
    if missing:
        count = len([name for name in own if not _dispensable(name)])
        problems.append(f"{len(missing)} of the network's {count} tensors are not among the weights: {_list(missing)}")
    if unknown:
        nearest = {name: difflib.get_close_matches(name, missing, n=1, cutoff=0.75) for name in unknown[:3]}
        hints = [f"`{visible(each)}`" + (f" (for `{found[0]}`?)" if found else "") for each, found in nearest.items()]
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        problems.append(f"the network has no layer for {', '.join(hints)}{more}")
    problems += shapes[:5] + ([f"and {len(shapes) - 5} more of another shape"] if len(shapes) > 5 else [])
    if pairs:
        problems.append(f"all {len(pairs)} pair up by their shapes, in order: rename=error.pairs loads them so")
    elif head := _head(missing, unknown, shapes):
        problems.append(f'ignore=["{visible(head)}.*"] leaves these as they are')
    raise WeightsError("; ".join(problems), pairs)


def _dispensable(name: str) -> bool:
    """Whether a checkpoint may lack this tensor: what it holds is known without it."""
    return name.endswith(OPTIONAL)


def _common(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str:
    """What must be taken off the weights' names so that they are those of the network, to its last tensor."""
    first = next((name for name in own if not _dispensable(name)), "")
    needed = [name for name in own if not _dispensable(name)]
    for name in state if first else ():
        prefix = name.removesuffix(first)
        if prefix != name and prefix.endswith(".") and all(prefix + each in state for each in needed):
            return prefix
    return ""


def _pairs(
    own: Mapping[str, Tensor], state: Mapping[str, Tensor], missing: list[str], unknown: list[str]
) -> dict[str, str]:
    """The unknown names with the missing ones, where in their order all shapes agree."""
    if not missing or len(missing) != len(unknown):
        return {}
    both = list(zip(unknown, missing, strict=True))
    return dict(both) if all(state[a].shape == own[b].shape for a, b in both) else {}


def _head(missing: list[str], unknown: list[str], shapes: list[str]) -> str:
    """The one module that all that differs belongs to."""
    odd = [*missing, *unknown, *(each.split("`")[1] for each in shapes)]
    modules = {name.rpartition(".")[0] for name in odd}
    return modules.pop() if len(modules) == 1 else ""


def _state(weights: Any) -> Mapping[str, Tensor]:
    import torch

    if isinstance(weights, torch.nn.Module):
        return weights.state_dict()
    if isinstance(weights, Mapping):
        return _unwrapped(weights)
    if hasattr(weights, "get_state_dict"):  # a torchvision weights enum
        found: Mapping[str, Tensor] = weights.get_state_dict(progress=True)
        return found
    try:
        path = Path(os.fspath(weights))
    except TypeError:
        kind = type(weights).__name__
        raise WeightsError(f"a {kind} is no weights: give a state_dict, a module, a file or a weights enum") from None
    shown = ascii(str(path))
    try:
        loaded = _read(path)
    except OSError as problem:
        raise WeightsError(f"{shown} cannot be read: {problem.strerror or problem}") from problem
    except Exception as problem:  # what is no such file fails in as many ways as there are readers
        raise WeightsError(_unreadable(shown, problem)) from problem
    if not isinstance(loaded, Mapping):
        raise WeightsError(f"{shown} holds no state_dict but a {type(loaded).__name__}")
    return _unwrapped(loaded)


def _unreadable(shown: str, problem: Exception) -> str:
    """Why a file cannot be read, in one sentence."""
    if type(problem).__name__ == "UnpicklingError" and "weights_only" in str(problem).lower().replace(" ", "_"):
        return (
            f"{shown} holds more than tensors, as a module that was pickled whole: reading it would run its code, so "
            "it is not read; save `model.state_dict()` in its place"
        )
    return f"{shown} cannot be read as weights ({type(problem).__name__})"


def _unwrapped(loaded: Mapping[Any, Any]) -> Mapping[str, Tensor]:
    """The state_dict in a checkpoint, which keeps it beside the optimizer's and the epoch; itself where it is one."""
    import torch

    for name in WRAPPERS:
        inner = loaded.get(name)
        if isinstance(inner, torch.nn.Module):
            return inner.state_dict()
        if isinstance(inner, Mapping):
            return _unwrapped(inner)
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
        whole = name.endswith(OPTIONAL)  # these hold whole numbers
        if value.is_meta or value.is_quantized or value.layout != torch.strided:
            raise WeightsError(f"`{visible(name)}` is a meta, quantized or sparse tensor; weights are plain ones")
        if not whole and not value.is_floating_point():
            raise WeightsError(f"`{visible(name)}` holds {str(value.dtype).removeprefix('torch.')}, no real numbers")


def _text(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _list(names: list[str]) -> str:
    shown = ", ".join(f"`{visible(str(name))}`" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
