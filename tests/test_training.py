"""Training: recipes of all specs resolve; losses, optimizers and schedules are their formulas; runs go on with the same
bits; what does not fit is told."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import netdsl
from netdsl import zoo
from netdsl.ir import Setting
from netdsl.recipe import KINDS, Recipe, RecipeError, find, overridden
from netdsl.recipe import augment as augmentations
from netdsl.recipe import losses as loss_parts
from netdsl.recipe.part import Part
from netdsl.training.callbacks import Keep
from netdsl.training.data import NAMES, open_data
from netdsl.training.data.data import Arrays, Data
from netdsl.training.engine import Options
from netdsl.training.errors import TrainingError
from netdsl.training.fitting import fit, recipe_from, resume
from netdsl.training.loader import Order, Place, Prepared, batches
from netdsl.training.losses import compute, scores
from netdsl.training.optimizers import RMSpropTF, optimizer
from netdsl.training.run import Run
from netdsl.training.task import Task
from netdsl.training.transforms import pipeline

SMALL = """
net Small
input 1x8x8
conv3-4(norm=bn, act=relu); maxpool
dropout(20%)
fc-10; softmax
"""
RECIPE = (
    "train(optimizer=sgd(lr=0.1, momentum=0.9), schedule=cosine, batch=100, epochs=3, augment=[crop(8, pad=1)], seed=3)"
)


def small(text: str = SMALL) -> netdsl.Network:
    return netdsl.loads(text, name="small.net")


# Recipes -------------------------------------------------------------------------------------------------------------


def recipes() -> list[str]:
    return [name for name in zoo.names() if "train(" in Path(zoo.find(name) or "").read_text("utf-8")]


@pytest.mark.parametrize("name", recipes())
def test_the_recipe_of_every_spec_resolves_and_reads_back(name: str) -> None:
    path = zoo.find(name)
    assert path is not None
    variants = netdsl.compile(path).variants or (None,)
    network = netdsl.load(str(path), variant=variants[0])
    recipe = Recipe.of(network.train)
    again = recipe_from(recipe.text)
    assert again.text == recipe.text
    assert again == recipe
    assert optimizer(nn.Linear(2, 2), recipe).param_groups[0]["lr"] > 0


SETTINGS = {
    "factor": 0.5, "every": 2.0, "at": (1.0, 3.0), "lr": 0.1, "size": 6, "low": -0.1, "high": 1.175, "gamma": 0.1,
    "schedules": (Setting(name="step", kwargs={"every": 2}), Setting(name="cosine", kwargs={"warmup": 1})),
}  # fmt: skip


def parts() -> list[tuple[str, Part]]:
    """Every member of the vocabulary, with what it needs."""
    found = []
    for kind in KINDS:
        for name, cls in find(kind).items():
            given = {key: SETTINGS[key] for key, info in cls.model_fields.items() if info.is_required()}
            if name == "values":
                given |= {"at": (0.0, 3.0), "lr": (0.1, 0.01)}
            if name == "sequential":
                given["at"] = (4.0,)
            found.append((kind, cls.made(Setting(name=name, kwargs=given))))
    return found


@pytest.mark.parametrize(("kind", "part"), parts(), ids=[part.name for _, part in parts()])
def test_every_word_of_recipes_reads_back_and_does_something(kind: str, part: Part) -> None:
    from netdsl.ir import written

    text = written(part.setting)
    value = f"[{text}]" if kind == "augment" else text
    recipe = recipe_from(f"train({kind}={value})")
    kept = getattr(recipe, kind)
    assert (kept[0] if kind == "augment" else kept) == part
    assert part.__doc__ and not part.__doc__.startswith("One member")
    if kind == "augment":
        channels = 3 if part.name in ("color_shift", "color_jitter", "distort", "auto_augment", "rand_augment") else 1
        images = torch.rand(20, channels, 8, 8)
        data = Data("x", Arrays(images, torch.arange(20) % 5), Arrays(images, torch.arange(20) % 5), tuple("01234"))
        if part.name == "normalize":
            data = Data("x", data.train, data.test, data.classes, (0.5,), (0.25,))
        made = pipeline(kept, data, 5)
        if made.batch is not None:
            tries = [made.batch(images, torch.arange(20) % 5) for _ in range(20)]  # a rectangle may be empty
            assert all(labels.shape == (20, 5) for _, labels in tries)
            assert not all(torch.equal(mixed, images) for mixed, _ in tries)
        else:
            assert made.train is not None
            out = torch.stack([made.train(image) for image in images])
            assert out.shape[:2] == images.shape[:2] and out.isfinite().all()
            assert out.shape != images.shape or not torch.equal(out, images)
            if not kept[0].always:
                assert made.test is None
    elif kind == "schedule":
        recipe = recipe_from(f"train({kind}={value}, epochs=10)")
        factors = [recipe.schedule.factor_at(time, 10, 0.1) for time in np.linspace(0, 10, 21)]
        assert all(0 <= each <= 1 for each in factors)
        assert factors == sorted(factors, reverse=True) or part.name == "sequential"
        assert factors[0] == 1 and (factors[-1] < 1 or part.name in ("constant", "plateau"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train(optimizer=sgd)", "`sgd` needs its lr"),
        ("train(optimizer=sgd(lr=-1))", r"`lr` of `sgd` \(=-1\) must be a number greater than 0"),
        ("train(optimizer=sgd(lr=0.1, nesterov=true))", "`nesterov` needs a momentum"),
        ("train(epochs=3, iterations=5)", "both say how long"),
        ("train(batch=0)", r"`batch` \(=0\) must be a whole number, at least 1"),
        ("train(ema=1)", "must be below 1"),
        ("train(schedule=values(at=[0, 1], lr=[0.1]))", "has 2 times and `lr` 1 rates"),
        ("train(augment=[flop])", "`augment` .=flop. must be one of"),
        ("train(no_decay=weights)", "must be of bias, norm"),
        ("train(schedule=plateau(warmup=2))", "`plateau` has no warm-up"),
        ("train(schedule=sequential(schedules=[constant, cosin], at=[3]))", "=cosin. must be one of"),
        ("train(schedule=sequential(schedules=[constant, cosine], at=[3, 4]))", "has 2 and `at` 2 times"),
        ("train(schedule=sequential(schedules=[constant, step(factor=2)], at=3))", "`step` needs its every"),
    ],
)
def test_a_wrong_recipe_is_one_error_at_its_place(text: str, message: str) -> None:
    with pytest.raises(netdsl.SpecError, match=message) as caught:
        netdsl.loads(f"input 1\nidentity\n{text}\n")
    (error,) = caught.value.report.errors
    assert error.span is not None


def test_a_warm_up_may_stand_still() -> None:
    """ResNet-110's: a tenth of the rate for 400 iterations, then all of it; other depths have none."""
    for depth, first in (("110", 0.1), ("56", 1.0)):
        found = Recipe.of(netdsl.load("resnet_cifar", variant=depth).train).schedule
        factors = [found.factor_at(time, 64000, 0.1) for time in (0, 399, 400, 31999, 32000)]
        assert factors == pytest.approx([first, first, 1.0, 1.0, 0.1])


