"""What is known of a whole network when its classes are traced: where each scope stands, which params are fixed, what
building blocks have in common, and which levels are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from netdsl.backends.torch.construct import Callee, Parameter
from netdsl.backends.torch.fitting import single_of
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.parameters import told
from netdsl.backends.torch.plan import Plan
from netdsl.backends.torch.reading import words
from netdsl.backends.torch.terms import Layer
from netdsl.integrity import CALLED
from netdsl.ir import Choice, Definition, Node, Scope
from netdsl.ops import Operator
from netdsl.shapes import Shape

UNIT = {"out": "channels", "kernel": "kernel", "stride": "stride"}
"""The arguments of a unit's class, with the fields that they give."""


@dataclass
class Context:
    """Where a scope stands: the block whose text it is in (None: the net's) and the indices that are known there."""

    block: Scope | None
    indices: dict[str, int] = field(default_factory=dict)


class Facts:
    """What the classes of one network are traced with. `fixed` are params of the net that are numbers.

    `traces` and `classes` are, by level, how each class inside was traced, and what it takes. `handed` are the
    definitions of the blocks that are called by a parameter, whose constructors take the same arguments.
    """

    def __init__(self, plan: Plan, fixed: set[str], reserved: Iterable[str]):
        self.plan = plan
        self.network = network = plan.network
        self.fixed = fixed
        self.reserved = frozenset(reserved)
        self.params: dict[str, Any] = dict(network.settings)
        self.derived = {key: text for key, text in network.body.terms.items() if key in self.params}
        self.traces: dict[int, Any] = {}
        self.keys: dict[int, Any] = {}
        self.interned: dict[Any, int] = {}
        self._numbers: dict[int, int] = {}
        self._texts: dict[int, int] = {}
        self.classes: dict[int, tuple[Callee, list[tuple[Parameter, Any]]]] = {}
        self.context: dict[int, Context] = {}
        self.brackets: dict[tuple[str, ...], tuple[list[int | None], int | None]] = {}
        self.handed: set[str | None] = set()
        self._calls: dict[int, list[Scope]] = {}
        self._fixed: dict[str, bool] = {}
        self._place(network.body, Context(None))
        self._brackets()
        self.units: dict[str, dict[str, set[Any]]] = {}
        for level in plan.levels_of("unit"):
            (node,) = row_nodes(level.scope)
            for key in UNIT.values():
                met = self.units.setdefault(node.op.name, {}).setdefault(key, set())
                met.add(single_of(getattr(node.op, key, None)))

    def keys_of(self, level: Level) -> tuple[int, int] | None:
        """Two keys of a level: equal for those that hold and do the same in the same words but for their numbers, and
        equal for those that have the same numbers too. None where that cannot be told.

        Values are numbered from the first that is made in the level, and those it takes by their place among its
        inputs.
        """
        plan, first, scope = self.plan, level.first, level.scope
        places = {value: -1 - place for place, value in enumerate(level.given)}
        numbers: list[Any] = []

        def number(value: int) -> int:
            return places.get(value, value - first)

        def asked(choices: tuple[Choice, ...]) -> Any:
            return tuple([(choice.test, choice.taken, number(choice.value)) for choice in choices])

        def part(each: Node | Scope) -> Any:
            arms = asked(each.arms) if each.arms else ()
            terms: Any = tuple(each.terms.items()) if each.terms else ()
            if isinstance(each, Node):
                if each.id in plan.dropped:
                    raise TypeError
                inputs = tuple([places.get(value, value - first) for value in each.inputs])
                numbers.append(self._operator(each.op))
                return self._written(each), each.name, each.label, each.implicit, inputs, terms, arms
            inner = plan.level_of.get(id(each)) if each is not scope else None
            if inner is not None and inner.kind == "class":
                if self.keys[id(inner)] is None:
                    raise TypeError
                numbers.append(self.keys[id(inner)])
                made = id(self.classes[id(inner)][0])
                taken = tuple(map(number, inner.given))
                outputs = tuple(map(number, inner.outputs))
                return made, each.name, each.label, terms, arms, number(inner.first), taken, outputs
            called: Any = (each.name, each.label, arms)
            if each is scope:
                called, terms = (), tuple(each.terms)
            if each.arguments:
                numbers.append(tuple(each.arguments.items()))
            title = kernels(each) if each.kind == "bracket" else each.title
            choices = asked(each.choices) if each.choices else ()
            words = each.kind, title, called, each.definition, terms, choices, each.takes, tuple(each.outputs)
            return words, number(each.entry), number(each.exit), tuple([*map(part, each.children)])

        context = self.context[id(level.scope)]
        outside: Any = ()
        if level.scope.kind != "block":
            outside = tuple(context.indices)
            numbers += context.indices.values()
            numbers += context.block.arguments.items() if context.block is not None else ()
        shapes = [self._shape(value) for value in level.given]
        numbers += shapes
        named = [level.taken(value) or plan.labels.get(value) for value in level.given]
        labels = named if scope.entries else [None, *named[1:]]
        try:
            wiring = (
                part(level.scope),
                level.kind,
                level.chained,
                tuple(map(number, level.outputs)),
                tuple(zip(map(len, shapes), labels, strict=True)),
                len(level.inputs),
                outside,
                any(value in plan.network.aux_nodes for value in level.outputs),
            )
            key = self.interned.setdefault(wiring, len(self.interned))
            return key, self.interned.setdefault((key, *numbers), len(self.interned))
        except TypeError:  # something in it that cannot be a key
            return None

    def _shape(self, value: int) -> Shape:
        shape = self.network.shapes[value]
        assert shape is not None
        return shape

    def _operator(self, op: Operator) -> int:
        """The same number for operators that are equal."""
        if id(op) not in self._numbers:
            self._numbers[id(op)] = self.interned.setdefault((type(op), op), len(self.interned))
        return self._numbers[id(op)]

    def _written(self, node: Node) -> Any:
        """Equal for layers that are written alike but for their numbers."""
        leaf = self.plan.leaves.get(node.id)
        module = leaf.torch.module if leaf is not None else None
        if module is None:
            return node.op.name
        key = id(module)
        if key not in self._texts:
            kinds = tuple([(word, type(value)) for word, value in module.kwargs.items()])
            self._texts[key] = self.interned.setdefault((module.function, kinds), len(self.interned))
        return self._texts[key]

    def definition(self, scope: Scope) -> Definition | None:
        return self.network.definitions.get(scope.definition or "")

    def argument(self, scope: Scope, parameter: str) -> Any:
        """The value of a block's parameter as its constructor is given it: one that names a block is the class of it,
        which is known once it is made."""
        value = told(scope.arguments[parameter])
        if type(value) is str:
            named = self._named(scope, parameter)
            if len(named) == 1 and None not in named:
                return Layer(*named)
        return value

    def _named(self, block: Scope, parameter: str) -> set[str | None]:
        """The classes of the blocks that are called by a parameter in the text of a block, or further in."""
        found: set[str | None] = set()
        for each in self._calls.get(id(block), ()):
            if each.terms.get(CALLED) == parameter:
                level = self.plan.level_of.get(id(each))
                made = self.classes.get(id(level)) if level is not None else None
                found.add(made[0].name if made is not None else None)
            for inner in each.arguments:
                if each.terms.get(inner) == parameter:
                    found |= self._named(each, inner)
        return found

    def is_fixed(self, word: str) -> bool:
        """Whether a param is a number in the source; one that is computed of such a param is."""
        if word not in self._fixed:
            self._fixed[word] = word in self.fixed
            if word in self.derived:
                self._fixed[word] = any(
                    self.is_fixed(each) for each in words(self.derived[word]) if each in self.params
                )
        return self._fixed[word]

    def _place(self, scope: Scope, context: Context) -> None:
        self.context[id(scope)] = context
        for known, child in zip(indices(scope), scope.children, strict=True):
            if isinstance(child, Scope):
                inner = context
                if child.kind == "block" and child.definition is not None:
                    inner = Context(child)
                    self._calls.setdefault(id(context.block), []).append(child)
                    if CALLED in child.terms:
                        self.handed.add(child.definition)
                elif known:
                    inner = Context(context.block, {**context.indices, **known})
                self._place(child, inner)
                if child.kind == "block":
                    self.context[id(child)] = context

    def _brackets(self) -> None:
        """What the building blocks of the same kernels have in common: the multiples of their first row's channels,
        and the row that has the stride."""
        found: dict[tuple[str, ...], list[list[Node]]] = {}
        for scope in self.network.body.scopes():
            if scope.kind == "bracket" and id(scope) in self.plan.level_of:
                found.setdefault(kernels(scope), []).append(row_nodes(scope))
        for sizes, blocks in found.items():
            quotients: list[int | None] = []
            strided: set[int] = set()
            for place in range(len(sizes)):
                ratios = {
                    rows[place].op.channels / rows[0].op.channels  # type: ignore[attr-defined]
                    for rows in blocks
                }
                ratio = ratios.pop()
                quotients.append(int(ratio) if not ratios and ratio == int(ratio) else None)
                if any(max(rows[place].op.stride) > 1 for rows in blocks):  # type: ignore[attr-defined]
                    strided.add(place)
            self.brackets[sizes] = (quotients, strided.pop() if len(strided) == 1 else None)


