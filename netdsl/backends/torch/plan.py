"""Network to modules: which parts become a class, which an `nn.Sequential`, and which a single call.

The result is a tree of `Level`s, one for each level of the `state_dict`, whose members are `Leaf`s and further levels.
A level whose members form a chain is an `nn.Sequential`; any other is a class, whose `forward` takes the values from
outside that it needs and returns those that are needed outside. Only a level that uses layers from outside again is a
plain container, whose members the class around it calls.
"""

from __future__ import annotations

from collections import Counter

from netdsl.backends.torch.levels import FOREVER, HALVES, Again, Leaf, Level
from netdsl.ir import Network, Node, Scope
from netdsl.ops import Operator, Torch
from netdsl.ops.shared.answers import remembered
from netdsl.ops.slice import Slice
from netdsl.shapes import Shape

FEWEST_UNITS = 3
"""From so many on, a layer with its norm that comes again and again is a class."""

DEEPEST_NESTING = 3
"""How many `nn.Sequential`s may stand inside one another before the next is a class of its own."""


class Plan:
    """The levels of one network. `result` is the value that is returned, `kept` are all that are."""

    def __init__(self, network: Network, probabilities: bool):
        self.network = network
        self.result = network.result
        self.dropped: set[int] = set()
        self._reused = {node.shares for node in network.nodes if node.shares is not None}
        if not probabilities:
            self._drop()
        self.reused = bool(self._reused)
        self.kept = {self.result} | {item.value for item in network.outputs} | {item.value for item in network.aux}
        self.leaves: dict[int, Leaf] = {}
        self.level_of: dict[int, Level] = {}
        self.labels: dict[int, str] = {number: item.name for number, item in enumerate(network.inputs)}
        self.root = Level(network.body, "", None)
        self._homes: dict[int, Level] = {}
        self._modules: dict[tuple[int, ...], Level] = {}
        self._again: set[int] = set()
        self._fill(self.root, network.body)
        self._settle()

    def _drop(self) -> None:
        """Return what comes before a final softmax that has no name, and leave it out where nothing else takes it."""
        uses = Counter(value for node in self.network.nodes for value in node.inputs)
        uses.update([item.value for item in self.network.outputs] + [item.value for item in self.network.aux])
        if self.result in {item.value for item in self.network.outputs}:
            return
        last = self.network.node(self.result)
        while last is not None and last.op.to_probabilities:
            self.result = last.inputs[0]
            if not uses[last.id] and last.id not in self._reused:
                self.dropped.add(last.id)
                uses[self.result] -= 1
            last = self.network.node(self.result)

    # What there is ---------------------------------------------------------------------------------------------------

    def _fill(self, level: Level, scope: Scope) -> None:
        """Collect the members of a level; scopes without a name add none."""
        for child in scope.children:
            if isinstance(child, Node):
                if child.id not in self.dropped:
                    self._place(level, child)
                    level.members.append(self._leaf(level, child))
                if child.label:
                    self.labels[child.id] = child.label
                continue
            if child.kind == "reuse":
                self._reuse(level, child)
            elif child.name:
                aux = child.kind == "aux" or (scope.kind == "aux" and not scope.name)
                inner = Level(child, child.name, level, aux=aux)
                self._fill(inner, child)
                if inner.last >= 0:
                    level.members.append(inner)
                    level.first, level.last = min(level.first, inner.first), max(level.last, inner.last)
                    self.level_of[id(child)] = inner
                    self._close(inner)
            else:
                self._fill(level, child)
            for name, value in child.outputs.items():
                self.labels[value] = name
            if child.label and child.exit not in child.outputs.values():
                self.labels[child.exit] = child.label

    def _leaf(self, level: Level, node: Node) -> Leaf:
        shapes = self.network.input_shapes(node)
        assert shapes is not None
        leaf = Leaf(node, _torch(node.op, shapes), "" if node.shares is not None else node.name, level)
        self.leaves[node.id] = leaf
        return leaf

    def _close(self, level: Level) -> None:
        """Find the layers outside that a level uses again; one that uses none can itself be called again."""
        for member in level.members:
            if isinstance(member, Again):
                others = [member.target]
            else:
                others = member.foreign if isinstance(member, Level) else []
            level.foreign += [target for target in others if not level.holds(target)]
        if self._reused and not level.foreign:
            origins = tuple(_origin(node) for node in level.scope.nodes() if node.id not in self.dropped)
            known = self._modules.get(origins)
            if known is None or level.holds(known):
                self._modules[origins] = level

    # Layers used again -----------------------------------------------------------------------------------------------

    def _reuse(self, level: Level, scope: Scope) -> None:
        """The members for a use of layers again: one call where they are one module, otherwise layer by layer."""
        for child in scope.children:
            if isinstance(child, Scope):
                nodes = [node for node in child.nodes() if node.id not in self.dropped]
                target = self._modules.get(tuple(map(_origin, nodes))) if nodes else None
                if target is None:
                    self._reuse(level, child)
                    continue
                values: dict[int, int] = {}
                originals = (node for node in target.scope.nodes() if node.id not in self.dropped)
                for original, node in zip(originals, nodes, strict=True):
                    values[original.id] = node.id
                    values.update(zip(original.inputs, node.inputs, strict=True))
                level.members.append(Again(target, values))
                self._again.add(id(target))
                for node in nodes:
                    self._place(level, node)
            elif child.id not in self.dropped:
                self._place(level, child)
                leaf = self.leaves[_origin(child)]
                own = leaf.node.label is not None and leaf.above is level
                if leaf.constructed and (leaf.weighted or own):
                    values = dict(zip((*leaf.inputs, leaf.node.id), (*child.inputs, child.id), strict=True))
                    level.members.append(Again(leaf, values))
                else:
                    level.members.append(self._leaf(level, child))

    def _place(self, level: Level, node: Node) -> None:
        self._homes[node.id] = level
        level.first, level.last = min(level.first, node.id), max(level.last, node.id)

    # How it is called ------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """What each level takes and gives, and so what kind of module it is."""
        last_use = dict.fromkeys(self.kept, FOREVER)
        for node in self.network.nodes:
            if node.id not in self.dropped:
                for value in node.inputs:
                    last_use[value] = max(last_use.get(value, 0), node.id)
        escaping: dict[int, list[int]] = {}
        for value, level in self._homes.items():
            while level.above is not None and last_use.get(value, 0) > level.last:
                if value != level.scope.exit:
                    escaping.setdefault(id(level), []).append(value)
                level = level.above
        everywhere = list(self.root.levels())
        self._units = Counter(unit for level in everywhere if (unit := _unit(level)))
        for level in everywhere if any(isinstance(node.op, Slice) for node in self.network.nodes) else ():
            self._halve(level)
        levels = [level for level in everywhere if level is not self.root]
        given: dict[str | None, set[str]] = {}
        for level in levels:
            outside = {level.scope.exit, *escaping.get(id(level), ())}
            asked = {name for name, value in level.scope.outputs.items() if value in outside}
            given.setdefault(level.scope.definition, set()).update(asked)
        for level in levels:
            names = given[level.scope.definition]
            outputs = [value for name, value in level.scope.outputs.items() if name in names]
            self._give(level, [*outputs, *escaping.get(id(level), [])])
        for level in levels:
            self._take(level)
            self._decide(level)
        self._take(self.root)
        if self.root.placed or self.root.listed:
            self._enclose(self.root)

    def _give(self, level: Level, escaping: list[int]) -> None:
        exit = level.scope.exit
        while exit in self.dropped:
            node = self.network.node(exit)
            assert node is not None
            exit = node.inputs[0]
        first = () if exit in level.scope.outputs.values() else (exit,)
        found = dict.fromkeys((*first, *escaping, exit))
        level.outputs = tuple(value for value in found if level.first <= value <= level.last) or (level.last,)
        last = level.members[-1].outputs
        if {*last} == {*level.outputs}:
            level.outputs = last

    def _take(self, level: Level) -> None:
        needs: dict[int, None] = {}
        for member in level.members:
            for value in member.inputs:
                if not level.first <= value <= level.last:
                    needs.setdefault(value)
        first = dict.fromkeys(value for value in level.scope.inputs if value in needs)
        level.inputs = (*first, *(value for value in needs if value not in first))

    def _decide(self, level: Level) -> None:
        """What kind of module a level is."""
        inner = [member.height for member in level.members if isinstance(member, Level) and member.kind == "sequential"]
        level.height = 1 + max(inner, default=0)
        several = level.scope.kind == "join" and len(level.inputs) > 1 and id(level) not in self._again
        if level.foreign or several:
            level.kind = "container"
        elif not self.chain(level) or (level.aux and not level.placed):
            level.kind = "class"
        elif level.scope.kind in ("block", "bracket") or self._units[_unit(level)] >= FEWEST_UNITS:
            level.kind, level.chained = "class", _numbered(level) or _counted(level)
        elif level.height > DEEPEST_NESTING:
            level.kind, level.chained = "class", True
        else:
            level.kind = "sequential"
        if inner and (level.placed or level.kind == "container" or level.listed):
            self._enclose(level)

    def levels_of(self, kind: str) -> list[Level]:
        """The classes of scopes of one kind."""
        return [each for each in self.root.levels() if each.kind == "class" and each.scope.kind == kind]

    def _halve(self, level: Level) -> None:
        """Find the layers that take the halves of one value's channels, which are one statement."""
        firsts: dict[int, Leaf] = {}
        for member in level.members:
            if not isinstance(member, Leaf) or not isinstance(member.node.op, Slice) or member.node.label:
                continue
            shapes, op = self.network.input_shapes(member.node), member.node.op
            assert shapes is not None
            channels = shapes[0][0]
            part = (2 * op.from_, 2 * op.stop(channels))
            if part == (0, channels):
                firsts[member.inputs[0]] = member
            elif part == (channels, 2 * channels) and member.inputs[0] in firsts:
                first = firsts.pop(member.inputs[0])
                first.other, first.torch, member.torch = member, HALVES, HALVES

    def _enclose(self, level: Level) -> None:
        """Make classes of sequences with names, in one whose text is an expression: names are given by statements."""
        for member in level.members:
            if isinstance(member, Level) and member.kind == "sequential" and not member.placed:
                member.kind, member.chained = "class", True

    def chain(self, level: Level, result: int | None = None) -> bool:
        """Whether the members of a level follow one another, to `result`."""
        if len(level.inputs) != 1 or (result is None and len(level.outputs) != 1):
            return False
        current = level.inputs
        for member in level.members:
            if isinstance(member, Again) or member.inputs != current or len(member.outputs) != 1:
                return False
            if isinstance(member, Level) and not member.called:
                return False
            if isinstance(member, Leaf) and (member.torch.expression is not None or not member.name):
                return False
            current = member.outputs
        return current == (level.outputs if result is None else (result,))


def _unit(level: Level) -> tuple[str, ...]:
    """What the layers of a unit are; nothing for what is none."""
    unit = level.scope.kind == "unit"
    return tuple(each.node.op.name for each in level.members if isinstance(each, Leaf)) if unit else ()


@remembered
def _torch(op: Operator, inputs: tuple[Shape, ...]) -> Torch:
    """What an operator is in PyTorch, on inputs of these shapes."""
    return op.torch(inputs)


def _origin(node: Node) -> int:
    """The node whose weights a node has."""
    return node.id if node.shares is None else node.shares


def _numbered(level: Level) -> bool:
    """Whether a member goes by a number: a level, or a layer with weights."""
    members = [member for member in level.members if not isinstance(member, Again)]
    return any(member.name.isdigit() and (isinstance(member, Level) or member.weighted) for member in members)


def _counted(level: Level) -> bool:
    """Whether the members go by one name and a number that counts up, three at least: a loop can make them."""
    names = [member.name for member in level.members if not isinstance(member, Again)]
    stem = names[0].rstrip("0123456789")
    first = names[0][len(stem) :]
    if len(names) < 3 or not stem or not first:
        return False
    return all(name == f"{stem}{number}" for number, name in enumerate(names, int(first)))
