"""Classes to the text of a file: header, docstring, imports, definitions, classes, the network."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from netdsl.backends.artefact import MARK
from netdsl.backends.torch.classes import Attribute, Class, Fork, Lines, Repetition, changed, terms_of
from netdsl.backends.torch.construct import UNSET, Chain, Construct, Cycle, Run
from netdsl.backends.torch.layout import WIDTH, Bracket, Loop, counted, lay, named, parameters, render, sequence, tree
from netdsl.backends.torch.names import printable, prose, reached
from netdsl.backends.torch.terms import MAKE_DIVISIBLE, Term, literal, make, name
from netdsl.ir import Network
from netdsl.passes.sizes import plane_as_built
from netdsl.shapes import text as shape_text

LARGEST = 4000
"""Of networks with more layers the docstring does not say for which sizes they are valid: to solve that takes long."""


def header(network: Network, sizes: bool = False) -> str:
    """The comment and the docstring at the top: what was compiled, where it comes from, its figures; with `sizes` for
    which sizes of the input the module is valid, where not for all."""
    place = network.body.span.file.replace("\\", "/").rpartition("/")[2] or network.name
    variant = f", variant {network.variant}" if network.variant else ""
    totals = network.totals
    assert totals is not None
    inputs = ", ".join(shape_text(item.shape) for item in network.inputs)
    figures = f"{inputs} -> {shape_text(network.output)}; {totals.params:,} parameters, {totals.macs:,} multiply-adds."
    lines = [f"{title(network)}."]
    if network.source:
        lines += ["", *textwrap.wrap(prose(network.source) + ".", WIDTH)]
    takes = plane_as_built(network) if sizes and len(network.nodes) <= LARGEST else None
    valid = f" Valid for {takes.text()}." if takes is not None and takes.text() else ""
    lines += ["", *textwrap.wrap(figures + valid, WIDTH)]
    return f"# {MARK} from {printable(place + variant)[:90]}.\n" + '"""' + "\n".join(lines) + '\n"""'


def title(network: Network) -> str:
    """The name of a network and of its variant, for docstrings."""
    return prose(network.name + (f", {network.variant}" if network.variant else ""))[:100]


def imports(code: str) -> list[str]:
    """The imports that some code needs, in two groups."""

    def used(module: str) -> bool:
        """Whether something of a module is named. Most texts have not even its letters, which is found sooner."""
        return f"{module}." in code and re.search(rf"(?<![\w.-]){module}\.\w", code) is not None

    standard = ["import math"] if used("math") else []
    typing = [name for name, text in (("Final", ": Final["), ("NamedTuple", "(NamedTuple)")) if text in code]
    if typing:
        standard.append(f"from typing import {', '.join(typing)}")
    torch = [line for line, word in (("import torch", "torch"), ("import torch.nn.functional as F", "F")) if used(word)]
    tensor = re.search(r"Tensor\b(?<![\w.\"`]Tensor)(?![\"`])", code)
    torch.append("from torch import Tensor, nn" if tensor else "from torch import nn")
    return [*standard, "", *torch] if standard else torch


def file(network: Network, parts: Iterable[str], sizes: bool = False) -> str:
    """The whole text; for `sizes` see `header`."""
    parts = list(parts)
    if any("make_divisible(" in part for part in parts):
        parts.insert(0, MAKE_DIVISIBLE)
    code = "\n\n".join(part.strip("\n") + "\n" for part in parts)
    return "\n".join([header(network, sizes), "", *imports(code), "", "", code])


def output_class(name: str, doc: str, fields: list[tuple[str, bool]]) -> str:
    """The tuple that a network returns; a field is a name and whether it is None in evaluation."""
    lines = [f"class {name}(NamedTuple):", f'    """{doc}"""', ""]
    lines += [f"    {field}: Tensor | None" if training else f"    {field}: Tensor" for field, training in fields]
    return "\n".join(lines)


def class_text(made: Class, constants: Iterable[tuple[str, Any]] = ()) -> str:
    """One class. `constants` are set in its body."""
    lines = [f"class {made.name}({made.base}):"]
    lines += [*_docstring(made), ""] if made.doc else []
    for key, value in constants:
        inside = tuple((f"{literal(each)}: ", literal(item)) for each, item in value.items())
        lines += [f"    {key} = " + lay(Bracket("{", inside, "}"), 4, len(key) + 3), ""]
    if made.flags:
        lines += [*(f"    {flag}: Final[{made.kinds.get(flag, 'bool')}]" for flag in made.flags), ""]
    lines += Constructor(made).lines()
    if made.inputs:
        names = ["self", *(f"{each}: Tensor" for each in made.inputs)]
        lines += ["", *parameters(4, "def forward", names, f" -> {made.gives}:")]
        lines += _statements(made.forward, 8)
    return "\n".join(lines)


def _docstring(made: Class) -> list[str]:
    doc = f"{prose(made.doc)}."
    more = textwrap.wrap(made.fixed, WIDTH - 4) if made.fixed else []
    if 4 + len(doc) + len('"""') * 2 <= WIDTH and not more:
        return [f'    """{doc}"""']
    lines = textwrap.wrap(f'"""{doc}', WIDTH - 4 - len('"""'))  # one line that is broken off has no room for quotes
    lines += [*([""] if more else []), *more, '"""']
    return [f"    {line}" if line else "" for line in lines]


