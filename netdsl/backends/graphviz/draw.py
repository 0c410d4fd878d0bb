"""A network to the bytes of its diagram, in one of the formats there are."""

from __future__ import annotations

from netdsl.backends.artefact import RenderError
from netdsl.backends.graphviz.dot import Direction, write
from netdsl.backends.graphviz.items import boxes
from netdsl.backends.graphviz.picture import picture
from netdsl.backends.graphviz.render import TIMEOUT, render
from netdsl.ir import Network

MOST_BOXES = 5_000
"""More boxes than this are laid out only where `expand` asks for all of them: it would take minutes."""


class TooLarge(RenderError):
    """A diagram of more boxes (`count`) than may be laid out."""

    def __init__(self, count: int):
        super().__init__(
            f"the diagram has {count:,} boxes even with its repetitions folded, too many to lay out "
            "in reasonable time; write the `.dot` text, or ask for it all the same with `expand`"
        )
        self.count = count


def diagram(
    network: Network,
    format: str = "svg",
    *,
    direction: Direction = "tb",
    expand: bool = False,
    most: int | None = None,
    timeout: float = TIMEOUT,
) -> bytes:
    """The diagram of `network` as `dot` (text), `svg`, `png` or `pdf`.

    `direction` is `tb` (top to bottom) or `lr` (left to right); `expand` draws every repetition in full. Raises
    `TooLarge` where there are more than `most` boxes to lay out (by default 5,000, and no bound with `expand`), and
    `RenderError` where the picture cannot be made, or not within `timeout` seconds.
    """
    drawn = picture(network, expand=expand)
    if format == "dot":
        return write(drawn, direction).encode()
    count = sum(1 for _ in boxes(drawn.items))
    if most is None and not expand:
        most = MOST_BOXES
    if most is not None and count > most:
        raise TooLarge(count)
    return render(write(drawn, direction), format, timeout=timeout)
