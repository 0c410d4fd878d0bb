"""The canonical layout, held by its laws: stable, equivalent, no comment lost, linear; and by what a reader would see."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_random import statements

from netdsl import ops
from netdsl.backends.text import text as written
from netdsl.compiler import compile
from netdsl.diagnostics import Report
from netdsl.formatting import formatted
from netdsl.source import Source
from netdsl.syntax import parse, tree
from netdsl.syntax.lex import Token
from netdsl.tools.cli import main

ROOT = Path(__file__).parent.parent
OWN = sorted([*ROOT.glob("specs/*.net"), *ROOT.glob("netdsl/std/*.net"), *ROOT.glob("examples/*.net")])
NETS = sorted(ROOT.glob("tests/nets/*.net"))
GOLDENS = sorted(ROOT.glob("tests/format/*.txt"))
LAW = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def snippets() -> Iterator[str]:
    """The wrong specs of the error tests: most of them can be parsed."""
    for path in sorted(ROOT.glob("tests/errors/*.txt")):
        yield from re.split(r"(?m)^=== [^\n]*\n", path.read_text("utf-8"))[1:]


TEXTS = [path.read_text("utf-8") for path in (*OWN, *NETS)]


def read(text: str) -> tuple[tree.File, list[Token]] | None:
    """Tree and tokens, or None where there is a syntax error."""
    report, tokens = Report(), list[Token]()
    file = parse(Source("a.net", text), report, tokens)
    return None if report.errors else (file, tokens)


def layout(text: str) -> str:
    found = formatted(Source("a.net", text))
    assert found is not None, text
    return found


@cache
def spelled(name: str) -> str:
    """A name as an operator's, where it is one."""
    found = ops.resolve(name)
    return name if found is None else found[0] + (found[1] or "")


def bare(node: Any) -> Any:
    """A tree without its places, and with one spelling for each operator."""
    kind = type(node)
    if kind is tuple:
        return tuple(map(bare, node))
    if not hasattr(node, "span"):
        return node
    if kind is tree.Name or kind is tree.Reference:
        return (kind, spelled(node.text if kind is tree.Name else node.name))
    if kind is tree.Literal and not isinstance(node.value, str):
        return (kind, node.value, node.text.lower() if node.value in (True, False, None) else node.text)
    return (kind, *[bare(getattr(node, name)) for name in node.__slots__ if name not in ("span", "source", "comments")])


def comments(file: tree.File) -> list[str]:
    return [comment.text for comment in file.comments]


def holds(text: str) -> str:
    """The laws for one text that can be parsed; gives its layout."""
    before = read(text)
    assert before is not None
    found = layout(text)
    after = read(found)
    assert after is not None, found
    assert layout(found) == found, "laid out again it changes"
    assert bare(after[0]) == bare(before[0])
    assert comments(after[0]) == comments(before[0])
    assert re.search(r"[ \t\r\ufeff\xa0]$|[\t\r\ufeff\xa0]", re.sub(r'"[^"\n]*"|#.*', "#", found), re.M) is None
    assert found == "" or (found[-1] == "\n" and found[0] != "\n" and found[-2:] != "\n\n" and "\n\n\n" not in found)
    return found


# Laws ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*OWN, *NETS], ids=lambda path: path.stem)
def test_specs(path: Path) -> None:
    holds(path.read_text("utf-8"))


def test_wrong_specs_are_laid_out_where_they_can_be_parsed() -> None:
    laid_out = 0
    for text in snippets():
        if read(text) is None:
            assert formatted(Source("a.net", text)) is None
        else:
            holds(text)
            laid_out += 1
    assert laid_out > 100


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_the_network_stays_the_same(path: Path) -> None:
    text = path.read_text("utf-8")
    assert compile(Source("a.net", layout(text))).network.hash == compile(path).network.hash


@pytest.mark.parametrize("name", ["vgg", "resnet", "mnasnet", "lenet5"])
def test_every_variant_stays_the_same(name: str) -> None:
    text = disturbed((ROOT / f"specs/{name}.net").read_text("utf-8"), random.Random(name))
    one, two = Source("a.net", text), Source("a.net", layout(text))
    for variant in compile(one).variants or (None,):
        assert compile(two, variant=variant).network.hash == compile(one, variant=variant).network.hash