def test_schedules_follow_each_other() -> None:
    recipe = recipe_from("train(schedule=sequential(schedules=[constant(warmup=2), cosine], at=[5]), epochs=15)")
    factors = [recipe.schedule.factor_at(time, 15, 0.1) for time in (0, 1, 2, 4.9, 5, 10, 15)]
    assert factors == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0])


def test_overrides_reach_the_recipe_and_its_parts() -> None:
    train = small(SMALL + RECIPE).train
    changed = Recipe.of(overridden(train, {"lr": 0.2, "batch": 7, "iterations": 9, "warmup": 2, "augment": ()}))
    assert (changed.optimizer.lr, changed.batch, changed.iterations, changed.epochs) == (0.2, 7, 9, None)  # type: ignore[attr-defined]
    assert changed.schedule.warmup == 2 and changed.augment == () and changed.optimizer.momentum == 0.9  # type: ignore[attr-defined]
    assert Recipe.of(overridden(None, {"lr": 0.2})).schedule.name == "cosine"
    with pytest.raises(RecipeError, match="no setting `lrr`"):
        overridden(train, {"lrr": 1})


# Formulas ------------------------------------------------------------------------------------------------------------


def test_losses_are_their_formulas() -> None:
    torch.manual_seed(0)
    outputs, labels = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    right = outputs[range(6), labels]
    hot = torch.nn.functional.one_hot(labels, 4)
    expected = {
        loss_parts.SquaredError(): ((hot - outputs) ** 2).sum(1).mean(),
        loss_parts.SquaredError(sum=True): ((hot - outputs) ** 2).sum(),
        loss_parts.MaximumLikelihood(): right.mean(),
        loss_parts.MaximumAPosteriori(j=2.0): (right + torch.log(math.exp(-2) + torch.exp(-outputs).sum(1))).mean(),
        loss_parts.CrossEntropy(): -(outputs.softmax(1)[range(6), labels]).log().mean(),
    }
    for loss, value in expected.items():
        assert torch.allclose(compute(loss, outputs, labels), value, atol=1e-6), loss
    assert torch.equal(scores(loss_parts.MaximumLikelihood(), outputs).argmax(1), outputs.argmin(1))


@pytest.mark.parametrize("theta", [0.0, 2.0])
def test_the_perceptron_rule_moves_weights_by_the_input_where_the_answer_is_not_right(theta: float) -> None:
    torch.manual_seed(0)
    unit = nn.Linear(5, 1)
    unit.weight.data *= 5
    inputs, labels = torch.randn(40, 5), torch.randint(0, 2, (40,))
    sums = unit(inputs)
    compute(loss_parts.Perceptron(theta=theta), sums, labels).backward()
    signs = 2.0 * labels - 1
    wrong = sums.detach().squeeze() * signs <= theta
    assert 0 < wrong.sum() < 40
    assert torch.allclose(unit.weight.grad[0], -(signs * wrong)[:, None].mul(inputs).sum(0), atol=1e-5)  # type: ignore[index]


def test_rmsprop_of_tensorflow_has_epsilon_inside_the_root() -> None:
    weight = nn.Parameter(torch.tensor([1.0]))
    made = RMSpropTF([weight], lr=0.1, decay=0.9, eps=1.0, momentum=0.5)
    square, velocity, value = 1.0, 0.0, 1.0
    for gradient in (2.0, -1.0, 0.5):
        weight.grad = torch.tensor([gradient])
        made.step()
        square = 0.9 * square + 0.1 * gradient**2
        velocity = 0.5 * velocity + 0.1 * gradient / math.sqrt(square + 1.0)
        value -= velocity
        assert weight.item() == pytest.approx(value, rel=1e-6)


