"""What the experiments in `examples/history` show, on the data that come along; their pages; and `netdsl play`."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch.nn import functional as F

import netdsl
from netdsl.ir import Setting
from netdsl.recipe import Recipe
from netdsl.recipe.losses import CrossEntropy, MaximumAPosteriori, SquaredError
from netdsl.recipe.recipe import overridden
from netdsl.tools.cli._group import program
from netdsl.tools.history import experiments, measures, pages, running
from netdsl.tools.playground import drawn
from netdsl.training.curvature import curvature
from netdsl.training.engine import Options
from netdsl.training.errors import TrainingError
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


# The experiments and their pages --------------------------------------------------------------------------------------

Figures = dict[str, dict[str, list[float]]]


@pytest.mark.parametrize("name", experiments.names())
def test_the_calls_of_an_experiment_are_commands(name: str) -> None:
    for case in experiments.read(name).cases:
        _, recipe = case.network()
        words = [word.replace("examples/history", str(FOLDER)) for word in shlex.split(case.call)[1:]]
        printed = CliRunner().invoke(program, [*words, "--dry-run"])
        assert printed.exit_code == 0, printed.output
        assert printed.stdout.strip() == recipe.text


@pytest.mark.parametrize("template", pages.templates(), ids=lambda path: path.name)
def test_the_pages_are_those_of_specs_and_figures(template: Path) -> None:
    assert pages.target(template).read_text("utf-8") == pages.page(template), "run make history"


@pytest.mark.parametrize("name", sorted(pages.figures()))
def test_the_figures_are_those_of_the_experiments(name: str) -> None:
    assert pages.figures()[name]["stamp"] == running.stamp(experiments.read(name)), f"run make history ONLY={name}"


def test_kept_runs_know_the_code_of_their_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other points are another set of data, and its runs are trained anew; another comment changes nothing."""
    before = {name: running.origin(name) for name in ("digits", "digits:300", "spiral", "xor")}
    assert before["digits"] == before["digits:300"] != before["spiral"] == before["xor"]
    shutil.copytree(running.DATA, tmp_path / "data", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(running, "DATA", tmp_path / "data")
    experiment = experiments.read("spiral")
    stamp = running.stamp(experiment)

    def changed(old: str, new: str) -> None:
        text = (tmp_path / "data" / "toys.py").read_text("utf-8")
        assert old in text
        (tmp_path / "data" / "toys.py").write_text(text.replace(old, new), "utf-8")
        running.origin.cache_clear()

    changed("POINTS = 200", "# So many.\nPOINTS = (\n    200\n)")
    assert running.stamp(experiment) == stamp
    changed("0.01 * noise", "0.02 * noise")
    assert running.stamp(experiment) != stamp
    assert running.origin("digits") == before["digits"]
    running.origin.cache_clear()


def test_every_picture_of_a_page_is_there_and_its_text_is_text() -> None:
    shown = {each for path in pages.templates() for each in _pictures(pages.target(path))}
    assert shown
    for path in shown:
        assert "<text" in path.read_text("utf-8"), path


def _pictures(page: Path) -> list[Path]:
    import re

    return [page.parent / each for each in re.findall(r"\]\((pictures/[^)]+)\)", page.read_text("utf-8"))]


def _each_above(figures: Figures, measure: str, more: str, less: str, times: float = 1.0) -> bool:
    """Whether a figure is so many times another's, on every seed against every seed."""
    return min(figures[more][measure]) > times * max(figures[less][measure])


def _or_never(figures: dict[str, list[float]], measure: str = "steps to 95 %") -> list[float]:
    """Steps to so many percent, endless where they were not reached."""
    return [float("inf") if steps is None else steps for steps in figures[measure]]


EFFECTS: dict[str, Callable[[Figures], bool]] = {
    "perceptron": lambda f: min(f["perceptron"]["accuracy"]) > 94 and 30 < mean(f["perceptron"]["first lamp"]) < 70,
    "one_half": lambda f: (
        min(f["columns that a unit sees, 20"]["accuracy"]) > 90
        and all(max(f[f"columns that a unit sees, {n}"]["accuracy"]) < 76 for n in (2, 5, 10))
    ),
    "without_a_units": lambda f: (
        max(f["one threshold"]["accuracy"]) <= 75 and min(f["four hidden sigmoids"]["accuracy"]) == 100
    ),
    "two_layer": lambda f: all(min(each["accuracy"]) >= 99 for each in f.values()),
    "spiral": lambda f: (
        min(f["with momentum"]["accuracy"]) >= 99
        and min(_or_never(f["plain descent"], "steps to 99 %")) > 3 * max(f["with momentum"]["steps to 99 %"])
    ),
    "lenet5": lambda f: all(median(each["accuracy"]) >= 98 for each in f.values()),
    "activation": lambda f: all(
        min(f[f"ReLU, {rate}"]["accuracy"]) > max(f[f"sigmoid, {rate}"]["accuracy"]) + 30 for rate in (0.03, 0.1)
    ),
    "dropout": lambda f: _each_above(f, "accuracy", "300 digits, with dropout", "300 digits, without"),
    "initialization": lambda f: (
        _each_above(f, "accuracy", "He", "Xavier", 2) and _each_above(f, "accuracy", "He", "normal(0.01)", 4)
    ),
    "batchnorm": lambda f: all(
        max(f[f"with batch normalization, {rate}"]["steps to 95 %"]) * 2 < min(_or_never(f[f"without, {rate}"]))
        for rate in (0.1, 0.3, 1)
    ),
    "degradation": lambda f: (
        _each_above(f, "training loss", "plain-56", "plain-20", 2)
        and _each_above(f, "training loss", "plain-56", "ResNet-56", 2)
    ),
    "ensemble": lambda f: all(
        together > alone
        for together, alone in zip(f["trained plainly"]["ensemble"], f["trained plainly"]["members"], strict=True)
    ),
}
"""What is demanded of the figures, on every seed; what is not here is measured and told without a demand."""


@pytest.mark.parametrize("name", sorted(set(EFFECTS) & set(pages.figures())))
def test_the_figures_show_the_effects_that_the_pages_tell(name: str) -> None:
    assert EFFECTS[name](pages.figures()[name]["figures"])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_the_effects_come_out_anew(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "KEPT", tmp_path)
    experiment = experiments.read(name)
    found: dict[str, Any] = {}
    for case, runs in running.run(experiment).items():
        label = f"{case.name}, {case.value}" if case.value else case.name
        found[label] = {each: measures.measured(each, runs, experiment.group) for each in experiment.measures}
    assert EFFECTS[name](found)


def test_measures_read_a_run(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for step, loss, top1 in ((20, 4.0, None), (40, 2.0, 0.5), (60, 1.0, 0.96), (80, 3.0, 0.94)):
        run.add({"step": step, "loss": loss, "top1": top1})
    assert measures.measured("training loss", [run]) == [pytest.approx((3 + 1 + 2) / 3)]
    assert measures.measured("steps to 95 %", [run]) == [60]
    assert measures.measured("steps to 99 %", [run]) == [None]
    assert measures.measured("error", [run]) == [pytest.approx(6)]
    with pytest.raises(ValueError, match="there is no measure `beauty`; there are accuracy, error"):
        measures.measured("beauty", [run])


# netdsl play ----------------------------------------------------------------------------------------------------------


def test_play_learns_exclusive_or_before_ones_eyes(tmp_path: Path) -> None:
    out = tmp_path / "xor.svg"
    played = CliRunner().invoke(program, ["play", "xor", "--epochs", "100", "-o", str(out)])
    assert played.exit_code == 0, played.output
    lines = played.stdout.splitlines()
    assert lines[0].startswith("epoch     0") and lines[10].startswith("epoch   100") and "right 100.0%" in lines[10]
    assert {len(line) for line in lines[11:]} == {44}
    assert "hidden: fc-4(act=sigmoid)" in played.stderr
    assert "epoch 100" in out.read_text("utf-8")


def test_play_draws_the_plane_with_its_points_from_above() -> None:
    picture = drawn([[0.0, 1.0], [0.5, 0.0]], [(-0.9, 0.9, 1), (0.9, -0.9, 0)]).splitlines()
    assert picture[0].startswith(".") and picture[0].endswith("#") and picture[-1].startswith("=")
    assert "x" in picture[1][:4] and "o" in picture[-2][-4:]


# Appendix C -----------------------------------------------------------------------------------------------------------


def test_second_derivatives_of_a_linear_layer_are_exact() -> None:
    model = netdsl.build(netdsl.loads("input 3\nfc-2\n")).double()
    images, labels = torch.randn(7, 3).double(), torch.arange(7) % 2
    weight, bias = model.parameters()
    found = curvature(model, SquaredError(), images, labels)
    torch.testing.assert_close(found[weight], (2 * images.square().mean(0)).expand(2, 3))
    torch.testing.assert_close(found[bias], torch.full((2,), 2.0).double())


def test_second_derivatives_go_back_through_shared_weights_units_and_means_by_squares() -> None:
    """A convolution, a unit, a mean of windows and a layer behind it: each step of appendix C by hand."""
    torch.manual_seed(0)
    model: Any = netdsl.build(netdsl.loads("input 1x4x4\nc: conv3-2(pad=valid, act=tanh)\navgpool\nf: fc-3\n")).double()
    images, labels = torch.randn(5, 1, 4, 4).double(), torch.arange(5) % 3
    found = curvature(model, CrossEntropy(), images, labels)
    kernels = F.unfold(images, 3).transpose(1, 2)  # image, place, tap
    before = kernels @ model.c.weight.view(2, 9).T + model.c.bias
    mean_ = before.tanh().mean(1)
    shares = (mean_ @ model.f.weight.T + model.f.bias).softmax(1)
    top = shares * (1 - shares) / 5
    torch.testing.assert_close(found[model.f.weight], top.T @ mean_.square())
    unit = ((top @ model.f.weight.square()) / 16)[:, None] * (1 - before.tanh().square()).square()
    torch.testing.assert_close(found[model.c.weight].view(2, 9), torch.einsum("npc,npt->ct", unit, kernels.square()))
    torch.testing.assert_close(found[model.c.bias], unit.sum((0, 1)))


def test_second_derivatives_that_are_not_known_are_told() -> None:
    model = netdsl.build(netdsl.loads("input 3x4x4\nconv3-2(norm=bn)\nfc-2\n"))
    with pytest.raises(TrainingError, match="does not know the second derivatives of batch_norm"):
        curvature(model, CrossEntropy(), torch.randn(4, 3, 4, 4), torch.tensor([0, 1, 0, 1]))
    lenet = netdsl.build(netdsl.load("lenet5"))
    found = curvature(lenet, MaximumAPosteriori(), torch.randn(4, 1, 32, 32), torch.arange(4))
    assert all((h >= 0).all() and h.any() for h in found.values())


def test_levenberg_marquardt_learns(tmp_path: Path) -> None:
    optimizer = Setting(name="levenberg_marquardt", kwargs={"lr": 1.0, "mu": 0.2})
    run = trained("two_layer", "circles", tmp_path / "run", optimizer=optimizer, loss="mse", batch=20, epochs=60)
    assert error(run) < 0.05
