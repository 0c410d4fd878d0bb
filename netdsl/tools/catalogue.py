"""The index of the zoo: every variant of every spec, its names, and its figures as the compiler counts them.

    python -m netdsl.tools.catalogue        writes specs/index.json anew

The index spares whoever lists the zoo, or asks for `vgg16_bn`, the compilation of a hundred networks. It carries the
digest of the specs it was made from; where they have changed since, it is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from netdsl import zoo
from netdsl.compiler import Compilation, compile
from netdsl.ir import Network
from netdsl.syntax import tree
from netdsl.text.diagnostics import SpecError
from netdsl.zoo import Entry

FORMAT_VERSION = 1


def entries() -> tuple[Entry, ...]:
    """All networks of the zoo: from the index where it is that of these specs, computed otherwise (some seconds).

    Raises `SpecError` where a spec is wrong.
    """
    if zoo.index().is_file() and json.loads(zoo.index().read_text("utf-8"))["digest"] == digest():
        return zoo.entries()
    return computed()


def digest() -> str:
    """What tells these specs from others: a hash over their names and texts."""
    found = hashlib.sha256()
    for name in zoo.names():
        found.update(f"{name}\0".encode() + (zoo.directory() / f"{name}.net").read_bytes() + b"\0")
    return found.hexdigest()


def document() -> str:
    """The text of the index."""
    networks = [asdict(entry) for entry in computed()]
    lines = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in networks)
    return f'{{"format_version": {FORMAT_VERSION}, "digest": "{digest()}", "networks": [\n{lines}\n]}}\n'


def computed() -> tuple[Entry, ...]:
    """All networks of the zoo, compiled. Raises `SpecError` where a spec is wrong."""
    found: list[Entry] = []
    extensions: dict[tuple[str, str | None], str] = {}
    for spec in zoo.names():
        path = zoo.directory() / f"{spec}.net"
        first = compile(path)
        extended = _extended(first)
        if extended is not None:
            extensions[extended] = spec  # a second name for a variant
            continue
        for variant in first.variants or (None,):
            found.append(_entry(spec, variant, _network(compile(path, variant=variant) if variant else first)))
    years = {each.spec: min(entry.year or 9999 for entry in found if entry.spec == each.spec) for each in found}
    return tuple(sorted(_named(found, extensions), key=lambda entry: (years[entry.spec], entry.spec)))


def _entry(spec: str, variant: str | None, network: Network) -> Entry:
    reported = {each.quantity: each.value for each in network.reported if each.label is None}
    name = f"{spec}:{variant}" if variant else spec
    facts: dict[str, Any] = {key: reported.get(key) for key in ("year", "top5", "task", "reference")}
    return Entry(name, spec, variant, network.name, network.params, network.macs, **facts)


def _named(found: list[Entry], extensions: dict[tuple[str, str | None], str]) -> Iterator[Entry]:
    """The same networks; a variant bears the name of the file that is only it, or of the one model it equals."""
    taken = {*zoo.names(), *extensions.values()}
    for entry in found:
        own = extensions.get((entry.spec, entry.variant))
        model = (entry.reference or "").rpartition(":")[2]
        if own is None and entry.variant is not None and model.isidentifier() and model not in taken:
            own = model
            taken.add(model)
        yield replace(entry, name=own or entry.name)


def _network(compilation: Compilation) -> Network:
    if compilation.network is None or not compilation.valid:
        raise SpecError(compilation.report)
    return compilation.network


def _extended(compilation: Compilation) -> tuple[str, str | None] | None:
    """The spec and variant that a file only gives another name, or None."""
    for statement in compilation.file.statements if compilation.file else ():
        if isinstance(statement, tree.Extends) and not statement.arguments:
            return Path(str(statement.path.value)).stem, statement.variant.text if statement.variant else None
    return None


def main() -> None:
    zoo.index().write_text(document(), "utf-8")


if __name__ == "__main__":
    main()
