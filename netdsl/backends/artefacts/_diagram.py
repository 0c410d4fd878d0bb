"""Pictures of a network; their kinds differ in the format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.backends.artefact import Artefact

if TYPE_CHECKING:
    from netdsl.ir import Network


class Diagram(Artefact):
    """The options are those of `netdsl.backends.pictures.Options`."""

    options = (
        "style", "direction", "expand", "depth", "open", "legend", "theme", "wrap", "dpi",
        "problems", "symbols", "beside",
    )  # fmt: skip

    def render(self, network: Network, **options: Any) -> bytes:
        """The picture. Raises `RenderError` where it cannot be made."""
        from netdsl.backends.pictures import diagram

        return diagram(network, self.name, **options)
