"""`HEAD geometry arguments`: an operator, or a block by that name; and what to say of a head that is neither."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl import ops
from netdsl.elaborate.blocks import branched, call
from netdsl.elaborate.build import Builder
from netdsl.elaborate.files import Definition, Module, standard_blocks
from netdsl.elaborate.frames import Frame
from netdsl.elaborate.operators import place, signature
from netdsl.elaborate.problems import Problem, Told
from netdsl.elaborate.values import UNKNOWN, Given, show
from netdsl.ir import Setting
from netdsl.ops import Operator
from netdsl.syntax import tree
from netdsl.syntax.lex import STATEMENTS
from netdsl.text.diagnostics import Edit, did_you_mean, misspelt

if TYPE_CHECKING:
    from netdsl import foreign


class Named(NamedTuple):
    """The operator that a head names, and the kernel that is written into it."""

    cls: type[Operator]
    kernel: str | None


def operation(
    builder: Builder,
    item: tree.Operation,
    frame: Frame,
    label: tree.Name | None,
    stride: Given | None = None,
    inputs: tuple[int, ...] | None = None,
) -> None:
    """An operator, or a block by that name: one of this file, else one of the standard library; else what a parameter
    of that name names. `inputs` are those of a block that stands on another."""
    try:
        found, item = resolve(item, frame), _with_settings(item, frame)
        if isinstance(found, Named):
            written = signature(builder, found.cls, found.kernel, item, frame, stride)
            if _by_parameter(item, frame):
                written = written._replace(called=item.head.text)
            place(builder, frame, written, item.span, label, inputs=_inputs(builder, found.cls, item, frame))
            return
    except Problem as problem:
        raise _translated(problem, builder, item, frame) from None
    call(builder, found, item, frame, label, stride, inputs)


def resolve(item: tree.Operation, frame: Frame) -> Definition | Named:
    """What the head of an item names. Raises `Problem`."""
    head, module = item.head.text, frame.module
    found = _find(head, module)
    if found is None and head in frame.names:
        found = _meant(item, frame.names[head], frame)
    if found is None and module.partial:
        raise Told  # it may be a block of the file that cannot be read, which has been told
    if found is None:
        raise _unknown(item, frame)
    return found


def _find(head: str, module: Module) -> Definition | Named | None:
    """The operator or block that is called so in a file."""
    block = module.blocks.get(head)
    if block is None and head in module.blocks:
        raise Told  # its definition has a syntax error
    if block is not None:
        return block
    resolved = ops.resolve(head)
    return module.library.standard(head) if resolved is None else Named(ops.find(resolved[0]), resolved[1])


def _meant(item: tree.Operation, value: Any, frame: Frame) -> Definition | Named:
    """The operator or block whose name is the value of a parameter: one of the file of the body, or of its callers."""
    head, span = item.head.text, item.head.span
    if value is UNKNOWN:
        raise Told
    name = value.name if isinstance(value, Setting) else value
    if not isinstance(name, str):
        help = f"as a number it stands in braces or behind a sign: `conv3-{head}`" if isinstance(value, int) else None
        raise Problem("E0203", f"`{head}` is {show(value)}, which is no operator or block", span, help)
    for module in dict.fromkeys((frame.module, *(each.module for each in frame.calls))):
        found = _find(name, module)
        if found is not None:
            return found
    known = [*frame.module.blocks, *standard_blocks(), *ops.names()]
    message = f"`{head}` is {show(value)}, which is no operator or block"
    raise Problem("E0203", message, span, did_you_mean(name, known))


def _by_parameter(item: tree.Operation, frame: Frame) -> bool:
    """Whether the head of an item is a parameter that names an operator, without settings."""
    head = item.head.text
    return isinstance(frame.names.get(head), str) and _find(head, frame.module) is None


def _with_settings(item: tree.Operation, frame: Frame) -> tree.Operation:
    """The item with the settings of the operator or block that a parameter names: `f` as `f(0.2)`, where the parameter
    is `f=leakyrelu(0.2)`."""
    value, span = frame.names.get(item.head.text), item.head.span
    if not isinstance(value, Setting) or _find(item.head.text, frame.module) is not None:
        return item

    def literal(each: Any) -> tree.Literal:
        return tree.Literal(each, show(each), span)

    given = item.arguments or ()
    first = [tree.Argument(None, literal(each), span) for each in value.args]
    named = [tree.Argument(tree.Name(key, span), literal(each), span) for key, each in value.kwargs.items()]
    arguments = (*first, *given, *named)
    return tree.Operation(item.head, item.kernel, item.out, item.stride, arguments, item.branches, item.span)


def _inputs(builder: Builder, cls: type[Operator], item: tree.Operation, frame: Frame) -> tuple[int, ...] | None:
    """What an operator is applied to: its branches, or the current value (None) where it has none."""
    least, most = cls.inputs
    if item.branches is None:
        if least > 1:
            help = f"write them in braces: `{cls.name}() {{ @a | @b }}`"
            raise Problem("E0404", f"`{cls.name}` takes {least} inputs or more", item.span, help)
        return None
    if most is not None and most < 2:
        takes = "the current value only" if most else "no value"
        help = "write the layers before it, as statements of their own"
        raise Problem("E0403", f"`{cls.name}` takes {takes}, and no branches", item.branches[0].span, help)
    placed = branched(builder, item, frame)
    if len(placed) < least or (most is not None and len(placed) > most):
        takes = f"{least} inputs" if least == most else f"{least} to {most} inputs" if most else f"{least} or more"
        code = "E0404" if len(placed) < least else "E0403"
        raise Problem(code, f"`{cls.name}` takes {takes}, not {len(placed)}", item.span)
    return placed


def _translated(problem: Problem, builder: Builder, item: tree.Operation, frame: Frame) -> Problem:
    """The same problem, with what to write for a call of another library where all that it says can be said here."""
    from netdsl import foreign

    told = problem.diagnostic
    written = item.kernel or item.out or item.stride or item.branches or item.arguments is None
    if isinstance(problem, Told) or written or item.head.text not in foreign.CALLS:
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
    if re.fullmatch("x[0-9]+", head) and item.kernel is not None:
        return problem(
            f"a repetition stands behind what it repeats: `{{ ... }} {head}`; a repeated branch stands alone"
        )
    named = _kernel_by_name(head, frame)
    if named is not None:
        last = item.stride or item.out
        rest = frame.module.file.source.text[span.end : last.span.end] if last is not None else ""
        return problem(f"a kernel by its name stands in braces: write `{named}{rest}`", [Edit(span, named)])
    match = re.fullmatch(r"(.*?[A-Za-z_])([0-9]+(?:x[0-9]+)*)", head)
    stem, size = (match[1], match[2]) if match else (head, "")
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
    text = best + (size if best in ops.names() and ops.find(best).geometry.kernel else "")
    return problem(f"did you mean `{text}`?", [Edit(span, text)])


def _kernel_by_name(head: str, frame: Frame) -> str | None:
    """`conv{k}` for `convk`, where `k` is a name of a value."""
    for name in sorted(frame.names, key=len, reverse=True):
        resolved = ops.resolve(head.removesuffix(name)) if head.endswith(name) else None
        if resolved is not None and resolved[1] is None and ops.find(resolved[0]).geometry.kernel:
            return f"{resolved[0]}{{{name}}}"
    return None


def _renamed(item: tree.Operation, layer: foreign.Layer) -> list[Edit]:
    """The edit for a layer that has another name here, where its arguments say nothing but what is known."""
    bare = item.kernel is None and item.out is None and item.stride is None
    arguments = item.arguments or ()
    needless = layer.known and len(arguments) == 1 and arguments[0].name is None
    if layer.same is None or not bare or (arguments and not needless):
        return []
    return [Edit(item.span, layer.same)]
