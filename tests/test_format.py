"""The canonical layout, held by its laws: stable, equivalent, no comment lost, linear; and by what a reader would see."""

from __future__ import annotations

import io
import os
import random
import re
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cases import folder
from hypothesis import given, settings
from hypothesis import strategies as st

import netdsl
from netdsl import ops
from netdsl.analysis.formatting import formatted
from netdsl.backends.text import text as written
from netdsl.compiler import compile
from netdsl.syntax import parse, tree
from netdsl.syntax.lex import Token
from netdsl.testing.drawing import LAW, statements
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source
from netdsl.tools.cli import main

ROOT = Path(__file__).parent.parent
OWN = sorted(
    path for folder in ("specs", "netdsl/std", "examples", "tests/syntax") for path in ROOT.glob(f"{folder}/*.net")
)
NETS = sorted(ROOT.glob("tests/nets/*.net"))
GOLDENS = sorted(ROOT.glob("tests/format/*.txt"))


WRONG_SPECS = folder("errors").values()
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
    for text in WRONG_SPECS:
        if read(text) is None:
            assert formatted(Source("a.net", text)) is None
        else:
            holds(text)
            laid_out += 1
    assert laid_out > 100


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_the_network_stays_the_same(path: Path) -> None:
    text = path.read_text("utf-8")
    assert netdsl.digest(compile(Source("a.net", layout(text))).network) == netdsl.digest(compile(path).network)


@pytest.mark.parametrize("name", ["vgg", "resnet", "mnasnet", "lenet5"])
def test_every_variant_stays_the_same(name: str) -> None:
    text = disturbed((ROOT / f"specs/{name}.net").read_text("utf-8"), random.Random(name))
    one, two = Source("a.net", text), Source("a.net", layout(text))
    for variant in compile(one).variants or (None,):
        assert netdsl.digest(compile(two, variant=variant).network) == netdsl.digest(
            compile(one, variant=variant).network
        )


@settings(LAW, max_examples=60)
@given(statements(), st.sampled_from(["\n", "; "]))
def test_drawn_networks(body: list[str], separator: str) -> None:
    text = "input 4x16x16\ndefault conv(init=normal(std=0.1))\n" + separator.join(body) + "\n"
    found = holds(text)
    one, two = compile(Source("a.net", text)), compile(Source("a.net", found))
    assert [each.code for each in one.report] == [each.code for each in two.report]
    if one.network is not None and one.network.complete:
        assert netdsl.digest(two.network) == netdsl.digest(one.network)
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
    touching = False  # an `x` between dimensions touches both
    for token in (*found[1], Token("$END", "", len(text), len(text))):
        if token.kind in ("_SEP", "_TABLE_END"):
            table &= token.kind == "_SEP"
            continue
        free = remarks and "(" in brackets
        lines = remarks and not (table and not brackets)
        noted = bool(parts) and parts[-1][:5].lower() == "table"  # no comment can stand behind a table's second line
        if not touching and token.kind != "_X":
            parts.append(gap(text[end : token.start], random, remarks, free, lines, noted))
        touching = token.kind == "_X"
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
    return "".join(random.choices([" ", " ", "  ", "\t", "\u00a0"], k=least + (random.random() < 0.15)))


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


SHORT = [text for text in TEXTS if len(text) < 4000]
PARSED = [text for text in WRONG_SPECS if read(text) is not None]
INSERTED = ["\n", "\n\n\n", " # a\n", "\n # b\n", "\n#c\n#d\n\n", ";", " # e\n         # f\n", "\r\n", "\t"]


def broken(text: str, random: random.Random) -> str:
    """The same spec with line ends and comments put in around some of its brackets."""
    tree = bare(read(text)[0])
    for _ in range(4):
        places = [match.start() for match in re.finditer(r"[][{}|();,]|else", text)]
        at = random.choice(places or [0]) + random.choice([0, 1])
        changed = text[:at] + random.choice(INSERTED) + text[at:]
        found = read(changed)
        if found is not None and bare(found[0]) == tree:
            text = changed
    return text