def test_weight_decay_spares_what_the_recipe_names() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))
    made = optimizer(model, recipe_from("train(optimizer=sgd(lr=0.1, weight_decay=0.5), no_decay=[bias, norm])"))
    decayed, free = made.param_groups
    assert decayed["weight_decay"] == 0.5 and {tuple(each.shape) for each in decayed["params"]} == {
        (2, 1, 3, 3),
        (2, 2),
    }
    assert free["weight_decay"] == 0 and len(free["params"]) == 4


# Data and batches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("digits", (1, 32, 32), 10),
        ("digits", (1, 8, 8), 10),
        ("digits", (784,), 10),
        *[(name, (2,), 1) for name in ("xor", "xor_cloud", "circles", "moons", "spiral")],
        ("squares", (400,), 1),
        ("random", (3, 9, 9), 4),
    ],
)
def test_sets_come_at_the_networks_input_and_follow_from_the_seed(
    name: str, shape: tuple[int, ...], classes: int
) -> None:
    data, again = open_data(name, shape, classes, 5), open_data(name, shape, classes, 5)
    for one, other in ((data.train, again.train), (data.test, again.test)):
        assert isinstance(one, Arrays) and isinstance(other, Arrays)
        assert one.images.shape[1:] == shape and torch.equal(one.images, other.images)
        assert set(one.labels.tolist()) <= set(range(len(data.classes)))
    if name == "digits":
        assert (len(data.train), len(data.test)) == (1400, 397)
        counts = torch.bincount(data.test.labels)  # type: ignore[attr-defined]
        assert counts.min() > 25, "the split is shuffled over all classes"


