"""The body of a `forward`: members in order, with variables that read well.

A value lives in the variable of its place: `x` along the main line, `branch2` in a branch, `out` in a residual body,
its label where it is used again later. A variable is taken again only when nothing needs its old value.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from netdsl.backends.torch.layout import WIDTH
from netdsl.backends.torch.plan import Again, Leaf, Level, Member
from netdsl.ir import Node, Scope

INDENT = 8


@dataclass
class Step:
    """One expression: the value it gives, the values it takes, and its text for given inputs."""

    output: int
    inputs: tuple[int, ...]
    text: Callable[[list[str]], str]
    implicit: bool = False
    join: bool = False
    aux: bool = False


class Forward:
    """Writes the statements of one class."""

    def __init__(
        self,
        level: Level,
        inputs: dict[int, str],
        kept: set[int],
        access: Callable[[Member, str], str],
        taken: set[str],
    ):
        self.level = level
        self.variables = dict(inputs)
        self.kept = kept
        self.access = access
        self.taken = taken
        self.preferred: dict[int, str] = {}
        self.entries: dict[int, int] = {}
        self.steps: list[Step] = []
        self.aliases: dict[int, int] = {}
        self.shortcut: tuple[int, int] | None = None
        self.lines: list[str] = []
        self.main = next(iter(inputs.values())) if len(inputs) == 1 else "x"
        self._prefer(level.scope, self.main)
        self._collect(level, "self")

    # What is computed ------------------------------------------------------------------------------------------------

    def _prefer(self, scope: Scope, variable: str) -> None:
        """The variable that suits each value, by where it is made."""
        inner = {id(member.scope) for member in self._levels(self.level)}
        branches = 0
        for child in scope.children:
            if isinstance(child, Node):
                self.preferred[child.id] = child.label if child.label and self._distant(child.id) else variable
            elif child.kind == "aux":
                self.preferred[child.exit] = child.title
            elif child.kind == "branch" and id(child) not in inner:
                branches += 1
                self._prefer(child, self._branch(scope, child, branches))
            elif child.kind == "branch":
                branches += 1
                self.preferred[child.exit] = self._branch(scope, child, branches)
            elif child.kind == "shortcut":
                if id(child) in inner:
                    self.preferred[child.exit] = "shortcut"
                else:
                    self._prefer(child, "shortcut")
            elif id(child) in inner:
                named = child.label if child.label and self._distant(child.exit) else variable
                self.preferred[child.exit] = named
            else:
                self._prefer(child, variable)
                if child.label and self._distant(child.exit):
                    self.preferred[child.exit] = child.label

    def _branch(self, scope: Scope, child: Scope, number: int) -> str:
        return "out" if scope.kind == "residual" else f"branch{number}"

    def _distant(self, value: int) -> bool:
        """Whether a value is used again later, beside by what follows it."""
        return self._uses().get(value, 0) > 1

    def _uses(self) -> dict[int, int]:
        if not hasattr(self, "_counted"):
            counted: dict[int, int] = {}

            def count(level: Level) -> None:
                for member in level.members:
                    if isinstance(member, Level) and member.kind == "container":
                        count(member)
                    else:
                        for value in member.inputs:
                            counted[value] = counted.get(value, 0) + 1

            count(self.level)
            self._counted = counted
        return self._counted

    def _levels(self, level: Level) -> list[Level]:
        """The levels that are called as modules from here."""
        found: list[Level] = []
        for member in level.members:
            if isinstance(member, Level):
                found += self._levels(member) if member.kind == "container" else [member]
        return found

    def _collect(self, level: Level, owner: str) -> None:
        for member in level.members:
            if isinstance(member, Level) and member.kind == "container":
                self._collect(member, self.access(member, owner))
            elif isinstance(member, Leaf) and member.node.op.name == "identity":
                self.aliases[member.output] = member.inputs[0]
            elif isinstance(member, Leaf) and member.torch.expression is not None:
                template = member.torch.expression.replace("{m}", self.access(member, owner))
                self.steps.append(Step(member.output, member.inputs, partial(_fill, template), join=True))
            elif isinstance(member, Leaf) and member.node.op.name == "flatten":
                self.steps.append(Step(member.output, member.inputs, _flattened))
            else:
                call = self.access(member, owner)
                aux = isinstance(member, Level) and member.scope.kind == "aux"
                implicit = isinstance(member, Leaf) and member.node.implicit
                self.steps.append(
                    Step(
                        member.output,
                        member.inputs,
                        partial(_called, call),
                        implicit=implicit,
                        aux=aux,
                    )
                )

    # Statements ------------------------------------------------------------------------------------------------------

    def write(self, results: list[int], shortcut: tuple[int, int] | None = None) -> list[str]:
        """The statements, unindented; afterwards `name` tells the variable of each of `results`.

        `shortcut` is (node, value): the addition whose identity shortcut passes `self.downsample` all the same.
        """
        through = self._through
        steps = [Step(s.output, tuple(map(through, s.inputs)), s.text, s.implicit, s.join, s.aux) for s in self.steps]
        left: dict[int, int] = {}
        users: dict[int, list[int]] = {}
        for place, step in enumerate(steps):
            for value in step.inputs:
                left[value] = left.get(value, 0) + 1
                users.setdefault(value, []).append(place)
        for value in (*results, *self.kept):
            left[through(value)] = left.get(through(value), 0) + 1
        pending: dict[int, tuple[str, list[int]]] = {}
        bound: dict[str, int] = {name: value for value, name in self.variables.items()}
        for place, step in enumerate(steps):
            texts, sources = [], []
            for position, value in enumerate(step.inputs):
                text, used = pending.pop(value) if value in pending else (self.variables[value], [value])
                if shortcut == (step.output, position):
                    text = f"self.downsample({text})"
                texts.append(text)
                sources += used
            text = step.text(texts)
            if self._inlines(step, place, steps, users, left, text):
                pending[step.output] = (text, sources)
                continue
            for value in sources:
                left[value] -= 1
            name = self._variable(step.output, bound, left)
            if step.aux:
                text += " if self.training else None"
            self.lines.append(_statement(name, text))
            bound[name] = step.output
            self.variables[step.output] = name
        return self.lines

    def name(self, value: int) -> str:
        """The variable that holds a value."""
        return self.variables[self._through(value)]

    def _through(self, value: int) -> int:
        while value in self.aliases:
            value = self.aliases[value]
        return value

    def _inlines(
        self, step: Step, place: int, steps: list[Step], users: dict[int, list[int]], left: dict[int, int], text: str
    ) -> bool:
        """Whether an expression is written into the one that takes it."""
        if left.get(step.output, 0) != 1 or len(users.get(step.output, ())) != 1 or step.aux:
            return False
        consumer = steps[users[step.output][0]]
        if consumer.implicit and users[step.output][0] == place + 1 and len(consumer.inputs) == 1:
            return len(text) < 70
        if not consumer.join or step.join:
            return False
        return (
            all(value in self.variables for value in step.inputs)
            and text.count("(") == 1
            and (
                sum(len(self.variables.get(value, "")) for value in consumer.inputs) + len(text) * len(consumer.inputs)
                < 90
            )
        )

    def _variable(self, value: int, bound: dict[str, int], left: dict[int, int]) -> str:
        base = self.preferred.get(value, self.main)
        if not base.isidentifier() or keyword.iskeyword(base) or base in self.taken:
            base += "_"
        name, number = base, 2
        while name in bound and left.get(bound[name], 0) > 0:
            name, number = f"{base}{number}", number + 1
        return name


def _flattened(texts: list[str]) -> str:
    return f"torch.flatten({texts[0]}, 1)"


def _called(function: str, texts: list[str]) -> str:
    return f"{function}({texts[0]})"


def _fill(template: str, texts: list[str]) -> str:
    if "{all}" in template:
        return template.replace("{all}", ", ".join(texts))
    for index, text in enumerate(texts):
        template = template.replace(f"{{{index}}}", text)
    return template


def _statement(name: str, text: str) -> str:
    """`name = text`, broken over lines where it is too long: the arguments of a concatenation one to a line."""
    line = f"{name} = {text}"
    if INDENT + len(line) <= WIDTH:
        return line
    if text.startswith("torch.cat([") and text.endswith("], dim=1)"):
        inside = text[len("torch.cat([") : -len("], dim=1)")]
        if 12 + len(inside) + 9 <= WIDTH:
            return f"{name} = torch.cat(\n    [{inside}], dim=1\n)"
        items = "".join(f"        {item},\n" for item in _split(inside))
        return f"{name} = torch.cat(\n    [\n{items}    ],\n    dim=1,\n)"
    return f"{name} = (\n    {text}\n)" if 12 + len(text) <= WIDTH else f"{name} = {text}"


def _split(text: str) -> list[str]:
    """The items of a list in source text."""
    found, depth, start = [], 0, 0
    for at, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            found.append(text[start:at].strip())
            start = at + 1
    return [*found, text[start:].strip()]


__all__ = ["Again", "Forward"]
