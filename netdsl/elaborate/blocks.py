"""Block calls: parameters bound, and the body walked as a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.elaborate.arguments import Given, Problem, bind
from netdsl.elaborate.frames import Frame, Module
from netdsl.elaborate.values import Evaluator, plain
from netdsl.ir import Definition
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related
from netdsl.text.source import Span

if TYPE_CHECKING:
    from netdsl.elaborate.build import Builder

DEEPEST = 80
"""How deep blocks and groups may nest through calls."""


def _called(block: tree.Block) -> str:
    """How a block is called: its name with its parameters."""
    return f"{block.name.text}({', '.join(each.name.text for each in block.parameters)})"


def call(
    builder: Builder,
    found: tuple[tree.Block, Module],
    item: tree.Operation,
    frame: Frame,
    label: str | None,
    label_span: Span | None,
    stride: Given | None,
) -> None:
    """A block call: its body with its parameters bound, as a module of its own."""
    block, module = found
    for part, word in ((item.kernel, "kernel"), (item.out, "number behind `-`"), (item.stride, "stride")):
        if part is not None:
            raise Problem(
                "E0405",
                f"the block `{block.name.text}` takes no {word}",
                part.span,
                f"a block is called `{_called(block)}`",
            )
    chain: Frame | None = frame
    while chain is not None:
        if chain.block is block:
            raise Problem(
                "E0705",
                f"the block `{block.name.text}` calls itself",
                item.span,
                "a block may call other blocks, never itself",
                [Related(block.name.span, "defined here"), *frame.calls],
            )
        chain = chain.around if chain.around else getattr(chain, "caller", None)
    if frame.depth >= DEEPEST:
        raise Problem("E0003", f"blocks and groups nest more than {DEEPEST} deep through these calls", item.span)
    evaluator = builder.evaluator(frame)
    names = [parameter.name.text for parameter in block.parameters]
    bound = bind(block.name.text, names, (), item.arguments or (), evaluator.value, builder.terms(frame))
    if stride is not None:
        if "stride" not in names:
            raise Problem(
                "E0405",
                f"the block `{block.name.text}` has no parameter `stride`",
                stride.span,
                "give it one, or drop the stride",
                [Related(block.name.span, "defined here")],
            )
        if "stride" in bound:
            first = Related(bound["stride"].span, "first given here")
            raise Problem("E0402", "the stride is given twice", stride.span, related=[first])
        bound["stride"] = stride
    values: dict[str, Any] = dict(module.params)
    arguments: dict[str, Any] = {}
    where = Related(item.span, f"in this call of `{block.name.text}`")
    for parameter in block.parameters:
        name = parameter.name.text
        if name in bound:
            arguments[name] = bound[name].value
        elif parameter.default is not None:
            arguments[name] = Evaluator({**module.params, **arguments}, builder.shape).value(parameter.default)
        else:
            missing = [n for n, p in zip(names, block.parameters, strict=True) if n not in bound and p.default is None]
            listed = ", ".join(f"`{n}`" for n in missing)
            raise Problem(
                "E0404",
                f"`{block.name.text}` needs {listed}",
                item.span,
                f"it is called `{_called(block)}`",
                [Related(block.name.span, "defined here")],
            )
    values.update(arguments)
    defaults = {name: _further(each) for name, each in frame.defaults.items()}
    inner = Frame(module, values, defaults, {}, None, block, (where, *frame.calls), frame.depth + 1)
    inner.caller = frame  # type: ignore[attr-defined]
    scope, outer = builder.open(
        "block",
        item.span,
        title=block.name.text,
        label=label,
        label_span=label_span,
        arguments={name: plain(value) for name, value in arguments.items()},
        terms={name: each.term for name, each in bound.items() if each.term is not None},
        definition=_definition(builder, block, module),
    )
    arms, choices = builder.arms, builder.choices
    builder.arms, builder.choices = (), []
    try:
        builder.body(block.body, inner)
    finally:
        scope.choices = tuple(builder.choices)
        builder.arms, builder.choices = arms, choices
        builder.close(scope, outer)


def _further(defaults: dict[str, Given]) -> dict[str, Given]:
    """Defaults one call further in, where their terms speak of the names further out."""
    if not any(each.term for each in defaults.values()):
        return defaults
    return {
        name: each if each.term is None else each._replace(term=f"^{each.term}") for name, each in defaults.items()
    }


def _definition(builder: Builder, block: tree.Block, module: Module) -> str:
    """The key of a block's definition, which is remembered with the first call."""
    key = f"{block.span.file}:{block.span.start}"
    if key not in builder.definitions:
        source = module.file.source

        def text(expression: tree.Expression | None) -> str | None:
            return expression and " ".join(source.text[expression.span.start : expression.span.end].split())

        builder.definitions[key] = Definition(
            name=block.name.text,
            parameters={each.name.text: text(each.default) for each in block.parameters},
            doc=_comment(module.file, source.position(block.span.start).line),
            span=block.span,
        )
    return key


def _comment(file: tree.File, line: int) -> str:
    """The text of the comment lines that stand right above a line."""
    found: list[str] = []
    above = {file.source.position(each.span.start).line: each for each in file.comments}
    while (comment := above.get(line - 1)) is not None:
        line -= 1
        if file.source.line(line).lstrip()[:1] != "#":
            break
        found.insert(0, comment.text.lstrip("#").strip())
    return " ".join(found)
