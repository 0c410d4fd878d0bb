"""Networks to the bytes of their picture, in one of the formats there are."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

from netdsl.backends.artefact import RenderError
from netdsl.backends.pictures.drawing import Drawing
from netdsl.backends.pictures.model import Picture
from netdsl.backends.pictures.options import NAMES, PARTIAL, Options, styles
from netdsl.ir import Network
from netdsl.text.diagnostics import did_you_mean

MOST_BOXES = 5_000
"""More boxes than this are drawn only where `expand` asks for all of them: no one could look at them."""
DRAWN = ("svg", "png", "pdf", "tex")
WRITTEN = ("dot", "mmd")
FORMATS = (*DRAWN, *WRITTEN)
"""Formats of drawings, with places, and of graphs, without."""


class TooLarge(RenderError):
    """A picture of more boxes (`count`) than may be drawn."""

    def __init__(self, count: int):
        super().__init__(
            f"the diagram has {count:,} boxes even with its repetitions folded, too many to look at; "
            "write the `.dot` text, or ask for it all the same with `expand`"
        )
        self.count = count


def dot(network: Network, **options: Any) -> str:
    """The picture of `network` as DOT text, which Graphviz reads; `options` are those of `Options`."""
    return diagram(network, "dot", **options).decode()


def diagram(network: Network, format: str = "svg", *, beside: tuple[Network, ...] = (), **options: Any) -> bytes:
    """The picture of `network` as `svg`, `png`, `pdf`, `tex` (TikZ), `dot` or `mmd` (Mermaid).

    `beside` are networks that stand beside it, where the style compares several. Raises `TooLarge` where there are more
    boxes than `most` allows, `ValueError` for what there is no such option or value of, and `RenderError` where the
    picture cannot be made, or the style does not take an option.
    """
    if format not in FORMATS:
        raise ValueError(f"unknown picture format `{format}`; known are {', '.join(FORMATS)}")
    unknown = set(options) - set(NAMES)
    if unknown:
        raise ValueError(f"unknown option `{min(unknown)}`; known are {', '.join(NAMES)}")
    asked = Options(**options)
    _refuse_ignored(asked.style, options)
    _refuse_unknown(asked.open, (network, *beside))
    if format in WRITTEN:
        if beside:
            raise RenderError(f"a `.{format}` holds one network")
        from netdsl.backends.pictures.renderers.dot import dot as as_dot
        from netdsl.backends.pictures.renderers.mmd import mmd

        write = as_dot if format == "dot" else mmd
        return write(picture(network, asked), asked.direction, asked.theme).encode()
    if asked.most is None and not asked.expand:
        asked = replace(asked, most=MOST_BOXES)
    return render(drawing((network, *beside), asked), format, asked.dpi)


def _refuse_ignored(style: str, given: dict[str, Any]) -> None:
    """Refuse an option that the style has no use for: nothing would come of it."""
    for name in PARTIAL:
        if given.get(name) not in (None, ()) and name not in _style(style).TAKES:
            *most, last = (f"`{each}`" for each in styles() if name in _style(each).TAKES)
            takers = f"{', '.join(most)} and {last}" if most else last
            raise RenderError(f"the style `{style}` does not take `{name}`; it is an option of {takers}")


def _style(name: str) -> Any:
    """The module of a style."""
    return import_module(f"netdsl.backends.pictures.styles.{name}")


def _refuse_unknown(opened: tuple[str, ...], networks: tuple[Network, ...]) -> None:
    """Refuse to open what no network has: nothing would come of it."""
    scopes = [scope for network in networks for scope in network.body.scopes()] if opened else []
    known = [name for scope in scopes for name in (scope.label, scope.title, scope.path) if name]
    for name in opened:
        if name not in known:
            hint = did_you_mean(name, known, "there are")
            raise RenderError(f"no block is called `{name}`" + (f"; {hint}" if hint else ""))


def picture(network: Network, options: Options) -> Picture:
    """What is drawn of a network, before it has places. Raises `RenderError` for a style that is all places."""
    style = _style(options.style)
    if not hasattr(style, "picture"):
        raise RenderError(
            f"the style `{options.style}` is a matter of places, which this format does not hold; draw an SVG"
        )
    found: Picture = style.picture(network, options)
    return found


def drawing(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The drawing of networks in a style. Raises `RenderError` where the style cannot draw them."""
    style = _style(options.style)
    if len(networks) > 1 and not style.SEVERAL:
        known = [name for name in styles() if _style(name).SEVERAL]
        raise RenderError(
            f"the style `{options.style}` draws one network; side by side they stand in `{'`, `'.join(known)}`"
        )
    found: Drawing = style.draw(networks, options)
    return found


def render(drawing: Drawing, format: str, dpi: int) -> bytes:
    """The bytes of a drawing."""
    if format == "svg":
        from netdsl.backends.pictures.renderers.svg import svg

        return svg(drawing)
    if format == "png":
        from netdsl.backends.pictures.renderers.png import png

        return png(drawing, dpi)
    if format == "pdf":
        from netdsl.backends.pictures.renderers.pdf import pdf

        return pdf(drawing)
    from netdsl.backends.pictures.renderers.tex import tex

    return tex(drawing).encode()