@settings(LAW, max_examples=60)
@given(statements(), st.sampled_from(["\n", "; "]))
def test_drawn_networks(body: list[str], separator: str) -> None:
    text = "input 4x16x16\ndefault conv(init=normal(std=0.1))\n" + separator.join(body) + "\n"
    found = holds(text)
    one, two = compile(Source("a.net", text)), compile(Source("a.net", found))
    assert [each.code for each in one.report] == [each.code for each in two.report]
    if one.network is not None and one.network.complete:
        assert two.network.hash == one.network.hash
        holds(written(one.network))


# Layouts that nobody would write -------------------------------------------------------------------------------------


def disturbed(text: str, random: random.Random, remarks: bool = True) -> str:
    """The same spec with other blanks between its tokens; with `remarks` also with blank lines, with comments, and with
    line ends wherever they mean nothing.
    """
    found = read(text)
    assert found is not None
    parts: list[str] = []
    end, table, brackets = 0, False, list[str]()
    for token in (*found[1], Token("$END", "", len(text), len(text))):
        if token.kind in ("_SEP", "_TABLE_END"):
            table &= token.kind == "_SEP"
            continue
        free = remarks and "(" in brackets
        lines = remarks and not (table and not brackets)
        noted = bool(parts) and parts[-1][:5].lower() == "table"  # no comment can stand behind a table's second line
        parts.append(gap(text[end : token.start], random, remarks, free, lines, noted))
        parts.append(text[token.start : token.end])
        end = token.end
        table |= token.kind == "TABLE"
        if parts[-1][-1:] in ("(", "[", "{"):
            brackets.append(parts[-1][-1])
        elif parts[-1] in (")", "]", "}"):
            brackets.pop()
    return "".join(parts)


COUNT = iter(range(10**9))


def blanks(random: random.Random, least: int = 1) -> str:
    return "".join(random.choices([" ", " ", "  ", "\t", "\u00a0", "\r"], k=least + (random.random() < 0.15)))


def line_end(random: random.Random, noted: bool) -> str:
    """A line end, with a comment before it, blank lines and comments below it; `noted` says that one stands there."""
    ends = (
        [blanks(random) + "\n" if noted else f"{blanks(random, 0)}# {next(COUNT)} | ; {{ (\n"]
        if random.random() < 0.1
        else ["\n"]
    )
    while random.random() < 0.1:
        ends.append(blanks(random, 0) + random.choice(["\n", f'# {next(COUNT)} " [\n']))
    return "".join(ends)


def gap(old: str, random: random.Random, remarks: bool, free: bool, lines: bool, noted: bool) -> str:
    """What stands between two tokens, changed."""
    parts: list[str] = []
    for part in re.findall(r"#[^\n]*|[ \t\r\xa0]+|.|\n", old):
        if part == "\n":
            parts.append(line_end(random, noted) if remarks else random.choice(["\n", " \n", "\r\n"]))
        elif part == ";":
            parts.append(part + line_end(random, False) * (lines and random.random() < 0.1))
        else:
            parts.append(blanks(random) if part.isspace() else part)
        noted = part[0] == "#" or (noted and part.isspace() and part != "\n")
    if free and random.random() < 0.1:
        parts.append(line_end(random, noted))
    if not parts and random.random() < 0.05:
        parts.append(blanks(random))
    return "".join(parts)


@settings(LAW, max_examples=150)
@given(st.sampled_from(TEXTS), st.integers())
def test_other_blanks_give_the_same_layout(text: str, seed: int) -> None:
    other = disturbed(text, random.Random(seed), remarks=False)
    assert bare(read(other)[0]) == bare(read(text)[0])
    assert layout(other) == layout(text)


@settings(LAW, max_examples=250)
@given(st.sampled_from([text for text in TEXTS if len(text) < 6000]), st.integers())
def test_comments_anywhere(text: str, seed: int) -> None:
    other = disturbed(text, random.Random(seed))
    assert bare(read(other)[0]) == bare(read(text)[0])
    holds(other)