def test_no_name_of_a_set_is_forgotten() -> None:
    import click

    from netdsl.tools.cli.train import command

    told = str(command.epilog)
    assert all(name in told for name in NAMES)
    assert isinstance(command, click.Command)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("digit", (1, 8, 8), "there is no data `digit`\nhelp: did you mean `digits`; or folder:PATH"),
        (
            "nowhere",
            (1, 8, 8),
            "there is no data `nowhere`\nhelp: sets with a name are cifar10, .*, xor_cloud; or folder:",
        ),
        ("digits", (3, 32, 32), "1 channel; the network takes 3x32x32"),
        ("digits", (10,), "no square"),
        ("spiral", (1, 8, 8), "2 features; the network takes 1x8x8"),
        ("folder:/nowhere/at/all", (3, 8, 8), "there is no folder"),
        ("nothing.npz", (1, 8, 8), "there is no file"),
    ],
)
def test_data_that_cannot_be_had_is_told(name: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        open_data(name, shape, 10)


def test_a_set_of_the_hub_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(TrainingError, match="`hf:` needs the library `datasets`\nhelp: pip install 'netdsl"):
        open_data("hf:nothing", (3, 8, 8), 10)


def test_a_set_of_the_library_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    from PIL import Image

    for part, count in (("train", 3), ("test", 2)):
        for level, name in ((0, "black"), (255, "white")):
            (tmp_path / "set" / part / name).mkdir(parents=True)
            for index in range(count):
                Image.new("RGB", (12, 10), (level,) * 3).save(tmp_path / "set" / part / name / f"{index}.png")
    data = open_data(f"hf:{tmp_path / 'set'}", (3, 8, 8), 2)
    assert data.classes == ("black", "white") and (len(data.train), len(data.test)) == (6, 4)
    found = [data.train[index] for index in range(6)]
    assert all(image.shape == (3, 10, 12) and image.mean() == label for image, label in found)
    with pytest.raises(TrainingError, match="cannot be opened"):
        open_data(f"hf:{tmp_path / 'nothing'}", (3, 8, 8), 2)


def test_a_folder_of_images_is_a_set(tmp_path: Path) -> None:
    from PIL import Image

    for part, count in (("train", 3), ("val", 2)):
        for label, name in enumerate(("cat", "dog")):
            (tmp_path / part / name).mkdir(parents=True)
            for index in range(count):
                Image.new("RGB", (20, 16), (label * 255, 0, 0)).save(tmp_path / part / name / f"{index}.png")
    data = open_data(f"folder:{tmp_path}", (3, 8, 8), 2)
    assert data.classes == ("cat", "dog") and (len(data.train), len(data.test)) == (6, 4)
    image, label = data.train[5]
    assert image.shape == (3, 16, 20) and image[0].min() == 1 and label == 1
    assert open_data(str(tmp_path), (1, 8, 8), 2).train[0][0].shape == (1, 16, 20)
    (tmp_path / "train" / "cat" / "0.png").write_bytes(b"no image")
    with pytest.raises(TrainingError, match=r"0\.png' cannot be read as an image"):
        open_data(str(tmp_path), (3, 8, 8), 2).train[0]
    (tmp_path / "val" / "dgo").mkdir()
    with pytest.raises(TrainingError, match=r"`dgo`.*has not"):
        open_data(str(tmp_path), (3, 8, 8), 2)


def test_arrays_are_a_set(tmp_path: Path) -> None:
    file = str(tmp_path / "some.npz")
    np.savez(file, images=np.full((20, 8, 8), 255, "uint8"), labels=np.arange(20) % 4)
    data = open_data(file, (1, 8, 8), 4)
    assert (len(data.train), len(data.test)) == (18, 2) and data.train[0][0].max() == 1
    np.savez(file, images=np.zeros((20, 8, 8)), labels=np.arange(19))
    with pytest.raises(TrainingError, match="20 images and 19 labels"):
        open_data(file, (1, 8, 8), 4)
    np.savez(file, images=np.zeros((20, 8, 8)), labels=np.arange(20))
    with pytest.raises(TrainingError, match="20 classes, the network 10"):
        open_data(file, (1, 8, 8), 10)


@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("passes", [1, 3])
def test_an_order_goes_on_where_it_was_and_processes_share_it(world: int, passes: int) -> None:
    def order(rank: int) -> Order:
        return Order(23, 4, 7, True, rank, world, passes)

    whole = [list(order(rank)) for rank in range(world)]
    assert all(len(found) == len(order(0)) for found in whole)
    for seen in range(passes):
        numbers = [n for found in whole for batch in found for epoch, n in batch if epoch == seen]
        assert len(numbers) == len(set(numbers)) == 23 // world * world
    for start in (1, 5, len(whole[0]) - 1):
        tail = order(0)
        tail.start = start
        assert list(tail) == whole[0][start:]
    shown = order(0)
    assert list(shown) != list(shown), "each epoch has an order of its own"


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_batches_go_on_with_the_same_images(stop: int) -> None:
    images = torch.rand(50, 1, 8, 8)
    data = Data("x", Arrays(images, torch.arange(50) % 5), Arrays(images, torch.arange(50) % 5), tuple("01234"))
    made = pipeline(recipe_from("train(augment=[crop(8, pad=2), flip])").augment, data, 5)

    def loader() -> Any:
        return batches(Prepared(data.train, made.train, made.random, 1), 10, 1, True, Place())

    whole = loader()
    expected = [*whole, *whole]
    part = loader()
    list(islice(part, stop))
    state = part.state_dict()
    torch.rand(17)  # whatever else draws random numbers
    rest = loader()
    rest.load_state_dict(state)
    found = [*rest, *rest] if stop < 5 else [*rest]
    for (one, a), (other, b) in zip(found, expected[stop:], strict=False):
        assert torch.equal(one, other) and torch.equal(a, b)


# Runs ----------------------------------------------------------------------------------------------------------------


def test_a_run_holds_everything(tmp_path: Path) -> None:
    network = small(SMALL + RECIPE)
    result = fit(network, "digits", out=tmp_path / "run", options=Options(quiet=True))
    run = Run(tmp_path / "run")
    assert result.figures["top1"] is not None and result.figures["top1"] > 0.5
    assert run.about["state"] == "finished" and run.about["result"]["step"] == 42
    assert (run.folder / "spec" / "small.net").read_text() == SMALL + RECIPE
    for name in ("recipe.net", "model.py", "environment.json", "curve.svg", "last.ckpt"):
        assert (run.folder / name).stat().st_size > 0
    rows = run.rows()
    assert [row["step"] for row in rows if row["top1"] is not None] == [14, 28, 42]
    assert all(row["loss"] is None or row["loss"] > 0 for row in rows)
    names: dict[str, Any] = {}
    source = (run.folder / "model.py").read_text()
    assert source == netdsl.emit(network, sizes=True)
    exec(source, names)
    model = names["Small"]()
    model.load_state_dict(load_file(run.weights))
    model.eval()
    result.model.eval()
    images = torch.rand(4, 1, 8, 8)
    assert torch.equal(model(images), result.model(images))
    with pytest.raises(TrainingError, match="exists"):
        fit(network, "digits", out=tmp_path / "run", options=Options(quiet=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"schedule": "plateau(factor=0.5, patience=0)"},
        {"ema": "0.9"},
        {"augment": "[mixup(0.2), cutmix]"},
        {"optimizer": "lbfgs(iterations=3)", "schedule": "constant", "batch": "1400"},
        {"optimizer": "rmsprop(lr=0.1, momentum=0.9, tf=true)", "clip": "1"},
        {"optimizer": "adamw(lr=0.01)", "schedule": "cosine(warmup=1)", "no_decay": "[bias, norm]"},
        {"filter_rms": "0.3"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_a_recipe_says_is_done(changes: dict[str, str], tmp_path: Path) -> None:
    settings = {"optimizer": "sgd(lr=0.1, momentum=0.9)", "batch": "100", "epochs": "3"} | changes
    text = SMALL + f"train({', '.join(f'{name}={value}' for name, value in settings.items())})"
    result = fit(small(text), "digits", out=tmp_path / "run", options=Options(quiet=True))
    rows = Run(tmp_path / "run").rows()
    judged = [row["test_loss"] for row in rows if row["test_loss"] is not None]
    assert len(judged) == 3 and judged[-1] < judged[0], judged
    lrs = [row["lr"] for row in rows]
    if "plateau" in changes.get("schedule", ""):
        bad = sum(
            after > min(judged[: place + 1]) * (1 - 1e-4) for place, (_, after) in enumerate(pairwise(judged[:-1]))
        )
        assert lrs[-1] == pytest.approx(0.1 * 0.5**bad)  # what is judged last comes behind the last step
    if "filter_rms" in changes:
        filters = result.model.state_dict()["0.weight"].flatten(1)
        assert float(filters.square().mean(1).sqrt().max()) == pytest.approx(0.3)  # which it had come to exceed
    # what is kept is what was judged, with `ema` the average
    from netdsl.training.judging import judge

    recipe = Recipe.of(small(text).train)
    verdict = judge(small(text), [result.model], recipe, open_data("digits", (1, 8, 8), 10))
    assert verdict.loss == pytest.approx(judged[-1], rel=1e-3)


def test_batches_that_make_one_step_are_that_step(tmp_path: Path) -> None:
    text = SMALL.replace("dropout(20%)\n", "").replace("norm=bn, ", "") + RECIPE.replace("crop(8, pad=1)", "")
    runs = []
    for parts in (1, 2):
        fit(
            small(text),
            "digits",
            out=tmp_path / str(parts),
            options=Options(quiet=True, accumulate=parts, save_every=4),
        )
        runs.append(Run(tmp_path / str(parts)).rows())
    steps = [[row["step"] for row in rows] for rows in runs]
    assert steps[0] == steps[1] == [14, 28, 42]
    assert runs[0][-1]["test_loss"] == pytest.approx(runs[1][-1]["test_loss"], rel=1e-3)


def test_a_task_learns_under_a_trainer_of_ones_own() -> None:
    import lightning
    from torch.utils.data import DataLoader, TensorDataset

    data = open_data("digits", (1, 8, 8), 10)
    assert isinstance(data.train, Arrays) and isinstance(data.test, Arrays)
    train, test = (
        DataLoader(TensorDataset(part.images, part.labels), batch_size=100, shuffle=part is data.train)
        for part in (data.train, data.test)
    )
    task = Task(small(SMALL + RECIPE))
    quiet: dict[str, Any] = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    engine = lightning.Trainer(max_epochs=3, accelerator="cpu", enable_model_summary=False, **quiet)
    engine.fit(task, train, test)
    assert float(engine.callback_metrics["top1"]) > 0.5
    assert engine.optimizers[0].param_groups[0]["lr"] == pytest.approx(0, abs=1e-6), "the cosine ends with the epochs"


def test_data_of_ones_own_and_weights_but_for_a_new_head(tmp_path: Path) -> None:
    whole = open_data("digits", (1, 8, 8), 10)
    assert isinstance(whole.train, Arrays) and isinstance(whole.test, Arrays)
    parts = [part.subset((part.labels < 4).nonzero().squeeze()) for part in (whole.train, whole.test)]
    own = Data("mine", parts[0], parts[1], ("0", "1", "2", "3"))
    text = SMALL.replace("conv3", "first: conv3").replace("norm=bn, ", "").replace("fc-10", "head: fc-10") + RECIPE
    before = netdsl.fit(small(text), out=tmp_path / "ten", options=Options(quiet=True))
    weights = str(before.folder / "weights.safetensors")
    options = Options(quiet=True, weights=weights, ignore=("head.*",), freeze=("first",))
    after = netdsl.fit(small(text.replace("fc-10", "fc-4")), own, out=tmp_path / "four", options=options)
    kept, had = before.model.state_dict()["first.weight"], after.model.state_dict()["first.weight"]
    assert torch.equal(kept, had)
    assert after.figures["top1"] is not None and after.figures["top1"] > 0.8


def fingerprint(folder: Path) -> str:
    return hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()


def command(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(netdsl.__file__).parent.parent)}
    return subprocess.Popen(
        [sys.executable, "-m", "netdsl", "train", *arguments],
        cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


LONG = RECIPE.replace("epochs=3", "epochs=30")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_run_that_was_stopped_ends_with_the_same_bits(how: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "small.net").write_text(SMALL + LONG)
    whole = command("small.net", "-o", "whole", "--quiet", cwd=tmp_path)
    begun = command("small.net", "-o", "part", "--quiet", "--save-every", "5", cwd=tmp_path)
    deadline = time.time() + 120
    while not (tmp_path / "part" / "previous.ckpt").exists():
        assert time.time() < deadline and begun.poll() is None, begun.communicate()
        time.sleep(0.01)
    begun.send_signal(how)
    _, told = begun.communicate(timeout=60)
    assert begun.returncode == (130 if how == signal.SIGINT else -how), told
    assert not (tmp_path / "part" / "weights.safetensors").exists(), "it was over before it was stopped"
    if how == signal.SIGINT:
        assert "go on with: netdsl train --resume part" in told
    again = command("--resume", "part", cwd=tmp_path)
    _, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert whole.wait(timeout=120) == 0
    assert fingerprint(tmp_path / "part") == fingerprint(tmp_path / "whole")
    steps = [[row["step"] for row in Run(tmp_path / name).rows()] for name in ("part", "whole")]
    assert steps[0] == steps[1]


def test_two_processes_learn_what_one_learns(tmp_path: Path) -> None:
    text = SMALL.replace("dropout(20%)\n", "").replace("norm=bn, ", "")
    (tmp_path / "small.net").write_text(text + RECIPE.replace("crop(8, pad=1)", ""))
    ways = {"one": ("1",), "two": ("2",), "shares": ("2", "--shard")}
    for name, devices in ways.items():
        made = command("small.net", "-o", name, "--quiet", "--devices", *devices, cwd=tmp_path)
        _, told = made.communicate(timeout=180)
        assert made.returncode == 0, told
    assert all(Run(tmp_path / name).about["state"] == "finished" for name in ways)
    one, two, shares = ([row["test_loss"] for row in Run(tmp_path / name).rows() if row["test_loss"]] for name in ways)
    assert len(one) == 3 and one == pytest.approx(two, rel=1e-3) and one == pytest.approx(shares, rel=1e-3)
    whole, shared = (load_file(tmp_path / name / "weights.safetensors") for name in ("two", "shares"))
    assert all(torch.allclose(whole[name], shared[name], atol=1e-4) for name in whole | shared)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "optimizer=lbfgs",
            "`lbfgs` looks at all weights at once, and --shard shares them out\nhelp: leave --shard out",
        ),
        ("ema=0.9", "`ema` averages whole weights, and --shard shares them out"),
    ],
)
def test_what_looks_at_all_weights_is_not_shared_out(words: str, message: str, tmp_path: Path) -> None:
    options = Options(quiet=True, devices=2, shard=True)
    with pytest.raises(TrainingError, match=message):
        fit(small(f"{SMALL}train({words})"), "digits", out=tmp_path / "run", options=options)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_under_torchrun_two_processes_learn_what_one_learns(tmp_path: Path) -> None:
    text = SMALL.replace("dropout(20%)\n", "").replace("norm=bn, ", "") + RECIPE.replace("crop(8, pad=1)", "")
    fit(small(text), "digits", out=tmp_path / "one", options=Options(quiet=True))
    (tmp_path / "small.net").write_text(text)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(netdsl.__file__).parent.parent)}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "netdsl"]
    done = subprocess.run(
        [*launch, "train", "small.net", "--quiet", "-o", "two"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    one, two = ([row["test_loss"] for row in Run(tmp_path / name).rows()] for name in ("one", "two"))
    assert len(one) == 3 and one == pytest.approx(two, rel=1e-3)
    assert done.stdout.count("top-1") == 1, "one of them speaks"


@pytest.mark.slow
@pytest.mark.parametrize("shared", [(), ("--shard",)], ids=["whole", "shares"])
def test_a_process_that_dies_ends_the_run_which_can_go_on(shared: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "small.net").write_text(SMALL + LONG)
    words = ("small.net", "--quiet", "--devices", "2", "--save-every", "5", *shared)
    begun = command(*words, "-o", "run", cwd=tmp_path)
    deadline = time.time() + 200
    while not (tmp_path / "run" / "previous.ckpt").exists():
        assert time.time() < deadline and begun.poll() is None, begun.communicate()
        time.sleep(0.01)
    children = Path(f"/proc/{begun.pid}/task/{begun.pid}/children").read_text().split()
    workers = [int(each) for each in children if b"resource_tracker" not in Path(f"/proc/{each}/cmdline").read_bytes()]
    os.kill(workers[-1], signal.SIGKILL)
    _, told = begun.communicate(timeout=120)
    assert "Traceback" not in told and begun.returncode in ((2, -signal.SIGKILL) if shared else (2,)), told
    if begun.returncode == 2:  # where processes are programs of their own, Lightning kills them all, sooner or later
        assert told.startswith("Error: a process of the run died: ") and "netdsl train --resume run" in told, told
        assert Run(tmp_path / "run").about["state"] == "failed"
    for again in (command("--resume", "run", cwd=tmp_path), command(*words, "-o", "never", cwd=tmp_path)):
        _, told = again.communicate(timeout=300)
        assert again.returncode == 0, told
    assert Run(tmp_path / "run").about["state"] == "finished"
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "never")


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    network = small(SMALL.replace("norm=bn, ", "") + "train(loss=mse, optimizer=sgd(lr=1000), epochs=20)")
    with pytest.raises(TrainingError, match="no number any more at step"):
        fit(network, "digits", out=tmp_path / "run", options=Options(quiet=True))
    assert Run(tmp_path / "run").about["state"] == "failed"


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        ("input 1x8x8; conv3-4", "digits", "no scores of classes"),
        ("input 1x8x8; fc-4", "digits", "`digits` has 10 classes, the network 4"),
        ("input a: 4; input b: 4; concat { @a | @b }; fc-10", "digits", "2 inputs"),
        ("input 3x8x8; fc-10; train(augment=[crop(6)])", "random", "3x8x8; an image of `random` in training is 3x6x6"),
    ],
)
def test_what_does_not_fit_is_told_before_the_first_step(text: str, data: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=message):
        fit(small(text.replace("; ", "\n")), data, out=tmp_path / "run", options=Options(quiet=True))
    assert not (tmp_path / "run").exists()