_NONE: dict[str, int] = {}


def indices(scope: Scope) -> list[dict[str, int]]:
    """The index of a repetition in each part of a scope: in the iterations of a repeat, or in repeated branches.

    Branches are told apart by their text, which those of one repetition share.
    """
    whole = scope.terms.get("index") if scope.kind in ("repeat", "join") else None
    if whole is None and not any(child.terms and isinstance(child, Scope) for child in scope.children):
        return [_NONE] * len(scope.children)
    met: Counter[Any] = Counter()
    found: list[dict[str, int]] = []
    for child in scope.children:
        kind, own = (child.kind, child.terms.get("index")) if isinstance(child, Scope) else ("", None)
        index = own if kind in ("branch", "group") and not whole else None if own else whole
        place = child.span if kind in ("branch", "group") else kind
        found.append({index: met[place]} if index and kind in ("iteration", "branch", "group") else {})
        met[place] += 1
    return found


def kernels(scope: Scope) -> tuple[str, ...]:
    """The kernels of a building block in brackets: `("1x1", "3x3", "1x1")`."""
    return tuple(row.strip().partition(",")[0] for row in scope.title.split(";"))


def row_nodes(scope: Scope) -> list[Node]:
    """The layers whose numbers are arguments of a class, where that is no block: of a unit, or of a building block's
    rows."""
    if scope.kind == "unit":
        return [node for node in scope.nodes() if not node.implicit][:1]
    if scope.kind != "bracket":
        return []
    residual = scope.children[0]
    assert isinstance(residual, Scope) and isinstance(residual.children[0], Scope)
    return [node for node in residual.children[0].nodes() if not node.implicit]
