"""The classes of a network but its own: the blocks that it and other blocks construct.

They are found from the inside out: the blocks without blocks in them first, so that by the time a class is made the
classes it constructs have their arguments.
"""

from __future__ import annotations

from typing import Any

from netdsl.backends.torch.classes import Class, Instance, group, unify
from netdsl.backends.torch.construct import Construct
from netdsl.backends.torch.forward import Forward
from netdsl.backends.torch.initialise import Initialisation
from netdsl.backends.torch.levels import Leaf, Level
from netdsl.backends.torch.members import Members
from netdsl.backends.torch.names import Numbered, camel, stem, variable
from netdsl.backends.torch.plan import Plan
from netdsl.ir import Node, Scope

SHORTEST_CLASS = 3
"""So many layers in a row, so many times in the network itself, become a class."""


class Blocks:
    """The classes of the blocks of one network. `constructs` are the calls that make each level that has a class."""

    def __init__(self, plan: Plan, initialisation: Initialisation, taken: set[str]):
        self.plan = plan
        self.network = plan.network
        self.root = plan.root
        self.initialisation = initialisation
        self.taken = taken
        self.numbered = Numbered(taken)
        self.classes: list[Class] = []
        self.constructs: dict[int, Construct] = {}
        self._sequences()
        heights: dict[int, list[Level]] = {}
        self._heights(self.root, heights)
        for height in sorted(heights):
            self._classes(heights[height])

    def _sequences(self) -> None:
        """Make a class of layers in a row that the network has several times."""
        found: dict[Any, list[Level]] = {}
        waiting = [self.root]
        for level in waiting:
            for member in level.members:
                if not isinstance(member, Level) or member.kind == "class":
                    continue
                waiting.append(member)
                leaves = [each for each in member.members if isinstance(each, Leaf)]
                if member.kind == "sequential" and len(leaves) == len(member.members) >= SHORTEST_CLASS:
                    shape = Members(member, {}).construct(member).skeleton()
                    drawn = tuple(self.initialisation.statements(leaf) for leaf in leaves)
                    found.setdefault((shape, drawn), []).append(member)
        for levels in found.values():
            if len(levels) < SHORTEST_CLASS:
                continue
            words = [each.node.op.name for each in levels[0].members if isinstance(each, Leaf)]
            base = camel(words[0]) + "Block" if len(words) > 3 else "".join(map(camel, words))
            for level in levels:
                level.kind, level.chained, level.base = "class", True, base

    def _heights(self, level: Level, found: dict[int, list[Level]]) -> int:
        """How many classes are nested in a level; levels by that number."""
        height = max((self._heights(member, found) for member in level.members if isinstance(member, Level)), default=0)
        if level is not self.root and level.kind == "class":
            found.setdefault(height, []).append(level)
            return height + 1
        return height

    def _classes(self, levels: list[Level]) -> None:
        bases: dict[str, list[Level]] = {}
        for level in levels:
            bases.setdefault(level.base or _base(level), []).append(level)
        for base, members in bases.items():
            projects = any(
                isinstance(each, Level) and each.scope.kind == "shortcut" for level in members for each in level.members
            )
            pairs = [(self._instance(level, projects), level) for level in members]
            levels_of = {id(instance): level for instance, level in pairs}
            for found in group([instance for instance, _ in pairs]):
                alike = [levels_of[id(instance)] for instance in found]
                if projects and all(each.option is None for each in found):
                    found = [self._instance(level, False) for level in alike]
                made = unify(self.numbered(base), found, self.taken)
                made.doc = _doc(alike)
                self.classes.append(made)
                for instance, level in zip(found, alike, strict=True):
                    assert instance.construct is not None
                    self.constructs[id(level)] = instance.construct

    def _instance(self, level: Level, projects: bool) -> Instance:
        """What one class-like level holds and does; `projects` where others of its kind have a `downsample`."""
        known: dict[str, Any] = {}
        entry = self.network.shapes[level.inputs[0]]
        if entry is not None:
            known["in_channels" if len(entry) == 3 else "in_features"] = entry[0]
        for name, value in level.scope.arguments.items():
            if isinstance(value, int | float | bool):
                known.setdefault(name, value)
        members = Members(level, self.constructs)
        init = (*members.parameters, *self.initialisation.lines(level, members.access))
        made = Instance(members.attributes, init=init, known=known)
        if level.chained:
            return made
        addition = None
        if projects:
            made.optional = "downsample"
            if "downsample" not in dict(made.attributes):
                addition = _addition(level.scope)
                if addition is None:
                    made.optional = None
                else:
                    made.attributes.append(("downsample", None))
        inputs = self._arguments(level)
        forward = Forward(level, self.plan, inputs, members.access)
        forward.write(level.outputs, addition)
        made.forward = tuple(forward.lines(level.outputs))
        made.inputs = tuple(inputs.values())
        optional = set() if self._aside(level) else self.network.aux_nodes
        kinds = ["Tensor | None" if value in optional else "Tensor" for value in level.outputs]
        made.gives = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
        return made

    def _aside(self, level: Level) -> bool:
        """Whether a level is part of an aux head."""
        here: Level | None = level
        while here is not None and here.scope.kind != "aux":
            here = here.above
        return here is not None

    def _arguments(self, level: Level) -> dict[int, str]:
        """The variables of the values that a class takes: `x`, and what comes from elsewhere by its label."""
        names: dict[int, str] = {}
        for number, value in enumerate(level.inputs):
            if number == 0 and (value == level.scope.entry or len(level.inputs) == 1):
                names[value] = "x"
                continue
            label = self.plan.labels.get(value, "other")
            name = variable(stem(label), ("x",))
            if name in names.values():
                name = Numbered({*names.values()})(name)
            names[value] = name
        return names


