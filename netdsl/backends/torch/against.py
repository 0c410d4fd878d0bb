"""A network held against a live model of torchvision or timm: names, shapes, counts, and outputs with its weights.

This is the proof of the zoo, for a spec of one's own: the weights of the one are copied into the other, by name where
the names agree, else in their order where all shapes do, and both are asked for the same input.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netdsl.ir import Network

if TYPE_CHECKING:
    from torch import Tensor, nn

CLOSE = 1e-4
"""The largest relative difference of outputs that is rounding."""


class ModelError(Exception):
    """The model cannot be had, or cannot be run on the network's input: the message says why."""


@dataclass(frozen=True)
class Against:
    """How a network differs from a model.

    - `missing`, `unknown`: names of tensors that only the network has, and only the model.
    - `reshaped`: those of another shape, each with the network's and the model's.
    - `params`: the trained parameters of both.
    - `by`: how the model's weights were copied, `name` or `order`; None where that is not possible.
    - `error`: the largest difference of the outputs, relative to the largest of the model's; None without weights.
    """

    tensors: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    reshaped: tuple[tuple[str, str, str], ...]
    params: tuple[int, int]
    by: str | None
    error: float | None

    @property
    def same(self) -> bool:
        """Whether both compute the same; other names alone are no difference."""
        return self.error is not None and self.error < CLOSE and self.params[0] == self.params[1]


def model(name: str) -> nn.Module:
    """The model of this name, with random weights: `torchvision:resnet50`, `torchvision:mobilenet_v2(width_mult=1.4)`.

    Raises `ModelError` where its library is not installed or knows no such model.
    """
    library, _, call = name.partition(":")
    title, arguments = _arguments(call)
    try:
        if library == "torchvision":
            import torchvision

            if title in ("googlenet", "inception_v3"):
                arguments.setdefault("init_weights", False)  # which takes minutes
            made: nn.Module = torchvision.models.get_model(title, weights=None, **arguments)
            return made
        import timm

        made = timm.create_model(title, pretrained=False, **arguments)
        return made
    except ImportError:
        raise ModelError(f"{library} is not installed: `pip install {library}`") from None
    except Exception as problem:  # each library has its own for what it does not know
        raise ModelError(f"{library} makes no model `{call}`: {problem}") from problem


def _arguments(call: str) -> tuple[str, dict[str, Any]]:
    try:
        tree = ast.parse(call, mode="eval").body
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.args:
            return tree.func.id, {str(each.arg): ast.literal_eval(each.value) for each in tree.keywords}
    except (SyntaxError, ValueError):
        pass
    return call, {}


def against(network: Network, theirs: nn.Module) -> Against:
    """Hold a network against a model. Raises `ModelError` where the model does not run on the network's input."""
    import torch
    from netdsl.backends.torch import build

    if len(network.inputs) != 1:
        raise ModelError("a network of several inputs cannot be held against a model")
    torch.manual_seed(0)
    ours = build(network)
    mine, other = ours.state_dict(), theirs.state_dict()
    reshaped = tuple(
        (name, _text(value), _text(other[name]))
        for name, value in mine.items()
        if name in other and value.shape != other[name].shape
    )
    copied, by = _copied(mine, other)
    found = Against(
        len(mine),
        tuple(name for name in mine if name not in other),
        tuple(name for name in other if name not in mine),
        reshaped,
        (network.params + network.aux_params, sum(p.numel() for p in theirs.parameters() if p.requires_grad)),
        by,
        None,
    )
    if copied is None:
        return found
    _stir(theirs)
    copied, by = _copied(mine, theirs.state_dict())
    ours.load_state_dict(copied or {}, strict=True)
    x = torch.randn(2, *network.inputs[0].shape)
    with torch.no_grad():
        try:
            expected = _first(theirs.eval()(x))
        except (RuntimeError, ValueError, AssertionError) as problem:
            raise ModelError(f"the model does not run on {_text(x[0])}: {problem}") from problem
        given = _first(ours.eval()(x))
    if given.shape != expected.shape:
        return Against(**{**vars(found), "error": float("inf")})
    error = float((given - expected).abs().max() / expected.abs().max().clamp_min(1e-30))
    return Against(**{**vars(found), "error": error})


def _copied(mine: dict[str, Tensor], other: dict[str, Tensor]) -> tuple[dict[str, Tensor] | None, str | None]:
    """The model's weights under the network's names, and how: by name, else in order; None where shapes differ."""
    if mine.keys() == other.keys():
        return (dict(other), "name") if all(mine[name].shape == other[name].shape for name in mine) else (None, None)
    values = list(other.values())
    if [value.shape for value in mine.values()] != [value.shape for value in values]:
        return None, None
    return dict(zip(mine, values, strict=True)), "order"


def _stir(model: nn.Module) -> None:
    """Give norms statistics of their own: fresh ones hide what a norm does, and zeros whole branches."""
    import torch

    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif name.endswith("running_mean"):
                value.normal_(0, 0.1)
            elif value.dim() == 1 and name.endswith("weight"):
                value.uniform_(0.5, 1)


def _first(output: Any) -> Tensor:
    """The logits among what a model gives."""
    if isinstance(output, dict):
        output = next(iter(output.values()))
    while isinstance(output, (tuple, list)):
        output = output[0]
    found: Tensor = output
    return found


def _text(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def lines(found: Against, name: str) -> Iterator[str]:
    """What to tell of it, a line each."""
    ours, theirs = found.params
    yield f"params: {ours:,}" + (", as the model's" if ours == theirs else f", the model's {theirs:,}")
    if found.missing or found.unknown:
        only = [f"{len(each)} only in {where} ({_list(each)})" for each, where in
                ((found.missing, "the network"), (found.unknown, name)) if each]  # fmt: skip
        yield f"names: {'; '.join(only)}"
    else:
        yield f"names: all {found.tensors} agree"
    for tensor, mine, other in found.reshaped[:5]:
        yield f"shapes: `{tensor}` is {mine}, the model's {other}"
    if len(found.reshaped) > 5:
        yield f"shapes: and {len(found.reshaped) - 5} more differ"
    if found.error is None:
        yield "outputs: not compared, since the model's weights do not fit"
    else:
        verdict = "the same" if found.error < CLOSE else "NOT the same"
        yield f"outputs: {verdict}, with the model's weights by {found.by} (relative difference {found.error:.1e})"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
