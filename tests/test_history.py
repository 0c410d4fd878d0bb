"""What the experiments in `examples/history` show, on the data that come along."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import pytest
import torch

import netdsl
from netdsl.recipe import Recipe
from netdsl.recipe.recipe import overridden
from netdsl.training.engine import Options
from netdsl.training.fitting import fit
from netdsl.training.run import Run

FOLDER = Path(__file__).parent.parent / "examples" / "history"


def trained(name: str, data: str, out: Path, seed: int = 0, params: dict[str, Any] | None = None, **recipe: Any) -> Run:
    network = netdsl.load(str(FOLDER / f"{name}.net"), **(params or {}))
    network = network.model_copy(update={"train": overridden(network.train, {**recipe, "seed": seed})})
    fit(network, data, Recipe.of(network.train), out=out, options=Options(quiet=True))
    return Run(out)


def error(run: Run) -> float:
    result: dict[str, float] = run.about["result"]
    return 1 - result["top1"]


def test_the_perceptron_tells_left_from_right(tmp_path: Path) -> None:
    assert error(trained("perceptron", "squares", tmp_path / "run")) < 0.03


def test_its_association_units_have_five_exciting_and_five_inhibiting_connections() -> None:
    model = netdsl.build(netdsl.load(str(FOLDER / "perceptron.net")))
    weight = model.A.weight  # type: ignore[union-attr]
    assert isinstance(weight, torch.Tensor) and not weight.requires_grad
    assert ((weight == 1).sum(1) == 5).all() and ((weight == -1).sum(1) == 5).all()  # type: ignore[attr-defined]
    assert len({tuple(row.tolist()) for row in weight}) == 512  # type: ignore[union-attr]


def test_within_the_dead_zone_there_is_no_answer_at_first(tmp_path: Path) -> None:
    """Of the first fifty trials nearly all end without an answer: the loss of a trial is then its distance to theta."""
    rows = trained("perceptron", "squares", tmp_path / "run").rows()
    losses = [row["loss"] for row in rows if row["loss"] is not None]
    assert losses[0] > 400 and losses[-1] < losses[0] / 4


def test_a_hidden_layer_tells_circles_apart(tmp_path: Path) -> None:
    assert error(trained("two_layer", "circles", tmp_path / "run")) == 0


@pytest.mark.slow
def test_the_spiral_is_learned_with_momentum(tmp_path: Path) -> None:
    run = trained("two_layer", "spiral", tmp_path / "run", params={"hidden": 40, "scale": 8}, epochs=6000)
    assert error(run) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern"])
def test_lenet5_reads_digits(name: str, tmp_path: Path) -> None:
    errors = [error(trained(name, "digits", tmp_path / str(seed), seed)) for seed in range(3)]
    assert median(errors) <= 0.02, errors
