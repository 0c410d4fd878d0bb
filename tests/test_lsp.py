"""The language server: each feature on data, every prefix of real specs, and all of it through a client over stdio."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from netdsl.text.edits import apply
from netdsl.text.source import Source
from netdsl.tools.cli import main
from netdsl.tools.lsp import (
    actions,
    completion,
    definition,
    diagnostics,
    folding,
    formatting,
    hover,
    inlay,
    preview,
    references,
    rename,
    signature,
    symbols,
)
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.workspace import Workspace

HERE = Path(__file__).parent
SPECS = HERE.parent / "specs"
MARK = "<|>"
PATIENCE = 120
"""Seconds after which what has not come will not come."""


def cases(name: str) -> list[Any]:
    """The cases of a data file: a title, a text with a mark at the cursor, and what is expected."""
    found = []
    for part in re.split(r"(?m)^==== ", (HERE / "lsp" / name).read_text("utf-8"))[1:]:
        title, _, rest = part.partition("\n")
        text, expected = re.split(r"(?m)^----[ ]?", rest, maxsplit=1)
        found.append(pytest.param(text, expected.rstrip("\n"), id=title))
    return found


def at_mark(text: str, directory: Path | None = None) -> tuple[Document, int]:
    offset = text.find(MARK)
    return Document(Source("test.net", text.replace(MARK, "")), directory), offset


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files to use and to extend."""
    found = tmp_path_factory.mktemp("specs")
    (found / "base.net").write_text(
        "input 3x32x32\nparam classes = 10\ntable\n| S | L |\n| conv3-8 | conv3-16 |\nfc-classes\n"
    )
    (found / "parts").mkdir()
    (found / "parts" / "blocks.net").write_text("# Used.\nblock used_block(n) { conv3-n }\n")
    return found


# On data -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), cases("inlay.txt"))
def test_inlay_hints(text: str, expected: str) -> None:
    document, _ = at_mark(text)
    shown = document.text
    for hint in reversed(inlay.hints(document)):
        shown = f"{shown[: hint.offset]}«{hint.text}»{shown[hint.offset :]}"
    assert shown.rstrip() == expected.lstrip("\n")


def test_a_hint_can_be_written_down() -> None:
    document, _ = at_mark("input 3x32x32\nconv3-8\n")
    (hint,) = inlay.hints(document)
    written = document.text[: hint.offset] + hint.insert + document.text[hint.offset :]
    after = Document(Source("test.net", written))
    assert not diagnostics.messages(after)
    assert not inlay.hints(after)


def test_hints_of_a_part_are_those_of_the_whole_there() -> None:
    document = Document(Source("googlenet.net", (SPECS / "googlenet.net").read_text("utf-8")))
    whole = inlay.hints(document)
    middle = len(document.text) // 2
    part = inlay.hints(document, 200, middle)
    inside = [hint for hint in whole if 200 <= hint.offset <= middle]
    assert inside
    assert set(inside) <= set(part)
    assert len(part) < len(whole)


@pytest.mark.parametrize(("text", "expected"), cases("completion.txt"))
def test_completion(text: str, expected: str, folder: Path) -> None:
    document, offset = at_mark(text, folder)
    found = [each.label for each in completion.completions(document, offset)]
    wanted, _, unwanted = expected.partition("\nnot ")
    names = wanted.split(", ") if wanted else []
    assert set(names) <= set(found)
    assert not set(unwanted.split(", ")) & set(found)
    if not names:
        assert not found


def test_a_completed_word_takes_the_place_of_what_was_typed() -> None:
    document, offset = at_mark("input 3x32x32\nconv3-8(gro<|>)\n")
    item = next(each for each in completion.completions(document, offset) if each.label == "groups")
    assert document.text[: item.start] + item.insert == "input 3x32x32\nconv3-8(groups="
    assert item.detail == "groups = 1: an integer of at least 1"


