"""The class of the network itself: its layers, what it takes, and what it returns in training and otherwise."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from netdsl.backends.torch import text
from netdsl.backends.torch.classes import Class
from netdsl.backends.torch.facts import Facts
from netdsl.backends.torch.forward import Forward
from netdsl.backends.torch.initialise import Initialisation
from netdsl.backends.torch.layout import Bracket
from netdsl.backends.torch.levels import Again, Level
from netdsl.backends.torch.members import Members
from netdsl.backends.torch.merge import Form, Instance, Merge
from netdsl.backends.torch.names import LOOPS, class_name, titled, variable
from netdsl.backends.torch.plan import Plan
from netdsl.backends.torch.trace import Trace
from netdsl.ir import Network


class Field(NamedTuple):
    """What is returned beside the result. A head's value is there in training only; it has a weight in the loss."""

    name: str
    value: int
    head: bool
    weight: float | None = None


def defaults(network: Network) -> dict[str, Any]:
    """The values of the network's params, under their names in Python."""
    return {variable(name, LOOPS): value for name, value in network.settings.items()}


def _told(network: Network) -> str | None:
    """The variant as far as it is part of a name: none that is a multiplier of 1 (`MobileNetV2`, `ShuffleNetV2`)."""
    plain = re.fullmatch(r"x?1([._]0+)?x?", network.variant or "")
    return None if plain and network.variant != "1" else network.variant


class Main:
    """The network's own class. The names of its classes are chosen first, and join `taken`."""

    def __init__(self, plan: Plan, taken: set[str]):
        self.plan = plan
        self.network = network = plan.network
        self.name = class_name(titled(network.name, _told(network)), taken, "Net")
        taken.add(self.name)
        self.fields = self._fields()
        self.trained, self.returned = self._output_classes(taken)

    def _fields(self) -> list[Field]:
        """The result, unless it is given out under a name, what is given out, and the heads."""
        network = self.network
        taken = {"count", "index"}  # a tuple has methods of these names
        found = [Field(item.name, item.value, False) for item in network.outputs]
        if network.answer in network.returns and network.result not in {item.value for item in network.outputs}:
            found.insert(0, Field(network.answer, self.plan.result, False))
        found += [Field(item.name, item.value, True, item.weight) for item in network.aux]
        for place, each in enumerate(found):
            found[place] = each._replace(name=variable(each.name.lstrip("_") or "output", taken))
            taken.add(found[place].name)
        return found

    def _output_classes(self, taken: set[str]) -> tuple[str, str]:
        """The names of the tuples that are returned in training and otherwise, where more than one value is."""
        heads = any(each.head for each in self.fields)
        several = sum(not each.head for each in self.fields) > 1
        names = []
        for wanted, words in ((heads, "TrainingOutput" if several else "Output"), (several, "Output")):
            names.append(class_name(self.name + words, taken, "Net") if wanted else "")
            taken.add(names[-1])
        return names[0], names[1]

    def write(self, made: Class) -> list[str]:
        """The text of the network's classes, itself last."""
        parts = []
        if self.returned:
            always = [(each.name, False) for each in self.fields if not each.head]
            parts.append(text.output_class(self.returned, "What the network returns.", always))
        if self.trained:
            fields = [(each.name, each.head) for each in self.fields]
            parts.append(text.output_class(self.trained, "What the network returns in training.", fields))
        weights = {each.name: each.weight for each in self.fields if each.head}
        return [*parts, text.class_text(made, [("aux_weights", weights)] if weights else [])]

    def made(self, facts: Facts, initialisation: Initialisation, reserved: Collection[str]) -> tuple[Class, Trace]:
        """The network's own class, and how it was traced."""
        network, root = self.network, self.plan.root
        numbered = any(
            member.name.isdigit() and (isinstance(member, Level) or member.weighted)
            for member in root.members
            if not isinstance(member, Again)
        )
        plain = len(self.fields) == 1 and len(network.inputs) == 1
        root.chained = numbered and plain and self.plan.chain(root, self.plan.result)
        trace = Trace(facts, root)
        members = Members(root, trace)
        init = (*members.parameters, *initialisation.lines(root, members.access), *initialisation.last(members.reach))
        form = Form(members.attributes, init=init)
        if not root.chained:
            inputs = self._inputs()
            forward = Forward(root, self.plan, inputs, members.access, (self.trained, self.returned))
            forward.write([each.value for each in self.fields])
            form.forward = tuple(self._ending(forward))
            form.inputs = tuple(inputs.values())
            form.gives = " | ".join(name for name in (self.trained, self.returned or "Tensor") if name)
        made = Merge(self.name, [Instance(root, trace, form)], reserved, defaults(network)).made
        made.doc = text.title(network)
        order = list(defaults(network))
        made.parameters.sort(key=lambda each: order.index(each.name))
        return made, trace

    def _inputs(self) -> dict[int, str]:
        if len(self.network.inputs) == 1:
            return {0: "x"}
        names: dict[int, str] = {}
        for number, item in enumerate(self.network.inputs):
            names[number] = variable(item.name, {*names.values(), self.trained, self.returned})
        return names

    def _ending(self, forward: Forward) -> list[str]:
        """The statements of the network's `forward` with what it returns."""
        everything = [each.value for each in self.fields]
        always = [each.value for each in self.fields if not each.head]
        if len(everything) == 1:
            return forward.lines(everything)
        names = {value: forward.name(value) for value in everything}

        def tuple_of(name: str, values: Sequence[int]) -> Bracket:
            return Bracket(f"{name}(", tuple(("", names[value]) for value in values), ")")

        ending = tuple_of(self.returned, always) if self.returned else names[always[0]]
        return forward.lines([], ending, tuple_of(self.trained, everything) if self.trained else None)
