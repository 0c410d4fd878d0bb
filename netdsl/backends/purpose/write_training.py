"""A plan of training to the source of a module: the plain module's class, and one that derives from it and has another
`forward`, flat, in which what is computed again can be read.

So weights, their names and how they are drawn are the plain module's, and so is evaluation.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from string import ascii_lowercase

from netdsl.backends.purpose import calls
from netdsl.backends.purpose.graph import Step
from netdsl.backends.purpose.runtime import AGAIN, LIGHT, NORM
from netdsl.backends.purpose.statements import BODY, Statements
from netdsl.backends.purpose.training import Plan
from netdsl.backends.torch import source, text
from netdsl.backends.torch.layout import WIDTH, Bracket, Text, call, flat, lay, parameters
from netdsl.backends.torch.levels import Leaf, Level
from netdsl.backends.torch.names import class_name, reached
from netdsl.backends.torch.statements import fill
from netdsl.ops.bn import BatchNorm
from netdsl.text.amounts import size

OWN = ("forward", "training", "keep", "norm", "again", "unpack", "same")
"""Names that mean something in the module, or in the file."""
HELPERS = frozenset(re.findall(r"(?m)^(?:class |def )?(\w+)(?=[:(]| = )", "\n".join((NORM, LIGHT, AGAIN))))
"""What the file's own functions and classes are called, which no block's class may be."""


STANDARD = {
    "threading.local": "import threading",
    "weakref.": "import weakref",
    "Callable[": "from collections.abc import Callable",
    "nullcontext(": "from contextlib import nullcontext",
}
TORCH = {
    "saved_tensors_hooks(": "from torch.autograd.graph import saved_tensors_hooks",
    "checkpoint(": "from torch.utils.checkpoint import checkpoint",
}
"""What a piece of text is imported by."""


def write(plan: Plan, probabilities: bool = False) -> tuple[str, str]:
    """The name of the class for training, and the source."""
    writer = Writer(plan, probabilities)
    return writer.name, writer.text()


def told(plan: Plan) -> str:
    """What a plan does, in a few sentences."""
    samples = f"{plan.batch} sample{'s' * (plan.batch != 1)}"
    given = "" if plan.budget is None else f" in {size(plan.budget)}"
    values, groups = len(plan.lights), len(plan.groups)
    parts = [f"{values} value{'s' * (values != 1)} that cost next to nothing"] if values else []
    parts += [f"{groups} group{'s' * (groups != 1)} of layers"] if groups else []
    again = f"{' and '.join(parts)} are computed again in the backward pass" if parts else "nothing is computed again"
    return (
        f"For training with batches of {samples}{given}: a step takes {size(plan.step)}, that of the plain module "
        f"{size(plan.figures.step(plan.batch))}. Activations take {size(plan.peak)} at their peak, in place of "
        f"{size(plan.figures.peak(plan.batch))}: {again}, {100 * plan.share:.1f} % of a forward pass."
    )


class Writer:
    """Writes the source of one plan."""

    def __init__(self, plan: Plan, probabilities: bool):
        self.plan, self.graph = plan, plan.graph
        self.network = plan.graph.network
        self.main, self.pieces = source.parts(self.network, probabilities, HELPERS)
        self.name = class_name(
            f"{self.main.name}Training", set(re.findall(r"(?m)^class (\w+)", "\n".join(self.pieces))), "Net"
        )
        self.inputs = self.main._inputs()
        self.lights = {each.value: each for each in plan.lights}
        self.inner = {place for light in plan.lights for place in light.places}
        self.again = self.inner | {place for group in plan.groups for place in group}
        self.places = {step.value: place for place, step in enumerate(self.graph.steps)}
        taken = {*OWN, self.main.trained, self.main.returned}
        self.statements = Statements(self.graph, self.inputs, plan.inlined, taken, self._computed)

    # The parts -------------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The whole file."""
        helpers = [NORM] if self.again else []
        helpers += [LIGHT] if self.lights else []
        helpers += [AGAIN] if self.plan.groups else []
        code = text.joined([*helpers, *self.pieces, "\n".join(self._class())])
        future = ["from __future__ import annotations", ""] if self.lights else []
        return "\n".join([self._header(), "", *future, *self._imports(code), "", "", code])

    def _imports(self, code: str) -> list[str]:
        found = text.imports(code)
        standard, torch = (found[: found.index("")], found[found.index("") + 1 :]) if "" in found else ([], found)
        typing = [name for name in ("Any", "Final", "NamedTuple") if re.search(rf"(: |[\[( ]){name}\b", code)]
        standard = [line for line in standard if not line.startswith("from typing")]
        standard += [f"from typing import {', '.join(typing)}"] if typing else []
        standard += [line for word, line in STANDARD.items() if word in code]
        torch += [line for word, line in TORCH.items() if word in code]
        return [
            *sorted(standard, key=lambda line: (line.startswith("from"), line)),
            *([""] if standard else []),
            *torch,
        ]

    def _header(self) -> str:
        said = (
            f"{told(self.plan)} Results, gradients, running averages and random masks are those of the plain module "
            "(recomputed_values, recomputed_groups; `netdsl explain` has a page for each)."
        )
        lines = [*textwrap.wrap(said, WIDTH), "", f"    model = {self.name}()  # its state_dict is the plain module's"]
        return text.header(self.network).removesuffix('\n"""') + "\n\n" + "\n".join(lines) + '\n"""'

    def _class(self) -> Iterator[str]:
        yield f"class {self.name}({self.main.name}):"
        yield f'    """{text.title(self.network)}, for training in less memory."""'
        if not self.again:
            return  # there is room for all that the plain module keeps
        names = ["self", *(f"{each}: Tensor" for each in self.inputs.values())]
        gives = " | ".join(name for name in (self.main.trained, self.main.returned or "Tensor") if name)
        yield ""
        yield from parameters(4, "def forward", names, f" -> {gives}:")
        yield from self._forward()
        for number, group in enumerate(self.plan.groups, 1):
            yield ""
            yield from self._group(number, group)

    # The forward -----------------------------------------------------------------------------------------------------

    def _forward(self) -> Iterator[str]:
        pad, indent = " " * BODY, BODY
        given = ", ".join(self.inputs.values())
        yield f"{pad}if not (self.training and torch.is_grad_enabled()):"
        yield f"{pad}    return super().forward({given})"
        if self.lights:
            yield f"{pad}keep = Keep()"
            yield f"{pad}with saved_tensors_hooks(keep.pack, unpack):"
            indent += 4
        place = 0
        for number, group in enumerate(self.plan.groups, 1):
            yield from self._lines(range(place, group.start), indent)
            called = Bracket(
                "again(", tuple(("", each) for each in (f"self.group{number}", *self._entering(group))), ")"
            )
            head = f"{', '.join(self._leaving(group))} = "
            yield " " * indent + head + lay(called, indent, len(head))
            place = group.stop
        yield from self._lines(range(place, len(self.graph.steps)), indent)
        names = [self.statements.names[each.value] for each in self.main.fields]
        output = self.main.trained or self.main.returned
        yield f"{pad}return {output}({', '.join(names)})" if output else f"{pad}return {names[0]}"

    def _group(self, number: int, group: range) -> Iterator[str]:
        steps, entering, leaving = self.graph.steps, self._entering(group), self._leaving(group)
        paths = [path for place in (group[0], group[-1]) for path in self.statements.paths(steps[place])]
        gives = "Tensor" if len(leaving) == 1 else f"tuple[{', '.join(['Tensor'] * len(leaving))}]"
        yield from parameters(
            4, f"def group{number}", ["self", *(f"{each}: Tensor" for each in entering)], f" -> {gives}:"
        )
        if paths:
            yield f'        """From {paths[0]} to {paths[-1]}, computed again."""'
        yield from self._lines(group, BODY)
        yield f"        return {', '.join(leaving)}"

    def _entering(self, group: range) -> list[str]:
        return [self.statements.names[value] for value in self.plan.tape.entering(group)]

    def _leaving(self, group: range) -> list[str]:
        return [self.statements.names[value] for value in self.plan.tape.leaving(group)]

    def _lines(self, places: range, indent: int) -> Iterator[str]:
        steps = (self.graph.steps[place] for place in places)
        yield from self.statements.lines((step for step in steps if not self._absorbed(step)), indent, self._light)

    def _absorbed(self, step: Step) -> bool:
        """Whether a step is written into the function of a light value."""
        return self.places[step.value] in self.inner and step.value not in self.lights

    def _light(self, step: Step) -> Text | None:
        """A light value as the call that makes it; None for any other."""
        light = self.lights.get(step.value)
        if light is None:
            return None
        called = dict(zip(light.inputs, ascii_lowercase, strict=False))
        steps = [self.graph.steps[place] for place in light.places]
        made = self.statements.within(steps, called)
        head = f"lambda {', '.join(called.values())}: "
        function = made._replace(opening=head + made.opening) if isinstance(made, Bracket) else f"{head}{made}"
        return Bracket(
            "keep.light(", (("", function), *(("", self.statements.names[each]) for each in light.inputs)), ")"
        )

    def _computed(self, step: Step, texts: list[str], inner: list[Text | None]) -> Text:
        if step.op.weighted:
            return self._weighted(step, texts)
        found = calls.function(step, self.graph, texts, "")
        if found is None:
            module = calls.described(step, self.graph).module
            assert module is not None
            return call(f"{flat(calls.construction(module))}", texts)
        if isinstance(found, Bracket) and inner[0] is not None and len(inner) == 1:
            return found._replace(items=(("", inner[0]), *found.items[1:]))
        return found

    def _weighted(self, step: Step, texts: list[str]) -> Text:
        node = self.network.node(step.layers[0])
        assert node is not None
        leaf = self.main.plan.leaves[node.id if node.shares is None else node.shares]
        module = reach(leaf)
        if leaf.bare:
            assert leaf.torch.expression is not None
            return fill(leaf.torch.expression.replace("{m}", module), texts)
        counted = isinstance(step.op, BatchNorm) and step.op.running and self.places[step.value] in self.again
        return call("norm", [module, *texts]) if counted else call(module, texts)


def reach(leaf: Leaf) -> str:
    """The expression for a layer of the plain module, from the network's class."""
    way: list[Leaf | Level] = []
    here: Leaf | Level = leaf
    while here.above is not None:
        way.append(here)
        here = here.above
    assert isinstance(here, Level)
    found, above = "self", here
    for each in reversed(way):
        if above.kind == "sequential" or above.chained:
            found += f"[{above.position(each.name)}]"
        elif each.name:
            found = reached(found, each.name, by_key=False)
        if isinstance(each, Level):
            above = each
    return found
