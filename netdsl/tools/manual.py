"""The manual as text: a page for each operator, each block of the standard library, and each word that a layer begins
with.

What it says is read from where it is declared: an operator's class, a block's file, the words that the language server
shows.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from netdsl import foreign, ops
from netdsl.elaborate.files import standard_blocks
from netdsl.ops.shared.reference import reference
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Source
from netdsl.tools.lsp import arguments, pages

WIDTH = 110
_PAPER = re.compile(r"\(([^()]*\b(?:18|19|20)[0-9]{2}\b[^()]*)\)")


def find(name: str) -> str | None:
    """The page of what a layer may begin with; None where there is nothing of that name."""
    found = ops.resolve(name)
    if found is not None:
        return operator(found[0])
    standard = pages.standard(name)
    if standard is not None:
        return block(*standard)
    if name.lower() in pages.ITEMS:
        return word(name.lower())
    return optimization(name.lower().replace("-", "_"))


def nearest(name: str) -> str:
    """What to look at where there is no page: how netdsl writes what others call so, or the nearest name."""
    other = foreign.layer(name)
    if other is not None:
        return other.help
    known = [alias for each in ops.names() for alias in (each, *ops.find(each).aliases)]
    return did_you_mean(name.lower(), [*known, *pages.ITEMS, *standard_blocks()]) or "`netdsl ops` lists all"


def optimization(name: str) -> str | None:
    """The page of a pass of `netdsl compile --for`: what it changes, why that is the same, what it brings."""
    from netdsl.backends.purpose import passes

    text = passes.pages().get(name)
    purpose = "training" if name in {each.__name__.rpartition(".")[2] for each in passes.TRAINING} else "inference"
    return None if text is None else f"{name}  (a pass of `netdsl compile --for {purpose}`)\n\n{text}"


def operator(name: str) -> str:
    """The page of an operator: what it means, its notation, its arguments. Raises `KeyError` for an unknown one."""
    page = reference(ops.find(name))
    parts = [f"{page.name}  ({page.family})", page.summary]
    if page.details:
        parts.append(page.details)
    if page.geometry != page.name:
        named = re.sub(r" ?\b([KCNS])\b", lambda part: f"{{{part[1].lower()}}}", page.geometry)
        notes = "K kernel, C or N outputs, S stride; what is no number stands in braces"
        parts.append(f"notation: {page.geometry}, {named}   ({notes})")
    if page.aliases:
        parts.append(f"also written: {', '.join(page.aliases)}")
    rows = [
        (each.name if each.default is None else f"{each.name}={each.default}", each.description, each.type)
        for each in pages.parameters(name)
    ]
    return "\n\n".join([*parts, _listed("arguments, in positional order:", rows)] if rows else parts)


def block(definition: tree.Block, source: Source) -> str:
    """The page of a block: meaning, paper, parameters, inputs, outputs, file and body."""

    def text(node: tree.Parameter | tree.Taken | tree.Block) -> str:
        return source.text[node.span.start : node.span.end]

    said = pages.comment(definition, source)
    file = source.name.removeprefix("<std>/")
    parts = [f"{definition.name.text}  (block of the standard library)"]
    if said:
        parts.append(textwrap.fill(said, WIDTH))
    if definition.parameters:
        rows = [(text(each), "", "") for each in definition.parameters]
        parts.append(_listed("parameters, in positional order:", rows))
    inputs = ", ".join(text(each) for each in definition.takes) or "one"
    outputs = ", ".join(["its value", *(f"`{each}`" for each in _outputs(definition, source))])
    facts = [f"inputs: {inputs}", f"outputs: {outputs}"]
    paper = _PAPER.search(said)
    facts += [f"source: {paper[1]}"] if paper else []
    parts.append("\n".join([*facts, f"file: netdsl/std/{file}"]))
    return "\n\n".join([*parts, text(definition)])


def word(name: str) -> str:
    """The page of a word that begins a layer: `residual`, `reuse`. Raises `KeyError` for another one."""
    usage, meaning = pages.ITEMS[name]
    parts = [f"{name}  (a word of the language)", meaning, f"notation: {usage}"]
    rows = [(each.name, each.description, each.type) for each in arguments.settings(name)]
    return "\n\n".join([*parts, _listed("arguments:", rows)] if rows else parts)


def _outputs(definition: tree.Block, source: Source) -> list[str]:
    """The names of what a block gives out beside its value."""
    found = [each.target.span for each in walk(definition.body) if isinstance(each, tree.Output)]
    return [source.text[span.start : span.end] for span in found]


def _listed(head: str, rows: Iterable[tuple[str, str, str]]) -> str:
    """Arguments below each other, each with what it is for and what it takes."""
    rows = list(rows)
    room = max(len(argument) for argument, _, _ in rows)
    lines = [head]
    for argument, words, kind in rows:
        text = ": ".join(filter(None, (words.rstrip("."), kind)))
        lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=f"  {argument:<{room}}  ",
            subsequent_indent=" " * (room + 4),
            break_long_words=False,
        ) or [f"  {argument}"]
    return "\n".join(lines)
