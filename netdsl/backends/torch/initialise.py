"""How weights are drawn: the statements at the end of a constructor.

A layer with an `init` of its own has a statement of its own. The recipe's `init` is one loop over all modules where no
layer has another, and draws the weight layers; otherwise it is written for each layer that has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from netdsl.backends.torch.layout import WIDTH
from netdsl.backends.torch.levels import Again, Leaf, Level
from netdsl.backends.torch.plan import Plan
from netdsl.ops.shared.init import Init, parse

MODULES = ("nn.Conv2d", "nn.ConvTranspose2d", "nn.Linear",
           "nn.Conv1d", "nn.ConvTranspose1d", "nn.Conv3d", "nn.ConvTranspose3d")  # fmt: skip
"""The modules of those operators, or what they derive from."""

INDENT = 8


class Initialisation:
    """The statements that draw the weights of one network."""

    def __init__(self, plan: Plan):
        self.plan = plan
        train = plan.network.train
        self.recipe: Init | None = parse(train.kwargs.get("init")) if train is not None else None

    @cached_property
    def everywhere(self) -> bool:
        """Whether one loop over all modules draws them as the recipe says."""
        own = any(getattr(leaf.node.op, "init", None) is not None for leaf in self._drawn())
        return self.recipe is not None and not own

    def _drawn(self) -> Iterator[Leaf]:
        return (leaf for leaf in self.plan.root.leaves() if leaf.node.op.weight_layer)

    def statements(self, leaf: Leaf) -> tuple[str, ...]:
        """The statements for one layer, with `{m}` for it."""
        op, recipe = leaf.node.op, self.recipe
        if recipe is None or not op.weight_layer or getattr(op, "init", None) is not None:
            return leaf.torch.init
        covered = _module(leaf) in MODULES
        if (self.everywhere and covered) or (recipe.by_fan and not covered):
            return leaf.torch.init
        shapes = self.plan.network.input_shapes(leaf.node)
        assert shapes is not None
        return op.model_copy(update={"init": recipe}).torch(shapes).init

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
        lines: list[str] = []
        for statement, targets in found.items():
            modules = list(dict.fromkeys(_module(leaf) for _, leaf in targets))
            alike = not nested and all(drawn[each] == {statement} and each.startswith("nn.") for each in modules)
            if len(targets) < 3:
                lines += [statement.replace("{m}", target) for target, _ in targets]
            elif alike:
                lines += loop(modules, statement)
            else:
                listed = ", ".join(target for target, _ in targets)
                head = f"for m in ({listed}):"
                if INDENT + len(head) > WIDTH:
                    head = "for m in (\n" + "".join(f"    {target},\n" for target, _ in targets) + "):"
                lines += [head, "    " + statement.replace("{m}", "m")]
        return tuple(lines)

    def _own(self, level: Level, access: Callable[[Leaf | Level, str], str]) -> Iterator[tuple[str, Leaf | None]]:
        """The layers that a class constructs itself, each with the expression for it; None for a class inside."""

        def visit(here: Level, owner: str) -> Iterator[tuple[str, Leaf | None]]:
            for place, member in enumerate(here.members):
                if isinstance(member, Again):
                    continue
                indexed = here.kind == "sequential" or here.chained
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
        if not self.everywhere or self.recipe is None:
            return ()
        used = {_module(leaf) for leaf in self._drawn()}
        return loop([each for each in MODULES if each in used], self.recipe.statement("{m}.weight"))


def _module(leaf: Leaf) -> str:
    """The module of a layer as `isinstance` sees it."""
    function = leaf.torch.module.function if leaf.torch.module is not None else ""
    for definition in leaf.torch.definitions:
        name, _, base = definition.partition("\n")[0].removeprefix("class ").removesuffix("):").partition("(")
        if name == function and base in MODULES:
            return base
    return function


def loop(modules: list[str], statement: str) -> tuple[str, ...]:
    """A statement for every module of some classes."""
    if not modules:
        return ()
    classes = modules[0] if len(modules) == 1 else f"({', '.join(modules)})"
    return (
        "for m in self.modules():",
        f"    if isinstance(m, {classes}):",
        "        " + statement.replace("{m}", "m"),
    )
