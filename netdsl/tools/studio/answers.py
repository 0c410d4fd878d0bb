"""What the page asks to what it shows: colours, messages, hints, pictures, tables, source, charts, completions, fixes.

A question is an object: `ask`, which names one of `ANSWERS`; the `text` with its `name`; `home`, the folder whose files
it may use, or nothing; and the `variant` that is looked at. An answer is an object too. Nothing of netdsl is done a
second time here: what editors are answered comes from `netdsl.tools.lsp`, the rest from analysis and backends.

It runs in a worker process behind a server, and in a browser's Python, which has no third-party library but the core's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from netdsl import zoo
from netdsl.ir import Network
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import Diagnostic
from netdsl.tools.lsp import actions, completion, diagnostics, formatting, hover, inlay
from netdsl.tools.studio.questions import Answer, Question, Units, Wrong, document, place
from netdsl.tools.studio.views import VIEWS, artefact, coloured, network

MOST_COMPLETIONS = 300


def answer(question: Question) -> Answer:
    """The answer to a question; `{"wrong": why}` for one that is none."""
    found = ANSWERS.get(str(question.get("ask")))
    if found is None:
        return {"wrong": f"the studio knows no question '{question.get('ask')}'"}
    try:
        return found(question)
    except Wrong as problem:
        return {"wrong": str(problem)}


# What is shown at every change ---------------------------------------------------------------------------------------


def show(question: Question) -> Answer:
    """The figures of the network, its messages and hints, and the pane that is open, by name."""
    found = document(question)
    units = Units(found.text)
    pane = VIEWS.get(str(question.get("pane")))
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


# What is asked beside that -------------------------------------------------------------------------------------------


def colours(question: Question) -> Answer:
    """The text's own colours: `[length, class]` for each token, in order."""
    return {"tokens": list(coloured(document(question).text, "netdsl"))}


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
    data = find(kind).stamp(artefact(found, kind, **options))
    stem = Path(found.source.name).stem + (f"_{found.shown}" if found.shown else "")
    return {"name": stem.replace("/", "_") + find(kind).ending, "data": b64encode(data).decode()}


def networks(_question: Question) -> Answer:
    """The networks of the zoo."""
    found = [
        {"name": each.name, "spec": each.spec, "variant": each.variant, "title": each.title, "params": each.params,
         "macs": each.macs, "year": each.year, "task": each.task}
        for each in zoo.entries()
    ]  # fmt: skip
    return {"networks": found}


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
