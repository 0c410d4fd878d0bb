"""Training on a GPU: mixed precision, fused optimizers, the same bits after a stop, and DDP on NCCL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import netdsl
from netdsl.recipe import Recipe
from netdsl.training.callbacks import Rows
from netdsl.training.data import open_data
from netdsl.training.engine import Options
from netdsl.training.fitting import fit, resume
from netdsl.training.judging import judge
from netdsl.training.run import Run

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"),
]

TEXT = """
net Small
input 1x16x16
conv3-16(norm=bn, act=relu); maxpool
conv3-32(norm=bn, act=relu); maxpool
dropout(20%)
fc-10; softmax
"""
RECIPE = "train(optimizer={}, schedule=cosine, batch=100, epochs={}, augment=[crop(16, pad=2)], seed=3)"


def small(optimizer: str = "sgd(lr=0.1, momentum=0.9)", epochs: int = 4) -> netdsl.Network:
    return netdsl.loads(TEXT + RECIPE.format(optimizer, epochs), name="small.net")


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_it_learns_in_every_precision(precision: str, tmp_path: Path) -> None:
    network = small(epochs=12)
    options = Options(quiet=True, precision=precision, channels_last=True)
    result = fit(network, "digits", out=tmp_path / "run", options=options)
    assert result.figures["top1"] is not None and result.figures["top1"] > 0.6
    judged = judge(network, [result.model], Recipe.of(network.train), open_data("digits", (1, 16, 16), 10))
    assert judged.top1 == pytest.approx(result.figures["top1"], abs=0.01)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_shares_of_weights_learn_what_whole_ones_do(precision: str, tmp_path: Path) -> None:
    losses = []
    for shard in (False, True):
        options = Options(quiet=True, precision=precision, shard=shard)
        losses.append(fit(small(), "digits", out=tmp_path / str(shard), options=options).figures["test_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3 if precision == "32-true" else 0.1)


@pytest.mark.parametrize("optimizer", ["sgd(lr=0.1, momentum=0.9)", "adam(lr=0.01)", "adamw(lr=0.01)"])
@pytest.mark.parametrize("clip", [None, 1.0])
def test_one_kernel_moves_all_weights_unless_gradients_are_clipped(
    optimizer: str, clip: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(Rows, "on_train_start", lambda _, trainer, task: seen.append(trainer.optimizers[0]))
    network = small(optimizer, 1)
    recipe = Recipe.of(network.train).model_copy(update={"clip": clip})
    fit(network, "digits", recipe, out=tmp_path / "run", options=Options(quiet=True, precision="16-mixed"))
    assert bool(seen[0].param_groups[0]["fused"]) is (clip is None)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_run_that_was_stopped_ends_with_the_same_bits(
    precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Options(quiet=True, save_every=5, precision=precision)
    whole = fit(small(), "digits", out=tmp_path / "whole", options=options)

    class Stopped(Exception):
        pass

    write = Rows._write

    def stop(rows: Rows, trainer: object) -> None:
        if trainer.global_step == 23:  # type: ignore[attr-defined]
            raise Stopped
        write(rows, trainer)  # type: ignore[arg-type]

    monkeypatch.setattr(Rows, "_write", stop)
    with pytest.raises(Stopped):
        fit(small(), "digits", out=tmp_path / "part", options=options)
    monkeypatch.undo()
    assert not Run(tmp_path / "part").weights.exists()
    resume(tmp_path / "part")
    assert Run(tmp_path / "part").weights.read_bytes() == Run(tmp_path / "whole").weights.read_bytes()
    assert whole.figures["test_loss"] == Run(tmp_path / "part").rows()[-1]["test_loss"]


def test_torchrun_trains_on_nccl_what_one_process_trains(tmp_path: Path) -> None:
    (tmp_path / "small.net").write_text(TEXT + RECIPE.format("sgd(lr=0.1, momentum=0.9)", 3))
    environment = {**os.environ, "PYTHONPATH": str(Path(netdsl.__file__).parent.parent)}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] += os.pathsep + os.environ["PYTHONPATH"]
    train = ["-m", "netdsl", "train", "small.net", "--quiet", "-o"]
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1"]
    losses = []
    for words in ([*train, "one"], [*launch, *train, "ddp"]):
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, done.stdout + done.stderr
        losses.append(json.loads((tmp_path / words[-1] / "run.json").read_text())["result"]["test_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