@pytest.mark.parametrize(("text", "expected"), cases("hover.txt"))
def test_hover(text: str, expected: str) -> None:
    document, offset = at_mark(text)
    found = hover.hover(document, offset)
    said = found.markdown if found else ""
    expected = expected.lstrip("\n")
    if expected.endswith("\n..."):
        assert said[: len(expected) - 4] == expected[:-4]
    else:
        assert said == expected


@pytest.mark.parametrize(("text", "expected"), cases("rename.txt"))
def test_rename(text: str, expected: str) -> None:
    document, offset = at_mark(text)
    new, _, wanted = expected.partition("\n")
    if wanted.startswith("!! "):
        with pytest.raises(rename.Refused) as refusal:
            rename.rename(document, offset, new)
        assert str(refusal.value) == wanted[3:]
    else:
        assert apply(document.source, rename.rename(document, offset, new)).rstrip() == wanted
        assert document.text[slice(*rename.prepare(document, offset)[1:])] != new


def test_rename_reaches_the_files_that_draw_this_one_in(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    inner = "param c = 3\nblock b(n) { conv3-n }\n"
    (tmp_path / "parts" / "blocks.net").write_text(inner)
    (tmp_path / "user.net").write_text('use "parts/blocks.net"\ninput 3x8x8\nb(3); b(n=4)\n')
    (tmp_path / "shadow.net").write_text('use "parts/blocks.net"\nblock b(n) { relu }\ninput 3x8x8\nb(3)\n')
    (tmp_path / "other.net").write_text("# parts/blocks.net\ninput 3x8x8\nb(3)\n")
    document = Document(Source("blocks.net", inner), tmp_path / "parts")
    for place, new, expected in (
        (inner.index("b("), "unit", "unit(3); unit(n=4)"),
        (inner.index("n)"), "m", "b(3); b(m=4)"),
    ):
        ((other, edits),) = rename.others(document, place, new)
        assert other.path == tmp_path / "user.net"
        assert apply(other.source, edits).splitlines()[-1] == expected
    base = Document(Source("base.net", "input 3x8x8\nparam c = 3\ntable\n| S | L |\n| fc-c |\n"), tmp_path)
    (tmp_path / "one.net").write_text('extends "base.net" variant S (c=4)\n')
    for word, new, expected in (("S |", "tiny", "variant tiny (c=4)"), ("c =", "classes", "variant S (classes=4)")):
        ((other, edits),) = rename.others(base, base.text.index(word), new)
        assert apply(other.source, edits).rstrip().endswith(expected)


@pytest.mark.parametrize("spec", ["googlenet", "unet", "squeezenet", "two_layer"])
def test_every_name_of_a_real_spec_can_be_changed(spec: str) -> None:
    """Whatever is renamed, the network stays what it is: `rename` proves it, or refuses."""
    path = SPECS / f"{spec}.net"
    document = Document(Source(path.name, path.read_text("utf-8")), SPECS)
    for symbol in document.names.symbols:
        edits = rename.rename(document, symbol.definitions[0].start, "renamed_here")
        assert len(edits) == len(symbol.places)


@pytest.mark.parametrize(
    ("text", "label", "active"),
    [
        ("dropout(", "dropout(p=50%, per=value)", "p=50%"),
        ("block b(n, k=3) { relu }\nb(1, ", "b(n, k=3)", "k=3"),
        ("block b(n, k=3) { relu }\nb(k=", "b(n, k=3)", "k=3"),
        ("max pool3(1, ceil=", "maxpool(", "ceil=false"),
        ("conv3-64(act=relu, ", "conv(", None),
        ("bn", None, None),
    ],
)
def test_signature_help(text: str, label: str | None, active: str | None) -> None:
    document, _ = at_mark(f"input 3x8x8\n{text}")
    found = signature.signature(document, len(document.text))
    if label is None:
        assert found is None
        return
    assert found is not None
    assert found.label.startswith(label)
    part = found.parameters[found.active] if found.active is not None else None
    assert (found.label[part.start : part.end] if part else None) == active


def definitions(text: str, directory: Path | None = None) -> list[str]:
    document, offset = at_mark(text, directory)
    found = []
    for span in definition.definitions(document, offset):
        source = document.source_of(span)
        path = document.path(span.file)
        whole = source.text if source is not None else path.read_text("utf-8")  # type: ignore[union-attr]
        line = whole[: span.start].count("\n") + 1
        found.append(f"{span.file}:{line}: {whole[span.start : span.end]}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input 3x8x8\na: conv3-4\n@<|>a\n", ["test.net:2: a"]),
        ("input 3x8x8\na: conv3-4\nexpect a<|>.params = 112\n", ["test.net:2: a"]),
        ("input 3x8x8\n@in<|>put\n", ["test.net:1: input 3x8x8"]),
        ("input one: 3x8x8\nrelu\n@o<|>ne\n", ["test.net:1: one"]),
        ("block b(n) { conv3-n }\ninput 3x8x8\nb<|>(3)\n", ["test.net:1: b"]),
        ("block b(n) { conv3-n }\ninput 3x8x8\nb(<|>n=3)\n", ["test.net:1: n"]),
        ("block b(n) { conv3-<|>n }\n", ["test.net:1: n"]),
        ("param n = 3\ninput 3x8x8\nfc-<|>n\n", ["test.net:1: n"]),
        ('use "parts/blocks.net"\ninput 3x8x8\nused_<|>block(3)\n', ["parts/blocks.net:2: used_block"]),
        ('use "parts/blocks.net"\ninput 3x8x8\nused_block(<|>n=3)\n', ["parts/blocks.net:2: n"]),
        ('use "parts/<|>blocks.net"\n', ["parts/blocks.net:1: "]),
        ('extends "<|>base.net" variant S\n', ["base.net:1: "]),
        ('extends "base.net" variant <|>S\n', ["base.net:4: S"]),
        ('extends "base.net" variant S (cla<|>sses=3)\n', ["base.net:2: classes"]),
        ("input 8x8x8\nfi<|>re(1, 2, 3)\n", ["<std>/fire.net:2: fire"]),
        ("input 8x8x8\nco<|>nv3-4\n", []),
        ("input 3x8x8\na: conv3-4\ncrop(like=@<|>a)\n", ["test.net:2: a"]),
        ("input 3x8x8\ns{i}: relu x2 as i\n@s<|>0\n", ["test.net:2: s"]),
        ("input 3x8x8\nadd { a: relu | reuse(<|>a) }\n", ["test.net:2: a"]),
        ("input 3x8x8\nif true { a: relu } else { a: tanh }\n@<|>a\n", ["test.net:2: a", "test.net:2: a"]),
        ("input 3x8x8\nb: f()\n@b.hi<|>gh\nblock f() {\n output high: relu }\n", ["test.net:5: high"]),
        ("block f() takes low, map x2 { @low; @<|>map1 }\n", ["test.net:1: map"]),
        ("input 3x8x8\noutput a: relu\n@<|>a\n", ["test.net:2: a"]),
        ("block m(f=relu) { conv3-8; <|>f }\n", ["test.net:1: f"]),
    ],
)
def test_definition(text: str, expected: list[str], folder: Path) -> None:
    assert definitions(text, folder) == expected


