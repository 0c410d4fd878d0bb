"""How weights are drawn: the statements at the end of a constructor.

A layer with an `init` of its own has a statement of its own. The recipe's `init` draws the weight layers: by one loop
over all modules where it says one thing of each class of them, behind which come a few layers that are drawn
otherwise; if it cannot be said so, it is written for each layer that has no way of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from netdsl.backends.torch.layout import WIDTH
from netdsl.backends.torch.levels import Again, Leaf, Level
from netdsl.backends.torch.plan import Plan
from netdsl.ops.shared.draws import Draws, draws
from netdsl.ops.shared.init import Init, statements

MODULES = ("nn.Conv2d", "nn.ConvTranspose2d", "nn.Linear",
           "nn.Conv1d", "nn.ConvTranspose1d", "nn.Conv3d", "nn.ConvTranspose3d")  # fmt: skip
"""The modules of those operators, or what they derive from."""

MOST_APART = 2
"""So many layers may be drawn otherwise than the loop over all modules says."""

INDENT = 8


class Initialisation:
    """The statements that draw the weights of one network."""

    def __init__(self, plan: Plan):
        self.plan = plan
        train = plan.network.train
        self.recipe: Draws = draws(train.kwargs.get("init")) if train is not None else Draws()
        self._statements: dict[int, tuple[str, ...]] = {}

    @cached_property
    def _rule(self) -> tuple[Mapping[str, tuple[str, ...]], dict[int, Leaf]]:
        """The recipe's statements by class of modules, where a loop over all modules can say them, and the layers that
        are drawn otherwise; nothing where it cannot."""
        leaves = [leaf for leaf in self.plan.root.leaves() if leaf.node.op.weight_layer and _module(leaf) in MODULES]
        apart = {id(leaf): leaf for leaf in leaves if self._has_own(leaf)}
        ways: dict[str, list[tuple[Leaf, Init | None]]] = {}
        for leaf in leaves:
            if id(leaf) not in apart:
                way = self.recipe.init(leaf.node.op.name, leaf.node.path)
                ways.setdefault(_module(leaf), []).append((leaf, way))
        found: dict[str, tuple[str, ...]] = {}
        for module in (each for each in MODULES if each in ways):
            unlabelled = self.recipe.init(ways[module][-1][0].node.op.name, "")
            init, _ = max(
                Counter(way for _, way in ways[module]).items(), key=lambda each: (each[1], each[0] == unlabelled)
            )
            biased = {bool(getattr(leaf.node.op, "bias", False)) for leaf, _ in ways[module]}
            bias = statements(None, bias=self.recipe.bias) if True in biased else ()
            if False in biased:
                bias = tuple(line for each in bias for line in ("if {m}.bias is not None:", f"    {each}"))
            if written := (*statements(init), *bias):
                found[module] = written
            apart |= {id(leaf): leaf for leaf, way in ways[module] if way != init}
        apart = {key: leaf for key, leaf in apart.items() if _module(leaf) in found}
        behind = all(_set(found[_module(leaf)]) <= _set(self._written(leaf)) for leaf in apart.values())
        inside = any(self._has_own(leaf) and self._home(leaf) is not self.plan.root for leaf in apart.values())
        return ({}, {}) if not behind or inside or len(apart) > MOST_APART else (found, apart)

    def _has_own(self, leaf: Leaf) -> bool:
        """Whether a layer says itself how what the recipe draws is drawn."""
        op = leaf.node.op
        bias = getattr(op, "bias_init", None) if self.recipe.bias is not None else None
        return bias is not None or getattr(op, "init", None) is not None

    def _home(self, leaf: Leaf) -> Level:
        """The level of the class that constructs a layer."""
        here = leaf.above
        while here.above is not None and here.kind != "class":
            here = here.above
        return here

    def statements(self, leaf: Leaf) -> tuple[str, ...]:
        """The statements for one layer, with `{m}` for it, in the class that constructs it."""
        if not leaf.node.op.weight_layer:
            return leaf.torch.init
        found = self._statements.get(id(leaf))
        if found is None:
            everywhere, apart = self._rule
            found = () if id(leaf) in apart else leaf.torch.init
            found = self._statements[id(leaf)] = found if _module(leaf) in everywhere else self._written(leaf)
        return found

    def _written(self, leaf: Leaf) -> tuple[str, ...]:
        """The statements that say all of how a layer is drawn."""
        op = leaf.node.op
        given: dict[str, Any] = {}
        recipe = self.recipe.init(op.name, leaf.node.path)
        if recipe is not None and getattr(op, "init", None) is None and (_module(leaf) in MODULES or not recipe.fanned):
            given["init"] = recipe
        biased = getattr(op, "bias", False) and getattr(op, "bias_init", None) is None
        if self.recipe.bias is not None and biased:
            given["bias_init"] = self.recipe.bias
        if not given:
            return leaf.torch.init
        shapes = self.plan.network.input_shapes(leaf.node)
        assert shapes is not None
        return op.model_copy(update=given).torch(shapes).init

    def lines(self, level: Level, access: Callable[[Leaf | Level, str], str]) -> tuple[str, ...]:
        """The statements of one class, for the layers that it constructs itself."""
        found: dict[str, list[tuple[str, Leaf]]] = {}
        drawn: dict[str, set[str]] = {}
        nested = False
        for target, member in self._own(level, access):
            if member is None:
                nested = True
                continue
            own = self.statements(member)
            for statement in own:
                found.setdefault(statement, []).append((target, member))
            drawn.setdefault(_module(member), set()).add("\n".join(own))
        together: dict[tuple[str, ...], list[str]] = {}
        for statement, targets in found.items():
            together.setdefault(tuple(target for target, _ in targets), []).append(statement)
        lines: list[str] = []
        for names, written in together.items():
            modules = list(dict.fromkeys(_module(leaf) for _, leaf in found[written[0]]))
            said = {"\n".join(written)}
            if len(names) < 3:
                lines += [statement.replace("{m}", target) for statement in written for target in names]
            elif not nested and all(drawn[each] == said and each.startswith("nn.") for each in modules):
                lines += loop([(modules, written)])
            else:
                head = f"for m in ({', '.join(names)}):"
                if INDENT + len(head) > WIDTH:
                    head = "for m in (\n" + "".join(f"    {target},\n" for target in names) + "):"
                lines += [head, *("    " + statement.replace("{m}", "m") for statement in written)]
        return tuple(lines)

    def _own(self, level: Level, access: Callable[[Leaf | Level, str], str]) -> Iterator[tuple[str, Leaf | None]]:
        """The layers that a class constructs itself, each with the expression for it; None for a class inside."""

        def visit(here: Level, owner: str) -> Iterator[tuple[str, Leaf | None]]:
            indexed = here.kind == "sequential" or here.chained or here.listed
            for member in here.members:
                if isinstance(member, Again):
                    continue
                if isinstance(member, Level) and member.kind == "class":
                    yield "", None
                elif isinstance(member, Level) or self.statements(member):
                    reached = f"{owner}[{here.position(member.name)}]" if indexed else access(member, owner)
                    if isinstance(member, Leaf):
                        yield reached, member
                    else:
                        yield from visit(member, reached)

        return visit(level, "self")

    def last(self, reach: Callable[[Leaf], str]) -> tuple[str, ...]:
        """The recipe's loop over all modules of the network, and those that are drawn otherwise behind it."""
        everywhere, apart = self._rule
        together: dict[tuple[str, ...], list[str]] = {}
        for module, written in everywhere.items():
            together.setdefault(written, []).append(module)
        lines = loop([(modules, written) for written, modules in together.items()])
        others = [
            statement.replace("{m}", reach(leaf))
            for leaf in apart.values()
            for statement in self._written(leaf)
            if statement not in map(str.strip, everywhere[_module(leaf)])
        ]
        return (*lines, *others)


def _set(lines: Iterable[str]) -> set[str]:
    """What statements set: `{m}.weight`, `{m}.bias`."""
    return set(re.findall(r"_\(({m}\.\w+)", "\n".join(lines)))


def _module(leaf: Leaf) -> str:
    """The module of a layer as `isinstance` sees it."""
    function = leaf.torch.module.function if leaf.torch.module is not None else ""
    for definition in leaf.torch.definitions:
        name, _, base = definition.partition("\n")[0].removeprefix("class ").removesuffix("):").partition("(")
        if name == function and base in MODULES:
            return base
    return function


def loop(cases: Sequence[tuple[Sequence[str], Sequence[str]]]) -> tuple[str, ...]:
    """Statements for every module of some classes: one loop over all modules, with a case for each list of classes."""
    lines = ["for m in self.modules():"] if cases else []
    for number, (modules, written) in enumerate(cases):
        classes = modules[0] if len(modules) == 1 else f"({', '.join(modules)})"
        lines.append(f"    {'elif' if number else 'if'} isinstance(m, {classes}):")
        lines += ["        " + each.replace("{m}", "m") for each in written]
    return tuple(lines)
