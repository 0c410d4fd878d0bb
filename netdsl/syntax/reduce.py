"""What the rules of statements become: layers, bodies, tables, what else a file holds.

Lark calls the method that a rule names (see `grammar.lark`) with a list of what the rule covers: tokens, nodes, and
None for an optional part that is absent. Tokens and nodes alike have a `span`, so a node goes from the start of its
first part to the end of its last one. What the grammar lets through and the language does not is reported here, where
it is known what was meant.
"""

from __future__ import annotations

import re
from typing import Any

from netdsl.syntax import tree
from netdsl.syntax.expressions import Enclosed, Expressions, Parts, as_name, bare
from netdsl.syntax.lex import NET_NAME, Token
from netdsl.text.diagnostics import Edit, Report
from netdsl.text.source import Span

_COLUMN = re.compile(r"[^|\s](?:[^|]*[^|\s])?")
_LAST_SIZE = re.compile(r"[x×](?:[0-9]+|\{[^{}]*\})\Z")
_SPLIT = re.compile(r"(.*?[A-Za-z_])([0-9]+(?:x[0-9]+)*)x")
_VARIANT = re.compile(NET_NAME)
_HEADER = re.compile(r"\n[ \t\u00a0]*\|([^\n]*)")


class Reducer(Expressions):
    """Builds the nodes of one text at a time."""

    def begin(self, report: Report) -> None:
        """Go on to another text."""
        super().begin(report)
        self.begun: list[tree.Statement] = []  # the statements of the body that was begun last

    # Layer statements ------------------------------------------------------------------------------------------------

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
        return tree.Join(name, _all(given), repeat, branches.value, kind.span.to(branches.span))

    def residual(self, parts: Parts) -> tree.Residual:
        keyword, given, braces = parts
        return tree.Residual(_all(given), braces.value, keyword.span.to(braces.span))

    def aux(self, parts: Parts) -> tree.Aux:
        keyword, name, given, braces = parts
        return tree.Aux(as_name(name), _all(given), braces.value, keyword.span.to(braces.span))

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

    # The file --------------------------------------------------------------------------------------------------------

    def file(self, parts: Parts) -> tuple[tree.Statement, ...]:
        return tuple(parts[0])

    def net(self, parts: Parts) -> tree.Net:
        keyword, name = parts
        return tree.Net(as_name(name), keyword.span.to(name.span))

    def source(self, parts: Parts) -> tree.SourceNote:
        keyword, text = parts
        return tree.SourceNote(self._string(text), keyword.span.to(text.span))

    def input(self, parts: Parts) -> tree.Input:
        keyword, name, _, shape, _, vocabulary = parts
        self._settle()
        span = keyword.span.to((vocabulary or shape).span)
        return tree.Input(as_name(name) if name else None, bare(shape), bare(vocabulary), span)

    def param(self, parts: Parts) -> tree.Param:
        keyword, name, _, value = parts
        self._settle()
        return tree.Param(as_name(name), bare(value), keyword.span.to(value.span))

    def default(self, parts: Parts) -> tree.Default:
        keyword, operator, given = parts
        self._settle()
        return tree.Default(as_name(operator), given.value, keyword.span.to(given.span))

    def use(self, parts: Parts) -> tree.Use:
        keyword, path = parts
        return tree.Use(self._string(path), keyword.span.to(path.span))

    def extends(self, parts: Parts) -> tree.Extends:
        keyword, path, _, variant, given = parts
        self._settle()
        name = None
        if variant is not None:
            quoted = variant.value[0] == '"'
            name = tree.Name(str(self._string(variant).value), variant.span) if quoted else as_name(variant)
        return tree.Extends(self._string(path), name, _all(given), keyword.span.to((given or variant or path).span))

    def block(self, parts: Parts) -> tree.Block:
        keyword, name, parameters, _, inputs, braces = parts
        self._settle()
        taken = tuple(inputs or ())
        return tree.Block(as_name(name), _all(parameters), taken, braces.value, keyword.span.to(braces.span))

    def taken(self, parts: Parts) -> tree.Taken:
        name, repeat = parts
        if repeat is not None and repeat.index is not None:
            help = f"`{name.value}0` is the first, and the body reads them as `@{name.value}{{i}}`"
            self.error("E0101", "inputs are counted from 0, without a name for the index", repeat.index.span, help)
        return tree.Taken(as_name(name), repeat, name.span.to((repeat or name).span))

    def parameter(self, parts: Parts) -> tree.Parameter:
        name, _, default = parts
        return tree.Parameter(as_name(name), bare(default), name.span.to((default or name).span))

    def expect(self, parts: Parts) -> tree.Expect:
        keyword, target, _, value = parts
        self._settle()
        return tree.Expect(*_target(target), bare(value), keyword.span.to(value.span))

    def reported(self, parts: Parts) -> tree.Reported:
        keyword, target, _, value, note = parts
        self._settle()
        known = None if note is None else self._string(note)
        return tree.Reported(*_target(target), bare(value), known, keyword.span.to((note or value).span))

    def property_(self, parts: Parts) -> tree.Property:
        keyword, condition, _, domains = parts
        self._settle()
        end = domains[-1].span if domains else condition.span
        return tree.Property(bare(condition), tuple(domains or ()), keyword.span.to(end))

    def domain(self, parts: Parts) -> tree.Domain:
        name, _, given = parts
        least, _, most = given.value.partition("..")
        if max(len(least), len(most)) > 18 or int(least) > int(most):
            help = "from the least to the most, as in `for classes in 2..1000`"
            self.error("E0106", f"{given.value} is no range of numbers", given.span, help)
            least = most = "1"
        return tree.Domain(as_name(name), int(least), int(most), name.span.to(given.span))

    def train(self, parts: Parts) -> tree.Train:
        keyword, given = parts
        self._settle()
        return tree.Train(given.value, keyword.span.to(given.span))

    def table(self, parts: Parts) -> tree.Table:
        header, rows, end = parts
        columns = self._columns(header)
        kept = []
        sizes = [len(row.cells) for row in rows or () if len(row.cells) > 1]
        whole = len(sizes) > 1 and len(set(sizes)) == 1 and sizes[0] != len(columns)
        if whole and columns:  # it is the first row that has another number than all others
            message = f"the table names {len(columns)} variants, and its rows have {sizes[0]} cells"
            help = "name a variant for each column, with `|` between the names"
            self.error("E0104", message, columns[0].span.to(columns[-1].span), help)
        for row in rows or ():
            if len(row.cells) in (1, len(columns)):
                kept.append(row)
                continue
            kept.append(tree.TableRow((tree.Body((tree.Broken(row.span),), row.span),), row.span))
            if not whole and not any(_is_broken(cell) for cell in row.cells):
                message = f"this row has {len(row.cells)} cells, the table has {len(columns)} columns"
                help = "one cell for each column, which may be empty, or one for all"
                self.error("E0104", message, row.span, help)
        return tree.Table(columns, tuple(kept), header.span.to(end.span))

    def table_row(self, parts: Parts) -> tree.TableRow:
        bar, *cells = parts[0]
        return tree.TableRow(tuple(cells), bar.span.to(cells[-1].span))

    def _columns(self, header: Token) -> tuple[tree.Name, ...]:
        """The names in a table's first line."""
        line = _HEADER.search(header)
        assert line
        columns = []
        for match in _COLUMN.finditer(line[1].partition("#")[0]):
            start = header.span.start + line.start(1) + match.start()
            span = Span(header.span.file, start, start + len(match[0]))
            if not _VARIANT.fullmatch(match[0]):
                text = match[0]
                shown = text if len(text) <= 40 else text[:37] + "..."
                message = f"'{shown}' cannot name a variant"
                self.error("E0107", message, span, "letters, digits, `.`, `_`, `-`, and `/` between them")
            columns.append(tree.Name(match[0], span))
        return tuple(columns)


def _all(part: Enclosed | None) -> tuple[Any, ...]:
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


def _target(token: Token) -> tuple[tree.Name | None, tree.Name]:
    """`layer1.0.params`: the label `layer1.0` and the quantity `params`."""
    file, start, end = token.span
    label, dot, quantity = token.value.rpartition(".")
    name = tree.Name(quantity, Span(file, end - len(quantity), end))
    return (tree.Name(label, Span(file, start, start + len(label))) if dot else None), name


def _is_broken(cell: tree.Body) -> bool:
    """Whether a mistake in a cell has been told."""
    return any(isinstance(each, tree.Broken) for each in cell.statements)