@settings(LAW, max_examples=100)
@given(st.sampled_from(SHORT), st.integers())
def test_other_blanks_give_the_same_layout(text: str, seed: int) -> None:
    other = disturbed(text, random.Random(seed), remarks=False)
    assert bare(read(other)[0]) == bare(read(text)[0])
    assert layout(other) == layout(text)


@settings(LAW, max_examples=150)
@given(st.sampled_from(SHORT), st.integers())
def test_comments_anywhere(text: str, seed: int) -> None:
    other = disturbed(text, random.Random(seed))
    assert bare(read(other)[0]) == bare(read(text)[0])
    holds(other)


@settings(LAW, max_examples=300)
@given(st.sampled_from(PARSED + SHORT), st.integers())
def test_line_ends_anywhere(text: str, seed: int) -> None:
    holds(broken(text, random.Random(seed)))


# What a reader sees --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
def test_goldens(path: Path) -> None:
    """`tests/format/NAME.txt` is laid out as `NAME.net`."""
    assert holds(path.read_bytes().decode("utf-8")) == path.with_suffix(".net").read_text("utf-8")


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_our_own_specs_are_laid_out(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    assert formatted(Source(path.name, text)) == text, f"run: netdsl fmt {path}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        (" \n\t\n", ""),
        ("\ufeff# only a comment", "# only a comment\n"),
        ("relu", "relu\n"),
        ("relu\r\n\r\n\r\nbn\r\n", "relu\n\nbn\n"),
        ("x: relu;;relu ;\n;bn", "x: relu; relu\nbn\n"),
        ("max  pool;MAX-POOLING3/2;Average Pool2", "maxpool; maxpool3/2; avgpool2\n"),
        ("linear-10;Dense-3(act=Swish)", "fc-10; fc-3(act=silu)\n"),
        ("block linear(n) {relu}\nlinear(1);Linear-10", "block linear(n) { relu }\nlinear(1); fc-10\n"),
        ('use "a.net"\ndense-1;FC-1;soft-max', 'use "a.net"\ndense-1; fc-1; softmax\n'),
        ("param swish = 3\nfc-3(act=swish)", "param swish = 3\nfc-3(act=swish)\n"),
        ("my_block(act=ReLU)", "my_block(act=ReLU)\n"),
        ("fc:fc-3;@ fc;reuse( fc )", "fc: fc-3; @fc; reuse(fc)\n"),
        ("c{ i+1 }b : relu;block1 - {i}:bn", "c{i + 1}b: relu; block1-{i}: bn\n"),
        ("conv3-4 ×{ n } AS i /{ s }", "conv3-4 x{n} as i /{s}\n"),
        ("fc-1(a=- -1,b=not(a)or b [ 1 ][x],c=[ ],)", "fc-1(a=--1, b=not (a) or b[1][x], c=[])\n"),
        ("concat{|a|}", "concat { | a | }\n"),
        ("concat {\na\n|\n# b\n\nc }", "concat {\n  a\n| # b\n  c\n}\n"),
        ("{ }", "{}\n"),
        ("block b{}", "block b() {}\n"),
        ('extends"a.net"Variant 18-layer( n=1 )', 'extends "a.net" variant 18-layer (n=1)\n'),
        ("input a:3x8x8;input 784", "input a: 3x8x8; input 784\n"),
        ("input w : 3×{ n }×{n}; input 5  OF{v}", "input w: 3x{n}x{n}; input 5 of {v}\n"),
        ("Conv1×{k}x3-8/{s}x2 ( act=ReLU )", "conv1x{k}x3-8/{s}x2(act=relu)\n"),
        ("relu -> { c }x32×32", "relu    -> {c}x32x32\n"),
        ("relu -> {f( a, # c\n b )}x3 # d", "relu    -> {f(a, b)}x3    # c\n# d\n"),
        ("param a=2**-3 **b", "param a = 2 ** -3 ** b\n"),
        ("add  x32{a;b}", "add x32 { a; b }\n"),
        ("MAX(act=ReLU)× { n }AS i{a}", "max(act=relu) x{n} as i { a }\n"),
        ("concat{identity|x3 as i{a} |x { n}{ b }}", "concat { identity | x3 as i { a } | x{n} { b } }\n"),
        ("concat {\nx3 {\na }\n# c\n| b # d\n}", "concat {\n  x3 {\n    a\n  }\n  # c\n| b    # d\n}\n"),
        ("f( 32 ){@a|@ b}x4", "f(32) { @a | @b } x4\n"),
        ("f() {\n @a # x\n | @b\n}", "f() {\n  @a    # x\n| @b\n}\n"),
        ("reuse( s{ i } ){a|b}", "reuse(s{i}) { a | b }\n"),
        ("reuse( # c\n s )", "reuse(    # c\n  s\n)\n"),
        ("OUTPUT map{ i }:add x{n} AS j{@u{j}} x{n} as i", "output map{i}: add x{n} as j { @u{j} } x{n} as i\n"),
        ("@b . map0;@a{i} . b;@s{i}x2; @a-{i}", "@b.map0; @a{i}.b; @s{i}x2; @a-{i}\n"),
        ("crop( like = @x );unpool(@ y.z{ i }c)", "crop(like=@x); unpool(@y.z{i}c)\n"),
        ("block b takes x{a}", "block b() takes x { a }\n"),
        ("block b( n )TAKES x ,map × { n },y x2{a}", "block b(n) takes x, map x{n}, y x2 { a }\n"),
        ("y:if a{b}else{c}x2", "y: if a { b } else { c } x2\n"),
    ],
)
def test_one_spelling(before: str, after: str) -> None:
    assert holds(before) == after


