"""Notebooks: the `%%net` magic in IPython's own shell, and what a network shows of itself."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl import ir
from netdsl.backends import html
from netdsl.compiler import compile
from netdsl.text.source import Source

pytest.importorskip("IPython")
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

ROOT = Path(__file__).parent.parent
GOOD = "net Small\ninput 3x8x8\nparam classes = 10\nconv3-64(act=relu)\ngap; fc-classes\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}}))
    made.run_cell("%load_ext netdsl")
    yield made
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str) -> tuple[bool, str, list[Any]]:
    """Whether a cell ran, what it printed, and what it displayed."""
    with capture_output() as seen:
        done = shell.run_cell(cell)
    return done.success, seen.stdout + seen.stderr, seen.outputs


def test_a_cell_gives_a_network(shell: InteractiveShell) -> None:
    success, _, outputs = run(shell, f"%%net\n{GOOD}")
    assert success
    net = shell.user_ns["net"]
    assert isinstance(net, netdsl.Network) and net.params == 2442
    (shown,) = outputs
    assert "2,442" in shown.data["text/html"] and "data:image/svg+xml" in shown.data["text/html"]
    assert shown.data["text/plain"] == repr(net) == "Network('Small', 3x8x8 -> 10, 2.44K params, 111K MACs, depth 2)"


def test_its_options(shell: InteractiveShell) -> None:
    table = "net T\ninput 3x8x8\nparam n = 2\ntable\n| A | B |\n| conv3-8 | conv3-9 |\ngap; fc-n\n"
    success, said, _ = run(shell, f"%%net mine --variant B --set n=5 --input 1x16x16\n{table}")
    assert success, said
    assert repr(shell.user_ns["mine"]).startswith("Network('T:B', 1x16x16 -> 5, ")
    success, said, _ = run(shell, f"%%net mine\n{table}")
    assert not success and "variants" in said


def test_a_cell_may_use_files(shell: InteractiveShell) -> None:
    Path("blocks.net").write_text("block cell(n) { conv3-n; relu }\n")
    success, said, _ = run(shell, '%%net\nuse "blocks.net"\ninput 3x8x8\ncell(4); gap; fc-10\n')
    assert success, said


def test_a_wrong_cell_shows_its_messages_and_stops(shell: InteractiveShell) -> None:
    run(shell, f"%%net\n{GOOD}")
    before = shell.user_ns["net"]
    success, said, outputs = run(shell, "%%net\n" + GOOD.replace("conv3", "cnv3").replace("gap", "gapp"))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert not success and not outputs
    assert "error[E0203]: unknown operator or block `cnv3`" in plain and "`gapp`" in plain
    assert "--> <cell>:4:1" in plain and "did you mean `gap`?" in plain
    assert said != plain, "the messages have colours"
    assert "Traceback" not in plain and "jupyter.py" not in plain
    assert shell.user_ns["net"] is before


@pytest.mark.parametrize(
    "line, words",
    [
        ("3x", "'3x' is no name for a variable"),
        ("class", "'class' is no name for a variable"),
        ("--input 3xx", "'3xx' is not a shape"),
        ("--set a", "'a' is not K=V"),
        ("--set classes=1/0", "division by zero"),
        ("--set classes=(", "E0102"),
        ("--set clases=3", "did you mean `classes`?"),
        ("--variant A", "E0701"),
        ("--what", "unrecognized arguments: --what"),
    ],
)
def test_a_wrong_line_is_told(line: str, words: str, shell: InteractiveShell) -> None:
    success, said, _ = run(shell, f"%%net {line}\n{GOOD}")
    assert not success and words in said and "Traceback" not in said


def test_definitions_alone_are_no_network(shell: InteractiveShell) -> None:
    success, said, _ = run(shell, "%%net\nblock a() { relu }\n")
    assert not success and "no network in this cell" in said


def test_the_extension_costs_nothing_before_it_is_asked_for() -> None:
    code = "import sys, netdsl; hasattr(netdsl, 'loads'); assert 'IPython' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


# What a network shows of itself ----------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", ["vgg19", "googlenet", "resnet:18-layer", "unet", "lenet5"])
def test_html(name: str) -> None:
    net = netdsl.load(name)
    page = Page(html.html(net))
    assert not page.open
    assert f"{net.params:,}" in page.text and f"{net.macs:,}" in page.text and net.name in page.text
    (image,) = (attributes for tag, attributes in page.tags if tag == "img")
    head, _, data = str(image["src"]).partition(",")
    assert head == "data:image/svg+xml;base64" and b"<svg" in base64.b64decode(data)
    assert {tag for tag, _ in page.tags} <= {
        "style", "div", "p", "b", "img", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "small", "code", "br"
    }  # fmt: skip


def test_every_text_of_a_stranger_is_escaped() -> None:
    net = compile(Source("a", GOOD + 'reported year = 2015 "</small><script>alert(1)</script>"\n')).network
    assert net is not None
    data = json.loads(net.model_dump_json())
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    data["name"] = evil
    page = Page(html.html(ir.Network.model_validate(data)))
    assert "script" not in {tag for tag, _ in page.tags}
    assert len([tag for tag, _ in page.tags if tag == "img"]) == 1
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert evil in page.text


def test_a_network_with_errors_shows_what_is_known() -> None:
    net = compile(Source("a", GOOD.replace("gap", "gapp"))).network
    assert net is not None and not net.complete
    assert repr(net) == str(net) == "Network('Small', 3x8x8 -> ?, incomplete)"
    assert "?" in Page(html.html(net)).text


def test_several_inputs() -> None:
    net = netdsl.loads("input a: 1x8x8\ninput b: 2x8x8\n@a; concat { @a | @b }\ngap; fc-2\n", name="two.net")
    assert "a: 1x8x8, b: 2x8x8 -> 2" in repr(net) and "\n" not in repr(net)


def test_a_large_network_is_shown_soon() -> None:
    text = "input 3x8x8\n" + "".join(f"conv3-{8 + i % 7}\n" for i in range(1000))
    start = time.perf_counter()
    page = Page(html.html(netdsl.loads(text)))
    assert "too many to show here" in page.text and not [tag for tag, _ in page.tags if tag == "img"]
    assert "and 600 more rows" in page.text
    assert time.perf_counter() - start < 5


def test_an_enormous_network_is_shown_by_its_figures() -> None:
    net = netdsl.loads(f"input 3x8x8\nconv3-3 x{html.MOST_NODES + 1}\n")
    start = time.perf_counter()
    assert repr(net) in Page(html.html(net)).text
    assert time.perf_counter() - start < 0.1


def test_without_a_renderer_the_table_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    from netdsl.backends.artefact import RenderError

    def fails(*_arguments: object, **_options: object) -> bytes:
        raise RenderError("no `dot` program was found")

    monkeypatch.setattr(html, "diagram", fails)
    page = Page(html.html(netdsl.load("vgg19")))
    assert "no `dot` program was found" in page.text and "143,667,240" in page.text


def test_the_example_notebook(shell: InteractiveShell) -> None:
    book = json.loads((ROOT / "examples" / "notebook.ipynb").read_text("utf-8"))
    assert book["nbformat"] == 4 and book["cells"][0]["cell_type"] == "markdown"
    seen = 0
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None, "outputs are stripped"
            success, said, _ = run(shell, "".join(cell["source"]))
            wanted = "raises-exception" not in cell["metadata"].get("tags", [])
            assert success == wanted, said
            seen += 1
    assert seen >= 4


JUPYTERLAB = """
.jp-RenderedHTMLCommon { line-height: 1.6; font-family: sans-serif; }
.jp-RenderedHTMLCommon table { border-collapse: collapse; border: none; font-size: 12px; table-layout: fixed; margin: 0 auto 1em; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th, .jp-RenderedHTMLCommon tr {
  vertical-align: middle; padding: 0.5em; line-height: normal; white-space: normal; max-width: none; border: none; }
:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td, :not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon th,
:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon tr { text-align: right; }
"""
"""What JupyterLab, and the pages that it exports, say of tables in outputs (@jupyterlab/rendermime, style/base.css)."""
MEASURE = """<script>
const style = (query) => getComputedStyle(document.querySelector(query));
document.title = [1, 2, 3, 4, 5].map((n) => style(`.netdsl tbody td:nth-child(${n})`).textAlign).join(" ")
  + " " + style(".netdsl-table").maxHeight;
</script>"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.parametrize(("panel", "height"), [("jp-NotebookPanel", r"\d+px"), ("jp-Notebook", "none")])
def test_text_stands_on_the_left_in_jupyterlab_and_no_box_scrolls_in_a_page(
    panel: str, height: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    output = f'<div class="jp-RenderedHTMLCommon jp-RenderedHTML">{html.html(netdsl.load("lenet5"))}</div>'
    page.write_text(f'<style>{JUPYTERLAB}</style><body class="{panel}"><div>{output}</div>{MEASURE}</body>', "utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120)
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title, done.stderr
    assert re.fullmatch(f"left left left right right {height}", title[1])