def _statements(lines: Lines, indent: int, chained: bool = False) -> list[str]:
    """Statements as text, under tests where they fork; `chained` if the first of them stands behind an `el`."""
    pad = " " * indent
    found: list[str] = []
    for each in lines:
        if isinstance(each, str):
            found += [f"{pad}{line}" if line else "" for line in each.split("\n")]
            continue
        yes, no, test = each.yes, each.no, each.test
        if not yes:
            yes, no, test = no, yes, make("not", test)
        asked = test.substitute({flag: name(f"self.{flag}") for flag in test.names})
        if not chained and (one := _either(yes, asked, no)) and indent + len(one) <= WIDTH:
            found.append(pad + one)
            continue
        found += [f"{pad}if {asked.text}:", *_statements(yes, indent + 4)]
        returns = isinstance(yes[-1], str) and yes[-1].startswith("return ")
        if no and returns:
            found += _statements(no, indent)
        elif len(no) == 1 and isinstance(no[0], Fork):
            first, *more = _statements(no, indent, chained=True)
            found += [f"{pad}el{first.removeprefix(pad)}", *more]
        elif no:
            found += [f"{pad}else:", *_statements(no, indent + 4)]
    return found


def _either(yes: Lines, asked: Term, no: Lines) -> str:
    """One statement that sets a variable to one of two values by a test; empty where two do more than that."""
    sides = [lines[0].partition(" = ") for lines in (yes, no) if len(lines) == 1 and isinstance(lines[0], str)]
    if len(sides) != 2 or not all(equals and "\n" not in value for _, equals, value in sides):
        return ""
    (variable, _, one), (other, _, two) = sides
    return f"{variable} = {one} if {asked.text} else {two}" if variable == other and variable.isidentifier() else ""


