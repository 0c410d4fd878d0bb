"""Block calls: parameters bound, inputs given, and the body placed as a module of its own."""

from __future__ import annotations

from typing import Any

from netdsl import ir
from netdsl.elaborate.again import Watch, again, exactly
from netdsl.elaborate.arguments import bind
from netdsl.elaborate.branches import branches
from netdsl.elaborate.build import Builder
from netdsl.elaborate.construct import bare
from netdsl.elaborate.draft import Draft, DraftScope
from netdsl.elaborate.evaluator import Evaluator, shown
from netdsl.elaborate.files import Definition
from netdsl.elaborate.frames import Frame, Value
from netdsl.elaborate.problems import Problem, Told, twice
from netdsl.elaborate.values import Given, plain, show
from netdsl.integrity import CALLED
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related
from netdsl.text.source import Span
from netdsl.text.visible import visible

DEEPEST = 80
"""How deep blocks and groups may nest through calls."""


def call(
    builder: Builder,
    definition: Definition,
    item: tree.Operation,
    frame: Frame,
    label: tree.Name | None,
    stride: Given | None,
    inputs: tuple[int, ...] | None = None,
) -> None:
    """A block call: its body with its parameters bound, as a module of its own.

    `inputs` are given by what stands around; else they are the branches, or the current value where there are none.
    """
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
    bound = _bound(builder, block, item, frame, stride)
    builder.foresee(frame, item.span, builder.least.call(definition))
    if inputs is None:
        inputs = branched(builder, item, frame) if item.branches is not None else (builder.current,)
    inputs = _apart(builder, inputs, frame, item.span)
    if inputs:
        builder.current = inputs[0]
    arguments, terms = _arguments(builder, definition, item, bound)
    if item.head.text != name and isinstance(frame.names.get(item.head.text), str):
        terms[CALLED] = item.head.text
    taken = _taken(builder, block, item, {**definition.module.params, **arguments}, len(inputs))
    builder.part(frame, item.span)
    with builder.scope("block", item.span, name, label) as scope:
        scope.arguments = {name: plain(value) for name, value in arguments.items()}
        scope.terms, scope.definition = terms, _remember(builder, definition)
        scope.takes, scope.entries = tuple(taken), inputs
        key = _key(builder, definition, arguments, frame, inputs)
        known = builder.placed.get(key) if key is not None else None
        if known is not None and again(builder, known[0], scope, inputs):
            return
        watch = Watch(builder, scope, inputs)
        labels = {
            each: Value(value, span, taken=True) for (each, span), value in zip(taken.items(), inputs, strict=False)
        }
        inside = frame.called(definition, arguments, labels, item.span)
        builder.body(block.body, inside)
        scope.outputs = {name: value.id for name, value in inside.outputs.items()}
        stretch = watch.stretch()
    if key is not None and stretch is not None:
        builder.placed[key] = stretch, tuple(frame.defaults.values())  # so that their ids stay theirs


def _key(
    builder: Builder, definition: Definition, arguments: dict[str, Any], frame: Frame, inputs: tuple[int, ...]
) -> Any:
    """All that the body of a call depends on; None where that cannot be told, or an error has been."""
    shapes = tuple([builder.shapes[value] for value in inputs])
    if builder.failed:
        return None
    block, module = definition
    around = tuple([(name, id(each)) for name, each in frame.defaults.items()])
    calls = id(frame.module), tuple([id(each.block) for each in frame.calls])
    tokens = tuple(map(builder.vocabularies.get, inputs))
    try:
        values = exactly(tuple(arguments.values()))
    except TypeError:  # an unhashable setting
        return None
    return id(block), len(module.params), values, shapes, tokens, around, calls, frame.depth


def _apart(builder: Builder, inputs: tuple[int, ...], frame: Frame, span: Span) -> tuple[int, ...]:
    """Inputs that the body can tell apart: a value that is given twice passes an identity the second time."""
    found: list[int] = []
    for value in inputs:
        if value in found:
            value = builder.node(frame, bare("identity"), (value,), span, implicit=True).id
        found.append(value)
    return tuple(found)


def branched(builder: Builder, item: tree.Operation | tree.Reuse, frame: Frame) -> tuple[int, ...]:
    """The inputs that a call is given by its branches, whose layers stand in the body around, before the call."""
    return tuple(each.exit for each in branches(builder, item.branches or (), frame, kind="group"))


