"""What the rules of layers become: statements of a body, branches, blocks of rows.

The base of `reduce.Reducer`, which builds what else a file holds.
"""

from __future__ import annotations

import re
from typing import Any

from netdsl.syntax import tree
from netdsl.syntax.expressions import Enclosed, Expressions, Parts, as_name, bare
from netdsl.text.diagnostics import Edit, Report
from netdsl.text.source import Span

_LAST_SIZE = re.compile(r"[x×](?:[0-9]+|\{[^{}]*\})\Z")
_SPLIT = re.compile(r"(.*?[A-Za-z_])([0-9]+(?:x[0-9]+)*)x")


class Layers(Expressions):
    """Builds layers, and the bodies that hold them."""

    def begin(self, report: Report) -> None:
        """Go on to another text."""
        super().begin(report)
        self.begun: list[tree.Statement] = []  # the statements of the body that was begun last

    def body(self, parts: Parts) -> list[tree.Statement]:
        return parts[0] or []

    def first_statement(self, parts: Parts) -> list[tree.Statement]:
        self.begun = parts
        return parts

    def first_branch(self, parts: Parts) -> Parts:
        """The sign before the first of several branches, and the branches."""
        sign, branch = parts
        return [sign, _branch(branch, sign.span)]

    def more_branches(self, parts: Parts) -> Parts:
        found: Parts
        found, sign, branch = parts
        found.append(_branch(branch, sign.span))
        return found

    def branch_repeated(self, parts: Parts) -> tree.Branch:
        repeat, braces, _ = parts
        return tree.Branch(braces.value, repeat, repeat.span.to(braces.span))

    def branches(self, parts: Parts) -> Enclosed:
        (opening, *branches), closing = parts
        return Enclosed(tuple(branches), opening.span.to(closing.span))

    def first_body(self, parts: Parts) -> Parts:
        """The sign before the first of several bodies, and the bodies."""
        sign, statements = parts
        return [sign, _body(statements, sign.span)]

    def more_bodies(self, parts: Parts) -> Parts:
        found: Parts
        found, sign, statements = parts
        found.append(_body(statements, sign.span))
        return found

    def braces(self, parts: Parts) -> Enclosed:
        opening, statements, closing = parts
        span = opening.span.to(closing.span)
        return Enclosed(_body(statements, span), span)

    def layer(self, parts: Parts) -> tree.Layer:
        label, item, repeat, _, stride, _, claim = parts
        self._settle()
        first = label or item
        last = claim or stride or repeat or item
        span = item.span if first is last else first.span.to(last.span)
        return tree.Layer(label, item, repeat, bare(stride), bare(claim), span)

    def label(self, parts: Parts) -> tree.Label:
        found: tree.Label = parts[0]
        return found

    def part(self, parts: Parts) -> tree.Label:
        return tree.Label(parts[0].value, None, parts[0].span)

    def part_computed(self, parts: Parts) -> tree.Label:
        name, index, after = parts
        span = name.span.to((after or index).span)
        return tree.Label(name.value, index.value, span, after.value if after else "")

    def part_dashed(self, parts: Parts) -> tree.Label:
        name, dash, index, after = parts
        span = name.span.to((after or index).span)
        return tree.Label(name.value + dash.value, index.value, span, after.value if after else "")

    def seen(self, parts: Parts) -> tree.Seen:
        first, _, second = parts
        return tree.Seen((first,) if second is None else (first, second), first.span.to((second or first).span))

    def operation(self, parts: Parts) -> tree.Operation:
        head, kernel, _, out, _, stride, given, branches = parts
        name = tree.Name(head.replace("×", "x"), head.span)
        last = branches or given or stride or out or kernel
        span = head.span if last is None else head.span.to(last.span)
        if kernel is not None and name.text[-1] == "x" and (split := _SPLIT.fullmatch(name.text)):
            name, kernel = self._split(split, head.span, kernel)
        if type(out) is tree.Dims:
            out = self._single(out)
        return tree.Operation(name, bare(kernel), bare(out), bare(stride), bare(given), bare(branches), span)

    def _single(self, out: tree.Dims) -> Any:
        """`conv3-{n}x4`: a repetition that touches what is before it."""
        text = self.report.sources[out.span.file].text[out.span.start : out.span.end]
        times = _LAST_SIZE.search(text)
        if times is None or len(out.values) > 2:
            self.error("E0101", "one number of channels or features follows `-`", out.span, "as in `conv3-64`")
            return tree.Literal(1, "1", out.span)
        file, start, _ = out.span
        end = start + times.start()
        help = f"a repetition has a blank before it: `-{text[: times.start()]} {times[0]}`"
        edit = Edit(Span(file, end, end), " ")
        self.error("E0101", "an `x` that touches what is before it joins dimensions", out.span, help, (edit,))
        first = out.values[0]
        return tree.Literal(first, str(first), Span(file, start, end)) if isinstance(first, int) else first

    def _split(self, head: re.Match[str], span: Span, kernel: Any) -> tuple[tree.Name, tree.Dims]:
        """`conv1x` before `{k}`: the operator, and its kernel `1x{k}`."""
        middle = span.start + head.end(1)
        size = Span(span.file, middle, span.end - 1)
        first = self._dims(head[2], size) if "x" in head[2] else self._number(head[2], size)
        return tree.Name(head[1], Span(span.file, span.start, middle)), self.shape([first, [kernel]])

    def operation_alias(self, parts: Parts) -> tree.Operation:
        head, *rest = parts
        return self.operation([head, None, *rest, None])

    def repeat(self, parts: Parts) -> tree.Repeat:
        written, _, index = parts
        text = written[1:].strip()
        span = written.span
        count = self._number(text, Span(span.file, span.end - len(text), span.end))
        return tree.Repeat(count, as_name(index) if index else None, span.to((index or written).span))

    def repeat_computed(self, parts: Parts) -> tree.Repeat:
        opening, count, closing, _, index = parts
        span = opening.span.to((index or closing).span)
        return tree.Repeat(bare(count), as_name(index) if index else None, span)

    def group(self, parts: Parts) -> tree.Group:
        return tree.Group(*parts[0])

    def join(self, parts: Parts) -> tree.Join:
        kind, given, repeat, branches = parts
        name = tree.Name(kind.lower(), kind.span)
        return tree.Join(name, items(given), repeat, branches.value, kind.span.to(branches.span))

    def residual(self, parts: Parts) -> tree.Residual:
        keyword, given, braces = parts
        return tree.Residual(items(given), braces.value, keyword.span.to(braces.span))

    def aux(self, parts: Parts) -> tree.Aux:
        keyword, name, given, braces = parts
        return tree.Aux(as_name(name), items(given), braces.value, keyword.span.to(braces.span))

    def goto(self, parts: Parts) -> tree.Goto:
        sign, target = parts
        return tree.Goto(target, sign.span.to(target.span))

    def reuse(self, parts: Parts) -> tree.Reuse:
        keyword, _, target, closing, branches = parts
        return tree.Reuse(target, bare(branches), keyword.span.to((branches or closing).span))

    def output(self, parts: Parts) -> tree.Output:
        keyword, target, _, item = parts
        if len(target.parts) > 1:
            help = f"write `@{target.text}; output {target.parts[1].text}`" if item is None else None
            self.error("E0101", "the name of an output has no dots", target.span, help)
        return tree.Output(target, item, keyword.span.to((item or target).span))

    def choice(self, parts: Parts) -> tree.If:
        keyword, test, then, _, otherwise = parts
        span = keyword.span.to((otherwise or then).span)
        return tree.If(bare(test), then.value, otherwise.value if otherwise else None, span)

    def else_if(self, parts: Parts) -> Enclosed:
        """Another `if`, as a body."""
        nested = parts[0]
        layer = tree.Layer(None, nested, None, None, None, nested.span)
        return Enclosed(tree.Body((layer,), nested.span), nested.span)

    def bracket(self, parts: Parts) -> tree.Bracket:
        opening, _, rows, _, closing = parts
        return tree.Bracket(tuple(rows), opening.span.to(closing.span))

    def row(self, parts: Parts) -> tree.BracketRow:
        kernel, _, out, _, stride, arguments = parts
        last = arguments[-1] if arguments else stride or out
        span = kernel.span.to(last.span)
        return tree.BracketRow(bare(kernel), bare(out), bare(stride), tuple(arguments or ()), span)

    def broken(self, parts: Parts) -> tree.Broken:
        self._settle()
        return tree.Broken(parts[0].span)


def items(part: Enclosed | None) -> tuple[Any, ...]:
    """The items of a list in brackets that may be absent."""
    return () if part is None else part.value


def _body(statements: list[tree.Statement], empty: Span) -> tree.Body:
    """Statements as a body, which is as long as they are, or stands at `empty` where there are none."""
    if not statements:
        return tree.Body((), empty)
    return tree.Body(tuple(statements), statements[0].span.to(statements[-1].span))


def _branch(part: tree.Branch | list[tree.Statement], empty: Span) -> tree.Branch:
    """A branch, which stands at `empty` where there is nothing in it."""
    if isinstance(part, tree.Branch):
        return part
    body = _body(part, empty)
    return tree.Branch(body, None, body.span)
