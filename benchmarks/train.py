"""What training costs beside a bare PyTorch loop, starting beside `import lightning`, and images beside torchvision's.

    python benchmarks/train.py [--rounds 5]

Processor time, medians of rounds taken in turn in this run. A step may cost 1.03 times that of the bare loop and 1.2 ms
more; the start, to the end of the first step, 1.3 times importing Lightning and building the network; the images of a
folder no more than those of `ImageFolder` and a `DataLoader` with the same transforms. What costs more is marked `!`.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))
IMPORT = "import lightning, netdsl; netdsl.build(netdsl.load('lenet5_modern'))"
TRANSFORMS = "[resize(40), crop(32, pad=2), flip]"


def medians(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each way, taken in turn; one round before them does not count."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            found = way()
            if number:
                times[name].append(found)
    return {name: statistics.median(found) for name, found in times.items()}


def step(rounds: int) -> bool:
    """A step of `netdsl train`, with its rows and checkpoints, and of a loop by hand."""
    import torch
    from torch import nn

    import netdsl
    from netdsl.recipe import Recipe
    from netdsl.training import fit
    from netdsl.training.data import open_data
    from netdsl.training.engine import Options

    torch.set_num_threads(1)
    good = True
    for spec, batch, steps in (("lenet5_modern", 64, 60), ("resnet_cifar:20", 32, 8)):
        name, _, variant = spec.partition(":")
        network = netdsl.load(name, variant=variant or None)
        data = "digits" if name.startswith("lenet") else "random"
        recipe = Recipe.of(network.train).model_copy(
            update={"batch": batch, "iterations": steps, "epochs": None, "augment": ()}
        )
        opened: Any = open_data(data, network.inputs[0].shape, 10)
        images, labels = opened.train.images, opened.train.labels

        def bare(network: Any = network, recipe: Any = recipe, images: Any = images, labels: Any = labels) -> float:
            from netdsl.training.optimizers import optimizer

            model = netdsl.build(network)
            made = optimizer(model, recipe)
            order = torch.randperm(len(images))
            began = time.process_time()
            for number in range(recipe.iterations):
                at = number * recipe.batch % (len(images) - recipe.batch)
                chosen = order[at : at + recipe.batch]
                made.zero_grad()
                loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
                loss.backward()
                made.step()
            return (time.process_time() - began) / recipe.iterations

        def ours(network: Any = network, recipe: Any = recipe, data: str = data) -> float:
            with tempfile.TemporaryDirectory() as folder:
                return timed(lambda: fit(network, data, recipe, out=Path(folder) / "run", options=Options(quiet=True)))

        found = medians({"bare": bare, "netdsl": ours}, rounds)
        bound = 1.03 * found["bare"] + 0.0012
        good &= found["netdsl"] <= bound
        shown = f"{1000 * found['bare']:8.2f} ms bare {1000 * found['netdsl']:8.2f} ms netdsl train"
        print(f"step   {spec:18} {shown}, at most {1000 * bound:.2f}{mark(found['netdsl'] <= bound)}", flush=True)
    return good


def timed(train: Callable[[], object]) -> float:
    """Processor seconds a step of a run: from the end of its first step to the end of its last."""
    from netdsl.training.callbacks import Rows

    ends: list[float] = []
    before = Rows.on_train_batch_end

    def ended(*given: Any) -> None:
        before(*given)
        ends.append(time.process_time())

    Rows.on_train_batch_end = ended  # type: ignore[assignment]
    try:
        train()
    finally:
        Rows.on_train_batch_end = before  # type: ignore[method-assign]
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(ends))
    return statistics.mean(gaps[: -max(len(gaps) // 20, 1)])  # without those in which it was judged


def start(rounds: int) -> bool:
    """The whole process: importing and building, and training one step."""

    def process(*words: str) -> float:
        environment = {**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], check=True, env=environment, capture_output=True)
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def train() -> float:
        with tempfile.TemporaryDirectory() as folder:
            words = ["train", "lenet5_modern", "--quiet", "-o", f"{folder}/run", "--set", "train.iterations=1"]
            return process("-m", "netdsl", *words)

    found = medians({"import": lambda: process("-c", IMPORT), "train": train}, rounds)
    ratio = found["train"] / found["import"]
    shown = f"{found['import']:.2f} s import and build, {found['train']:.2f} s a whole run of one step"
    print(f"start  {shown}: {ratio:.2f}, at most 1.3{mark(ratio <= 1.3)}", flush=True)
    return ratio <= 1.3


def images(rounds: int) -> bool:
    """An epoch of the images of a folder."""
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2

    from netdsl.training.data import open_data
    from netdsl.training.fitting import recipe_from
    from netdsl.training.loader import Place, Prepared, batches
    from netdsl.training.transforms import pipeline

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for part, count in (("train", 120), ("val", 2)):
            for label in ("a", "b"):
                (root / part / label).mkdir(parents=True)
                for index in range(count):
                    pixels = torch.randint(0, 256, (96, 128, 3), dtype=torch.uint8).numpy()
                    Image.fromarray(pixels).save(root / part / label / f"{index}.jpg")
        data = open_data(str(root), (3, 32, 32), 2)
        made = pipeline(recipe_from(f"train(augment={TRANSFORMS})").augment, data, 2)
        prepared = Prepared(data.train, made.train, made.random, 0)
        assert data.mean and data.std
        steps = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Resize(40, antialias=True)]
        steps += [v2.RandomCrop(32, padding=2), v2.RandomHorizontalFlip(), v2.Normalize(data.mean, data.std)]
        folder = ImageFolder(str(root / "train"), v2.Compose(steps))

        def seconds(loader: Any) -> float:
            began = time.process_time()
            count = sum(len(labels) for _, labels in loader)
            assert count == 240
            return time.process_time() - began

        ways = {
            "torchvision": lambda: seconds(DataLoader(folder, batch_size=40, shuffle=True)),
            "netdsl": lambda: seconds(batches(prepared, 40, 0, True, Place())),
        }
        found = medians(ways, rounds)
    ratio = found["netdsl"] / found["torchvision"]
    rates = [240 / found[name] for name in ("torchvision", "netdsl")]
    shown = f"{rates[0]:.0f} images/s ImageFolder and DataLoader, {rates[1]:.0f} netdsl"
    print(f"images {shown}: {ratio:.2f} of the time, at most 1.05{mark(ratio <= 1.05)}", flush=True)
    return ratio <= 1.05


def mark(good: bool) -> str:
    return "" if good else " !"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    held = [images(options.rounds), step(options.rounds), start(options.rounds)]
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
