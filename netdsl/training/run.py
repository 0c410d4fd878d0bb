"""The folder of a run: everything that is needed to read it years later, and to go on with it.

    runs/lenet5-1/
        spec/lenet5.net        the spec as it was, with the files that it uses
        recipe.net             the recipe, with what was filled in and overridden
        model.py               the network as PyTorch source, which needs torch only
        network.json           the network, for `netdsl`
        run.json               how it was asked for, its state, and what came of it
        environment.json       versions and machine
        metrics.csv            a row for every few steps, and for every time it was judged
        curve.svg              those as a picture
        last.ckpt              everything to go on from; the one before is previous.ckpt
        weights.safetensors    the weights in the end

A file is never half written: each is written beside its place and moved there.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from netdsl import __version__
from netdsl.backends.torch import emit
from netdsl.ir import Network
from netdsl.recipe import Recipe
from netdsl.text.files import replace
from netdsl.training.data import Data
from netdsl.training.errors import TrainingError
from netdsl.training.weights import origin

JUDGED = ("test_loss", "top1", "top5", "miou")
COLUMNS = ("step", "epoch", "seconds", "lr", "loss", "images_per_second", "waiting", *JUDGED)
"""Of metrics.csv: `loss` is the mean since the row before, `waiting` the share of time that a step waited for data;
accuracies are shares."""


@dataclass(frozen=True)
class Run:
    """A run's folder."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """Where training goes on from."""
        return self.folder / "last.ckpt"

    @property
    def weights(self) -> Path:
        """The weights in the end."""
        return self.folder / "weights.safetensors"

    @property
    def about(self) -> dict[str, Any]:
        """What run.json says. Raises `TrainingError` where this is no run."""
        path = self.folder / "run.json"
        try:
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise TrainingError(f"'{self.folder}' is no run: it has no run.json", "`netdsl runs` lists runs") from None
        except (OSError, ValueError) as problem:
            raise TrainingError(f"'{path}' cannot be read: {problem}") from None
        return found

    @property
    def network(self) -> Network:
        """The network that was trained."""
        try:
            return Network.model_validate_json((self.folder / "network.json").read_bytes())
        except (OSError, ValueError) as problem:
            raise TrainingError(f"the network of '{self.folder}' cannot be read: {problem}") from None

    def note(self, **words: Any) -> None:
        """Write something into run.json."""
        text = json.dumps({**self.about, **words}, indent=2) + "\n"
        write(self.folder / "run.json", text.encode())

    @property
    def trained(self) -> Path:
        """The weights there are: those in the end, else the last checkpoint's. Raises `TrainingError` without any."""
        found = next((path for path in (self.weights, self.checkpoint) if path.exists()), None)
        if found is None:
            raise TrainingError(
                f"'{self.folder}' has no weights yet: it ended before its first checkpoint",
                "train anew: `netdsl train`",
            )
        return found

    def save_weights(self, state: Mapping[str, torch.Tensor]) -> None:
        """Write the weights, which say whose they are: in one entry, since the order of several is not fixed."""
        whole = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
        write(self.weights, save(whole, {"netdsl": json.dumps(origin(self.network))}))

    def rows(self) -> list[dict[str, float | None]]:
        """metrics.csv, numbers as numbers; what is empty is None."""
        path = self.folder / "metrics.csv"
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return [{name: float(cell) if cell else None for name, cell in row.items()} for row in csv.DictReader(file)]

    def cut(self, step: int) -> None:
        """Take the rows behind a step away: a run that goes on from a checkpoint writes them again."""
        kept = [row for row in self.rows() if (row["step"] or 0) <= step]
        lines = [",".join(COLUMNS), *(",".join(map(cell, (row.get(name) for name in COLUMNS))) for row in kept)]
        write(self.folder / "metrics.csv", ("\n".join(lines) + "\n").encode())

    def add(self, row: Mapping[str, float | None]) -> None:
        """A row more of metrics.csv."""
        path = self.folder / "metrics.csv"
        head = "" if path.exists() else ",".join(COLUMNS) + "\n"
        with path.open("a", newline="") as file:
            file.write(head + ",".join(cell(row.get(name)) for name in COLUMNS) + "\n")


def cell(value: float | None) -> str:
    """A number in metrics.csv: six significant digits, whole ones whole."""
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def write(path: Path, data: bytes) -> None:
    """Make `data` the contents of a file of a run, all of it or nothing, even where the machine loses power."""
    replace(data, path, durable=True)


def free_folder(root: Path, name: str) -> Path:
    """`root/name-N` with the next free number."""
    number = 1
    while (root / f"{name}-{number}").exists():
        number += 1
    return root / f"{name}-{number}"


def begin(
    folder: Path, network: Network, recipe: Recipe, data: Data, asked: Mapping[str, Any], model: str | None = None
) -> Run:
    """A new run's folder, with everything that is known before the first step. `model` is the module's source, where
    it is not the plain one.

    Raises `TrainingError` where there is something already, or no place.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TrainingError(
            f"'{folder}' exists", "choose another place with -o, or go on with it: `netdsl train --resume`"
        )
    try:
        (folder / "spec").mkdir(parents=True)
    except OSError as problem:
        raise TrainingError(f"'{folder}' cannot be made: {problem.strerror}") from None
    for source in network.sources:
        write(folder / "spec" / (Path(source.name).name or "spec.net"), source.text.encode())
    write(folder / "recipe.net", (recipe.text + "\n").encode())
    write(folder / "model.py", (model or emit(network, sizes=True)).encode())
    write(folder / "network.json", (network.model_dump_json(indent=2) + "\n").encode())
    write(folder / "environment.json", (json.dumps(environment(), indent=2) + "\n").encode())
    about = {
        "name": network.name,
        "variant": network.variant,
        "digest": origin(network)["digest"],
        "data": data.name,
        "classes": list(data.classes),
        "note": data.note,
        "mean": data.mean,
        "std": data.std,
        "recipe": recipe.text,
        "params": network.params,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "state": "running",
        **asked,
    }
    write(folder / "run.json", (json.dumps(about, indent=2) + "\n").encode())
    return Run(folder)


def environment() -> dict[str, Any]:
    """Versions and machine."""
    import lightning
    import torchvision

    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "netdsl": __version__,
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "lightning": lightning.__version__,
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "devices": devices,
        "threads": torch.get_num_threads(),
        "command": sys.argv,
    }
