"""A drawing as TikZ, to be compiled alone, or taken into a paper from `\\begin{tikzpicture}` on.

Each mark is one line. What LaTeX would obey is written by its name, and letters that its plain fonts lack as their
number, so that every text compiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netdsl.backends.pictures.drawing import Circle, Drawing, Path, Point, Rect, Run, Text, flat
from netdsl.backends.pictures.look import color

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"''", "×": r"$\times$", "·": r"$\cdot$", "…": r"\dots{}", "→": r"$\to$",
    "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "\xa0": "~",
}  # fmt: skip


def tex(drawing: Drawing) -> str:
    """A LaTeX document that holds the drawing alone."""
    page = f"paperwidth={drawing.width:.1f}bp,paperheight={drawing.height:.1f}bp,margin=0bp"
    rows = [
        r"\documentclass{article}",
        rf"\usepackage[{page}]{{geometry}}",
        r"\usepackage{textcomp,tikz}\usetikzlibrary{arrows.meta}",
        r"\renewcommand\familydefault{\sfdefault}\pagestyle{empty}\parindent=0pt\topskip=0pt",
        *_colors(drawing),
        r"\begin{document}",
        r"\noindent\begin{tikzpicture}[x=1bp,y=-1bp,line join=round,inner sep=0pt,outer sep=0pt,",
        r"    >={Stealth[length=4bp]}]",
    ]
    if drawing.theme == "dark":
        rows.append(
            rf"\fill[{_name('paper', drawing.theme)}] (0,0) rectangle ({drawing.width:.1f},{drawing.height:.1f});"
        )
    rows += [_mark(mark, drawing.theme) for mark in flat(drawing.marks)]
    return "\n".join([*rows, r"\end{tikzpicture}", r"\end{document}"]) + "\n"


def _colors(drawing: Drawing) -> Iterator[str]:
    used: set[str] = {color("paper", drawing.theme)}
    for mark in flat(drawing.marks):
        names: Iterable[str] = [run.color for run in mark.runs] if isinstance(mark, Text) else [mark.fill, mark.stroke]
        used |= {color(name, drawing.theme) for name in names}
    for value in sorted(used - {"none"}):
        yield rf"\definecolor{{c{value[1:]}}}{{HTML}}{{{value[1:].upper()}}}"


def _name(role: str, theme: str) -> str:
    return f"c{color(role, theme)[1:]}"


def _mark(mark: Text | Rect | Circle | Path, theme: str) -> str:
    if isinstance(mark, Text):
        anchor = {"start": "base west", "middle": "base", "end": "base east"}[mark.anchor]
        turn = ",rotate=90" if mark.turned else ""
        words = "".join(_run(run, theme) for run in mark.runs)
        return rf"\node[anchor={anchor}{turn}] at {_point((mark.x, mark.y))} {{{words}}};"
    style = [f"draw={_name(mark.stroke, theme)},line width={mark.thick:g}bp"] if mark.stroke != "none" else []
    if mark.fill != "none":
        style.append(f"fill={_name(mark.fill, theme)}")
    if isinstance(mark, Circle):
        return rf"\path[{','.join(style)}] {_point((mark.x, mark.y))} circle[radius={mark.r:.1f}bp];"
    if mark.dash:
        on, off = mark.dash.split()
        style.append(f"dash pattern=on {on}bp off {off}bp")
    if isinstance(mark, Rect):
        radius = min(mark.radius, mark.h / 2, mark.w / 2)
        corners = f",rounded corners={radius:g}bp" if radius else ""
        one, two = _point((mark.x, mark.y)), _point((mark.x + mark.w, mark.y + mark.h))
        return rf"\path[{','.join(style)}{corners}] {one} rectangle {two};"
    if mark.arrow:
        style.append("->")
    if mark.radius:
        style.append(f"rounded corners={mark.radius:g}bp")
    return rf"\path[{','.join(style)}] {_way(mark)}{' -- cycle' if mark.fill != 'none' else ''};"


def _way(mark: Path) -> str:
    if not mark.curve:
        return " -- ".join(map(_point, mark.points))
    first, *rest = mark.points
    pieces = [
        f" .. controls {_point(rest[at])} and {_point(rest[at + 1])} .. {_point(rest[at + 2])}"
        for at in range(0, len(rest) - 2, 3)
    ]
    return _point(first) + "".join(pieces)


def _point(point: Point) -> str:
    return f"({point[0]:.1f},{point[1]:.1f})"


def _run(run: Run, theme: str) -> str:
    weight = r"\bfseries" if run.bold else ""
    ink = rf"\color{{{_name(run.color, theme)}}}"
    return rf"{{\fontsize{{{run.size:g}bp}}{{{run.size * 1.2:g}bp}}\selectfont{weight}{ink}{_text(run.text)}}}"


def _text(text: str) -> str:
    found = []
    for place, sign in enumerate(text):
        if sign in _SIGNS:
            found.append(_SIGNS[sign])
        elif sign == " " and place in (0, len(text) - 1):
            found.append(r"\ ")
        elif sign in "-" or sign.isascii():
            found.append(sign)
        else:
            found.append(rf"\texttt{{U+{ord(sign):04X}}}")
    return "".join(found)
