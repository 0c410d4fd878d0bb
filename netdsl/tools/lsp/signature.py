"""What is between the parentheses that are open: all arguments of the operator or block, and which one is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from netdsl import ops
from netdsl.ops.shared.reference import reference
from netdsl.tools.lsp import arguments, pages
from netdsl.tools.lsp.context import context
from netdsl.tools.lsp.document import Document


class Part(NamedTuple):
    """One argument: where it stands in the label, and what is said of it."""

    start: int
    end: int
    documentation: str


@dataclass(frozen=True)
class Signature:
    """An operator or a block with its arguments; `active` is the number of the one that is typed, None for none."""

    label: str
    documentation: str
    parameters: tuple[Part, ...]
    active: int | None


def signature(document: Document, offset: int) -> Signature | None:
    """The signature of what is called around an offset; None outside of parentheses."""
    place = context(document, offset)
    known = arguments.of(document, place.head) if place.head and place.kind != "quantity" else ()
    if not known:
        return None
    resolved = ops.resolve(place.head)
    label = f"{resolved[0] if resolved else place.head}("
    parts = []
    for index, each in enumerate(known):
        label += ", " if index else ""
        start = len(label)
        label += each.name if each.default is None else f"{each.name}={each.default}"
        parts.append(Part(start, len(label), pages.argument(each)))
    names = [each.name for each in known]
    active = names.index(place.argument) if place.argument in names else None
    if active is None and not place.argument and not place.given and place.position < len(names):
        active = place.position
    return Signature(f"{label})", reference(ops.find(resolved[0])).summary if resolved else "", tuple(parts), active)
