"""A spec to coloured tokens: the Pygments lexer, for documents, notebooks, terminals and forges that colour with it.

It follows the places where a word means something: `net` is a keyword where a statement begins, and a name behind `-`.
The words themselves are those of `vocabulary`. It never refuses a text; what cannot stand in a spec is an Error token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import RegexLexer, bygroups, default, include, words
from pygments.lexers.python import PythonLexer
from pygments.token import (
    STANDARD_TYPES,
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from netdsl.tools.vocabulary import vocabulary

_KNOWN = vocabulary()
_SPACE = r"[ \t\r\u00a0]"
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_END = r"(?![A-Za-z0-9_])"
_VARIANT = r"[A-Za-z0-9._/-]+"
_COMPUTED = rf"(?:-{_SPACE}*)?\{{[^{{}}\n]*\}}{_SPACE}*(?:[A-Za-z0-9_]+{_SPACE}*)?:"


_NOTHING = bygroups()
"""For a pattern that only looks ahead."""


def _words(*lists: tuple[str, ...], end: str = _END) -> words:
    """One of the words, in any case, and then the pattern `end`."""
    return words([word for each in lists for word in each], prefix="(?i:", suffix=f"){end}")


def _keyword(word: str, *behind: str) -> str:
    """A pattern for one keyword, and for the patterns behind it: a group for each."""
    return rf"((?i:{word}){_END})" + "".join(f"({each})" for each in behind)


def _operator() -> str:
    """A pattern for an operator in front of its notation: a group for its name, and one for its kernel."""
    phrases = [rf"{one}(?:{_SPACE}*-{_SPACE}*|{_SPACE}+){two}" for one, two in reversed(_KNOWN.phrases)]
    names = "|".join([*phrases, *sorted(_KNOWN.operators, key=len, reverse=True)])
    return rf"((?i:{names}))([0-9]+(?:[x×][0-9]+)*)?(?:{_END}|(?=[x×]\{{))"


_OPENING = {"block", "expect", "extends", "input", "net", "param", "property", "reported", "table"}
"""Words of statements behind which something of their own stands."""


class NetLexer(RegexLexer):  # type: ignore[misc]
    """Colours the `.net` language.

    Statements' words are keywords, operators are built-in names, blocks are functions, and labels are labels; variants
    and names of networks are classes, named arguments are attributes.
    """

    name = "netdsl"
    aliases: ClassVar[list[str]] = ["netdsl", "net"]
    filenames: ClassVar[list[str]] = ["*.net"]
    mimetypes: ClassVar[list[str]] = ["text/x-netdsl"]
    version_added = ""

    tokens: ClassVar = {
        # Where a statement begins, or goes on behind its first word.
        "root": [
            include("blank"),
            (r"\n", Whitespace),
            (r"[;|]", Punctuation),
            (rf"{_NAME}(?={_SPACE}*:)", Name.Label),
            (rf"{_NAME}(?={_SPACE}*{_COMPUTED})", Name.Label, "label"),
            (r":", Punctuation),
            include("statements"),
            include("items"),
            (r"\}", Punctuation, "#pop"),
            (r"[\])]", Punctuation),
        ],
        "statements": [
            (_keyword("net"), Keyword, "network"),
            (_keyword("block", rf"{_SPACE}*", _NAME), bygroups(Keyword, Whitespace, Name.Function)),
            (_keyword("takes", rf"(?={_SPACE}+[A-Za-z_])"), bygroups(Keyword, None), "takes"),
            (_keyword("input", rf"{_SPACE}*", rf"{_NAME}", rf"{_SPACE}*(?=:)"),
             bygroups(Keyword, Whitespace, Name.Label, Whitespace), "input"),
            (_keyword("input"), Keyword, "input"),
            (_keyword("param", rf"{_SPACE}*", _NAME), bygroups(Keyword, Whitespace, Name.Variable), "line"),
            (_keyword("expect|reported", rf"{_SPACE}*", rf"(?:{_NAME}\.)?", r"[A-Za-z0-9_.]*"),
             bygroups(Keyword, Whitespace, Name.Label, Name.Property), "line"),
            (_keyword("property"), Keyword, "property"),
            (_keyword("extends"), Keyword, "extends"),
            (_keyword("table", rf"(?={_SPACE}*(?:\#[^\n]*)?\n(?:{_SPACE}*(?:\#[^\n]*)?\n)*{_SPACE}*\|)"),
             bygroups(Keyword, None), "table"),
            (_words(tuple(word for word in _KNOWN.statements if word not in _OPENING)), Keyword),
        ],
        "items": [
            (_keyword("if"), Keyword, "condition"),
            (_operator(), bygroups(Name.Builtin, Number.Integer), "kernel"),
            (_words(_KNOWN.conditions, _KNOWN.joins), Keyword),
            (_keyword("aux|output", rf"{_SPACE}*", _NAME), bygroups(Keyword, Whitespace, Name.Label), "seen"),
            (_keyword("reuse", rf"{_SPACE}*", r"\(", rf"{_SPACE}*", _NAME),
             bygroups(Keyword, Whitespace, Punctuation, Whitespace, Name.Label), ("arguments", "seen")),
            (_words(_KNOWN.items), Keyword),
            include("goto"),
            (rf"([x×])({_SPACE}*)([0-9]+){_END}", bygroups(Operator, Whitespace, Number.Integer)),
            (rf"([x×])({_SPACE}*)(\{{)", bygroups(Operator, Whitespace, Punctuation), "computed"),
            (_keyword("as", rf"{_SPACE}+", _NAME), bygroups(Keyword, Whitespace, Name.Variable)),
            (_NAME, Name.Function, "kernel"),
            (r"->|[-/]", Operator, "part"),
            (r"\(", Punctuation, "arguments"),
            (r"\[", Punctuation, "list"),
            (r"\{", Punctuation, "root"),
            include("numbers"),
            (r"\"", String.Double, "string"),
        ],
        "kernel": [
            (rf"({_SPACE}*)(\{{)", bygroups(Whitespace, Punctuation), ("#pop", "sizes", "computed")),
            default(("#pop", "sizes")),
        ],
        # Behind a size: the others, each with an `x` that touches the one before.
        "sizes": [
            (r"([x×])(\{)", bygroups(Operator, Punctuation), "computed"),
            (rf"(?<=\}})([x×])([0-9]+(?:[x×][0-9]+)*)(?:{_END}|(?=[x×]\{{))", bygroups(Operator, Number.Integer)),
            default("#pop"),
        ],
        # Behind a label that is named: its expression, and the output of what it labels.
        "seen": [
            (r"(-?)(\{)", bygroups(Operator, Punctuation), "computed"),
            (r"(?<=\})[A-Za-z0-9_]+", Name.Label),
            (rf"(\.)({_NAME})", bygroups(Operator, Name.Label)),
            default("#pop"),
        ],
        "goto": [
            (rf"(@)({_SPACE}*)({_NAME})", bygroups(Operator, Whitespace, Name.Label), "seen"),
            (r"@", Operator),
        ],
        "part": [
            (rf"{_SPACE}+", Whitespace),
            (_NAME, Name.Variable, "#pop"),
            (r"\{", Punctuation, ("#pop", "sizes", "computed")),
            default("#pop"),
        ],
        "label": [
            (rf"{_SPACE}+", Whitespace),
            (r"\{", Punctuation, "computed"),
            (r"-", Operator),
            (r"[A-Za-z0-9_]+", Name.Label),
            (r":", Punctuation, "#pop"),
            default("#pop"),
        ],
        "network": [
            (rf"{_SPACE}+", Whitespace),
            (_VARIANT, Name.Class, "#pop"),
            default("#pop"),
        ],
        "extends": [
            (r"(?=[\n;|}(])", _NOTHING, "#pop"),
            include("blank"),
            (_keyword("variant"), Keyword, ("#pop", "network")),
            (r"\"", String.Double, "string"),
            default("#pop"),
        ],
        # A table: its header names the variants, and a line of dashes may follow.
        "table": [
            include("blank"),
            (r"\n", Whitespace),
            (r"\|", Punctuation, ("#pop", "header")),
        ],
        "header": [
            include("blank"),
            (r"\|", Punctuation),
            (_VARIANT, Name.Class),
            (r"\n", Whitespace, ("#pop", "rule")),
        ],
        "rule": [
            (rf"{_SPACE}*\|(?={_SPACE}*[:|-])(?=[ \t\r\u00a0:|-]*(?:\n|\Z))[^\n]*", Punctuation, "#pop"),
            default("#pop"),
        ],
        # The inputs of a block, up to its body.
        "takes": [
            (r"(?=[\n;|}{])", _NOTHING, "#pop"),
            include("blank"),
            (_NAME, Name.Label, "taken"),
            (r",", Punctuation),
            default("#pop"),
        ],
        "taken": [
            (rf"{_SPACE}+", Whitespace),
            (rf"([x×])({_SPACE}*)([0-9]+){_END}", bygroups(Operator, Whitespace, Number.Integer), "#pop"),
            (rf"([x×])({_SPACE}*)(\{{)", bygroups(Operator, Whitespace, Punctuation), ("#pop", "computed")),
            default("#pop"),
        ],
        # Expressions: to the end of the statement, to the brace that opens a body, or to a closing bracket.
        "input": [
            (_keyword("of"), Keyword),
            include("line"),
        ],
        "property": [
            (_keyword("for|in"), Keyword),
            (r"\.+", Punctuation),
            include("line"),
        ],
        "line": [
            (r"(?=[\n;|}])", _NOTHING, "#pop"),
            (r":", Punctuation),
            include("expression"),
        ],
        "condition": [
            (r"(?=[\n;|}{])", _NOTHING, "#pop"),
            include("expression"),
        ],
        "arguments": [
            (r"\)", Punctuation, "#pop"),
            include("listed"),
        ],
        "list": [
            (r"\]", Punctuation, "#pop"),
            (r";", Punctuation),
            include("listed"),
        ],
        "computed": [
            (r"\}", Punctuation, "#pop"),
            include("listed"),
        ],
        "listed": [
            (r"\n", Whitespace),
            (r",", Punctuation),
            (rf"{_NAME}(?={_SPACE}*=(?!=))", Name.Attribute),
            include("expression"),
        ],
        "expression": [
            include("blank"),
            (_words(_KNOWN.constants), Keyword.Constant),
            (_words(_KNOWN.connectives), Operator.Word),
            (_words(_KNOWN.conditions), Keyword),
            (_words(_KNOWN.functions, end=rf"(?={_SPACE}*\()"), Name.Builtin.Pseudo),
            (words(_KNOWN.sizes, suffix=_END), Name.Builtin.Pseudo),
            (_words(_KNOWN.operators, _KNOWN.joins), Name.Builtin),
            (rf"{_NAME}(?={_SPACE}*\()", Name.Function),
            (_NAME, Name),
            include("numbers"),
            (r"\"", String.Double, "string"),
            include("goto"),
            (r"->|//|\*\*|[=!<>]=|[-+*/%<>=]", Operator),
            (r"\(", Punctuation, "arguments"),
            (r"\[", Punctuation, "list"),
            (r"\{", Punctuation, ("sizes", "computed")),
        ],
        # Atoms -----------------------------------------------------------------------------------------------------
        "blank": [
            (rf"{_SPACE}+", Whitespace),
            (r"#[^\n]*", Comment.Single),
        ],
        "string": [
            (r"[^\"\\\n]+", String.Double),
            (r"\\[^\n]", String.Escape),
            (r"\"", String.Double, "#pop"),
            default("#pop"),
        ],
        "numbers": [
            (r"[0-9]+(?:[x×][0-9]+)*(?=[x×]\{)", Number.Integer, "sizes"),
            (rf"[0-9]+(?:[x×][0-9]+)+{_END}", Number.Integer),
            (rf"[0-9]+[KMGT]?{_END}(?![.%])", Number.Integer),
            (r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?:%|[KMGT](?![A-Za-z0-9_]))?(?![A-Za-z0-9_.])",
             Number.Float),
            (r"\.?[0-9][A-Za-z0-9_.×]*", Error),
        ],
    }  # fmt: skip


def colored(text: str, language: str) -> str:
    """A text as HTML with the classes of `styles`; `language` is `netdsl` or `python`."""
    lexer = NetLexer() if language == "netdsl" else PythonLexer()
    found: str = highlight(text, lexer, HtmlFormatter(cssclass="code"))
    return found


def tokens(text: str, language: str) -> Iterator[tuple[str, str]]:
    """The tokens of a text, as the short class that `styles` colours and the characters; all of them together are the
    text."""
    lexer = NetLexer() if language == "netdsl" else PythonLexer()
    for _, kind, value in lexer.get_tokens_unprocessed(text):
        while kind not in STANDARD_TYPES:
            kind = kind.parent
        yield STANDARD_TYPES[kind], value


def styles() -> str:
    """The colours of coloured texts, for light pages and dark ones."""
    light = HtmlFormatter(style="friendly", cssclass="code").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark", cssclass="code").get_style_defs(".code")
    plain = ".code, .code pre { background: var(--code) !important; }\n"
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}\n{plain}"
