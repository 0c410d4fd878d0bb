"""The classes of a network but its own: the blocks that it and other blocks construct.

They are found from the inside out: the blocks without blocks in them first, so that by the time a class is made the
classes it constructs have their arguments. The instances of one definition are one class if they can be; if they
cannot, those that are alike are, and as many more as fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netdsl.backends.torch.attributes import shape_of
from netdsl.backends.torch.classes import Class
from netdsl.backends.torch.columns import Split
from netdsl.backends.torch.echo import echo
from netdsl.backends.torch.facts import UNIT, Facts, kernels, row_nodes
from netdsl.backends.torch.forward import Forward
from netdsl.backends.torch.initialise import Initialisation
from netdsl.backends.torch.levels import Leaf, Level
from netdsl.backends.torch.members import Members
from netdsl.backends.torch.merge import Form, Instance, Merge
from netdsl.backends.torch.names import Numbered, camel, snake, stem, variable
from netdsl.backends.torch.parameters import defaults_of
from netdsl.backends.torch.plan import Plan
from netdsl.backends.torch.terms import Layer
from netdsl.backends.torch.trace import Trace
from netdsl.ir import Definition, Node, Scope

MOST_FRESH = 2
"""So many arguments that the spec does not have may make one class of instances that differ in more than numbers."""

ANY = 1 << 30
"""Those that differ in numbers only may have any number of them."""

MOST_KINDS = 12
"""So many kinds of instances are tried in one another's classes."""