def test_references() -> None:
    text = "block b(n) { conv3-n }\ninput 3x8x8\n<|>b(3); b(4)\nfire(1, 2, 3); fire(1, 2, 3)\n"
    document, offset = at_mark(text)
    found = references.references(document, offset)
    assert [document.text[span.start : span.end + 2] for span in found] == ["b(n", "b(3", "b(4"]
    assert references.references(document, offset, declaration=False) == found[1:]
    standard = references.references(document, document.text.index("fire"))
    assert [span.file for span in standard] == ["<std>/fire.net", "test.net", "test.net"]


@pytest.mark.parametrize(
    ("statements", "labels", "found"),
    [
        ("<|>head: fc-4", '[["head", zeros]]', 2),
        ("<|>head: fc-4", "[[head, zeros]]", 2),
        ("param head = 1\n<|>x: fc-4", '[["x", zeros], ["x", uniform]]', 3),
        ("<|>top: { a: fc-4; b: fc-3 }", '[["top.b", zeros]]', 2),
        ("top: { a: fc-4; <|>b: fc-3 }", '[["top.b", zeros]]', 2),
        ("top: { a: fc-4; <|>b: fc-3 }", '[["b", zeros]]', 2),
        ("top: { <|>b: { c: fc-3 } }", '[["b.c", zeros]]', 2),
        ("<|>f{i}: fc-4 x3 as i", '[["f1", zeros]]', 2),
        ("<|>top: { fc-4; relu }", '[["top.0", zeros]]', 2),
    ],
)
def test_labels_of_a_recipe_are_references(statements: str, labels: str, found: int) -> None:
    """`init=by(labels=[...])` names a label, which is renamed there too."""
    document, offset = at_mark(f"input 8\n{statements}\ntrain(loss=mse, init=by(fc=uniform, labels={labels}))")
    assert len(references.references(document, offset)) == found
    edits = rename.rename(document, offset, "renamed")
    assert len(edits) == found
    again = Document(Source("test.net", apply(document.source, edits)), HERE)
    assert not document.compilation().report.errors
    assert not again.compilation().report.errors


