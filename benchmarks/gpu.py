"""What only a GPU can show: that networks give there what they give here, and what training costs beside bare PyTorch.

    python benchmarks/gpu.py [--out FILE.json] [--quick] [--device cpu] [--only SECTION ...]

Some nine minutes on one data-center GPU. Sections, each of which says what failed in it and leaves the others alone:

- `parity`: each network of the zoo, one variant of each spec, with the weights that it is built with, and batch norms
  that have seen a batch, so that what it gives depends on what it is given: the GPU in fp32 (without TF32) and in bf16
  by autocast, against the CPU in float64. Figures are the norm of the difference by the norm of what the CPU gives;
  the largest first.
- `step`: a training step of ResNet-50, images in channels-last, bf16, a fused optimizer: bare PyTorch, the same with
  deterministic kernels, compiled, and what `netdsl train` does; medians of rounds taken in turn, and peak memory.
- `inference`: plain modules beside `--for inference`, also with maps in channels-last, in bf16 (both), and as CUDA
  graphs, for one image and for 64: times of rounds taken in turn, launches, and how far the outputs are from float64.
- `memory`: a step of ResNet-152 compiled for training in less and less memory: peaks, times, equal gradients.
- `train`: lenet5_modern on digits, by its recipe, to the end.
- `ddp`: the same under torchrun, one process on NCCL: the losses of the run without.
- `tests`: those marked `gpu`.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

import torch  # noqa: E402
from lightning.pytorch.callbacks import Callback  # noqa: E402
from torch import Tensor, nn  # noqa: E402

import netdsl  # noqa: E402
from netdsl import zoo  # noqa: E402
from netdsl.backends.purpose.race import drawn_inputs, settle  # noqa: E402
from netdsl.backends.purpose.training import planned  # noqa: E402
from netdsl.ir import Network  # noqa: E402
from netdsl.passes.training_memory import training  # noqa: E402
from netdsl.recipe import Recipe  # noqa: E402
from netdsl.training.engine import Options, trainer  # noqa: E402
from netdsl.training.fitting import recipe_from  # noqa: E402
from netdsl.training.loaders import Length  # noqa: E402
from netdsl.training.task import Task  # noqa: E402

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic kernels of cuBLAS want, for all alike
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def finish(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


# Parity --------------------------------------------------------------------------------------------------------------


def given(network: Network, device: str, dtype: torch.dtype) -> list[Tensor]:
    """The inputs of a network, two of each, the same on every device."""
    drawn = drawn_inputs(network, 2)
    return [each.to(device, dtype if each.is_floating_point() else None) for each in drawn]


def tensors(output: object) -> list[Tensor]:
    if isinstance(output, Tensor):
        return [output.detach().double().cpu()]
    return [each for part in output for each in tensors(part)] if isinstance(output, (tuple, list)) else []


def apart(found: list[Tensor], right: list[Tensor]) -> float:
    """The norm of the difference by the norm of what is right, over all outputs."""
    assert [each.shape for each in found] == [each.shape for each in right]
    difference = math.sqrt(sum(float((a - b).square().sum()) for a, b in zip(found, right, strict=True)))
    return difference / max(math.sqrt(sum(float(each.square().sum()) for each in right)), 1e-30)


def parity(device: str, quick: bool) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for entry in sorted(zoo.entries(), key=lambda entry: entry.macs or 0):
        entries.setdefault(entry.spec, entry)
    chosen = list(entries.values())[: 6 if quick else None]
    deadline = time.perf_counter() + 120
    rows, failed, left = [], {}, []
    for entry in chosen:
        if time.perf_counter() > deadline:
            left.append(entry.name)
            continue
        try:
            network = netdsl.load(entry.spec, variant=entry.variant)
            torch.manual_seed(0)
            model = netdsl.build(network).eval()
            settle(model, network)
            with torch.no_grad():
                single = tensors(model.to(device)(*given(network, device, torch.float32)))
                with torch.autocast(device, torch.bfloat16):
                    half = tensors(model(*given(network, device, torch.float32)))
                right = tensors(model.cpu().double()(*given(network, "cpu", torch.float64)))
            rows.append((entry.name, apart(single, right), apart(half, right)))
        except Exception as problem:
            failed[entry.name] = f"{type(problem).__name__}: {problem}".splitlines()[0]
    print(f"{'network':28} {'fp32':>9} {'bf16':>9}")
    for name, single_, half_ in sorted(rows, key=lambda row: -row[1])[:12]:
        print(f"{name:28} {single_:9.1e} {half_:9.1e}")
    medians = [statistics.median(row[column] for row in rows) for column in (1, 2)]
    print(f"{f'median of {len(rows)}':28} {medians[0]:9.1e} {medians[1]:9.1e}")
    most = max(rows, key=lambda row: row[2])
    print(f"most in bf16: {most[0]} {most[2]:.1e}")
    for name, problem in failed.items():
        print(f"FAILED {name}: {problem}")
    if left:
        print(f"no time was left for {len(left)}: {', '.join(left)}")
    return {"networks": {name: {"fp32": a, "bf16": b} for name, a, b in rows}, "failed": failed, "left": left}


# A step --------------------------------------------------------------------------------------------------------------


class Same:
    """One batch again and again, on the device: what a loader costs is left out."""

    def __init__(self, batch: tuple[Tensor, Tensor], count: int):
        self.batch, self.count = batch, count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return iter([self.batch] * self.count)


class Clock(Callback):
    """Seconds a step, those of the first few left out."""

    def __init__(self, device: str, warm: int):
        self.device, self.warm, self.began, self.step = device, warm, 0.0, 0.0

    def on_train_batch_start(self, trainer: Any, task: Any, batch: Any, batch_idx: int) -> None:
        if batch_idx == self.warm:
            finish(self.device)
            self.began = time.perf_counter()

    def on_train_end(self, trainer: Any, task: Any) -> None:
        finish(self.device)
        self.step = (time.perf_counter() - self.began) / (trainer.global_step - self.warm)


Step = Callable[[int, int], float]
"""Seconds a step: of so many, behind so many that are not counted."""


def bare(model: nn.Module, batch: tuple[Tensor, Tensor], device: str, *, compiled: bool, deterministic: bool) -> Step:
    """What one would write by hand."""
    model = model.to(memory_format=torch.channels_last)
    images, labels = batch[0].contiguous(memory_format=torch.channels_last), batch[1]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4, fused=True)
    called: Any = torch.compile(model) if compiled else model

    def one() -> None:
        optimizer.zero_grad()
        with torch.autocast(device, torch.bfloat16):
            loss = nn.functional.cross_entropy(called(images), labels)
        loss.backward()
        optimizer.step()

    def run(warm: int, count: int) -> float:
        torch.use_deterministic_algorithms(deterministic, warn_only=True)
        for _ in range(warm):
            one()
        finish(device)
        began = time.perf_counter()
        for _ in range(count):
            one()
        finish(device)
        torch.use_deterministic_algorithms(False)
        return (time.perf_counter() - began) / count

    return run


def trained(network: Network, model: nn.Module, batch: tuple[Tensor, Tensor], recipe: Recipe, compiled: bool) -> Step:
    """What `netdsl train --channels-last --precision bf16-mixed` does with these batches."""
    device = batch[0].device.type
    called: Any = torch.compile(model) if compiled else model

    def run(warm: int, count: int) -> float:
        length = Length(recipe, warm + count)
        length.steps = warm + count
        task = Task(network, recipe, called, steps_per_epoch=warm + count, steps=length.steps, channels_last=True)
        clock = Clock(device, warm)
        engine = trainer(recipe, Options(precision="bf16-mixed", channels_last=True), length, [clock])
        engine.fit(task, train_dataloaders=Same(batch, warm + count))
        torch.use_deterministic_algorithms(False)
        model.to(device)  # Lightning leaves it on the CPU
        return clock.step

    return run


def step(device: str, quick: bool) -> dict[str, Any]:
    size, images, warm, count = (64, 2, 1, 2) if quick else (224, 256, 5, 20)
    network = netdsl.load("resnet50", input=f"3x{size}x{size}")
    recipe = recipe_from(f"train(optimizer=sgd(lr=0.1, momentum=0.9, weight_decay=1e-4), batch={images}, epochs=1)")
    batch = torch.randn(images, 3, size, size, device=device), torch.randint(0, 1000, (images,), device=device)

    def model() -> nn.Module:
        torch.manual_seed(0)
        return netdsl.build(network).to(device)

    ways: dict[str, Callable[[], Step]] = {
        "bare": lambda: bare(model(), batch, device, compiled=False, deterministic=False),
        "bare, deterministic": lambda: bare(model(), batch, device, compiled=False, deterministic=True),
        "netdsl train": lambda: trained(network, model(), batch, recipe, False),
        "bare, compiled": lambda: bare(model(), batch, device, compiled=True, deterministic=False),
        "netdsl train --compile": lambda: trained(network, model(), batch, recipe, True),
    }
    if quick:
        ways = {name: way for name, way in ways.items() if "compile" not in name}
    made: dict[str, Step] = {}
    times: dict[str, list[float]] = {}
    memory: dict[str, float] = {}
    failed: dict[str, str] = {}
    deadline = time.perf_counter() + 100
    for name, way in ways.items():  # once each, for memory and what is compiled
        if time.perf_counter() > deadline:
            failed[name] = "no time was left"
            continue
        try:
            if device == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            held = torch.cuda.memory_allocated() if device == "cuda" else 0
            made[name] = way()
            made[name](warm, 2)
            memory[name] = (torch.cuda.max_memory_allocated() - held) / 2**30 if device == "cuda" else 0.0
            times[name] = []
        except Exception as problem:
            made.pop(name, None)
            failed[name] = f"{type(problem).__name__}: {problem}".splitlines()[0]
            traceback.print_exc()
    for _ in range(1 if quick else 3):
        for name, run in made.items():
            times[name].append(run(warm, count))
    rows = {}
    print(f"ResNet-50, {images} images of {size}x{size}, channels-last, bf16, fused SGD")
    print(f"{'way':24} {'ms a step':>10} {'by bare':>8} {'images/s':>9} {'peak GiB':>9}")
    base = statistics.median(times["bare"])
    for name, found in times.items():
        median = statistics.median(found)
        rows[name] = {"ms": 1000 * median, "ratio": median / base, "images_per_second": images / median}
        rows[name] |= {"gib": memory[name], "rounds_ms": [1000 * each for each in found]}
        ratio, rate = median / base, images / median
        print(f"{name:24} {1000 * median:10.2f} {ratio:8.3f} {rate:9.0f} {memory[name]:9.2f}")
    for name, problem in failed.items():
        print(f"FAILED {name}: {problem}")
    return {"ways": rows, "failed": failed}


# Inference -----------------------------------------------------------------------------------------------------------


def launches(model: nn.Module, images: Tensor) -> int:
    """The kernels of a forward pass."""
    kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=kinds) as seen:
        model(images)
        torch.cuda.synchronize()
    return sum(each.count for each in seen.key_averages() if each.device_type == torch.autograd.DeviceType.CUDA)


def replayed(model: nn.Module, images: Tensor) -> Callable[[], None]:
    """The forward pass as a CUDA graph: one launch for all of its kernels."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            model(images)
    torch.cuda.current_stream().wait_stream(stream)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        model(images)
    return captured.replay


