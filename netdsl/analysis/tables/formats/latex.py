r"""A table in LaTeX with booktabs, and LaTeX's `tabular` back.

It is a `table` for a document that has `\usepackage{booktabs}`. A cell over several rows stands in the first of them,
which needs no package more. A table that is wider than the text is set as wide as that. Every character is escaped;
what pdfLaTeX could not print is written as its escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from netdsl.analysis.tables.model import Cell, Row, Table, placed
from netdsl.text.source import Source
from netdsl.text.visible import visible

ENDINGS = (".tex", ".latex")
COMMENT = "% {}"
_ESCAPES = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": "{-}",
    "[": "{[}",
    "]": "{]}",
    "×": r"$\times$",
    **{char: f"$^{number}$" for number, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    "·": r"$\cdot$",
}
_NEEDS = "% needs \\usepackage[T1]{fontenc} and \\usepackage{booktabs, graphicx, textcomp}\n"
_ROOMY = 6
"""With more columns than these they stand closer."""
_FITTED = "\\ifdim\\wd0>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox0}\\else\\usebox0\\fi"


def write(tables: Sequence[Table]) -> str:
    """The tables, each a float of its own."""
    return _NEEDS + "\n".join(map(_table, tables))


def _table(table: Table) -> str:
    columns = "".join("r" if column in table.right else "l" for column in range(table.width))
    close = "\\setlength{\\tabcolsep}{3pt}" if table.width > _ROOMY else ""
    written = [
        "\\begin{table}",
        f"\\caption{{{escaped(table.title)}}}",
        f"\\centering{close}\n\\sbox0{{%\n\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
    ]
    for number, row in enumerate(placed(table)):
        if number == len(table.head) or number - len(table.head) in table.rules:
            written.append("\\midrule")
        written.append(" & ".join("" if place.below else _cell(place.cell) for place in row) + r" \\")
    written += ["\\bottomrule", "\\end{tabular}}%", _FITTED]
    written += ["\\par\\smallskip\\raggedright"] if table.notes else []
    written += [f"{{\\footnotesize {escaped(note)}}}\\par" for note in table.notes]
    return "\n".join([*written, "\\end{table}"]) + "\n"


def _cell(cell: Cell) -> str:
    if cell.times is not None:
        rows = r" \\ ".join(f"\\mbox{{{escaped(line)}}}" for line in cell.lines)
        text = f"$\\left[\\begin{{array}}{{l}}{rows}\\end{{array}}\\right]\\times {cell.times}$"
    elif len(cell.lines) > 1:
        text = r"\begin{tabular}{@{}l@{}}" + r" \\ ".join(map(escaped, cell.lines)) + r"\end{tabular}"
    else:
        text = escaped(cell.text)
    return f"\\multicolumn{{{cell.columns}}}{{c}}{{{text}}}" if cell.columns > 1 else text


def escaped(text: str) -> str:
    """Text that LaTeX sets as it is."""
    found = []
    for char in visible(text):
        if char not in _ESCAPES and ord(char) > 0xFF:
            found += [_ESCAPES.get(each, each) for each in ascii(char)[1:-1]]
        else:
            found.append(_ESCAPES.get(char, char))
    return "".join(found)


def fits(text: str) -> bool:
    """Whether there is a `tabular` in it."""
    return re.search(r"\\begin\s*\{tabular[x*]?\}", text) is not None


def read(source: Source) -> list[Table]:
    """The tables of a text, each with its caption, and with what is set small behind it as notes."""
    text = re.sub(r"(?<!\\)%[^\n]*", lambda found: " " * len(found[0]), source.text)
    found = []
    at = 0
    while (begin := re.compile(r"\\begin\s*\{(tabular[x*]?)\}").search(text, at)) is not None:
        start = _arguments(text, begin.end())
        end = _end(text, start)
        rows = _uncovered(*zip(*_rows(source, text, start, end), strict=True))
        behind = text.find("\\begin{table", end)
        rest = text[end : behind if behind >= 0 else len(text)]
        notes = tuple(plain(each) for each in re.findall(r"\{\\footnotesize ((?:[^{}]|\{[^{}]*\})*)\}", rest))
        before = text[text.rfind("\\begin{table", 0, begin.start()) + 1 : begin.start()]
        caption = re.search(r"\\caption\{((?:[^{}]|\{[^{}]*\})*)\}", before)
        found.append(Table(plain(caption[1]) if caption else "", (), rows, notes))
        at = end
    return found


def _uncovered(rows: Sequence[Sequence[Cell]], ruled: Sequence[bool]) -> tuple[Row, ...]:
    """The rows that hold something, without the empty cells that LaTeX wants below one that covers several rows. No
    cell covers what is behind a rule over the whole table, however high its writer made it look."""
    filled = [any(cell.lines for cell in row) for row in rows]
    found: list[Row] = []
    covered: dict[int, int] = {}  # by column, up to which row
    for number, row in enumerate(rows):
        kept, column = [], 0
        for cell in row:
            if cell.lines or covered.get(column, 0) <= number:
                end = next((each for each in range(number + 1, len(rows)) if ruled[each]), len(rows))
                end = min(number + cell.rows, end)
                kept.append(replace(cell, rows=max(sum(filled[number:end]), 1)))
                covered |= {column: end} if cell.lines else {}
            column += cell.columns
        found += [tuple(kept)] if filled[number] else []
    return tuple(found)


def _arguments(text: str, at: int) -> int:
    """Behind the arguments of `tabular`: its columns, perhaps its width and place."""
    while (found := re.compile(r"\s*([\[{])").match(text, at)) is not None:
        at = _close(text, found.end() - 1)
    return at


_RULE = re.compile(r"\s*\\(?:hline|toprule|midrule|bottomrule)")


def _close(text: str, at: int) -> int:
    """Behind the bracket that closes the one at `at`."""
    pair = {"{": "}", "[": "]"}[text[at]]
    depth = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in "{" + (text[at] if text[at] == "[" and pair == "]" else ""):
            depth += 1
        elif text[at] == "}" or text[at] == pair:
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return at


def _end(text: str, at: int) -> int:
    """Where the environment ends that has begun before `at`."""
    depth = 1
    for found in re.compile(r"\\(begin|end)\s*\{[^}]*\}").finditer(text, at):
        depth += 1 if found[1] == "begin" else -1
        if depth == 0:
            return found.start()
    return len(text)


def _rows(source: Source, text: str, start: int, end: int) -> Iterator[tuple[list[Cell], bool]]:
    """The rows, and whether a rule stands above each."""
    row: list[Cell] = []
    above = start
    begin, at, depth = start, start, 0
    inner = re.compile(r"\\(begin|end)\s*\{[^}]*\}|\\\\(?:\s*\[[^\]]*\])?|\\tabularnewline|\\[&{}%]|[{}&]")
    for found in inner.finditer(text, start, end):
        mark = found[0]
        at = found.start()
        if mark == "{" or found[1] == "begin":
            depth += 1
        elif mark == "}" or found[1] == "end":
            depth -= 1
        elif depth == 0 and (mark == "&" or mark.startswith(("\\\\", "\\tabularnewline"))):
            row.append(_read(source, text, begin, at))
            begin = found.end()
            if mark != "&":
                yield row, _RULE.match(text, above) is not None
                row, above = [], begin
    row.append(_read(source, text, begin, end))
    yield row, True


def _read(source: Source, text: str, begin: int, end: int) -> Cell:
    """The cell of a stretch of the text."""
    written = text[begin:end]
    written = re.sub(
        r"\\(hline|toprule|midrule|bottomrule|(?:cmidrule|cline)\s*(?:\([^)]*\))?\s*\{[^}]*\})(\[[^\]]*\])?",
        " ",
        written,
    ).strip()
    columns = rows = 1
    for _ in range(2):  # one in the other: over columns, and over rows
        found = re.match(r"\\multi(column|row)\s*(?:\[[^\]]*\])?\s*\{\s*(-?\d+)\s*\}", written)
        if found is None:
            break
        size = min(abs(int(found[2])), 1000) or 1
        columns, rows = (size, rows) if found[1] == "column" else (columns, size)
        at = found.end()
        parts = []
        while at < len(written) and (more := re.compile(r"\s*(?:\[[^\]]*\]\s*)?\{").match(written, at)) is not None:
            close = _close(written, more.end() - 1)
            parts.append(written[more.end() : close - 1])
            at = close
        written = parts[-1].strip() if parts else ""
    inside = re.fullmatch(
        r"\\(?:makecell|shortstack)(?:\[[^\]]*\])?\{(.*)\}|\\begin\{tabular\}(?:\[.\])?\{(?:@\{\})?\w(?:@\{\})?\}(.*)\\end\{tabular\}",
        written,
        re.DOTALL,
    )
    lines = re.split(r"\\\\(?:\s*\[[^\]]*\])?", inside[1] or inside[2] or "") if inside else [written]
    spelled = tuple(text for each in lines if (text := plain(each)))
    first = begin + len(text[begin:end]) - len(text[begin:end].lstrip())
    return Cell(spelled, columns, rows, span=source.span(min(first, end), end))


def plain(text: str) -> str:
    """The text that LaTeX shows, in one line; a stack in brackets is `[a; b]×2`."""
    text = re.sub(r"\\[()]", "", text)
    text = re.sub(r"\\(?:left|right|big|Big|bigl|bigr)\s*(?=[\[\].()|\\])", "", text)
    text = re.sub(r"\\begin\{bmatrix\}", "[", text)
    text = re.sub(r"\\end\{bmatrix\}", "]", text)
    text = re.sub(
        r"\\begin\{(?:array|matrix|tabular|split|aligned)\}(?:\[.\])?(?:\{[^{}]*\})?|\\end\{(?:array|matrix|tabular|split|aligned)\}",
        "",
        text,
    )
    for _ in range(3):
        text = re.sub(
            r"\\(?:text|textbf|textit|textrm|texttt|textsf|emph|mathrm|mathbf|mathit|mbox|operatorname|underline|small|bf)\s*\{([^{}]*)\}",
            r"\1",
            text,
        )
    text = re.sub(r"\\(?:footnotemark|footnote|tnote|cite|ref|label)\s*(?:\[[^\]]*\])?(?:\{[^{}]*\})?", "", text)
    for command, char in (
        *(("times", "×"), ("cdot", "·"), ("textbackslash", "\0"), ("textasciitilde", "~"), ("textasciicircum", "^")),
        *(("textless", "<"), ("textgreater", ">"), ("textbar", "|"), ("textquotedbl", '"'), ("textquotesingle", "'")),
        *(("textasciigrave", "`"), ("dagger", "†"), ("ddagger", "‡"), ("bullet", ""), ("quad", " "), ("qquad", " ")),
    ):
        text = re.sub(rf"\\{command}(?![A-Za-z])\s*(?:\{{\}})?", char, text)
    text = re.sub(r"\\\\(?:\s*\[[^\]]*\])?", "; ", text)
    text = re.sub(r"\\([&%$#_{}])", r"\1", text)
    text = re.sub(r"\\[,;:! ]", " ", text)
    text = re.sub(r"\\(?:footnotesize|scriptsize|small|bfseries|itshape|centering|rm|bf|it)(?![A-Za-z])", "", text)
    text = text.replace("{-}", "-").replace("{[}", "[").replace("{]}", "]")
    text = re.sub(r"\^\{([^{}]*)\}", r"^\1", text)
    text = re.sub(r"(?<!\\)[{}$]", "", text).replace("~", " ").replace("\0", "\\")
    return " ".join(text.split())