def test_outline() -> None:
    text = (
        "net N\ninput 3x32x32\nparam c = 3\nblock b(n) { in: conv3-n }\ntable\n| A | B |\n"
        "| l: conv3-4 | l: conv3-8 |\n| m: relu |\nx: { y: b(3) }\naux h { z: gap }\n"
        "block t(n) takes u, v x{n} { output w{i}: { k: relu } x2 as i }\nif true { s: t(3) { q: relu | relu } }\n"
    )
    document, _ = at_mark(text)

    def shown(entries: Any) -> list[Any]:
        return [(e.name, e.kind, shown(e.children)) if e.children else (e.name, e.kind) for e in entries]

    assert shown(symbols.outline(document)) == [
        ("N", "net"),
        ("input", "input"),
        ("c", "param"),
        ("b", "block", [("in", "label")]),
        ("table", "table", [("A", "variant", [("l", "label")]), ("B", "variant", [("l", "label")]), ("m", "label")]),
        ("x", "label", [("y", "label")]),
        ("h", "aux", [("z", "label")]),
        ("t", "block", [("w{i}", "output", [("k", "label")])]),
        ("s", "label", [("q", "label")]),
    ]
    assert [e.detail for e in symbols.outline(document) if e.kind == "block"] == ["(n)", "(n) takes u, v x{n}"]


def test_folding() -> None:
    text = "# one\n# two\ninput 3x8x8  # no\nblock b() {\n  relu\n  relu\n}\ntable\n| A |\n| relu |\ntrain(batch=1,\n epochs=2)\n"
    text += "fuse() {\n  relu\n| tanh\n}\n"
    document, _ = at_mark(text)
    regions = [(3, 5, "region"), (7, 9, "region"), (10, 11, "region"), (12, 14, "region")]
    assert folding.folds(document) == [(0, 1, "comment"), *regions]


def test_formatting_changes_only_the_lines_it_must() -> None:
    document, _ = at_mark("input 3x8x8\nconv3-4(  pad =1 )\nrelu\n")
    edits = formatting.formatting(document)
    assert apply(document.source, edits) == "input 3x8x8\nconv3-4(pad=1)\nrelu\n"
    assert [document.text[edit.span.start : edit.span.end] for edit in edits] == ["conv3-4(  pad =1 )\n"]
    assert formatting.formatting(at_mark("input 3x8x8\nconv3-4((\n")[0]) == []


@pytest.mark.parametrize(("old", "new"), [("", "a\n"), ("a\n", ""), ("a\nb\nc\n", "a\nc\n"), ("a\na\n", "a\na\na\n")])
def test_changes_lead_from_one_text_to_the_other(old: str, new: str) -> None:
    document = Document(Source("test.net", old))
    assert apply(document.source, formatting.changes(document, new)) == new


# Messages ------------------------------------------------------------------------------------------------------------