def _base(level: Level) -> str:
    """What a class is called, before it needs a number."""
    scope = level.scope
    if scope.kind == "bracket":
        known = {("3x3", "3x3"): "BasicBlock", ("1x1", "3x3", "1x1"): "Bottleneck"}
        return known.get(_kernels(scope), "ResidualBlock")
    words = [scope.title if scope.kind in ("block", "aux", "join", "residual") else "", scope.label or "", scope.kind]
    if scope.label and scope.kind != "block" and scope.kind != "aux":
        words.insert(0, stem(scope.label))
    name = next(found for word in words if (found := camel(word)))
    return f"Block{name}" if name[0].isdigit() else name


def _kernels(scope: Scope) -> tuple[str, ...]:
    return tuple(row.strip().partition(",")[0] for row in scope.title.split(";"))


def _doc(levels: list[Level]) -> str:
    """The docstring of the class of some levels."""
    scope = levels[0].scope
    if scope.kind == "bracket":
        return f"A residual building block of {', '.join(_kernels(scope))} convolutions."
    if scope.kind == "block":
        return f"The block `{scope.title}`."
    if scope.kind == "aux":
        return f"The auxiliary head `{scope.title}`."
    labels = list(dict.fromkeys(level.scope.label for level in levels if level.scope.label))
    if not labels:
        return {"residual": "A residual connection.", "join": "Branches that are joined."}.get(
            scope.kind, "Layers in a row."
        )
    listed = ", ".join(f"`{label}`" for label in labels[:8]) + (" and others" if len(labels) > 8 else "")
    return f"The layers of {listed}."


def _addition(scope: Scope) -> int | None:
    """The addition of the only residual in a scope, if its shortcut is the identity."""
    found: list[int | None] = []

    def search(scope: Scope) -> None:
        for child in scope.children:
            if isinstance(child, Node) or child.name:
                continue
            if child.kind == "residual":
                shortcut = next((e for e in child.children if isinstance(e, Scope) and e.kind == "shortcut"), None)
                add = next((e for e in child.children if isinstance(e, Node) and e.op.name == "add"), None)
                identity = shortcut is not None and not shortcut.children
                found.append(add.id if identity and add is not None else None)
            search(child)

    search(scope)
    return found[0] if len(found) == 1 else None
