"""`python -m netdsl.tools.history [EXPERIMENT...]`: see the package."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small networks: a second thread only waits


def record(name: str) -> dict[str, Any]:
    """Run an experiment (or take what was run), draw it, and say what it showed."""
    from netdsl.tools.history import experiments, measures, pictures, running
    from netdsl.tools.history.pages import PAGES

    experiment = experiments.read(name)
    runs = running.run(experiment)
    found: dict[str, dict[str, list[float | None]]] = {}
    for case, made in runs.items():
        label = f"{case.name}, {case.value}" if case.value else case.name
        found[label] = {each: measures.measured(each, made, experiment.group) for each in experiment.measures}
    told: dict[str, Any] = {"stamp": running.stamp(experiment), "figures": found}
    if experiment.picture == "answers":
        told["answers"] = [list(each) for each in measures.answers(next(iter(runs.values())))]
    if experiment.picture is not None:
        pictures.draw(experiment, runs, PAGES / "pictures" / f"{name}.svg")
    return told


def diagrams() -> None:
    """Draw the specs that the pages show."""
    from netdsl import draw, load, zoo
    from netdsl.tools.history import pages
    from netdsl.tools.history.experiments import SPECS

    for spec in pages.pictured():
        path, _, column = spec.partition(":")
        own = SPECS / path
        place, variant = (str(own), column or None) if own.exists() else zoo.locate(spec, None)
        draw(load(place, variant=variant), str(pages.diagram(spec)))


def main(arguments: list[str]) -> int:
    from netdsl.tools.history import experiments, pages

    names = arguments or experiments.names()
    unknown = sorted(set(names) - set(experiments.names()))
    if unknown:
        print(f"there is no experiment {unknown[0]}; there are {', '.join(experiments.names())}", file=sys.stderr)
        return 2
    (pages.PAGES / "pictures").mkdir(parents=True, exist_ok=True)
    for name in names:
        known = {**pages.figures(), name: record(name)}
        lines = ",\n".join(f'  "{each}": {json.dumps(known[each])}' for each in sorted(known))
        pages.FIGURES.write_text(f"{{\n{lines}\n}}\n", "utf-8")
    diagrams()
    for template in pages.templates():
        pages.target(template).write_text(pages.page(template), "utf-8")
    print(f"wrote {pages.PAGES}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