class Constructor:
    """The text of a class's `__init__`."""

    def __init__(self, made: Class):
        self.made = made
        self.told: set[str] = set()
        self.listed = False
        """Whether the list `layers` has been declared."""
        asked = {} if made.listed else made.flags
        self.tests = {term: f"self.{flag}" for flag, term in asked.items() if flag not in made.kinds}
        self.running = _running(made)

    def lines(self) -> list[str]:
        made = self.made
        names = ["self"]
        for each in made.parameters:
            names.append(f"{each.name}: {each.kind}" + ("" if each.default is UNSET else f" = {literal(each.default)}"))
        found = parameters(4, "def __init__", names, " -> None:")
        own = [f"        {local} = {term.text}" for local, term in made.locals if local not in self.running]
        flags = [f"        self.{flag} = {term.text}" for flag, term in made.flags.items()]
        if made.listed:
            found += [*own, *self._sequence(), *flags]
        else:
            found += ["        super().__init__()", *own, *flags, *self._attributes(self._carried())]
        return found + _statements(made.init, 8)

    def _carried(self) -> Iterator[Attribute | str]:
        """The attributes, with statements between them that say how many channels there are from there on."""
        one = dict.fromkeys(self.running, name("channels"))
        waiting = list(self.running.items())
        for each in self.made.attributes:
            while waiting and _uses(each, waiting[0][0]):
                yield f"channels = {waiting.pop(0)[1].substitute(one).text}"
            when = each.when and each.when.substitute(one)
            yield replace(each, item=changed(each.item, lambda term: term.substitute(one)), when=when) if one else each

    def _test(self, when: Term) -> str:
        """A condition; one that is kept in a flag is read from there."""
        opposite = make("not", when)
        if when in self.tests:
            return self.tests[when]
        return f"not {self.tests[opposite]}" if opposite in self.tests else when.text

    def _attributes(self, attributes: Iterable[Attribute | str], owner: str = "self", indent: int = 8) -> list[str]:
        """The statements that set attributes of a module, those under one condition together, and statements between
        them."""
        pad = " " * indent
        found: list[str] = []
        under: Term | None = None
        otherwise = False
        for each in attributes:
            if isinstance(each, str):
                found.append(pad + each)
                under, otherwise = None, False
                continue
            if each.optional:
                found.append(f"{pad}{owner}.{each.name}: nn.Module | None = None")
                under = None
            if each.when is None:
                under = None
            elif each.when != under:
                otherwise = not otherwise and under is not None and make("not", under) == each.when
                found.append(f"{pad}else:" if otherwise else f"{pad}if {self._test(each.when)}:")
                under = each.when
            found += self._set(each.name, each.item, indent if each.when is None else indent + 4, owner)
            otherwise = otherwise and under is not None
        return found

    def _set(self, name: str, item: Any, indent: int, owner: str = "self") -> list[str]:
        """The statements that set an attribute; numbers are added by name."""
        pad = " " * indent
        if isinstance(item, Run):
            return self._counted(item, indent, owner)
        if type(item) is Chain and named(item):
            inner = reached(owner, name, by_key=self.made.base == "nn.ModuleDict")
            members = zip(item.items, item.when or (None,) * len(item.items), strict=True)
            inside = [Attribute(key, each, when) for (key, each), when in members]
            made = [*self._comments(name, item, pad), *self._add(name, "nn.Sequential()", pad, owner)]
            return [*made, *self._attributes(inside, inner, indent)]
        if isinstance(item, Chain) and item.when:
            return [*self._layers(item, indent), *self._add(name, "nn.Sequential(*layers)", pad, owner)]
        if name.isidentifier():
            start = f"{owner}.{name} = "
            return [*self._comments(name, item, pad), f"{pad}{start}{render(item, indent, len(start))}"]
        if isinstance(item, Construct) and item.parameter:
            start = f'{owner}.register_parameter("{name}", '
            return [f"{pad}{start}{render(item, indent, len(start), 1)})"]
        if owner == "self" and self.made.base == "nn.ModuleDict":
            start = f'self["{name}"] = '
            return [*self._comments(name, item, pad), f"{pad}{start}{render(item, indent, len(start))}"]
        text = render(item, indent, len(f'{owner}.add_module("{name}", '), 1)
        if "\n" not in text:
            return self._add(name, text, pad, owner)
        inner = render(item, indent + 4, 0, 1)
        return [f"{pad}{owner}.add_module(", f'{pad}    "{name}",', f"{pad}    {inner},", f"{pad})"]

    def _add(self, name: str, text: str, pad: str, owner: str) -> list[str]:
        """The statement that makes a module a part of another."""
        if name.isidentifier():
            return [f"{pad}{owner}.{name} = {text}"]
        if owner == "self" and self.made.base == "nn.ModuleDict":
            return [f'{pad}self["{name}"] = {text}']
        return [f'{pad}{owner}.add_module("{name}", {text})']

    def _counted(self, run: Run, indent: int, owner: str) -> list[str]:
        """A loop that adds modules under names with a number."""
        head, key, item = counted(run)
        if owner == "self" and self.made.base == "nn.ModuleDict":
            target = f"self[{key}] = "
            inside = lay(item, indent + 4, len(target))
            return [f"{' ' * indent}{head}:", f"{' ' * indent}    {target}{inside}"]
        add = lay(Bracket(f"{owner}.add_module(", (("", key), ("", item)), ")"), indent + 4)
        return [f"{' ' * indent}{head}:", f"{' ' * indent}    {add}"]

    def _comments(self, key: str, item: Any, pad: str) -> list[str]:
        """What is to be said of a sequence, once in a class: why it is one of one layer, or leaves out numbers."""
        if type(item) is not Chain:
            return []
        found = ""
        if len(item.items) == 1 and not isinstance(item.items[0][1], Run | Cycle):
            found = f"In a sequence of one, since the checkpoint's keys begin with {key}.{item.items[0][0]}."
        elif named(item) and all(each.isdigit() for each, _ in item.items):
            found = "The numbers are those of the checkpoint's keys."
        if not found or found[:3] in self.told:
            return []
        self.told.add(found[:3])
        return [f"{pad}# {found}"]

    def _layers(self, chain: Chain, indent: int) -> list[str]:
        """The statements that put the layers of a sequence into a list, some of them under conditions."""
        pad = " " * indent
        declared = "layers" if self.listed else "layers: list[nn.Module]"
        self.listed = True
        groups: list[tuple[Term | None, list[Any]]] = []
        for (_, item), when in zip(chain.items, chain.when, strict=True):
            if groups and groups[-1][0] == when:
                groups[-1][1].append(item)
            else:
                groups.append((when, [item]))
        found: list[str] = []
        before: Term | None = None
        for place, (when, items) in enumerate(groups):
            inner = indent if when is None else indent + 4
            if place == 0 and when is not None:
                found.append(f"{pad}{declared} = []")
            if when is not None:
                opposite = before is not None and make("not", before) == when
                found.append(f"{pad}else:" if opposite else f"{pad}if {self._test(when)}:")
            head = f"{declared} = " if place == 0 and when is None else "layers += "
            if len(items) == 1 and place + (when is not None) > 0:
                found.append(" " * inner + "layers.append(" + render(items[0], inner, len("layers.append("), 1) + ")")
                if "\n" in found[-1]:
                    text = lay(Bracket("layers.append(", (("", tree(items[0])),), ")"), inner)
                    found[-1] = " " * inner + text
            else:
                made = Bracket("[", tuple(("", tree(each)) for each in items), "]", len(items) > 1)
                found.append(" " * inner + head + lay(made, inner, len(head)))
            before = when
        return found

    def _sequence(self) -> list[str]:
        """The constructor of a class that is an `nn.Sequential` or an `nn.ModuleList`."""
        made = self.made
        if made.loop is not None:
            return self._loop(made.loop)
        chain = made.attributes[0].item
        if chain.when and not named(chain):
            star = "*" if made.base == "nn.Sequential" else ""
            return [*self._layers(chain, 8), f"        super().__init__({star}layers)"]
        if named(chain):
            members = zip(chain.items, chain.when or (None,) * len(chain.items), strict=True)
            inside = [Attribute(key, item, when) for (key, item), when in members]
            return ["        super().__init__()", *self._attributes(inside)]
        items, closing, spread = sequence(chain)
        if made.base == "nn.ModuleList":
            items, spread = (("", Bracket("[", items, "]", spread)),), False
        return ["        " + lay(Bracket("super().__init__(", items, closing, spread), 8)]

    def _loop(self, loop: Repetition) -> list[str]:
        used = loop.key is not None or any(loop.index in term.names for term in terms_of(loop.item))
        head = f"        for {loop.index if used else '_'} in range({loop.count.text}):"
        carry = [] if loop.carry is None else [f"            {loop.entry} = {loop.carry.text}"]
        if loop.key is None and loop.carry is None:
            made = Loop(tree(loop.item), ((head.strip().removesuffix(":"), ""),))
            return ["        " + lay(Bracket("super().__init__(", (("*", made),), ")"), 8)]
        if loop.key is None:
            append = lay(Bracket("layers.append(", (("", tree(loop.item)),), ")"), 12)
            return [
                "        layers: list[nn.Module] = []",
                head,
                f"            {append}",
                *carry,
                "        super().__init__(*layers)",
            ]
        prefix, index, suffix = loop.key
        key = f'f"{prefix}{{{index.text}}}{suffix}"'
        add = lay(Bracket("self.add_module(", (("", key), ("", tree(loop.item))), ")"), 12)
        return ["        super().__init__()", head, f"            {add}", *carry]


def _uses(each: Attribute, local: str) -> bool:
    return any(local in term.names for term in (*terms_of(each.item), *((each.when,) if each.when else ())))


def _running(made: Class) -> dict[str, Term]:
    """The locals that can be one, which is set anew on the way: numbers of channels that follow one another.

    Each is computed of the one before, and the attributes that name it stand before all that name the next.
    """
    found = {local: term for local, term in made.locals if re.fullmatch(r"channels\d*", local)}
    others = [term for local, term in made.locals if local not in found] + list(made.flags.values())
    if not made.inputs or any(found.keys() & term.names for term in others):
        return {}
    last, before = -1, ""
    for local, term in found.items():
        uses = [place for place, each in enumerate(made.attributes) if _uses(each, local)]
        if not uses or uses[0] <= last or (found.keys() & term.names) - {before}:
            return {}
        last, before = uses[-1], local
    return found
