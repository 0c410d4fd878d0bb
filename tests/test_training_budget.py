"""`netdsl train --budget`: a run in less memory learns the same bits, and what does not go with a budget is told; and
what a step frees is used again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

import netdsl
from netdsl.backends.purpose.training import planned
from netdsl.training import Options, TrainingError, fit, resume
from netdsl.training.run import Run

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")

TEXT = """
net Deep
input 1x8x8
conv3-8(norm=bn, act=relu); conv3-8(norm=bn, act=relu)
aux head(weight=0.3) { gap; fc-10 }
conv3-8(norm=bn, act=relu); dropout(20%)
conv3-8(norm=bn, act=relu); conv3-8(norm=bn, act=relu); gap; fc-10; softmax
train(optimizer=sgd(lr=0.1, momentum=0.9), batch=200, epochs=2, augment=[crop(8, pad=1)])
"""


def deep(text: str = TEXT) -> netdsl.Network:
    return netdsl.loads(text, name="deep.net")


def within(share: float, images: int = 200) -> int:
    """A budget for a share of the plain module's activations."""
    figures = planned(deep(), images).figures
    return figures.whole(int(figures.peak(images) * share))


def test_a_run_in_a_budget_ends_with_the_same_bits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ways = {"plain": Options(quiet=True), "budget": Options(budget=within(0.5))}
    for name, options in ways.items():
        fit(deep(), "digits", out=tmp_path / name, options=options)
    told = capsys.readouterr().err
    assert "For training with batches of 200 samples in" in told and "computed again in the backward pass" in told
    plain, lean = (load_file(Run(tmp_path / name).weights) for name in ways)
    assert plain.keys() == lean.keys() and all(torch.equal(plain[name], lean[name]) for name in plain)
    source = (tmp_path / "budget" / "model.py").read_text()
    names: dict[str, Any] = {"__name__": "model"}
    exec(source, names)
    names["DeepTraining"]().load_state_dict(lean)
    assert "keep.light(" in source or "again(" in source


def test_a_run_in_a_budget_goes_on_in_it(tmp_path: Path) -> None:
    options = Options(quiet=True, budget=within(0.5, 100), accumulate=2, save_every=3)
    fit(deep(), "digits", out=tmp_path / "run", options=options)
    run, whole = Run(tmp_path / "run"), (tmp_path / "run" / "weights.safetensors").read_bytes()
    assert run.about["options"]["budget"] == within(0.5, 100)
    (run.folder / "previous.ckpt").replace(run.checkpoint)
    result = resume(run.folder)
    assert type(result.model).__name__ == "DeepTraining"
    assert run.weights.read_bytes() == whole


def test_a_budget_that_is_too_small_is_told_with_the_parts_that_fit(tmp_path: Path) -> None:
    network = deep()
    with pytest.raises(TrainingError, match=r"with 200 samples takes .* at least, .*\nhelp: `--accumulate") as refused:
        fit(network, out=tmp_path / "run", options=Options(quiet=True, budget=within(0.3, 100)))
    parts = int(str(refused.value).split("--accumulate ")[1].split("`")[0])
    assert 200 % parts == 0 and f"{200 // parts} at a time" in str(refused.value)
    assert planned(network, 200 // parts, within(0.3, 100)).step <= within(0.3, 100)
    with pytest.raises(TrainingError, match="weights, gradients and optimizer alone take"):
        fit(network, out=tmp_path / "run", options=Options(quiet=True, budget="1KB"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "recipe", "words"),
    [
        ({"compile": True}, "sgd(lr=0.1)", "--budget says what is kept in memory, and so does torch.compile"),
        ({"shard": True, "devices": 2}, "sgd(lr=0.1)", "--budget counts whole weights, and --shard"),
        ({"precision": "64-true"}, "sgd(lr=0.1)", "numbers of 32 bits"),
        ({}, "levenberg_marquardt(lr=0.1)", "`levenberg_marquardt` asks for more than gradients"),
        ({"budget": "8XB"}, "sgd(lr=0.1)", "'8XB' is no amount of memory"),
    ],
)
def test_what_does_not_go_with_a_budget(options: dict[str, Any], recipe: str, words: str, tmp_path: Path) -> None:
    network = deep(TEXT.replace("sgd(lr=0.1, momentum=0.9)", recipe))
    with pytest.raises(TrainingError, match=words):
        fit(network, out=tmp_path / "run", options=Options(**{"quiet": True, "budget": "1GB", **options}))
    assert not (tmp_path / "run").exists()


def test_thresholds_have_no_gradients_to_keep_room_for(tmp_path: Path) -> None:
    network = netdsl.loads("input 64\nfc-10\nstep\ntrain(optimizer=error_correction)", name="steps.net")
    with pytest.raises(TrainingError, match="layers without gradients"):
        fit(network, out=tmp_path / "run", options=Options(quiet=True, budget="1GB"))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from netdsl.tools.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep.net").write_text(TEXT)
    assert main(["train", "deep.net", "--set", "train.epochs=1", "--budget", "5MB", "-o", "run"]) == 0
    assert "in 5.00 MB" in capsys.readouterr().err and Run(tmp_path / "run").about["options"]["budget"] == 5_000_000
    assert main(["train", "deep.net", "--budget", "much"]) == 2
    assert "'--budget': 'much' is no amount of memory, such as 24GB" in " ".join(capsys.readouterr().err.split())
    assert main(["train", "deep.net", "--budget", "2MB"]) == 2
    assert "at least, 2.00 MB are given" in capsys.readouterr().err


FREED = """
import ctypes, resource
from netdsl.training.allocator import keep_freed

library, size = ctypes.CDLL(None), 64 << 20
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
library.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
done = keep_freed()
for turn in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = library.malloc(size)
    library.memset(block, 1, size)
    library.free(block)
print(int(done), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(os.confstr("CS_GNU_LIBC_VERSION") is None, reason="the C library is not glibc")
@pytest.mark.parametrize("chosen", [False, True], ids=["by us", "by the environment"])
def test_what_was_freed_is_used_again_unless_somebody_has_chosen(chosen: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    environment |= {"PYTHONPATH": str(Path(netdsl.__file__).parent.parent)} | (
        {"MALLOC_TRIM_THRESHOLD_": "131072"} if chosen else {}
    )
    said = subprocess.run([sys.executable, "-c", FREED], env=environment, capture_output=True, text=True, check=True)
    done, faults = map(int, said.stdout.split())
    assert done == (not chosen) and (faults < 16) == (not chosen), "how many pages the system had to hand out again"
