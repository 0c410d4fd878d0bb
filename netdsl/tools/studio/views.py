"""The views of a network, one function each: diagram, layers, source, costs, and how it differs from another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from netdsl import zoo
from netdsl.backends.artefact import RenderError
from netdsl.compiler import Compilation
from netdsl.shapes import text as shape_text
from netdsl.tools.highlight import tokens
from netdsl.tools.lsp import preview
from netdsl.tools.lsp.document import Document
from netdsl.tools.studio.questions import Answer, Question, Wrong, document

NOTHING = {"message": "There is no network in this text."}


def _diagram(document: Document, question: Question) -> Answer:
    from netdsl.backends.pictures.options import styles

    style = question.get("style") if question.get("style") in styles() else "blocks"
    theme = "dark" if question.get("theme") == "dark" else "light"
    problems = tuple(document.compilation().report.errors)
    expand, legend = bool(question.get("expand")), bool(question.get("legend"))
    drawn = preview.diagram(document, expand=expand, legend=legend, style=style, theme=theme, problems=problems)
    return {**drawn, "styles": list(styles())}


def _layers(document: Document, _question: Question) -> Answer:
    from netdsl.backends import table

    network = document.network()
    if network is None:
        return dict(NOTHING)
    made = table.fitting(table.summary(network), 1500)
    return {"head": list(table.HEAD), "rows": [_row(each) for each in made.rows], "notes": list(table.notes(made))}


def _row(row: Any) -> Answer:
    return {
        "name": row.name,
        "op": row.op + (f"  ×{row.times}" if row.times > 1 else ""),
        "output": row.size or shape_text(row.output),
        "params": row.params,
        "macs": row.macs,
        "line": row.line,
        "rows": [_row(each) for each in row.rows],
    }


def _source(document: Document, _question: Question) -> Answer:
    try:
        text = artefact(document, "torch").decode()
    except Wrong as problem:
        return {"message": str(problem)}
    return {"text": text, "tokens": list(coloured(text, "python"))}


def _costs(document: Document, _question: Question) -> Answer:
    from netdsl.analysis.charts.cost import chart

    network = document.network()
    if network is None:
        return dict(NOTHING)
    made = chart(network)
    return {"columns": list(made.columns), "rows": [list(each) for each in made.rows], "notes": list(made.notes)}


def _compared(document: Document, question: Question) -> Answer:
    from netdsl.analysis.compare import compare
    from netdsl.analysis.compare.difference import full

    other = _compilation(question)
    mine = document.compilation()
    for each, whose in ((other, "the other"), (mine, "this")):
        if not each.valid or each.network is None:
            return {"message": f"There is nothing to compare while {whose} network has mistakes."}
    assert other.network is not None and mine.network is not None
    return {"lines": [{"text": line.text, "role": line.role} for line in full(compare(other.network, mine.network))]}


def _compilation(question: Question) -> Compilation:
    """What this text is compared with: a network of the zoo by its name, or a text as it was (`base`)."""
    name = question.get("with")
    if not name:
        return document({**question, "text": question.get("base")}).compilation()
    return document({**network({"name": name}), "home": str(zoo.directory())}).compilation()


def coloured(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Runs of one colour, with their lengths in UTF-16 units and their short class."""
    length, last = 0, ""
    for kind, value in tokens(text, language):
        if kind != last and length:
            yield length, last
            length = 0
        last, length = kind, length + len(value) + sum(char > "\uffff" for char in value if not value.isascii())
    if length:
        yield length, last


def artefact(document: Document, kind: str, **options: Any) -> bytes:
    """The bytes of an artefact. Raises `Wrong` where the network is not whole, or it cannot be made."""
    from netdsl.backends.artefacts import find

    compilation = document.compilation()
    if compilation.network is None:
        raise Wrong("There is no network in this text.")
    if not compilation.valid and not find(kind).partial:
        raise Wrong("The network has mistakes; its source is written when they are mended.")
    try:
        return find(kind).render(compilation.network, **options)
    except (RenderError, ValueError) as problem:
        raise Wrong(str(problem)) from None


def network(question: Question) -> Answer:
    """The text of a network of the zoo, by its name there."""
    found = zoo.within(str(question.get("name")))
    if found is None:
        raise Wrong(f"the zoo has no network '{question.get('name')}'")
    path, variant = found
    return {"text": path.read_text("utf-8"), "name": path.name, "variant": variant}


VIEWS: dict[str, Callable[[Document, Question], Answer]] = {
    "diagram": _diagram,
    "layers": _layers,
    "source": _source,
    "costs": _costs,
    "compare": _compared,
}
