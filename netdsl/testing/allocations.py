"""What a module takes in training, measured: the memories that autograd keeps, and the bytes of all tensors that are
alive, followed until each is freed, a peak that depends on no allocator."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def kept(model: nn.Module, inputs: Iterable[Tensor]) -> tuple[dict[int, int], Any]:
    """The memories that autograd keeps for the backward pass of a module, weights and buffers aside: the bytes of each
    by its address; and what the module gives."""
    own = {each.untyped_storage().data_ptr() for each in (*model.parameters(), *model.buffers())}
    found: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        alone = tensor.detach()  # a result that its own step keeps would never be freed
        if alone.untyped_storage().data_ptr() not in own:
            found[alone.untyped_storage().data_ptr()] = alone
        return alone

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        made = model(*inputs)
    return {place: each.untyped_storage().nbytes() for place, each in found.items()}, made


class Followed(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within, counts the bytes of all storages but those that are `known`: `now`, and the most so far, `peak`."""

    def __init__(self, known: Iterable[Tensor] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self.known = {each.untyped_storage()._cdata for each in known}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One operator: what it makes is followed."""
        self.peak = max(self.peak, self.now)  # behind a sum, what it is a sum of is gone
        made = function(*args, **(kwargs or {}))
        # The gradients of a value that several layers take: autograd adds them in place, but not within a mode.
        summing = function is torch.ops.aten.add.Tensor and not torch.is_grad_enabled()
        for each in tree_leaves(made):
            if isinstance(each, Tensor):
                self.follow(each, summing)
        return made

    def follow(self, tensor: Tensor, summing: bool = False) -> None:
        """Follow the storage of a tensor until it is freed; a sum takes the place of what it is a sum of."""
        storage = tensor.untyped_storage()
        place, size = storage._cdata, storage.nbytes()
        if place in self.known:
            return
        self.known.add(place)
        self.now += size
        if not summing:
            self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self.freed, place, size)

    def freed(self, place: int, size: int) -> None:
        """A storage is no more."""
        self.known.discard(place)
        self.now -= size


def step(model: nn.Module, inputs: Iterable[Tensor]) -> tuple[int, int]:
    """What a training step of a module takes on the CPU besides its weights and their gradients: the bytes between the
    forward and the backward pass, inputs and results among them, and the peak.

    Inputs and results are held to the end, as a loop over batches does; gradients of results are the loss's, which lets
    them go where they have been used.
    """
    for each in model.parameters():
        each.grad = torch.zeros_like(each)
    gradients = (each.grad for each in model.parameters() if each.grad is not None)
    followed = Followed((*model.parameters(), *model.buffers(), *gradients))
    with followed:
        given = [each.clone() for each in inputs]
        made = model(*given)
        results = [each for each in tree_leaves(made) if isinstance(each, Tensor) and each.requires_grad]
        del made
        kept = followed.now
        torch.stack([(2 * each).sum() for each in results]).sum().backward()  # type: ignore[no-untyped-call]
    return kept, followed.peak
