"""The functions that an emitted file for training brings along: what keeps values out of memory, and makes them again.

They stand on PyTorch's public hooks for saved tensors, and on its `checkpoint` for groups of layers.
"""

from __future__ import annotations

NORM = '''class Recomputing(threading.local):
    """Within, values are computed again, for the backward pass of this thread."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


RECOMPUTING = Recomputing()


def norm(module: nn.Module, x: Tensor) -> Tensor:
    """A batch norm, whose running averages count a batch once: not when it is computed again."""
    if RECOMPUTING.depth and module.training:
        averages, learned = (module.running_mean, module.running_var), (module.weight, module.bias)
        return F.batch_norm(x, *averages, *learned, training=True, momentum=0.0, eps=module.eps)
    return module(x)
'''

LIGHT = '''class Light:
    """A value that is not kept for the backward pass, but computed again of what is, once for all that ask for it."""

    def __init__(self, function: Callable[..., Tensor], inputs: tuple[Tensor, ...], kept: list[Any]):
        self.function, self.inputs, self.kept = function, inputs, kept
        self.differentiable = [each.requires_grad for each in inputs]
        self.device = inputs[0].device.type
        self.cast = torch.is_autocast_enabled(self.device), torch.get_autocast_dtype(self.device)
        self.count = self.asked = self.left = 0
        self.found: list[Tensor] = []

    def first(self) -> Tensor:
        """The value, when it first comes by."""
        with saved_tensors_hooks(self.pack, unpack):
            value = self.function(*self.inputs)
        self.inputs = ()
        self.value, value.light = weakref.ref(value), self  # who has the value can ask how it is made
        return value

    def pack(self, tensor: Tensor) -> Any:
        """What is kept in place of a tensor inside: that of an input, or its number."""
        for each, kept in zip(self.inputs, self.kept, strict=True):
            if same(each, tensor):
                return kept if isinstance(kept, Tensor) else kept[0].held(*kept[1:])
        self.count += 1
        return self.held(self.count - 1)

    def held(self, number: int, view: Any = None) -> tuple[Light, int, Any]:
        """What is kept in place of the tensor with a number, or of a view of it; the value itself is the last."""
        self.asked += 1
        return self, number, view

    def tensor(self, number: int) -> Tensor:
        """One of the tensors, all of which are there from when the first is asked for until the last was."""
        if not self.left:
            self.found, self.left = self.again(), self.asked
        self.left -= 1
        tensor = self.found[number]
        if not self.left:
            self.found = []
        return tensor

    def again(self) -> list[Tensor]:
        """The tensors that were kept inside when the value first came by, and the value."""
        inputs = [
            unpack(kept).detach().requires_grad_(needed)
            for kept, needed in zip(self.kept, self.differentiable, strict=True)
        ]
        found: list[Tensor] = []

        def pack(tensor: Tensor) -> Tensor:
            tensor = tensor.detach()  # a result that a graph keeps of itself would be a circle
            if not any(same(each, tensor) for each in inputs):
                found.append(tensor)
            return tensor

        enabled, dtype = self.cast
        cast = torch.autocast(self.device, dtype, enabled, cache_enabled=False)
        with RECOMPUTING, torch.enable_grad(), cast, saved_tensors_hooks(pack, lambda tensor: tensor):
            value = self.function(*inputs)
        return [*found, value.detach()]


class Keep:
    """Keeps what the backward pass needs, but not light values."""

    def __init__(self) -> None:
        self.lights: weakref.WeakValueDictionary[int, Light] = weakref.WeakValueDictionary()

    def light(self, function: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
        """`function(*inputs)`, which is not kept, but computed again of the inputs, which are."""
        made = Light(function, inputs, [self.pack(each) for each in inputs])
        value = made.first()
        self.lights[value.untyped_storage().data_ptr()] = made
        return value

    def pack(self, tensor: Tensor) -> Any:
        """What is kept in place of a tensor, which may be a view of a light value: a transposed one, say."""
        light = self.lights.get(tensor.untyped_storage().data_ptr())
        value = None if light is None else light.value()
        if value is None or value.dtype != tensor.dtype:
            return tensor.detach()
        view = None if same(value, tensor) else (tensor.shape, tensor.stride(), tensor.storage_offset())
        return light.held(-1, view)


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are one, seen in the same way."""
    return one.data_ptr() == other.data_ptr() and one.shape == other.shape and one.stride() == other.stride()


def unpack(kept: Any) -> Tensor:
    """The tensor that something was kept for."""
    if isinstance(kept, Tensor):
        return kept
    light, number, view = kept
    tensor = light.tensor(number)
    return tensor if view is None else tensor.as_strided(*view)
'''

AGAIN = '''def again(group: Callable[..., Any], *values: Tensor) -> Any:
    """A group of layers, of which only `values` are kept: all else is computed again in the backward pass."""
    return checkpoint(group, *values, use_reentrant=False, context_fn=lambda: (nullcontext(), RECOMPUTING))
'''
