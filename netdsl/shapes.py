"""Shapes of feature maps and the arithmetic of windows that slide over them.

A shape is channels x height x width, without the batch, or a single number of features. All sizes are
exact integers. The rounding rules are those of the frameworks that the papers used: Caffe and PyTorch
round convolutions down and let pooling round up; cuda-convnet rounds both up; TensorFlow's SAME pads so
that a stride of s gives ceil(n / s).
"""

from __future__ import annotations

from fractions import Fraction
from math import floor, prod
from typing import Any, TypeAlias

Shape: TypeAlias = tuple[int, ...]
LARGEST = 2**31 - 1
"""A size, the most that the libraries which run networks can count to."""
LARGEST_NUMBER = 2**63 - 1
"""A number of an expression."""


def text(shape: Shape | None) -> str:
    """`(64, 112, 112)` as the papers print it, `64x112x112`; an unknown shape is `?`."""
    return "?" if shape is None else "x".join(map(str, shape))


def numel(shape: Shape) -> int:
    """The number of values in one feature map of this shape."""
    return prod(shape)


def rounded(value: Any) -> Any:
    """To the nearest whole number, halves away from zero (as papers and calculators do; Python rounds them to even)."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -rounded(-value)


def round_to(value: Any, divisor: int) -> Any:
    """A number of channels as a multiple of `divisor`, at least that and never under 0.9 of `value`.

    Source: `make_divisible` of Sandler et al., MobileNetV2, 2018 (in the authors' code), without a least of its own.
    """
    found = max(divisor, floor((value + Fraction(divisor, 2)) * Fraction(1, divisor)) * divisor)
    return found + divisor if found < value * Fraction(9, 10) else found


def extent(kernel: int, dilation: int = 1) -> int:
    """How many input pixels a dilated kernel spans: `(k - 1) * d + 1`."""
    return (kernel - 1) * dilation + 1


def conv_size(n: int, kernel: int, stride: int, pad: int, dilation: int = 1, ceil: bool = False) -> int:
    """Output size of a convolution along one axis; `pad` is the sum of both sides.

    `floor((n + pad - extent) / stride) + 1`, or rounded up (`ceil`), as cuda-convnet does. At most 0 when
    the kernel does not fit; rounded up, a kernel fits that overlaps the end by less than the stride.
    """
    room = n + pad - extent(kernel, dilation)
    return (-(-room // stride) if ceil else room // stride) + 1


def pool_size(n: int, kernel: int, stride: int, pad: tuple[int, int], dilation: int = 1, ceil: bool = False) -> int:
    """Output size of a pooling along one axis, `pad` being (before, after).

    With `ceil`, a last window that would start in the padding after the input is dropped (Caffe, PyTorch).
    """
    out = conv_size(n, kernel, stride, sum(pad), dilation, ceil)
    if ceil and out > 1 and (out - 1) * stride >= n + pad[0]:
        out -= 1
    return out


def transposed_size(n: int, kernel: int, stride: int, pad: int, out_pad: int = 0, dilation: int = 1) -> int:
    """Output size of a transposed convolution along one axis; `pad` is the sum of both sides."""
    return (n - 1) * stride - pad + extent(kernel, dilation) + out_pad


def same_pad(n: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """TensorFlow's SAME padding along one axis as (before, after); the odd pixel goes after."""
    total = max((-(-n // stride) - 1) * stride + extent(kernel, dilation) - n, 0)
    return total // 2, total - total // 2
