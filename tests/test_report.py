"""The page of a network: it stands alone, has every section, and nothing of a spec gets out of its place."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import netdsl
from netdsl.tools.cli import main

HOSTILE = """net evil
source "</title><script>alert(1)</script><img src=x onerror=alert(2)>"
input 3x8x8
# </pre><script>alert(3)</script> &amp;
conv3-4(act=relu)    -> 4x8x8
fc-2
expect params = 626
reported params = 9K "</td><script>alert(4)</script>"
"""


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another"


def report(tmp_path: Path, spec: str) -> str:
    out = tmp_path / "page.html"
    assert main(["report", spec, "-o", str(out)]) == 0
    assert main(["report", spec, "-o", str(out)]) == 0, "its own page is replaced"
    return out.read_text("utf-8")


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    return tags


def test_a_page_has_every_section_and_loads_nothing(tmp_path: Path) -> None:
    page = report(tmp_path, "googlenet")
    for name in (
        "Spec",
        "Picture",
        "Layers",
        "As its paper prints it",
        "Where it spends",
        "Claims",
        "Warnings",
        "PyTorch source",
    ):
        assert f">{name}</h2>" in page
    for tag, given in parsed(page).seen:
        assert tag not in ("script", "link", "iframe", "object")
        assert not any(key.startswith("on") for key in given)
        assert (given.get("src") or "data:").startswith("data:") and (given.get("href") or "#").startswith("#")
    assert "6,998,552 parameters" in page and "class GoogLeNet" in re.sub("<[^>]+>", "", page)
    assert "<td>expect params = 6998552</td><td>6,998,552</td><td class=good>holds</td>" in page
    assert "<td>reported conv1.macs = 34M</td><td>118,013,952</td><td class=dim>by design</td>" in page


def test_nothing_of_a_spec_gets_out_of_its_place(tmp_path: Path) -> None:
    (tmp_path / "evil.net").write_text(HOSTILE, "utf-8")
    page = report(tmp_path, str(tmp_path / "evil.net"))
    assert "script" not in [tag for tag, _ in parsed(page).seen] and "<img src=x" not in page
    assert str(tmp_path) not in page
    assert "reported params = 9K</td><td>626</td><td class=bad>differs</td>" in page


def test_no_page_tells_where_its_files_lie(tmp_path: Path) -> None:
    """A warning names its file as the spec's section does, also where the file is the zoo's."""
    page = report(tmp_path, "unet")
    assert "--&gt; unet.net:10:" in page and str(Path(netdsl.__file__).parent.parent) not in page


def test_a_wrong_spec_has_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wrong.net").write_text("input 3x8x8\nmaxpol\n", "utf-8")
    out = tmp_path / "page.html"
    assert main(["report", str(tmp_path / "wrong.net"), "-o", str(out)]) == 1 and not out.exists()
    out.write_text("mine", "utf-8")
    assert main(["report", "lenet5", "-o", str(out)]) == 2 and out.read_text("utf-8") == "mine"
    capsys.readouterr()


def test_without_colours_and_charts_there_is_still_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from netdsl.compiler import compile
    from netdsl.text.source import Source
    from netdsl.tools.report import page

    for name in ("netdsl.tools.highlight", "matplotlib"):
        monkeypatch.setitem(sys.modules, name, None)
    compilation = compile(Source("a.net", HOSTILE))
    assert compilation.network is not None
    found = page(compilation, compilation.network)
    assert "<pre>net evil" in found and "activation_bytes" in found
    assert netdsl.loads(HOSTILE).params == 626
