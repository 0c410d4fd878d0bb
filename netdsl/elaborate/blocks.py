"""Block calls: parameters bound, and the body placed as a module of its own."""

from __future__ import annotations

from typing import Any

from netdsl import ir
from netdsl.elaborate.arguments import bind
from netdsl.elaborate.build import Builder
from netdsl.elaborate.extent import PART
from netdsl.elaborate.files import Definition
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.values import Evaluator, Given, plain, show, shown
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related

DEEPEST = 80
"""How deep blocks and groups may nest through calls."""


def call(
    builder: Builder,
    definition: Definition,
    item: tree.Operation,
    frame: Frame,
    label: tree.Name | None,
    stride: Given | None,
) -> None:
    """A block call: its body with its parameters bound, as a module of its own."""
    block = definition.block
    name = block.name.text
    for part, word in ((item.kernel, "kernel"), (item.out, "number behind `-`"), (item.stride, "stride")):
        if part is not None:
            help = f"a block is called `{_signature(block)}`"
            raise Problem("E0405", f"the block `{name}` takes no {word}", part.span, help)
    if any(outer.block is block for outer in frame.calls):
        help = "a block may call other blocks, never itself"
        related = [_defined(block), *frame.trail]
        raise Problem("E0705", f"the block `{name}` calls itself", item.span, help, related)
    if frame.depth >= DEEPEST:
        raise Problem("E0003", f"blocks and groups nest more than {DEEPEST} deep through these calls", item.span)
    arguments, terms = _arguments(builder, definition, item, frame, stride)
    builder.foresee(frame, item.span, builder.least.call(definition))
    builder.grow(frame, item.span, PART)
    with builder.scope("block", item.span, name, label) as scope:
        scope.arguments = {name: plain(value) for name, value in arguments.items()}
        scope.terms, scope.definition = terms, _remember(builder, definition)
        builder.body(block.body, frame.called(definition, arguments, item.span))


def _arguments(
    builder: Builder, definition: Definition, item: tree.Operation, frame: Frame, stride: Given | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of a block's parameters, those that are given and the defaults of the others, and the terms of the
    former."""
    block, module = definition
    name = block.name.text
    names = [parameter.name.text for parameter in block.parameters]
    bound = bind(name, names, (), item.arguments or (), builder.evaluator(frame).given)
    if stride is not None:
        if "stride" not in names:
            message = f"the block `{name}` has no parameter `stride`"
            raise Problem("E0405", message, stride.span, "give it one, or drop the stride", [_defined(block)])
        if "stride" in bound:
            raise twice("the stride", stride.span, bound["stride"].span, code="E0402")
        bound["stride"] = stride
    values: dict[str, Any] = {}
    terms: dict[str, str] = {}
    for parameter in block.parameters:
        key, default = parameter.name.text, parameter.default
        given = bound.get(key)
        if given is not None:
            values[key] = given.value
            if given.term is not None:
                terms[key] = given.term
            elif default is not None and type(default) is not tree.Literal:
                terms[key] = show(given.value)  # a constant, in place of a default that names something
        elif default is not None:
            values[key] = Evaluator({**module.params, **values}, builder.shape).value(default)
        else:
            missing = [each.name.text for each in block.parameters if each.default is None]
            listed = ", ".join(f"`{each}`" for each in missing if each not in bound)
            help = f"it is called `{_signature(block)}`"
            raise Problem("E0404", f"`{name}` needs {listed}", item.span, help, [_defined(block)])
    return values, terms


def _remember(builder: Builder, definition: Definition) -> str:
    """Keep what a block's definition says, with its first call; gives its key in the network."""
    block, module = definition
    key = f"{block.span.file}:{block.span.start}"
    if key not in builder.definitions:
        text = module.file.source.text
        defaults = {
            each.name.text: None if each.default is None else shown(each.default, text) for each in block.parameters
        }
        builder.definitions[key] = ir.Definition(
            name=block.name.text, parameters=defaults, doc=_comment(module.file, block.span.start), span=block.span
        )
    return key


def _comment(file: tree.File, start: int) -> str:
    """What the comment lines right above a place say."""
    source = file.source
    above = {source.position(each.span.start).line: each.text for each in file.comments}
    line = source.position(start).line - 1
    found: list[str] = []
    while line in above and source.line(line).lstrip().startswith("#"):
        found.insert(0, above[line].lstrip("#").strip())
        line -= 1
    return " ".join(found)


def _signature(block: tree.Block) -> str:
    """How a block is called: its name with its parameters."""
    return f"{block.name.text}({', '.join(each.name.text for each in block.parameters)})"


def _defined(block: tree.Block) -> Related:
    return Related(block.name.span, "defined here")
