"""A block of the standard library as a network of its own, so that it can be drawn: `block:inception`.

Its parameters are params of that network, which `--set` gives; one that is not given has a number that stands for it,
and a picture shows its name in the number's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from netdsl.syntax.tree import Block
    from netdsl.text.source import Source

STAND_IN = 16
"""The channels that a parameter without a value stands for: a multiple of most groups and ratios."""
INPUT = (192, 28, 28)


def find(name: str) -> Block:
    """The block called so in the standard library. Raises `UsageError` for another name."""
    from netdsl.elaborate.files import Library, standard_blocks
    from netdsl.text.diagnostics import Report, did_you_mean

    found = Library(Report()).standard(name)
    if found is None:
        hint = did_you_mean(name, standard_blocks()) or f"known are {', '.join(standard_blocks())}"
        raise click.UsageError(f"there is no block '{name}' in the standard library; {hint}")
    return found.block


def network(block: Block, settings: dict[str, Any], shape: tuple[int, ...] | None) -> tuple[Source, tuple[str, ...]]:
    """A spec that calls the block with the settings, and the parameters that have no value."""
    from netdsl.ir import written
    from netdsl.text.source import Source

    names = [each.name.text for each in block.parameters]
    unknown = sorted(set(settings) - set(names))
    if unknown:
        raise click.UsageError(
            f"the block '{block.name.text}' has no parameter '{unknown[0]}'; it has {', '.join(names)}"
        )
    bare = tuple(each.name.text for each in block.parameters if each.default is None and each.name.text not in settings)
    given = {name: written(value) for name, value in settings.items()}
    given |= {name: str(STAND_IN * (number + 1)) for number, name in enumerate(bare)}
    rows = [f"net {block.name.text}", f"input {'x'.join(map(str, shape or INPUT))}"]
    rows.append(f"{block.name.text}({', '.join(f'{name}={value}' for name, value in given.items())})")
    return Source(f"block:{block.name.text}", "\n".join(rows) + "\n"), bare
