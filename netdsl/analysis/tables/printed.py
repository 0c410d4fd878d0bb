"""What a style prints of some networks: the tables, and what of each network they leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from netdsl.analysis.tables.layers import Unit
from netdsl.analysis.tables.model import Table
from netdsl.analysis.tables.spec import INPUT, LEFT_OUT, THROUGHOUT
from netdsl.ir import Network
from netdsl.ops.shared.notation import notation
from netdsl.passes.claims import QUANTITIES, computed, holds, show
from netdsl.shapes import text as shape_text


@dataclass(frozen=True)
class Printed:
    """Tables of some networks; `hidden` are, for each, the layers that they leave out."""

    tables: tuple[Table, ...]
    hidden: tuple[frozenset[int], ...]

    @classmethod
    def of(cls, tables: Sequence[Table], hidden: Iterable[Iterable[Unit]]) -> Printed:
        """Of the units that are left out of each network."""
        return cls(tuple(tables), tuple(frozenset(n.id for unit in each for n in unit.nodes) for each in hidden))


def notes(
    networks: Sequence[Network],
    defaults: Sequence[str],
    hidden: Iterable[Unit],
    *,
    input_: bool = True,
    papers: Sequence[str] = (),
) -> tuple[str, ...]:
    """The notes below a table: the input, what holds throughout, what is left out, and of the reported figures whose
    quantity is in `papers` those that the computed ones do not round to."""
    found = []
    if input_:
        found.append(f"{INPUT}{shape_text(networks[0].inputs[0].shape)}.")
    found.append(f"{THROUGHOUT}{', '.join(defaults) or 'nothing but the defaults'}.")
    left = Counter(notation(unit.op) for unit in hidden)
    out = [f"{each} ({count} times)" if count > 1 else each for each, count in left.items()]
    out += [f"the aux head {head.name}" for head in networks[0].aux]
    if out:
        found.append(f"{LEFT_OUT}{', '.join(out)}.")
    return (*found, *_apart(networks, papers))


def _apart(networks: Sequence[Network], papers: Sequence[str]) -> Iterable[str]:
    for network in networks:
        for figure in network.reported:
            with suppress(KeyError, ValueError):
                if figure.quantity not in papers or figure.quantity not in QUANTITIES:
                    continue
                found = computed(network, figure.label, figure.quantity)
                if holds(found, figure.value, figure.text):
                    continue
                value = show(figure.quantity, found)
                of = ".".join(filter(None, (network.variant, figure.label, figure.quantity)))
                yield f"The paper prints {of} = {figure.text}; computed {value}" + (
                    f" ({figure.note})." if figure.note else "."
                )


def millions(count: int) -> str:
    """A count in millions with as many digits as the papers give: `138`, `6.8`, `0.27`."""
    return f"{count / 1e6:.0f}" if count >= 20e6 else f"{count / 1e6:.2g}"
