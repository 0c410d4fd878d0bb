"""1x1 convolutions on one value become one convolution, whose channels are then split.

The input is read once and one kernel runs in place of several. The slices cost something where a step needs them
densely packed, as a convolution does; a concatenation copies anyway. So the rule: merge where the channels read less,
`input channels * (convolutions - 1)`, are more than those copied, twice over for reading and writing. A slice that
feeds a sum is never made, as in ResNet's first blocks: the sum would read it in strides. Activations that all of them
have come before the split. The modules of GoogLeNet and Inception-v3 have such convolutions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netdsl.backends.purpose.graph import Graph, Step
from netdsl.backends.purpose.tensors import Stacked
from netdsl.ops.shared.join import Elementwise
from netdsl.ops.slice import Slice


def apply(graph: Graph) -> Graph:
    """The graph with sibling projections merged where it pays."""
    changed: dict[int, tuple[Step, ...]] = {}
    fresh = graph.fresh
    for siblings in _siblings(graph):
        followers = [_follower(graph, step) for step in siblings]
        if not _pays(graph, siblings, followers):
            continue
        order = sorted(range(len(siblings)), key=lambda place: followers[place] is None)
        made = _merged(graph, [siblings[place] for place in order], [followers[place] for place in order], fresh)
        fresh = max(fresh, *(step.value + 1 for step in made))
        changed |= {step.value: () for step in (*siblings, *filter(None, followers))}
        changed[siblings[0].value] = tuple(made)
    return graph.changed(each for step in graph.steps for each in changed.get(step.value, (step,)))


def _siblings(graph: Graph) -> Iterator[list[Step]]:
    """The 1x1 convolutions on one value, where there are several."""
    for users in graph.users.values():
        found = list({step.value: step for step in users if step.pointwise and not step.plus}.values())
        if len(found) > 1 and len({len(step.shape) for step in found}) == 1:
            yield found


def _follower(graph: Graph, step: Step) -> Step | None:
    """The activation that alone takes a step's value, if it can be done before a split."""
    user = graph.only(step.value)
    return user if user is not None and user.op.name == "relu" else None


def _pays(graph: Graph, siblings: list[Step], followers: list[Step | None]) -> bool:
    """Whether one convolution and its slices move fewer values than the convolutions apart."""
    copied = 0
    for step, follower in zip(siblings, followers, strict=True):
        value = (follower or step).value
        users = graph.users.get(value, ())
        if value in graph.results.values() or not users or any(isinstance(user.op, Elementwise) for user in users):
            return False
        if any(user.op.name != "concat" for user in users):
            copied += step.shape[0]
    return graph.shapes(siblings[0])[0][0] * (len(siblings) - 1) > 2 * copied


def _merged(graph: Graph, siblings: list[Step], followers: list[Step | None], fresh: int) -> list[Step]:
    """The convolution, the activation of those that have one, and a slice for each. Those without stand last."""
    channels = [step.shape[0] for step in siblings]
    plane = siblings[0].shape[1:]
    layers = tuple(layer for step in siblings for layer in step.layers)
    tensors = Stacked(tuple(step.tensors for step in siblings))  # type: ignore[misc]
    op = siblings[0].op.model_copy(update={"channels": sum(channels), "bias": True})
    made = [replace(siblings[0], value=fresh, op=op, shape=(sum(channels), *plane), tensors=tensors, layers=layers)]
    source, active = fresh, sum(size for size, follower in zip(channels, followers, strict=True) if follower)

    def add(step: Step) -> int:
        made.append(replace(step, value=fresh + len(made)))
        return made[-1].value

    relu = next(filter(None, followers), None)
    rectified = source
    if relu is not None:
        done = tuple(layer for follower in followers if follower for layer in follower.layers)
        if active < sum(channels):
            rectified = add(Step(0, Slice.model_validate({"to": active}), (source,), (active, *plane)))
        rectified = add(replace(relu, inputs=(rectified,), shape=(active, *plane), layers=done))
    start = 0
    for step, follower, size in zip(siblings, followers, channels, strict=True):
        cut = Slice.model_validate({"from": start, "to": start + size})
        taken = (rectified,) if follower else (source,)
        made.append(Step((follower or step).value, cut, taken, step.shape))
        start += size
    return made
