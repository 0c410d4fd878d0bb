"""What can be typed at a place: operators and blocks, arguments and their values, labels, params, files, claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from netdsl import ops
from netdsl.elaborate.evaluator import SIZES
from netdsl.elaborate.files import standard_blocks
from netdsl.elaborate.functions import FUNCTIONS
from netdsl.ir import Network
from netdsl.ops.shared.reference import reference
from netdsl.passes.conditions import FUNCTIONS as FUNCTIONS_OF_PROPERTIES
from netdsl.passes.conditions import dimensions
from netdsl.shapes import text
from netdsl.syntax import tree
from netdsl.tools.lsp import arguments, cursor, files, hover, inlay, pages
from netdsl.tools.lsp.context import Context, context
from netdsl.tools.lsp.document import Document

Kind: TypeAlias = Literal[
    "operator", "block", "keyword", "argument", "value", "label", "param", "variant", "file", "figure"
]
MOST_FILES = 200


@dataclass(frozen=True)
class Item:
    """One proposal: what it is called, what it is, and what is written in place of the text from `start` on."""

    label: str
    kind: Kind
    start: int
    insert: str
    detail: str = ""
    documentation: str = ""


def completions(document: Document, offset: int) -> list[Item]:
    """What can be typed at an offset, the likeliest first; the editor leaves out what does not match the word there."""
    place = context(document, offset)
    found: dict[str, Item] = {}
    for item in _KINDS[place.kind](document, place) if place.kind in _KINDS else ():
        found.setdefault(item.label, item)
    return list(found.values())


def _item(place: Context, label: str, kind: Kind, detail: str = "", documentation: str = "", insert: str = "") -> Item:
    return Item(label, kind, place.start, insert or label, detail, documentation)


def _statement(document: Document, place: Context) -> Iterator[Item]:
    """Where a statement begins: blocks of the file, operators, standard blocks, keywords."""
    for name, (block, source) in files.blocks(document).items():
        yield _item(place, name, "block", pages.call(block, source), pages.block(block, source), f"{name}(")
    for name in ops.names():
        yield _item(place, name, "operator", reference(ops.find(name)).summary, pages.operator(name))
    for name in sorted(standard_blocks()):
        found = pages.standard(name)
        if found is not None:
            yield _item(place, name, "block", pages.call(*found), pages.block(*found), f"{name}(")
    for word, (usage, words) in {**pages.ITEMS, **pages.STATEMENTS}.items():
        yield _item(place, word, "keyword", usage, words)


def _operator(document: Document, place: Context) -> Iterator[Item]:
    """Behind `default`."""
    for name in ops.names():
        yield _item(place, name, "operator", reference(ops.find(name)).summary, pages.operator(name), f"{name}(")
    yield _item(place, "residual", "keyword", *pages.ITEMS["residual"], "residual(")


def _arguments(document: Document, place: Context) -> Iterator[Item]:
    """Where an argument begins: the names of those that are not given yet, and what may stand without a name."""
    for each in arguments.of(document, place.head):
        if each.name not in place.given:
            default = "" if each.default is None else f" = {each.default}"
            detail = ": ".join(filter(None, (f"{each.name}{default}", each.type)))
            yield _item(place, each.name, "argument", detail, each.description, f"{each.name}=")
    yield from _expression(document, place)


def _value(document: Document, place: Context) -> Iterator[Item]:
    """Behind `name=`: the words that the argument takes."""
    for word in arguments.values(document, place.head, place.argument):
        if word == "@":  # it names a label
            yield from (
                replace(each, label=f"@{each.label}", insert=f"@{each.insert}") for each in _label(document, place)
            )
            continue
        known = word in ops.names()
        yield _item(place, word, "value", reference(ops.find(word)).summary if known else "")
    yield from _expression(document, place)


def _expression(document: Document, place: Context) -> Iterator[Item]:
    """What an expression may name."""
    if place.head == "extends" and place.kind == "expression" and not place.argument:
        yield _item(place, "variant", "keyword", "which column of its table")
        return
    yield from _number(document, place)
    for name in FUNCTIONS:
        yield _item(place, name, "keyword", "a function of numbers", "", f"{name}(")


def _number(document: Document, place: Context) -> Iterator[Item]:
    """Params, the parameters of the block, indices, and the sizes of the current value."""
    network = document.network(document.variant_at(place.start))
    for symbol in document.names.sighted(place.start):
        if symbol.kind in ("parameter", "index"):
            yield _item(place, symbol.name, "param", symbol.kind)
        elif symbol.kind == "param":
            value = network.settings.get(symbol.name) if network is not None else None
            yield _item(place, symbol.name, "param", "param" if value is None else f"param = {value}")
    for name in SIZES:
        yield _item(place, name, "param", f"the {name} of the current value")


def _label(document: Document, place: Context) -> Iterator[Item]:
    """Behind `@` and in `reuse(`: the labels above that can be seen from here, the nearest first."""
    found = [
        (symbol.definitions[0].start, symbol)
        for symbol in document.names.sighted(place.start)
        if symbol.kind in ("label", "input", "output") and symbol.definitions[0].start < place.start
    ]
    places = document.places(document.variant_at(place.start))
    for _, symbol in sorted(found, key=lambda each: each[0], reverse=True):
        shapes = []
        if places is not None and isinstance(symbol.statements[0], tree.Layer):
            shapes = inlay.shapes(document, symbol.statements[0], places)
        name, insert = (f"{symbol.name}{{...}}", f"{symbol.name}{{") if symbol.computed else (symbol.name, "")
        yield _item(place, name, "label", text(shapes[0]) if shapes else symbol.kind, "", insert)
    made = document.network()
    if made is not None and any(each.name == "input" for each in made.inputs):
        yield _item(place, "input", "label", text(made.inputs[0].shape))


def _output(document: Document, place: Context) -> Iterator[Item]:
    """Behind `@label.`: the outputs of the block that it labels a call of."""
    labels = [each for each in document.names.sighted(place.start) if each.name == place.head and each.heads]
    for name in files.outputs(document, labels[0]) if labels else ():
        computed = name.index is not None
        yield _item(place, name.text + "{...}" * computed, "label", "output", "", name.text + "{" * computed)


def _claim(document: Document, place: Context) -> Iterator[Item]:
    """Behind `->`: the shape that comes out."""
    arrow = document.text.rfind("->", 0, place.start)
    whole = document.without(arrow, place.start + len(place.word))
    at = len(document.text[:arrow].rstrip(" \t"))
    layer = cursor.nearest(cursor.path(whole.file, at), tree.Layer)
    places = whole.places(whole.variant_at(at))
    if layer is None or places is None:
        return
    for shape in inlay.shapes(whole, layer, places)[:1]:
        space = "" if document.text[place.start - 1].isspace() else " "
        yield _item(place, text(shape), "figure", "the shape that comes out", "", space + text(shape))


def _quantity(document: Document, place: Context) -> Iterator[Item]:
    """Behind `expect`: quantities, and the labels whose quantities may be claimed; in a `property` also the sizes of
    each, params and functions."""
    network, condition = _unclaimed(document, place), place.head == "property"
    if condition and place.argument:
        for name, size in dimensions(network, place.argument):
            yield _item(place, name, "figure", f"as it is: {size}")
    for name, words in pages.QUANTITIES.items():
        value = hover.figure(network, place.argument or None, name)
        insert = f"{name} = {value.replace(',', '')}" if value and place.head == "expect" else f"{name} = "
        yield _item(place, name, "figure", f"computed: {value}" if value else "", words, name if condition else insert)
    if not place.argument:
        for symbol in (*document.names.labels.values(), *document.names.aux.values()):
            yield _item(place, symbol.name, "label", symbol.kind, "", f"{symbol.name}.")
    elif network is not None:
        inside = (path.rpartition(".") for path in network.named if path)
        for part in (name for whole, _, name in inside if whole == place.argument):
            yield _item(place, part, "label", f"a part of {place.argument}", "", f"{part}.")
    if not place.argument and condition:
        for name in ("input", "output"):
            yield _item(place, name, "label", name, "", f"{name}.")
        for name, set_to in network.settings.items() if network is not None else ():
            yield _item(place, name, "param", f"param = {set_to}")
        for name in FUNCTIONS_OF_PROPERTIES:
            yield _item(place, name, "keyword", "a function of numbers", "", f"{name}(")


def _unclaimed(document: Document, place: Context) -> Network | None:
    """The network without the claim that is being typed."""
    begin = document.text.rfind(place.head or "expect", 0, place.start)
    return document.without(begin, place.start + len(place.word)).network(document.variant_at(place.start))


def _figure(document: Document, place: Context) -> Iterator[Item]:
    """Behind `expect params =`: the computed figure."""
    label, _, quantity = place.argument.rpartition(".")
    value = hover.figure(_unclaimed(document, place), label or None, quantity)
    if value:
        yield _item(place, value.replace(",", ""), "figure", "the computed figure")


def _variant(document: Document, place: Context) -> Iterator[Item]:
    """Behind `extends "..." variant`: the columns of that file's table."""
    for column, detail in files.columns(document, place.head):
        yield _item(place, column, "variant", detail)


def _file(document: Document, place: Context) -> Iterator[Item]:
    """In the quotation marks of `use` and `extends`: the specs below the directory of the file."""
    for name in files.below(document, MOST_FILES):
        yield _item(place, name, "file")


_KINDS = {
    "statement": _statement,
    "operator": _operator,
    "argument": _arguments,
    "value": _value,
    "expression": _expression,
    "number": _number,
    "label": _label,
    "output": _output,
    "claim": _claim,
    "quantity": _quantity,
    "figure": _figure,
    "variant": _variant,
    "file": _file,
}
