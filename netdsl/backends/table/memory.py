"""The table of a training step's memory: what each stage and layer keeps for the backward pass, and what fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from netdsl.backends.table.notation import Notations, call
from netdsl.ir import Network, Node, Scope
from netdsl.passes.training_memory import Training, training, workspace
from netdsl.shapes import text as shape_text
from netdsl.text.amounts import size
from netdsl.text.visible import markdown, visible

Cells: TypeAlias = tuple[str, str, str, str, str]
HEAD: Cells = ("layer", "operator", "output", "kept", "share")


@dataclass(frozen=True)
class Stage:
    """A layer or a group of layers: its level in the tree, and the bytes that it keeps for one sample."""

    level: int
    name: str
    op: str
    output: str
    kept: int
    inner: bool


@dataclass(frozen=True)
class Memory:
    """The memory of training a network with batches of some size; `budget` is in bytes, None where none is given."""

    title: str
    batch: int
    budget: int | None
    figures: Training
    stages: tuple[Stage, ...]


def memory(network: Network, batch: int = 1, budget: int | None = None) -> Memory:
    """What training a network takes. Raises `ValueError` for a network with errors."""
    if not network.complete:
        raise ValueError(f"{network.name} has errors, so its memory is unknown")
    figures = training(network)
    title = network.name + (f" ({network.variant})" if network.variant else "")
    stages = tuple(_stages(network, figures, network.body, 0, Notations(network)))
    return Memory(title, batch, budget, figures, stages)


def fitting(found: Memory, most: int, depth: int | None = None) -> Memory:
    """The table with so many levels of groups, or with as many as make at most so many rows, one at the least."""
    level = max((each.level for each in found.stages), default=0) + 1 if depth is None else depth
    while depth is None and level > 1 and sum(each.level < level for each in found.stages) > most:
        level -= 1
    kept = tuple(each for each in found.stages if each.level < level)
    return Memory(found.title, found.batch, found.budget, found.figures, kept)


def _stages(network: Network, figures: Training, scope: Scope, level: int, notations: Notations) -> Iterator[Stage]:
    for child in scope.children:
        if isinstance(child, Node):
            kept = figures.layers.get(child.id, 0)
            if kept:
                output = shape_text(child.shape) if child.shape is not None else "?"
                yield Stage(level, child.path, notations.of(child.op, short=True), output, kept, False)
            continue
        kept = sum(figures.layers.get(node.id, 0) for node in child.nodes())
        if not kept:
            continue
        if not child.name and child.kind != "block":
            yield from _stages(network, figures, child, level, notations)
            continue
        shape = network.shapes[child.exit]
        output = shape_text(shape) if shape is not None else "?"
        yield Stage(level, child.path, call(child, network.definitions), output, kept, True)
        yield from _stages(network, figures, child, level + 1, notations)


def cells(found: Memory) -> list[Cells]:
    """The rows of the table, the last of them the total."""
    total = found.figures.saved * found.batch + found.figures.constant
    rows = [
        (
            "  " * each.level + visible(each.name),
            visible(each.op),
            each.output,
            size(each.kept * found.batch),
            f"{100 * each.kept / max(found.figures.saved, 1):.1f} %",
        )
        for each in found.stages
    ]
    return [*rows, ("kept for the backward pass", "", "", size(total), "")]


def title(found: Memory) -> str:
    """The line above the table."""
    several = "s" * (found.batch != 1)
    return f"{visible(found.title)}: the memory of a training step with {found.batch} sample{several}, in float32"


def notes(found: Memory) -> Iterator[str]:
    """The lines below the table: what there is besides, the whole, and what fits a budget."""
    figures, batch = found.figures, found.batch
    peak = figures.peak(batch)
    rows = [
        ("parameters and buffers", figures.parameters, ""),
        ("gradients of parameters", figures.gradients, ""),
        ("optimizer's state", figures.state, figures.optimizer),
        ("activations at their peak", peak, "kept values, with gradients on the way"),
        ("workspace", workspace(peak), "a margin of a tenth of the activations"),
        ("in all", figures.step(batch), ""),
    ]
    width = max(len(name) for name, _, _ in rows)
    yield from (f"{name:<{width}}  {size(bytes):>10}  {said}".rstrip() for name, bytes, said in rows)
    if found.budget is None:
        return
    largest = figures.largest(found.budget)
    if largest:
        yield f"{size(found.budget)} hold {largest} samples at most: {size(figures.step(largest))}"
    else:
        yield f"{size(found.budget)} hold not one sample, which takes {size(figures.step(1))}"


def to_markdown(found: Memory) -> str:
    """The table in Markdown."""
    lines = [title(found), "", f"| {' | '.join(HEAD)} |", "|---|---|---|--:|--:|"]
    lines += [f"| {' | '.join(map(markdown, row))} |" for row in cells(found)]
    return "\n".join([*lines, "", *(f"    {note}" for note in notes(found))]) + "\n"


def document(found: Memory) -> dict[str, Any]:
    """The figures for programs, in bytes."""
    figures, batch = found.figures, found.batch
    peak = figures.peak(batch)
    return {
        "format_version": 1,
        "network": found.title,
        "batch": batch,
        "parameters": figures.parameters,
        "gradients": figures.gradients,
        "optimizer": {"name": figures.optimizer, "state": figures.state},
        "saved": figures.saved * batch + figures.constant,
        "peak": peak,
        "workspace": workspace(peak),
        "total": figures.step(batch),
        "budget": found.budget,
        "largest_batch": None if found.budget is None else figures.largest(found.budget),
        "stages": [
            {"level": each.level, "name": each.name, "op": each.op, "output": each.output, "kept": each.kept * batch}
            for each in found.stages
        ],
    }
