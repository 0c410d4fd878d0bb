"""Network to modules: which parts become a class, which an `nn.Sequential`, and which a single call.

The result is a tree of `Level`s, one for each level of the `state_dict`, whose members are `Leaf`s and further levels.
A level whose members form a chain is an `nn.Sequential`; the net, the blocks and whatever else takes one value and is
no chain are classes; a level that needs values or layers from outside is a plain container, whose members the class
around it calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from netdsl.ir import Network, Node, Scope
from netdsl.ops import Torch
from netdsl.ops._init import Init, parse, statements

INITIALIZED = ("conv", "dwconv", "upconv", "pointwise", "fc")
"""The operators whose weights a recipe's `init` draws."""


@dataclass(eq=False)
class Leaf:
    """One node: how it is constructed or computed. `name` is its key in its level."""

    node: Node
    torch: Torch
    name: str
    init: tuple[str, ...] = ()

    @property
    def weighted(self) -> bool:
        return self.node.op.weighted

    @property
    def inputs(self) -> tuple[int, ...]:
        return self.node.inputs

    @property
    def output(self) -> int:
        return self.node.id


@dataclass(eq=False)
class Again:
    """Layers used again, as one call: the level or leaf at `path`."""

    path: str
    inputs: tuple[int, ...]
    output: int
    name: str = ""


@dataclass(eq=False)
class Level:
    """One level of modules. `members` are in order of execution; `kind` is `sequential`, `class` or `container`.

    A block whose members form a chain is a class all the same: one that derives from `nn.Sequential` (`chained`) where
    members go by number, and otherwise one with a `forward`.
    """

    scope: Scope
    name: str
    path: str
    members: list[Leaf | Level | Again] = field(default_factory=list)
    kind: str = "class"
    chained: bool = False
    outside: set[int] = field(default_factory=set)
    above: Level | None = None

    @property
    def inputs(self) -> tuple[int, ...]:
        return (self.scope.entry,)

    @property
    def output(self) -> int:
        return self.scope.exit

    def levels(self) -> Iterator[Level]:
        """This level and all inside it, innermost first."""
        for member in self.members:
            if isinstance(member, Level):
                yield from member.levels()
        yield self


Member = Leaf | Level | Again


class Planner:
    """Builds the levels of one network."""

    def __init__(self, network: Network, probabilities: bool):
        self.network = network
        self.result = network.result
        self.dropped: set[int] = set()
        last = network.node(network.result)
        if not probabilities:
            used = {value for node in network.nodes for value in node.inputs}
            used |= {item.value for item in network.outputs}
            while last is not None and last.op.name in ("softmax", "logsoftmax") and last.id not in used:
                used -= set(last.inputs)
                self.dropped.add(last.id)
                self.result = last.inputs[0]
                last = network.node(self.result)
        self.kept = {self.result, *(item.value for item in network.outputs), *(item.value for item in network.aux)}
        setting = network.train.kwargs.get("init") if network.train else None
        self.recipe: Init | None = parse(setting) if setting is not None else None
        own = any(getattr(node.op, "init", None) is not None for node in network.nodes)
        self.everywhere = self.recipe if self.recipe is not None and not own else None
        """The recipe's way to draw weights, where no layer has one of its own: then one loop serves all."""

    def plan(self) -> Level:
        root = Level(self.network.body, "", "")
        self.fill(root, self.network.body)
        for level in root.levels():
            if level is not root:
                self.decide(level)
        return root

    def fill(self, level: Level, scope: Scope) -> None:
        """Collect the members of a level; scopes without a name add none."""
        for child in scope.children:
            if isinstance(child, Node):
                if child.id not in self.dropped:
                    level.members.append(self.leaf(child))
            elif child.kind == "reuse":
                level.members.extend(self.again(child))
            elif child.name:
                inner = Level(child, child.name, child.path, above=level)
                level.members.append(inner)
                self.fill(inner, child)
            else:
                self.fill(level, child)

    def leaf(self, node: Node) -> Leaf | Again:
        shapes = self.network.input_shapes(node)
        assert shapes is not None
        if node.shares is not None:
            return Again(node.path, node.inputs, node.id)
        torch = node.op.torch(shapes)
        init = torch.init
        drawn = node.op.name in INITIALIZED and getattr(node.op, "init", None) is None
        if self.recipe is not None and self.everywhere is None and drawn:
            init = (*statements(self.recipe), *init)
        return Leaf(node, torch, node.name, init)

    def again(self, scope: Scope) -> Iterator[Leaf | Again]:
        """A use of layers again: one call where they are one module, otherwise layer by layer."""
        nodes = list(scope.nodes())
        shared = [node.shares for node in nodes]
        for other in self.network.body.scopes():
            if other.name and other.kind != "reuse" and [node.id for node in other.nodes()] == shared:
                yield Again(other.path, (scope.entry,), scope.exit)
                return
        for node in nodes:
            if not node.op.weighted:
                yield Leaf(node, node.op.torch(self.network.input_shapes(node) or ()), node.name)
            else:
                yield Again(node.path, node.inputs, node.id)

    def decide(self, level: Level) -> None:
        """What kind of module a level is."""
        made = self.values(level)
        level.outside = {
            value
            for member in level.members
            for value in self.needs(member)
            if value not in made and value != level.scope.entry
        }
        foreign = any(
            isinstance(member, Again) and not member.path.startswith(level.path + ".") for member in level.members
        )
        escaping = any(value in self.kept and value != level.output for value in made)
        if level.outside or foreign or escaping or level.output not in made:
            level.kind = "container"
        elif self.chain(level):
            block = level.scope.kind in ("block", "bracket")
            level.kind = "class" if block else "sequential"
            level.chained = block and any(
                member.name.isdigit() and (isinstance(member, Level) or member.weighted)
                for member in level.members
                if not isinstance(member, Again)
            )
        else:
            level.kind = "class"

    def values(self, level: Level) -> set[int]:
        """The values that are made inside a level."""
        made: set[int] = set()
        for member in level.members:
            made |= self.values(member) if isinstance(member, Level) else {member.output}
        return made

    def needs(self, member: Member) -> set[int]:
        """The values that a member takes."""
        if isinstance(member, Level) and member.kind == "container":
            made = self.values(member)
            return {value for each in member.members for value in self.needs(each)} - made
        return set(member.inputs)

    def chain(self, level: Level) -> bool:
        """Whether the members of a level follow one another."""
        current = level.scope.entry
        for member in level.members:
            if isinstance(member, Again) or self.needs(member) != {current}:
                return False
            if isinstance(member, Level) and member.kind == "container":
                return False
            if isinstance(member, Leaf) and member.torch.expression is not None:
                return False
            current = member.output
        return current == level.output and bool(level.members)
