"""Pictures of a network; their kinds differ in the format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.backends.artefact import Artefact

if TYPE_CHECKING:
    from netdsl.ir import Network


class Diagram(Artefact):
    """The options are those of `netdsl.backends.pictures.Options` that the format has a use for."""

    options: ClassVar[tuple[str, ...]] = (
        "style", "direction", "expand", "depth", "open", "theme", "legend", "wrap", "problems", "symbols", "beside",
    )  # fmt: skip

    def render(self, network: Network, **options: Any) -> bytes:
        """The picture. Raises `RenderError` where it cannot be made."""
        from netdsl.backends.pictures import diagram

        return diagram(network, self.name, **options)


class Written(Diagram):
    """A graph without places, which has no columns and no legend."""

    options = tuple(name for name in Diagram.options if name not in ("legend", "wrap"))
