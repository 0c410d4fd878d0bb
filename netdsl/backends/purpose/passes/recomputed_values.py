"""Values that cost next to nothing are computed again in the backward pass, in place of being kept for it.

A training step keeps the input of a convolution for the gradient of its weights. Where that input is a batch norm and a
ReLU of what the batch norm keeps anyway, it can be had again for a thousandth of what the convolution costs; so can a
concatenation, and a pool, which keeps the places of its maxima besides, at twice the bytes of its result. So such a
value is made again when the first gradient asks for it, serves all that need it, and is gone again. It is the same to
the last bit, and so are the gradients, which are summed in the same order; running averages count the batch once, when
it first comes by.

Values are taken by the bytes that they free for each operation done again, as many as a budget needs; all of them where
none is given. A value of a value of a value is made from what is kept, but no more is stacked: then that one is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from netdsl.backends.purpose.graph import Graph, Step
from netdsl.ops import Family
from netdsl.ops.shared.pool import Pooling
from netdsl.passes.tape import Light, Tape

DEEPEST = 3
"""So many values may stand on one another between one that is kept and one that a gradient needs."""
CHEAP = (Family.NORMALIZATION, Family.ACTIVATION, Family.POOLING, Family.JOIN, Family.REARRANGEMENT)


def operations(step: Step, graph: Graph) -> int:
    """How many operations a step takes for one sample: two for a multiply-add, one for each value that it looks at."""
    shapes = graph.shapes(step)
    macs = step.op.macs(shapes)
    if macs:
        return 2 * macs
    window = step.op.window(shapes) if isinstance(step.op, Pooling) else None
    seen = prod(step.shape) * (prod(window.kernel) if window is not None else 1)
    return max(seen, *(prod(shape) for shape in shapes))


def candidates(graph: Graph, tape: Tape) -> Iterator[tuple[Light, float]]:
    """The values that can be computed again, with the bytes that each frees for an operation done again, the most
    first."""
    found: dict[int, tuple[Light, float]] = {}
    depth: dict[int, int] = {}
    takers: dict[int, list[int]] = {}
    for place, step in enumerate(graph.steps):
        for value in dict.fromkeys(step.inputs):
            takers.setdefault(value, []).append(place)
    for place, step in enumerate(graph.steps):
        value = step.value
        if value not in tape.keepers or not _cheap(step, graph) or not _alone(value, tape):
            continue
        light, extra = _light(place, graph, tape, takers)
        below = max((depth.get(each, 0) for each in light.inputs), default=0)
        freed = tape.sizes[value] + sum(tape.entries[each].own.each for each in light.places) - extra
        if below < DEEPEST and freed > 0:
            depth[value] = below + 1
            work = sum(operations(graph.steps[each], graph) for each in light.places)
            found[value] = light, freed / work
    yield from sorted(found.values(), key=lambda each: -each[1])


def _cheap(step: Step, graph: Graph) -> bool:
    """Whether a step is quickly done, and gives the same when it is done again."""
    return step.op.family in CHEAP and not step.op.view and not step.op.macs(graph.shapes(step))


def _alone(value: int, tape: Tape) -> bool:
    """Whether a value's memory is its own, and nobody outside has it."""
    return tape.storage.count(value) == 1 and value not in {tape.storage[each] for each in tape.results}


def _light(place: int, graph: Graph, tape: Tape, takers: Mapping[int, list[int]]) -> tuple[Light, int]:
    """How a value is made of what is kept, and the bytes of what is to be kept for it alone.

    What it is made of runs where it does. So a step is left where it is if another one behind it takes the same, since
    the gradient of what both take is summed in the order in which they run.
    """
    places, inputs, extra = [place], set[int](), 0
    where = {step.value: number for number, step in enumerate(graph.steps)}
    waiting = {*graph.steps[place].inputs}
    while waiting:
        value = max(waiting, key=lambda each: where.get(each, -1))  # those that run last first
        waiting.discard(value)
        maker = graph.made.get(value)
        kept = tape.storage[value] in tape.keepers or tape.storage[value] < tape.inputs
        if maker is not None and not kept and _cheap(maker, graph) and graph.only(value) is not None:
            between = (at for each in maker.inputs for at in takers[each] if where[value] < at < place)
            if {*between} <= {*places}:
                places.append(where[value])
                waiting |= {*maker.inputs}
                continue
        extra += 0 if kept else tape.sizes[value]
        inputs.add(value)
    return Light(graph.steps[place].value, tuple(sorted(places)), tuple(sorted(inputs))), extra