def test_a_syntax_error_leaves_no_layout() -> None:
    for text in ("conv3-", "{", "conv3-4 $", 'source "x', "expect params = 1e400"):
        assert formatted(Source("a.net", text)) is None


# What it costs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "conv3-64(pad=1) x2; maxpool -> 3x4x4 # c\n",
        "a: { relu; { bn | x } }\n".replace("|", ";"),
        "concat {\n# c\na # b\n|f(a,\n# d\nb[1], c)}\n",
        "table\n| a | b |\n|---|---|\n| relu -> 1 |\n| a | b |\n",
        "a; ",
        "# c\n",
    ],
)
def test_time_grows_with_the_text(line: str) -> None:
    def seconds(count: int) -> float:
        source = Source("a.net", line * (count // len(line)))
        start = time.process_time()
        assert formatted(source) is not None
        return time.process_time() - start

    seconds(1000)
    assert seconds(80_000) < 12 * max(seconds(16_000), 0.02)


def test_padding_is_bounded() -> None:
    """A table whose padding would take more than a spec may have is not padded."""
    text = "table\n|" + "|".join(f"c{i}" for i in range(5000)) + "|\n" + "|a|\n" * 5000
    found = layout(text)
    assert len(found) < 2**20 and "\n| a |\n" in found
    assert layout(found) == found
    indented = "{\n" * 60 + "a\n" * 12_000 + "}\n" * 60
    assert layout(indented) == indented


def test_the_deepest_nesting() -> None:
    holds("{" * 64 + "}" * 64)
    holds("concat {\n" * 60 + "a # b\n" + "}\n" * 60)
    holds("f(" + "g(" * 62 + "1" + ", 2) " * 62 + ")")


# The command ---------------------------------------------------------------------------------------------------------

ROUGH, SMOOTH, WRONG = "input 3x8x8\nconv3-4(  pad = 1 )\n", "input 3x8x8\nconv3-4(pad=1)\n", "conv3-\n"


@pytest.fixture
def fmt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs `netdsl fmt` in a folder with a rough, a smooth and a wrong spec; gives status, output and messages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    for name, text in (("rough.net", ROUGH), ("smooth.net", SMOOTH), ("wrong.net", WRONG)):
        Path(name).write_text(text, "utf-8")
        os.utime(name, (1, 1))

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        class Stdin:
            buffer = io.BytesIO(stdin.encode("utf-8"))

        monkeypatch.setattr(sys, "stdin", Stdin)
        status = main(["fmt", *arguments])
        sys.stdout.flush()
        return status, *capfd.readouterr()

    return run


def test_files_are_laid_out_in_place(fmt: Any) -> None:
    assert fmt("rough.net", "smooth.net") == (0, "rough.net: formatted\n", "")
    assert Path("rough.net").read_text("utf-8") == SMOOTH
    assert Path("smooth.net").stat().st_mtime == 1
    os.utime("rough.net", (1, 1))
    assert fmt("rough.net", "smooth.net") == (0, "nothing to change in 2 files\n", "")
    assert Path("rough.net").stat().st_mtime == 1


def test_a_wrong_file_stays_and_the_others_are_laid_out(fmt: Any) -> None:
    status, out, err = fmt("wrong.net", "rough.net")
    assert (status, out) == (1, "rough.net: formatted\n")
    assert "wrong.net:1:" in err and "E0101" in err
    assert Path("wrong.net").read_text("utf-8") == WRONG and Path("wrong.net").stat().st_mtime == 1


def test_check_changes_nothing(fmt: Any) -> None:
    assert fmt("--check", "rough.net", "smooth.net") == (1, "rough.net: would change\n", "")
    assert fmt("--check", "smooth.net") == (0, "nothing to change\n", "")
    assert Path("rough.net").read_text("utf-8") == ROUGH


def test_diff_is_a_patch(fmt: Any) -> None:
    status, out, err = fmt("--diff", "rough.net", "smooth.net")
    assert (status, err) == (0, "")
    assert out.splitlines()[-2:] == ["-conv3-4(  pad = 1 )", "+conv3-4(pad=1)"]
    assert fmt("--diff", "smooth.net") == (0, "", "")
    status, again, err = fmt("--diff", "--check", "rough.net")
    assert (status, again, err) == (1, out, "rough.net: would change\n")
    assert Path("rough.net").read_text("utf-8") == ROUGH


def test_a_filter(fmt: Any) -> None:
    assert fmt("-", stdin=ROUGH) == (0, SMOOTH, "")
    assert fmt("-", stdin=SMOOTH) == (0, SMOOTH, "")
    status, out, err = fmt("-", stdin=WRONG)
    assert (status, out) == (1, WRONG) and "<stdin>:1:" in err
    assert fmt("--check", "-", stdin=ROUGH) == (1, "<stdin>: would change\n", "")


def test_links_modes_and_line_ends(fmt: Any) -> None:
    Path("rough.net").write_bytes(b"\xef\xbb\xbf" + ROUGH.replace("\n", "\r\n").encode())
    Path("rough.net").chmod(0o640)
    Path("link.net").symlink_to("rough.net")
    assert fmt("link.net")[0] == 0
    assert Path("link.net").is_symlink()
    assert Path("rough.net").read_bytes() == SMOOTH.encode()
    assert Path("rough.net").stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in Path().iterdir()) == ["link.net", "rough.net", "smooth.net", "wrong.net"]


def test_what_is_no_spec(fmt: Any) -> None:
    Path("folder").mkdir()
    Path("bytes.net").write_bytes(b"\xff\xfe")
    status, out, err = fmt("rouhg.net", "folder", "bytes.net", "rough.net")
    assert (status, out) == (2, "rough.net: formatted\n")
    assert "did you mean `rough.net`?" in err and "folder/*.net" in err and "not UTF-8" in err


def test_what_only_resembles_a_join_keeps_its_name() -> None:
    text = "input 3x4x4\nConcatenate{a - b}\n"
    assert formatted(Source("case.net", text)) == text
