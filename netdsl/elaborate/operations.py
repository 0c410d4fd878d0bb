"""`HEAD geometry arguments`: an operator, or a block by that name; and what to say of a head that is neither."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netdsl import ops
from netdsl.elaborate.blocks import call
from netdsl.elaborate.build import Builder
from netdsl.elaborate.files import standard_blocks
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.operators import place, signature
from netdsl.elaborate.problems import Problem, Told
from netdsl.elaborate.values import Given
from netdsl.syntax import tree
from netdsl.syntax.lex import STATEMENTS
from netdsl.text.diagnostics import Edit, did_you_mean, misspelt

if TYPE_CHECKING:
    from netdsl import foreign


def operation(
    builder: Builder, item: tree.Operation, frame: Frame, label: tree.Name | None, stride: Given | None = None
) -> None:
    """An operator, or a block by that name: one of this file, else one of the standard library."""
    head, module = item.head.text, frame.module
    block = module.blocks.get(head)
    if block is None and head in module.blocks:
        raise Told  # its definition has a syntax error
    if block is None:
        resolved = (head, None) if head in ops.names() else ops.resolve(head, aliases=head not in standard_blocks())
        if resolved is not None:
            try:
                written = signature(builder, ops.find(resolved[0]), resolved[1], item, frame, stride)
                place(builder, frame, written, item.span, label)
            except Problem as problem:
                raise _translated(problem, builder, item, frame) from None
            return
        block = module.library.standard(head)
    if block is None and module.partial:
        raise Told  # it may be a block of the file that cannot be read, which has been told
    if block is None:
        raise _translated(_unknown(item, frame), builder, item, frame)
    call(builder, block, item, frame, label, stride)


def _translated(problem: Problem, builder: Builder, item: tree.Operation, frame: Frame) -> Problem:
    """The same problem, with what to write for a call of another library where all that it says can be said here."""
    from netdsl import foreign

    told = problem.diagnostic
    if item.head.text not in foreign.CALLS or item.kernel or item.out or item.stride or item.arguments is None:
        return problem
    layer = foreign.call(frame.module.file.source.slice(item.span), builder.shape)
    if layer is None:
        return problem
    return Problem(told.code, told.message, told.span, f"write `{layer}`", edits=[Edit(item.span, layer)])


def _unknown(item: tree.Operation, frame: Frame) -> Problem:
    """There is no such operator or block: what netdsl calls it, or the nearest name."""
    from netdsl import foreign

    head, span = item.head.text, item.head.span

    def problem(help: str, edits: Sequence[Edit] = ()) -> Problem:
        return Problem("E0203", f"unknown operator or block `{head}`", span, help, edits=edits)

    if frame.find(head) is not None and item.kernel is None and item.out is None:
        return problem(
            f"`{head}` is a label: `@{head}` goes on from its value, `reuse({head})` applies its layers again"
        )
    match = re.fullmatch(r"(.*?[A-Za-z_])([0-9]+(?:x[0-9]+)?)", head)
    stem, kernel = (match[1], match[2]) if match else (head, "")
    layer = foreign.layer(head) or foreign.layer(stem)
    if layer is not None:
        return problem(layer.help, _renamed(item, layer))
    dashed = re.fullmatch(r"([A-Za-z]+[0-9]*(?:x[0-9]+)?)_([0-9]+)", head)
    if dashed and (found := ops.resolve(dashed[1])) and ops.find(found[0]).geometry.out:
        text = f"{dashed[1]}-{dashed[2]}"
        return problem(f"write `{text}`", [Edit(span, text)])
    known = [*frame.module.blocks, *standard_blocks(), *ops.names()]
    if item.out is None and item.stride is None and item.arguments is None:
        known += STATEMENTS
    best = misspelt(head, known) or misspelt(stem, ops.names())
    if best is None:
        return problem(did_you_mean(stem, known) or "`netdsl ops` lists all that there are")
    text = best + (kernel if best in ops.names() and ops.find(best).geometry.kernel else "")
    return problem(f"did you mean `{text}`?", [Edit(span, text)])


def _renamed(item: tree.Operation, layer: foreign.Layer) -> list[Edit]:
    """The edit for a layer that has another name here, where its arguments say nothing but what is known."""
    bare = item.kernel is None and item.out is None and item.stride is None
    arguments = item.arguments or ()
    needless = layer.known and len(arguments) == 1 and arguments[0].name is None
    if layer.same is None or not bare or (arguments and not needless):
        return []
    return [Edit(item.span, layer.same)]