def inference(device: str, quick: bool) -> dict[str, Any]:
    names = ["resnet_cifar:20"] if quick else ["googlenet_bn", "inception_v3", "resnet_v1_5:50", "vgg16", "alexnet_owt"]
    rows = {}
    print(
        f"{'network':16} {'images':>6} {'plain ms':>9} {'inference':>10} {'channels-last':>14} {'bf16':>6} "
        f"{'graph':>7} {'both':>6}   launches   apart"
    )
    for name in names:
        network = netdsl.load(name)
        torch.manual_seed(0)
        plain = netdsl.build(network).eval()
        settle(plain, network)
        exact = plain.double()(*given(network, "cpu", torch.float64))
        plain.float()
        quicker = netdsl.optimize(plain, network, device=device)
        neighbours = netdsl.optimize(plain, network).to(device)
        halves = netdsl.optimize(plain, network, device=device, dtype=torch.bfloat16)
        plain = plain.to(device)
        half = copy.deepcopy(plain).bfloat16()
        with torch.inference_mode():
            difference = apart(tensors(quicker(*given(network, device, torch.float32))), tensors(exact))
            for count in (1, 4 if quick else 64):
                images = torch.randn(count, *network.inputs[0].shape, device=device)
                rounded = images.bfloat16()
                ways: dict[str, Callable[[], object]] = {
                    "plain": lambda m=plain, x=images: m(x),  # type: ignore[misc]
                    "inference": lambda m=quicker, x=images: m(x),  # type: ignore[misc]
                    "channels-last": lambda m=neighbours, x=images: m(x),  # type: ignore[misc]
                    "plain bf16": lambda m=half, x=rounded: m(x),  # type: ignore[misc]
                    "bf16": lambda m=halves, x=rounded: m(x),  # type: ignore[misc]
                }
                if device == "cuda":
                    ways |= {"graph": replayed(plain, images), "both": replayed(quicker, images)}
                times: dict[str, list[float]] = {way: [] for way in ways}
                for _ in range(3 if quick else 15):
                    for way, run in ways.items():
                        finish(device)
                        began = time.perf_counter()
                        for _ in range(5):
                            run()
                        finish(device)
                        times[way].append((time.perf_counter() - began) / 5)
                medians = {way: statistics.median(found[1:]) for way, found in times.items()}
                base = medians["plain"]
                kernels = [launches(each, images) for each in (plain, quicker)] if device == "cuda" else []
                over = {"bf16": medians["plain bf16"]}
                ratios = {
                    way: f"{over.get(way, base) / medians[way]:.2f}x" if way in medians else ""
                    for way in ("inference", "channels-last", "bf16", "graph", "both")
                }
                widths = (10, 14, 6, 7, 6)
                shown = " ".join(f"{each:>{width}}" for each, width in zip(ratios.values(), widths, strict=True))
                counted = " to ".join(map(str, kernels))
                print(f"{name:16} {count:6} {1000 * base:9.3f} {shown}   {counted:>10} {difference:7.0e}", flush=True)
                rows[f"{name} {count}"] = {"ms": {way: 1000 * each for way, each in medians.items()}}
                rows[f"{name} {count}"] |= {"launches": kernels, "apart": difference}
    return rows


