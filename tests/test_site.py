"""The documentation as a site: every page is reached, every link and anchor resolves, every spec and command holds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from math import prod
from pathlib import Path
from posixpath import dirname, join, normpath

import click
import pytest

import netdsl
from netdsl import ops, zoo
from netdsl.backends.torch.symbols import as_term
from netdsl.compiler import compile
from netdsl.foreign import BY_FRAMEWORK, CALLS, call
from netdsl.foreign.frameworks import FRAMEWORKS
from netdsl.text.source import Source
from netdsl.tools.catalogue import entries
from netdsl.tools.cli import main
from netdsl.tools.cli._group import program
from netdsl.tools.site import build, frameworks, networks, operators, page
from netdsl.tools.site.cheatsheet import cheatsheet
from netdsl.tools.site.page import Asset, Page

ROOT = Path(__file__).parent.parent
SOME = ("vgg19", "googlenet", "resnet50")


@cache
def contents() -> tuple[Page | Asset, ...]:
    """The site, with a few of the networks."""
    docs = ROOT / "docs"
    taught = networks.lessons((docs / "zoo.in.md").read_text("utf-8"), (docs / "zoo.md").read_text("utf-8"))
    some = {name: netdsl.load(name) for name in SOME}
    made: list[Page | Asset] = [*operators.operator_pages(some), *operators.block_pages(), cheatsheet()]
    made += [*frameworks.framework_pages(), *build.written(ROOT), networks.zoo_page(entries())]
    for name, network in some.items():
        own = [each for each in entries() if name in (each.spec, each.name)]
        made.append(networks.network_page(name, (network,), own, taught.get(own[0].spec)))
    return tuple(made)


def pages() -> tuple[Page, ...]:
    return tuple(each for each in contents() if isinstance(each, Page))


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^(?:```){language}\n(.*?)^```$", text)


def outside_of_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text))


# Links ---------------------------------------------------------------------------------------------------------------


def test_every_link_leads_to_a_page_and_a_heading() -> None:
    known = {each.path for each in contents()}
    known |= {f"networks/{name}.md" for name in zoo.names()}
    known |= {f"networks/{name}{ending}" for name in zoo.names() for ending in (".svg", ".dark.svg")}
    anchors = {each.path: set(map(page.anchor, headings(each.text))) for each in pages()}
    for each in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", outside_of_code(each.text)):
            path, _, anchor = "".join(target).partition("#")
            if re.match(r"[a-z]+:", path):
                continue
            place = normpath(join(dirname(each.path), path)) if path else each.path
            assert place in known, f"{each.path} links to {place}, which there is not"
            if anchor and not anchor.startswith("only-"):
                assert anchor in anchors[place], f"{each.path} links to {place}#{anchor}, which there is not"


def headings(text: str) -> list[str]:
    found = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text))
    return [re.sub(r"[`\\]|\]\([^)]*\)", "", each) for each in found]


def test_every_link_of_a_drawn_example_leads_to_its_text() -> None:
    known = {each.path for each in contents()}
    for each in contents():
        if isinstance(each, Asset) and each.path.startswith("operators/") and each.path.endswith(".svg"):
            for target in re.findall(r'<a href="([^"#]+)#L\d+"', each.data.decode()):
                assert f"operators/{target}" in known, each.path


def test_a_link_to_what_the_site_does_not_have_is_told() -> None:
    with pytest.raises(KeyError, match=r"docs/a\.md links to netdsl/ir\.py"):
        page.from_repository("docs/a.md", "[x](../netdsl/ir.py)\n", {"docs/a.md": "a.md"}, lambda path: False)


def test_links_and_pictures_find_their_new_places() -> None:
    homes = {"docs/a.md": "deep/a.md", "docs/b.md": "b.md", "docs/c.svg": "c.svg", "specs/d.net": "networks/d.md"}
    text = "[`b`](b.md#x) ![words](c.svg) [d](../specs/d.net) `[b](b.md)` [n](https://netdsl.org)\n"
    moved = page.from_repository("docs/a.md", text, homes, "c.svg".__eq__)
    assert moved == (
        "[`b`](../b.md#x) [![words](../c.svg#only-light)](../c.svg)[![words](../c.dark.svg#only-dark)](../c.dark.svg)"
        " [d](../networks/d.md) `[b](b.md)` [n](https://netdsl.org)\n"
    )


def test_the_navigation_has_every_page_once() -> None:
    template = (ROOT / "docs/site/zensical.toml").read_text("utf-8")
    nav = tomllib.loads(build.configuration(template, pages()))["project"]["nav"]

    def paths(item: object) -> Iterator[str]:
        if isinstance(item, str):
            yield item
        for inner in item if isinstance(item, list) else item.values() if isinstance(item, dict) else ():
            yield from paths(inner)

    listed = list(paths(nav))
    assert len(listed) == len(set(listed)), "docs/site/zensical.toml lists a page twice"
    assert set(listed) - {each.path for each in pages()} == set(), "docs/site/zensical.toml lists what there is not"
    assert {each.path for each in pages()} - set(listed) == set(), "docs/site/zensical.toml does not list a page"


# Code ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("conv3-64 x2; maxpool", "net"), ("net VGG\ninput 3x8x8\n...", "net"), ("import netdsl\nnetdsl.load('x')", "python"),
        ("$ netdsl check a.net\na.net: ok", "console"), ("netdsl lint a.net   # all", "sh"), (">>> 1\n1", "pycon"),
        ('{"valid": false}', "json"), ("error[E0302]: the branches", "text"), ("[pytest]\nnetdsl = specs/", "text"),
    ],
)  # fmt: skip
def test_code_says_what_it_is(code: str, language: str) -> None:
    assert page.language(code) == language
    assert page.fenced(f"Words:\n\n    {code.replace(chr(10), chr(10) + '    ')}\n\nWords.\n") == (
        f"Words:\n\n```{language}\n{code}\n```\n\nWords.\n"
    )


def test_every_spec_of_the_site_holds() -> None:
    """Whole networks compile, parts of one parse. Pages of messages show what is wrong, and are held elsewhere."""
    whole = 0
    for each in pages():
        for code in () if each.path.startswith("errors/") else fences(each.text, "net"):
            if "..." in re.sub(r"#.*|\"[^\"]*\"", "", code):
                continue
            if not re.search(r"(?m)^input ", code):
                assert page.is_spec(code), f"{each.path}:\n{code}"
                continue
            whole += 1
            first = compile(Source("doc.net", code), directory=ROOT / "specs")
            for variant in first.variants or (None,):
                found = compile(Source("doc.net", code), variant=variant, directory=ROOT / "specs")
                assert found.valid, f"{each.path}: {[told.message for told in found.report]}\n{code}"
    assert whole > 100


def test_every_command_of_the_site_is_one() -> None:
    """Commands and options in code are those that there are."""
    context = click.Context(program)
    seen = 0
    for each in pages():
        for code in (*fences(each.text, "console"), *fences(each.text, "sh")):
            for name, rest in re.findall(r"(?m)^(?:\$ )?netdsl ([\w-]+)(.*)$", code):
                command = program.get_command(context, name)
                assert command is not None, f"{each.path}: netdsl {name}"
                if isinstance(command, click.Group):
                    command = command.get_command(context, rest.split()[0]) or command
                known = {
                    option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
                }
                asked = set(re.findall(r"(?<= )--[a-z][\w-]*", re.split(r" {3,}| #", rest)[0])) - {"--help"}
                assert asked <= known, f"{each.path}: netdsl {name} has no {asked - known}"
                seen += 1
    assert seen > 60


def test_the_tutorial_is_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands, run one after the other beside the spec that it has written, print what stands below them."""
    tutorial = next(each.text for each in pages() if each.path == "tutorial.md")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"(?ms)^```(net|console)\n(.*?)^```$", tutorial)
    (tmp_path / "vgg.net").write_text((zoo.directory() / "vgg.net").read_text("utf-8"), "utf-8")
    ran = 0
    for kind, code in blocks:
        if kind == "net" and code.startswith(("input", "net VGG-16")):
            (tmp_path / "vgg16.net").write_text(code, "utf-8")
            (tmp_path / "mine.net").write_text(code, "utf-8")
        for line, shown in re.findall(r"(?m)^\$ netdsl (.*)\n((?:(?!\$ ).*\n)*)", code if kind == "console" else ""):
            command = re.split(r" {3,}", line)[0]
            if command.startswith("watch"):
                continue  # it goes on for ever
            capsys.readouterr()
            assert main(command.split()) in (0, 1), command
            printed = re.sub(r"(?m) +$", "", "".join(capsys.readouterr()))
            pattern = re.escape(shown.strip()).replace(re.escape("..."), r"[\s\S]*")
            assert re.search(pattern, printed), f"{command} prints\n{printed}"
            ran += 1
    assert ran > 15


