"""`# netdsl: allow W0101`: comments in the text that silence warnings.

- Behind a statement, it is about the statements that begin or end on its line: a layer, or a block at its first or
  last line.
- On a line of its own, it is about the statement that follows: a layer, a block, a row of a table, a whole table.
- `allow-file`, on a line of its own, is about the file.

Several codes are separated by commas; a beginning (`W02`) means all codes that begin so; words after the codes are the
user's reason. A comment that silences nothing is itself a warning, so that none is left behind.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netdsl.analysis.lint._subject import Subject
from netdsl.syntax import tree, walk
from netdsl.text.codes import CODES
from netdsl.text.diagnostics import Diagnostic, Edit, did_you_mean
from netdsl.text.source import Source, Span

_COMMENT = re.compile(r"#\s*netdsl:\s*(?P<word>[\w-]*)\s*(?P<rest>.*)", re.DOTALL)
_CODE = re.compile(r"\s*([A-Za-z]\d+|[A-Za-z]\w*(?=\s*(?:,|$)))\s*(,?)")
_WARNINGS = [code for code in CODES if code.startswith("W")]


@dataclass
class Allow:
    """One code in one comment: its place, the places it is about, and whether it has silenced anything."""

    code: str
    span: Span
    comment: tree.Comment
    where: tuple[Span, ...]
    used: bool = False


def silence(
    warnings: Iterable[Diagnostic], subjects: Mapping[str, Subject], codes: frozenset[str], complete: bool
) -> Iterator[Diagnostic]:
    """The warnings that no comment silences, and warnings about the comments.

    `codes` are the warnings that were asked for. `complete` says whether all of the network is known: otherwise a
    comment that silences nothing may be right.
    """
    files = {name: file for subject in subjects.values() for name, file in subject.files.items()}
    read = [each for file in files.values() for each in _read(file)]
    allows = [each for each in read if isinstance(each, Allow)]
    yield from _kept(warnings, allows)
    later = [each for each in read if isinstance(each, Diagnostic) and each.code in codes]
    if complete and "W0901" in codes:
        written = Counter(each.comment.span for each in allows)
        for each in allows:
            asked = any(code.startswith(each.code) for code in codes)
            if not each.used and asked and not each.code.startswith("W09"):
                cut = _whole(each.comment, files[each.span.file].source)
                edits = (Edit(cut, ""),) if written[each.comment.span] == 1 else ()
                message = f"`{each.code}` is allowed here, and nothing here has that warning"
                later.append(_warning("W0901", message, each.span, "take the comment away", edits))
    yield from _kept(later, allows)


def _warning(code: str, message: str, span: Span, help: str | None, edits: tuple[Edit, ...] = ()) -> Diagnostic:
    return Diagnostic(code, message, span, help=help, edits=edits, severity="warning")


def _kept(warnings: Iterable[Diagnostic], allows: Iterable[Allow]) -> Iterator[Diagnostic]:
    """The warnings that no comment is about; comments that silence one are marked as used.

    Warnings and the places of comments are gone through together in order. These places are nested or apart, so few
    are open at a time.
    """
    allowed: dict[tuple[Span, str], list[Allow]] = {}
    for allow in allows:
        for where in allow.where:
            allowed.setdefault((where, allow.code), []).append(allow)
    waiting = sorted(allowed, reverse=True)
    open_: list[tuple[Span, str]] = []
    placed = []
    for warning in warnings:
        if warning.span is None:
            yield warning
        else:
            placed.append((warning.span, warning))
    for span, warning in sorted(placed, key=lambda each: each[0]):
        while waiting and waiting[-1][0][:2] <= span[:2]:
            open_.append(waiting.pop())
        open_ = [each for each in open_ if each[0].file == span.file and span.start <= each[0].end]
        about = [each for each in open_ if warning.code.startswith(each[1])]
        for allow in (allow for each in about for allow in allowed[each]):
            allow.used = True
        if not about:
            yield warning


def _whole(comment: tree.Comment, source: Source) -> Span:
    """A comment with the space before it; the whole line if it stands on its own."""
    text, end = source.text, comment.span.end
    line = text.rfind("\n", 0, comment.span.start) + 1
    start = line + len(text[line : comment.span.start].rstrip(" \t"))
    return source.span(start, end + (start == line and text[end : end + 1] == "\n"))


def _read(file: tree.File) -> Iterator[Allow | Diagnostic]:
    """The codes that comments of a file allow, and warnings about comments that are wrong."""
    comments = [(each, match) for each in file.comments if (match := _COMMENT.match(each.text))]
    statements = _Statements(file) if comments else None
    for comment, match in comments:
        word, rest = match["word"], match["rest"].rstrip()
        if word not in ("allow", "allow-file"):
            help = did_you_mean(word, ("allow", "allow-file")) or "write `# netdsl: allow W0101`"
            yield _warning("W0902", f"`netdsl: {word}` says nothing to netdsl", comment.span, help)
            continue
        codes = list(_codes(rest, comment.span.start + match.start("rest"), file.source))
        if not codes:
            yield _warning("W0902", f"`{word}` names no warning", comment.span, f"write `# netdsl: {word} W0101`")
        where = (file.span,) if word == "allow-file" or statements is None else statements.about(comment)
        for code, span in codes:
            if len(code) > 1 and any(known.startswith(code) for known in _WARNINGS):
                yield Allow(code, span, comment, where)
            elif code in CODES:
                yield _warning("W0902", f"`{code}` is an error, which cannot be allowed", span, None)
            else:
                yield _warning("W0902", f"`{code}` is the code of no warning", span, did_you_mean(code, _WARNINGS))


def _codes(rest: str, start: int, source: Source) -> Iterator[tuple[str, Span]]:
    """The codes at the beginning of a text, separated by commas, with their places."""
    at = 0
    while match := _CODE.match(rest, at):
        yield match[1].upper(), source.span(start + match.start(1), start + match.end(1))
        at = match.end()
        if not match[2]:
            return


class _Statements:
    """The places of the statements of a file, in order and by the lines that they begin and end on."""

    def __init__(self, file: tree.File):
        self.source = file.source
        self.order: list[Span] = []
        self.beside: dict[int, list[Span]] = {}
        for each in walk(file):
            if isinstance(each, (tree.Statement, tree.TableRow, tree.BracketRow)) and not isinstance(each, tree.Broken):
                self.order.append(each.span)
                for at in (each.span.start, max(each.span.end - 1, 0)):
                    self.beside.setdefault(self.source.position(at).line, []).append(each.span)
        self.order.sort(key=lambda span: (span.start, -span.end))

    def about(self, comment: tree.Comment) -> tuple[Span, ...]:
        """The statements that a comment is about."""
        line, column = self.source.position(comment.span.start)
        if self.source.line(line)[: column - 1].strip():
            return tuple(dict.fromkeys(self.beside.get(line, ())))
        following = bisect_left(self.order, comment.span.end, key=lambda span: span.start)
        return tuple(self.order[following : following + 1])
