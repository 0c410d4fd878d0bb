"""What the page asks to what it shows: colours, messages, hints, pictures, tables, source, charts, completions, fixes.

A question is an object: `ask`, which names one of `ANSWERS`; the `text` with its `name`; `home`, the folder whose files
it may use, or nothing; and the `variant` that is looked at. An answer is an object too. Nothing of netdsl is done a
second time here: what editors are answered comes from `netdsl.tools.lsp`, the rest from analysis and backends. Places
are offsets in UTF-16 units, as a browser counts.

It runs in a worker process behind a server, and in a browser's Python, which has no third-party library but the core's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias

from netdsl import zoo
from netdsl.backends.artefact import RenderError
from netdsl.compiler import Compilation
from netdsl.ir import Network
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import Diagnostic, Edit
from netdsl.text.source import Source, Span
from netdsl.tools.highlight import tokens
from netdsl.tools.lsp import actions, completion, diagnostics, formatting, hover, inlay, preview
from netdsl.tools.lsp.document import Document

Question: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]

LONGEST = 2**20
"""The most characters of a text that is looked at, as for a file."""
MOST_COMPLETIONS = 300
_REMEMBERED = 4
_documents: dict[tuple[str, str, str | None], Document] = {}


class Wrong(Exception):
    """A question that cannot be answered; the message says why."""


def answer(question: Question) -> Answer:
    """The answer to a question; `{"wrong": why}` for one that is none."""
    found = ANSWERS.get(str(question.get("ask")))
    if found is None:
        return {"wrong": f"the studio knows no question '{question.get('ask')}'"}
    try:
        return found(question)
    except Wrong as problem:
        return {"wrong": str(problem)}


def placed(question: Question, own: str | None = None) -> Question:
    """The question with the folder that its text may read. A page never says which: it says what its text is (`place`:
    the `file` in the folder `own`, a network of the `zoo`, or neither), and the folder follows."""
    homes = {"file": own, "zoo": str(zoo.directory())}
    return {**question, "home": homes.get(str(question.get("place")))}


# Documents -----------------------------------------------------------------------------------------------------------


def document(question: Question) -> Document:
    """The document of a question; what is known of it is kept while the same text is asked about."""
    text, name, home = question.get("text"), question.get("name"), question.get("home")
    if not isinstance(text, str) or len(text) > LONGEST:
        raise Wrong("the text is missing, or longer than 1 MiB")
    key = (text, str(name or "network.net"), home)
    found = _documents.pop(key, None)
    if found is None:
        found = Document(Source(key[1], text.encode("utf-8", "replace").decode()), Path(home) if home else None)
    _documents[key] = found  # the newest stands last
    for old in list(_documents)[:-_REMEMBERED]:
        del _documents[old]
    variant = question.get("variant")
    return found.showing(variant) if isinstance(variant, str) else found


class Units:
    """Offsets in code points to UTF-16 units and back; the same numbers for a text without rare characters."""

    def __init__(self, text: str):
        rare = not text.isascii() and max(text) > "\uffff"
        self._starts = [0, *accumulate(2 if char > "\uffff" else 1 for char in text)] if rare else None

    def out(self, offset: int) -> int:
        return offset if self._starts is None else self._starts[min(offset, len(self._starts) - 1)]

    def into(self, given: Any) -> int:
        if not isinstance(given, int) or given < 0:
            raise Wrong("a place is a whole number")
        if self._starts is None:
            return given
        from bisect import bisect_left

        return min(bisect_left(self._starts, given), len(self._starts) - 1)

    def span(self, span: Span) -> list[int]:
        return [self.out(span.start), self.out(span.end)]

    def edits(self, edits: Iterable[Edit]) -> list[Answer]:
        return [{"place": self.span(each.span), "text": each.text} for each in edits]


def place(question: Question, document: Document, name: str = "at") -> int:
    """An offset that the page gave, within the text."""
    return min(Units(document.text).into(question.get(name)), len(document.text))


# What is shown at every change ---------------------------------------------------------------------------------------


def show(question: Question) -> Answer:
    """The figures of the network, its messages and hints, and the pane that is open, by name."""
    found = document(question)
    units = Units(found.text)
    pane = _PANES.get(str(question.get("pane")))
    return {
        "variants": list(found.variants),
        "variant": found.shown,
        "figures": figures(found.network()),
        "messages": [message(each, units) for each in diagnostics.messages(found)],
        "hints": [
            {"at": units.out(each.offset), "text": each.text, "tip": each.tooltip} for each in inlay.hints(found)
        ],
        "pane": pane(found, question) if pane is not None else None,
    }


def figures(network: Network | None) -> Answer | None:
    """The line above everything: what the network is called, what goes in and out, what it costs."""
    if network is None:
        return None
    totals = network.totals.model_dump() if network.totals is not None and network.complete else {}
    inputs = [shape_text(each.shape) for each in network.inputs]
    return {"name": network.name, "inputs": inputs, "output": shape_text(network.output), **totals}


def message(found: diagnostics.Message, units: Units) -> Answer:
    told = found.diagnostic
    return {"place": units.span(found.span), "text": found.text, "severity": told.severity, "code": told.code}


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
        return {"message": "There is no network in this text."}
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
        text = _artefact(document, "torch").decode()
    except Wrong as problem:
        return {"message": str(problem)}
    return {"text": text, "tokens": list(coloured(text, "python"))}


def _costs(document: Document, _question: Question) -> Answer:
    from netdsl.analysis.charts.cost import chart

    network = document.network()
    if network is None:
        return {"message": "There is no network in this text."}
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


_PANES: dict[str, Callable[[Document, Question], Answer]] = {
    "diagram": _diagram,
    "layers": _layers,
    "source": _source,
    "costs": _costs,
    "compare": _compared,
}


# What is asked beside that -------------------------------------------------------------------------------------------


def colours(question: Question) -> Answer:
    """The text's own colours: `[length, class]` for each token, in order."""
    return {"tokens": list(coloured(document(question).text, "netdsl"))}


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


