"""A network and its recipe as a LightningModule: what happens in a step, and what is judged.

Nothing is logged in a step, since `self.log` costs more than a small network's step; `callbacks.Rows` reads the loss
every few steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

from netdsl.backends.torch import build
from netdsl.ir import Network
from netdsl.recipe import Recipe
from netdsl.training.curvature import curvature
from netdsl.training.data.data import NO_CLASS
from netdsl.training.errors import TrainingError
from netdsl.training.loader import mixed
from netdsl.training.losses import at_size, compute, scores
from netdsl.training.optimizers import DiagonalLM, optimizer, schedule
from netdsl.training.weights import origin

Batch = tuple[Tensor, Tensor]


class Task(lightning.LightningModule):
    """Trains a network as its recipe says, under any `lightning.Trainer`.

    - `model`: the module that `netdsl.build` makes of `network`, or another with its inputs and outputs.
    - `shape`: what it takes, without the batch.
    - `mixing`: what mixes the images of a batch and their labels, if anything.
    - `steps_per_epoch`, `steps`: for the schedule; without them the Trainer's are asked.

    A batch is images N x C x H x W and labels N, or masks N x H x W where the network gives a map.
    `loss` is the last step's, detached.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe | None = None,
        model: nn.Module | None = None,
        *,
        mixing: Callable[[Tensor, Tensor], Batch] | None = None,
        steps_per_epoch: int | None = None,
        steps: int | None = None,
        channels_last: bool = False,
    ):
        super().__init__()
        self.recipe = recipe or Recipe.of(network.train)
        self.shape = network.inputs[0].shape
        self.model = model if model is not None else build(network)
        self.mixing = mixing
        self.sample: Callable[[int], Batch] | None = None
        self.steps_per_epoch, self.steps = steps_per_epoch, steps
        self.aux_weights: dict[str, float | None] = dict(getattr(self.model, "aux_weights", {}))
        self.channels_last = channels_last
        if channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.loss: Tensor | None = None
        classes = classes_of(network)
        self.test_loss = MeanMetric()
        maps = gives_map(network)
        self.top1 = None if maps else MulticlassAccuracy(classes, average="micro")
        self.top5 = MulticlassAccuracy(classes, top_k=5, average="micro") if classes > 5 and not maps else None
        self.miou = MulticlassJaccardIndex(classes, ignore_index=NO_CLASS) if maps else None
        self._origin = origin(network)
        self._sums = _sums_before_the_threshold(network, self.model)

    def forward(self, images: Tensor) -> Any:
        if self.channels_last and images.ndim == 4:
            images = images.contiguous(memory_format=torch.channels_last)
        return self.model(images)

    def outputs(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The network's answer, before a final softmax or threshold; and those of its aux heads."""
        given = self(images)
        if self._sums:
            return self._sums.pop(), {}
        if isinstance(given, tuple):
            named = given._asdict()  # type: ignore[attr-defined]
            heads = {name: named[name] for name in self.aux_weights if named.get(name) is not None}
            return named.get("logits", given[0]), heads
        return given, {}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """A checkpoint says whose it is."""
        checkpoint["netdsl"] = self._origin

    def configure_model(self) -> None:
        """Where the engine shares weights out (`--shard`), each device keeps its share of every part; a part is whole
        only while it is computed."""
        if self.device_mesh is not None and not isinstance(self.model, FSDPModule):
            mesh = self.device_mesh["data_parallel"]
            for part in self.model.children():
                if not isinstance(part, (nn.ModuleList, nn.ModuleDict)) and any(True for _ in part.parameters()):
                    fully_shard(part, mesh=mesh)
            fully_shard(self.model, mesh=mesh)

    def on_train_epoch_start(self) -> None:
        """An optimizer that goes by second derivatives has them measured."""
        made = self.trainer.optimizers[0]
        if isinstance(made, DiagonalLM):
            if self.sample is None:
                raise TrainingError("`levenberg_marquardt` needs `Task.sample`, images to measure by")
            made.measure(curvature(self.model, self.recipe.loss, *self.sample(made.samples)))

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Everything random in a batch follows from the seed, its step and number, and the process, so that a resumed
        run goes on alike."""
        seed = mixed(self.recipe.seed, self.global_step, batch_idx, self.global_rank)
        torch.default_generator.manual_seed(seed)  # a hundredth of the time that torch.manual_seed takes
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch: of the answer, and of the aux heads by their weights."""
        images, labels = batch if self.mixing is None else self.mixing(*batch)
        answer, heads = self.outputs(images)
        loss = compute(self.recipe.loss, answer, labels)
        for name, head in heads.items():
            weight = self.aux_weights[name]
            loss = loss + (1.0 if weight is None else weight) * compute(self.recipe.loss, head, labels)
        self.loss = loss.detach()
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Adds a batch to loss and accuracies on the test images."""
        images, labels = batch
        answer, _ = self.outputs(images)
        found = scores(self.recipe.loss, answer if self.miou is None else at_size(answer, labels))
        self.test_loss.update(compute(self.recipe.loss, answer, labels), weight=len(images))
        for metric in (self.top1, self.top5, self.miou):
            if metric is not None:
                metric.update(found, labels)

    def on_validation_epoch_end(self) -> None:
        """What was judged, for callbacks: `test_loss`; `top1`, `top5` (shares of right answers), or of masks `miou`
        (the mean of intersection over union, over the classes that there are)."""
        self.log("test_loss", self.test_loss)
        for name, metric in (("top1", self.top1), ("top5", self.top5), ("miou", self.miou)):
            if metric is not None:
                self.log(name, metric)

    def configure_optimizers(self) -> Any:
        """The recipe's optimizer and schedule."""
        made = optimizer(self.model, self.recipe)
        steps = self.steps or int(self.trainer.estimated_stepping_batches)
        per_epoch = self.steps_per_epoch or max(steps // max(self.trainer.max_epochs or 1, 1), 1)
        rule = schedule(made, self.recipe, per_epoch, steps)
        if isinstance(rule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            return {"optimizer": made, "lr_scheduler": {"scheduler": rule, "interval": "epoch", "monitor": "test_loss"}}
        return {"optimizer": made, "lr_scheduler": {"scheduler": rule, "interval": "step"}}


def gives_map(network: Network) -> bool:
    """Whether a network gives classes of places, and not of the whole image."""
    shape = network.output
    return shape is not None and any(size != 1 for size in shape[1:])


def classes_of(network: Network) -> int:
    """How many classes a network tells apart: its outputs, two where it has one."""
    shape = network.output
    assert shape is not None
    return max(shape[0], 2)


def _sums_before_the_threshold(network: Network, model: nn.Module) -> list[Tensor]:
    """Where the last layer has no gradient, a threshold: a list that each forward puts what goes into it."""
    node = network.node(network.result)
    kept: list[Tensor] = []
    shapes = network.input_shapes(node) if node is not None else None
    if node is None or shapes is None or node.op.differentiable:
        return kept
    call = node.op.torch(shapes).module
    assert call is not None
    # By its class, since one module may serve several thresholds; what went into the last that was called stays.
    for part in model.modules():
        if type(part).__name__ == call.function:
            part.register_forward_pre_hook(lambda _, given: kept.__setitem__(slice(None), [given[0]]))
    return kept
