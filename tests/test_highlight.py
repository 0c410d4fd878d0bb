"""Colours: the laws of the Pygments lexer, and that no word of the language is forgotten."""

from __future__ import annotations

import random
import time
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String

from netdsl import ops
from netdsl.syntax.lex import KEYWORDS
from netdsl.tools.highlight import NetLexer
from netdsl.tools.vocabulary import vocabulary

ROOT = Path(__file__).parent.parent
SPECS = sorted(
    path
    for folder in ("specs", "netdsl/std", "examples", "tests/nets", "tests/syntax")
    for path in (ROOT / folder).glob("*.net")
)
LEXER = NetLexer(stripnl=False, ensurenl=False)


def tokens(text: str) -> list[tuple[object, str]]:
    """The tokens of a text, without white space."""
    return [(kind, value) for kind, value in LEXER.get_tokens(text) if value.strip()]


def kinds(text: str) -> dict[str, object]:
    """What each piece of a text is; the last of equal ones counts."""
    return {value: kind for kind, value in tokens(text)}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_every_spec_is_coloured_whole_and_without_error(path: Path) -> None:
    text = path.read_text("utf-8")
    found = list(LEXER.get_tokens_unprocessed(text))
    assert "".join(value for _, _, value in found) == text
    assert not [value for _, kind, value in found if kind is Error]


PIECES = ["net ", "input ", "table\n|a|b|\n|-|-|\n", "|", "x4", "x{", "conv3-64/2", "conv{k}", "a:", "a{i}:", "@a", "->", "3x7",
          "40%", "1e-", ".5", '"', "\\", "#", "\n", ";", "(", ")", "[", "]", "{", "}", "=", "if ", "as i", "é", "×", "\0", " ",
          "{n}x", "3x{", "@a.b", "takes a", "of 3", "**", "output a:", "max"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40))
def test_no_text_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    at = 0
    for start, _, value in LEXER.get_tokens_unprocessed(text):
        assert start == at and value
        at += len(value)
    assert at == len(text)


@pytest.mark.parametrize("path", SPECS[:6], ids=lambda path: path.name)
def test_no_damaged_spec_is_lost(path: Path) -> None:
    text = path.read_text("utf-8")
    rng = random.Random(path.name)
    for _ in range(20):
        start = rng.randrange(len(text))
        damaged = text[:start] + text[start + rng.randrange(20) :]
        assert "".join(value for _, _, value in LEXER.get_tokens_unprocessed(damaged)) == damaged


@pytest.mark.parametrize("name", ops.names())
def test_every_operator_is_coloured(name: str) -> None:
    expected = Keyword if KEYWORDS.get(name) == "JOIN" else Name.Builtin
    assert tokens(name)[0] == (expected, name)
    assert tokens(name.upper())[0] == (expected, name.upper())
    assert kinds(f"a: conv3-64(act={name})")[name] is Name.Builtin


def test_every_name_that_the_language_reads_is_coloured() -> None:
    from netdsl.syntax import parse
    from netdsl.syntax.tree import Layer, Operation
    from netdsl.text.diagnostics import Report
    from netdsl.text.source import Source

    seen = 0
    for name in ops.names():
        for alias in ops.find(name).aliases:
            report = Report()
            statements = parse(Source("a", alias), report).statements
            item = statements[0].item if len(statements) == 1 and isinstance(statements[0], Layer) else None
            if not len(report) and isinstance(item, Operation) and item.head.text == alias:
                assert tokens(alias) == [(Name.Builtin, alias)]
                seen += 1
    assert seen > 30


# One text for each keyword, in which it is one.
PLACES = {
    "source": 'source "a"', "use": 'use "a"', "extends": 'extends "a"', "default": "default conv(act=relu)",
    "train": "train(batch=1)", "table": "table\n| a |", "if": "if a { relu }", "else": "if a { relu } else { relu }",
    "and": "param a = b and c", "or": "param a = b or c", "not": "param a = not b", "true": "param a = true",
    "false": "param a = false", "none": "param a = none", "as": "relu x4 as i", "variant": 'extends "a" variant b',
    "reuse": "reuse(a)", "residual": "residual { relu }", "input": "input 3x7x7", "concat": "concat { relu | relu }",
    "add": "add { relu | relu }", "mul": "mul { relu | relu }", "expect": "expect depth = 3", "reported": "reported a = 3",
    "max": "max { relu | relu }", "mean": "mean x2 { relu }", "matmul": "matmul { relu | relu }",
    "property": "property a == 3", "for": "property a == 3 for b in 2..9", "in": "property a == 3 for b in 2..9",
    "of": "input 7 of 30", "takes": "block a takes b { relu }", "param": "param a = 3", "net": "net A", "block": "block a() { relu }", "aux": "aux a { relu }", "output": "output a",
}  # fmt: skip


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_every_keyword_is_coloured_in_its_place_and_a_name_elsewhere(word: str) -> None:
    for text, written in ((PLACES[word], word), (PLACES[word].replace(word, word.upper(), 1), word.upper())):
        kind = kinds(text)[written]
        assert kind in Keyword or kind is Operator.Word, text
    assert tokens(f"{word}: relu")[0] == (Name.Label, word)
    assert kinds(f"conv3-{word}")[word] is Name.Variable
    assert kinds(f"a(relu, {word}=1)")[word] is Name.Attribute


