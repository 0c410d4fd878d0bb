"""A whole recipe: what `train(...)` says, with what is left out filled in; and back to the text of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

from netdsl.ir import Setting, Value, written
from netdsl.ops.shared.draws import draws
from netdsl.recipe import augment, losses, optimizers, schedules
from netdsl.recipe.augment import Augmentation
from netdsl.recipe.losses import CrossEntropy, Loss
from netdsl.recipe.optimizers import SGD, Optimizer
from netdsl.recipe.part import Part, RecipeError, chosen, members
from netdsl.recipe.schedules import Constant, Cosine, Schedule, Values

KINDS: dict[str, tuple[ModuleType, type[Part]]] = {
    "loss": (losses, Loss),
    "optimizer": (optimizers, Optimizer),
    "schedule": (schedules, Schedule),
    "augment": (augment, Augmentation),
}
"""The settings that have a vocabulary of their own, each with its file and the base of its members."""

COUNTS = {
    "batch": "Images for a step, over all devices.",
    "epochs": "How often all images are seen.",
    "iterations": "Steps in place of epochs; the lengths of a schedule then are steps too.",
    "seed": "Everything random follows from it.",
}
NUMBERS = {
    "clip": "The greatest norm of all gradients together; longer ones are scaled down.",
    "filter_rms": "The greatest root mean square of a filter; after each step larger ones are scaled down to it.",
    "ema": "The decay of a running average of the weights, which then is what is judged and kept.",
}
EXEMPT = ("bias", "norm")
OTHERS = {
    "no_decay": "What weight decay leaves alone: bias, norm.",
    "init": "How the weights are drawn where a layer does not say so itself.",
}
NAMES = (*KINDS, *COUNTS, *NUMBERS, *OTHERS)
"""The settings of `train`."""


@cache
def find(kind: str) -> Mapping[str, type[Part]]:
    """The members of a kind by name, in the order of their file."""
    return members(*KINDS[kind])


def member(kind: str, value: Any) -> Part:
    """A value of a spec, `sgd(lr=0.1)` or a bare word, as a member of its kind. Raises `RecipeError`."""
    return chosen(kind, find(kind), value)


def checked(name: str, value: Any) -> Value:
    """The value of one setting of `train` as it is kept. Raises `RecipeError` where it cannot be."""
    if name == "augment":
        items = value if isinstance(value, tuple) else (value,)
        return tuple(_kept(member(name, item), item) for item in items)
    if name in KINDS:
        return _kept(member(name, value), value)
    if name == "init":
        try:
            draws(value)
        except ValueError as problem:
            raise RecipeError("E0405", f"`init`: {problem}") from None
        return value  # type: ignore[no-any-return]
    if name == "no_decay":
        items = value if isinstance(value, tuple) else (value,)
        for item in items:
            if item not in EXEMPT:
                wrong = written(item)
                raise RecipeError(
                    "E0405", f"`no_decay` (={wrong}) must be of {', '.join(EXEMPT)}", known=EXEMPT, word=wrong
                )
        return tuple(str(item) for item in items)
    whole = name in COUNTS
    least = 0 if name == "seed" or not whole else 1
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or value < least:
        wanted = f"a whole number, at least {least}" if whole else "a number, at least 0"
        help = "a number stands without quotation marks" if isinstance(value, str) and "number" in wanted else None
        raise RecipeError("E0405", f"`{name}` (={written(value)}) must be {wanted}", help=help)
    if name == "ema" and not value < 1:
        raise RecipeError("E0405", f"`ema` (={written(value)}) must be below 1, as 0.9999")
    return value


def overridden(train: Setting | None, changes: Mapping[str, Any]) -> Setting:
    """A recipe with other settings: `batch=32`, `schedule=cosine`; also those of its optimizer, schedule and loss
    (`lr=0.1`, `warmup=5`). None takes a setting away. Raises `RecipeError`."""
    kwargs: dict[str, Any] = dict(train.kwargs) if train is not None else {}
    for name, value in changes.items():
        if name in NAMES:
            kwargs.pop({"epochs": "iterations", "iterations": "epochs"}.get(name, ""), None)
            kwargs = {**kwargs, name: value}
            if value is None:
                del kwargs[name]
            continue
        recipe = Recipe.of(Setting(name="train", kwargs=kwargs))
        parts = {kind: getattr(recipe, kind) for kind in ("optimizer", "schedule", "loss")}
        kind = next((kind for kind, part in parts.items() if name in type(part).model_fields), None)
        if kind is None:
            known = (*NAMES, *(key for part in parts.values() for key in type(part).model_fields))
            raise RecipeError("E0401", f"the recipe has no setting `{name}`", word=name, known=known)
        if name == "lr" and isinstance(recipe.schedule, Values):
            help = f"change the schedule, as `schedule=values(at=[0], lr=[{written(value)}])` or `schedule=constant`"
            raise RecipeError("E0405", "the schedule `values` gives all rates itself; `lr` alone changes nothing", help)
        old = parts[kind].setting
        named = {**dict(zip(parts[kind].names(), old.args, strict=False)), **old.kwargs}
        changed = Setting(name=old.name, kwargs={key: v for key, v in {**named, name: value}.items() if v is not None})
        kwargs[kind] = _kept(member(kind, changed), changed)
        if kind == "optimizer" and "schedule" not in kwargs and not isinstance(recipe.schedule, Constant):
            kwargs["schedule"] = recipe.schedule.setting  # that of the recipe that is used where there is none
    return Setting(name="train", kwargs=kwargs)


def _kept(part: Part, value: Any) -> Setting:
    """What the spec gave, each setting by its name."""
    given = value if isinstance(value, Setting) else Setting(name=part.name)
    return Setting(name=part.name, kwargs={**dict(zip(part.names(), given.args, strict=False)), **given.kwargs})


def _quoted(value: Value) -> Value:
    """A value with strings that are no bare words in quotes, so that its text reads back."""
    if isinstance(value, str):
        return value if value.isidentifier() else f'"{value}"'
    if isinstance(value, tuple):
        return tuple(map(_quoted, value))
    if isinstance(value, Setting):
        kwargs = {name: _quoted(each) for name, each in value.kwargs.items()}
        return Setting(name=value.name, args=tuple(map(_quoted, value.args)), kwargs=kwargs)
    return value


class Recipe(BaseModel):
    """How to train a network; `of` makes one of a network's `train(...)`.

    - `batch`: images for a step, over all devices.
    - `epochs` or `iterations`: how long; one of them is None.
    - `init`: how the weights are drawn, as the spec says it; the source that is emitted does it.
    - `no_decay`: the parameters that weight decay leaves alone, of `bias` and `norm`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    augment: tuple[Augmentation, ...] = ()
    batch: int = 64
    epochs: int | None = None
    iterations: int | None = None
    clip: float | None = None
    filter_rms: float | None = None
    ema: float | None = None
    no_decay: tuple[str, ...] = ()
    init: Value = None
    seed: int = 0

    @classmethod
    def of(cls, train: Setting | None) -> Recipe:
        """The recipe of a spec, or where it has none a sensible one: SGD at 0.05 with momentum 0.9, down a cosine.

        A recipe without an optimizer has that one too; without a loss it has cross entropy, without a schedule a
        constant rate, without a batch 64, and without a length 20 epochs. Raises `RecipeError`.
        """
        given = dict(train.kwargs) if train is not None else {}
        values: dict[str, Any] = {}
        for name, value in given.items():
            if name not in NAMES:
                raise RecipeError("E0401", f"`train` has no setting `{name}`", word=name, known=NAMES)
            checked(name, value)
            if name == "augment":
                items = value if isinstance(value, tuple) else (value,)
                values[name] = tuple(member(name, item) for item in items)
            elif name in KINDS:
                values[name] = member(name, value)
            else:
                values[name] = value
        if given.get("epochs") is not None and given.get("iterations") is not None:
            raise RecipeError("E0405", "`epochs` and `iterations` both say how long; leave one of them out")
        values.setdefault("loss", CrossEntropy())
        if "optimizer" not in values:
            values["optimizer"] = SGD(lr=0.05, momentum=0.9)
            values.setdefault("schedule", Cosine())
        values.setdefault("schedule", Constant())
        if "iterations" not in values:
            values.setdefault("epochs", 20)
        return cls.model_construct(**values)

    @property
    def text(self) -> str:
        """The recipe in the language's own notation, `train(...)`, with what was filled in."""
        words: dict[str, str] = {}
        for name in NAMES:
            value = getattr(self, name)
            if isinstance(value, Part):
                words[name] = written(value.setting)
            elif name == "augment":
                words[name] = f"[{', '.join(written(each.setting) for each in value)}]"
            elif name == "no_decay" and value:
                words[name] = f"[{', '.join(value)}]"
            elif value is not None and value != ():
                words[name] = written(_quoted(value))
        return "train(" + ", ".join(f"{name}={word}" for name, word in words.items()) + ")"
