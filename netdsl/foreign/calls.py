"""A call of PyTorch, Keras or Caffe to the layer of a spec: all that it says, or nothing.

`nn.Conv2d(3, 64, 3)` is `conv3-64(pad=0)`, since PyTorch pads nothing unless asked. A translation that left the padding
out, or an argument that has no counterpart, would be another network, and nobody would notice. So `CALLS` says of each
spelling what every parameter is here and what it is when it is not given; a call with anything else is not translated.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from math import prod
from typing import NamedTuple

IN = "in"
"""The number of channels or features that come in, which is known here."""
_ACTIVATIONS = {
    "relu": "relu", "relu6": "relu6", "sigmoid": "sigmoid", "tanh": "tanh", "elu": "elu", "selu": "selu",
    "gelu": "gelu", "silu": "silu", "swish": "silu", "leaky_relu": "leakyrelu(0.2)", "softplus": "softplus",
}  # fmt: skip


class Foreign(NamedTuple):
    """A call: the operator here, its parameters in order with the field that each is (empty: it changes nothing that is
    computed; `in`: it is known), and what fields are when the call does not give them, where that differs from here."""

    operator: str
    parameters: Mapping[str, str]
    absent: Mapping[str, str] = {}


_IGNORED = {"device": "", "dtype": "", "name": ""}
_TORCH_CONV = {
    "in_channels": IN, "out_channels": "channels", "kernel_size": "kernel", "stride": "stride", "padding": "pad",
    "dilation": "dilation", "groups": "groups", "bias": "bias", "padding_mode": "zeros", **_IGNORED,
}  # fmt: skip
_TORCH_UPCONV = {
    "in_channels": IN, "out_channels": "channels", "kernel_size": "kernel", "stride": "stride", "padding": "pad",
    "output_padding": "out_pad", "groups": "groups", "bias": "bias", "dilation": "dilation", "padding_mode": "zeros",
    **_IGNORED,
}  # fmt: skip
_TORCH_MAXPOOL = {
    "kernel_size": "kernel", "stride": "stride", "padding": "pad", "dilation": "dilation", "return_indices": "false",
    "ceil_mode": "ceil",
}  # fmt: skip
_TORCH_AVGPOOL = {
    "kernel_size": "kernel", "stride": "stride", "padding": "pad", "ceil_mode": "ceil",
    "count_include_pad": "count_pad",
}  # fmt: skip
_KERAS_CONV = {
    "filters": "channels", "kernel_size": "kernel", "strides": "stride", "padding": "pad", "data_format": "any",
    "dilation_rate": "dilation", "groups": "groups", "activation": "act", "use_bias": "bias", "input_shape": "",
    **_IGNORED,
}  # fmt: skip
_KERAS_POOL = {"pool_size": "kernel", "strides": "stride", "padding": "pad", "data_format": "any", **_IGNORED}
_CAFFE_CONV = {
    "num_output": "channels", "kernel_size": "kernel", "stride": "stride", "pad": "pad", "dilation": "dilation",
    "group": "groups", "bias_term": "bias", **_IGNORED,
}  # fmt: skip
_INPLACE = {"inplace": ""}

_TORCH: Mapping[str, Foreign] = {
    "Conv2d": Foreign("conv", _TORCH_CONV, {"pad": "0"}),
    "ConvTranspose2d": Foreign("upconv", _TORCH_UPCONV),
    "MaxPool2d": Foreign("maxpool", _TORCH_MAXPOOL),
    "AvgPool2d": Foreign("avgpool", _TORCH_AVGPOOL),
    "AdaptiveAvgPool2d": Foreign("avgpool", {"output_size": "to"}),
    "AdaptiveMaxPool2d": Foreign("maxpool", {"output_size": "to"}),
    "Linear": Foreign("fc", {"in_features": IN, "out_features": "features", "bias": "bias", **_IGNORED}),
    "LazyLinear": Foreign("fc", {"out_features": "features", "bias": "bias", **_IGNORED}),
    "LazyConv2d": Foreign("conv", {k: v for k, v in _TORCH_CONV.items() if v != IN}, {"pad": "0"}),
    "BatchNorm2d": Foreign("bn", {"num_features": IN, "eps": "eps", "momentum": "momentum", **_IGNORED}),
    "BatchNorm1d": Foreign("bn", {"num_features": IN, "eps": "eps", "momentum": "momentum", **_IGNORED}),
    "GroupNorm": Foreign("gn", {"num_groups": "groups", "num_channels": IN, "eps": "eps", **_IGNORED}),
    "Dropout": Foreign("dropout", {"p": "p", **_INPLACE}),
    "ReLU": Foreign("relu", _INPLACE),
    "ReLU6": Foreign("relu6", _INPLACE),
    "LeakyReLU": Foreign("leakyrelu", {"negative_slope": "slope", **_INPLACE}, {"slope": "0.01"}),
    "SiLU": Foreign("silu", _INPLACE),
    "Hardswish": Foreign("hardswish", _INPLACE),
    "Hardsigmoid": Foreign("hardsigmoid", _INPLACE),
    "Sigmoid": Foreign("sigmoid", {}),
    "Tanh": Foreign("tanh", {}),
    "Flatten": Foreign("flatten", {}),
    "Identity": Foreign("identity", {}),
}  # fmt: skip
_KERAS: Mapping[str, Foreign] = {
    "Conv2D": Foreign("conv", _KERAS_CONV, {"pad": "valid"}),
    "Conv2DTranspose": Foreign("upconv", {k: v for k, v in _KERAS_CONV.items() if v != "pad"}),
    "MaxPooling2D": Foreign("maxpool", _KERAS_POOL, {"kernel": "2"}),
    "MaxPool2D": Foreign("maxpool", _KERAS_POOL, {"kernel": "2"}),
    "AveragePooling2D": Foreign("avgpool", _KERAS_POOL, {"kernel": "2"}),
    "GlobalAveragePooling2D": Foreign("gap", _IGNORED),
    "GlobalMaxPooling2D": Foreign("gmp", _IGNORED),
    "Dense": Foreign(
        "fc", {"units": "features", "activation": "act", "use_bias": "bias", "input_shape": "", **_IGNORED}
    ),
}  # fmt: skip
_CAFFE: Mapping[str, Foreign] = {  # as its `net_spec` writes layers
    "Convolution": Foreign("conv", _CAFFE_CONV, {"pad": "0"}),
    "Deconvolution": Foreign("upconv", _CAFFE_CONV),
    "InnerProduct": Foreign("fc", {"num_output": "features", "bias_term": "bias", **_IGNORED}),
}  # fmt: skip
BY_FRAMEWORK: Mapping[str, Mapping[str, Foreign]] = {"PyTorch": _TORCH, "Keras": _KERAS, "Caffe": _CAFFE}
"""The calls of each framework, by their exact spelling without their module."""
CALLS: Mapping[str, Foreign] = {**_TORCH, **_KERAS, **_CAFFE}
"""All of them; no two frameworks spell two calls alike."""

DEFAULTS = {"padding_mode": "'zeros'", "return_indices": "False", "data_format": "'channels_first'"}
"""Parameters of which only the default can be said here."""


def call(text: str, known: tuple[int, ...] | None = None) -> str | None:
    """The layer that a call is here, whole: `conv3-64(pad=0)` of `nn.Conv2d(3, 64, 3)`; else None.

    `known` is the shape that comes in, where that is known: a call that counts on other channels is not translated. The
    call may have a module before it and a comma behind it, and no more.
    """
    try:
        tree = ast.parse(text.strip().rstrip(",;").strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(tree, ast.Call):
        return None
    function = tree.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    found = CALLS.get(name)
    if found is None or len(tree.args) > len(found.parameters) or any(each.arg is None for each in tree.keywords):
        return None
    given: dict[str, ast.expr] = dict(zip(found.parameters, tree.args, strict=False))
    for each in tree.keywords:
        if str(each.arg) in given or str(each.arg) not in found.parameters:
            return None
        given[str(each.arg)] = each.value
    fields = dict(found.absent)
    coming = None if known is None else prod(known) if found.operator == "fc" else known[0]
    for parameter, value in given.items():
        field = found.parameters[parameter]
        if parameter in DEFAULTS:
            if ast.unparse(value) != DEFAULTS[parameter]:
                return None
        elif field == IN:
            if coming is not None and isinstance(value, ast.Constant) and value.value != coming:
                return None
        elif field:
            written = _value(value, field)
            if written is None:
                return None
            fields[field] = written
    return _layer(found.operator, fields)


def _value(value: ast.expr, field: str) -> str | None:
    """A value as a spec writes it, or None: a number, a word, a pair of numbers, or a name."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, (ast.Tuple, ast.List)):
        parts = [_value(each, field) for each in value.elts]
        if len(parts) != 2 or not all(part is not None and part.isdigit() for part in parts):
            return None
        return str(parts[0]) if parts[0] == parts[1] else f"{parts[0]}x{parts[1]}"
    if not isinstance(value, ast.Constant):
        return None
    if field == "act":
        word = str(value.value).lower()
        return "none" if value.value is None or word == "linear" else _ACTIVATIONS.get(word)
    if isinstance(value.value, bool):
        return str(value.value).lower()
    if field == "pad" and value.value in ("same", "valid"):
        return str(value.value)
    if value.value is None:
        return "" if field == "stride" else None
    return (
        f"{value.value:g}"
        if isinstance(value.value, float)
        else str(value.value)
        if isinstance(value.value, int)
        else None
    )