def test_the_vocabulary_has_every_keyword_once() -> None:
    known = vocabulary()
    lists = (
        known.statements,
        known.items,
        known.joins,
        known.conditions,
        known.connectives,
        known.inside,
        known.constants,
    )
    assert sorted(word for each in lists for word in each) == sorted(KEYWORDS)
    assert {"inception", "se"} <= set(known.blocks) and "relu6" in known.operators
    assert ("max", "pool") in known.phrases and ("batch", "norm") not in known.phrases


EXAMPLE = """\
net VGG-19   # column E
source "Table 1, \\"E\\""
input 3x224x224
param classes = 1_0 if true else 60K

table
| A-LRN | 50-layer |
|-------|:--------:|
| conv1: conv3-64/2(act=relu, pad=[1, 0]) x2 -> 3x7x7 | max-pool3/2 |

block cell(out, k=3) { conv{k}-out }
layer{i + 1}: inception(64) x{n} as i
concat { @conv1 | dropout(40%) }
expect conv1.params = 1.8G
"""


def test_an_example() -> None:
    integer = Number.Integer
    expected = [
        (Keyword, "net"), (Name.Class, "VGG-19"), (Comment.Single, "# column E"),
        (Keyword, "source"), (String.Double, '"'), (String.Double, "Table 1, "), (String.Escape, '\\"'), (String.Double, "E"),
        (String.Escape, '\\"'), (String.Double, '"'),
        (Keyword, "input"), (integer, "3x224x224"),
        (Keyword, "param"), (Name.Variable, "classes"), (Operator, "="), (Error, "1_0"), (Keyword, "if"),
        (Keyword.Constant, "true"), (Keyword, "else"), (integer, "60K"),
        (Keyword, "table"), "|", (Name.Class, "A-LRN"), "|", (Name.Class, "50-layer"), "|", "|-------|:--------:|",
        "|", (Name.Label, "conv1"), ":", (Name.Builtin, "conv"), (integer, "3"), (Operator, "-"), (integer, "64"),
        (Operator, "/"), (integer, "2"), "(", (Name.Attribute, "act"), (Operator, "="), (Name.Builtin, "relu"), ",",
        (Name.Attribute, "pad"), (Operator, "="), "[", (integer, "1"), ",", (integer, "0"), "]", ")",
        (Operator, "x"), (integer, "2"), (Operator, "->"), (integer, "3x7x7"),
        "|", (Name.Builtin, "max-pool"), (integer, "3"), (Operator, "/"), (integer, "2"), "|",
        (Keyword, "block"), (Name.Function, "cell"), "(", (Name, "out"), ",", (Name.Attribute, "k"), (Operator, "="),
        (integer, "3"), ")", "{", (Name.Builtin, "conv"), "{", (Name, "k"), "}", (Operator, "-"), (Name.Variable, "out"), "}",
        (Name.Label, "layer"), "{", (Name, "i"), (Operator, "+"), (integer, "1"), "}", ":", (Name.Function, "inception"), "(",
        (integer, "64"), ")", (Operator, "x"), "{", (Name, "n"), "}", (Keyword, "as"), (Name.Variable, "i"),
        (Keyword, "concat"), "{", (Operator, "@"), (Name.Label, "conv1"), "|", (Name.Builtin, "dropout"), "(",
        (Number.Float, "40%"), ")", "}",
        (Keyword, "expect"), (Name.Label, "conv1."), (Name.Property, "params"), (Operator, "="), (Number.Float, "1.8G"),
    ]  # fmt: skip
    assert tokens(EXAMPLE) == [(Punctuation, each) if isinstance(each, str) else each for each in expected]


