"""How writing a diagram's DOT text grows with the network.

    python benchmarks/draw.py

Prints seconds for folded and expanded text, and the time per layer against that of the smallest network, measured in
this run: about 1.0 is linear.
"""

from __future__ import annotations

import time

import netdsl
from netdsl.backends.pictures import dot


def seconds(count: int, expand: bool) -> float:
    network = netdsl.loads(f"input 8x8x8\nresidual {{ conv3-8; conv3-8(norm=bn, act=relu) }} x{count}")
    start = time.perf_counter()
    dot(network, expand=expand)
    return time.perf_counter() - start


def main() -> None:
    for expand in (False, True):
        seconds(200, expand)
        base = 0.0
        for count in (500, 2_000, 8_000):
            taken = seconds(count, expand)
            base = base or taken / count
            kind = "expanded" if expand else "folded"
            print(f"{kind:9} {count:6,} blocks {taken:8.3f} s {taken / count / base:6.2f} per block, of 500")


if __name__ == "__main__":
    main()
