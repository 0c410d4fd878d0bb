"""An experiment: a .toml file as frozen data.

data = "digits"                        what `netdsl train --data` takes
seeds = [0, 1, 2]
measures = ["training loss"]           the columns of its table, see `measures`
picture = "training loss"              what is drawn, see `pictures`
vary = { set = "train.lr", to = [0.1, 0.3] }     each run with each of these values
row_every = 1                          a row of metrics for every step
frames = [0, 100, 1000]                steps at which the plane is looked at
group = 5                              so many seeds together make an ensemble

[runs.plain-20]                        a run, by its name in the table
spec = "degradation.net:plain-20"      beside the .toml file
set = ["train.epochs=10"]              as `netdsl train --set`
data = "digits:300"                    its own, if it has one
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from netdsl.ir import Network
from netdsl.recipe import Recipe
from netdsl.tools.cli._training import parted, with_recipe
from netdsl.tools.settings import setting

ROOT = Path(__file__).parents[3]
SPECS = ROOT / "examples" / "history"


@dataclass(frozen=True)
class Case:
    """One network on one set of data by one recipe; `value` is that of what is varied, if anything is."""

    name: str
    spec: str
    data: str
    settings: tuple[str, ...] = ()
    value: str | None = None

    def network(self, seed: int = 0) -> tuple[Network, Recipe]:
        """The network, and its recipe with the settings and the seed. Raises `SpecError`."""
        from netdsl.compiler import load

        of_spec, of_recipe = parted(self.settings)
        path, _, variant = self.spec.partition(":")
        made = load(SPECS / path, variant=variant or None, **dict(setting(each) for each in of_spec))
        return with_recipe(made, (*of_recipe, f"seed={seed}"))

    @property
    def call(self) -> str:
        """The command that does the same."""
        words = ["netdsl train", f"examples/history/{self.spec}", "--data", self.data]
        return " ".join([*words, *(f"--set {_quoted(each)}" for each in self.settings)])


@dataclass(frozen=True)
class Experiment:
    """What is run and compared; see the module."""

    name: str
    data: str
    seeds: tuple[int, ...]
    cases: tuple[Case, ...]
    measures: tuple[str, ...]
    picture: str | None = None
    vary: str | None = None
    row_every: int | None = None
    frames: tuple[int, ...] = ()
    group: int | None = None


def names() -> tuple[str, ...]:
    """All experiments, in the order of their names."""
    return tuple(sorted(path.stem for path in SPECS.glob("*.toml")))


def read(name: str) -> Experiment:
    """An experiment from its file. Raises `ValueError` where a key means nothing."""
    told = tomllib.loads((SPECS / f"{name}.toml").read_text("utf-8"))
    vary, runs = told.pop("vary", None), told.pop("runs")
    known = {each.name for each in fields(Experiment)} - {"name", "cases", "vary"}
    unknown = set(told) - known
    if unknown:
        raise ValueError(f"{name}.toml has `{sorted(unknown)[0]}`; there are {', '.join(sorted(known))}, vary, runs")
    cases = [case for key, run in runs.items() for case in _cases(key, run, told["data"], vary)]
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()}
    return Experiment(name=name, cases=tuple(cases), vary=vary["set"] if vary else None, **given)


def _cases(name: str, run: dict[str, Any], data: str, vary: dict[str, Any] | None) -> list[Case]:
    """A run, with each value of what is varied."""
    one = Case(name, run["spec"], run.get("data", data), tuple(run.get("set", ())))
    if vary is None:
        return [one]
    values = [str(value) for value in vary["to"]]
    return [Case(name, one.spec, one.data, (*one.settings, f"{vary['set']}={value}"), value) for value in values]


def _quoted(pair: str) -> str:
    return f"'{pair}'" if set(pair) & set("()[] ") else pair