def test_a_message_that_only_some_variants_have_names_them() -> None:
    document, _ = at_mark("input 3x8x8\ntable\n| A | B |\n| conv3-4 | conv3-8 |\nexpect params = 112\n")
    assert not diagnostics.messages(document)  # A is shown, and right
    document.compilation("B")
    (message,) = diagnostics.messages(document)
    assert message.text.startswith("`params` is 224, not 112 (variant B)")


def test_a_message_in_another_file_is_shown_where_it_is_drawn_in(folder: Path) -> None:
    document, _ = at_mark('input 3x8x8\nuse "parts/blocks.net"\nused_block(0)\n', folder)
    (message,) = diagnostics.messages(document)
    assert document.text[message.span.start : message.span.end] == "used_block(0)"
    assert message.text.startswith("parts/blocks.net:2:")
    assert message.related[0].span.file == "parts/blocks.net"


def test_what_was_said_of_other_variants_moves_with_the_text() -> None:
    workspace = Workspace()
    text = "input 3x8x8\ntable\n| A | B |\n| conv3-4 | conv3-8(groups=3) |\nrelu\n"
    file = workspace.open("untitled:test", None, 1, text)
    file.document.compilation("B")
    file.told = diagnostics.messages(file.document)
    assert [diagnostics.kept(message, "A") for message in file.told] == [True]
    place = text.index("conv3-4")
    file.replace(place, place, "  ")
    (message,) = file.told
    assert file.document.text[message.span.start : message.span.end] == "groups=3"
    file.replace(place, file.document.text.index("\nrelu"), "")
    assert not file.told


def test_the_column_that_is_edited_is_shown() -> None:
    workspace = Workspace()
    text = "input 3x8x8\ntable\n| A | B | C |\n| conv3-4 | | conv3-8 |\nrelu\n"
    file = workspace.open("untitled:test", None, 1, text)
    assert file.document.shown == "A"
    for place, shown in (("conv3-8", "C"), ("relu", "C"), ("| |", "B"), ("conv3-4", "A"), ("| B", "A"), ("B |", "B")):
        at = file.document.text.index(place) + (2 if place == "| |" else 0)
        file.replace(at, at, "")
        assert file.document.shown == shown, place


def test_the_unsaved_text_of_another_file_counts(folder: Path) -> None:
    workspace = Workspace()
    one = workspace.open((folder / "one.net").as_uri(), folder / "one.net", 1, 'extends "base.net" variant S\n')
    other = workspace.open(
        (folder / "parts" / "blocks.net").as_uri(), folder / "parts" / "blocks.net", 1, "block used_block(n) { fc-n }"
    )
    user = workspace.open(
        (folder / "user.net").as_uri(), folder / "user.net", 1, 'use "parts/blocks.net"\ninput 3x8x8\nused_block(5)\n'
    )
    assert one.document.network().output == (10,)  # type: ignore[union-attr]
    assert user.document.network().output == (5,)  # type: ignore[union-attr]
    other.replace(0, len(other.document.text), "block used_block(n) { fc-{2 * n} }")
    assert workspace.refresh(other.path) == [user]
    assert user.document.network().output == (10,)  # type: ignore[union-attr]


def test_quick_fixes() -> None:
    document, _ = at_mark("input 3x8x8\nconv3-8(pads=1)\nconv3\u20138\n")
    told = diagnostics.messages(document)
    found = actions.fixes(document, told, 0, len(document.text))
    assert found
    after = [apply(document.source, fix.edits) for fix in found]
    assert any("conv3-8(pad=1)" in text for text in after)
    assert any("conv3-8\n" in text for text in after)
    assert not actions.fixes(document, told, 0, 5)


def test_a_diagram_and_a_summary_of_the_variant_that_is_asked_for() -> None:
    document, _ = at_mark("input 3x8x8\ntable\n| A | B |\n| conv3-4 | conv3-8 |\n")
    for variant, channels in (("A", 4), ("B", 8), ("none such", 4)):
        made = preview.summary(document, variant)
        assert made["data"]["output"] == [channels, 8, 8]
        assert f"{channels}x8x8" in preview.diagram(document, variant)["svg"]
    assert made["variants"] == ["A", "B"]
    assert preview.diagram(at_mark("block b() { relu }\n")[0])["message"]


