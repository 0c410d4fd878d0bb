"""The examples run, and the texts of the documentation are right."""

from __future__ import annotations

import doctest
import re
import runpy
from pathlib import Path

import pytest

import netdsl
from netdsl.compiler import compile
from netdsl.text.source import Source

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.net")), ids=lambda path: path.name)
def test_specs(path: Path) -> None:
    assert netdsl.load(path).complete


def test_figures(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ROOT / "examples" / "figures.py"))["main"]("alexnet")
    assert "60,965,224" in capsys.readouterr().out


def test_training_learns() -> None:
    assert runpy.run_path(str(ROOT / "examples" / "train_a_step.py"))["main"](40) > 0.1


def test_the_emitted_source_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "lenet5.py"
    source.write_text(netdsl.emit(netdsl.load("lenet5")), "utf-8")
    monkeypatch.setattr("sys.argv", ["run_source.py", str(source), "1x32x32"])
    runpy.run_path(str(ROOT / "examples" / "run_source.py"), run_name="__main__")
    assert "(1, 10)" in capsys.readouterr().out


def whole_nets() -> list[tuple[str, str]]:
    """The code blocks of README and docs that are whole networks."""
    found = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text("utf-8")
        blocks = re.findall(r"(?:^(?:    .*)?\n)+", text, re.M) + re.findall(r"```[a-z]*\n(.*?)```", text, re.S)
        for number, block in enumerate(blocks):
            body = re.sub(r"(?m)^    ", "", block).strip() + "\n"
            if re.match(r"(net|input|source|param) ", body) and re.search(r"(?m)^input ", body) and "..." not in body:
                found.append((f"{path.name}-{number}", body))
    return found


@pytest.mark.parametrize("text", [text for _, text in whole_nets()], ids=[name for name, _ in whole_nets()])
def test_networks_in_the_documentation(text: str) -> None:
    compilation = compile(Source("doc.net", text))
    for variant in compilation.variants:
        compilation = compile(Source("doc.net", text), variant=variant)
        assert compilation.valid, [d.message for d in compilation.report]
    assert compilation.valid, [d.message for d in compilation.report]


def test_the_documentation_has_networks() -> None:
    assert len(whole_nets()) >= 3


MISTAKE = "net Example\ninput 64x56x56\n\nconv3-64(act=relu)\nadd { conv1-256/2 | identity }\ngap; fc-1000\n"


def test_the_message_in_the_readme_is_what_is_printed() -> None:
    from netdsl.analysis.fixes import proposed, suggestions
    from netdsl.tools.render import render

    compilation = compile(Source("example.net", MISTAKE))
    (mistake,) = compilation.report
    found = {mistake: suggestions(compilation, compile)}
    printed = render(proposed(compilation.report, found), "text").strip("\n")
    shown = "\n".join(f"    {line}".rstrip() for line in printed.splitlines() if line)
    assert shown in (ROOT / "README.md").read_text("utf-8")


def test_the_walk_through_the_house() -> None:
    """What docs/architecture.md shows at each stage is what a shell prints."""
    failed, tried = doctest.testfile(str(ROOT / "docs" / "architecture.md"), module_relative=False)
    assert tried >= 20 and not failed


AROUND = "input 3x224x224\nparam n1x1 = 4\nparam n3x3red = 2\nparam n3x3 = 4\nhead: { fc: fc-10 }\n@input\n"
NO_SPECS = ("[LABEL:] ITEM", "error[E", '{"format_version"')


def test_every_snippet_of_the_reference_is_a_spec() -> None:
    """Whole networks are held above; what is a part of one is right in one."""
    text = (ROOT / "docs" / "language.md").read_text("utf-8")
    for block in re.findall(r"(?:^    .*\n|(?<=\n)\n(?=    ))+", text, re.M):
        body = re.sub(r"(?m)^    ", "", block).strip() + "\n"
        if re.search(r"(?m)^input ", body) or body.startswith(NO_SPECS):
            continue
        report = compile(Source("doc.net", AROUND + body)).report
        assert not report.errors, (body, [each.message for each in report.errors])


def test_the_grn_of_the_reference_is_timms() -> None:
    """A quotient that the language has no operator for, by `lrn` over all channels (ConvNeXt V2)."""
    torch, grn = pytest.importorskip("torch"), pytest.importorskip("timm.layers.grn")
    found = re.search(r"(?m)^    input 384x56x56\n(?:    .*\n)+", (ROOT / "docs" / "language.md").read_text("utf-8"))
    assert found is not None
    text = re.sub("(?m)^    ", "", found[0]).replace("384x56x56", "16x7x7")
    ours = netdsl.build(netdsl.loads(text)).double()
    theirs = grn.GlobalResponseNorm(16, eps=0.0, channels_last=False).double()
    for given, own in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.nn.init.normal_(own)
        given.data.copy_(own.data.view_as(given))
    x = torch.randn(2, 16, 7, 7, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x))


def test_the_reference_names_every_operator_and_every_word_of_a_recipe() -> None:
    from netdsl import ops
    from netdsl.recipe import KINDS, NAMES, find

    text = (ROOT / "docs" / "language.md").read_text("utf-8")
    words = {*ops.names(), *NAMES, *(word for kind in KINDS for word in find(kind))}
    named = set(re.findall(r"[a-z][a-z0-9_]*", " ".join(re.findall(r"`[^`\n]+`", text))))
    assert not words - named