def check(question: Question) -> Answer:
    """All messages: of every variant, and what the linter says; each with what would mend it, as edits."""
    found = document(question)
    units = Units(found.text)
    for variant in found.variants:
        found.compilation(variant)
    told = [*diagnostics.messages(found), *diagnostics.warnings(found)]
    ways: dict[Diagnostic, list[Answer]] = {}
    for each in actions.fixes(found, told, 0, len(found.text)):
        ways.setdefault(each.diagnostic, []).append({"title": each.title, "edits": units.edits(each.edits)})
    return {"messages": [{**message(each, units), "fixes": ways.get(each.diagnostic, [])} for each in told]}


def hovered(question: Question) -> Answer:
    found = document(question)
    told = hover.hover(found, place(question, found))
    if told is None:
        return {"markdown": None}
    return {"markdown": told.markdown, "place": Units(found.text).span(told.span)}


def complete(question: Question) -> Answer:
    found = document(question)
    units = Units(found.text)
    items = completion.completions(found, place(question, found))[:MOST_COMPLETIONS]
    return {
        "items": [
            {"label": each.label, "kind": each.kind, "from": units.out(each.start), "insert": each.insert,
             "detail": each.detail, "markdown": each.documentation}
            for each in items
        ]
    }  # fmt: skip


def formatted(question: Question) -> Answer:
    found = document(question)
    return {"edits": Units(found.text).edits(formatting.formatting(found))}


def export(question: Question) -> Answer:
    """An artefact as a file: its name, its bytes in base 64."""
    from netdsl.backends.artefacts import find, names

    found, kind = document(question), str(question.get("to"))
    if kind not in names():
        raise Wrong(f"there is no artefact '{kind}'")
    options: dict[str, Any] = {}
    if "style" in find(kind).options and question.get("style"):
        options = {"style": str(question.get("style")), "expand": bool(question.get("expand"))}
    data = find(kind).stamp(_artefact(found, kind, **options))
    stem = Path(found.source.name).stem + (f"_{found.shown}" if found.shown else "")
    return {"name": stem.replace("/", "_") + find(kind).ending, "data": b64encode(data).decode()}


def _artefact(document: Document, kind: str, **options: Any) -> bytes:
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


def networks(_question: Question) -> Answer:
    """The networks of the zoo."""
    found = [
        {"name": each.name, "spec": each.spec, "variant": each.variant, "title": each.title, "params": each.params,
         "macs": each.macs, "year": each.year, "task": each.task}
        for each in zoo.entries()
    ]  # fmt: skip
    return {"networks": found}


def network(question: Question) -> Answer:
    """The text of a network of the zoo, by its name there."""
    found = zoo.within(str(question.get("name")))
    if found is None:
        raise Wrong(f"the zoo has no network '{question.get('name')}'")
    path, variant = found
    return {"text": path.read_text("utf-8"), "name": path.name, "variant": variant}


ANSWERS: dict[str, Callable[[Question], Answer]] = {
    "show": show,
    "colours": colours,
    "check": check,
    "hover": hovered,
    "complete": complete,
    "format": formatted,
    "export": export,
    "networks": networks,
    "network": network,
}
