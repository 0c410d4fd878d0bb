"""The TextMate grammar of the extension, made of the words of the language.

    python editors/vscode/scripts/grammar.py            write syntaxes/netdsl.tmLanguage.json
    python editors/vscode/scripts/grammar.py --check    exit 1 if the file is not what would be written

Operators, their other names and the keywords are those of `netdsl.tools.vocabulary`, so the file is made again when an
operator is added; a test of netdsl says when. A TextMate grammar sees one line at a time and no context: where a
statement begins is the start of a line, or behind `;`, `{` and `|`. What only the compiler knows, the language server
tells.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from netdsl.tools.vocabulary import Vocabulary, vocabulary

TARGET = Path(__file__).parent.parent / "syntaxes" / "netdsl.tmLanguage.json"

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
END = r"(?![A-Za-z0-9_])"
BEGIN = r"(?<![A-Za-z0-9_.@])"
START = r"(?:^|(?<=[;{|]))\s*"
VARIANT = r"[A-Za-z0-9._/-]+"
PART = rf"[0-9]+(?:[x×][0-9]+)*{END}|{NAME}"
OPENING = ("block", "expect", "extends", "input", "net", "param", "property", "reported", "table")

Rule = dict[str, Any]


def one_of(words: Iterable[str]) -> str:
    return "(?i:" + "|".join(sorted(words, key=lambda word: (-len(word), word))) + ")"


def rule(match: str, *scopes: str) -> Rule:
    """A rule whose groups have the scopes; an empty scope is none."""
    captures = {str(number): {"name": f"{scope}.netdsl"} for number, scope in enumerate(scopes, 1) if scope}
    return {"match": match, "captures": captures}


def grammar(known: Vocabulary) -> Rule:
    """The grammar as plain data."""
    phrases = [rf"{first}(?:\s*-\s*|\s+){second}" for first, second in known.phrases]
    operator = one_of([*known.operators, *phrases])
    functions = set(known.joins) & set(known.functions)  # `max { a | b }`, and `max(a, b)` in an expression
    words = {*known.items, *known.joins} - functions
    plain = [word for word in known.statements if word not in OPENING]
    geometry = rf"(?:\s*(-)\s*({PART}))?(?:\s*(/)\s*({PART}))?"
    statement, item, number = "keyword.other.statement", "keyword.control.item", "constant.numeric"
    label, punctuation = "variable.other.label", "punctuation.separator"
    repository: dict[str, Rule] = {
        "comment": {"match": "#.*$", "name": "comment.line.number-sign.netdsl"},
        "string": {
            "begin": '"', "end": '"|$', "name": "string.quoted.double.netdsl",
            "patterns": [{"match": r"\\.", "name": "constant.character.escape.netdsl"}],
        },
        # The header of a table names its variants.
        "table": {
            "begin": rf"{START}((?i:table))(?=\s*(?:#.*)?$)",
            "beginCaptures": {"1": {"name": f"{statement}.netdsl"}},
            "end": r"(?<=\|)(?=\s*(?:#.*)?$)|^(?=\s*[^|\s#])|^(?=\s*\|\s*:?-)",
            "patterns": [
                {"include": "#comment"},
                {"match": r"\|", "name": "punctuation.separator.table.netdsl"},
                {"match": VARIANT, "name": "entity.name.type.variant.netdsl"},
            ],
        },
        "ruler": {"match": r"^\s*\|(?=[^-\n]*-)[\s:|-]*$", "name": "punctuation.separator.table.netdsl"},
        "statement": {
            "patterns": [
                rule(rf"{START}((?i:net))\s+({VARIANT})", statement, "entity.name.type.network"),
                rule(rf"{START}((?i:block))\s+({NAME})", statement, "entity.name.function.block"),
                rule(rf"{START}((?i:input))(?:\s+({NAME})\s*(:))?(?!\s*:){END}", statement, label, punctuation),
                rule(rf"{START}((?i:param))\s+({NAME})", statement, "variable.parameter"),
                rule(
                    rf"{START}((?i:expect|reported))\s+(?:({NAME})(\.))?([A-Za-z0-9_.]+)",
                    statement, label, punctuation, "variable.other.property.figure",
                ),
                rule(rf"{START}((?i:extends|property)){END}(?!\s*:)", statement),
                rule(rf"(?<=[\w)])\s+((?i:for))\s+({NAME})\s+((?i:in))\s+(?=[0-9])",
                     "keyword.other.inside", "variable.parameter", "keyword.other.inside"),
                rule(
                    rf"{BEGIN}((?i:variant))\s+({VARIANT})", "keyword.other.inside", "entity.name.type.variant"
                ),
                rule(rf"(?<=[\w)])\s+((?i:takes))\s+({NAME})", "keyword.other.inside", label),
                rule(r"(?<=[0-9}])\s+((?i:of))\s+(?=[0-9A-Za-z_{])", "keyword.other.inside"),
                rule(rf"{START}({one_of(plain)}){END}(?!\s*:)", statement),
            ]
        },
        "label": {
            "patterns": [
                rule(rf"{START}({NAME})\s*(:)", label, punctuation),
                rule(rf"{START}({NAME})(?=\s*(?:-\s*)?\{{[^{{}}]*\}}\s*(?:[A-Za-z0-9_]+\s*)?:)", label),
                rule(rf"(@)\s*({NAME})(?:(\.)({NAME}))?", "keyword.operator.goto", label, punctuation, label),
                rule(rf"(?<=\}})(\.)({NAME})", punctuation, label),
                rule(rf"{BEGIN}((?i:reuse))\s*\(\s*({NAME})", item, label),
                rule(rf"{BEGIN}((?i:aux|output))\s+({NAME})", item, label),
            ]
        },
        "item": {
            "patterns": [
                rule(rf"{BEGIN}({one_of(words)}){END}(?!\s*:)", item),
                rule(rf"{BEGIN}({one_of(functions)}){END}(?=\s*(?:\([^()]*\)\s*)?[x×{{])", item),
                rule(rf"{BEGIN}({one_of(known.conditions)}){END}", "keyword.control.conditional"),
                rule(rf"{BEGIN}([x×])\s*([0-9]+){END}", "keyword.operator.repeat", number),
                rule(rf"{BEGIN}([x×])(?=\s*\{{)", "keyword.operator.repeat"),
                rule(r"(?<=[0-9}])([x×])(?=\{)", "keyword.operator.geometry"),
                rule(rf"{BEGIN}((?i:as))\s+({NAME})", "keyword.other.inside", "variable.parameter"),
                rule(r"(->)(?:\s*([0-9]+(?:[x×][0-9]+)*))?", "keyword.operator.claim", f"{number}.shape"),
            ]
        },
        "operator": rule(
            rf"{BEGIN}({operator})([0-9]+(?:[x×][0-9]+)*)?(?:{END}|(?=[x×]\{{)){geometry}",
            "support.type.operator", number,
            "keyword.operator.geometry", "variable.parameter", "keyword.operator.geometry", "variable.parameter",
        ),
        "call": {
            "patterns": [
                rule(rf"{BEGIN}({one_of(known.functions)})(?=\s*\()", "support.function.builtin"),
                rule(rf"{BEGIN}({'|'.join(known.blocks)})(?=\s*[(/]){geometry}", "support.function.block"),
                rule(rf"{BEGIN}({NAME})(?=\s*\()", "entity.name.function.call"),
            ]
        },
        "argument": rule(rf"{BEGIN}({NAME})\s*(=)(?!=)", "variable.parameter.argument", "keyword.operator.assignment"),
        "parentheses": _brackets("(", ")", "parens"),
        "brackets": _brackets("[", "]", "brackets"),
        "word": {
            "patterns": [
                rule(rf"{BEGIN}({one_of(known.constants)}){END}", "constant.language"),
                rule(rf"{BEGIN}({one_of(known.connectives)}){END}", "keyword.operator.logical"),
                rule(rf"{BEGIN}({'|'.join(known.sizes)}){END}", "variable.language"),
                rule(rf"{BEGIN}({NAME})", "variable.other"),
            ]
        },
        "number": {
            "patterns": [
                rule(rf"{BEGIN}([0-9]+(?:[x×][0-9]+)+){END}", f"{number}.shape"),
                rule(rf"{BEGIN}([0-9]+(?:[x×][0-9]+)*)(?=[x×]\{{)", f"{number}.shape"),
                rule(
                    rf"{BEGIN}((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?:%|[KMGT]{END})?)(?![A-Za-z0-9_.])",
                    number,
                ),
            ]
        },
        "sign": {
            "patterns": [
                {"match": r"[{}]", "name": "punctuation.section.braces.netdsl"},
                {"match": r"\|", "name": "punctuation.separator.branch.netdsl"},
                {"match": r"[;,:]", "name": "punctuation.separator.netdsl"},
                {"match": r"//|\*\*|[=!<>]=|[-+*/%<>=]", "name": "keyword.operator.netdsl"},
            ]
        },
    }  # fmt: skip
    for part in repository["operator"]["captures"].values():
        if part["name"].startswith("variable.parameter"):
            # a number or a param: the group is looked at again
            part.pop("name")
            part["patterns"] = [{"include": "#number"}, rule(f"({NAME})", "variable.parameter")]
    order = (
        "comment", "string", "table", "ruler", "statement", "label", "item", "operator", "call", "parentheses",
        "brackets", "word", "number", "sign",
    )  # fmt: skip
    return {
        "information_for_contributors": ["Made by scripts/grammar.py; do not edit."],
        "name": "netdsl",
        "scopeName": "source.netdsl",
        "fileTypes": ["net"],
        "patterns": [{"include": f"#{each}"} for each in order],
        "repository": repository,
    }


def _brackets(opening: str, closing: str, kind: str) -> Rule:
    scope = f"punctuation.section.{kind}"
    return {
        "begin": rf"\{opening}", "beginCaptures": {"0": {"name": f"{scope}.begin.netdsl"}},
        "end": rf"\{closing}", "endCaptures": {"0": {"name": f"{scope}.end.netdsl"}},
        "patterns": [{"include": "#argument"}, {"include": "$self"}],
    }  # fmt: skip


def text() -> str:
    """The file's text."""
    return json.dumps(grammar(vocabulary()), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    if "--check" in sys.argv[1:]:
        same = TARGET.is_file() and TARGET.read_text("utf-8") == text()
        print(f"{TARGET.name} is {'as it should be' if same else 'out of date: run scripts/grammar.py'}")
        return 0 if same else 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text(), "utf-8")
    print(f"wrote {TARGET}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
