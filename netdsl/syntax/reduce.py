"""What the rules of statements become: tables, headers, what else a file holds beside its layers.

Lark calls the method that a rule names (see `grammar.lark`) with a list of what the rule covers: tokens, nodes, and
None for an optional part that is absent. Tokens and nodes alike have a `span`, so a node goes from the start of its
first part to the end of its last one. What the grammar lets through and the language does not is reported here, where
it is known what was meant.
"""

from __future__ import annotations

import re

from netdsl.syntax import tree
from netdsl.syntax.expressions import Parts, as_name, bare
from netdsl.syntax.layers import Layers, items
from netdsl.syntax.lex import NET_NAME, Token
from netdsl.text.source import Span

_COLUMN = re.compile(r"[^|\s](?:[^|]*[^|\s])?")
_VARIANT = re.compile(NET_NAME)
_HEADER = re.compile(r"\n[ \t\u00a0]*\|([^\n]*)")


class Reducer(Layers):
    """Builds the nodes of one text at a time."""

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
        return tree.Extends(self._string(path), name, items(given), keyword.span.to((given or variant or path).span))

    def block(self, parts: Parts) -> tree.Block:
        keyword, name, parameters, _, inputs, braces = parts
        self._settle()
        taken = tuple(inputs or ())
        return tree.Block(as_name(name), items(parameters), taken, braces.value, keyword.span.to(braces.span))

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


def _target(token: Token) -> tuple[tree.Name | None, tree.Name]:
    """`layer1.0.params`: the label `layer1.0` and the quantity `params`."""
    file, start, end = token.span
    label, dot, quantity = token.value.rpartition(".")
    name = tree.Name(quantity, Span(file, end - len(quantity), end))
    return (tree.Name(label, Span(file, start, start + len(label))) if dot else None), name


def _is_broken(cell: tree.Body) -> bool:
    """Whether a mistake in a cell has been told."""
    return any(isinstance(each, tree.Broken) for each in cell.statements)
