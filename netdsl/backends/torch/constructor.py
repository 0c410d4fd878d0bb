"""The constructor of a class: its attributes as statements, some of them under conditions or in loops."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from netdsl.backends.torch.classes import Attribute, Class, Repetition, changed, every, terms_of
from netdsl.backends.torch.construct import UNSET, Chain, Construct, Container, Cycle, Run
from netdsl.backends.torch.layout import Bracket, Loop, counted, lay, named, parameters, render, sequence, tree
from netdsl.backends.torch.names import reached
from netdsl.backends.torch.statements import indented
from netdsl.backends.torch.terms import Term, literal, make, name


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
        return found + indented(made.init, 8)

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
        if isinstance(item, Container) or (type(item) is Chain and named(item)):
            inner = reached(owner, name, by_key=owner == "self" and self.made.base == "nn.ModuleDict")
            if type(item) is Chain or self._apart(inner):
                members = zip(item.items, item.when or (None,) * len(item.items), strict=True)
                inside = [Attribute(key, each, when) for (key, each), when in members]
                empty = "nn.Sequential()" if type(item) is Chain else "nn.Module()"
                made = [*self._comments(name, item, pad), *self._add(name, empty, pad, owner)]
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

    def _apart(self, container: str) -> bool:
        """Whether no statement has a container's modules by their keys: each is an attribute of it."""
        lines = (*every(self.made.forward), *every(self.made.init))
        return not any(f"{container}[" in text or f"{container}.values()" in text for text in lines)

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