def _layer(operator: str, fields: dict[str, str]) -> str | None:
    """The layer with these fields, those in its notation there; what they are here anyway is left out."""
    rest = dict(fields)
    kernel, channels, stride = rest.pop("kernel", ""), rest.pop("channels", ""), rest.pop("stride", "")
    features = rest.pop("features", "")
    needs: dict[str, str | None] = {"conv": kernel and channels, "upconv": kernel and channels, "fc": features}
    needs |= {pool: kernel or rest.get("to") for pool in ("maxpool", "avgpool")}
    if not needs.get(operator, operator):
        return None
    if "to" in rest and rest["to"] == "1":
        return {"avgpool": "gap", "maxpool": "gmp"}[operator]
    pad = rest.get("pad")
    if operator == "conv" and pad is not None:
        pad = _pad(kernel, pad, stride, rest.get("dilation", "1"))
        rest.pop("pad")
        if pad:
            rest = {"pad": pad, **rest}
    elif pad == "same" or pad == "valid":  # of a pool, where `same` is TensorFlow's
        rest.pop("pad")
        rest |= {"pad": "tf"} if pad == "same" else {}
    plain = {"pad": "0", "dilation": "1", "groups": "1", "bias": "true", "ceil": "false", "out_pad": "0", "act": "none"}
    plain |= {"count_pad": "true", "momentum": "0.1", "eps": "1e-05", "p": "0.5"}
    kept = [
        f"{key}={item}" for key, item in rest.items() if plain.get(key) != item or (key == "pad" and operator == "conv")
    ]
    if operator in ("maxpool", "avgpool") and stride in ("", kernel):
        stride = ""
    written = operator + (_braced(kernel) if kernel else "")
    written += f"-{channels or features}" if channels or features else ""
    written += f"/{stride}" if stride not in ("", "1") or (stride == "1" and operator in ("maxpool", "avgpool")) else ""
    return written + (f"({', '.join(kept)})" if kept else "")


def _braced(kernel: str) -> str:
    return kernel if kernel[0].isdigit() else f"{{{kernel}}}"


def _pad(kernel: str, pad: str, stride: str, dilation: str) -> str | None:
    """What `pad` of a convolution must say; empty where it is what `same` gives."""
    if pad == "same":
        odd = all(int(k) % 2 for k in kernel.split("x")) if re.fullmatch(r"[\dx]+", kernel) else False
        return "" if odd and stride in ("", "1") else "tf"
    if not re.fullmatch(r"[\dx]+", kernel) or not dilation.isdigit() or not re.fullmatch(r"[\dx]+|valid", pad):
        return pad
    sizes = _two("0" if pad == "valid" else pad)
    same = [(size - 1) * int(dilation) / 2 for size in _two(kernel)]
    odd = all(size % 2 for size in _two(kernel))  # `same` is for these alone
    return "" if sizes == same and odd else "0" if pad == "valid" else pad


def _two(written: str) -> list[int]:
    """Height and width of `3` and `1x7`."""
    sizes = [int(each) for each in written.split("x")]
    return sizes * 2 if len(sizes) == 1 else sizes
