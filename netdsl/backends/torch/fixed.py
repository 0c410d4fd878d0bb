"""Which params of the net are numbers in its source: those that shapes, counts and tests depend on.

What an expression gives flows through the arguments of calls; a param that reaches a field of a layer is no argument of
the network's class, unless it is a rate, or the channels of a layer: as they are, or computed if no other layer
follows. This reads the names in the texts alone. `trace` meets what it overlooks, and then has them fixed too.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from netdsl.backends.torch.reading import words
from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family

Name = tuple[str | None, str]
"""A name in the text of a block, by the key of its definition, or of the net (None)."""


def fixed(network: Network) -> set[str]:
    """The params that must stay as they are, as far as the texts tell."""
    followed = _followed(network)
    rigid: dict[Name, None] = {}
    plain: dict[Name, None] = {}
    flows: dict[Name, set[Name]] = {}
    computed: dict[Name, set[Name]] = {}
    body = network.body
    for key, text in body.terms.items():
        for word in words(text):
            if " " in key:
                rigid[None, word] = None
            else:
                flows.setdefault((None, key), set()).add((None, word))
                computed.setdefault((None, key), set()).add((None, word))
    parameters = {key: set(each.parameters) for key, each in network.definitions.items()}

    @cache
    def named(where: tuple[str | None, ...], text: str) -> tuple[Name, ...]:
        """The names of a text in the block `where[-1]`, or further out."""
        calls = len(text) - len(text.lstrip("^"))
        here = where[-1 - calls] if calls < len(where) else None
        own = parameters.get(here, ()) if here is not None else ()
        return tuple([(here if word in own else None, word) for word in words(text)])

    def flow(into: Name, text: str, names: Iterable[Name]) -> None:
        flows.setdefault(into, set()).update(names)
        if not text.isidentifier():
            computed.setdefault(into, set()).update(names)

    def visit(scope: Scope, where: tuple[str | None, ...]) -> None:
        for child in scope.children:
            if isinstance(child, Node):
                for field, text in child.terms.items():
                    if not _free(child, field, followed):
                        out = text.isidentifier() and field == child.op.geometry.out
                        (plain if out else rigid).update(dict.fromkeys(named(where, text)))
                continue
            inside = where
            if child.kind == "block" and child.definition is not None:
                inside = (*where, child.definition)
                for parameter, text in child.terms.items():
                    flow((child.definition, parameter), text, named(where, text))
            else:
                for field, text in child.terms.items():
                    if field not in ("index", "label"):
                        rigid.update(dict.fromkeys(named(where, text)))
            for choice in child.choices:
                rigid.update(dict.fromkeys(named(inside, choice.test)))
            visit(child, inside)

    visit(body, (None,))
    for choice in body.choices:
        rigid.update(dict.fromkeys(named((None,), choice.test)))
    for key, each in network.definitions.items():
        for parameter, default in each.parameters.items():
            if default is not None:
                flow((key, parameter), default, named((None, key), default))
    for name in _reached(plain, {key: names - computed.get(key, set()) for key, names in flows.items()}):
        rigid.update(dict.fromkeys(computed.get(name, ())))
    return {word for where, word in _reached(rigid, flows) if where is None} & network.settings.keys()


def _free(node: Node, field: str, followed: set[int]) -> bool:
    """Whether a field of a layer may have another value than the network has."""
    if node.op.family in (Family.ACTIVATION, Family.REGULARIZATION):
        return True
    return field == node.op.geometry.out and node.id not in followed


def _followed(network: Network) -> set[int]:
    """The values whose channels some layer depends on."""
    found: set[int] = set()
    for node in reversed(network.nodes):
        if not node.op.any_channels or node.id in found:
            found.update(node.inputs)
    return found


def _reached(names: Iterable[Name], flows: dict[Name, set[Name]]) -> set[Name]:
    """All that names depend on, and they themselves."""
    waiting, seen = list(names), set[Name]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += flows.get(name, ())
    return seen
