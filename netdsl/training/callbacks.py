"""What happens beside the steps: rows of metrics, checkpoints that are never half written, a bar, Ctrl-C.

Lightning's own loggers and checkpoints cost more than the step of a small network, delete the metrics of the run that
they resume, and write through the system's temporary folder; so these are ours, as its `Callback`s.
"""

from __future__ import annotations

import io
import math
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint, TQDMProgressBar
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import nn

from netdsl.training.errors import TrainingError
from netdsl.training.run import JUDGED, Run, write
from netdsl.training.task import Task

Trainer = lightning.Trainer
WORDS = {"top1": "top-1", "top5": "top-5", "miou": "mIoU"}
"""What is judged, in words."""


class Rows(Callback):
    """Reads the loss every `every` steps, writes a row of metrics.csv, and stops a run whose loss is no number."""

    def __init__(self, run: Run, every: int, batch: int, per_epoch: int, loggers: list[Any]):
        self.run, self.every, self.batch, self.per_epoch, self.loggers = run, every, batch, per_epoch, loggers
        self.last: dict[str, float] = {}
        self._pending: dict[str, float] = {}
        self._sum: torch.Tensor | None = None
        self._steps = 0
        self._began = self._rested = time.perf_counter()
        self._spent = self._waited = 0.0
        self._before = 0.0
        self._at = 0

    def state_dict(self) -> dict[str, Any]:
        """The seconds so far, and the losses since the last row: a resumed run writes the same rows."""
        total = None if self._sum is None else float(self._sum)
        return {"seconds": self.seconds, "sum": total, "steps": self._steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._before, self._steps = state["seconds"], state["steps"]
        self._sum = None if state["sum"] is None else torch.tensor(state["sum"])

    @property
    def seconds(self) -> float:
        """How long the run has trained, over all its parts."""
        return self._before + time.perf_counter() - self._began

    def on_train_start(self, trainer: Trainer, task: Any) -> None:
        self._began = self._rested = time.perf_counter()
        self._at = trainer.global_step

    def on_train_batch_start(self, trainer: Trainer, task: Any, batch: Any, batch_idx: int) -> None:
        self._waited += time.perf_counter() - self._rested
        self._write(trainer)

    def on_train_batch_end(self, trainer: Trainer, task: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        assert isinstance(task, Task) and task.loss is not None
        self._sum = task.loss if self._sum is None else self._sum.to(task.loss) + task.loss
        self._steps += 1
        if trainer.global_step != self._at and trainer.global_step % self.every == 0:  # not in the midst of a step
            self._row(trainer, {})
        self._at = trainer.global_step
        self._rested = time.perf_counter()

    def on_validation_end(self, trainer: Trainer, task: Any) -> None:
        stopped = trainer.should_stop and trainer.global_step < trainer.max_steps  # what goes on is judged in its time
        if not trainer.sanity_checking and not stopped:
            judged = {
                name: float(trainer.callback_metrics[name]) for name in JUDGED if name in trainer.callback_metrics
            }
            self._row(trainer, judged)
            self._write(trainer)
        self._rested = time.perf_counter()

    def on_train_end(self, trainer: Trainer, task: Any) -> None:
        self._write(trainer)

    def on_exception(self, trainer: Trainer, task: Any, exception: BaseException) -> None:
        self._write(trainer)

    def _row(self, trainer: Trainer, judged: dict[str, float]) -> None:
        """A row, written before the next step, so that what is judged behind a step joins its row."""
        step, now = trainer.global_step, self.seconds
        row: dict[str, float] = {"step": step, "epoch": step / self.per_epoch, "seconds": now, **judged}
        row["lr"] = trainer.optimizers[0].param_groups[0]["lr"]
        if self._steps and self._sum is not None:
            mean = float(self._sum) / self._steps
            took = max(now - self._spent, 1e-9)
            row |= {"loss": mean, "images_per_second": self._steps * self.batch / took, "waiting": self._waited / took}
            self._sum, self._steps, self._waited, self._spent = None, 0, 0.0, now
            if not math.isfinite(mean):
                raise TrainingError(
                    f"the loss is no number any more at step {step}: the weights have grown without bound",
                    f"a smaller rate, as `--set train.lr={row['lr'] / 10:.3g}`, or `--set train.clip=1`; "
                    f"what was there before is in '{self.run.folder}'",
                )
        self._pending |= row
        self.last |= row

    def _write(self, trainer: Trainer) -> None:
        row, self._pending = self._pending, {}
        if row and trainer.is_global_zero:
            self.run.add(row)
            for logger in self.loggers:
                logger.log_metrics(
                    {name: value for name, value in row.items() if name != "step"}, step=int(row["step"])
                )


class Renormalize(Callback):
    """Scales each filter whose root mean square has come to exceed `most` down to it, behind every step.

    A filter is what gives one output channel of a convolution. Source: Zeiler & Fergus, Visualizing and Understanding
    Convolutional Networks, 2014, section 3, with 0.1.
    """

    def __init__(self, most: float):
        self.most = most

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, task: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        for module in task.modules():
            if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
                filters = module.weight.flatten(1)
                rms = filters.square().mean(1).sqrt().view(-1, *[1] * (module.weight.ndim - 1))
                module.weight.mul_((self.most / rms).clamp(max=1))


class Keep(Checkpoint):
    """Saves a checkpoint every `every` steps, else as often as costs a hundredth of the time; and when asked to stop.

    Ctrl-C ends the run behind the step that it is in, with a checkpoint; a second one at once.
    """

    def __init__(self, run: Run, every: int | None):
        self.run, self.every = run, every
        self.stopped = False
        self._saved = time.perf_counter()
        self._cost = 0.05
        self._before: Any = None
        self._at = 0

    def on_train_start(self, trainer: Trainer, task: Any) -> None:
        self._saved, self._at = time.perf_counter(), trainer.global_step
        try:
            self._before = signal.signal(signal.SIGINT, self._stop)
            if multiprocessing.parent_process() is not None:  # it is told to end where another one has died, and could
                signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not tell it, as Lightning's handler would
        except ValueError:  # not in the main thread, which alone gets signals
            self._before = None

    def on_train_end(self, trainer: Trainer, task: Any) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def on_exception(self, trainer: Trainer, task: Any, exception: BaseException) -> None:
        self.on_train_end(trainer, task)

    def _stop(self, number: int, frame: Any) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        print("\nstopping behind this step; Ctrl-C again stops at once", file=sys.stderr)

    def on_train_batch_end(self, trainer: Trainer, task: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self._at:  # one of several batches that make a step
            return
        self._at = trainer.global_step
        if self.every is not None:
            due = trainer.global_step % self.every == 0
        else:
            due = time.perf_counter() - self._saved > max(100 * self._cost, 5.0)
        if self.stopped:
            trainer.should_stop = True
        if trainer.world_size > 1 and self.every is None:
            due = trainer.strategy.broadcast(due)
        if due or self.stopped or trainer.global_step == trainer.max_steps:
            begun = time.perf_counter()
            trainer.save_checkpoint(self.run.checkpoint)
            self._saved = time.perf_counter()
            self._cost = self._saved - begun


class SafeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place and moves it there; the one before stays as `previous.ckpt`."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        target = Path(path)
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        try:
            if target.exists():  # one more name for it first, so that at no time there is none
                link = target.with_name(".previous.ckpt")
                link.unlink(missing_ok=True)
                os.link(target, link)
                os.replace(link, target.with_name("previous.ckpt"))
            write(target, buffer.getvalue())
        except OSError as problem:
            raise TrainingError(
                f"the checkpoint '{target}' cannot be written: {problem.strerror}",
                f"make room, then go on: `netdsl train --resume {target.parent}`",
            ) from None


class Bar(TQDMProgressBar):
    """Lightning's bar with loss, accuracy and images a second, read off the rows."""

    def __init__(self, rows: Rows):
        super().__init__(refresh_rate=max(rows.every // 5, 1))
        self.rows = rows

    def get_metrics(self, trainer: Trainer, task: Any) -> dict[str, Any]:
        last = self.rows.last
        shown: dict[str, Any] = {name: f"{last[name]:.4g}" for name in ("loss", "test_loss") if name in last}
        shown |= {name: f"{100 * last[name]:.2f}%" for name in ("top1", "miou") if name in last}
        if "images_per_second" in last:
            shown["images/s"] = f"{last['images_per_second']:.0f}"
            shown["waiting"] = f"{100 * last['waiting']:.0f}%"
        return shown


class Lines(Callback):
    """A line for each time that it is judged, where nobody watches a bar."""

    def __init__(self, rows: Rows):
        self.rows = rows

    def on_validation_end(self, trainer: Trainer, task: Any) -> None:
        if trainer.is_global_zero and not trainer.sanity_checking:
            print(line(self.rows.last), file=sys.stderr, flush=True)


def line(row: dict[str, float]) -> str:
    """A row in words: `epoch 3  step 264  loss 0.0412  top-1 97.98 %  13 s`."""
    parts = [f"epoch {row['epoch']:.3g}", f"step {row['step']:.0f}"]
    parts += [f"loss {row['loss']:.4g}"] if "loss" in row else []
    parts += [f"test loss {row['test_loss']:.4g}"] if "test_loss" in row else []
    parts += [f"{words} {100 * row[name]:.2f} %" for name, words in WORDS.items() if name in row]
    if "images_per_second" in row:
        parts.append(f"{row['images_per_second']:.0f} images/s, {100 * row['waiting']:.0f} % waiting for them")
    return "  ".join([*parts, f"{row['seconds']:.1f} s"])