# Over the wire -------------------------------------------------------------------------------------------------------


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[sys.executable, "-m", "netdsl", "lsp", "--stdio"]), scope="module"
)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    lsp_client.diagnostics = Told()
    capabilities = client_capabilities("visual-studio-code")
    await lsp_client.initialize_session(lsp.InitializeParams(capabilities=capabilities))
    yield
    await lsp_client.shutdown_session()


class Told(dict[str, Any]):
    """What the server has told of each file, the newest; and all that it tells, in order, for who waits for it."""

    def __init__(self) -> None:
        self.queues: defaultdict[str, asyncio.Queue[list[lsp.Diagnostic]]] = defaultdict(asyncio.Queue)

    def __setitem__(self, uri: str, found: Any) -> None:
        super().__setitem__(uri, found)
        self.queues[uri].put_nowait(list(found))


class Editor:
    """A text open in an editor."""

    def __init__(self, client: LanguageClient, path: Path, text: str):
        self.client, self.path, self.uri, self.text, self.version = client, path, path.as_uri(), text, 1
        self.id = lsp.TextDocumentIdentifier(self.uri)
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(self.uri, "net", 1, text)))

    def place(self, word: str) -> lsp.Position:
        """The position of a word, in UTF-16 units, counted the slow way."""
        before = self.text[: self.text.index(word)]
        return lsp.Position(before.count("\n"), len(before.rpartition("\n")[2].encode("utf-16-le")) // 2)

    def type(self, before: str, new: str, old: str = "") -> None:
        """Replace `old`, which stands right before the text `before`, by `new`."""
        at = self.text.index(old + before)
        start = self.place(old + before)
        self.text = self.text[:at] + new + self.text[at + len(old) :]
        self.version += 1
        end = lsp.Position(start.line, start.character + len(old))
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self.version, self.uri),
                [lsp.TextDocumentContentChangePartial(lsp.Range(start, end), new)],
            )
        )

    async def told(self, wanted: int | None = None) -> list[lsp.Diagnostic]:
        """The next messages; the next that are so many. None is missed, however late this asks."""
        while True:
            found = await asyncio.wait_for(self.client.diagnostics.queues[self.uri].get(), PATIENCE)
            if wanted is None or len(found) == wanted:
                return found


@pytest.mark.asyncio(loop_scope="module")
async def test_messages_while_typing(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path / "typed.net", 'source "𝄞" ; input 3x32x32; stem: conv3-8\n')
    assert await editor.told() == []
    editor.type("\n", "(groups=2)")
    (message,) = await editor.told(1)
    assert (message.code, message.source, message.severity) == ("E0301", "netdsl", lsp.DiagnosticSeverity.Error)
    assert message.range.start == editor.place("groups=2")
    (action,) = [
        each
        for each in await client.text_document_code_action_async(
            lsp.CodeActionParams(editor.id, message.range, lsp.CodeActionContext([message]))
        )
        if each.edit.changes[editor.uri][0].new_text in ("", "1", "3", "groups=1", "groups=3")
    ][:1]
    assert action.kind == lsp.CodeActionKind.QuickFix
    editor.type("\n", "", "(groups=2)")
    assert await editor.told(0) == []


