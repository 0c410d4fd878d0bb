"""The losses of recipes. N is the batch, C the number of classes; every loss is a mean over the batch unless it says
otherwise."""

from __future__ import annotations

from typing import ClassVar

from netdsl.ops.shared.fields import NonNegative, Rate
from netdsl.recipe.part import Part


class Loss(Part):
    """A loss. `nearest` says that the network's outputs are distances: the least one is the answer."""

    nearest: ClassVar[bool] = False


class CrossEntropy(Loss):
    """Cross entropy of the softmax of logits, or of a sigmoid where the network has one output.

    Label smoothing as Szegedy et al. 2016, section 7: the right class has 1 - e + e / C, every other e / C.
    """

    name = "cross_entropy"
    label_smoothing: Rate = 0.0
    """How much of each label is spread over all classes, e."""


class SquaredError(Loss):
    """The sum over outputs of squared errors, (y - f(x))^2, of a target of ones and zeros: the classic networks' loss.

    The mean over the batch; with `sum=true` the sum over the batch too, E(w) of full-batch gradient descent.
    """

    name = "mse"
    aliases = ("squared_error", "sum_squared_error")
    sum: bool = False
    """Sum over the batch too."""


class Hinge(Loss):
    """The margin of support vector machines: for each wrong class max(0, margin - right + wrong); of one output and
    targets of -1 and +1, max(0, margin - y f(x))."""

    name = "hinge"
    margin: NonNegative = 1.0
    """How far the right class is to be ahead."""


class Perceptron(Loss):
    """Rosenblatt's error correction (1958): weights move by the input where the response is wrong, and stay elsewhere.

    The sum over the batch. The response to a sum s is none while |s| <= theta: then too the weights move.
    """

    name = "perceptron"
    theta: NonNegative = 0.0
    """The dead zone of the response unit: no answer while the sum is within it."""


class MaximumLikelihood(Loss):
    """LeNet-5's first criterion (LeCun et al. 1998, eq. 8): the penalty of the right class, y_D, from its RBF unit."""

    name = "mle"
    nearest = True


class MaximumAPosteriori(Loss):
    """LeNet-5's discriminative criterion (LeCun et al. 1998, eq. 9): y_D + log(exp(-j) + sum_i exp(-y_i)) over the
    penalties y of the RBF units."""

    name = "map"
    nearest = True
    j: NonNegative = 1.0
    """The penalty of the collective rubbish class."""