def test_weights_of_another_network_are_told_by_what_they_say_of_themselves(tmp_path: Path) -> None:
    from netdsl.training.weights import load

    network, other = small(SMALL + RECIPE), small(SMALL.replace("conv3-4", "conv3-5").replace("Small", "Other"))
    run = Run(fit(network, "digits", out=tmp_path / "run", options=Options(quiet=True)).folder)
    whose = (
        rf"holds the weights of Small \({netdsl.digest(network)[:12]}\), not of Other .*is 4x1x3x3 in the weights, 5x"
    )
    for path in (run.weights, run.checkpoint):
        load(netdsl.build(network), network, path)
        with pytest.raises(TrainingError, match=whose):
            load(netdsl.build(other), other, path)
    (run.folder / "network.json").write_text(other.model_dump_json())
    with pytest.raises(TrainingError, match=r"last.ckpt' is of Small .*the run of Other"):
        resume(run.folder)


def test_a_full_disk_stops_the_run_with_the_way_on(tmp_path: Path) -> None:
    import resource

    run = Run(tmp_path / "part")
    options = Options(quiet=True, save_every=5)
    fit(small(SMALL + RECIPE), "digits", out=tmp_path / "whole", options=options)
    had = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    keep = Keep.on_train_batch_end

    def full(*given: Any) -> None:
        if given[1].global_step == 12:  # no file may become longer than this any more
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, had[1]))
        keep(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keep, "on_train_batch_end", full)
        try:
            with pytest.raises(
                TrainingError, match=r"last\.ckpt' cannot be written: File too large\nhelp: make room, then"
            ):
                fit(small(SMALL + RECIPE), "digits", out=run.folder, options=options)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, had)
            signal.signal(signal.SIGXFSZ, ignored)
    assert not any(path.name.startswith(".") for path in run.folder.iterdir())
    resume(run.folder)
    assert [row["step"] for row in run.rows()] == [row["step"] for row in Run(tmp_path / "whole").rows()]
    assert fingerprint(run.folder) == fingerprint(tmp_path / "whole")