def handed(before: Draft | None, span: Span) -> tuple[int, ...] | None:
    """The inputs of a block that is stacked on another, `before`: its outputs of the same names, and for one without
    such an output its value. None where the current value goes on."""
    if not isinstance(before, DraftScope) or not before.takes:
        return None
    outputs = before.outputs or {}
    without = [name for name in before.takes if name not in outputs]
    if len(without) > 1:
        if any(node.shape is None for node in before.nodes()):
            raise Told  # what is wrong in it may be what would give the output
        listed = " and ".join(f"`{name}`" for name in without)
        message = f"a stack of `{before.title}` hands on one value only beside its outputs, and has none for {listed}"
        raise Problem("E0404", message, span, f"let it say `output {without[1]}`")
    return tuple(outputs.get(name, before.exit) for name in before.takes)


def _taken(
    builder: Builder, block: tree.Block, item: tree.Operation, names: dict[str, Any], given: int
) -> dict[str, Span]:
    """The names of a block's inputs, none where it has one without a name. Raises `Problem` where others are given."""
    if not block.takes and given == 1:
        return {}
    evaluator = Evaluator(names, builder.shape)
    counts = [
        evaluator.integer(each.repeat.count, "the number of inputs") if each.repeat is not None else 1
        for each in block.takes
    ]
    few = sum(max(count, 0) for count in counts) if block.takes else 1
    found: dict[str, Span] = {}
    for each, count in zip(block.takes, counts, strict=True):
        for number in range(min(count, given + 8)):
            name = each.name.text if each.repeat is None else f"{each.name.text}{number}"
            if name in found:
                raise twice(f"the input `{name}`", each.span, found[name])
            found[name] = each.name.span
    if few == given and few:
        return found
    inputs = f"{few} input{'s' * (few != 1)}"
    listed = ", ".join(f"`{name}`" for name in list(found)[:8]) + (", ..." if few > 8 else "")
    message = f"`{block.name.text}` takes {inputs}{': ' if listed else ''}{listed}; {given} {_be(given)} given"
    signature = _signature(block)
    help = f"give them in order, as branches: `{signature} {{ @a | @b }}`" if few > 1 else f"call it `{signature}`"
    raise Problem("E0404" if given < few else "E0403", message, item.span, help, [_defined(block)])


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _bound(
    builder: Builder, block: tree.Block, item: tree.Operation, frame: Frame, stride: Given | None
) -> dict[str, Given]:
    """The arguments of a call, which speak of the current value where it stands."""
    names = [parameter.name.text for parameter in block.parameters]
    inputs = [each.name.text for each in block.takes]
    for each in item.arguments or ():
        if each.name is not None and each.name.text in inputs and each.name.text not in names:
            help = f"inputs are given in order, as branches: `{block.name.text}(...) {{ @a | @b }}`"
            message = f"`{each.name.text}` is an input of `{block.name.text}`, not an argument"
            raise Problem("E0401", message, each.span, help, [_defined(block)])
    bound = bind(block.name.text, names, (), item.arguments or (), builder.evaluator(frame).given)
    if stride is not None:
        if "stride" not in names:
            message = f"the block `{block.name.text}` has no parameter `stride`"
            raise Problem("E0405", message, stride.span, "give it one, or drop the stride", [_defined(block)])
        if "stride" in bound:
            raise twice("the stride", stride.span, bound["stride"].span, code="E0402")
        bound["stride"] = stride
    return bound


def _arguments(
    builder: Builder, definition: Definition, item: tree.Operation, bound: dict[str, Given]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of a block's parameters, those that are given and the defaults of the others, which speak of its first
    input; and the terms of the former."""
    block, module = definition
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
            raise Problem("E0404", f"`{block.name.text}` needs {listed}", item.span, help, [_defined(block)])
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
    said = " ".join(found)
    return said if said.isprintable() else visible(" ".join(said.split()))


def _signature(block: tree.Block) -> str:
    """How a block is called: its name with its parameters."""
    return f"{block.name.text}({', '.join(each.name.text for each in block.parameters)})"


def _defined(block: tree.Block) -> Related:
    return Related(block.name.span, "defined here")
