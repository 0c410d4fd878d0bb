"""`# netdsl: allow W0101`: warnings that the text itself silences.

- behind a statement, it is about the statements that begin or end on its line: a layer, or a block at its first or
  last line;
- on a line of its own, about the statement that follows: a layer, a block, a row of a table, a whole table;
- `allow-file`, on a line of its own, about the file.

Several codes are separated by commas; a beginning (`W02`) stands for all codes that begin so; words behind the codes
are the reader's reason. A comment that silences nothing is told, so that none outlives what it was for.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from netdsl.analysis.lint._subject import Subject
from netdsl.syntax import tree, walk
from netdsl.text.codes import CODES
from netdsl.text.diagnostics import Diagnostic, Edit, did_you_mean
from netdsl.text.source import Source, Span

_COMMENT = re.compile(r"#\s*netdsl:\s*(?P<word>[\w-]*)\s*(?P<rest>.*)", re.DOTALL)
_CODE = re.compile(r"\s*([A-Za-z]\d+|[A-Za-z]\w*(?=\s*(?:,|$)))\s*(,?)")
_STATEMENTS = (
    tree.Layer,
    tree.Net,
    tree.SourceNote,
    tree.Input,
    tree.Param,
    tree.Default,
    tree.Use,
    tree.Extends,
    tree.Block,
    tree.Table,
    tree.TableRow,
    tree.Expect,
    tree.Reported,
    tree.Train,
    tree.Row,
)


@dataclass
class Allow:
    """One code in one comment: where it is written (`span`), the stretches it is about, and whether it was of use."""

    code: str
    span: Span
    comment: tree.Comment
    where: tuple[Span, ...]
    used: bool = False


@dataclass
class _Found:
    allows: list[Allow] = field(default_factory=list)
    wrong: list[Diagnostic] = field(default_factory=list)


def silence(
    warnings: Iterable[Diagnostic], subjects: Mapping[str, Subject], codes: frozenset[str], complete: bool
) -> Iterator[Diagnostic]:
    """The warnings that no comment silences, and those about the comments.

    `codes` are the warnings that were asked for, `complete` whether all of the network was seen: only then does it
    mean something that a comment silences nothing.
    """
    files: dict[str, tree.File] = {}
    for subject in subjects.values():
        files |= subject.files
    found = _Found()
    for file in files.values():
        _read(file, found)
    yield from _kept(warnings, found.allows)
    later: list[Diagnostic] = [each for each in found.wrong if each.code in codes]
    if complete and "W0901" in codes:
        written = Counter(each.comment.span for each in found.allows)
        for each in found.allows:
            asked = any(code.startswith(each.code) for code in codes)
            if not each.used and asked and not each.code.startswith("W09"):
                alone = written[each.comment.span] == 1
                later.append(_unused(each, files[each.span.file].source, alone))
    yield from _kept(later, found.allows)


def _kept(warnings: Iterable[Diagnostic], allows: Iterable[Allow]) -> Iterator[Diagnostic]:
    """The warnings that no comment is about; the comments that are of use are marked as such.

    One sweep over both in order of place: the stretches lie in one another or apart, so few are open at a time.
    """
    stretches: dict[tuple[Span, str], list[Allow]] = {}
    for allow in allows:
        for where in allow.where:
            stretches.setdefault((where, allow.code), []).append(allow)
    waiting = sorted(stretches, reverse=True)
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
        for each in about:
            for allow in stretches[each]:
                allow.used = True
        if not about:
            yield warning


def _unused(allow: Allow, source: Source, alone: bool) -> Diagnostic:
    edits: tuple[Edit, ...] = (Edit(_whole(allow.comment, source), ""),) if alone else ()
    return Diagnostic(
        "W0901",
        f"`{allow.code}` is allowed here, and nothing here has that warning",
        allow.span,
        help="take the comment away",
        edits=edits,
        severity="warning",
    )


def _whole(comment: tree.Comment, source: Source) -> Span:
    """A comment with the space before it; on a line of its own, the line."""
    text = source.text
    start = comment.span.start
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    end = comment.span.end
    if (start == 0 or text[start - 1] == "\n") and text[end : end + 1] == "\n":
        end += 1
    return source.span(start, end)


def _read(file: tree.File, found: _Found) -> None:
    """The allows of a file."""
    comments = [(each, match) for each in file.comments if (match := _COMMENT.match(each.text))]
    if not comments:
        return
    source = file.source
    statements = _Statements(file)
    for comment, match in comments:
        word, rest = match["word"], match["rest"].rstrip()
        if word not in ("allow", "allow-file"):
            help = did_you_mean(word, ("allow", "allow-file")) or "write `# netdsl: allow W0101`"
            found.wrong.append(_wrong(f"`netdsl: {word}` says nothing to netdsl", comment.span, help))
            continue
        codes = list(_codes(rest, comment.span.start + match.start("rest"), source))
        if not codes:
            found.wrong.append(_wrong(f"`{word}` names no warning", comment.span, f"write `# netdsl: {word} W0101`"))
        where = (file.span,) if word == "allow-file" else statements.about(comment)
        for code, span in codes:
            if len(code) < 2 or not any(known.startswith(code) for known in CODES if known.startswith("W")):
                known = [each for each in CODES if each.startswith("W")]
                what = "is an error, which cannot be allowed" if code in CODES else "is the code of no warning"
                found.wrong.append(
                    _wrong(f"`{code}` {what}", span, None if code in CODES else did_you_mean(code, known))
                )
            else:
                found.allows.append(Allow(code, span, comment, where))


def _wrong(message: str, span: Span, help: str | None) -> Diagnostic:
    return Diagnostic("W0902", message, span, help=help, severity="warning")


def _codes(rest: str, start: int, source: Source) -> Iterator[tuple[str, Span]]:
    """The codes at the beginning of a text, separated by commas, with their places."""
    at = 0
    while match := _CODE.match(rest, at):
        yield match[1].upper(), source.span(start + match.start(1), start + match.end(1))
        at = match.end()
        if not match[2]:
            return


class _Statements:
    """The statements of a file, found by the lines they begin and end on and by what they follow."""

    def __init__(self, file: tree.File):
        self.source = file.source
        self.starts: dict[int, list[Any]] = {}
        self.ends: dict[int, list[Any]] = {}
        self.order: list[Any] = []
        for each in walk(file):
            if isinstance(each, _STATEMENTS):
                self.order.append(each)
                self.starts.setdefault(self.source.position(each.span.start).line, []).append(each)
                self.ends.setdefault(self.source.position(max(each.span.end - 1, 0)).line, []).append(each)
        self.order.sort(key=lambda each: (each.span.start, -each.span.end))
        self.offsets = [each.span.start for each in self.order]

    def about(self, comment: tree.Comment) -> tuple[Span, ...]:
        """The stretches that a comment is about."""
        line, column = self.source.position(comment.span.start)
        if self.source.line(line)[: column - 1].strip():
            return tuple(each.span for each in (*self.starts.get(line, ()), *self.ends.get(line, ())))
        following = bisect_left(self.offsets, comment.span.end)
        return (self.order[following].span,) if following < len(self.order) else ()
