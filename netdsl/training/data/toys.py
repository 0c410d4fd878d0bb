"""Sets that are made, not collected: `xor`, `circles`, `moons`, `spiral` of the playground; `squares`, the cards of
1958; `one_half`, cards that a perceptron may not tell apart; and `random`, for benchmarks. All follow from the seed."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from netdsl.shapes import Shape, numel, text
from netdsl.training.data.data import Arrays, Data
from netdsl.training.errors import TrainingError

POINTS = 200
TABLE = "xor"


def points(name: str, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`count` points in the plane, about half of each class: count x 2 between about -1 and 1, and 0 or 1."""
    label = torch.arange(count) % 2
    noise = torch.randn(count, 2, generator=generator)
    along = torch.rand(count, generator=generator)
    if name == "circles":
        angle, radius = 2 * math.pi * along, torch.where(label == 1, 0.35, 0.8)
        return torch.stack([radius * angle.cos(), radius * angle.sin()], 1) + 0.05 * noise, label
    if name == "moons":
        angle = math.pi * along
        upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], 1)
        lower = torch.stack([0.5 - angle.cos(), 0.25 - angle.sin()], 1)
        return torch.where(label[:, None] == 1, upper, lower) * 0.7 + 0.05 * noise, label
    if name == "spiral":
        pieces = (count + 1) // 2
        radius = (
            0.05 + 0.9 * (torch.arange(count) // 2 + along) / pieces
        )  # one point in each, so that there are no gaps
        angle = 2 * math.pi * 1.75 * radius + math.pi * label  # the turns of the playground's
        return torch.stack([radius * angle.cos(), radius * angle.sin()], 1) + 0.01 * noise, label
    place = 2 * torch.rand(count, 2, generator=generator) - 1
    place = place + 0.1 * place.sign()
    return place, (place[:, 0] * place[:, 1] < 0).long()


def plane(name: str, shape: Shape, seed: int) -> Data:
    """A set of points for a network of two inputs; `xor` with four points is the table itself."""
    if shape != (2,):
        raise TrainingError(
            f"`{name}` are points, 2 features; the network takes {text(shape)}",
            "a network of two inputs is `two_layer --set inputs=2 --set outputs=1`",
        )
    if name == TABLE:
        corners = torch.tensor([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])
        table = Arrays(corners, torch.tensor([0, 1, 1, 0]))
        return Data(name, table, table, ("0", "1"), note="the four rows of exclusive or, as -1 and 1")
    generator = torch.Generator().manual_seed(seed + 1)
    kind = name.removesuffix("_cloud")
    train, test = (Arrays(*points(kind, POINTS, generator)) for _ in range(2))
    return Data(
        name, train, test, ("0", "1"), note=f"{POINTS} points to train on, {POINTS} to test, made from the seed"
    )


def one_half(shape: Shape, seed: int, count: int = 3000, side: int = 6) -> Data:
    """Cards with a black square on the left half, on the right, on both or on none; class 1 is a square on exactly one.

    A sum of what is seen in either half cannot tell these apart (Minsky & Papert, Perceptrons, 1969: diameter-limited
    perceptrons).
    """
    edge = _edge("one_half", shape, side)
    generator = torch.Generator().manual_seed(seed + 1)

    def cards(number: int) -> Arrays:
        marked = torch.randint(0, 2, (number, 2), generator=generator)
        images = torch.zeros(number, edge, edge)
        for image, halves in zip(images, marked.tolist(), strict=True):
            for half in (0, 1):
                if halves[half]:
                    _mark(image, half, side, generator)
        return Arrays(images.reshape(number, *shape), marked.sum(1) % 2)

    note = f"cards of {edge}x{edge} cells with squares of {side}x{side}; class 1 has one in exactly one half"
    return Data("one_half", cards(count), cards(1000), ("none or both", "one"), note=note)


def _edge(name: str, shape: Shape, side: int) -> int:
    """The side of the retina. Raises `TrainingError` where the input is none."""
    edge: int = round(numel(shape) ** 0.5)
    if edge * edge != numel(shape) or edge < 2 * side:
        raise TrainingError(
            f"`{name}` are cards of 20 x 20 cells; the network takes {text(shape)}", "it must take `400` or `1x20x20`"
        )
    return edge


def _mark(card: Tensor, half: int, side: int, generator: torch.Generator) -> None:
    """A black square at a random place of one half."""
    edge = len(card)
    rooms = (edge - side + 1, edge // 2 - side + 1)
    row, column = (int(torch.randint(0, room, (1,), generator=generator)) for room in rooms)
    column += half * (edge // 2)
    card[row : row + side, column : column + side] = 1


def squares(shape: Shape, seed: int, count: int = 300, side: int = 6) -> Data:
    """Cards with one black square on the left half or the right: what the perceptron was shown in July 1958.

    Each is a retina of 20 x 20 cells (or another square), 1 where the card is black; class 0 is left ("Q"), 1 right
    ("O").
    """
    edge = _edge("squares", shape, side)
    generator = torch.Generator().manual_seed(seed + 1)

    def cards(number: int) -> Arrays:
        labels = torch.randint(0, 2, (number,), generator=generator)
        images = torch.zeros(number, edge, edge)
        for image, label in zip(images, labels.tolist(), strict=True):
            _mark(image, label, side, generator)
        return Arrays(images.reshape(number, *shape), labels)

    note = f"cards of {edge}x{edge} cells with a square of {side}x{side} on the left or the right, made from the seed"
    return Data("squares", cards(count), cards(1000), ("left", "right"), note=note)


def noise(shape: Shape, classes: int, seed: int, count: int = 1024) -> Data:
    """Random images and labels of the network's own sizes: nothing to learn, for measuring time."""
    generator = torch.Generator().manual_seed(seed + 1)

    def some(number: int) -> Arrays:
        images = torch.rand(number, *shape, generator=generator)
        return Arrays(images, torch.randint(0, classes, (number,), generator=generator))

    names = tuple(map(str, range(classes)))
    return Data("random", some(count), some(max(count // 8, 1)), names, note="random numbers, for measuring time")
