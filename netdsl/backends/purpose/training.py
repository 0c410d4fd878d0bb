"""A network and a budget to the plan of its training: what is kept for the backward pass, and what is computed again.

Less is done again where less needs to be: nothing where all fits, then values that cost next to nothing
(`recomputed_values`), those first that free the most bytes for an operation, then groups of layers
(`recomputed_groups`). What is predicted is played on a tape, moment by moment; no torch is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from netdsl.backends.purpose import variables
from netdsl.backends.purpose.graph import Graph, trained
from netdsl.backends.purpose.passes import recomputed_groups, recomputed_values
from netdsl.backends.purpose.statements import inlines
from netdsl.ir import Network
from netdsl.passes.memory import BYTES
from netdsl.passes.player import Player
from netdsl.passes.tape import Light, Tape
from netdsl.passes.training_memory import Training, entry, learned, training
from netdsl.text.amounts import size


class BudgetError(ValueError):
    """A budget that no plan of training fits; the message says the least that one takes, and the way out.

    `problem` is the message without the way out, batches of as many samples as `fits`; 0 where not one does.
    """

    def __init__(self, problem: str, fits: int = 0):
        super().__init__(f"{problem}; batches of {fits} fit: --batch {fits}" if fits else problem)
        self.problem, self.fits = problem, fits


@dataclass(frozen=True)
class Plan:
    """How a network is trained with batches of some size.

    - `lights`: the values that are computed again; `groups`: the stretches of the graph's steps that are.
    - `figures`: the memory of the plain module. `budget` is in bytes, for all that a step takes; None: none was given.
    """

    graph: Graph
    tape: Tape
    figures: Training
    batch: int
    budget: int | None
    lights: tuple[Light, ...] = ()
    groups: tuple[range, ...] = ()

    @cached_property
    def _played(self) -> tuple[int, int]:
        ends = self.ends if self.lights or self.groups else None  # the plain module's variables are many functions'
        player = Player(self.tape, self.lights, self.groups, ends)
        peak = max(each.of(self.batch) for each in player.played())
        return peak, player.kept.of(self.batch)

    @cached_property
    def inlined(self) -> frozenset[int]:
        """The values that have no variable, being written into the expression that takes them."""
        inner = {place for each in self.lights for place in each.places}
        within = {self.graph.steps[place].value for place in inner}
        found = within - {each.value for each in self.lights}
        for place, step in enumerate(self.graph.steps):
            user = inlines(step, self.graph) if place not in inner else None
            apart = any((place in group) != (place + 1 in group) for group in self.groups)
            if user is not None and user.value not in within and not apart:
                found.add(step.value)
        return frozenset(found)

    @cached_property
    def ends(self) -> dict[int, int]:
        """The place at which each value is let go: where its variable is set again, or with the function around."""
        inputs = {number: f"input {number}" for number in range(self.tape.inputs)}
        names = variables.named(self.graph, inputs, self.inlined, ())
        made = {step.value: place for place, step in enumerate(self.graph.steps)}
        found, outside = dict(self.tape.ends), set(names)
        for group in self.groups:
            inside, leaving = [self.graph.steps[place].value for place in group], self.tape.leaving(group)
            found |= _released(names, {value: made[value] for value in inside}, group.stop - 1)
            outside -= {*inside} - {*leaving}
            made |= dict.fromkeys(leaving, group.stop - 1)  # where the group's function returns
        return found | _released(names, {value: made[value] for value in made if value in outside}, len(made))

    @property
    def peak(self) -> int:
        """The most bytes that activations and gradients on the way take at once."""
        return self._played[0]

    @property
    def kept(self) -> int:
        """The bytes that are there between the forward and the backward pass, weights aside."""
        return self._played[1]

    @cached_property
    def plain(self) -> Plan:
        """The same network with nothing done again."""
        return replace(self, lights=(), groups=())

    @property
    def step(self) -> int:
        """All that a step takes, in bytes."""
        return self.figures.whole(self.peak)

    @cached_property
    def work(self) -> tuple[int, ...]:
        """The operations of each step of the forward pass, for one sample."""
        return tuple(recomputed_values.operations(step, self.graph) for step in self.graph.steps)

    @cached_property
    def again(self) -> frozenset[int]:
        """The values that are computed again, and those on the way to them."""
        places = [place for each in (*(each.places for each in self.lights), *self.groups) for place in each]
        return frozenset(self.graph.steps[place].value for place in places)

    @cached_property
    def layers(self) -> dict[int, int]:
        """What each layer keeps for one sample, by its value; what several keep is counted at the first."""
        lights = {each.value: each for each in self.lights}
        inner = {place for each in self.lights for place in each.places}
        tape, seen = self.tape, set[int]()
        found: dict[int, int] = {}
        for place, each in enumerate(tape.entries):
            group = next((group for group in self.groups if place in group), None)
            values = each.kept if group is None else tape.entering(group) if place == group.start else ()
            kept = {root for value in values for root in tape.roots(value, lights)} - seen
            seen |= kept
            own = each.own.each if group is None and place not in inner else 0
            found[each.value] = own + sum(tape.sizes[value] for value in kept)
        return found

    @property
    def share(self) -> float:
        """The operations that are done again, as a share of those of a forward pass."""
        again = [place for each in (*(each.places for each in self.lights), *self.groups) for place in each]
        return sum(self.work[place] for place in again) / max(sum(self.work), 1)

    def with_groups(self, groups: Sequence[range]) -> Plan:
        """The plan with stretches that are done again, but for those that keep nothing, and light values outside."""
        groups = [
            each for each in groups if any(self.tape.entries[at].kept or any(self.tape.entries[at].own) for at in each)
        ]
        inside = {place for each in groups for place in each}
        entering = {value for each in groups for value in self.tape.entering(each)}
        lights = (each for each in self.lights if inside.isdisjoint(each.places) and each.value not in entering)
        return replace(self, lights=tuple(lights), groups=tuple(groups))


def planned(network: Network, batch: int = 1, budget: int | None = None, probabilities: bool = False) -> Plan:
    """The plan of a network's training with so many samples in a batch, and a budget in bytes for all that a step
    takes: parameters, gradients, the optimizer's state, activations with a margin. Without a budget all values that
    cost next to nothing are computed again.

    Raises `BudgetError` where the budget cannot be met, `ValueError` for a network with errors.
    """
    graph = trained(network, probabilities)
    plan = Plan(graph, tape(graph), training(network), batch, budget)
    lights = [light for light, _ in recomputed_values.candidates(graph, plan.tape)]
    if budget is None:
        return replace(plan, lights=tuple(lights))
    if plan.step <= budget:
        return plan
    cheap = replace(plan, lights=tuple(lights))
    if cheap.step <= budget:
        return _fewest(plan, lights)
    return _grouped(cheap, budget)


def tape(graph: Graph) -> Tape:
    """The training step of a graph."""
    entries = []
    for step in graph.steps:
        (layer, *_) = step.layers or (0,)
        node = graph.network.node(layer) if step.op.weighted else None
        weights = learned(graph.network, node) if node is not None else 0
        entries.append(entry(step.op, graph.shapes(step), step.value, step.inputs, weights))
    sizes = [0] * graph.fresh
    for number, item in enumerate(graph.network.inputs):
        sizes[number] = BYTES * prod(item.shape)
    for step in graph.steps:
        sizes[step.value] = BYTES * prod(step.shape)
    return Tape(tuple(entries), tuple(sizes), len(graph.network.inputs), frozenset(graph.results.values()))


def _released(names: Mapping[int, str], places: Mapping[int, int], end: int) -> dict[int, int]:
    """Where values are let go that are set in one function, which ends at `end`, in the order of their places."""
    found: dict[int, int] = {}
    held: dict[str, int] = {}
    for value, place in places.items():
        if value not in names:
            continue
        if names[value] in held:
            found[held[names[value]]] = place
        held[names[value]] = value
    return found | dict.fromkeys(held.values(), end)


def _fewest(plan: Plan, lights: list[Light]) -> Plan:
    """The plan with as few light values as fit the budget, of those that free the most for an operation."""
    assert plan.budget is not None
    low, high = 0, len(lights)
    while high - low > 1:
        middle = (low + high) // 2
        fits = replace(plan, lights=tuple(lights[:middle])).step <= plan.budget
        low, high = (low, middle) if fits else (middle, high)
    return replace(plan, lights=tuple(lights[:high]))


def _grouped(plan: Plan, budget: int) -> Plan:
    """The plan with groups that fit the budget and do the fewest operations again."""
    programme = recomputed_groups.Programme(plan.tape, plan.lights, plan.batch, plan.work)
    limit = plan.figures.room(budget)
    most = limit
    for _ in range(6):  # the programme adds up what a tape plays, so its peaks are a little off
        choice = programme.cheapest(most)
        if choice is None:
            break
        found = plan.with_groups(choice.groups)
        if found.step <= budget:
            return found
        most -= max(found.peak - limit, limit // 200)
    found = _least(plan, programme)
    if found.step <= budget:
        return found
    raise _refused(found, budget)


def _least(plan: Plan, programme: recomputed_groups.Programme) -> Plan:
    """The plan that takes the least."""
    choice = programme.cheapest(programme.lowest())
    assert choice is not None
    return plan.with_groups(choice.groups)


def _refused(least: Plan, budget: int) -> BudgetError:
    """What is said of a budget that cannot be met."""
    network, batch = least.graph.network, least.batch
    samples = f"{batch} sample{'s' * (batch != 1)}"
    said = (
        f"a training step of {network.name} with {samples} takes {size(least.step)} at least, {size(budget)} are given"
    )
    if least.figures.standing >= budget:
        return BudgetError(f"{said}; weights, gradients and optimizer alone take {size(least.figures.standing)}")
    low, high = 0, batch
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _smallest(least, middle).step <= budget else (low, middle)
    return BudgetError(said, low) if low else BudgetError(f"{said}; not one sample fits")


def _smallest(plan: Plan, batch: int) -> Plan:
    """The plan that takes the least with batches of another size."""
    lights = tuple(light for light, _ in recomputed_values.candidates(plan.graph, plan.tape))
    other = replace(plan, batch=batch, lights=lights, groups=())
    programme = recomputed_groups.Programme(other.tape, other.lights, batch, other.work)
    return _least(other, programme)
