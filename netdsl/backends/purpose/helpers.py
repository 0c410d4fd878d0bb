"""The functions that an emitted file brings along: how it makes its tensors of a plain `state_dict`, and oneDNN's
operators with what stands in for them."""

from __future__ import annotations

import re

HELPERS = {
    "layer": '''def layer(state: State, path: str) -> Pair:
    """The weight and the bias of a layer of the plain network."""
    return state[f"{path}.weight"], state.get(f"{path}.bias")
''',
    "standardized": '''def standardized(pair: Pair) -> Pair:
    """Each output channel's weights less their mean, over their standard deviation."""
    weight, bias = pair
    assert weight is not None
    variance, mean = torch.var_mean(weight, tuple(range(1, weight.dim())), correction=0, keepdim=True)
    return (weight - mean) / torch.sqrt(variance + 1e-10), bias
''',
    "norm": '''def norm(state: State, path: str) -> tuple[Tensor, ...]:
    """Mean, variance, scale and offset of a batch norm of the plain network."""
    mean = state[f"{path}.running_mean"]
    scale, offset = state.get(f"{path}.weight"), state.get(f"{path}.bias")
    scale = torch.ones_like(mean) if scale is None else scale
    return mean, state[f"{path}.running_var"], scale, torch.zeros_like(mean) if offset is None else offset
''',
    "folded": '''def folded(pair: Pair, norm: tuple[Tensor, ...], eps: float = 1e-5) -> Pair:
    """A layer with the batch norm behind it, worked out in double precision."""
    weight, bias = pair
    assert weight is not None
    mean, variance, scale, offset = (each.double() for each in norm)
    scale = scale / torch.sqrt(variance + eps)
    shift = offset - mean * scale if bias is None else offset + (bias.double() - mean) * scale
    scaled = weight.double() * scale.view(-1, *[1] * (weight.dim() - 1))
    return scaled.to(weight.dtype), shift.to(weight.dtype)
''',
    "stacked": '''def stacked(*pairs: Pair) -> Pair:
    """Layers on one input as one: their output channels behind each other."""
    weights = [weight for weight, _ in pairs if weight is not None]
    biases = [weight.new_zeros(len(weight)) if bias is None else bias for weight, bias in pairs if weight is not None]
    return torch.cat(weights), torch.cat(biases) if any(bias is not None for _, bias in pairs) else None
''',
    "filled": '''def filled(module: nn.Module, state: State, path: str) -> nn.Module:
    """A module with its tensors of the plain network."""
    module.load_state_dict({name: state[f"{path}.{name}"] for name in module.state_dict()})
    return module
''',
}
"""By name, in the order in which a file has them."""

KEEP = '''
    def keep(self, name: str, *tensors: Tensor | None) -> None:
        """Keep the tensors of a layer, those with planes in the layout of the maps."""
        for kind, tensor in zip(("mean", "variance", "weight", "bias")[-len(tensors) :], tensors, strict=True):
            if tensor is not None:
                layout = {layout} if tensor.dim() == 4 else torch.contiguous_format
                self.register_buffer(f"{name}_{kind}", tensor.detach().clone(memory_format=layout))
'''

TYPES = {"State": "State = Mapping[str, Tensor]", "Pair": "Pair = tuple[Tensor | None, Tensor | None]"}

PACKING = '''ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_convolution_pointwise")

if ONEDNN:
    convolution = torch.ops.mkldnn._convolution_pointwise.default
    convolution_plus = torch.ops.mkldnn._convolution_pointwise.binary
    linear = torch.ops.mkldnn._linear_pointwise.default
else:  # the same calls by public operators

    def activated(x: Tensor, act: str | None, numbers: list[float], algorithm: str | None) -> Tensor:
        """An activation by oneDNN's name for it."""
        if act is None or act == "none":
            return x
        if act == "leaky_relu":
            return F.leaky_relu(x, numbers[0])
        if act == "hardtanh":
            return F.hardtanh(x, *numbers)
        if act == "gelu":
            return F.gelu(x, approximate=algorithm)
        return getattr(F, "silu" if act == "swish" else act)(x)

    def convolution(x, weight, bias, padding, stride, dilation, groups, *act):  # noqa: ANN001, ANN002, ANN201
        return activated(torch.conv2d(x, weight, bias, stride, padding, dilation, groups), *act)

    def convolution_plus(x, other, weight, bias, padding, stride, dilation, groups, _add, _factor, *act):
        return activated(torch.conv2d(x, weight, bias, stride, padding, dilation, groups) + other, *act)

    def linear(x, weight, bias, *act):
        return activated(F.linear(x, weight, bias), *act)


def filters(
    pair: Pair,
    size: tuple[int, ...],
    padding: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> tuple:
    """What `convolution` takes behind its input, the weights packed for an input of this size."""
    weight, bias = pair[0].detach().float(), None if pair[1] is None else pair[1].detach().float()
    if ONEDNN:
        reorder = torch.ops.mkldnn._reorder_convolution_weight
        weight = reorder(weight.contiguous(memory_format=torch.channels_last), padding, stride, dilation, groups, size)
    else:
        weight = weight.contiguous(memory_format=torch.channels_last)
    return weight, bias, padding, stride, dilation, groups


def matrix(pair: Pair, batch: int) -> tuple:
    """What `linear` takes behind its input, the weights packed for a batch of this size."""
    weight, bias = pair[0].detach().float(), None if pair[1] is None else pair[1].detach().float()
    return torch.ops.mkldnn._reorder_linear_weight(weight, batch) if ONEDNN else weight, bias
'''


def used(code: str) -> list[str]:
    """The functions that some code calls, and those that these call."""
    found: set[str] = set()
    while True:
        seen = "\n".join([code, *(HELPERS[name] for name in found)])
        more = {name for name in HELPERS if re.search(rf"(?<![\w.]){name}\(", seen)}
        if more == found:
            return [text for name, text in HELPERS.items() if name in found]
        found = more
