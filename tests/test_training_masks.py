"""Segmentation: masks come with their images through every transform, are learned, and judged by mIoU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from PIL import Image
from torch.nn import functional as F

import netdsl
from netdsl.recipe import losses
from netdsl.training.data import open_data
from netdsl.training.engine import Options
from netdsl.training.errors import TrainingError
from netdsl.training.fitting import demanded, fit, recipe_from, resume
from netdsl.training.loader import Prepared
from netdsl.training.losses import compute
from netdsl.training.run import Run
from netdsl.training.transforms import pipeline

TWO = """
net Two
input 3x16x16
conv3-8(act=relu)
conv1-3(act=none)
softmax
reported task = "segmentation"
"""
LEARN = "train(optimizer=adam(lr=0.03), schedule=constant, batch=8, epochs=6, augment=[crop(16, pad=2), flip])"
COLORS = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255)], "uint8")


def scenes(root: Path, counts: tuple[int, int] = (24, 6)) -> Path:
    """Images whose colour says the class of each pixel; some pixels of the masks have none."""
    draw = np.random.default_rng(0)
    for part, count in zip(("train", "val"), counts, strict=True):
        for folder in ("images", "masks"):
            (root / part / folder).mkdir(parents=True)
        for index in range(count):
            mask = draw.integers(0, 3, (4, 4)).repeat(4, 0).repeat(4, 1).astype("uint8")
            Image.fromarray(COLORS[mask]).save(root / part / "images" / f"{index}.png")
            mask[0] = 255
            Image.fromarray(mask).save(root / part / "masks" / f"{index}.png")
    return root


def network(text: str = TWO) -> netdsl.Network:
    return netdsl.loads(text, name="two.net")


def test_a_net_of_two_layers_learns_masks_and_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from netdsl.tools.cli import main

    monkeypatch.chdir(tmp_path)
    scenes(tmp_path / "scenes")
    Path("two.net").write_text(TWO + LEARN)
    assert main(["train", "two.net", "--data", "folder:scenes", "--quiet"]) == 0
    assert "mIoU" in capsys.readouterr().out
    last = Run(Path("runs/two-1")).rows()[-1]
    assert last["miou"] is not None and last["miou"] > 0.9 and last["top1"] is None
    assert main(["eval", "runs/two-1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["miou"] == pytest.approx(last["miou"], abs=1e-5) and found["top1"] is None and found["images"] == 6
    assert found["loss"] == pytest.approx(last["test_loss"], abs=1e-4)
    for wrong in (["eval", "runs/two-1", "--crops", "10"], ["predict", "runs/two-1", "scenes/val/images/0.png"]):
        assert main(wrong) == 2
    told = capsys.readouterr().err
    assert "masks are judged whole" in told and "a class for each pixel" in told


def test_a_run_on_masks_that_was_stopped_ends_with_the_same_bits(tmp_path: Path) -> None:
    class PowerCut(Callback):
        def on_train_batch_start(self, trainer: Any, *_: Any) -> None:
            if trainer.global_step == 7:
                raise OSError("power cut")

    made = network(TWO + LEARN)
    data, options = f"folder:{scenes(tmp_path / 'scenes')}", Options(quiet=True, save_every=2, workers=0)
    fit(made, data, out=tmp_path / "whole", options=options)
    with pytest.raises(OSError, match="power cut"):
        fit(made, data, out=tmp_path / "part", options=options, callbacks=[PowerCut()])
    resume(tmp_path / "part")
    one, other = (Run(tmp_path / name) for name in ("whole", "part"))
    assert one.weights.read_bytes() == other.weights.read_bytes()
    assert [(row["step"], row["loss"], row["miou"]) for row in one.rows()] == [
        (row["step"], row["loss"], row["miou"]) for row in other.rows()
    ]


@pytest.mark.parametrize(
    "augment",
    [
        "crop(16, pad=3), flip",
        "resize(20, most=40), crop(16)",
        "resized_crop(16), color_jitter, levels(0, 1)",
        "crop(24)",
    ],
)
def test_image_and_mask_are_cut_and_turned_alike(augment: str, tmp_path: Path) -> None:
    data = open_data(f"folder:{scenes(tmp_path, (6, 2))}", (3, 16, 16), 3, masks=True)
    recipe = recipe_from(f"train(augment=[{augment}, normalize(mean=0, std=1)])")
    made = pipeline(recipe.augment, data, 3)
    agree = total = 0
    for transform, examples, random in ((made.train, data.train, True), (made.test, data.test, False)):
        prepared = Prepared(examples, transform, random, 0)
        for index in range(len(examples)):
            image, mask = prepared[2, index]
            assert image.shape[1:] == mask.shape and mask.dtype == torch.int64
            again = prepared[2, index]
            assert torch.equal(image, again[0]) and torch.equal(mask, again[1])
            known = mask != 255
            assert not (image.sum(0) == 0)[known].any()  # what was added around belongs to no class
            agree += int((image.argmax(0) == mask)[known].sum())
            total += int(known.sum())
    assert agree / total > 0.9  # but for edges that were interpolated


def test_the_loss_of_masks_is_torchvisions_reference() -> None:
    torch.manual_seed(0)
    outputs, masks = torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 8, 8))
    masks[:, :3] = 255
    larger = F.interpolate(outputs, size=(8, 8), mode="bilinear", align_corners=False)
    loss = losses.CrossEntropy()
    torch.testing.assert_close(compute(loss, outputs, masks), F.cross_entropy(larger, masks, ignore_index=255))
    assert compute(loss, outputs, torch.full_like(masks, 255)) == 0
    with pytest.raises(TrainingError, match="`hinge` is not for masks"):
        compute(losses.Hinge(), outputs, masks)


def test_one_output_is_two_classes() -> None:
    outputs, masks = torch.randn(2, 1, 4, 4), torch.randint(0, 2, (2, 4, 4))
    masks[0, 0] = 255
    known = masks != 255
    expected = F.binary_cross_entropy_with_logits(outputs[:, 0][known], masks[known].float())
    torch.testing.assert_close(compute(losses.CrossEntropy(), outputs, masks), expected)


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    root = scenes(tmp_path, (4, 2))

    def refused(message: str, text: str = TWO, data: str = f"folder:{root}", recipe: str = LEARN) -> None:
        with pytest.raises(TrainingError, match=message):
            fit(network(text + recipe), data, out=tmp_path / "run", options=Options(quiet=True))
        assert not (tmp_path / "run").exists()

    refused(r"has a class 2; the network tells 2 apart", TWO.replace("conv1-3", "conv1-2"))
    refused("gives a map, no scores of classes", TWO.replace("conv1-3", "conv1-10"), "random")
    refused("has masks, a class for each pixel", TWO.replace("conv1-3(act=none)", "gap\nfc-3"))
    refused("`cutmix` is for images with one class", recipe="train(augment=[cutmix])")
    refused("map of 14x14 for an image of 16x16", TWO.replace("conv3-8(", "conv3-8(pad=valid, "))
    Image.new("RGB", (16, 16)).save(root / "train" / "masks" / "0.png")
    refused(r"masks/0\.png' has 3 channels")
    Image.new("L", (9, 16)).save(root / "train" / "masks" / "0.png")
    refused("is 16x16, its mask 16x9")
    (root / "train" / "masks" / "0.png").write_bytes(b"no image")
    refused(r"0\.png' cannot be read as a mask")
    (root / "train" / "masks" / "0.png").unlink()
    refused(r"images/0\.png' has no mask")


@pytest.mark.parametrize(
    ("name", "variant", "task"),
    [
        ("dcgan", "generator", "generation"),
        ("ssd300_vgg", None, "detection"),
        ("wavenet", None, "audio"),
        ("dqn", "2015", "control"),
    ],
)
def test_tasks_that_are_outside_are_told_by_name(name: str, variant: str | None, task: str) -> None:
    with pytest.raises(TrainingError, match=f"is for {task}, which is outside"):
        demanded(netdsl.load(name, variant=variant))


def test_the_zoos_networks_for_segmentation_are_taken() -> None:
    assert demanded(netdsl.load("fcn8s"))[1] == 21
    with pytest.raises(TrainingError, match="388x388 for an image of 572x572"):
        demanded(netdsl.load("unet"))
