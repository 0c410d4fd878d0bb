"""What a place in the text is: a layer with its shapes and figures, an operator, an argument, a name, a claim."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from netdsl.elaborate.values import show as written
from netdsl.ir import Network
from netdsl.passes.claims import QUANTITIES, computed, show
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.text.source import Span
from netdsl.tools.lsp import cursor, figures, files, pages
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.names import Symbol


@dataclass(frozen=True)
class Hover:
    """What to say, in Markdown, and about which stretch of the text."""

    span: Span
    markdown: str


def hover(document: Document, offset: int) -> Hover | None:
    """What there is to say about the place at an offset; None where there is nothing."""
    around = cursor.path(document.file, offset)
    variant = document.variant_at(offset)
    for index in range(len(around) - 1, 0, -1):
        found = _node(document, around[index], around[:index], offset, variant)
        if found is not None and found.markdown:
            return found
    return None


def _node(document: Document, node: Any, outer: list[Any], offset: int, variant: str | None) -> Hover | None:
    around = outer[-1]
    if isinstance(node, (tree.Name, tree.Reference, tree.Label)):
        named = document.names.at(offset)
        if named is not None and named[0].kind != "block":
            return Hover(named[1], _symbol(document, named[0], around, variant))
        if isinstance(node, tree.Name):
            return _name(document, node, outer, variant)
    elif isinstance(node, tree.Layer):
        return Hover(node.span, figures.statement(document, node, variant))
    elif isinstance(node, (tree.Operation, tree.BracketRow, tree.Bracket, tree.Join, tree.Residual, tree.Reuse)):
        return Hover(node.span, _item(document, node, variant))
    elif isinstance(node, (tree.Expect, tree.Reported)):
        return Hover(node.span, _claim(document, node, variant))
    elif isinstance(node, tree.Literal) and isinstance(around, (tree.Use, tree.Extends)):
        return Hover(node.span, _file(document, around, variant))
    else:
        word = type(node).__name__.lower().replace("sourcenote", "source")
        if word in pages.STATEMENTS:
            return _keyword(document, node, word, offset, variant)
    return None


def _keyword(document: Document, node: Any, word: str, offset: int, variant: str | None) -> Hover | None:
    """The word that a statement begins with."""
    end = node.span.start + len(word)
    if offset > end:
        return None
    usage, words = pages.STATEMENTS[word]
    more = figures.network(document, variant) if word == "net" else ""
    more = figures.sizes(document, variant) if word == "input" else more
    return Hover(Span(node.span.file, node.span.start, end), "\n\n".join(filter(None, (f"`{usage}`", words, more))))


def _item(document: Document, item: Any, variant: str | None) -> str:
    """A layer's figures, and the page of its operator or block."""
    parts = [figures.placed(document, item.span, variant)]
    if isinstance(item, tree.Operation):
        parts.append(head(document, item.head.text))
    elif isinstance(item, tree.Join):
        parts.append(pages.operator(item.kind.text))
    elif isinstance(item, (tree.Residual, tree.Reuse)):
        parts.append("`{}`: {}".format(*pages.ITEMS[type(item).__name__.lower()]))
    return "\n\n---\n\n".join(filter(None, parts))


def head(document: Document, name: str) -> str:
    """The page of the operator or the block that a statement begins with; empty where it is neither."""
    found = files.meaning(document, name)
    if found is None:
        return ""
    return pages.operator(found) if isinstance(found, str) else pages.block(*found)


def _name(document: Document, node: tree.Name, outer: list[Any], variant: str | None) -> Hover | None:
    around = outer[-1]
    if isinstance(around, tree.Operation):
        return Hover(around.span, _item(document, around, variant))
    if isinstance(around, tree.Block) and node.span == around.name.span:
        totals = figures.calls(document, around, variant)
        return Hover(node.span, "\n\n".join(filter(None, (pages.block(around, document.source), totals))))
    if isinstance(around, tree.Default):
        return Hover(node.span, head(document, node.text) or "`{}`: {}".format(*pages.ITEMS["residual"]))
    if isinstance(around, tree.Net):
        return Hover(node.span, figures.network(document, variant))
    if isinstance(around, tree.Argument) and len(outer) > 1:
        return Hover(node.span, _argument(document, node.text, outer[-2]))
    return None


