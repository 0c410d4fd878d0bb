"""What may stand between the parentheses of an operator, a block, a recipe: the arguments and the words they take."""

from __future__ import annotations

from netdsl import ops
from netdsl.elaborate import residual
from netdsl.ops.shared.init import INITS
from netdsl.ops.shared.reference import Parameter
from netdsl.recipe import KINDS, NAMES, find
from netdsl.tools.lsp import files, pages
from netdsl.tools.lsp.document import Document

_RESIDUAL = {
    "shortcut": ("where the body changes the shape", residual.SHORTCUTS),
    "stride_at": ("which row of a bracket takes its stride", residual.STRIDES),
    "act": ("the activation behind the addition", ()),
}


def settings(head: str) -> tuple[Parameter, ...]:
    """The arguments of a word of the language."""
    if head == "residual":
        return tuple(Parameter(name, "", None, words) for name, (words, _) in _RESIDUAL.items())
    if head == "train":
        return tuple(Parameter(name, "", None, "") for name in NAMES)
    if head == "aux":
        return (Parameter("weight", "a number", None, "How much its loss counts in training."),)
    return ()


def of(document: Document, head: str) -> tuple[Parameter, ...]:
    """The arguments of what is called `head`, but for those that its notation holds; none where nothing is known."""
    if known := settings(head):
        return known
    if head == "block":
        return ()
    if head == "extends":
        return tuple(Parameter(name, "", None, "") for name in files.extended_params(document))
    found = files.meaning(document, head)
    if isinstance(found, str):
        notation = ops.find(found).geometry
        return tuple(each for each in pages.parameters(found) if each.name not in notation)
    word = next((find(kind)[head] for kind in KINDS if head in find(kind)), None)
    if word is not None:
        return tuple(Parameter(name, "", None, "") for name in word.names())
    if found is None:
        return ()
    definition, source = found
    return tuple(
        Parameter(
            each.name.text,
            "",
            source.text[each.default.span.start : each.default.span.end] if each.default is not None else None,
            f"of the block `{head}`",
        )
        for each in definition.parameters
    )


def values(document: Document, head: str, argument: str) -> tuple[str, ...]:
    """The words that an argument takes."""
    if head == "train":
        return tuple(INITS) if argument == "init" else tuple(find(argument)) if argument in KINDS else ()
    if head == "residual":
        return pages.values("conv", "act") if argument == "act" else _RESIDUAL.get(argument, ("", ()))[1]
    found = files.meaning(document, head)
    return pages.values(found, argument) if isinstance(found, str) else ()
