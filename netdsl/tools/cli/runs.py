"""`netdsl runs`: the runs there are, and how they differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

SECTION = "Train it"


@click.command(
    short_help="List runs, compare their recipes, draw their curves.",
    epilog="""\b
Examples:
  netdsl runs                              those in runs/
  netdsl runs runs/a-1 runs/a-2            how their recipes differ
  netdsl runs runs/a-* -o curves.svg       their curves in one picture
""",
)
@click.argument("runs", nargs=-1, metavar="[RUN...]", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", metavar="PICTURE", type=click.Path(path_type=Path), help="Draw their curves: .svg, .png, .pdf."
)
@click.option("--force", is_flag=True, help="Replace a picture that netdsl did not draw.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, all that run.json says.")
def command(runs: tuple[Path, ...], out: Path | None, force: bool, as_json: bool) -> None:
    """List runs, say how their recipes differ, and draw their curves in one picture."""
    from netdsl.tools.cli._training import pictured, trains

    if out is not None:
        pictured(out, force)
    with trains():
        from netdsl.training import curve
        from netdsl.training.run import Run

        folders = runs or tuple(sorted(each.parent for each in Path("runs").glob("*/run.json")))
        found = {str(folder): Run(folder).about for folder in folders}
        if out is not None:
            curve.compare({name: Run(Path(name)).rows() for name in found}, out)
            click.echo(f"wrote {out}", err=True)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif not found:
        click.echo("there are no runs in runs/; `netdsl train` makes one", err=True)
    else:
        click.echo(_table(found))
        differences = _differences(found)
        if runs and len(found) > 1 and differences:
            click.echo("\nrecipes:\n" + differences)


def _table(found: dict[str, dict[str, Any]]) -> str:
    from netdsl.tools.cli._columns import aligned

    rows = [("run", "network", "data", "state", "epochs", "top-1 or mIoU", "seconds")]
    for name, about in found.items():
        result = about.get("result") or {}
        judged = next((share for key in ("top1", "miou") if (share := result.get(key)) is not None), None)
        right = f"{100 * judged:.2f} %" if judged is not None else ""
        epochs, seconds = (f"{result[key]:.3g}" if result.get(key) is not None else "" for key in ("epoch", "seconds"))
        rows.append((name, about["name"], about["asked"], about["state"], epochs, right, seconds))
    return "\n".join(aligned(rows, right={4, 5, 6}))


def _differences(found: dict[str, dict[str, Any]]) -> str:
    """The settings of recipes that are not the same in all of these runs, a line each."""
    from netdsl.ir import written
    from netdsl.training.fitting import recipe_from

    recipes = {name: recipe_from(about["recipe"]) for name, about in found.items()}
    lines = []
    for setting in (
        "loss",
        "optimizer",
        "schedule",
        "augment",
        "batch",
        "epochs",
        "iterations",
        "clip",
        "filter_rms",
        "ema",
        "seed",
    ):
        values = {name: getattr(recipe, setting) for name, recipe in recipes.items()}
        if len({repr(value) for value in values.values()}) > 1:
            lines.append(f"  {setting}")
            for name, value in values.items():
                shown = value if isinstance(value, tuple) else (value,)
                words = ", ".join(
                    written(each.setting) if hasattr(each, "setting") else written(each) for each in shown
                )
                lines.append(f"    {name}: {words}")
    return "\n".join(lines)