@pytest.mark.asyncio(loop_scope="module")
async def test_features_over_the_wire(client: LanguageClient, tmp_path: Path) -> None:
    text = "input 3x32x32\nblock unit(n) {\n  conv3-n\n}\nstem: unit(8)\nadd { @stem | identity }\n"
    editor = Editor(client, tmp_path / "all.net", text)
    await editor.told()
    id, at = editor.id, editor.place

    hints = await client.text_document_inlay_hint_async(
        lsp.InlayHintParams(id, lsp.Range(lsp.Position(0, 0), lsp.Position(99, 0)))
    )
    assert [(each.label, each.position.line) for each in hints][-1] == ("-> 8x32x32", 5)
    found = await client.text_document_hover_async(lsp.HoverParams(id, at("unit(8)")))
    assert "224 params" in found.contents.value
    items = await client.text_document_completion_async(lsp.CompletionParams(id, at("stem |")))
    assert [each.label for each in items] == ["stem", "input"]
    (place,) = await client.text_document_definition_async(lsp.DefinitionParams(id, at("stem |")))
    assert (place.uri, place.range.start) == (editor.uri, at("stem:"))
    places = await client.text_document_references_async(
        lsp.ReferenceParams(lsp.ReferenceContext(True), id, at("unit(n)"))
    )
    assert [each.range.start for each in places] == [at("unit(n)"), at("unit(8)")]
    marks = await client.text_document_document_highlight_async(lsp.DocumentHighlightParams(id, at("stem:")))
    assert [each.range.start for each in marks] == [at("stem:"), at("stem |")]
    ready = await client.text_document_prepare_rename_async(lsp.PrepareRenameParams(id, at("stem:")))
    assert ready.start == at("stem:")
    changed = await client.text_document_rename_async(lsp.RenameParams(id, at("stem:"), "trunk"))
    assert [each.new_text for each in changed.changes[editor.uri]] == ["trunk", "trunk"]
    with pytest.raises(Exception, match="is a word of the language"):
        await client.text_document_rename_async(lsp.RenameParams(id, at("stem:"), "add"))
    outline = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(id))
    assert [each.name for each in outline] == ["input", "unit", "stem"]
    folds = await client.text_document_folding_range_async(lsp.FoldingRangeParams(id))
    assert [(each.start_line, each.end_line) for each in folds] == [(1, 2)]
    edits = await client.text_document_formatting_async(
        lsp.DocumentFormattingParams(id, lsp.FormattingOptions(2, True))
    )
    assert edits is not None


