"""How weights are drawn: the statements at the end of a constructor.

A layer with an `init` of its own has a statement of its own. The recipe's `init` draws the weight layers: by one loop
over all modules where it says one thing of each class of them, and no layer has another; otherwise it is written for
each layer that has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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

INDENT = 8


class Initialisation:
    """The statements that draw the weights of one network."""

    def __init__(self, plan: Plan):
        self.plan = plan
        train = plan.network.train
        self.recipe: Draws = draws(train.kwargs.get("init")) if train is not None else Draws()

    @cached_property
    def everywhere(self) -> Mapping[str, tuple[str, ...]]:
        """The recipe's statements by class of modules, where a loop over all modules can say them; else nothing."""
        ways: dict[str, set[Init | None]] = {}
        biased: dict[str, set[bool]] = {}
        for leaf in self._drawn():
            op = leaf.node.op
            own = getattr(op, "bias_init", None) if self.recipe.bias is not None else None
            if own is not None or getattr(op, "init", None) is not None:
                return {}
            if (module := _module(leaf)) in MODULES:
                ways.setdefault(module, set()).add(self.recipe.init(op.name, leaf.node.path))
                biased.setdefault(module, set()).add(bool(getattr(op, "bias", False)))
        if any(len(each) > 1 for each in ways.values()):
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for module in (each for each in MODULES if each in ways):
            (init,) = ways[module]
            bias = statements(None, bias=self.recipe.bias) if True in biased[module] else ()
            if False in biased[module]:
                bias = tuple(line for each in bias for line in ("if {m}.bias is not None:", f"    {each}"))
            if written := (*statements(init), *bias):
                found[module] = written
        return found

    def _drawn(self) -> Iterator[Leaf]:
        return (leaf for leaf in self.plan.root.leaves() if leaf.node.op.weight_layer)

    def statements(self, leaf: Leaf) -> tuple[str, ...]:
        """The statements for one layer, with `{m}` for it."""
        op = leaf.node.op
        if not op.weight_layer:
            return leaf.torch.init
        if (module := _module(leaf)) in self.everywhere:
            return leaf.torch.init
        given: dict[str, Any] = {}
        recipe = self.recipe.init(op.name, leaf.node.path)
        if recipe is not None and getattr(op, "init", None) is None and (module in MODULES or not recipe.fanned):
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
            for statement in self.statements(member):
                found.setdefault(statement, []).append((target, member))
            drawn.setdefault(_module(member), set()).add("\n".join(self.statements(member)))
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
            for place, member in enumerate(here.members):
                if isinstance(member, Again):
                    continue
                indexed = here.kind == "sequential" or here.chained or here.listed
                if isinstance(member, Leaf):
                    if self.statements(member):
                        yield (f"{owner}[{place}]" if indexed else access(member, owner)), member
                elif member.kind == "class":
                    yield "", None
                else:
                    yield from visit(member, f"{owner}[{place}]" if indexed else access(member, owner))

        return visit(level, "self")

    def last(self) -> tuple[str, ...]:
        """The recipe's loop over all modules of the network."""
        together: dict[tuple[str, ...], list[str]] = {}
        for module, written in self.everywhere.items():
            together.setdefault(written, []).append(module)
        return loop([(modules, written) for written, modules in together.items()])


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