def test_144_crops_show_what_the_paper_says() -> None:
    """On a ramp from 0 to 1 along each side, the mean of a crop says where it is."""
    from netdsl.training.judging import many_crops

    side, high, wide = 28, 28, 56
    rows, columns = ((torch.arange(n) + 0.5) / n for n in (high, wide))
    image = torch.stack([rows[:, None].expand(high, wide), columns.expand(high, wide), torch.zeros(high, wide)])
    found = many_crops((3, side, side), None)(image)
    assert found.shape == (144, 3, side, side)
    expected = []
    for size in (32, 36, 40, 44):  # 8/7 to 11/7
        for left in (0, size / 2, size):  # of a width of 2 size
            near, far, middle = side / 2, size - side / 2, size / 2
            places = [(near, near), (near, far), (far, near), (far, far), (middle, middle), (middle, middle)]
            expected += [(down / size, (left + right) / (2 * size)) for down, right in places]
    means = found.mean((2, 3))[:, :2]
    assert torch.allclose(means[:72], torch.tensor(expected), atol=2e-3)
    widths = found[5, 1, 0, [0, -1]] * 2  # the whole left square, at the size of the crop
    assert widths.tolist() == pytest.approx([0.5 / side, 1 - 0.5 / side], abs=0.01)
    assert torch.equal(found[72:], found[:72].flip(-1)), "mirrored"