class Blocks:
    """The classes of the blocks of one network."""

    def __init__(self, plan: Plan, facts: Facts, initialisation: Initialisation, taken: set[str]):
        self.plan = plan
        self.network = plan.network
        self.root = plan.root
        self.facts = facts
        self.initialisation = initialisation
        self.taken = taken
        self.numbered = Numbered(taken)
        self.classes: list[Class] = []
        heights: dict[int, list[Level]] = {}
        self._heights(self.root, heights)
        for height in sorted(heights):
            self._classes(heights[height])

    def _heights(self, level: Level, found: dict[int, list[Level]]) -> int:
        """How many classes are nested in a level; levels by that number."""
        height = max((self._heights(member, found) for member in level.members if isinstance(member, Level)), default=0)
        if level is not self.root and level.kind == "class":
            found.setdefault(height, []).append(level)
            return height + 1
        return height

    def _classes(self, levels: list[Level]) -> None:
        kinds: dict[Any, list[Level]] = {}
        for level in levels:
            kinds.setdefault(level.scope.definition or _kind(level), []).append(level)
        for alike in kinds.values():
            base = _base(alike[0])
            projects = any(
                isinstance(each, Level) and each.scope.kind == "shortcut" for level in alike for each in level.members
            )
            definition = self.facts.definition(alike[0].scope)
            defaults = self._defaults(definition, alike) if definition is not None else {}
            firsts: dict[Any, Level] = {}
            same: dict[int, list[Level]] = {}
            wirings: dict[int, int] = {}
            for level in alike:
                keys = None if self.plan.reused else self.facts.keys_of(level)
                wiring, key = keys or (None, None)
                self.facts.keys[id(level)] = key
                first = firsts.setdefault(id(level) if key is None else -1 - key, level)
                same.setdefault(id(first), []).append(level)
                if wiring is not None:
                    wirings[id(level)] = wiring
            made = self._made(list(firsts.values()), wirings, projects, defaults)
            for merge, echoes in made:
                label = camel(merge.instances[0].level.scope.label or "") if definition is None else ""
                told = len(made) > 1 and label.startswith(base)  # `Stage3` and `Stage4`, where no one class is both
                merge.made.name = self.numbered(label if told else base)
                merge.made.doc = self._doc([each.level for each in merge.instances])
                self.classes.append(merge.made)
                for number, trace in [*enumerate(each.trace for each in merge.instances), *echoes]:
                    given = merge.given(number, trace)
                    for level in same[id(trace.level)]:
                        self.facts.classes[id(level)] = (merge.made, given)
                        self.facts.traces[id(level)] = trace

    def _defaults(self, definition: Definition, levels: Sequence[Level]) -> dict[str, Any]:
        """The defaults of a block's parameters; a block that is one is the class of it, where some instance has it."""
        found = defaults_of(definition.parameters)
        for level in levels:
            for parameter, value in level.scope.arguments.items():
                if type(value) is str and value == definition.parameters.get(parameter):
                    layer = self.facts.argument(level.scope, parameter)
                    if type(layer) is Layer:
                        found.setdefault(variable(parameter), layer)
        return found

    def _made(
        self, levels: list[Level], wirings: dict[int, int], projects: bool, defaults: dict[str, Any]
    ) -> list[tuple[Merge, list[tuple[int, Trace]]]]:
        """The classes of the levels of one block, each with those that do what an instance does with other numbers."""
        models: dict[Any, Instance] = {}
        distinct: list[Instance] = []
        echoes: list[tuple[Instance, Trace]] = []
        for level in levels:
            wiring = wirings.get(id(level))
            model = models.get(wiring) if wiring is not None else None
            found = echo(model.trace, level, self.facts, self.initialisation.statements) if model is not None else None
            if model is not None and found is not None:
                echoes.append((model, found))
                continue
            distinct.append(self._instance(level, projects))
            models.setdefault(wiring, distinct[-1])
        tried = False
        while True:
            merges = self._merged(distinct, defaults)
            numbers = {
                id(each.level): (merge, number) for merge in merges for number, each in enumerate(merge.instances)
            }
            fitting: dict[int, list[tuple[int, Trace]]] = {id(merge): [] for merge in merges}
            unlike: list[Trace] = []
            for model, trace in echoes:
                merge, number = numbers[id(model.level)]
                if merge.fits(number, trace):
                    fitting[id(merge)].append((number, trace))
                else:
                    unlike.append(trace)
            if not unlike:
                return [(merge, fitting[id(merge)]) for merge in merges]
            if not tried:  # once the first is one of the instances, the others may be its likes
                unlike, tried = unlike[:1], True
            distinct += [self._instance(each.level, projects) for each in unlike]
            distinct.sort(key=lambda each: each.level.first)
            gone = set(map(id, unlike))
            echoes = [each for each in echoes if id(each[1]) not in gone]

    def _merged(self, instances: list[Instance], defaults: dict[str, Any]) -> list[Merge]:
        """The classes of the instances of one block, in order of first use."""

        def attempt(group: Sequence[Instance], most: int = MOST_FRESH) -> Merge | None:
            try:
                made = Merge("", group, self.taken, defaults)
            except Split:
                return None
            if group[0].level.scope.definition is None and any(map(_telling, made.fresh.values())):
                return None
            return made if len(made.fresh) <= most else None

        whole = attempt(instances, ANY)
        if whole is not None and len(whole.fresh) <= MOST_FRESH:
            return [whole]
        groups: dict[Any, list[Instance]] = {}
        for instance in instances:
            groups.setdefault(_signature(instance), []).append(instance)
        if whole is not None and len(groups) == 1:
            return [whole]
        found: list[Merge] = []
        for group in groups.values():
            made = attempt(group, ANY)
            if made is None:
                found += [self._alone(each, defaults) for each in group]
                continue
            for place, other in enumerate(found if len(groups) <= MOST_KINDS else []):
                together = attempt([*other.instances, *group])
                if together is not None:
                    found[place] = together
                    break
            else:
                found.append(made)
        return found

    def _alone(self, instance: Instance, defaults: dict[str, Any]) -> Merge:
        """The class of one instance, which there always is."""
        try:
            return Merge("", [instance], self.taken, defaults)
        except Split:
            unrolled = self._instance(instance.level, False, loops=False)
            return Merge("", [unrolled], self.taken, defaults)

    def _instance(self, level: Level, projects: bool, loops: bool = True) -> Instance:
        """What one class-like level holds and does; `projects` where others of its kind have a `downsample`."""
        trace = Trace(self.facts, level, loops)
        members = Members(level, trace)
        init = (*members.parameters, *self.initialisation.lines(level, members.access))
        if level.chained:
            return Instance(level, trace, Form(members.attributes, init=init))
        inputs = self._arguments(level)
        optional = set() if self._aside(level) else self.network.aux_nodes
        kinds = ["Tensor | None" if value in optional else "Tensor" for value in level.outputs]
        gives = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"

        named = any(
            isinstance(each, Leaf) and each.node.op.transparent and each.node.label is not None
            for each in level.members
        )

        def lines(addition: int | None, spelled: bool) -> tuple[str, ...]:
            forward = Forward(level, self.plan, inputs, members.access, addition=addition, spelled=spelled)
            forward.write(level.outputs)
            return tuple(forward.lines(level.outputs))

        def form(addition: int | None = None) -> Form:
            spelled = lines(addition, True) if named else ()
            return Form(members.attributes, tuple(inputs.values()), gives, lines(addition, False), init, spelled)

        addition = _addition(level.scope) if projects else None
        return Instance(level, trace, form(), form(addition) if addition is not None else None)

    def _aside(self, level: Level) -> bool:
        """Whether a level is part of an aux head."""
        here: Level | None = level
        while here is not None and not here.aux:
            here = here.above
        return here is not None

    def _arguments(self, level: Level) -> dict[int, str]:
        """The variables of the values that a class takes: `x`, and what comes from elsewhere by its label."""
        names: dict[int, str] = {}
        for number, value in enumerate(level.inputs):
            taken = level.taken(value)
            if taken is None and number == 0 and (value == level.scope.entry or len(level.inputs) == 1):
                names[value] = "x"
                continue
            name = variable(snake(taken or stem(self.plan.labels.get(value, "other"))), () if taken else ("x",))
            if name in names.values():
                name = Numbered({*names.values()})(name)
            names[value] = name
        return names

    def _doc(self, levels: list[Level]) -> str:
        """The docstring of the class of some levels: the comment above the block, or little else."""
        scope = levels[0].scope
        definition = self.facts.definition(scope)
        if definition is not None and definition.doc:
            return definition.doc
        if scope.kind == "bracket":
            return f"A residual building block of {', '.join(kernels(scope))} convolutions"
        return "An auxiliary head, which is there in training only" if levels[0].aux else ""