SEVERAL = """\
net ViT-B/16
input words: 128 of 30000
input 3x{n}x{n}
block exchange(c) takes map x{n}, low {
  output map{i}: max x{n} as j { @unit{j}.low }
}
conv1x{k}x3-{c}x2/1x{s}(like=@x.y) -> {c}x32
MAX(act=relu) x2 as i { max pool3x3x3 | x3 { relu } }
reuse(s{i}) { @a | @b }
param a = 2 ** max(1, n)
of: takes
"""


def test_branches_inputs_and_sizes() -> None:
    integer = Number.Integer
    expected = [
        (Keyword, "net"), (Name.Class, "ViT-B/16"),
        (Keyword, "input"), (Name.Label, "words"), ":", (integer, "128"), (Keyword, "of"), (integer, "30000"),
        (Keyword, "input"), (integer, "3"), (Operator, "x"), "{", (Name, "n"), "}", (Operator, "x"), "{", (Name, "n"), "}",
        (Keyword, "block"), (Name.Function, "exchange"), "(", (Name, "c"), ")", (Keyword, "takes"), (Name.Label, "map"),
        (Operator, "x"), "{", (Name, "n"), "}", ",", (Name.Label, "low"), "{",
        (Keyword, "output"), (Name.Label, "map"), "{", (Name, "i"), "}", ":", (Keyword, "max"), (Operator, "x"), "{",
        (Name, "n"), "}", (Keyword, "as"), (Name.Variable, "j"), "{", (Operator, "@"), (Name.Label, "unit"), "{", (Name, "j"),
        "}", (Operator, "."), (Name.Label, "low"), "}", "}",
        (Name.Builtin, "conv"), (integer, "1"), (Operator, "x"), "{", (Name, "k"), "}", (Operator, "x"), (integer, "3"),
        (Operator, "-"), "{", (Name, "c"), "}", (Operator, "x"), (integer, "2"), (Operator, "/"), (integer, "1"),
        (Operator, "x"), "{", (Name, "s"), "}", "(", (Name.Attribute, "like"), (Operator, "="), (Operator, "@"),
        (Name.Label, "x"), (Operator, "."), (Name.Label, "y"), ")", (Operator, "->"), "{", (Name, "c"), "}", (Operator, "x"),
        (integer, "32"),
        (Keyword, "MAX"), "(", (Name.Attribute, "act"), (Operator, "="), (Name.Builtin, "relu"), ")", (Operator, "x"),
        (integer, "2"), (Keyword, "as"), (Name.Variable, "i"), "{", (Name.Builtin, "max pool"), (integer, "3x3x3"), "|",
        (Operator, "x"), (integer, "3"), "{", (Name.Builtin, "relu"), "}", "}",
        (Keyword, "reuse"), "(", (Name.Label, "s"), "{", (Name, "i"), "}", ")", "{", (Operator, "@"), (Name.Label, "a"), "|",
        (Operator, "@"), (Name.Label, "b"), "}",
        (Keyword, "param"), (Name.Variable, "a"), (Operator, "="), (integer, "2"), (Operator, "**"),
        (Name.Builtin.Pseudo, "max"), "(", (integer, "1"), ",", (Name, "n"), ")",
        (Name.Label, "of"), ":", (Name.Function, "takes"),
    ]  # fmt: skip
    assert tokens(SEVERAL) == [(Punctuation, each) if isinstance(each, str) else each for each in expected]


# Many tokens, and few long ones.
HOSTILE = [(unit, 20_000) for unit in ("a ", "a{", "a{}", "-", "max ", "table\n|", "|-", '"', "(", "x{", "a:", "if a ")]
HOSTILE += [(unit, 150_000) for unit in (" ", "a", "1", "1x", "#")]


@pytest.mark.parametrize("unit, size", HOSTILE)
def test_hostile_texts_take_linear_time(unit: str, size: int) -> None:
    for head in ("", "net{}", "table\n|a|\n|", "max", "a{"):
        text = head + unit * (size // len(unit)) + "?"
        start = time.process_time()
        assert sum(len(value) for _, _, value in LEXER.get_tokens_unprocessed(text)) == len(text)
        assert time.process_time() - start < 2  # usually 0.1; what is quadratic takes ten times that


def test_the_entry_point_names_the_lexer() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["pygments.lexers"]
    module, _, name = declared["netdsl"].partition(":")
    lexer = getattr(import_module(module), name)
    assert issubclass(lexer, Lexer)
    assert lexer.name == "netdsl" and lexer.aliases == ["netdsl", "net"] and lexer.filenames == ["*.net"]


def test_it_makes_html() -> None:
    page = highlight("conv3-64 # <b>", NetLexer(), HtmlFormatter())
    assert '<span class="nb">conv</span>' in page and "&lt;b&gt;" in page