@pytest.mark.parametrize("crops", ["10", "144"])
def test_crops_do_not_hurt_where_any_part_and_its_mirror_image_tell_the_class(crops: str, tmp_path: Path) -> None:
    from netdsl.training.judging import judge

    generator = torch.Generator().manual_seed(0)

    def stripes(count: int) -> Arrays:
        labels = torch.arange(count) % 2
        phase, period = torch.rand(2, count, 1, 1, generator=generator) * torch.tensor([6, 3])[:, None, None, None]
        wave = ((torch.arange(16) + phase) * 2 * math.pi / (4 + period)).sin().expand(count, 16, 16)
        lying = torch.where(labels[:, None, None] == 1, wave.transpose(1, 2), wave)
        return Arrays(0.5 + 0.5 * lying.unsqueeze(1), labels)

    text = "input 1x16x16\nconv5-8(act=relu); gap; fc-2; softmax\ntrain(optimizer=adam(lr=0.02), batch=50, epochs=4)\n"
    network, data = small(text), Data("stripes", stripes(400), stripes(100), ("upright", "lying"))
    made = fit(network, data, out=tmp_path / "run", options=Options(quiet=True))
    assert made.figures["top1"] == 1
    assert judge(network, [made.model], Recipe.of(network.train), data, crops).top1 == 1


def test_dense_evaluation_is_the_network_itself_at_its_size() -> None:
    from netdsl.training.dense import dense

    text = "input 3x16x16\nconv3-8(act=relu); maxpool\nconv3-8(act=relu); maxpool\nfc-20(act=relu); dropout\nfc-10; softmax\n"
    for spec in (text, text.replace("fc-20(act=relu); dropout", "gap")):
        model = netdsl.build(netdsl.loads(spec)).eval()
        made = dense(model, (3, 16, 16))
        images = torch.rand(2, 3, 16, 16)
        torch.testing.assert_close(made(images), model(images))
        assert made(torch.rand(1, 3, 24, 40)).shape == (1, 10)
    # a map of one row of places: their mean
    model = netdsl.build(netdsl.loads(text)).eval()
    wide = torch.rand(1, 3, 16, 20)
    inner = dense(model, (3, 16, 16)).inner
    assert inner(wide).shape == (1, 10, 1, 2)  # type: ignore[operator]
    fixed = netdsl.build(netdsl.load("lenet5")).eval()
    with pytest.raises(TrainingError, match="--crops dense is for networks of convolutions"):
        dense(fixed, (1, 32, 32))


def test_a_run_without_a_checkpoint_cannot_go_on(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"is no run: it has no run\.json"):
        resume(tmp_path)


