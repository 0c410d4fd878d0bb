"""How checking grows with the network: layers per second at 1,000, 10,000 and 100,000 layers.

    python benchmarks/check_layers.py

Three kinds of spec: written out line by line, repeated, and blocks. What counts is the last column, the time per layer
against that at 1,000 layers, measured side by side in this run: about 1.0 is linear.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from netdsl.compiler import compile
from netdsl.text.source import Source


def written(count: int) -> str:
    """`count` statements, short enough for the text to stay under its limit of 1 MiB."""
    return "input 8x8x8\n" + "relu\n" * count


def repeated(count: int) -> str:
    return f"input 8x8x8\nconv3-8(act=relu) x{count // 2}\n"


def blocks(count: int) -> str:
    return f"input 8x8x8\nblock b(n) {{ residual {{ conv3-n; relu }} }}\nb(8) x{count // 3}\n"


def seconds(text: str, rounds: int) -> float:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        compilation = compile(Source("bench.net", text))
        found.append(time.perf_counter() - start)
        assert compilation.valid
    return statistics.median(found)


def main() -> None:
    kinds: dict[str, Callable[[int], str]] = {"written": written, "repeated": repeated, "blocks": blocks}
    print(f"{'spec':10} {'layers':>8} {'seconds':>9} {'layers/s':>10} {'per layer, of 1k':>17}")
    for name, make in kinds.items():
        seconds(make(1000), 2)  # imports and caches
        base = 0.0
        for count in (1_000, 10_000, 100_000):
            taken = seconds(make(count), 5 if count < 100_000 else 1)
            each = taken / count
            base = base or each
            print(f"{name:10} {count:8,} {taken:9.3f} {count / taken:10,.0f} {each / base:17.2f}")


if __name__ == "__main__":
    main()
