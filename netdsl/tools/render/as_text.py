"""Messages as text for people, in the style of rustc: what is wrong, where, the lines with the places marked, the fix.

Places in the message's own file share one excerpt, every other file has its own behind `:::`; block calls that led to
the place follow as a chain, then the help, then what was found to work.
"""

from __future__ import annotations

from netdsl.text.diagnostics import Diagnostic, Related, Report
from netdsl.text.source import Source, Span
from netdsl.text.visible import visible
from netdsl.tools.render.excerpt import Mark, Printed, excerpt
from netdsl.tools.render.paint import paint

_LONGEST_CHAIN = 8


def render(report: Report, *, color: bool = False) -> str:
    """All messages, an empty line between two."""
    return "\n".join(message(diagnostic, report.sources, color=color) for diagnostic in report)


def message(diagnostic: Diagnostic, sources: dict[str, Source], *, color: bool = False) -> str:
    """One message, with its excerpts."""
    severity = diagnostic.severity
    head = paint(f"{severity}[{visible(diagnostic.code)}]", severity, color)
    head += paint(f": {_lines(diagnostic.message, ' ' * 4)}", "strong", color)

    places: dict[str, list[Mark]] = {}
    if diagnostic.span is not None:
        places[diagnostic.span.file] = [Mark(*diagnostic.span[1:], diagnostic.label, severity)]
    for each in diagnostic.related:
        marks = places.setdefault(each.span.file, [])
        mark = Mark(each.span.start, each.span.end, each.message, "related")
        if mark not in marks:
            marks.append(mark)

    drawn: list[tuple[str, list[Printed]]] = []
    notes: list[tuple[str, str]] = []
    for file, marks in places.items():
        source = sources.get(file)
        if source is None:  # a file that could not be read has a name, but no lines
            drawn.append((visible(file), []))
            notes += [("note", f"{mark.label}, in {file}") for mark in marks if mark.style == "related"]
        else:
            drawn.append((_spot(Span(file, marks[0].start, marks[0].end), sources), excerpt(source, marks, color)))
    notes += [("", words) for words in _chain(diagnostic.calls, sources)]
    if diagnostic.help:
        notes.append(("help", diagnostic.help))
    if diagnostic.proposals:
        notes.append(("help", "try " + "\n or ".join(each.words for each in diagnostic.proposals)))

    numbers = [len(row.gutter) for _, rows in drawn for row in rows if row.gutter.isdigit()]
    room = max(numbers, default=1)
    lines = [head]
    for index, (spot, rows) in enumerate(drawn):
        arrow = ":::" if index else "-->"
        if index:
            lines.append(" " * room + paint(" |", "frame", color))
        lines.append(" " * room + paint(arrow, "frame", color) + " " + spot)
        if rows:
            lines.append(" " * room + paint(" |", "frame", color))
        for row in rows:
            if row.gutter == "...":
                lines.append((paint("...", "frame", color) + (" " * room + row.text if row.text else "")).rstrip())
            else:
                lines.append((paint(f"{row.gutter:>{room}} |", "frame", color) + f" {row.text}").rstrip())
    for kind, text in notes:
        label = paint(f"{kind}: ", "help" if kind == "help" else "strong", color) if kind else ""
        hang = " " * (room + 3 + len(kind) + 2 * bool(kind))
        lines.append(" " * room + paint(" = ", "frame", color) + label + _lines(text, hang))
    return "\n".join(lines) + "\n"


def _lines(text: str, hang: str) -> str:
    """A text of one or more lines, those after the first indented: no message can pass for the start of another."""
    return f"\n{hang}".join(map(visible, text.split("\n")))


def _spot(span: Span, sources: dict[str, Source]) -> str:
    source = sources.get(span.file)
    if source is None:
        return visible(span.file)
    line, column = source.position(span.start)
    return f"{visible(span.file)}:{line}:{column}"


def _chain(calls: tuple[Related, ...], sources: dict[str, Source]) -> list[str]:
    """The block calls that led to a place; of a long chain the inner ones and the outermost, the user's own."""
    words = [f"{each.message} at {_spot(each.span, sources)}" for each in calls]
    left_out = len(words) - _LONGEST_CHAIN
    return words if left_out <= 0 else [*words[: _LONGEST_CHAIN - 1], f"... {left_out} more calls ...", words[-1]]
