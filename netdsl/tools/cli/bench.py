"""`netdsl bench`: how fast a network answers on this machine, computed in several ways."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._columns import tell
from netdsl.tools.cli._known import network
from netdsl.tools.cli._spec import Request, SpecParameter, spec_options

if TYPE_CHECKING:
    from netdsl.backends.purpose.race import Spread, Way

SECTION = "Run it"
HEAD = ("", "ms", "quartiles", "times faster", "quartiles", "ready in", "difference")
RIGHT = (1, 3, 5, 6)


@click.command(
    epilog="""\b
Examples:
  netdsl bench googlenet_bn
  netdsl bench resnet:50-layer --batch 8 --threads 2
  netdsl bench vgg.net:D --no-compile --json
"""
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option(
    "--batch", type=click.IntRange(min=1), metavar="N", default=1, show_default=True, help="Inputs at a time."
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    metavar="N",
    default=15,
    show_default=True,
    help="How often all take a turn.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Threads of PyTorch.  [default: PyTorch's own]"
)
@click.option("--compile/--no-compile", "compiled", default=True, help="Also torch.compile, which takes a while.")
@click.option("--cpu-time", is_flag=True, help="Count processor time, on a machine that does other work too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@spec_options
def command(
    spec: str,
    batch: int,
    rounds: int,
    threads: int | None,
    compiled: bool,
    cpu_time: bool,
    as_json: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Measure how fast a network answers, computed in several ways.

    The plain module, the source of `compile --for inference` and of its `--target cpu`, and `torch.compile` take turns
    on a CPU, with the same weights and inputs. A ratio is of two times of one round; the quartiles tell its spread.
    """
    made = network(Request(spec, variant, settings, input_), color)
    try:
        from netdsl.backends.purpose.race import conditions, race
    except ModuleNotFoundError as missing:
        raise click.UsageError(f"measuring needs {missing.name}: pip install 'netdsl[torch]'") from None

    clock = time.process_time if cpu_time else time.perf_counter
    found = race(made, batch=batch, rounds=rounds, compiled=compiled, threads=threads, clock=clock)
    about = {"network": made.name, "variant": made.variant, "batch": batch, "rounds": rounds}
    about |= {**conditions(), "clock": "cpu" if cpu_time else "wall"}
    if as_json:
        click.echo(json.dumps({"format_version": 1, **about, "ways": list(map(dataclasses.asdict, found))}, indent=2))
        return 0
    kind = "processor time" if cpu_time else "wall time"
    name = made.name + (f", {made.variant}" if made.variant else "")
    title = f"{name}: batch {batch}, {about['threads']} threads, {rounds} rounds, {kind}, PyTorch {about['torch']}"
    tell(title, [HEAD, *map(_cells, found)], RIGHT, color)
    return 0


def _cells(way: Way) -> tuple[str, ...]:
    if way.failed or way.milliseconds is None or way.faster is None:
        return (way.name, "", f"failed: {way.failed}", "", "", "", "")
    return (
        way.name,
        f"{way.milliseconds.median:.2f}",
        _quartiles(way.milliseconds),
        f"{way.faster.median:.2f}",
        _quartiles(way.faster),
        f"{way.ready:.2f} s",
        f"{way.error:.0e}",
    )


def _quartiles(spread: Spread) -> str:
    return f"{spread.low:.2f} to {spread.high:.2f}"
