"""Drawings of a network that Graphviz lays out; their kinds differ in the format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.backends.artefact import Artefact

if TYPE_CHECKING:
    from netdsl.ir import Network


class Diagram(Artefact):
    """`direction`: `tb` or `lr`. `expand`: every repetition in full."""

    options = ("direction", "expand")

    def render(self, network: Network, **options: Any) -> bytes:
        """The diagram. Raises `RenderError` where Graphviz is missing or fails, or the network has too many boxes."""
        from netdsl.backends.graphviz import diagram

        return diagram(network, self.name, **options)
