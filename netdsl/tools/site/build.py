"""All pages of the site, with the navigation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from netdsl import zoo
from netdsl.backends.pictures import diagram
from netdsl.compiler import load
from netdsl.tools.gallery import SIDE_BY_SIDE
from netdsl.tools.site.cheatsheet import cheatsheet
from netdsl.tools.site.frameworks import framework_pages
from netdsl.tools.site.networks import families, network_pages
from netdsl.tools.site.operators import block_pages, operator_pages
from netdsl.tools.site.page import Asset, Page, anchor, dark, fence, from_repository

ROOT = Path(__file__).parents[3]
PICTURES = (".svg", ".png")
EXAMPLES = (".net", ".py", ".ipynb")
_ALL = re.compile(r'"([\w/]+)/\*"')
_TABLE = {"<table><tr><td>": '<div class="grid" markdown>\n<div markdown>', "</td><td>": "</div>\n<div markdown>"}
_TABLE["</td></tr></table>"] = "</div>\n</div>"


def contents(root: Path = ROOT) -> Iterator[Page | Asset]:
    """All pages and files of the site. Raises `KeyError` for a link to a file that the site does not have."""
    yield from operator_pages({name: networks[0] for name, networks in families().items()})
    yield from block_pages()
    yield from network_pages(root / "docs")
    yield from framework_pages()
    yield cheatsheet()
    yield from written(root)


def written(root: Path) -> Iterator[Page | Asset]:
    """What is written by hand: the documentation, with its pictures and the examples that it speaks of."""
    homes = places(root)
    twice = {f"networks/{name}.svg" for name in zoo.names()}
    for name, _, _, specs in SIDE_BY_SIDE:
        path = f"gallery/{name}.svg"
        twice.add(path)
        first, *others = map(load, specs)
        for target, theme in ((path, "light"), (dark(path), "dark")):
            yield Asset(target, diagram(first, beside=tuple(others), style="paper", theme=theme))
    for path, home in homes.items():
        file = root / path
        if file.suffix == ".md" and home.endswith(".md"):
            text = file.read_text("utf-8")
            if path == "README.md":
                for table, grid in _TABLE.items():
                    text = text.replace(table, grid)
            title = re.search(r"(?m)^# (.+)", text)
            yield Page(home, title[1] if title else file.stem, from_repository(path, text, homes, twice.__contains__))
        elif file.is_file() and "#" not in home and home not in twice and file.suffix != ".net":
            yield Asset(home, file.read_bytes())
    yield _examples(root)


def places(root: Path) -> dict[str, str]:
    """Where the files of the repository are in the site."""
    found = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "LICENSE": "license.txt"}
    for path in sorted((root / "docs").rglob("*")):
        name = path.relative_to(root / "docs").as_posix()
        if path.suffix == ".md" and not path.name.endswith(".in.md"):
            found[f"docs/{name}"] = name.replace("README.md", "index.md")
        elif path.suffix in PICTURES:
            found[f"docs/{name}"] = name
        elif path.name.endswith(".in.md"):
            found[f"docs/{name}"] = f"{name}.txt"
    found |= {f"docs/gallery/{name}.svg": f"networks/{name}.svg" for name in zoo.names()}
    found |= {f"specs/{name}.net": f"networks/{name}.md" for name in zoo.names()}
    for path in sorted(each for ending in EXAMPLES for each in (root / "examples").rglob(f"*{ending}")):
        name = path.relative_to(root).as_posix()
        found[name] = f"examples/index.md#{anchor(name)}" if path.suffix == ".net" else name
    return found | {"examples": "examples/index.md", "examples/history": "examples/index.md"}


def _examples(root: Path) -> Page:
    parts = [
        "# Examples",
        "Specs that the documentation speaks of. [The zoo](../networks/index.md) has the networks of the literature.",
    ]
    for path in sorted((root / "examples").rglob("*.net")):
        parts += [f"## {path.relative_to(root).as_posix()}", fence("net", path.read_text("utf-8"))]
    return Page("examples/index.md", "Examples", "\n\n".join(parts) + "\n")


def configuration(template: str, pages: Iterable[Page]) -> str:
    """The configuration with its navigation: `"operators/*"` stands for the pages there, the list of them first."""
    known = sorted(pages, key=lambda page: page.title.lower())

    def listed(found: re.Match[str]) -> str:
        index = f"{found[1]}/index.md"
        inside = [each for each in known if re.fullmatch(rf"{found[1]}/[^/]+\.md", each.path) and each.path != index]
        rows = [json.dumps(index), *(f"{{ {json.dumps(each.title)} = {json.dumps(each.path)} }}" for each in inside)]
        return "[\n" + "".join(f"    {row},\n" for row in rows) + "  ]"

    return _ALL.sub(listed, template)


def write(folder: Path, root: Path = ROOT) -> None:
    """Write pages, files and configuration into a folder; what is there already with the same bytes is left alone."""
    wanted = {}
    pages = []
    for each in contents(root):
        wanted[f"pages/{each.path}"] = each.data if isinstance(each, Asset) else each.text.encode()
        pages += [each] if isinstance(each, Page) else []
    wanted["zensical.toml"] = configuration((root / "docs/site/zensical.toml").read_text("utf-8"), pages).encode()
    wanted |= {f"pages/{name}": (root / "docs/site" / name).read_bytes() for name in ("site.css", "iframe-worker.js")}
    for path in (folder / "pages").rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in wanted:
            path.unlink()
    for name, data in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