def _argument(document: Document, name: str, of: Any) -> str:
    """An argument by its name: what it is for."""
    if isinstance(of, tree.Extends):
        param = files.extended_params(document).get(name)
        return f"`{param[1].text[param[0].span.start : param[0].span.end]}` in {param[1].name}" if param else ""
    found = files.meaning(document, _headword(of))
    if isinstance(found, str):
        of_operator = (each for each in pages.parameters(found) if each.name == name.lower())
        return next((pages.argument(each) for each in of_operator), "")
    return f"`{name}` of **{pages.call(*found)}**" if found is not None else ""


def _headword(of: Any) -> str:
    """The operator or the block that takes the arguments of a node; empty for one that is neither."""
    if isinstance(of, tree.Operation):
        return of.head.text
    if isinstance(of, tree.Default):
        return of.operator.text
    if isinstance(of, tree.Join):
        return of.kind.text
    return "conv" if isinstance(of, tree.BracketRow) else ""


def _symbol(document: Document, symbol: Symbol, around: Any, variant: str | None) -> str:
    """A name: a label with its value, a param with its value, a variant with its totals."""
    network = document.network(variant)
    if symbol.kind == "label":
        parts = [figures.statement(document, each, variant) for each in symbol.statements]
        return f"**{symbol.name}** label\n\n" + next(filter(None, parts), "")
    if symbol.kind == "output":
        parts = [figures.statement(document, each, variant) for each in symbol.statements]
        return f"**{symbol.name}** output\n\n" + next(filter(None, parts), "")
    if symbol.kind == "input" and isinstance(symbol.statements[0], tree.Taken):
        return f"**{symbol.name}** input of the block"
    if symbol.kind == "input" and network is not None:
        shape = next((each.shape for each in network.inputs if each.name == symbol.name), None)
        return f"**{symbol.name}** input {text(shape)}"
    if symbol.kind == "param":
        if network is None or symbol.name not in network.settings:
            return f"**{symbol.name}** param"
        return f"**{symbol.name}** param = `{_word(network.settings[symbol.name])}`"
    if symbol.kind == "parameter":
        return f"**{symbol.name}** parameter" + figures.arguments(document, symbol, variant)
    if symbol.kind == "variant":
        return f"**{symbol.name}** variant\n\n" + figures.network(document, symbol.name)
    if symbol.kind == "aux":
        return f"**{symbol.name}** aux head\n\n" + figures.placed(document, symbol.statements[0].span, variant)
    return f"**{symbol.name}** {symbol.kind}"


def _word(value: Any) -> str:
    return value if isinstance(value, str) else written(value)


def _claim(document: Document, claim: tree.Expect | tree.Reported, variant: str | None) -> str:
    """A claim beside the computed figure."""
    name = claim.quantity if isinstance(claim, tree.Expect) else claim.name
    label = claim.label.text if claim.label else None
    what = f"{label}.{name.text}" if label else name.text
    said = document.text[claim.value.span.start : claim.value.span.end]
    parts = [f"**{what}** {'expected' if isinstance(claim, tree.Expect) else 'reported'}: {said}"]
    value = figure(document.network(variant), label, name.text)
    if value:
        parts.append(f"computed: {value}")
    if name.text in pages.QUANTITIES:
        parts.append(pages.QUANTITIES[name.text])
    return "\n\n".join(parts)


def figure(network: Network | None, label: str | None, quantity: str) -> str:
    """A computed figure as text; empty where it cannot be computed."""
    if network is not None and quantity in QUANTITIES:
        with suppress(KeyError, ValueError):
            return show(quantity, computed(network, label, quantity))
    return ""


def _file(document: Document, statement: tree.Use | tree.Extends, variant: str | None) -> str:
    file = files.opened(document, statement)
    if file is None:
        return ""
    if isinstance(statement, tree.Extends):
        return f"**{file.source.name}**\n\n" + figures.network(document, variant)
    blocks = [pages.call(each, file.source) for each in file.statements if isinstance(each, tree.Block)]
    return f"**{file.source.name}**\n\n" + "\n".join(f"- `{each}`" for each in blocks)
