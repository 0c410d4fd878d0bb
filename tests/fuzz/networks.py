"""Drawn valid networks: the figures, the built module, the flat text and the source agree. What fails is shrunk by
Hypothesis to a few short lines."""

from __future__ import annotations

import traceback
from collections import Counter
from functools import partial

import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from test_networks_contract import test_the_flat_text_computes_the_same

from fuzz._run import Finding, Run, Tell
from netdsl import loads, ops
from netdsl.ir import Network
from netdsl.testing.drawing import HEAD, sided
from netdsl.testing.laws import Subject, laws
from netdsl.testing.nets import networks

SHARE = 0.15
LAWS = ("written", "shapes", "figures", "forward", "state")
"""The others are about what an author may do on purpose: a claim, a layer that nothing follows."""
OPERATORS = tuple(name for name in ops.names() if name != "sqrt")
"""Of a negative number, which any layer may give, its result is not a number, and the law of the forward pass says so."""
CHUNK = 20
EXAMPLES = 2
"""So many sizes are drawn for a network, where a law draws any: more networks find more than more sizes."""


def hold(network: Network, simple: bool) -> None:
    """Hold a network to the laws of users' specs, and a `simple` one (one input, one output) to the law of two modules: the
    nested one and that of the flat text compute the same values. Raises what tells of a broken one."""
    subject = Subject.of(network)
    for law in laws():
        if law.name in LAWS:
            law.hold(subject)
    if simple:
        test_the_flat_text_computes_the_same.hypothesis.inner_test(network)


def run(run: Run) -> None:
    """Draw networks in chunks, each from a seed and in a process of its own."""
    torch.set_num_threads(1)
    hold(loads(HEAD + "unit(4); gap; fc-3\n"), True)  # imports what laws import when they are held
    chunk = 0
    while run.going("networks"):
        chunk += 1
        ended = run.apart(partial(_some, run, run.seed * 1_000_000 + chunk))
        if ended:
            run.find(f"the process ended: {ended}", f"networks of seed {run.seed * 1_000_000 + chunk}")


def _some(run: Run, begin: int, tell: Tell) -> None:
    settings.register_profile("fuzz", max_examples=EXAMPLES)
    settings.load_profile("fuzz")
    last: list[str] = []
    failed: list[str] = []
    left = CHUNK if run.most is None else min(CHUNK, run.most - run.counts["networks"])

    @seed(begin)
    @settings(
        max_examples=left,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(
        networks(dims=(0, 1, 2, 3), tables=True, operators=OPERATORS).map(lambda each: (each, True))
        | sided().map(lambda each: (each, False))
    )
    def draw(drawn: tuple[Network, bool]) -> None:
        if not failed and not run.going("networks"):
            return
        network, simple = drawn
        last[:] = [network.sources[0].text]
        tell(Counter({"networks": 1, "layers": len(network.nodes), "laws": len(LAWS) + simple}), [])
        failed.append("")  # until it is known to hold; what failed is tried again, smaller, whatever the time
        hold(network, simple)
        failed.pop()

    try:
        draw()
    except Exception as problem:
        text = "".join(last)
        what = f"{type(problem).__name__}: {str(problem).strip().splitlines()[0][:120] if str(problem).strip() else ''}"
        tell(Counter(), [Finding("networks", what, f"{traceback.format_exc()[-3000:]}\n{text}", text.encode())])