# Operators and frameworks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ops.names())
def test_the_formulas_of_an_operator_give_its_figures(name: str) -> None:
    """The text of each formula, computed with the numbers of the example in place of its letters."""
    network = netdsl.loads(operators.example(name))
    node = next(each for each in network.nodes if each.op.name == name)
    inputs = tuple(shape for shape in (network.shapes[value] for value in node.inputs) if shape is not None)
    shapes, op = operators.lettered(node, inputs)
    letters = {str(as_term(size)): int(size) for shape in shapes for size in shape}
    fields = [each for key in type(op).model_fields for each in _each(getattr(op, key))]
    letters |= {str(as_term(each)): int(each) for each in fields if type(each).__name__ == "Sym"}

    def value(size: object) -> int:
        text = str(as_term(size))
        for letter in sorted(letters, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(letter)}(?![\w'])", str(letters[letter]), text)
        return int(eval(text, {"max": max, "min": min}))

    assert tuple(map(value, op.shape(shapes))) == node.shape
    assert value(op.macs(shapes)) == node.op.macs(inputs)
    for key, weight in op.weights(shapes).items():
        assert prod(map(value, weight.shape)) == prod(node.op.weights(inputs)[key].shape), key


def _each(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_is_understood(name: str) -> None:
    framework = FRAMEWORKS[name]
    for spelling in framework.layers:
        assert frameworks.written(spelling), f"nothing says what {spelling} is here"
    assert netdsl.loads(frameworks.network(name)).complete
    assert framework.spec or all(map(call, framework.lines))


def test_no_two_frameworks_spell_two_calls_alike() -> None:
    assert len(CALLS) == sum(map(len, BY_FRAMEWORK.values()))


# The site itself -----------------------------------------------------------------------------------------------------


class Html(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {str(found[key]) for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.links.add(str(found["href"]))
        loaded = found.get("src") or (found.get("href") if tag == "link" else None)
        if loaded and found.get("rel") not in ("canonical", "prev", "next"):
            self.loads.add(str(loaded))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make docs` builds."""
    if shutil.which("zensical", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("Zensical is not installed")
    folder = tmp_path_factory.mktemp("docs")
    done = subprocess.run(
        [sys.executable, "-m", "netdsl.tools.site", str(folder)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0 and "No issues found" in done.stdout + done.stderr, done.stdout + done.stderr
    return folder / "site"


@pytest.mark.slow  # it compiles and draws the zoo, and builds 280 pages
def test_the_site_stands_alone(site: Path) -> None:
    """Nothing comes from elsewhere, all links and anchors are there, and so is the index of the search."""
    parsed = {path.relative_to(site).as_posix(): Html(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(parsed) > 250
    for name, html in parsed.items():
        for loaded in html.loads:
            assert not re.match(r"(https?:)?//", loaded), f"{name} loads {loaded}"
            where = site if loaded.startswith("/") else site / dirname(name)  # 404.html may be shown at any place
            assert (where / loaded.partition("#")[0].lstrip("/")).exists() or loaded.startswith("data:"), loaded
        for link in html.links:
            path, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", link) or name == "404.html":
                continue
            place = normpath(join(dirname(name), path)) if path else name
            place = join(place, "index.html") if (site / place).is_dir() else place
            assert (site / place).exists(), f"{name} links to {link}"
            if anchor and place in parsed:
                assert anchor in parsed[place].anchors, f"{name} links to {link}"
    for path in site.rglob("*.css"):
        outside = re.findall(r"(?:url\(|@import )[\"']?((?:https?:)?//[^)\"']*)", path.read_text("utf-8"))
        assert not outside, f"{path.name} loads {outside}"
    assert "conv3-64" in (site / "search.json").read_text("utf-8")


@pytest.mark.slow
def test_the_search_works_in_a_page_that_is_a_file(site: Path) -> None:
    """In a browser, from a folder, without a server: what is typed is found, and nothing is asked of elsewhere."""
    browser = pytest.importorskip("playwright.sync_api", reason="the browser's client is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no Chromium")
    with browser.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = opened.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto((site / "operators" / "conv.html").as_uri())
        tab.locator(".md-search__button").click()
        tab.get_by_role("combobox").fill("depthwise")
        tab.get_by_text("dwconv K/S").first.click(timeout=30_000)
        tab.wait_for_url("**/dwconv.html*", timeout=30_000)
        opened.close()
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked), asked
