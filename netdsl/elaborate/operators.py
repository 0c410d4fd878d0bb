"""Operators as they are written: notation and arguments over the defaults in force, norm and activation behind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from netdsl import ops
from netdsl.elaborate.arguments import FOLLOWERS, Follower, Given, Problem, bind, construct, field_names, follower
from netdsl.elaborate.blocks import call
from netdsl.elaborate.files import standard_blocks
from netdsl.elaborate.frames import Frame, Module
from netdsl.elaborate.values import Evaluator, Unknown, Word, show
from netdsl.ops import Operator
from netdsl.shapes import LARGEST
from netdsl.syntax import tree
from netdsl.syntax.lex import STATEMENTS
from netdsl.text.diagnostics import Edit, Related, did_you_mean, misspelt
from netdsl.text.source import Span

if TYPE_CHECKING:
    from netdsl import foreign
    from netdsl.elaborate.build import Builder


def operation(
    builder: Builder,
    item: tree.Operation,
    frame: Frame,
    label: str | None,
    label_span: Span | None,
    stride: Given | None,
) -> None:
    """An operator, or a block by that name."""
    head = item.head.text
    block = frame.module.blocks.get(head)
    if block is None and head in frame.module.blocks:
        raise Unknown  # its definition has a syntax error
    if block is None:
        resolved = ops.resolve(head, aliases=head not in standard_blocks()) if head not in ops.names() else (head, None)
        if resolved is not None:
            cls = ops.find(resolved[0])
            values, norm, act = signature(builder, cls, resolved[1], item, frame, stride)
            place(builder, frame, cls, values, norm, act, item.span, label, label_span)
            return
        file = builder.library.standard(head)
        if file is not None:
            module = Module(file)
            found = {each.name.text: each for each in file.statements if isinstance(each, tree.Block)}
            module.blocks = {name: (each, module) for name, each in found.items()}
            block = module.blocks.get(head)
    if block is None and frame.module.partial:
        raise Unknown  # it may be a block of the file that cannot be read, which has been told
    if block is None:
        raise _unknown(item, frame)
    call(builder, block, item, frame, label, label_span, stride)


def _unknown(item: tree.Operation, frame: Frame) -> Problem:
    """There is no such operator or block: what netdsl calls it, or the nearest name."""
    from netdsl import foreign

    head, span = item.head.text, item.head.span
    message = f"unknown operator or block `{head}`"
    if frame.find(head) is not None and item.kernel is None and item.out is None:
        help = f"`{head}` is a label: `@{head}` goes on from its value, `reuse({head})` applies its layers again"
        return Problem("E0203", message, span, help)
    match = re.fullmatch(r"(.*?[A-Za-z_])([0-9]+(?:x[0-9]+)?)", head)
    stem, kernel = (match[1], match[2]) if match else (head, "")
    layer = foreign.layer(head) or foreign.layer(stem)
    if layer is not None:
        return Problem("E0203", message, span, layer.help, edits=_renamed(item, layer))
    dashed = re.fullmatch(r"([A-Za-z]+[0-9]*(?:x[0-9]+)?)_([0-9]+)", head)
    if dashed and (found := ops.resolve(dashed[1])) and ops.find(found[0]).geometry.out:
        text = f"{dashed[1]}-{dashed[2]}"
        return Problem("E0203", message, span, f"write `{text}`", edits=[Edit(span, text)])
    blocks = [*frame.module.blocks, *standard_blocks()]
    known = [*blocks, *ops.names()]
    if item.out is None and item.stride is None and item.arguments is None:
        known += STATEMENTS
    best = misspelt(head, known) or misspelt(stem, ops.names())
    if best is None:
        return Problem("E0203", message, span, did_you_mean(stem, known) or "`netdsl ops` lists all that there are")
    text = best + (kernel if best in ops.names() and ops.find(best).geometry.kernel else "")
    return Problem("E0203", message, span, f"did you mean `{text}`?", edits=[Edit(span, text)])


def _renamed(item: tree.Operation, layer: foreign.Layer) -> list[Edit]:
    """The edit for a layer that has another name here, where its arguments say nothing but what is known."""
    bare = item.kernel is None and item.out is None and item.stride is None
    arguments = item.arguments or ()
    needless = layer.known and len(arguments) == 1 and arguments[0].name is None
    if layer.same is None or not bare or (arguments and not needless):
        return []
    return [Edit(item.span, layer.same)]


def signature(
    builder: Builder, cls: type[Operator], kernel: str | None, item: tree.Operation, frame: Frame, stride: Given | None
) -> tuple[dict[str, Given], Follower | None, Follower | None]:
    """The arguments of an operator as written, over the defaults; its norm and its activation."""
    evaluator = builder.evaluator(frame)
    written: dict[str, Given] = {}
    term = builder.terms(frame)

    def part(name: str | None, value: Any, span: Span, word: str, term: str | None = None) -> None:
        if name is None:
            leading = next(iter(field_names(cls)), None)
            inside = f"({leading}={show(value)})" if leading and cls.geometry == ops.Geometry() else ""
            raise Problem("E0405", f"`{cls.name}` takes no {word}", span, f"write `{cls.name}{inside}`")
        if name in written:
            first = Related(written[name].span, "first given here")
            raise Problem("E0402", f"the {word} is given twice", span, related=[first])
        written[name] = Given(value, span, term)

    if kernel is not None:
        sizes = tuple(map(int, kernel.split("x"))) if len(kernel) < 24 else (LARGEST + 1,)
        part(cls.geometry.kernel, sizes[0] if len(sizes) == 1 else sizes, item.head.span, "kernel")
    if item.kernel is not None:
        part(cls.geometry.kernel, size(builder, item.kernel, evaluator), item.kernel.span, "kernel", term(item.kernel))
    if item.out is not None:
        part(cls.geometry.out, size(builder, item.out, evaluator), item.out.span, "number behind `-`", term(item.out))
    if item.stride is not None:
        part(cls.geometry.stride, size(builder, item.stride, evaluator), item.stride.span, "stride", term(item.stride))
    if stride is not None:
        part(cls.geometry.stride, stride.value, stride.span, "stride", stride.term)
    names = field_names(cls)
    if item.arguments:
        rest = [name for name in names if name not in written]
        found = bind(cls.name, rest, (*names, *cls.followed_by), item.arguments, evaluator.value, term)
        for name, given in found.items():
            if name in written:
                first = Related(written[name].span, "first given here")
                raise Problem("E0402", f"`{name}` is given twice", given.span, related=[first])
            written[name] = given
    return complete(builder, cls, written, frame)


def complete(
    builder: Builder, cls: type[Operator], written: dict[str, Given], frame: Frame
) -> tuple[dict[str, Given], Follower | None, Follower | None]:
    """Written arguments over the defaults in force, and the norm and activation among them as operators."""
    values = {**frame.defaults.get(cls.name, {}), **written}
    followers = {
        name: follower(name, values.pop(name), frame.defaults) if name in values else None for name in FOLLOWERS
    }
    return values, followers["norm"], followers["act"]


def size(builder: Builder, expression: tree.Expression, evaluator: Evaluator) -> Any:
    """A number or HxW in a geometry; a bare word there is an unknown name."""
    value = evaluator.value(expression)
    if isinstance(value, Word):
        raise Problem(
            "E0201",
            f"unknown name `{value}`",
            expression.span,
            did_you_mean(value, evaluator.names, "in scope") or f"`param {value} = ...` makes it known",
        )
    return value


def place(
    builder: Builder,
    frame: Frame,
    cls: type[Operator],
    values: Mapping[str, Given],
    norm: Follower | None,
    act: Follower | None,
    span: Span,
    label: str | None = None,
    label_span: Span | None = None,
    given: tuple[str, str, str] | None = None,
) -> None:
    """Place an operator with what goes before and follows it: flattening, itself, norm, activation.

    `given` are fixed names for the three. A labelled operator with a norm (or an activation that has weights) is a
    unit.
    """
    op = construct(cls, values, span)
    weighted_act = act is not None and act.op.weighted
    if cls.flattens and builder.shape is not None and len(builder.shape) > 1:
        builder.node(frame, ops.find("flatten")(), (builder.current,), span, implicit=True)
    unit = None
    if label is not None and (norm is not None or weighted_act):
        unit, outer = builder.open("unit", span, title=cls.name, label=label, label_span=label_span)
    node = builder.node(frame, op, (builder.current,), span, values, given=given[0] if given else None)
    if label is not None:
        if unit is None:
            node.label, node.label_span = label, label_span
        else:
            node.given = cls.name
    for index, follows in enumerate((norm, act), 1):
        if follows is not None:
            name = given[index] if given else follows.op.name if unit else None
            builder.node(
                frame, follows.op, (builder.current,), span, implicit=True, given=name, terms=follows.terms
            )
    if unit is not None:
        builder.close(unit, outer)