@pytest.mark.asyncio(loop_scope="module")
async def test_variants_over_the_wire(client: LanguageClient, tmp_path: Path) -> None:
    text = "input 3x8x8\ntable\n| A | B |\n| conv3-4 | conv3-8(groups=3) |\nrelu\n"
    editor = Editor(client, tmp_path / "table.net", text)
    assert await editor.told() == []  # of A, which is shown
    (message,) = await editor.told(1)  # of B, a moment later
    assert "(variant B)" in message.message
    await client.text_document_document_highlight_async(lsp.DocumentHighlightParams(editor.id, editor.place("groups")))
    hints = await client.text_document_inlay_hint_async(
        lsp.InlayHintParams(editor.id, lsp.Range(lsp.Position(0, 0), lsp.Position(9, 0)))
    )
    assert hints is None or not hints  # B has no shapes
    await client.workspace_execute_command_async(lsp.ExecuteCommandParams("netdsl.showVariant", [editor.uri, "A"]))
    hints = await client.text_document_inlay_hint_async(
        lsp.InlayHintParams(editor.id, lsp.Range(lsp.Position(0, 0), lsp.Position(9, 0)))
    )
    assert [each.label for each in hints] == ["A: -> 4x8x8", "-> 4x8x8"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_large_network_keeps_no_other_file_waiting(client: LanguageClient, tmp_path: Path) -> None:
    large = Editor(client, tmp_path / "large.net", "input 8x4x4\nconv3-8(act=relu) x6000 -> 8x4x4 #\n")
    small = Editor(client, tmp_path / "small.net", "input 8x8x8\nconv3-8 -> 9x8x8\n")
    assert len(await small.told()) == 1
    assert large.uri not in client.diagnostics, "it was asked first, and takes a hundred times as long"
    large.type(" ->", "", "00")  # of texts that change while the first is compiled, the last one counts
    large.type("x4x4 #", "9", "8")
    assert [each.code for each in await large.told()] == ["E0501"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_network_that_takes_long_is_compiled_up_to_a_limit(client: LanguageClient, tmp_path: Path) -> None:
    huge = Editor(client, tmp_path / "huge.net", "input 8x4x4\n{ conv3-8; relu } x500000\n")
    (message,) = await huge.told(1)
    assert message.code == "E0004" and message.message.startswith("the network has more than 20,000 layers")
    assert "`netdsl check` does" in message.message
    hover = lsp.HoverParams(huge.id, huge.place("conv3"))
    assert (await client.text_document_hover_async(hover)) is not None
    huge.type("\n", "500", "500000")
    assert await huge.told(0) == []


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_asked_of_a_file_that_is_closed_is_refused(client: LanguageClient, tmp_path: Path) -> None:
    large = Editor(client, tmp_path / "closed.net", "input 8x8x8\nconv3-8 x18000\n")
    asked = asyncio.ensure_future(client.text_document_hover_async(lsp.HoverParams(large.id, large.place("conv3"))))
    await asyncio.sleep(0)
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(large.id))
    with pytest.raises(Exception, match=r"cancel|changed"):
        await asyncio.wait_for(asked, PATIENCE)
    again = Editor(client, large.path, "input 8x8x8\nconv3-8 -> 9x8x8\n")
    assert [each.code for each in await again.told(1)] == ["E0501"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_file_in_use_is_seen_as_it_is_typed(client: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text("block b() { conv3-4 }\n")
    user = Editor(client, tmp_path / "user.net", 'use "blocks.net"\ninput 3x8x8\nb() -> 4x8x8\n')
    assert await user.told() == []
    blocks = Editor(client, tmp_path / "blocks.net", "block b() { conv3-5 }\n")
    (message,) = await user.told(1)
    assert message.code == "E0501"
    blocks.type(" }", "4", "5")
    assert await user.told(0) == []
    blocks.type(" }", "6", "4")
    assert len(await user.told(1)) == 1
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(blocks.id))
    assert await user.told(0) == []  # what lies on the disk counts again
    (tmp_path / "blocks.net").write_text("block b() { conv3-7 }\n")
    change = lsp.FileEvent(blocks.uri, lsp.FileChangeType.Changed)
    client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([change]))
    assert len(await user.told(1)) == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_requests_of_our_own(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path / "own.net", "net Small\ninput 3x8x8\nconv3-4\n")
    await editor.told()
    made = await client.protocol.send_request_async("netdsl/diagram", {"uri": editor.uri})
    assert made.svg.rstrip().endswith("</svg>")
    told = await client.protocol.send_request_async("netdsl/summary", {"uri": editor.uri})
    assert (told.data.params, told.text.partition(":")[0]) == (112, "Small")
    with pytest.raises(Exception, match="is not open"):
        await client.protocol.send_request_async("netdsl/summary", {"uri": "file:///nowhere.net"})


@pytest.mark.asyncio(loop_scope="module")
async def test_many_changes_in_a_row_end_in_the_text_they_make(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path / "row.net", "input 3x8x8\nconv3-4\n")
    await editor.told()
    for char in "; conv3-8; fc-1":
        editor.type("\n", char) if char != "\n" else None
    hints = await client.text_document_inlay_hint_async(
        lsp.InlayHintParams(editor.id, lsp.Range(lsp.Position(0, 0), lsp.Position(9, 0)))
    )
    assert hints[-1].label == "-> 1"


# The command ---------------------------------------------------------------------------------------------------------


def test_without_pygls_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "netdsl.tools.cli.lsp", raising=False)
    assert main(["lsp"]) == 2
    assert "pip install 'netdsl[lsp]'" in capsys.readouterr().err


def test_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lsp", "--stdio", "--tcp", "2087"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_the_features_know_no_protocol_and_no_torch() -> None:
    code = (
        "import sys, netdsl.tools.lsp as folder, pathlib, importlib\n"
        "for entry in pathlib.Path(folder.__path__[0]).glob('*.py'):\n"
        "    if entry.stem not in ('server', 'session', 'translate', '__init__'):\n"
        "        importlib.import_module(f'netdsl.tools.lsp.{entry.stem}')\n"
        "print(*{'pygls', 'lsprotocol', 'torch', 'click'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []
