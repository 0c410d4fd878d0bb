"""The networks of the zoo as pages: what each is, its figure, its spec, what it taught, its paper's table, its claims.

All of it is computed from the spec; what a network taught is its chapter of `docs/zoo.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from netdsl import zoo
from netdsl.analysis import tables
from netdsl.backends.pictures import diagram
from netdsl.backends.table import fitting, summary, to_text
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.shapes import text as shape_text
from netdsl.tools.catalogue import entries
from netdsl.tools.gallery import style
from netdsl.tools.report import claims
from netdsl.tools.site.page import Asset, Page, anchor, dark, fence, picture, plain, table
from netdsl.zoo import Entry

ROWS = 60
"""As many rows has a table of layers at most."""
_BLANK = re.compile(r"\{\{.+?\}\}")
_NAMED = re.compile(r"[a-z0-9_]+ ([A-Za-z0-9_]+)(?::[A-Za-z0-9_.-]+)?(?:#[^ }]+)?(?= |\}\}|$)")


@cache
def families() -> Mapping[str, tuple[Network, ...]]:
    """The networks of the zoo by the names of their specs, each in all its variants."""
    found: dict[str, tuple[Network, ...]] = {}
    for name in zoo.names():
        path = zoo.directory() / f"{name}.net"
        first = compile(path)
        all_ = [compile(path, variant=each) for each in first.variants] or [first]
        found[name] = tuple(each.network for each in all_ if each.network is not None)
    return found


def network_pages(docs: Path) -> Iterator[Page | Asset]:
    """The list of the zoo and a page for each of its specs; `docs` has the chapters on what they taught."""
    known = entries()
    taught = lessons((docs / "zoo.in.md").read_text("utf-8"), (docs / "zoo.md").read_text("utf-8"))
    yield zoo_page(known)
    for name, networks in families().items():
        own = [each for each in known if name in (each.spec, each.name)]
        yield network_page(name, networks, own, taught.get(own[0].spec))
        path = f"networks/{name}.svg"
        yield Asset(path, diagram(networks[0], style=style(name)))
        yield Asset(dark(path), diagram(networks[0], style=style(name), theme="dark"))
        yield Asset(f"networks/{name}.net", (zoo.directory() / f"{name}.net").read_bytes())  # its boxes link there


def zoo_page(known: Sequence[Entry]) -> Page:
    """The list of all networks, by year."""
    words = (
        f"{len(known)} networks in {len(zoo.names())} specs, by the year of their papers. Parameters are the trained "
        "ones, multiply-adds those of one input, both without auxiliary heads. [The gallery](../gallery.md) has their "
        "pictures, [what each network taught](../zoo.md) their history, [conformance](../conformance.md) the papers' "
        "figures."
    )
    rows = []
    for name, own in _by_spec(known).items():
        first = own[0]
        years = first.year or ""
        more = f" and {len(own) - 1} more" if len(own) > 1 else ""
        rows.append(
            (str(years), f"[{first.title}]({name}.md){more}", f"{first.params:,}", f"{first.macs:,}", first.task or "")
        )
    head = ("year", "network", "parameters", "multiply-adds", "for")
    return Page("networks/index.md", "Networks", f"# The zoo\n\n{words}\n\n{table(head, rows)}\n")


def _by_spec(known: Sequence[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for each in known:
        found.setdefault(each.spec, []).append(each)
    return found


def network_page(name: str, networks: Sequence[Network], own: Sequence[Entry], taught: str | None) -> Page:
    """The page of a spec: its networks, their entries in the index, and what the first taught."""
    network = networks[0]
    chosen = style(name)
    drawn = f"netdsl draw {name}" + (f":{network.variant}" if network.variant else "")
    drawn += "" if chosen == "blocks" else f" --style {chosen}"
    parts = [f"# {network.name}", plain(network.source or ""), _variants(own), "## Picture"]
    parts += [fence("console", f"$ {drawn}"), picture(f"{network.name}, drawn", f"{name}.svg")]
    parts += ["## Spec", fence("net", (zoo.directory() / f"{name}.net").read_text("utf-8"))]
    parts += ["## What it taught", taught] if taught else []
    parts += _printed(name, networks)
    parts += ["## Layers", fence("text", _layers(network))]
    parts += ["## Claims", _claims(network), "## Operators", _operators(network)]
    return Page(f"networks/{name}.md", network.name, "\n\n".join(filter(None, parts)) + "\n")


def _variants(own: Sequence[Entry]) -> str:
    head = ("name", "parameters", "multiply-adds", "top-5 error", "the same as")
    return table(
        head,
        [
            (
                f"`{each.name}`",
                f"{each.params:,}",
                f"{each.macs:,}",
                "" if each.top5 is None else f"{100 * each.top5:.4g}%",
                f"`{each.reference}`" if each.reference else "",
            )
            for each in own
        ],
    )


def _layers(network: Network) -> str:
    """The table of layers, less what stands among the claims."""
    text = to_text(fitting(summary(network), ROWS))
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("paper: "))


def _printed(name: str, networks: Sequence[Network]) -> list[str]:
    try:
        printed = tables.write(networks)
    except tables.NotPrintable:
        return []
    written = "\n".join(map(tables.formats.find("html").body, printed.tables))
    return [
        "## As its paper prints it",
        fence("console", f"$ netdsl table {name}"),
        f'<div class="wide">\n{written}</div>',
    ]


def _claims(network: Network) -> str:
    rows = [
        (
            f"`{each.text}`",
            f"`{each.computed}`" if each.computed else "",
            f'<span class="{each.kind}">{each.verdict}</span>',
            plain(each.note),
        )
        for each in claims(network)
    ]
    return table(("claim", "computed", "verdict", "note"), rows) if rows else "The spec claims nothing."


def _operators(network: Network) -> str:
    names = sorted({node.op.name for node in network.nodes})
    given = ", ".join(shape_text(item.shape) for item in network.inputs)
    links = ", ".join(f"[{each}](../operators/{each}.md)" for each in names)
    return f"From {given} to {shape_text(network.output)} by {links}."


def lessons(template: str, filled: str) -> dict[str, str]:
    """What each spec taught, from the page on that: the chapter whose figures are the most of that spec.

    `template` names the spec of each figure, `filled` has the figures; both have the same chapters, of which the first
    two are about all networks.
    """
    found: dict[str, tuple[int, str]] = {}
    for (title, blank), (_, text) in list(zip(_chapters(template), _chapters(filled), strict=True))[2:]:
        names = [name for each in _BLANK.findall(blank) for name in _NAMED.findall(each)]
        for name in dict.fromkeys(names):
            count = names.count(name)
            if zoo.find(name) and count > found.get(name, (0, ""))[0]:
                found[name] = (count, f"{text}\n\nFrom [{title}](../zoo.md#{anchor(title)}).")
    return {name: text for name, (_, text) in found.items()}


def _chapters(text: str) -> list[tuple[str, str]]:
    """The chapters of a page: their titles and texts."""
    parts = re.split(r"(?m)^## (.+)\n", text.partition("\n---\n")[0])
    return [(title, body.strip()) for title, body in zip(parts[1::2], parts[2::2], strict=True)]
