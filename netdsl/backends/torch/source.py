"""Network to PyTorch source: the text that a person would be glad to own, and that the live module is made of.

Classes are found from the inside out: the blocks without blocks in them first, so that by the time a class is written
the classes it constructs have their arguments. Text of the user's enters as string literals, or stripped to words in
comments and names.
"""

from __future__ import annotations

import keyword
import re
from typing import Any

from netdsl.backends.torch.classes import Class, Instance, group, unify
from netdsl.backends.torch.construct import Chain, fold
from netdsl.backends.torch.forward import Forward
from netdsl.backends.torch.layout import WIDTH, literal
from netdsl.backends.torch.members import RESERVED, Members
from netdsl.backends.torch.plan import Again, Leaf, Level, Planner
from netdsl.backends.torch.write import comment, constructor, output_class, safe, wrap
from netdsl.ir import Network, Node, Scope
from netdsl.shapes import text as shape_text


def emit(network: Network, probabilities: bool = False) -> str:
    """PyTorch source of a network: one module class, standing alone on torch.

    A final softmax is left out, as PyTorch's losses take logits, unless `probabilities`. Raises `ValueError` for a
    network with errors.
    """
    if not network.complete:
        raise ValueError(f"{network.name} has errors and cannot be compiled")
    return _Writer(network, probabilities).source()


def class_name(network: Network) -> str:
    """The name of the class that is emitted for a network: `VGG-19` is `VGG19`."""
    return _Writer(network, False).name


def _camel(title: str) -> str:
    """A name as a class name: `inception` is `Inception`, `dense_layer` `DenseLayer`."""
    words = re.findall(r"[A-Za-z0-9]+", title)
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Block"
    return name if not name[0].isdigit() else f"Block{name}"


