"""How fast networks answer when they are compiled for inference, against torchvision's modules and `torch.compile`.

    python benchmarks/inference.py [NETWORK ...] [--rounds N] [--compile] [--cpu-time]

Each network is computed with one input at a time by torchvision's own module (where it has none, by the plain one), by
`netdsl compile --for inference` and by its `--target cpu`, in turns, with the same weights. `--compile` adds
`torch.compile` with frozen weights, which is really frozen: its code must name oneDNN's fused convolution.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torchvision
from _measured import Figure, ratios

import netdsl
from netdsl.backends.purpose.race import Clock, Spread, drawn_inputs, settle

BOUNDS: dict[str, tuple[str | None, float | None, float | None, float | None]] = {
    "googlenet_bn": ("googlenet", 2.5, 3.1, 1.05),
    "inception_v3": ("inception_v3", 1.5, 2.1, 1.05),
    "resnet_v1_5:50": ("resnet50", 1.15, 1.65, 0.97),
    "vgg16": ("vgg16", 1.2, 1.35, 1.05),
    "alexnet_owt": ("alexnet", None, 1.8, 1.5),
    "lenet5_modern": (None, 1.3, 1.45, None),
    "resnet_cifar:20": (None, None, 2.0, None),
}
"""By network: torchvision's name for it, and what must be reached: public operators, `--target cpu`, and that against
`torch.compile`."""


def base(network: netdsl.Network, theirs: str | None) -> torch.nn.Module:
    """The module that is compared with, its norms settled."""
    if theirs is None:
        model = netdsl.build(network)
    else:
        heads = {"aux_logits": False, "init_weights": False} if theirs in ("googlenet", "inception_v3") else {}
        model = getattr(torchvision.models, theirs)(weights=None, **heads)
    model.eval()
    settle(model, network)
    return model


def figures(name: str, rounds: int, clock: Clock, compiled: bool) -> Iterator[Figure]:
    """The figures of one network."""
    theirs, public, cpu, against = BOUNDS[name]
    torch.set_num_threads(1 if theirs is None else 2)
    torch.manual_seed(0)
    network = netdsl.load(name)
    model = base(network, theirs)
    inputs = drawn_inputs(network, 1)
    heads = [f"{each.name}*" for each in network.aux]
    weights: Any = model
    if heads:  # torchvision's module was made without them; in evaluation nobody asks
        weights = {**netdsl.build(network, init=False).state_dict(), **model.state_dict()}
    start = time.perf_counter()
    packed = netdsl.optimize(weights, network, target="cpu")
    with torch.inference_mode():
        packed(*inputs)
        ready = time.perf_counter() - start
        plain = netdsl.optimize(weights, network)
        ways: dict[str, Callable[[], Any]] = {
            "base": lambda: model(*inputs),
            "public": lambda: plain(*inputs),
            "cpu": lambda: packed(*inputs),
        }
        waited = None
        if compiled and against is not None:
            ways["compile"], waited = frozen(model, inputs)
        found = ratios(ways, rounds, clock)
        yield Figure(f"{name}: public operators, times faster", found.faster("public", "base"), public)
        yield Figure(f"{name}: `--target cpu`, times faster", found.faster("cpu", "base"), cpu)
        if waited is not None:
            rival = found.faster("cpu", "compile")
            yield Figure(f"{name}: `--target cpu` against `torch.compile`, frozen", rival, against)
            most = 2.5 if name == "vgg16" else 15.0
            yield Figure(f"{name}: ready to answer, times sooner", Spread.of([waited / ready]), most)


def frozen(model: torch.nn.Module, inputs: list[torch.Tensor]) -> tuple[Callable[[], Any], float]:
    """`torch.compile` with frozen weights, and the seconds until its first answer.

    Raises `RuntimeError` where its code has no fused convolution: then it is not frozen, and no rival.
    """
    import torch._inductor.config as config
    from torch._inductor.utils import run_and_get_code

    torch._dynamo.reset()
    config.freezing = True
    start = time.perf_counter()
    made = torch.compile(model)
    _, codes = run_and_get_code(made, *inputs)
    waited = time.perf_counter() - start
    if not any("_convolution_pointwise" in code for code in codes):
        raise RuntimeError("torch.compile did not fuse a convolution: its weights are not frozen")
    return lambda: made(*inputs), waited


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=list(BOUNDS), metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--cpu-time", action="store_true", help="on a machine that does other work too")
    asked = parser.parse_args()
    clock = time.process_time if asked.cpu_time else time.perf_counter
    for name in asked.networks:
        for figure in figures(name, asked.rounds, clock, asked.compile):
            print(figure.row, flush=True)


if __name__ == "__main__":
    main()
