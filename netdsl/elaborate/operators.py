"""Operators as they are written: notation and arguments over the defaults in force, norm and activation behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from netdsl import ops
from netdsl.elaborate.arguments import FOLLOWERS, bind, called, example, field_names
from netdsl.elaborate.build import Builder
from netdsl.elaborate.construct import bare, construct
from netdsl.elaborate.draft import DraftNode
from netdsl.elaborate.evaluator import Evaluator
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.problems import Problem, Told, twice
from netdsl.elaborate.sight import seen
from netdsl.elaborate.values import Given, Word, show
from netdsl.integrity import CALLED
from netdsl.ir import Setting
from netdsl.ops import Operator
from netdsl.ops.shared.base import dimensional
from netdsl.ops.shared.padding import reversed_sides
from netdsl.shapes import LARGEST
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit, Related, did_you_mean
from netdsl.text.source import Span

REFERENCE = "@"
"""The value of an argument that names a label."""


class Follower(NamedTuple):
    """The operator that `norm=` or `act=` names, and the terms of that argument and of its defaults."""

    op: Operator
    terms: dict[str, str]


class Written(NamedTuple):
    """An operator as a spec writes it: its arguments over the defaults, the norm and activation behind it, and what the
    arguments that name labels stand for; `called` is the parameter that it was called by, where one named it."""

    cls: type[Operator]
    values: dict[str, Given]
    norm: Follower | None
    act: Follower | None
    named: Mapping[str, Value] = {}
    called: str | None = None


def signature(
    builder: Builder, cls: type[Operator], kernel: str | None, item: tree.Operation, frame: Frame, stride: Given | None
) -> Written:
    """An operator by its statement; `kernel` is the one in its head, `stride` that behind the statement."""
    evaluator = builder.evaluator(frame)
    written: dict[str, Given] = {}
    named: dict[str, Value] = {}
    for name, given, word in _notation(cls.geometry, kernel, item, evaluator, stride):
        if name is None:
            leading = next(iter(field_names(cls)), None)
            inside = f"({leading}={show(given.value)})" if leading and cls.geometry == ops.Geometry() else ""
            help = f"write `{cls.name}{inside}`"
            if cls.geometry.kernel and word.startswith("number"):
                help = f"`{cls.name}` keeps the channels; write `{example(cls)}`"
            raise Problem("E0405", f"`{cls.name}` takes no {word}", given.span, help)
        if name in written:
            raise twice(f"the {word}", given.span, written[name].span, code="E0402")
        written[name] = given
    if item.arguments:
        _hold_together(cls, item.arguments)
        names = field_names(cls)
        rest = [name for name in names if name not in written]
        found = bind(cls.name, rest, (*names, *cls.followed_by), item.arguments, _given(evaluator))
        for name, given in found.items():
            if name in written:
                raise twice(f"`{name}`", given.span, written[name].span, code="E0402")
            if isinstance(given.value, tree.Seen):
                named[name] = _named(builder, cls, name, given.value, frame)
                given = given._replace(value=REFERENCE)
            written[name] = given
    completed = complete(cls, written, frame)
    return completed._replace(named=named) if named else completed


def _hold_together(cls: type[Operator], arguments: Sequence[tree.Argument]) -> None:
    """Refuse `pad(1, 2, 3, 4)`: the sizes of one argument as several, as functions of PyTorch take them."""
    if len(arguments) < 2 or cls.geometry != ops.Geometry():
        return
    key, mark = next(iter(dimensional(cls).items()), ("", None))
    given = [each.value for each in arguments if each.name is None and isinstance(each.value, tree.Literal)]
    numbers = tuple(each.value for each in given if type(each.value) is int)
    if mark is None or key != field_names(cls)[0] or len(numbers) < len(arguments):
        return
    place, sizes = arguments[0].span.to(arguments[-1].span), "x".join(map(str, numbers))
    help, edits = f"they are joined by `x`: `{cls.name}({sizes})`", list[Edit]()
    if mark.each == 2 and len(numbers) == 2:
        sideways = f"`{cls.name}({[0, 0, *numbers]})`"
        help = f"`{cls.name}({sizes})` is height x width; left and right alone are {sideways}"
    elif len(set(numbers)) == 1:
        help = f"one number is for all of them: `{cls.name}({numbers[0]})`"
        edits = [Edit(place, str(numbers[0]))]
    elif mark.each == 2 and len(numbers) in _ORDERS:
        here = f"`{cls.name}({list(reversed_sides(numbers))})`"
        help = f"a list has them as {_ORDERS[len(numbers)]}; of PyTorch's order, which begins at the left, it is {here}"
    message = f"`{key}` of `{cls.name}` is one argument, not {len(numbers)}"
    raise Problem("E0403", message, place, help, edits=edits)


_ORDERS = {4: "[top, bottom, left, right]", 6: "[front, back, top, bottom, left, right]"}
"""How the sides of a padding follow each other, by their number."""


def _given(evaluator: Evaluator) -> Callable[[tree.Expression, Span], Given]:
    """What gives arguments their values: a label that is named stays as it is."""

    def given(node: tree.Expression, span: Span) -> Given:
        return Given(node, span) if type(node) is tree.Seen else evaluator.given(node, span)

    return given


def _named(builder: Builder, cls: type[Operator], name: str, target: tree.Seen, frame: Frame) -> Value:
    """The value that an argument names. Raises `Problem` where it takes none."""
    from netdsl.ops.shared.reference import choices, type_in_words

    if REFERENCE not in choices(cls, name):
        wanted = type_in_words(cls, name) if name in field_names(cls) else "an operator"
        label = ".".join(part.text for part in target.parts)
        help = f"what comes in is the value of the layer before: `@{label}; {example(cls)}`"
        if cls.inputs[1] != 1:
            help = f"values stand in braces: `{cls.name}(...) {{ @{label} | ... }}`"
        raise Problem("E0405", f"`{name}` of `{cls.name}` takes {wanted}, not the value of a label", target.span, help)
    if cls.of is not None and len(target.parts) > 1:
        message = f"`{cls.name}` takes the label of a `{cls.of.name}` in sight, not of one inside another body"
        help = (
            f"what goes into one there stays there: put the `{cls.of.name}` behind `{target.parts[0].text}`, labelled"
        )
        raise Problem("E0405", message, target.span, help)
    return seen(builder, target, frame)


def _notation(
    geometry: ops.Geometry, kernel: str | None, item: tree.Operation, evaluator: Evaluator, stride: Given | None
) -> Iterator[tuple[str | None, Given, str]]:
    """The parts of `conv3-64/2`: the field each fills (None: the operator has no such part), its value, its name."""
    if kernel is not None:
        sizes = tuple(map(int, kernel.split("x"))) if len(kernel) < 24 else (LARGEST + 1,)
        yield geometry.kernel, Given(sizes[0] if len(sizes) == 1 else sizes, item.head.span), "kernel"
    if item.kernel is not None:
        yield geometry.kernel, size(item.kernel, evaluator), "kernel"
    if item.out is not None:
        yield geometry.out, size(item.out, evaluator), "number behind `-`"
    if item.stride is not None:
        yield geometry.stride, size(item.stride, evaluator), "stride"
    if stride is not None:
        yield geometry.stride, stride, "stride"


def size(expression: tree.Expression, evaluator: Evaluator) -> Given:
    """A number or HxW in a geometry; a bare word there is an unknown name."""
    value = evaluator.value(expression)
    if isinstance(value, Word):
        help = did_you_mean(value, evaluator.names, "in scope") or f"`param {value} = ...` makes it known"
        raise Problem("E0201", f"unknown name `{value}`", expression.span, help)
    return Given(value, expression.span, evaluator.term(expression))


def complete(cls: type[Operator], written: dict[str, Given], frame: Frame) -> Written:
    """Written arguments over the defaults in force, and the norm and activation among them as operators."""
    values = {**frame.defaults.get(cls.name, {}), **written}
    norm, act = values.pop("norm", None), values.pop("act", None)
    return Written(cls, values, follower("norm", norm, frame), follower("act", act, frame))


def follower(argument: str, given: Given | None, frame: Frame) -> Follower | None:
    """The operator that `norm=` or `act=` names, with its own defaults; None where it is not given, or `none`."""
    if given is None or given.value is None:
        return None
    value, span, term = given
    setting = value if isinstance(value, Setting) else None
    name = setting.name if setting else value
    family = FOLLOWERS[argument]
    resolved = ops.resolve(name) if isinstance(name, str) else None
    if resolved is None or resolved[1] or ops.find(resolved[0]).family != family:
        known = [each for each in ops.names() if ops.find(each).family == family]
        message = f"`{argument}` (={show(value)}) must be none or one of the {family} operators"
        help = _known_as(str(name), family) or did_you_mean(str(name), known) or f"there are {', '.join(known)}"
        raise Problem("E0405", message, span, help)
    cls = ops.find(resolved[0])
    settings = _settings(cls, setting, span) if setting else {}
    values = {**frame.defaults.get(cls.name, {}), **settings}
    terms = {key: each.term for key, each in values.items() if each.term is not None}
    return Follower(construct(cls, values, span), terms if term is None else {**terms, argument: term})


def _settings(cls: type[Operator], setting: Setting, span: Span) -> dict[str, Given]:
    """The arguments in `leakyrelu(0.2)` by name."""
    names = field_names(cls)
    if len(setting.args) > len(names):
        raise Problem("E0403", f"`{cls.name}` takes at most {len(names)} arguments", span)
    written: dict[str, Any] = dict(zip(names, setting.args, strict=False))
    for key, item in setting.kwargs.items():
        if key not in names:
            help = called(key, names, "its arguments")
            raise Problem("E0401", f"`{cls.name}` has no argument `{key}`", span, help)
        if key in written:
            raise Problem("E0402", f"`{key}` is given twice", span)
        written[key] = item
    return {key: Given(item, span) for key, item in written.items()}


def _known_as(name: str, family: ops.Family) -> str | None:
    """What netdsl calls a norm or activation that others call `name`."""
    from netdsl import foreign

    layer = foreign.layer(name) or foreign.layer(f"{name}norm")
    return layer.help if layer and layer.same and ops.find(layer.same).family == family else None


def place(
    builder: Builder,
    frame: Frame,
    written: Written,
    span: Span,
    label: tree.Name | None = None,
    given: tuple[str | None, ...] = (None, None, None),
    inputs: tuple[int, ...] | None = None,
) -> None:
    """Place an operator with what goes before and follows it: flattening, itself, norm, activation.

    `given` are fixed names for the three, `inputs` what it is applied to (the current value, if nothing is said). A
    labelled operator with a norm (or an activation that has weights) is a unit.
    """
    further, written = _further(written)
    op = construct(written.cls, written.values, span)
    norm, act = written.norm, written.act
    if op.flattens and builder.shape is not None and len(builder.shape) > 1:
        builder.node(frame, bare("flatten"), (builder.current,), span, implicit=True)
    if inputs is None:
        inputs = (builder.current,) if op.inputs[1] != 0 else ()
    inputs += further
    if label is None or (norm is None and (act is None or not act.op.weighted)):
        _chain(builder, frame, op, written, inputs, span, given).label = label
        return
    names = (op.name, norm.op.name if norm else None, act.op.name if act else None)
    with builder.scope("unit", span, op.name, label):
        _chain(builder, frame, op, written, inputs, span, names)


def _further(written: Written) -> tuple[tuple[int, ...], Written]:
    """The inputs that arguments name, in the order of the fields; and what an operator takes over from the one that it
    undoes."""
    cls, found, taken = written.cls, list[int](), dict[str, Given]()
    for name in field_names(cls) if written.named else ():
        if name not in written.named:
            continue
        value, span = written.named[name], written.values[name].span
        if cls.of is None:
            found.append(value.id)
            continue
        made = next((each for each in reversed(value.drafts) if isinstance(each, DraftNode)), None)
        if made is None or not isinstance(made.op, cls.of):
            message = f"`{cls.name}` takes the label of a `{cls.of.name}`"
            raise Problem("E0405", message, span, related=[Related(value.span, "labelled here")])
        if made.shape is None:
            raise Told
        found.append(made.inputs[0])
        own = set(cls.model_fields)
        taken |= {key: Given(getattr(made.op, key), span) for key in type(made.op).model_fields if key in own}
    return tuple(found), written._replace(values={**written.values, **taken}) if taken else written


def _chain(
    builder: Builder,
    frame: Frame,
    op: Operator,
    written: Written,
    inputs: tuple[int, ...],
    span: Span,
    given: tuple[str | None, ...],
) -> DraftNode:
    """An operator, its norm and its activation in a row; gives the node of the first."""
    node = builder.node(frame, op, inputs, span, places=written.values, given=given[0])
    if written.called is not None:
        node.terms = {**(node.terms or {}), CALLED: written.called}
    for follows, name in ((written.norm, given[1]), (written.act, given[2])):
        if follows is not None:
            builder.node(frame, follows.op, (builder.current,), span, implicit=True, given=name, terms=follows.terms)
    return node
