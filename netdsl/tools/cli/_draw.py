"""A network to the bytes of its diagram, for the commands that write diagrams."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from netdsl.ir import Network

DIAGRAMS = ("dot", "svg", "png", "pdf")


def diagram(network: Network, to: str, direction: Literal["tb", "lr"] = "tb", expand: bool = False) -> bytes:
    """The diagram of `network` in the format `to`."""
    from netdsl.backends.graphviz import RenderError, draw

    # The backend writes a file of its own; where it goes, and over what, is this tool's decision.
    with tempfile.TemporaryDirectory(prefix="netdsl-") as folder:
        path = Path(folder, f"diagram.{to}")
        try:
            draw(network, path, direction=direction, expand=expand)
        except RenderError as problem:
            raise click.ClickException(str(problem)) from None
        return path.read_bytes()
