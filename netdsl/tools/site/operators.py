"""The operators and the blocks of the standard library as pages: what their declarations say, and an example at work.

The formulas are the operators' own: `shape`, `weights` and `macs` are asked with letters in place of the numbers of the
example. There is no second text of them that could be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from netdsl import ops
from netdsl.backends.artefacts import find
from netdsl.backends.torch.symbols import Sym, as_term, symbolic
from netdsl.backends.torch.terms import name as letter
from netdsl.compiler import loads
from netdsl.elaborate.files import standard_blocks
from netdsl.ir import Network, Node
from netdsl.ops.shared.base import dimensional
from netdsl.ops.shared.reference import Parameter, reference
from netdsl.shapes import Shape
from netdsl.shapes import text as shape_text
from netdsl.tools.lsp import pages
from netdsl.tools.site.page import Asset, Page, beside, dark, fence, picture, plain, table

LETTERS = ("C", "CT", "CHW", "CDHW")
MOST = 12
"""As many networks are named that use an operator."""


def operator_pages(networks: Mapping[str, Network]) -> Iterator[Page | Asset]:
    """The list of all operators and a page for each. `networks` of the zoo, by the names of their pages, use them."""
    families: dict[str, list[Sequence[str]]] = {}
    for name in ops.names():
        page = reference(ops.find(name))
        row = (f"[`{page.geometry}`]({name}.md)", plain(page.summary))
        families.setdefault(page.family, []).append(row)
        yield from _operator(name, networks)
    parts = [f"## {family[0].upper()}{family[1:]}\n\n{table(('', ''), rows)}" for family, rows in families.items()]
    words = "K is the kernel, C or N the outputs, S the stride. `netdsl ops NAME` prints a page in the terminal."
    yield Page("operators/index.md", "Operators", "\n\n".join(["# Operators", words, *parts]) + "\n")


def example(name: str) -> str:
    """The smallest network that shows what an operator does."""
    cls = ops.find(name)
    parts = cls.geometry
    usual = name + ("3" if parts.kernel else "") + ("-128" if parts.out else "") + ("/2" if parts.stride else "")
    return f"net {name}\ninput {cls.example_input}\n{cls.example or usual}\n"


def _operator(name: str, networks: Mapping[str, Network]) -> Iterator[Page | Asset]:
    page = reference(ops.find(name))
    text = example(name)
    network = loads(text, name=f"{name}.net")
    node = next(each for each in network.nodes if each.op.name == name)
    shapes = [network.shapes[each] for each in node.inputs]
    inputs = tuple(each for each in shapes if each is not None)
    svg = find("svg")
    path = f"operators/{name}.svg"
    yield Asset(path, svg.render(network))
    yield Asset(dark(path), svg.render(network, theme="dark"))
    yield Asset(f"operators/{name}.net", text.encode())  # to which the boxes of the picture link
    parts = [f"# `{page.geometry}`", plain(page.summary), plain(page.details)]
    if page.aliases:
        parts.append(f"Also written: {', '.join(f'`{each}`' for each in page.aliases)}.")
    parts += ["## Example", beside(fence("net", text), picture(f"{name}, drawn", f"{name}.svg"))]
    parts += [_figures(node, inputs), "## Arguments", _arguments(pages.parameters(name))]
    parts += ["## In PyTorch", "What `netdsl compile` writes for the example:"]
    parts += [fence("python", find("torch").render(network).decode())]
    parts += ["## In the zoo", _used(name, networks)]
    yield Page(f"operators/{name}.md", name, "\n\n".join(filter(None, parts)) + "\n")


def _arguments(parameters: Sequence[Parameter]) -> str:
    """The arguments in their order; an operator without any says so."""
    if not parameters:
        return "It takes none."
    rows = [
        (f"`{each.name}`", f"`{each.default}`" if each.default is not None else "", plain(each.description), each.type)
        for each in parameters
    ]
    return table(("argument", "default", "", "takes"), rows)


def _used(name: str, networks: Mapping[str, Network]) -> str:
    found = [stem for stem, network in networks.items() if any(node.op.name == name for node in network.nodes)]
    if not found:
        return "No network of the zoo has it."
    links = ", ".join(f"[{networks[stem].name}](../networks/{stem}.md)" for stem in found[:MOST])
    return f"{links}{f' and {len(found) - MOST} more' if len(found) > MOST else ''}."


# Formulas ------------------------------------------------------------------------------------------------------------


def _figures(node: Node, inputs: tuple[Shape, ...]) -> str:
    """Shapes, weights and multiply-adds, in letters and for the example."""
    letters = lettered(node, inputs)
    shapes, op = letters
    given = " and ".join(dict.fromkeys(shape_text(each) for each in inputs))
    rows = [("shape", _formula_shapes(op, shapes), f"{given} → {shape_text(node.shape)}")]
    named = _sizes(op, shapes)
    total = 0
    for key, weight in node.op.weights(inputs).items():
        formula = " x ".join(map(_factor, op.weights(shapes)[key].shape))
        size = prod(weight.shape)
        kind = "weights" if weight.trainable else "buffer" if weight.buffer else "frozen"
        total += size if weight.trainable else 0
        rows.append((f"{kind} `{key}`", f"`{formula or '1'}`", f"{size:,}"))
    if total:
        summed = sum(prod(each.shape) for each in op.weights(shapes).values() if each.trainable)
        rows.append(("parameters", f"`{_term(summed)}`", f"{total:,}"))
    if node.op.macs(inputs):
        rows.append(("multiply-adds", f"`{_named(op.macs(shapes), named)}`", f"{node.op.macs(inputs):,}"))
    return table(("", "in letters", "in the example"), rows)


def lettered(node: Node, inputs: tuple[Shape, ...]) -> tuple[tuple[tuple[Any, ...], ...], Any]:
    """The inputs of a layer and its operator, with letters behind the numbers of the example."""
    known: dict[int, Any] = {}
    shapes: list[tuple[Any, ...]] = []
    for shape in inputs:
        names = LETTERS[len(shape) - 1]
        first = shapes[0] if shapes else ()
        row = []
        for place, size in enumerate(shape):
            same = first[place] if place < len(first) and first[place] == size else known.get(size)
            each = same if same is not None and shapes else symbolic(size, letter(names[place] + "'" * len(shapes)))
            row.append(each)
        known |= dict(zip(shape, row, strict=True))
        shapes.append(tuple(row))
    parts = node.op.geometry
    short = {parts.kernel: "K", parts.out: "N", parts.stride: "S"}
    changed: dict[str, Any] = {}
    for key in type(node.op).model_fields:
        value, term = getattr(node.op, key), letter(short.get(key, key))
        if type(value) is int and value > 1:
            changed[key] = symbolic(value, term)
        elif key in dimensional(type(node.op)) and all(type(each) is int and each > 1 for each in value or ()):
            changed[key] = tuple(symbolic(each, term) for each in value) if value else value
    return tuple(shapes), node.op.model_copy(update=changed)


def _formula_shapes(op: Any, shapes: tuple[tuple[Any, ...], ...]) -> str:
    given = " and ".join(dict.fromkeys(" x ".join(map(_factor, each)) for each in shapes))
    out = op.shape(shapes)
    written = " x ".join(_factor(each) if _short(each) else _name(place, out) for place, each in enumerate(out))
    where = [f"{_name(place, out)} = {_term(each)}" for place, each in enumerate(out) if not _short(each)]
    return f"`{given} → {written}`" + (f", where `{'`, `'.join(where)}`" if where else "")


def _sizes(op: Any, shapes: tuple[tuple[Any, ...], ...]) -> dict[str, str]:
    """The long terms in the shape that comes out, each with its name."""
    out = op.shape(shapes)
    return {_term(each): _name(place, out) for place, each in enumerate(out) if not _short(each)}


def _short(size: Any) -> bool:
    return len(_term(size)) <= 8


def _name(place: int, out: tuple[Any, ...]) -> str:
    return LETTERS[len(out) - 1][place] + "out"


def _named(value: Any, names: Mapping[str, str]) -> str:
    text = _term(value)
    for term, name in names.items():
        text = text.replace(f"({term})", name)
    return text


def _factor(value: Any) -> str:
    """A size among others, `x` between them."""
    text = _term(value)
    return f"({text})" if " " in text else text


def _term(value: Any) -> str:
    return str(as_term(value)) if isinstance(value, Sym) else str(value)


# Blocks --------------------------------------------------------------------------------------------------------------


def block_pages() -> Iterator[Page]:
    """The blocks of the standard library, on one page."""
    parts = ["# Blocks of the standard library", "They are written in the language itself; `netdsl ops se` prints one."]
    for name in sorted(standard_blocks()):
        found = pages.standard(name)
        if found is None:
            continue
        definition, source = found
        body = source.text[definition.span.start : definition.span.end]
        parts += [f"## {name}", plain(pages.comment(definition, source)), fence("net", body)]
        inputs = [source.text[each.span.start : each.span.end] for each in definition.takes]
        parts.append(f"Inputs: {', '.join(inputs) or 'one'}; from `netdsl/std/{standard_blocks()[name]}`.")
    yield Page("blocks.md", "Blocks", "\n\n".join(filter(None, parts)) + "\n")
