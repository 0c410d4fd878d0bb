"""Ways to compute one network, side by side on this machine: the plain module, what is compiled for inference, and
`torch.compile`.

Times of different runs do not compare, so the ways take turns: each round visits all of them in a random order, and a
ratio is of two times of one round. The median is told with its quartiles.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from netdsl.backends.purpose import module as purposes
from netdsl.backends.torch import module as plain_module

if TYPE_CHECKING:
    from netdsl.ir import Network

Clock = Callable[[], float]
INNER = 3
"""How often a way runs in its turn; the shortest time counts, since what is longer was disturbed."""


@dataclass(frozen=True)
class Spread:
    """The median of some numbers, and the quartiles around it."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, numbers: list[float]) -> Spread:
        """The spread of at least one number."""
        if len(numbers) < 2:
            return cls(numbers[0], numbers[0], numbers[0])
        low, median, high = statistics.quantiles(numbers, n=4, method="inclusive")
        return cls(low, median, high)


@dataclass(frozen=True)
class Way:
    """How one way did: milliseconds, how many times faster than the first way, the seconds until it was ready to
    answer, and its largest difference from the first way's outputs, as a share of the largest of them. `failed` says
    why there is nothing."""

    name: str
    milliseconds: Spread | None = None
    faster: Spread | None = None
    ready: float = 0.0
    error: float = 0.0
    failed: str = ""


def turns(
    ways: Mapping[str, Callable[[], Any]], rounds: int, clock: Clock = time.perf_counter, inner: int = INNER
) -> dict[str, list[float]]:
    """The seconds that each way took, one for each round, the shortest of `inner` turns."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    order, dice = list(ways), random.Random(0)
    for run in ways.values():
        run()
    for _ in range(rounds):
        dice.shuffle(order)
        for name in order:
            times = []
            for _ in range(inner):
                start = clock()
                ways[name]()
                times.append(clock() - start)
            found[name].append(min(times))
    return found


def race(
    network: Network,
    *,
    batch: int = 1,
    rounds: int = 15,
    compiled: bool = True,
    threads: int | None = None,
    clock: Clock = time.perf_counter,
) -> list[Way]:
    """The ways to compute a network, each with the same weights, drawn at random, and the same inputs; with so many
    `threads` of PyTorch from now on."""
    if threads is not None:
        torch.set_num_threads(threads)
    plain = plain_module.build(network).eval()
    settle(plain, network)
    inputs = drawn_inputs(network, batch)

    def inference(**options: Any) -> Callable[[], Any]:
        made = purposes.build(network, plain, **options)
        return lambda: made(*inputs)

    makers: dict[str, Callable[[], Callable[[], Any]]] = {
        "plain": lambda: lambda: plain(*inputs),
        "--for inference": lambda: inference(),
        "--for inference --target cpu": lambda: inference(target="cpu", batch=batch),
    }
    if compiled:
        makers["torch.compile, frozen"] = lambda: partial(frozen(plain), *inputs)
    ready: dict[str, float] = {}
    ways: dict[str, Callable[[], Any]] = {}
    outputs: dict[str, list[torch.Tensor]] = {}
    failed: dict[str, str] = {}
    with torch.inference_mode(), _freezing(compiled):
        for name, make in makers.items():
            start = time.perf_counter()
            try:
                way = make()
                outputs[name] = _listed(way())
            except Exception as problem:  # a compiler that is missing on this machine fails in many ways
                failed[name] = f"{type(problem).__name__}: {str(problem).splitlines()[0][:80] if str(problem) else ''}"
                continue
            ready[name], ways[name] = time.perf_counter() - start, way
        times = turns(ways, rounds, clock)
    return [
        Way(name, failed=failed[name])
        if name in failed
        else Way(
            name,
            Spread.of([1000 * each for each in times[name]]),
            Spread.of([base / own for base, own in zip(times["plain"], times[name], strict=True)]),
            ready[name],
            _apart(outputs["plain"], outputs[name]),
        )
        for name in makers
    ]


def frozen(model: torch.nn.Module) -> Any:
    """A module by `torch.compile`, to be called where weights are frozen, so that a CPU's kernels are fused and packed.

    What is frozen is a setting of the process; `options={"freezing": True}` does nothing in PyTorch 2.14.
    """
    import torch._dynamo

    torch._dynamo.reset()
    return torch.compile(model)


def settle(model: torch.nn.Module, network: Network) -> None:
    """Give a module's batch norms the statistics of random inputs, so that values neither die nor explode."""
    norms = [each for each in model.modules() if isinstance(each, torch.nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    momenta = [each.momentum for each in norms]
    for each in norms:
        each.momentum = None
        each.train()
    with torch.no_grad():
        model(*drawn_inputs(network, 2))
    for each, momentum in zip(norms, momenta, strict=True):
        each.momentum = momentum
        each.eval()


def drawn_inputs(network: Network, batch: int) -> list[torch.Tensor]:
    """Random inputs: normal numbers, or tokens."""
    random = torch.Generator().manual_seed(0)
    return [
        torch.randint(each.vocabulary, (batch, *each.shape), generator=random)
        if each.vocabulary
        else torch.randn(batch, *each.shape, generator=random)
        for each in network.inputs
    ]


def _freezing(wanted: bool) -> AbstractContextManager[Any]:
    """Where weights are constants to `torch.compile`."""
    if not wanted:
        return nullcontext()
    import torch._inductor.config as config

    found: AbstractContextManager[Any] = config.patch(freezing=True)
    return found


def _listed(output: Any) -> list[torch.Tensor]:
    return [output] if isinstance(output, torch.Tensor) else list(output)


def _apart(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> float:
    """The largest difference, as a share of the largest value."""
    return max(
        float((one - other).abs().max() / one.abs().max().clamp_min(1e-30))
        for one, other in zip(ours, theirs, strict=True)
    )


def conditions() -> dict[str, Any]:
    """What times depend on besides the network: the version of PyTorch, and its threads."""
    return {"threads": torch.get_num_threads(), "torch": torch.__version__}
