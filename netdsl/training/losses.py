"""The losses of recipes on a network's outputs, and what a network answers.

Outputs are N x C, or N x 1 where there are two classes and one output. Labels are N whole numbers, or N x C shares
where images are mixed. Maps are N x C x h x w, their labels masks N x H x W of whole numbers, 255 for no class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from netdsl.recipe import losses
from netdsl.recipe.losses import Loss
from netdsl.training.data.data import NO_CLASS
from netdsl.training.errors import TrainingError


def shares(labels: Tensor, like: Tensor) -> Tensor:
    """Labels as targets of ones and zeros in the shape of the outputs."""
    if labels.shape == like.shape:
        return labels.to(like.dtype)
    if like.shape[1] == 1:
        return labels.to(like.dtype).view(like.shape)
    return F.one_hot(labels, like.shape[1]).movedim(-1, 1).to(like.dtype)


def _cross_entropy(loss: losses.CrossEntropy, outputs: Tensor, labels: Tensor) -> Tensor:
    if outputs.shape[1] == 1:
        wanted = shares(labels, outputs) * (1 - loss.label_smoothing) + loss.label_smoothing / 2
        return F.binary_cross_entropy_with_logits(outputs, wanted)
    return F.cross_entropy(outputs, labels, label_smoothing=loss.label_smoothing)


def _squared_error(loss: losses.SquaredError, outputs: Tensor, labels: Tensor) -> Tensor:
    each = (shares(labels, outputs) - outputs).square().flatten(1).sum(1)
    return each.sum() if loss.sum else each.mean()


def _hinge(loss: losses.Hinge, outputs: Tensor, labels: Tensor) -> Tensor:
    if outputs.shape[1] == 1:
        return (loss.margin - _signs(labels, outputs) * outputs).clamp(min=0).mean()
    return F.multi_margin_loss(outputs, labels, margin=loss.margin)


def _perceptron(loss: losses.Perceptron, outputs: Tensor, labels: Tensor) -> Tensor:
    """Its gradient is -y times the input where the answer is not y, and zero elsewhere: the rule itself."""
    signs = _signs(labels, outputs) if outputs.shape[1] == 1 else 2 * shares(labels, outputs) - 1
    agreement = signs * outputs
    return torch.where(agreement <= loss.theta, loss.theta - agreement, 0.0).sum()


def _signs(labels: Tensor, like: Tensor) -> Tensor:
    return 2 * labels.to(like.dtype).view(-1, 1) - 1


def _maximum_likelihood(loss: losses.MaximumLikelihood, outputs: Tensor, labels: Tensor) -> Tensor:
    return outputs.gather(1, labels[:, None]).mean()


def _maximum_a_posteriori(loss: losses.MaximumAPosteriori, outputs: Tensor, labels: Tensor) -> Tensor:
    right = outputs.gather(1, labels[:, None]).squeeze(1)
    rubbish = outputs.new_full((len(outputs), 1), -loss.j)
    return (right + torch.cat([rubbish, -outputs], 1).logsumexp(1)).mean()


_COMPUTE: dict[type[Loss], Callable[[Any, Tensor, Tensor], Tensor]] = {
    losses.CrossEntropy: _cross_entropy,
    losses.SquaredError: _squared_error,
    losses.Hinge: _hinge,
    losses.Perceptron: _perceptron,
    losses.MaximumLikelihood: _maximum_likelihood,
    losses.MaximumAPosteriori: _maximum_a_posteriori,
}


def compute(loss: Loss, outputs: Tensor, labels: Tensor) -> Tensor:
    """The loss of a batch, a number with a gradient; of masks the mean over the pixels that have a class. Raises
    `TrainingError` for one that masks do not have."""
    if labels.ndim == 3:
        return _of_pixels(loss, at_size(outputs, labels), labels)
    return _COMPUTE[type(loss)](loss, outputs, labels)


def _of_pixels(loss: Loss, outputs: Tensor, labels: Tensor) -> Tensor:
    if not isinstance(loss, losses.CrossEntropy):
        raise TrainingError(f"the loss `{loss.name}` is not for masks", "`--set train.loss=cross_entropy` is")
    known = labels != NO_CLASS
    if outputs.shape[1] == 1:
        wanted = labels[:, None].to(outputs.dtype) * (1 - loss.label_smoothing) + loss.label_smoothing / 2
        each = F.binary_cross_entropy_with_logits(outputs, wanted, reduction="none")[:, 0]
        total = torch.where(known, each, 0.0).sum()
    else:
        total = F.cross_entropy(
            outputs, labels, ignore_index=NO_CLASS, label_smoothing=loss.label_smoothing, reduction="sum"
        )
    return total / known.sum().clamp(min=1)  # a crop may have no pixel with a class


def at_size(outputs: Tensor, labels: Tensor) -> Tensor:
    """A coarser map at the size of its masks, as torchvision's FCN and DeepLab bring it there (bilinear, corners not
    aligned)."""
    if outputs.shape[2:] == labels.shape[1:]:
        return outputs
    return F.interpolate(outputs, size=labels.shape[1:], mode="bilinear", align_corners=False)


def scores(loss: Loss, outputs: Tensor) -> Tensor:
    """N x C, the greatest being the answer: distances turned round, one output as two classes."""
    if loss.nearest:
        return -outputs
    if outputs.shape[1] == 1:
        middle = 0.5 if isinstance(loss, losses.SquaredError) else 0.0
        return torch.cat([middle - outputs, outputs - middle], 1)
    return outputs


def probabilities(loss: Loss, outputs: Tensor) -> Tensor:
    """N x C, each row a distribution: what `predict` prints."""
    if isinstance(loss, losses.SquaredError) and outputs.shape[1] > 1:
        clamped = outputs.clamp(min=0)
        return clamped / clamped.sum(1, keepdim=True).clamp(min=1e-12)
    if isinstance(loss, losses.SquaredError):
        return torch.cat([1 - outputs, outputs], 1).clamp(0, 1)
    if outputs.shape[1] == 1:
        return torch.cat([1 - outputs.sigmoid(), outputs.sigmoid()], 1)
    return scores(loss, outputs).softmax(1)