def _telling(values: Mapping[int, Any]) -> bool:
    """Whether an argument tells instances apart that are not alike: what no definition says are different things."""
    return any(isinstance(value, bool) or value is None for value in values.values())


def _signature(instance: Instance) -> Any:
    """Equal for instances that differ in constants only."""
    form = instance.form
    parts = tuple((name, shape_of(item)) for name, item, _ in form.attributes)
    return form.inputs, form.gives, form.forward, form.init, parts, instance.trace.loop is None


def _kind(level: Level) -> Any:
    """What may be one class without a definition: units differ in the numbers that are arguments of it alone."""
    base = _base(level)
    if level.scope.kind != "unit":
        return base
    (node,) = row_nodes(level.scope)
    known = type(node.op).model_fields
    return base, tuple(getattr(node.op, field) for field in known if field not in UNIT.values())


def _base(level: Level) -> str:
    """What a class is called, before it needs a number."""
    scope = level.scope
    if scope.kind == "bracket":
        known = {("3x3", "3x3"): "BasicBlock", ("1x1", "3x3", "1x1"): "Bottleneck"}
        return known.get(kernels(scope), "ResidualBlock")
    if scope.kind == "unit":
        return camel("-".join(each.node.op.name for each in level.members if isinstance(each, Leaf)))
    title = stem(scope.title) if scope.kind == "aux" else scope.title
    words = [title if scope.kind in ("block", "aux", "join", "residual") else "", scope.label or "", scope.kind]
    if scope.label and scope.kind != "block" and scope.kind != "aux":
        words.insert(0, stem(scope.label))
    name = next(found for word in words if (found := camel(word)))
    return f"Block{name}" if name[0].isdigit() else name


def _addition(scope: Scope) -> int | None:
    """The addition of the only residual in a scope."""
    found: list[int | None] = []

    def search(scope: Scope) -> None:
        for child in scope.children:
            if isinstance(child, Node) or child.name:
                continue
            if child.kind == "residual":
                add = next((each for each in child.children if isinstance(each, Node) and each.op.name == "add"), None)
                found.append(add.id if add is not None else None)
            search(child)

    search(scope)
    return found[0] if len(found) == 1 else None
