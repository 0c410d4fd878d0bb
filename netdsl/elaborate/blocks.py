"""Block calls: parameters bound, and the body walked as a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.elaborate.arguments import Given, Problem, bind
from netdsl.elaborate.frames import Frame, Module
from netdsl.elaborate.values import Evaluator, plain
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
    bound = bind(block.name.text, names, (), item.arguments or (), evaluator.value)
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
    inner = Frame(module, values, dict(frame.defaults), {}, None, block, (where, *frame.calls), frame.depth + 1)
    inner.caller = frame  # type: ignore[attr-defined]
    scope, outer = builder.open(
        "block",
        item.span,
        title=block.name.text,
        label=label,
        label_span=label_span,
        arguments={name: plain(value) for name, value in arguments.items()},
    )
    try:
        builder.body(block.body, inner)
    finally:
        builder.close(scope, outer)