class _Writer:
    def __init__(self, network: Network, probabilities: bool):
        self.network = network
        self.planner = Planner(network, probabilities)
        self.root = self.planner.plan()
        self.taken: set[str] = set(RESERVED)
        title = f"{network.name} {network.variant}" if network.variant else network.name
        words = re.findall(r"[A-Za-z0-9]+", title) or ["Net"]
        name = "".join(word[:1].upper() + word[1:] for word in words)
        if name[0].isdigit():
            name = f"Net{name}"
        while name in self.taken:
            name += "Net"
        self.name = name
        self.taken.add(name)
        self.classes: list[Class] = []
        self.members = Members()
        self.definitions: dict[str, None] = {}
        self.attributes: dict[int, str] = {}

    # Classes ---------------------------------------------------------------------------------------------------------

    def source(self) -> str:
        for level in self.root.levels():
            for member in level.members:
                if isinstance(member, Leaf):
                    for definition in member.torch.definitions:
                        self.definitions.setdefault(definition)
                        self.taken.update(re.findall(r"(?m)^class (\w+)", definition))
        by_height: dict[int, list[Level]] = {}
        self._heights(self.root, by_height)
        for height in sorted(by_height):
            self._classes(by_height[height])
        main = self._main()
        return self._text(main)

    def _heights(self, level: Level, found: dict[int, list[Level]]) -> int:
        """How many classes are nested in a level; levels by that number."""
        height = max((self._heights(member, found) for member in level.members if isinstance(member, Level)), default=0)
        if level is not self.root and level.kind == "class":
            found.setdefault(height, []).append(level)
            return height + 1
        return height

    def _base(self, level: Level) -> str:
        scope = level.scope
        if scope.kind == "bracket":
            kernels = [row.strip().partition(",")[0] for row in scope.title.split(";")]
            known = {("3x3", "3x3"): "BasicBlock", ("1x1", "3x3", "1x1"): "Bottleneck"}
            return known.get(tuple(kernels), "ResidualBlock")
        return _camel(scope.title or scope.label or scope.kind)

    def _classes(self, levels: list[Level]) -> None:
        bases: dict[str, list[Level]] = {}
        for level in levels:
            bases.setdefault(self._base(level), []).append(level)
        for base, members in bases.items():
            projects = any(
                isinstance(each, Level) and each.scope.kind == "shortcut" for level in members for each in level.members
            )
            instances = {id(level): self._instance(level, projects) for level in members}
            owners = {id(instance): key for key, instance in instances.items()}
            for found in group(list(instances.values())):
                made = unify(self._fresh(base), found, self._doc(members[0]))
                made.base = "nn.Sequential" if not made.forward else "nn.Module"
                self.classes.append(made)
                for instance in found:
                    assert instance.construct is not None
                    self.members.constructs[owners[id(instance)]] = instance.construct

    def _fresh(self, base: str) -> str:
        name, number = base, 2
        while name in self.taken:
            name, number = f"{base}{number}", number + 1
        self.taken.add(name)
        return name

    def _doc(self, level: Level) -> str:
        scope = level.scope
        if scope.kind == "bracket":
            kernels = ", ".join(row.strip().partition(",")[0] for row in scope.title.split(";"))
            return f"A residual building block of {kernels} convolutions."
        if scope.kind == "block":
            return f"The block `{scope.title}`."
        if scope.kind == "aux":
            return f"The auxiliary head `{scope.title}`."
        return f"The group `{scope.label}`." if scope.label else "Branches that are joined."

    def _instance(self, level: Level, projects: bool) -> Instance:
        """What one class-like level holds and does."""
        known: dict[str, Any] = {}
        entry = self.network.shapes[level.scope.entry]
        if entry is not None:
            known["in_channels" if len(entry) == 3 else "in_features"] = entry[0]
        for name, value in level.scope.arguments.items():
            if isinstance(value, (int, float, bool)) and name not in known:
                known[
                    name if not keyword.iskeyword(name) and name not in ("self", "nn", "torch", "F") else f"{name}_"
                ] = value
        if level.chained:
            items = [
                (member.name, self.members.construct(member))
                for member in level.members
                if not isinstance(member, Again)
            ]
            init = self.members.init(level, lambda member, _: f"self[{level.members.index(member)}]")
            return Instance([("", Chain(fold(items)))], (), init, known)
        attributes, access = self.members.attributes(level)
        addition = self._addition(level) if projects else None
        if addition is not None and "downsample" not in dict(attributes):
            attributes.append(("downsample", None))
        else:
            addition = None
        forward = Forward(level, {level.scope.entry: "x"}, set(), access, {"self", "torch", "nn", "F"})
        lines = forward.write([level.output], (addition, 1) if addition is not None else None)
        optional = "downsample" if projects and any(name == "downsample" for name, _ in attributes) else None
        return Instance(
            attributes, _returning(lines, forward.name(level.output)), self.members.init(level, access), known, optional
        )

    def _addition(self, level: Level) -> int | None:
        """The addition of the level's only residual, if its shortcut is the identity."""
        found: list[int] = []

        def search(scope: Scope) -> None:
            for child in scope.children:
                if isinstance(child, Node) or child.name:
                    continue
                if child.kind == "residual":
                    shortcut = next(
                        (each for each in child.children if isinstance(each, Scope) and each.kind == "shortcut"), None
                    )
                    add = next(
                        (each for each in child.children if isinstance(each, Node) and each.op.name == "add"), None
                    )
                    if shortcut is not None and add is not None and not shortcut.children:
                        found.append(add.id)
                search(child)

        search(level.scope)
        return found[0] if len(found) == 1 else None

    # The net itself --------------------------------------------------------------------------------------------------

    def _main(self) -> Class:
        network, root = self.network, self.root
        numbered = any(isinstance(m, Leaf) and m.weighted and m.name.isdigit() for m in root.members) or any(
            isinstance(m, Level) and m.name.isdigit() for m in root.members
        )
        main = Class(self.name)
        several = network.outputs or network.aux or len(network.inputs) > 1
        if numbered and not several and self._chained():
            main.base = "nn.Sequential"
            items = [
                (member.name, self.members.construct(member))
                for member in root.members
                if not isinstance(member, Again)
            ]
            main.attributes = [("", Chain(fold(items)))]
            main.init = self.members.init(root, lambda member, _: f"self[{root.members.index(member)}]")
        else:
            attributes, access = self.members.attributes(root)
            main.attributes = attributes
            inputs = self._inputs()
            kept = {item.value for item in network.outputs} | {item.value for item in network.aux}
            forward = Forward(root, inputs, kept, access, {"self", "torch", "nn", "F"})
            lines = forward.write([self.planner.result])
            main.forward = self._returns(lines, forward)
            main.init = self.members.init(root, access)
        if self.planner.everywhere is not None:
            statement = self.planner.everywhere.statement("m.weight")
            main.init = (
                *main.init,
                "for m in self.modules():",
                f"    if isinstance(m, {self._drawn()}):",
                f"        {statement}",
            )
        return main

    def _drawn(self) -> str:
        modules = [
            member.torch.module.function
            for level in self.root.levels()
            for member in level.members
            if isinstance(member, Leaf) and member.torch.module is not None and member.weighted
        ]
        known = [name for name in ("nn.Conv2d", "nn.ConvTranspose2d", "nn.Linear") if name in modules]
        return known[0] if len(known) == 1 else f"({', '.join(known or ['nn.Conv2d', 'nn.Linear'])})"

    def _chained(self) -> bool:
        planner, root = self.planner, self.root
        current = root.scope.entry if len(self.network.inputs) == 1 else -1
        for member in root.members:
            if isinstance(member, Again) or planner.needs(member) != {current}:
                return False
            if (isinstance(member, Level) and member.kind == "container") or (
                isinstance(member, Leaf) and member.torch.expression is not None
            ):
                return False
            current = member.output
        return current == planner.result

    def _inputs(self) -> dict[int, str]:
        names: dict[int, str] = {}
        for number, item in enumerate(self.network.inputs):
            name = "x" if len(self.network.inputs) == 1 else item.name
            if keyword.iskeyword(name) or name in ("self", "torch", "nn", "F") or name in names.values():
                name += "_"
            names[number] = name
        return names

    def _fields(self) -> list[tuple[str, int, bool]]:
        """What is returned beside the result: name, value, and whether only in training."""
        found = [(item.name, item.value, False) for item in self.network.outputs]
        found += [(item.name, item.value, True) for item in self.network.aux]
        taken = {"logits"}
        fields = []
        for name, value, training in found:
            while keyword.iskeyword(name) or name.startswith("_") or name in ("count", "index") or name in taken:
                name = name.lstrip("_") + "_"
            taken.add(name)
            fields.append((name, value, training))
        return fields

    def _returns(self, lines: list[str], forward: Forward) -> tuple[str, ...]:
        result = forward.name(self.planner.result)
        fields = self._fields()
        if not fields:
            return _returning(lines, result)
        trained = ", ".join([result, *(forward.name(value) for _, value, _ in fields)])
        always = [forward.name(value) for _, value, training in fields if not training]
        training, inference = self._returned()
        ending = [f"return {inference}({', '.join([result, *always])})" if inference else f"return {result}"]
        if training:
            ending = ["if self.training:", f"    return {training}({trained})", *ending]
        return (*lines, *ending)

    def _returned(self) -> tuple[str, str]:
        """The names of the tuples that are returned in training and otherwise, where they are not the plain logits."""
        fields = self._fields()
        outputs, heads = (any(training == kind for *_, training in fields) for kind in (False, True))
        inference = f"{self.name}Output" if outputs else ""
        return (f"{self.name}{'Training' if outputs else ''}Output" if heads else "", inference)

    # Text ------------------------------------------------------------------------------------------------------------

    def _text(self, main: Class) -> str:
        body = [self._class(each) for each in self.classes]
        fields = self._fields()
        training, inference = self._returned()
        if inference:
            body.append(output_class(inference, "What the network returns.", [f for f in fields if not f[2]]))
        if training:
            body.append(output_class(training, "What the network returns in training.", fields))
        body.append(self._class(main, network=True))
        definitions = [definition.strip("\n") + "\n" for definition in self.definitions]
        code = "\n\n".join([*definitions, *body])
        imports = []
        if "OrderedDict(" in code:
            imports.append("from collections import OrderedDict")
        if "NamedTuple" in code:
            imports.append("from typing import NamedTuple")
        torch = [
            line
            for line, word in (("import torch", "torch."), ("import torch.nn.functional as F", "F."))
            if re.search(rf"(?<![\w.]){re.escape(word)}", code)
        ]
        torch.append(
            "from torch import Tensor, nn" if re.search(r"(?<![\w.])Tensor\b", code) else "from torch import nn"
        )
        origin = comment(self.network.body.span.file.replace("\\", "/").rpartition("/")[2] or self.network.name)
        variant = f", variant {comment(self.network.variant)}" if self.network.variant else ""
        lines = [f"# Generated by netdsl from {origin}{variant}.", self._docstring(), ""]
        if imports:
            lines += [*imports, ""]
        lines += [*torch, "", "", code]
        return "\n".join(lines)

    def _docstring(self) -> str:
        network = self.network
        totals = network.totals
        assert totals is not None
        inputs = ", ".join(shape_text(item.shape) for item in network.inputs)
        figures = (
            f"{inputs} -> {shape_text(network.output)}; {totals.params:,} parameters, {totals.macs:,} multiply-adds."
        )
        head = network.name + (f", {network.variant}" if network.variant else "")
        lines = [f"{safe(head)}."]
        if network.source:
            lines += ["", *wrap(safe(network.source) + ".", WIDTH)]
        lines += ["", figures]
        return '"""' + "\n".join(lines) + '\n"""'

    def _class(self, made: Class, network: bool = False) -> str:
        lines = [f"class {made.name}({made.base}):"]
        doc = (
            f"{safe(self.network.name)}{', ' + safe(self.network.variant) if self.network.variant else ''}."
            if network
            else made.doc
        )
        if len(doc) > WIDTH - 10:
            doc = "The network."
        lines += [f'    """{doc}"""', ""]
        if network and self.network.aux:
            weights = {
                name: item.weight
                for (name, _, t), item in zip([f for f in self._fields() if f[2]], self.network.aux, strict=True)
            }
            inside = ", ".join(f"{literal(name)}: {literal(weight)}" for name, weight in weights.items())
            lines += [f"    aux_weights = {{{inside}}}", ""]
        lines += constructor(made)
        if made.forward:
            inputs = list(self._inputs().values()) if network else ["x"]
            listed = ", ".join(f"{name}: Tensor" for name in inputs)
            training, inference = self._returned() if network else ("", "")
            gives = " | ".join(name for name in (training, inference or "Tensor") if name)
            lines += ["", f"    def forward(self, {listed}) -> {gives}:"]
            lines += [f"        {line}" if line else "" for statement in made.forward for line in statement.split("\n")]
        return "\n".join(lines).rstrip() + "\n"


def _returning(lines: list[str], result: str) -> tuple[str, ...]:
    """Statements that end in `return`: a last assignment of the result is returned as it is."""
    head = f"{result} = "
    if lines and lines[-1].startswith(head):
        return (*lines[:-1], "return " + lines[-1][len(head) :])
    return (*lines, f"return {result}")
