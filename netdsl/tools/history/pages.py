"""The pages of docs/history from their .in.md files: text with blanks, which are filled from specs and figures.json.

{{spec perceptron.net}}                    the spec, as it stands in examples/history
{{calls degradation}}                      the commands that do what the experiment does
{{table degradation}}                      its figures: the median, and each seed's
{{answers perceptron}}                     a perceptron's answers in windows of fifty trials
{{picture degradation "caption"}}          its picture
{{draw perceptron.net "caption"}}          a spec's diagram; also of a network of the zoo
{{median degradation/plain-56/training loss}}     one figure of the text
{{seen degradation}} ... {{end}}           what is said of it, where it was run
{{params lenet5}}, ...                     figures of networks, as in docs/zoo.in.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from netdsl.analysis.conformance import lessons
from netdsl.tools.history.experiments import ROOT, SPECS, read
from netdsl.tools.history.measures import shown

PAGES = ROOT / "docs" / "history"
FIGURES = PAGES / "figures.json"
_SEEN = re.compile(r"\{\{seen (\w+)\}\}\n(.*?)\{\{end\}\}\n", re.DOTALL)
_BLANK = re.compile(r'\{\{(spec|calls|table|answers|picture|draw|median) ([^"}]+?)(?: "([^"]+)")?\}\}')


def figures() -> dict[str, Any]:
    """What the experiments showed, by their names: see `record`."""
    return json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}


def templates() -> list[Path]:
    """The texts with blanks."""
    return sorted(PAGES.glob("*.in.md"))


def target(template: Path) -> Path:
    """The page of a template."""
    return template.with_name(template.name.replace(".in.md", ".md"))


def page(template: Path) -> str:
    """A page. Raises `LessonError` for a blank that cannot be filled; of an experiment that was not run it says so."""
    known = figures()

    def value(blank: re.Match[str]) -> str:
        name = blank[2].strip()
        if blank[1] in _OF_RUNS and name.partition("/")[0] not in known:
            return f"(not run yet: `make history ONLY={name.partition('/')[0]}`)"
        return _FILL[blank[1]](name, blank[3] or "", known)

    text = _SEEN.sub(lambda part: part[2] if part[1] in known else "", template.read_text("utf-8"))
    blanks = list(_BLANK.finditer(text))
    parts = lessons.fill(_BLANK.sub("\0", text)).split("\0")  # its own blanks first: a spec of ours may have variants
    return parts[0] + "".join(value(blank) + part for blank, part in zip(blanks, parts[1:], strict=True))


def pictured() -> list[str]:
    """The specs whose diagrams the pages show."""
    text = "".join(template.read_text("utf-8") for template in templates())
    return sorted({blank[2].strip() for blank in _BLANK.finditer(text) if blank[1] == "draw"})


def diagram(spec: str) -> Path:
    """Where the diagram of a spec is."""
    return PAGES / "pictures" / f"{re.sub(r'[^a-zA-Z0-9]+', '_', spec.replace('.net', ''))}_net.svg"


def _spec(name: str, _: str, known: dict[str, Any]) -> str:
    return f"[`{name}`](../../examples/history/{name}):\n\n```net\n{(SPECS / name).read_text('utf-8').rstrip()}\n```"


def _calls(name: str, _: str, known: dict[str, Any]) -> str:
    return "\n".join(f"    {case.call}" for case in read(name).cases)


def _cell(measure: str, values: list[float | None]) -> str:
    """The median of what was reached, and each seed's figure where they are not all the same."""
    words = [shown(measure, value) for value in values]
    middle = shown(measure, _middle(values))
    return middle if len(set(words)) == 1 else f"**{middle}** ({', '.join(words)})"


def _middle(values: list[float | None]) -> float | None:
    """The median, where what was not reached is beyond all others; None where it is among those."""
    found = median(float("inf") if value is None else value for value in values)
    return None if found == float("inf") else found


def _table(name: str, _: str, known: dict[str, Any]) -> str:
    experiment, found = read(name), known[name]["figures"]
    if experiment.vary is None:
        head = ["", *(_unit(measure) for measure in experiment.measures)]
        rows = [
            [case.name, *(_cell(measure, found[case.name][measure]) for measure in experiment.measures)]
            for case in experiment.cases
        ]
    else:
        (measure,) = experiment.measures
        columns = list(dict.fromkeys(case.name for case in experiment.cases))
        head = [{"train.lr": "rate"}.get(experiment.vary, experiment.vary), *columns]
        values = list(dict.fromkeys(case.value for case in experiment.cases))
        rows = [
            [str(value), *(_cell(measure, found[f"{column}, {value}"][measure]) for column in columns)]
            for value in values
        ]
    seeds = experiment.seeds
    told = f"The median, and in brackets {'each of ' if experiment.group is None else 'groups of '}"
    told += f"{len(seeds)} seeds" if experiment.group is None else f"{experiment.group} of {len(seeds)} seeds"
    if experiment.vary is not None:
        told = f"{_unit(experiment.measures[0]).capitalize()}. {told}"
    return _markdown(head, rows) + f"\n\n{told}; on {_words(experiment.data)}."


def _words(data: str) -> str:
    kind, _, count = data.partition(":")
    return f"{count} `{kind}`" if count else f"`{kind}`"


def _unit(measure: str) -> str:
    return f"{measure}, %" if measure.split()[0] in ("accuracy", "error", "members", "ensemble") else measure


def _answers(name: str, _: str, known: dict[str, Any]) -> str:
    rows = [
        [f"{start - 49} to {start}", f"{right:.1f}", f"{none:.1f}", f"{wrong:.1f}"]
        for start, right, wrong, none in known[name]["answers"]
    ]
    return _markdown(["trials", "right", "no answer", "wrong"], rows)


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


def _picture(name: str, caption: str, known: dict[str, Any]) -> str:
    return f"![{caption}](pictures/{name}.svg)\n\n*{caption}*"


def _draw(name: str, caption: str, known: dict[str, Any]) -> str:
    return f"![{caption}](pictures/{diagram(name).name})\n\n*{caption}*"


def _median(path: str, _: str, known: dict[str, Any]) -> str:
    name, case, measure = path.split("/")
    values = known[name]["figures"][case][measure]
    return shown(measure, _middle(values))


_OF_RUNS = ("table", "answers", "picture", "median")
_FILL: dict[str, Callable[[str, str, dict[str, Any]], str]] = {
    "spec": _spec,
    "calls": _calls,
    "table": _table,
    "answers": _answers,
    "picture": _picture,
    "draw": _draw,
    "median": _median,
}
