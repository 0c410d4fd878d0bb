"""The table of a training step's memory: what each stage and layer keeps for the backward pass, and what fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from netdsl.backends.purpose.training import BudgetError, Plan, planned
from netdsl.backends.table.notation import Notations, call
from netdsl.ir import Network, Node, Scope
from netdsl.passes.training_memory import Training, training, workspace
from netdsl.shapes import Shape
from netdsl.shapes import text as shape_text
from netdsl.text.amounts import size
from netdsl.text.visible import markdown, visible

Cells: TypeAlias = tuple[str, ...]
HEAD: Cells = ("layer", "operator", "output", "kept", "share")
Figures: TypeAlias = tuple[Mapping[int, int], Mapping[int, int], frozenset[int]]
"""What each layer keeps, what it keeps in a budget, and the layers that are computed again."""
PLANNED: Cells = ("in the budget", "computed again")


@dataclass(frozen=True)
class Stage:
    """A layer or a group of layers: its level in the tree, and the bytes that it keeps for one sample; in a budget it
    keeps `less`, and so many of its layers are computed `again`."""

    level: int
    name: str
    op: str
    output: str
    kept: int
    inner: bool
    less: int
    again: int


@dataclass(frozen=True)
class Memory:
    """The memory of training a network with batches of some size; `budget` is in bytes, None where none is given. Where
    one is too small there is the `plan` that fits it, or what is said where none does (`refused`)."""

    title: str
    batch: int
    budget: int | None
    figures: Training
    stages: tuple[Stage, ...]
    plan: Plan | None = None
    refused: str = ""

    @property
    def head(self) -> Cells:
        """The titles of the columns."""
        return (*HEAD, *(PLANNED if self.plan is not None else ()))


def memory(network: Network, batch: int = 1, budget: int | None = None) -> Memory:
    """What training a network takes. Raises `ValueError` for a network with errors."""
    if not network.complete:
        raise ValueError(f"{network.name} has errors, so its memory is unknown")
    figures = training(network)
    title = network.name + (f" ({network.variant})" if network.variant else "")
    plan, refused = None, ""
    if budget is not None:
        try:
            plan = planned(network, batch, budget)
            plan = plan if plan.again else None
        except BudgetError as problem:
            refused = str(problem)
    less, again = (plan.layers, plan.again) if plan is not None else (figures.layers, frozenset[int]())
    stages = tuple(_stages(network, (figures.layers, less, again), network.body, 0, Notations(network)))
    return Memory(title, batch, budget, figures, stages, plan, refused)


def fitting(found: Memory, most: int, depth: int | None = None) -> Memory:
    """The table with so many levels of groups, or with as many as make at most so many rows, one at the least."""
    level = max((each.level for each in found.stages), default=0) + 1 if depth is None else depth
    while depth is None and level > 1 and sum(each.level < level for each in found.stages) > most:
        level -= 1
    kept = tuple(each for each in found.stages if each.level < level)
    return replace(found, stages=kept)


def _stages(network: Network, figures: Figures, scope: Scope, level: int, notations: Notations) -> Iterator[Stage]:
    layers, less, again = figures

    def stage(name: str, op: str, shape: Shape | None, nodes: Iterable[Node], inner: bool) -> Stage:
        ids = [node.id for node in nodes]
        kept = (sum(each.get(id, 0) for id in ids) for each in (layers, less))
        return Stage(level, name, op, shape_text(shape), next(kept), inner, next(kept), len(again.intersection(ids)))

    for child in scope.children:
        if isinstance(child, Node):
            if layers.get(child.id, 0):
                yield stage(child.path, notations.of(child.op, short=True), child.shape, [child], False)
            continue
        nodes = list(child.nodes())
        if not any(layers.get(node.id, 0) for node in nodes):
            continue
        if not child.name and child.kind != "block":
            yield from _stages(network, figures, child, level, notations)
            continue
        yield stage(child.path, call(child, network.definitions), network.shapes[child.exit], nodes, True)
        yield from _stages(network, figures, child, level + 1, notations)


def cells(found: Memory) -> list[Cells]:
    """The rows of the table, the last of them the total."""
    total = found.figures.saved * found.batch + found.figures.constant
    rows: list[Cells] = []
    for each in found.stages:
        share = f"{100 * each.kept / max(found.figures.saved, 1):.1f} %"
        row = (
            "  " * each.level + visible(each.name),
            visible(each.op),
            each.output,
            size(each.kept * found.batch),
            share,
        )
        again = "" if not each.again else f"{each.again} layers" if each.inner and each.again > 1 else "yes"
        rows.append((*row, *((size(each.less * found.batch), again) if found.plan is not None else ())))
    end: Cells = ("kept for the backward pass", "", "", size(total), "")
    if found.plan is not None:
        end += (
            size(sum(found.plan.layers.values()) * found.batch),
            f"{100 * found.plan.share:.1f} % of a forward pass",
        )
    return [*rows, end]


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
    if found.plan is not None:
        plan = found.plan
        yield f"compiled --for training in this budget: {size(plan.step)} in all, {size(plan.peak)} at the peak"
    if found.refused:
        yield f"even compiled --for training, {found.refused}"


def to_markdown(found: Memory) -> str:
    """The table in Markdown."""
    lines = [title(found), "", f"| {' | '.join(found.head)} |", "|---|---|---|--:|--:|" + "--:|---|" * bool(found.plan)]
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
        "plan": None if found.plan is None else _planned(found.plan),
        "refused": found.refused or None,
        "stages": [
            {"level": each.level, "name": each.name, "op": each.op, "output": each.output, "kept": each.kept * batch}
            | ({"in_budget": each.less * batch, "again": each.again} if found.plan is not None else {})
            for each in found.stages
        ],
    }


def _planned(plan: Plan) -> dict[str, Any]:
    """How the budget is met."""
    return {
        "values": len(plan.lights),
        "groups": len(plan.groups),
        "share_of_forward": plan.share,
        "peak": plan.peak,
        "total": plan.step,
    }
