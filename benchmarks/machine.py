"""What the processor reaches at what networks are made of: a convolution by oneDNN, matrix products, reading weights.

    python benchmarks/machine.py

The share of time that is left for anything but convolutions, and so what a compiler can gain, follows from these.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from _measured import Figure
from torch.nn import functional as F

from netdsl.backends.purpose.race import Spread

ROUNDS = 30


def rate(work: Callable[[], object], amount: float) -> Spread:
    """How much of an amount is done in a nanosecond."""
    found = []
    for turn in range(ROUNDS + 3):
        start = time.perf_counter()
        work()
        if turn >= 3:
            found.append(amount / (time.perf_counter() - start) / 1e9)
    return Spread.of(found)


def main() -> None:
    """Print the figures, of two threads."""
    torch.set_num_threads(2)
    torch.manual_seed(0)
    x = torch.randn(1, 256, 56, 56).contiguous(memory_format=torch.channels_last)
    filters = torch.randn(256, 256, 3, 3).contiguous(memory_format=torch.channels_last)
    square, row, matrix = torch.randn(1024, 1024), torch.randn(1, 9216), torch.randn(4096, 9216)
    with torch.inference_mode():
        convolution = rate(lambda: F.conv2d(x, filters, padding=1), 2 * filters.numel() * 56 * 56)
        product = rate(lambda: square @ square, 2 * 1024**3)
        reading = rate(lambda: F.linear(row, matrix), 4 * matrix.numel())
    for name, found in (
        ("3x3 convolution of 256 channels, 56x56, GFLOP/s", convolution),
        ("matrix product of 1024x1024, GFLOP/s", product),
        ("fc-4096 of 9,216 numbers, one at a time, GB/s", reading),
    ):
        print(Figure(name, found).row, flush=True)


if __name__ == "__main__":
    main()