# Memory --------------------------------------------------------------------------------------------------------------


def memory(device: str, quick: bool) -> dict[str, Any]:
    """A step of ResNet-152 in less memory, in float32: peaks, times, and gradients beside the plain module's."""
    name, images, shares = ("resnet_cifar:20", 4, (2.0,)) if quick else ("resnet_v1_5:152", 32, (2.0, 3.0, 4.4))
    network = netdsl.load(name)
    figures = training(network)
    batch = torch.randn(images, *network.inputs[0].shape, device=device)
    labels = torch.randint(0, network.output[0], (images,), device=device)
    torch.manual_seed(0)
    plain = netdsl.build(network).to(device).train()
    state = {key: value.clone() for key, value in plain.state_dict().items()}

    def one(model: nn.Module) -> None:
        model.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(model(batch), labels).backward()

    def first(model: nn.Module) -> tuple[float, list[Tensor]]:
        """The peak of a step in GiB, and what it leaves: gradients and running averages."""
        one(model)  # gradients are there from now on
        model.load_state_dict(state)
        finish(device)
        held = torch.cuda.memory_allocated() if device == "cuda" else 0
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        one(model)
        finish(device)
        peak = (torch.cuda.max_memory_allocated() - held) / 2**30 if device == "cuda" else 0.0
        left = [each.grad for each in model.parameters() if each.grad is not None]
        return peak, [each.detach().clone() for each in (*left, *model.buffers())]

    def seconds(model: nn.Module) -> float:
        finish(device)
        began = time.perf_counter()
        one(model)
        finish(device)
        return time.perf_counter() - began

    torch.backends.cudnn.deterministic = True  # or gradients of the plain module itself differ from step to step
    plans = {"values": planned(network, images)}
    plans |= {
        f"1/{each:g}": planned(network, images, figures.whole(int(figures.peak(images) / each))) for each in shares
    }
    most, right = first(plain)
    rows: dict[str, Any] = {"plain": {"gib": most, "predicted_gib": figures.peak(images) / 2**30}}
    print(f"{name}, {images} images, float32: activations at their peak, plain {most:.2f} GiB")
    print(f"{'again':8} {'GiB':>6} {'predicted':>9} {'plain by':>9} {'time':>6}   a step leaves")
    for way, plan in plans.items():
        model = netdsl.build(network, purpose="training", batch=images, budget=plan.budget).to(device).train()
        model.load_state_dict(state)
        peak, left = first(model)
        equal = all(map(torch.equal, right, left))
        ratio = statistics.median([seconds(model) / seconds(plain) for _ in range(1 if quick else 5)])
        rows[way] = {"gib": peak, "predicted_gib": plan.peak / 2**30, "time": ratio, "equal": equal}
        fraction = most / peak if peak else 0.0
        said = "the same bits" if equal else "OTHER VALUES"
        print(f"{way:8} {peak:6.2f} {plan.peak / 2**30:9.2f} {fraction:9.2f} {ratio:6.2f}   {said}", flush=True)
        del model, left
    torch.backends.cudnn.deterministic = False
    return {"ways": rows}


