"""Written arguments to names: positional ones in the order of the fields, others by name.

Whoever writes an argument as PyTorch or Keras call it is told what it is called here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache

from netdsl import ops
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.values import Given
from netdsl.ops import Operator
from netdsl.ops.shared.base import hidden
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit, did_you_mean, misspelt
from netdsl.text.source import Span

FOLLOWERS = {"norm": ops.Family.NORMALIZATION, "act": ops.Family.ACTIVATION}
"""The arguments that name an operator which follows, and of what family it is."""


@cache
def field_names(cls: type[Operator]) -> tuple[str, ...]:
    """The arguments of an operator as a spec writes them, in order."""
    return tuple(info.alias or name for name, info in cls.model_fields.items() if name not in hidden(cls))


def example(cls: type[Operator], whole: bool = False) -> str:
    """The operator in its notation, with its stride too if it is to be `whole`."""
    geometry = cls.geometry
    text = cls.name + ("3" if geometry.kernel else "") + ("-64" if geometry.out else "")
    return text + ("/2" if whole and geometry.stride else "")


def bind(
    what: str,
    names: Sequence[str],
    extra: Sequence[str],
    arguments: Sequence[tree.Argument],
    given: Callable[[tree.Expression, Span], Given],
) -> dict[str, Given]:
    """Give each argument its name: positional ones in the order of `names`, named ones from `names` and `extra`.

    `given` evaluates an expression. Raises `Problem` for unknown, repeated and misplaced arguments.
    """
    known = list(dict.fromkeys((*names, *extra)))
    bound: dict[str, Given] = {}
    named = False
    for index, argument in enumerate(arguments):
        if argument.name is not None:
            named = True
            name = argument.name.text
            if name not in known:
                name = name.lower()
            if name not in known:
                raise _unknown(what, names, known, argument, arguments)
        elif named:
            raise Problem("E0406", "a positional argument after a named one", argument.span, "give its name too")
        elif index >= len(names):
            most = f"at most {len(names)} argument{'s' if len(names) != 1 else ''}" if names else "no arguments"
            help = _flows(what, arguments) or _listing(what, known)
            raise Problem("E0403", f"`{what}` takes {most}", argument.span, help)
        else:
            name = names[index]
        if name in bound:
            raise twice(f"`{name}`", argument.span, bound[name].span, code="E0402")
        bound[name] = given(argument.value, argument.span)
    return bound


def renamed(name: str, known: Collection[str]) -> str | None:
    """What netdsl calls an argument that others call `name`."""
    from netdsl import foreign

    return next((each for each in foreign.ARGUMENTS.get(name.lower(), ()) if each in known), None)


def called(name: str, known: Collection[str], what: str) -> str | None:
    """The help for an argument or a setting that there is not: what netdsl calls it, or the nearest name."""
    same = renamed(name, known)
    return f"netdsl calls it `{same}`" if same else did_you_mean(name, known, what)


def _unknown(
    what: str,
    free: Sequence[str],
    known: Sequence[str],
    argument: tree.Argument,
    arguments: Sequence[tree.Argument],
) -> Problem:
    """An argument that there is not; `free` are those that the notation has not given."""
    from netdsl import foreign

    assert argument.name is not None
    name, span = argument.name.text, argument.name.span
    edits: list[Edit] = []
    same = renamed(name, known)
    if same is not None and free and same not in free and same not in FOLLOWERS:
        help = f"the notation has said `{same}` already: leave it out"
    elif same is not None:
        written = any(each.name is not None and each.name.text == same for each in arguments)
        edits = [] if written else [Edit(span, same)]
        help = f"netdsl calls it `{same}`"
        if what in ops.names() and same in ops.find(what).geometry:
            help += f", and writes it into the layer: `{example(ops.find(what), whole=True)}`"
    elif name.lower() in FOLLOWERS and what in ops.names():
        help = f"a layer behind it is written out: `{what}; {_named_layer(argument)}`"
    elif name.lower() in foreign.NEEDLESS:
        help = foreign.NEEDLESS[name.lower()]
        edits = _left_out(argument, arguments) if help.endswith("leave it out") else []
    else:
        certain = misspelt(name, known)
        edits = [Edit(span, certain)] if certain else []
        help = did_you_mean(name, known, "its arguments") or _listing(what, known)
    return Problem("E0401", f"`{what}` has no argument `{name}`", span, help, edits=edits)


def _named_layer(argument: tree.Argument) -> str:
    """The layer that `norm=` or `act=` names."""
    value = argument.value
    return value.name if isinstance(value, tree.Reference) else "relu"


def _left_out(argument: tree.Argument, arguments: Sequence[tree.Argument]) -> list[Edit]:
    """The edit that takes an argument away, with the comma that separates it from its neighbour."""
    place = next(index for index, each in enumerate(arguments) if each is argument)
    span = argument.span
    if place + 1 < len(arguments):
        return [Edit(Span(span.file, span.start, arguments[place + 1].span.start), "")]
    start = arguments[place - 1].span.end if place else span.start
    return [Edit(Span(span.file, start, span.end), "")]


def _flows(what: str, arguments: Sequence[tree.Argument]) -> str | None:
    """The help for labels and layers where arguments stand: what flows into a layer is no argument of it."""
    inner = arguments[0].value if arguments else None
    if what in ops.names() and isinstance(inner, tree.Call) and ops.resolve(inner.name.text):
        chain = [what]
        while isinstance(inner, tree.Call):
            chain.insert(0, inner.name.text)
            inner = inner.arguments[0].value if inner.arguments else None
        return f"layers are not called with one another, they follow each other: `{'; '.join(chain)}`"
    if not all(isinstance(each.value, tree.Seen) for each in arguments):
        return None
    labels = [f"@{'.'.join(part.text for part in each.value.parts)}" for each in arguments]  # type: ignore[union-attr]
    if what in ops.names():
        return f"what comes in is the value of the layer before: `{labels[0]}; {what}`"
    return f"what goes into a block stands in braces: `{what}() {{ {' | '.join(labels)} }}`"


def _listing(what: str, names: Sequence[str]) -> str:
    return f"`{what}` takes " + (", ".join(names) if names else "no arguments")
