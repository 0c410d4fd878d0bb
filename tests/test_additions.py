"""What version 1.1 of the language adds, each addition held by all that must know it: checks, messages, source, tables,
drawings, layout, lint, comparison, the language server, colours, the page. A thing is in the language when all do.

`ADDITIONS` are the additions, each as a small network; `WRONG` the same with a mistake in the addition itself, and what
must be told of it. A column of the matrix is a test.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from pygments.token import Error

import netdsl
from netdsl.analysis import fixes
from netdsl.analysis.compare import compare
from netdsl.analysis.formatting import formatted
from netdsl.analysis.lint import lint
from netdsl.backends import artefacts
from netdsl.backends.html import html
from netdsl.backends.table.write import to_markdown, to_text
from netdsl.backends.text import text as printed
from netdsl.compiler import Compilation, compile
from netdsl.ir import Network
from netdsl.text.source import Source
from netdsl.tools.highlight import NetLexer
from netdsl.tools.lsp import completion, definition, diagnostics, hover, references, rename, symbols
from netdsl.tools.lsp.document import Document

PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text("utf-8")

ADDITIONS = {
    "dimensions of expressions": """
        param n = 8
        input 3x{n}x{n}
        conv1x{n // 4}-4(pad=0); upsample(to={n}x{n}); reshape({4 * n}x{n}x1)    -> {4 * n}x8x1
    """,
    "** len round_to": """
        param w = [8, 12]
        input 3x8x8
        conv3-{w[i]}(act=relu) x{len(w)} as i; conv1-{2 ** 3}; conv1-{round_to(channels * 1.3, 4)}    -> 12x8x8
    """,
    "if in place": """
        param deep = true
        input 3x8x8
        if deep { body: { conv3-4; relu; conv3-4 } } else { body: conv3-4 }
        top: if channels > 3 { conv1-6 }
        concat { @body | @top }    -> 10x8x8
    """,
    "repeated branches": """
        input 4x8x8
        add x3 { conv1-2; relu; conv1-4 }
        concat { identity | x2 as i { dwconv{2 * i + 3} } }    -> 12x8x8
    """,
    "labels in sight": """
        input 4x8x8
        s{i}: conv3-4(act=relu) x2 as i
        add { gap; mlp: { conv1-2(act=relu); conv1-4 } | gmp; reuse(mlp) }
        mul { @s0 | identity; sigmoid }    -> 4x8x8
    """,
    "inputs and outputs of blocks": """
        input 4x8x8
        block fuse(c) takes high, low x{1} {
          add { @high; conv1-c | @low0; conv1-c; upsample(2) }
          output high
          output low0: { @low0; conv3-c(act=relu) }
        }
        a: fuse(4) { conv3-4 | conv3-6/2 } x2
        @a.high    -> 4x8x8
    """,
    "signals": """
        input 2x16
        conv3-4/2(act=relu); maxpool2; conv1-3; gap; flatten    -> 3
    """,
    "clips": """
        input 2x4x8x8
        conv1x3x3-4/1x2x2(act=relu); maxpool; upsample(2)    -> 4x4x4x4
    """,
    "max mean matmul": """
        input 4x6
        max { identity | relu }
        mean { identity | pointwise-4 }
        matmul { identity | transpose }    -> 4x4
    """,
    "broadcast joins": """
        input 4x8x8
        mul { identity | conv1-1(act=sigmoid) }
        add { identity | gap; fc-4 }    -> 4x8x8
    """,
    "shortcut=same": """
        input 4x8x8
        residual(act=none, shortcut=same) { conv3-4; relu; conv3-4 }
        residual(act=none, shortcut=same) { conv3-8/2 }    -> 8x4x4
    """,
    "arguments that name labels": """
        input 4x9x9
        pool1: maxpool3/2
        conv3-4(act=relu)
        unpool(@pool1)
        conv3-4(pad=0); pad(like=@input)
        crop(like=@pool1); upsample(like=@input)    -> 4x9x9
    """,
    "names as values": """
        input 4x8x8
        block plain(c) { conv3-c }
        block unit(c, act=silu, cell=plain) { cell(c); act }
        unit(4); unit(6, leakyrelu(0.2))    -> 6x8x8
    """,
    "names with a stroke": """
        net ViT-B/16
        input 4x8x8
        relu    -> 4x8x8
    """,
    "attention": """
        input 8x4x4
        map: identity
        tokens; class_token; positions; ln
        residual(act=none) { attention(2) }
        q: identity
        attention(2) { @q | @q }
        drop: slice(0, 8); token(0)    -> 8
    """,
    "attention in windows": """
        input 8x4x4
        attention(2, window=2, shift=1, relative_bias=true)
        reshape(like=@input)    -> 8x4x4
    """,
    "recurrent layers": """
        input 4x6
        lstm-5(both=true); gru-4; rnn-3(layers=2); token(-1)    -> 3
    """,
    "tokens": """
        input words: 6 of 50
        embedding-8; conv3-4(act=relu); gmp; fc-2    -> 2
    """,
    "learned constants": """
        input 4x8x8
        mul { identity | learned(4x1x1) }    -> 4x8x8
    """,
    "new operators": """
        input 16x8x8
        pixelshuffle(2); pixelunshuffle(2, order=darknet); local1-8(act=hardtanh); softmax(across=2); l2norm; rmsnorm
        conv3-8(standardize=true); softsign; scale(shared=true); dropout(50%, per=channel); reduce(mean)    -> 1x8x8
    """,
    "figures": """
        input 3x8x8
        a: conv3-4
        expect field = 3; expect stride = 1; expect a.params = 112
        property output.height == input.height
    """,
}
WRONG = {
    "dimensions of expressions": ("input 3xnx8\nrelu", "each size is a number, or in braces"),
    "** len round_to": ("input 3x8x8\nconv3-{round_to(8)}", "`round_to` takes two numbers"),
    "if in place": ("input 3x8x8\nif channels == 3 { a: relu } else { b: relu }\n@b", "set in the other arm"),
    "repeated branches": ("input 3x8x8\nadd x{0} { relu }", "branch"),
    "labels in sight": ("input 3x8x8\nadd { relu | @x }\nx: relu", "no label `x`"),
    "inputs and outputs of blocks": ("input 3x8x8\nblock f() takes a, b { @a }\nf() { relu }", "takes 2 inputs"),
    "signals": ("input 2x16\nconv3x3-4", "3x3"),
    "clips": ("input 2x4x8x8\nconv3x3-4", "3x3"),
    "max mean matmul": ("input 4x6\nmatmul { identity | identity }", "do not fit"),
    "broadcast joins": ("input 4x8x8\nadd { identity | conv1-3 }", "different shapes"),
    "shortcut=same": ("input 4x8x8\nresidual(shortcut=sane) { conv3-4 }", "shortcut"),
    "arguments that name labels": ("input 4x8x8\ncrop(like=x)", "`@` before it"),
    "names as values": ("input 4x8x8\nblock u(act=silu) { act }\nu(sillu)", "sillu"),
    "names with a stroke": ("net A/\ninput 4x8x8\nrelu", "between two parts of a name"),
    "attention": ("input 10x4\nattention(3)", "must divide the 10 channels"),
    "attention in windows": ("input 8x16\nattention(2, window=2x2)", "2x2"),
    "recurrent layers": ("input 4x6x6\nlstm-5", "channels x length"),
    "tokens": ("input 6\nembedding-8", "an input of tokens"),
    "learned constants": ("input 4x8x8\na: learned(4x1x1)\nreuse(a)", "cannot be used again"),
    "new operators": ("input 15x8x8\npixelshuffle(2)", "15"),
    "figures": ("input 3x8x8\nconv3-4\nproperty output.height == 7", "does not hold"),
}
NAMES = list(ADDITIONS)


def text(name: str) -> str:
    return re.sub(r"(?m)^        ", "", ADDITIONS[name]).strip() + "\n"


def compiled(name: str) -> Compilation:
    return compile(Source("added.net", text(name)))


def network(name: str) -> Network:
    found = compiled(name)
    assert found.valid and found.network is not None, [each.message for each in found.report]
    return found.network


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_in_it_is_told_with_a_way_out(name: str) -> None:
    wrong, words = WRONG[name]
    told = compile(Source("added.net", wrong + "\n")).report.errors
    said = " ".join(filter(None, (each.message + " " + (each.help or "") for each in told)))
    assert len(told) == 1 and words in said, said
    found = compile(Source("added.net", wrong + "\n"))
    assert told[0].help or told[0].related or fixes.suggestions(found, compile)


@pytest.mark.parametrize("name", NAMES)
def test_the_source_computes_it_and_the_network_is_read_back(name: str) -> None:
    here = network(name)
    module = netdsl.build(here).eval()
    first = here.inputs[0]
    given = torch.rand(2, *first.shape) if first.vocabulary is None else torch.randint(0, 50, (2, *first.shape))
    answer = module(given)
    assert tuple((answer if isinstance(answer, torch.Tensor) else answer[-1]).shape[1:]) == here.output
    assert sum(weight.numel() for weight in module.parameters()) == here.params
    again = netdsl.loads(printed(here))
    assert netdsl.digest(again) == netdsl.digest(here)
    kept = Network.model_validate_json(here.model_dump_json())
    assert netdsl.digest(kept) == netdsl.digest(here)


@pytest.mark.parametrize("name", NAMES)
def test_tables_and_drawings_show_it(name: str) -> None:
    here = network(name)
    table = to_text(netdsl.summary(here))
    assert f"{here.params:,}" in table and "?" not in table
    assert to_markdown(netdsl.summary(here)).count("|") > 10
    assert "<table>" in html(here)
    for kind in ("dot", "mmd", "svg", "tex"):
        assert artefacts.find(kind).render(here)


@pytest.mark.parametrize("name", NAMES)
def test_its_layout_is_settled_and_changes_nothing(name: str) -> None:
    source = Source("added.net", text(name))
    once = formatted(source)
    assert once is not None
    after = Source("added.net", once)
    assert formatted(after) == once
    changed = compile(after).network
    assert changed is not None and netdsl.digest(changed) == netdsl.digest(network(name))


@pytest.mark.parametrize("name", NAMES)
def test_lint_and_compare_know_it(name: str) -> None:
    here = network(name)
    assert not [each for each in lint(compiled(name)) if each.severity == "error"]
    assert compare(here, network(name)).same
    changed = compile(Source("added.net", text(name) + "softsign; relu\n")).network
    assert changed is not None and not compare(here, changed).same


@pytest.mark.parametrize("name", NAMES)
def test_the_editor_answers_everywhere_in_it(name: str) -> None:
    written = text(name)
    document = Document(Source("added.net", written), None)
    assert not document.compilation().report.errors and isinstance(diagnostics.messages(document), list)
    assert list(symbols.outline(document))
    for match in re.finditer(r"[A-Za-z_]\w*", written):
        at = match.start() + 1
        hover.hover(document, at)
        definition.definitions(document, at)
        references.references(document, at)
        completion.completions(document, at)
    for match in re.finditer(r"(?m)^\s*([a-z]\w*): ", written):
        edits = rename.rename(document, match.start(1), "renamed")
        assert edits


@pytest.mark.parametrize("name", NAMES)
def test_its_words_have_colours(name: str) -> None:
    lexed = list(NetLexer(stripnl=False, ensurenl=False).get_tokens(text(name)))
    assert not [value for kind, value in lexed if kind is Error]


def test_the_page_tells_of_each() -> None:
    words = [
        "3x{n}x{n}", "round_to", "LABEL: if", "add x32", "s{i}", "takes map x{n}", "output NAME: item", "a signal", "a clip",
        "matmul", "is spread over the others'", "`same`", "like=@x", "unpool(@pool1)", "act=leakyrelu(0.2)", "ViT-B/16",
        "attention(8)", "window=7", "lstm-N", "128 of 30000", "learned(DIMS)", "pixelshuffle", "`field`", "property",
    ]  # fmt: skip
    assert not [word for word in words if word not in PAGE]