# Real runs -----------------------------------------------------------------------------------------------------------


def command(*words: str) -> tuple[float, str]:
    """Run a command of Python's, and say how long it took and the end of what it printed."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=ENVIRONMENT, timeout=120)
    told = (done.stdout + done.stderr).strip()
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}:\n{told[-3000:]}")
    return time.perf_counter() - began, told


def about(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "run.json").read_text())["result"]
    return found


def train(device: str, quick: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        words = ["--set", "train.epochs=2" if quick else "train.augment=[crop(32, pad=2)]"]
        seconds, _ = command("-m", "netdsl", "train", "lenet5_modern", "--data", "digits", "-o", str(run), *words)
        result = about(run)
        _, told = command("-m", "netdsl", "eval", str(run), "--json")
    judged = json.loads(told[told.index("{") : told.rindex("}") + 1])
    print(
        f"lenet5_modern on digits: top-1 {100 * result['top1']:.2f} % ({100 * judged['top1']:.2f} % by `netdsl eval`)"
    )
    print(f"{result['seconds']:.1f} s of steps, {seconds:.1f} s in all")
    return {"top1": result["top1"], "eval": judged, "seconds": result["seconds"], "wall": seconds}


def ddp(device: str, quick: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder) / "one", Path(folder) / "ddp"]
        rest = ["lenet5_modern", "--quiet", "--set", "train.epochs=3"]
        command("-m", "netdsl", "train", *rest, "-o", str(runs[0]))
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1", "-m", "netdsl", "train"]
        seconds, _ = command(*launcher, *rest, "-o", str(runs[1]))
        one, other = (about(run) for run in runs)
    difference = abs(one["test_loss"] - other["test_loss"]) / one["test_loss"]
    losses = f"test loss {one['test_loss']:.6g} alone, {other['test_loss']:.6g} by DDP"
    print(f"{losses}, {difference:.1e} apart; {seconds:.0f} s under torchrun")
    return {"alone": one["test_loss"], "ddp": other["test_loss"], "apart": difference}


def tests(device: str, quick: bool) -> dict[str, Any]:
    words = ["-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", "tests/test_torch.py"]
    words += ["tests/test_training_gpu.py", "--durations=5", "--tb=short"]
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=ENVIRONMENT, cwd=HERE, timeout=240
    )
    print(done.stdout[-5000:])
    return {"code": done.returncode, "end": done.stdout.strip().splitlines()[-1]}


SECTIONS = {
    "parity": parity,
    "step": step,
    "inference": inference,
    "memory": memory,
    "train": train,
    "ddp": ddp,
    "tests": tests,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--quick", action="store_true", help="small sizes, to try the script itself")
    parser.add_argument("--only", nargs="+", choices=tuple(SECTIONS), default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--out", type=Path, help="the figures as JSON")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("there is no GPU here; --device cpu --quick tries the script")
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    name = torch.cuda.get_device_name(0) if options.device == "cuda" else "CPU"
    found: dict[str, Any] = {"device": name, "torch": torch.__version__, "quick": options.quick}
    print(f"{name}, torch {torch.__version__}, netdsl {netdsl.__version__}", flush=True)
    failed = False
    for section in options.only:
        print(f"\n== {section}", flush=True)
        began = time.perf_counter()
        try:
            found[section] = SECTIONS[section](options.device, options.quick)
        except Exception as problem:
            failed = True
            found[section] = {"problem": f"{type(problem).__name__}: {problem}"}
            traceback.print_exc(file=sys.stdout)
        found[section]["took"] = time.perf_counter() - began
        print(f"({found[section]['took']:.0f} s)", flush=True)
        if options.out is not None:  # after each, so that a script that is cut off leaves what it had
            options.out.write_text(json.dumps(found, indent=2) + "\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
