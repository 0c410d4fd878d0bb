"""A drawing as SVG, by the XML library of Python: text stays text, and no text can break out of its place.

Boxes come in the order of the spec, each a group with a `<title>`, which a browser shows under the pointer and a screen
reader says, and with a link to the line that wrote it. Lines are behind them and hidden from readers.
"""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from netdsl.backends.pictures.drawing import Circle, Drawing, Group, Mark, Path, Point, Rect, Run, Text
from netdsl.backends.pictures.look import FONT, color
from netdsl.backends.pictures.paths import corners, head


def svg(drawing: Drawing, family: str = FONT) -> bytes:
    """The SVG document, in UTF-8, in fonts of this family."""
    w, h = _number(drawing.width), _number(drawing.height)
    root = Xml.Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "width": f"{w}pt", "height": f"{h}pt", "viewBox": f"0 0 {w} {h}",
         "role": "graphics-document", "aria-labelledby": "title desc", "font-family": family},
    )  # fmt: skip
    Xml.SubElement(root, "title", id="title").text = drawing.title
    Xml.SubElement(root, "desc", id="desc").text = drawing.description
    paper = color("paper", drawing.theme)
    Xml.SubElement(root, "rect", width="100%", height="100%", fill=paper)
    for mark in drawing.marks:
        _write(root, mark, drawing.theme)
    Xml.indent(root, " ")
    _joined(root)
    body: bytes = Xml.tostring(root, "utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _joined(root: Xml.Element) -> None:
    """Take the white space of the layout out of lines of text, where it would show."""
    for text in root.iter("text"):
        if len(text):
            text.text = None
            for run in text:
                run.tail = None


def _write(parent: Xml.Element, mark: Mark, theme: str) -> None:
    if isinstance(mark, Group):
        inside = parent
        if mark.link:
            inside = Xml.SubElement(parent, "a", href=mark.link)
        group = Xml.SubElement(inside, "g", {"role": "graphics-symbol"} if mark.title else {"aria-hidden": "true"})
        if mark.title:
            Xml.SubElement(group, "title").text = mark.title
        for each in mark.marks:
            _write(group, each, theme)
    elif isinstance(mark, Text):
        _text(parent, mark, theme)
    elif isinstance(mark, Rect):
        shape = {"x": _number(mark.x), "y": _number(mark.y), "width": _number(mark.w), "height": _number(mark.h)}
        round_ = {"rx": _number(mark.radius)} if mark.radius else {}
        Xml.SubElement(parent, "rect", {**shape, **round_, **_paint(mark, theme)})
    elif isinstance(mark, Circle):
        shape = {"cx": _number(mark.x), "cy": _number(mark.y), "r": _number(mark.r)}
        Xml.SubElement(parent, "circle", {**shape, **_paint(mark, theme)})
    else:
        _path(parent, mark, theme)


def _paint(mark: Rect | Circle | Path, theme: str) -> dict[str, str]:
    found = {"fill": color(mark.fill, theme), "stroke": color(mark.stroke, theme)}
    if mark.thick != 1 and mark.stroke != "none":
        found["stroke-width"] = _number(mark.thick)
    dash = getattr(mark, "dash", "")
    return {**found, "stroke-dasharray": dash} if dash else found


def _text(parent: Xml.Element, mark: Text, theme: str) -> None:
    place = {"x": _number(mark.x), "y": _number(mark.y)}
    if mark.anchor != "start":
        place["text-anchor"] = mark.anchor
    if mark.turned:
        place["transform"] = f"rotate(-90 {place['x']} {place['y']})"
    if len(mark.runs) == 1:
        element = Xml.SubElement(parent, "text", {**place, **_type(mark.runs[0], theme)})
        element.text = mark.runs[0].text
        return
    element = Xml.SubElement(parent, "text", {**place, "xml:space": "preserve"})
    for run in mark.runs:
        Xml.SubElement(element, "tspan", _type(run, theme)).text = run.text


def _type(run: Run, theme: str) -> dict[str, str]:
    found = {"font-size": _number(run.size), "fill": color(run.color, theme)}
    return {**found, "font-weight": "bold"} if run.bold else found


def _path(parent: Xml.Element, mark: Path, theme: str) -> None:
    points = list(mark.points)
    if mark.arrow:
        points, tip = head(points, mark.curve)
        Xml.SubElement(parent, "path", {"d": _lines(tip) + "Z", "fill": color(mark.stroke, theme)})
    if mark.curve:
        words = [f"M{_point(points[0])}"]
        words += ["C" + " ".join(map(_point, points[at : at + 3])) for at in range(1, len(points) - 2, 3)]
    else:
        words = [f"M{_point(points[0])}"]
        for start, corner, end in corners(points, mark.radius):
            words.append(f"L{_point(start)}" + (f"Q{_point(corner)} {_point(end)}" if start != end else ""))
        words.append(f"L{_point(points[-1])}")
    if mark.fill != "none":
        words.append("Z")
    Xml.SubElement(parent, "path", {"d": "".join(words), **_paint(mark, theme)})


def _lines(points: list[Point]) -> str:
    return "M" + "L".join(map(_point, points))


def _point(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if round(value, 1) else "0"
