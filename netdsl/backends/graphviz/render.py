"""DOT text to the bytes of a picture, by the `dot` program.

Graphviz is used where it is installed. Elsewhere the program of the package `graphviz-pure`, which is installed with
netdsl, makes SVG and PNG, but no PDF. Only this module knows about the two.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from netdsl.backends.artefact import RenderError
from netdsl.backends.graphviz.look import FONT

FORMATS = ("svg", "png", "pdf")
TIMEOUT = 120.0
"""Seconds; Graphviz takes well under one for a network of the literature."""
DPI = 144
INSTALL = "install Graphviz: `apt-get install graphviz`, `brew install graphviz`, or see https://graphviz.org/download/"


def renderer() -> tuple[str, bool]:
    """The program that renders, and whether it is Graphviz itself. Raises `RenderError` where there is none."""
    found = shutil.which("dot")
    if found is not None:
        return found, True
    pure = shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=str(Path(sys.executable).parent))
    if pure is not None:
        return pure, False
    raise RenderError(f"no `dot` program was found to render with; {INSTALL}")


def render(dot_text: str, format: str, *, timeout: float = TIMEOUT) -> bytes:
    """A picture of the graph `dot_text` as `svg`, `png` or `pdf`.

    Raises `ValueError` for another format, and `RenderError` where the program is missing, fails or takes too long.
    """
    if format not in FORMATS:
        raise ValueError(f"unknown picture format `{format}`; known are {', '.join(FORMATS)}")
    from graphviz.backend import dot_command

    program, original = renderer()
    if format == "pdf" and not original:
        raise RenderError(f"PDF needs Graphviz itself; {INSTALL}. Or draw an SVG, which needs nothing else")
    if not original:  # it knows how wide one font is, and takes a list of fonts for an unknown one
        dot_text = dot_text.replace(f'fontname="{FONT}"', f'fontname="{FONT.partition(",")[0]}"')
    command = [program, *map(str, dot_command.command("dot", format)[1:])]
    if format == "png":
        command.append(f"-Gdpi={DPI}")
    try:
        done = subprocess.run(command, input=dot_text.encode("utf-8"), capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"Graphviz did not finish within {timeout:g} seconds; draw the network folded, or write the `.dot` text"
        ) from None
    except OSError as error:
        raise RenderError(f"`{program}` could not be run: {error.strerror or error}") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RenderError(f"`{program}` failed: {said[-1] if said else f'exit status {done.returncode}'}")
    return done.stdout
