"""What holds of the language server's answers wherever they are asked for: in every prefix of real specs, in odd texts,
and at every place of drawn ones.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cases import WRONG
from hypothesis import given
from hypothesis import strategies as st

from netdsl.compiler import compile
from netdsl.elaborate.files import standard_blocks
from netdsl.syntax.lex import KEYWORDS
from netdsl.testing.drawing import HEAD, LAW, WHOLE, statements
from netdsl.text.diagnostics import Diagnostic, Edit, Related
from netdsl.text.edits import apply
from netdsl.text.source import Source, Span
from netdsl.tools.lsp import (
    actions,
    completion,
    definition,
    diagnostics,
    folding,
    formatting,
    hover,
    inlay,
    references,
    rename,
    signature,
    symbols,
)
from netdsl.tools.lsp.document import Document

SPECS = Path(__file__).parent.parent / "specs"
NEW = "renamed_here"


def opened(text: str) -> Document:
    return Document(Source("test.net", text), SPECS)


def errors(document: Document) -> int:
    return len(document.compilation().report.errors)


def inside(document: Document, span: Span) -> bool:
    """Whether a place lies in the file that it names: in this one, or in one that it draws in."""
    source = document.source_of(span)
    path = document.path(span.file)
    text = source.text if source is not None else path.read_text("utf-8") if path is not None else ""
    return 0 <= span.start <= span.end <= len(text)


# Laws of the whole text ----------------------------------------------------------------------------------------------


def check_messages(document: Document) -> None:
    told = diagnostics.messages(document)
    assert told == sorted(told, key=lambda each: each.span)
    assert bool(told) == bool(len(document.compilation().report))
    for each in told:
        assert each.span.file == document.source.name and inside(document, each.span) and each.text
        assert all(inside(document, place.span) for place in each.related)


def check_hints(document: Document) -> None:
    hints = inlay.hints(document)
    assert all(0 <= hint.offset <= len(document.text) and hint.text for hint in hints)
    written = [Edit(document.source.span(hint.offset, hint.offset), hint.insert) for hint in hints if hint.insert]
    after = opened(apply(document.source, written))
    assert errors(after) <= errors(document), after.text
    assert not set(inlay.hints(after)) & {hint for hint in hints if hint.insert}, "what is written is not hinted at"


def check_outline(document: Document) -> None:
    waiting = [*symbols.outline(document)]
    for entry in waiting:
        assert inside(document, entry.span) and inside(document, entry.place)
        assert entry.kind in ("input", "table") or document.text[entry.place.start : entry.place.end].startswith(
            entry.name
        )
        waiting += entry.children


def check_folds(document: Document) -> None:
    folds = folding.folds(document)
    last = document.text.count("\n")
    assert all(0 <= fold.first < fold.last <= last for fold in folds)
    assert len({fold.first for fold in folds}) == len(folds)


def check_formatting(document: Document) -> None:
    after = opened(apply(document.source, formatting.formatting(document)))
    assert not formatting.formatting(after)
    assert errors(after) == errors(document)


# Laws of a place -----------------------------------------------------------------------------------------------------


def check_hover(document: Document, offset: int) -> None:
    found = hover.hover(document, offset)
    if found is not None:
        assert found.markdown.strip() and found.span.file == document.source.name
        assert 0 <= found.span.start <= offset <= found.span.end <= len(document.text)


def check_completion(document: Document, offset: int) -> None:
    items = completion.completions(document, offset)
    assert len({item.label for item in items}) == len(items)
    for item in items:
        assert item.insert and 0 <= item.start <= offset
        assert "\n" not in document.text[item.start : offset], "one line is completed"


def check_signature(document: Document, offset: int) -> None:
    found = signature.signature(document, offset)
    if found is not None:
        assert found.active is None or 0 <= found.active < len(found.parameters)
        shown = [found.label[part.start : part.end] for part in found.parameters]
        assert found.label.endswith(f"({', '.join(shown)})")


def check_names(document: Document, offset: int) -> None:
    found = references.references(document, offset)
    uses = references.references(document, offset, declaration=False)
    defined = definition.definitions(document, offset)
    assert all(inside(document, span) for span in (*found, *defined))
    assert len(set(found)) == len(found) and set(uses) <= set(found)
    named = document.names.at(offset)
    if named is not None:
        symbol, span = named
        assert span.start <= offset <= span.end and span in found
        assert {document.text[each.start : each.end] for each in found} == {symbol.name}
        assert set(defined) == set(symbol.definitions) == set(found) - set(uses) | set(defined) & set(uses)


def check_rename(document: Document, offset: int) -> None:
    """A new name is everywhere, changes nothing else, and can be taken back where the old one is a name to give.

    A text may hold names that no change gives, since they are easily taken for something else (see `misleads`).
    """
    try:
        edits = rename.rename(document, offset, NEW)
    except rename.Refused as refusal:
        assert str(refusal)
        return
    named = document.names.at(offset)
    assert named is not None
    symbol, span = named
    assert rename.prepare(document, offset) == span
    assert [edit.span for edit in edits] == references.references(document, offset)
    after = opened(apply(document.source, edits))
    assert errors(after) == errors(document)
    grown = sum(len(NEW) - len(symbol.name) for edit in edits if edit.span.start < span.start)
    try:
        back = rename.rename(after, span.start + grown, symbol.name)
    except rename.Refused as refusal:
        assert misleads(document, symbol.name), refusal
    else:
        assert apply(after.source, back) == document.text


def misleads(document: Document, name: str) -> bool:
    """Whether a name is a word of the language, reads as a repetition, or is that of something else too."""
    others = [*standard_blocks(), *(symbol.name for symbol in document.names.symbols)]
    others.remove(name)
    return name.lower() in {*KEYWORDS, *map(str.lower, others)} or re.fullmatch("x[0-9]+", name) is not None


def everything(text: str, *offsets: int) -> None:
    """Ask for every feature, and hold every answer against what must be true of it."""
    document = opened(text)
    for check in (check_messages, check_hints, check_outline, check_folds, check_formatting):
        check(document)
    for offset in offsets:
        for look in (check_hover, check_completion, check_signature, check_names, check_rename):
            look(document, offset)


# Texts ---------------------------------------------------------------------------------------------------------------


def test_every_prefix_of_a_spec() -> None:
    text = (SPECS / "lenet5_modern.net").read_text("utf-8")
    for end in range(len(text) + 1):
        everything(text[:end], end)


@pytest.mark.parametrize("spec", ["resnet", "googlenet", "unet"])
def test_truncated_at_tokens(spec: str) -> None:
    text = (SPECS / f"{spec}.net").read_text("utf-8")
    ends = [match.end() for match in re.finditer(r"\w+|[^\w\s]", text)]
    for end in ends[:: max(1, len(ends) // 25)]:
        everything(text[:end], end)
        everything(text[end:], 0, min(5, len(text) - end))


def test_lines_that_end_as_on_windows() -> None:
    text = (SPECS / "lenet5_modern.net").read_text("utf-8")
    unix, windows = (Document(Source("test.net", each)) for each in (text, text.replace("\n", "\r\n")))
    assert not diagnostics.messages(windows)
    for hint, same in zip(inlay.hints(windows), inlay.hints(unix), strict=True):
        assert windows.source.utf16(hint.offset) == unix.source.utf16(same.offset)
    everything(windows.text, *range(0, len(windows.text), 20))


@pytest.mark.parametrize("text", ["", "a\nbc", "é\n\U0001d11e x\n\n", "a\r\n\U0001d11eb\r\nc", "\f\u2028\x85\nx"])
def test_positions_of_editors_lead_back_to_their_offsets(text: str) -> None:
    source = Source("test.net", text)
    for offset in range(len(text) + 1):
        if text[max(0, offset - 1) : offset + 1] == "\r\n":
            continue  # within the end of a line no editor has a place
        line, column = source.utf16(offset)
        assert line == text.count("\n", 0, offset)
        assert column == len(text[text.rfind("\n", 0, offset) + 1 : offset].encode("utf-16-le")) // 2
        assert source.offset(line, column) == offset
    assert source.offset(99, 0) == len(text)


@pytest.mark.parametrize(
    "text",
    ["", "\n", "\ufeff", "|", "table\n", "table\n|", "table\n|\n|", "@", "{{{{", "))))", '"', "x2", "input", "input \n",
     "expect", "expect .", "block", "block b(", "\r\n\r\n", "a: b: c:", "𝄞: conv3-4", "use", 'use "', 'extends "../x"',
     "table\n| A | A |\n| relu | relu |", "reuse(", "conv3-8(act=leakyrelu(", "x{", "-> ", "->", "\0", "[3x3, 64, ",
     "@a.", "@a{i}.", "@a.b.c", "block b takes", "block b() takes a, x{", "crop(like=@", "output a:", "add x2 {", "-> {", "f() { @a |",
     "input 3 of", "if a { b: relu }\n@b", "s{i}: relu x2 as i\n@s0", "3x{",
     "input 3kx8\n{ } x2\nsubsample\ndwconv3-5"],
)  # fmt: skip
def test_odd_texts(text: str) -> None:
    everything(text, *range(len(text) + 1))
    everything("input 3x8x8\nconv3-4\n" + text, *range(19, 20 + len(text)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("table\n| A ) B | C |\n| relu | tanh |", id="a stray bracket in the name of a variant"),
        pytest.param("property (@a.b\n", id="a condition that goes on in the next line"),
        pytest.param("block b() { relu }\nnothing; b() -> 3x8x8; conv3-4; b()", id="a shape known at one place of two"),
        pytest.param(
            "block b() { s: relu; tanh; @s }\nnothing; b() -> 3x8x8; conv3-4; b()",
            id="a label known at one place of two",
        ),
        pytest.param("param add = 4\nin: conv3-add\n@in", id="words of the language as names"),
        pytest.param("x2: conv3-4\n@x2", id="a label that reads as a repetition"),
        pytest.param("block bottleneck(n) { conv3-n }\nbottleneck(4)", id="a block with the name of a standard one"),
        pytest.param("param n = 4\nblock b(n) { conv3-n }\nb(n)", id="a parameter that hides a param"),
        pytest.param("table\n| A | a |\n| relu | tanh |", id="variants that only their case tells apart"),
    ],
)
def test_names_that_mislead_and_mistakes_that_reach_far(text: str) -> None:
    text = f"input 3x8x8\n{text}\n"
    everything(text, *range(len(text) + 1))


def test_an_editor_is_told_what_a_command_is_told() -> None:
    """With the explanations, which only trials of a change are compiled without; its limits are lower."""
    rounding = "input 3x45x45\nx: conv3-8\nmaxpool2; upsample(2)\nadd { identity | @x }\n"
    for text in (rounding, *(text for title, text in WRONG.items() if not title.startswith("limits:"))):
        document = opened(text)
        command = compile(document.source, variant=document.shown, directory=SPECS)
        assert [*document.compilation().report] == [*command.report]
    (message,) = opened(rounding).compilation().report
    assert message.help is not None and "rounded down" in message.help


@pytest.mark.parametrize("shape", ["4x24", "4x12x10", "4x8x6x8"])
def test_signals_images_and_clips(shape: str) -> None:
    text = f"input {shape}\nconv3-4\nmaxpool2\n"
    everything(text, *range(len(text) + 1))


SEVERAL = """\
input 4x8x8
param deep = true
param cell = plain
block plain(c) { conv3-c }
block fuse(c, n=2) takes high, map x{n} {
  unit{i}: { @map{i}; conv3-{c} } x{n} as i
  output map{i}: add { x{n} as j { @unit{j} } | @map{i} } x{n} as i
  output high: max { @unit0 | @high; conv1-c }
}
if deep { stem: conv1x3-4 } else { stem: conv3-4 }
a: fuse(4) { @stem | cell(4) | relu } x2
concat { @a.map0 | x2 as k { conv{2 * k + 1}-4 } | last: tanh }    -> {4 * 4}x8x8
add { gate: conv1-4; sigmoid | reuse(gate); crop(like=@a) }
s{m}: conv3-4(norm=bn) x2 as m
add { @s0 | @s{1} }
output top: conv3-4
expect a.output = 4x8x8
"""


def test_every_place_of_branches_inputs_and_outputs() -> None:
    assert not errors(opened(SEVERAL))
    everything(SEVERAL, *range(len(SEVERAL) + 1))


def test_branches_inputs_and_outputs_half_written() -> None:
    ends = [match.end() for match in re.finditer(r"\w+|[^\w\s]", SEVERAL)]
    for end in ends[::3]:
        everything(SEVERAL[:end], end)


@pytest.mark.parametrize("title", WRONG)
def test_wrong_specs(title: str) -> None:
    text = WRONG[title]
    everything(text, *range(len(text) % 16, min(len(text), 2000) + 1, 16))


@LAW
@given(st.data())
def test_every_place_of_drawn_texts(data: st.DataObject) -> None:
    """Half of the texts have lost a stretch."""
    text = HEAD + "\n".join(data.draw(statements(kinds=WHOLE))) + "\n"
    start = data.draw(st.integers(0, len(text)))
    text = text[:start] + text[start + data.draw(st.sampled_from([0, 0, 1, 2, 5, 20])) :]
    first = data.draw(st.integers(0, 9))
    everything(text, *range(first, len(text) + 1, 10))


@pytest.mark.parametrize(
    "text",
    [
        "input 3x8x8\nconv3-8(pads=1)\nconv3\u20138\n",
        "input 3x8x8\nmaxpol\nconv3-8(groups=2)\n",
        "input 64x56x56\nadd { conv1-256/2 | identity }\n",
        "input 3x8x8\ntable\n| A | B |\n| conv3-4 | maxpol |\n| maxpol |\n",
        "input 3x8x8\nconv3-4 -> 5x8x8\nexpect params = 1\n",
        "input 3x8x8\nblock b(n) { conv3-n }\nb(m=4)\n)\n",
    ],
)
def test_a_fix_takes_its_message_away(text: str) -> None:
    document = opened(text)
    for variant in document.variants:
        document.compilation(variant)
    told = diagnostics.messages(document)
    found = actions.fixes(document, told, 0, len(text))
    assert found and len(set(found)) == len(found)
    assert [fix.certain for fix in found] == sorted((fix.certain for fix in found), reverse=True)
    for fix in found:
        assert fix.title and all(inside(document, edit.span) for edit in fix.edits)
        after = opened(apply(document.source, fix.edits)).compilation().report
        gone = (fix.diagnostic.code, fix.diagnostic.message)
        assert gone not in {(each.code, each.message) for each in after} or len(told) > len(after)


# Messages that move with the text ------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_message_stays_on_its_words_or_goes(length: int) -> None:
    """Whatever is replaced: a message beside it marks the words that it marked, one that it touches is gone."""
    text = "abcdef"
    source = Source("test.net", text)
    places = [source.span(start, end) for start in range(len(text) + 1) for end in range(start, len(text) + 1)]
    for span in places:
        edit = Edit(span, "")
        diagnostic = Diagnostic("E0301", "wrong", span, related=(Related(span, "here"),), edits=(edit,))
        message = diagnostics.Message(span, "wrong", diagnostic, diagnostic.related, ("A",))
        for gap in places:
            new = text[: gap.start] + "X" * length + text[gap.end :]
            after = diagnostics.moved(message, gap.start, gap.end, length)
            before, behind = span.end < gap.start, span.start >= gap.end
            assert (after is not None) == (before or behind), (span, gap)
            if before:
                assert after == message
            elif after is not None:
                assert new[after.span.start : after.span.end] == text[span.start : span.end]
                assert len(new) - after.span.end == len(text) - span.end
                assert (after.text, after.variants, after.related) == (message.text, message.variants, ())
                assert after.diagnostic.edits == (), "they would be made where they were"
