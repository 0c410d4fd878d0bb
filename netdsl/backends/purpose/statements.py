"""The steps of a plan as statements of a `forward`: names, what is written into what, and the layers of the spec that
each line does the work of."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from netdsl.backends.purpose import variables
from netdsl.backends.purpose.graph import Graph, Step
from netdsl.backends.torch.layout import WIDTH, Text, flat, lay
from netdsl.backends.torch.names import printable
from netdsl.ir import Node
from netdsl.ops import Family

BODY = 8

Expression: TypeAlias = Callable[[Step, list[str], list[Text | None]], Text]
"""A step as an expression, of the texts of its inputs; of those that are written into it, as they are laid out too."""


def inlines(step: Step, graph: Graph) -> Step | None:
    """The activation that alone takes a step's value, in the next statement, so that the step is written into it."""
    user = graph.only(step.value)
    if user is None or user.op.family is not Family.ACTIVATION or len(user.inputs) != 1:
        return None
    follows = graph.steps[graph.steps.index(step) + 1] is user
    suits = step.filters or step.op.family in (Family.NORMALIZATION, Family.POOLING) or step.op.name == "add"
    return user if follows and suits else None


class Statements:
    """Writes the steps of one graph. Values that are `inlined` are written into the expression that takes them."""

    def __init__(
        self,
        graph: Graph,
        inputs: Mapping[int, str],
        inlined: Collection[int],
        taken: Iterable[str],
        expression: Expression,
    ):
        self.graph, self.inlined, self.expression = graph, inlined, expression
        self.names = variables.named(graph, dict(inputs), inlined, taken)
        self._written: dict[int, Text] = {}
        self._said: tuple[int, str] | None = None

    def lines(
        self, steps: Iterable[Step], indent: int = BODY, otherwise: Callable[[Step], Text | None] | None = None
    ) -> Iterator[str]:
        """The statements of some steps, each below the line of the spec that it comes from. `otherwise` gives the text
        of a step that is written in another way."""
        pad = " " * indent
        for step in steps:
            expression = otherwise(step) if otherwise is not None else None
            expression = self.text(step) if expression is None else expression
            if step.value in self.inlined:
                self._written[step.value] = expression
                continue
            here = self._section(step)
            if here is not None and here != self._said:
                self._said = here
                yield f"{pad}# {here[1]}"[:WIDTH]
            head = f"{self.names[step.value]} = "
            line = pad + head + lay(expression, indent, len(head))
            remark = self._remark(step)
            room = "\n" not in line and len(line) + 4 + len(remark) <= WIDTH
            if remark and not room:
                yield f"{pad}# {remark}"[:WIDTH]
            yield f"{line}  # {remark}" if remark and room else line

    def text(self, step: Step) -> Text:
        """A step as an expression."""
        return self._text(step, self.names)

    def within(self, steps: Iterable[Step], called: Mapping[int, str]) -> Text:
        """Several steps as one expression, the last of them around those before; `called` are the names of what they
        take."""
        called = {**self.names, **called}
        *before, last = steps
        for step in before:
            self._written[step.value] = self._text(step, called)
        return self._text(last, called)

    def _text(self, step: Step, names: Mapping[int, str]) -> Text:
        inner = [self._written.get(value) for value in step.inputs]
        texts = [
            names[value] if written is None else flat(written) or ""
            for value, written in zip(step.inputs, inner, strict=True)
        ]
        found = self.expression(step, texts, inner)
        nested = [place for place, written in enumerate(inner) if isinstance(written, str)]
        if not isinstance(found, str) or not nested:
            return found
        apart = [f"({each})" if place in nested else each for place, each in enumerate(texts)]
        meant = _tree(self.expression(step, apart, inner))
        for place in nested:  # brackets stay where it would be another sum without them
            bare = [*apart[:place], texts[place], *apart[place + 1 :]]
            apart = bare if _tree(self.expression(step, bare, inner)) == meant else apart
        return self.expression(step, apart, inner)

    def paths(self, step: Step) -> list[str]:
        """The layers of the spec that a statement does the work of."""
        return [self._node(layer).path for layer in dict.fromkeys(self._layers(step))]

    # Where a line comes from ------------------------------------------------------------------------------------------

    def _node(self, layer: int) -> Node:
        found = self.graph.network.node(layer)
        assert found is not None
        return found

    def _section(self, step: Step) -> tuple[int, str] | None:
        """The statement of the spec that a step belongs to: its place, and its line with the text."""
        if not step.layers:
            return None
        network, first = self.graph.network, min(step.layers)
        for place, child in enumerate(network.body.children):
            within = child.id == first if isinstance(child, Node) else any(node.id == first for node in child.nodes())
            if within:
                source, line = network.source_of(child.span), network.line(child.span)
                if source is None:
                    return None
                said = " ".join(source.slice(child.span).split())
                return line or place, f"line {line}: {printable(said)}"[: WIDTH - BODY - 2]
        return None

    def _remark(self, step: Step) -> str:
        """The layers of the spec that a line does the work of, by their paths."""
        paths = self.paths(step)
        found = [path if place == 0 else _beside(path, paths[place - 1]) for place, path in enumerate(paths)]
        return ", ".join(filter(None, found))

    def _layers(self, step: Step) -> list[int]:
        inner = [self.graph.made[value] for value in step.inputs if value in self._written]
        return [*(layer for each in inner for layer in self._layers(each)), *step.layers]


def _tree(text: Text) -> str:
    """What an expression is, however it is written."""
    return ast.dump(ast.parse(flat(text) or "", mode="eval"))


def _beside(path: str, before: str) -> str:
    """A path as it is said behind another: without the part that both have."""
    shared = 0
    parts, others = path.split("."), before.split(".")
    while shared < min(len(parts), len(others)) - 1 and parts[shared] == others[shared]:
        shared += 1
    return ".".join(parts[shared:])
