"""Networks drawn statement by statement: each is added if the network is right with it, so that few draws are lost.

A statement is one of `drawing`, or an operator of `cases` with any of its arguments, drawn for the shape that the
network has at that place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import reject
from hypothesis import strategies as st

from netdsl import ops
from netdsl.ir import Network
from netdsl.ops.shared.base import references
from netdsl.shapes import Shape, text
from netdsl.testing.cases import cases, fits
from netdsl.testing.drawing import HEAD, RANKED, WHOLE, accepted, statement

INPUTS = {1: (4, 24), 2: (4, 16, 16), 3: (4, 8, 6, 8)}
TOKENS, EMBEDDED = "24 of 12", "embedding(4)"
"""An input of tokens, and what makes a signal of them."""
NAMES = {1: "length", 2: "width", 3: "depth"}
BLOCKS = {line.split("(")[0].removeprefix("block "): line for line in HEAD.splitlines() if line.startswith("block")}
DEFAULT = "default conv(init=normal(std=0.1))"
ENDINGS: tuple[list[str], ...] = (
    [],
    ["gap", "fc-3"],
    ["flatten", "fc-4(norm=bn, act=relu)", "softmax"],
    ["property output.channels == 2 ** 0 * output.channels"],
)
JOINS = ("add", "concat", "max", "mean", "mul")
_TRIED = 4
"""So often an operator is drawn until one takes what there is."""


class Plan(NamedTuple):
    """What is asked for, and what stands in front of the statements."""

    head: tuple[str, ...]
    dims: int
    blocks: bool
    joins: bool
    operators: tuple[str, ...] | None
    tokens: bool

    def network(self, lines: Sequence[str], variant: str | None = None) -> Network:
        """The network of these statements, with the blocks that they call; a variant of it where there is a table."""
        body = "\n".join(lines)
        params = ["param widths = [4, 6]"] * ("widths" in body)
        called = [block for name, block in BLOCKS.items() if f"{name}(" in body]
        return accepted("\n".join([*self.head, *params, *called, body, ""]), variant)

    def input(self, number: int) -> str:
        """What goes on from an input."""
        return f"@in{number}; {EMBEDDED}" if self.tokens else f"@in{number}"


@st.composite
def networks(
    draw: st.DrawFn,
    *,
    max_layers: int = 5,
    blocks: bool = True,
    joins: bool = True,
    inputs: int = 1,
    outputs: int = 1,
    operators: Sequence[str] | None = None,
    dims: Sequence[int] = (2,),
    tables: bool = False,
) -> Network:
    """A network of at most `max_layers` statements, and what joins its inputs and makes its outputs.

    - `blocks`, `joins`: whether there may be calls of blocks, and joins and residuals.
    - `inputs`, `outputs`: how many it has.
    - `operators`: the names of those that its layers may be; then there are no blocks, and joins are those named.
    - `dims`: of how many dimensions the maps are: 1 for signals, 2 for images, 3 for clips; 0 is a sequence of tokens,
      which are embedded as a signal.
    - `tables`: whether some of the statements may be the rows of a table; the network is its variant `a` then.

    It is compiled, and keeps its text (`network.sources[0].text`); what fails shrinks to a few short lines.
    """
    rank = draw(st.sampled_from(sorted(dims, key=lambda each: each != 2)))
    names = ["input"] if inputs == 1 else [f"input in{number}:" for number in range(inputs)]
    head = draw(st.sampled_from([[], ["net Drawn/4"]]))
    given, tokens, rank = (TOKENS, True, 1) if rank == 0 else (text(INPUTS[rank]), False, rank)
    head = [*head, *(f"{name} {given}" for name in names), *draw(st.sampled_from([[], [DEFAULT]]))]
    plan = Plan(tuple(head), rank, blocks, joins, None if operators is None else tuple(operators), tokens)
    lines = [plan.input(0)] if inputs > 1 else [EMBEDDED] * tokens
    count = draw(st.integers(1, max_layers))
    entering = [draw(st.integers(0, count - 1)) for _ in range(inputs - 1)]
    leaving = [draw(st.integers(0, count - 1)) for _ in range(outputs - 1)]
    labels: list[str] = []
    network: Network | None = None
    for number in range(count):
        shape = INPUTS[rank] if network is None else network.shapes[network.result]
        wanted = [draw(_statement(plan, number, labels, shape))]
        wanted += [[_entered(plan, at + 1)] for at, place in enumerate(entering) if place == number]
        wanted += [[f"output out{at}"] for at, place in enumerate(leaving) if place == number]
        for more in wanted:
            tried = plan.network([*lines, *more])
            if tried.complete:
                network, lines = tried, [*lines, *more]
            labels[:] = [each for each in labels if any(f"{each}:" in line for line in lines)]
    if operators is None and network is not None:
        ending = draw(st.sampled_from(ENDINGS))
        tried = plan.network([*lines, *ending])
        network, lines = (tried, [*lines, *ending]) if tried.complete else (network, lines)
    if tables and network is not None and draw(st.booleans()):
        network = plan.network(draw(_tabled(lines)), "a")
    if network is None or (len(network.inputs), len(network.outputs) + 1) != (inputs, outputs):
        reject()
    return network


@st.composite
def _statement(draw: st.DrawFn, plan: Plan, number: int, labels: list[str], shape: Shape | None) -> list[str]:
    own = plan.operators is not None
    kind = draw(st.sampled_from(["operator"] if own else ["statement", "statement", "operator"]))
    if kind == "operator" and shape is not None:
        return draw(_operator(plan, shape))
    if plan.dims != 2:
        left = [each for each in RANKED if plan.joins or "{" not in each]
        line = draw(st.sampled_from(left)).replace("length_", NAMES[plan.dims])
        return [line.replace("keep", f"n{number}")]
    without = (set() if plan.blocks else {"call"}) | (
        set() if plan.joins else {"join", "branches", "residual", "sequence"}
    )
    kinds = [each for each in WHOLE if each not in without]
    return draw(statement(f"n{number}", labels, 0, f"n{number}_", kinds, 3))


@st.composite
def _operator(draw: st.DrawFn, plan: Plan, shape: Shape) -> list[str]:
    """An operator that takes what there is, alone or beside it in a join."""
    names = ops.names() if plan.operators is None else plan.operators
    layers = [name for name in names if _alone(name)]
    joining = [name for name in names if name in JOINS and plan.joins]
    for _ in range(_TRIED):
        case = draw(cases(draw(st.sampled_from(layers or ["identity"])), shape))
        if case.inputs == (shape,) and fits(case):
            join = draw(st.sampled_from(["", "", *joining]))
            return [f"{join} {{ identity | {case} }}" if join else str(case)]
    return ["identity"]


def _alone(name: str) -> bool:
    """Whether an operator takes one map, and names no other value for sure."""
    cls = ops.find(name)
    needed = [key for key in references(cls) if cls.model_fields[key].is_required()]
    return cls.inputs[0] == 1 and name not in (*JOINS, "embedding") and not needed


def _entered(plan: Plan, number: int) -> str:
    """What brings another input in: it weighs the channels, or is gone on from."""
    if plan.joins and plan.operators is None:
        return f"mul {{ identity | {plan.input(number)}; gap; conv1-1 }}"
    return plan.input(number)


@st.composite
def _tabled(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """Statements, of which some in a row are those of a table: another variant has other ones, or none, or the same."""
    start = draw(st.integers(0, len(lines) - 1))
    end = draw(st.integers(start + 1, len(lines)))
    other = st.sampled_from([" | relu |", " | |", " |"])
    rows = [f"| {line}{draw(other)}" for line in lines[start:end]]
    return [*lines[:start], "table", "| a | b |", "|---|---|", *rows, *lines[end:]]