def test_googlenets_heads_enter_the_loss_with_their_weights() -> None:
    network = netdsl.loads(
        "input 1x8x8\nconv3-4; aux side(weight=0.3) { fc-10 }\nfc-10\ntrain(loss=cross_entropy)\n", name="heads.net"
    )
    task = Task(network)
    images, labels = torch.rand(5, 1, 8, 8), torch.arange(5)
    given = task.model(images)
    expected = sum(w * nn.functional.cross_entropy(each, labels) for w, each in ((1, given.logits), (0.3, given.side)))
    assert torch.allclose(task.training_step((images, labels), 0), expected)


def test_every_word_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    from netdsl.tools.cli import main

    assert main(["train", "--help-recipe"]) == 0
    told = capsys.readouterr().out
    for kind in KINDS:
        for name, cls in find(kind).items():
            assert f"\n  {name}  " in told
            assert all(f"\n      {key}" in told for key in cls.model_fields)


def test_judging_predicting_and_listing_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    from PIL import Image

    from netdsl.tools.cli import main

    monkeypatch.chdir(tmp_path)
    Path("small.net").write_text(SMALL + RECIPE)
    assert main(["train", "small.net", "--quiet", "--set", "train.epochs=2"]) == 0
    assert main(["train", "small.net", "--quiet", "--set", "train.epochs=1", "--set", "train.lr=0.01"]) == 0
    capsys.readouterr()
    assert main(["eval", "runs/small-1", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert one["images"] == 397 and one["top1"] == pytest.approx(
        Run(Path("runs/small-1")).about["result"]["top1"], abs=1e-5
    )
    assert main(["eval", "runs/small-1", "--set", "n=1"]) == 2
    assert "'runs/small-1' is a run, which has its own spec and recipe; leave --set out" in capsys.readouterr().err
    assert main(["train", "--resume", "runs/small-1", "--seed", "1"]) == 2
    assert "leave --seed out" in capsys.readouterr().err
    assert main(["eval", "runs/small-1", "--crops", "10"]) == 0
    assert "half of the views are mirror images, which the recipe does not train" in capsys.readouterr().err
    assert main(["eval", "runs/small-1", "--crops", "10", "--json"]) == 0
    assert 0.3 < json.loads(capsys.readouterr().out)["top1"] <= 1
    assert main(["eval", "runs/small-1", "--crops", "dense", "--json"]) == 0
    assert 0.3 < json.loads(capsys.readouterr().out)["top1"] <= 1
    weights = [word for n in (1, 2) for word in ("--weights", f"runs/small-{n}/weights.safetensors")]
    assert main(["eval", "small.net", *weights, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["top1"] > 0.3
    Image.new("L", (8, 8)).save("black.png")
    assert main(["predict", "runs/small-1", "black.png", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["image"] == "black.png" and len(found["classes"]) == 5 and sum(found["classes"].values()) <= 1.0001
    assert main(["runs", "runs/small-1", "runs/small-2", "-o", "curves.svg"]) == 0
    told = capsys.readouterr().out
    assert "finished" in told and "optimizer" in told and "sgd(0.01" not in told and "lr=0.01" in told
    assert "Generated by netdsl" in Path("curves.svg").read_text()
    assert main(["runs", "-o", "curves.svg"]) == 0
    Path("own.svg").write_text("<svg/>")
    capsys.readouterr()
    for words in (["runs"], ["play", "xor"], ["train", "small.net", "--find-lr"]):
        assert main([*words, "-o", "own.svg"]) == 2
        assert "'own.svg' exists and was not written by netdsl" in capsys.readouterr().err
        assert main([*words, "-o", "own.txt"]) == 2 and main([*words, "-o", "nowhere/own.svg"]) == 2
    assert Path("own.svg").read_text() == "<svg/>"
    assert main(["runs", "-o", "own.svg", "--force"]) == 0 and len(Path("own.svg").read_text()) > 1000
    assert main(["train", "small.net", "--set", "train.lr=1", "--set", "train.lr=2"]) == 2
    assert "'lr' is given twice" in capsys.readouterr().err
    assert main(["predict", "runs/small-1", "nothing.png"]) == 2
    assert main(["train", "small.net", "--quiet", "--find-lr", "-o", "rates.svg"]) == 0
    found = float(capsys.readouterr().out.rpartition("=")[2])
    assert 1e-3 < found < 1 and Path("rates.svg").stat().st_size > 1000 and not Path("runs/small-3").exists()
    assert main(["train", "small.net", "--set", "train.lrr=1"]) == 2
    assert "did you mean `lr`" in capsys.readouterr().err
    Path("bare.net").write_text(SMALL)
    assert main(["train", "bare.net", "--set", "train.epochs=1"]) == 0
    assert "the spec has no recipe; this one is taken:\ntrain(" in capsys.readouterr().err


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from netdsl.tools.cli import main

    monkeypatch.setitem(sys.modules, "lightning", None)
    assert main(["train", "lenet5_modern"]) == 2
    assert "pip install 'netdsl[train]'" in capsys.readouterr().err


def test_augmentations_are_all_made() -> None:
    from netdsl.training.transforms import _MAKE

    made = {cls for cls in find("augment").values() if not cls.batch}  # type: ignore[attr-defined]
    assert made == set(_MAKE) and augmentations.Mixup.batch
