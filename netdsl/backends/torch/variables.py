"""The variable that suits each value of a `forward`, by where it is made: `x` along the main line, `branch2` in a
branch or what its labels call it, `out` in a residual body."""

from __future__ import annotations

import re
from itertools import takewhile

from netdsl.backends.torch.plan import Plan
from netdsl.ir import Node, Scope


class Suiting:
    """The names that suit the values of a scope whose main line is `main`.

    `branches` are what branches give that make something, `asked` what those pass on that make nothing.
    """

    def __init__(self, plan: Plan, scope: Scope, main: str):
        self.plan = plan
        self.names: dict[int, str] = {}
        self.branches: set[int] = set()
        self.asked: set[int] = set()
        self._prefer(scope, main)

    def _prefer(self, scope: Scope, name: str) -> None:
        """The variable that suits each value, by where it is made."""
        branches = 0
        single = _single(scope)
        pair = _unequal(scope)
        for child in scope.children:
            if isinstance(child, Node):
                self.names[child.id] = name
                continue
            suits = name
            if child.kind == "aux":
                suits = child.title
            elif child.kind == "branch":
                branches += 1
                made = next(child.nodes(), None) is not None
                (self.branches if made else self.asked).add(child.exit)
                suits = single or _called(child) or ("out" if pair and branches == 1 else f"branch{branches}")
            elif child.kind == "shortcut":
                suits = "shortcut"
            level = self.plan.level_of.get(id(child))
            if level is not None and level.called:
                for value in level.outputs:
                    named = value != child.exit or child.exit in child.outputs.values()
                    self.names[value] = self.plan.labels.get(value, suits) if named else suits
            else:
                self._prefer(child, suits)


def _single(scope: Scope) -> str:
    """The variable in a join with one branch that computes something; nothing where there are several."""
    if scope.kind == "residual":
        return "out"
    branches = [child for child in scope.children if isinstance(child, Scope) and child.kind == "branch"]
    made = [child for child in branches if any(not node.op.transparent for node in child.nodes())]
    if len(made) > 1:
        return ""
    return "scale" if scope.title == "mul" else "out"


def _unequal(scope: Scope) -> bool:
    """Whether two branches are added up of which the second is one thing, as a shortcut is."""
    if scope.title != "add":
        return False
    sizes = [len(child.children) for child in scope.children if isinstance(child, Scope) and child.kind == "branch"]
    return len(sizes) == 2 and sizes[0] > sizes[1] == 1


def _called(branch: Scope) -> str:
    """What the labels in a branch call it: its only one, `skip` where they are `skip` and `skipbn`, `branch3x3` where
    they are `branch3x3_1` and `branch3x3_2`."""
    labels = [child.label for child in branch.children if child.label]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*labels, strict=False))
    found = "".join(letters[0] for letters in alike)
    if found.startswith("branch"):
        found = first_of(found)
        return found if found != "branch" else ""
    return found if found in labels else ""


def first_of(label: str) -> str:
    """What `branch3x3_1` is the first layer of."""
    return re.sub(r"_\d*$", "", label)
