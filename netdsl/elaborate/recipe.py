"""`train(...)`: how the paper trains the network, validated and kept.

The vocabulary is closed: every loss, optimizer, schedule and augmentation is named here with its settings, so that a
misspelt one is an error before anything trains. What they mean to a training loop is the trainer's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netdsl.elaborate.arguments import called, renamed
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.values import Evaluator, plain, show
from netdsl.ir import Setting
from netdsl.syntax import tree
from netdsl.text.diagnostics import Report, did_you_mean
from netdsl.text.source import Span

LOSSES = {
    "cross_entropy": ("label_smoothing",),
    "mse": (),
    "hinge": ("margin",),
    "perceptron": (),
    "map": ("j",),  # LeNet-5's discriminative criterion, on the penalties of its RBF units
}
OPTIMIZERS = {
    "sgd": ("lr", "momentum", "weight_decay", "nesterov"),
    "adam": ("lr", "beta1", "beta2", "eps", "weight_decay"),
    "adamw": ("lr", "beta1", "beta2", "eps", "weight_decay"),
    "rmsprop": ("lr", "decay", "eps", "momentum", "weight_decay"),
    "adagrad": ("lr", "eps", "weight_decay"),
}
SCHEDULES = {
    "constant": (),
    "step": ("every", "factor"),
    "milestones": ("at", "factor"),
    "exponential": ("factor", "every"),
    "cosine": ("warmup",),
    "linear": ("warmup",),
    "polynomial": ("power",),
    "plateau": ("factor", "patience"),
    "values": ("at", "lr"),
}
AUGMENTATIONS = {
    "crop": ("size", "pad"),
    "center_crop": ("size",),
    "resized_crop": ("size", "least", "most"),
    "resize": ("size", "most"),
    "flip": ("p",),
    "color_shift": ("std",),
    "color_jitter": ("brightness", "contrast", "saturation", "hue"),
    "subtract_mean": ("per_pixel",),
    "normalize": ("mean", "std"),
    "distort": (),
}
_VOCABULARY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "augment": AUGMENTATIONS,
}
_COUNTS = ("batch", "epochs", "iterations", "seed")
_NUMBERS = ("clip", "ema")
NAMES = (*_VOCABULARY, *_COUNTS, *_NUMBERS, "init")


def recipe(statement: tree.Train, evaluator: Evaluator, report: Report) -> Setting:
    """The recipe of a `train(...)` statement. Each wrong setting is told of; the right ones are kept."""
    kept: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    for argument in statement.arguments:
        try:
            name = _name(argument)
            if name in spans:
                raise twice(f"`{name}`", argument.span, spans[name], code="E0402")
            spans[name] = argument.span
            kept[name] = _check(name, evaluator.value(argument.value), argument.value.span)
        except Problem as problem:
            problem.tell(report)
    return Setting(name="train", kwargs=kept)


def _name(argument: tree.Argument) -> str:
    """The setting that is given."""
    if argument.name is None:
        listed = f"one of {', '.join(NAMES)}"
        raise Problem("E0401", "settings of `train` are given by name", argument.span, listed)
    name = argument.name.text
    if name in NAMES:
        return name
    help = called(name, NAMES, "")
    if not renamed(name, NAMES) and any(name in settings for settings in OPTIMIZERS.values()):
        help = f"it is a setting of the optimizer: `optimizer=sgd({name}=...)`"
    raise Problem("E0401", f"`train` has no setting `{name}`", argument.name.span, help)


def _check(name: str, value: Any, span: Span) -> Any:
    if name in _VOCABULARY:
        if name == "augment":
            items = value if isinstance(value, tuple) else (value,)
            return tuple(_named(name, item, span) for item in items)
        return _named(name, value, span)
    if name == "init":
        from netdsl.ops.shared.draws import draws

        try:
            draws(value)
        except ValueError as problem:
            raise Problem("E0405", f"`init`: {problem}", span) from None
        return plain(value)
    if isinstance(value, bool) or not isinstance(value, int if name in _COUNTS else (int, float)) or value < 0:
        wanted = "a whole number" if name in _COUNTS else "a number, at least 0"
        raise Problem("E0405", f"`{name}` (={show(value)}) must be {wanted}", span)
    return value


def _named(name: str, value: Any, span: Span) -> Setting:
    """A member of the vocabulary as a setting, its arguments by name."""
    known = _VOCABULARY[name]
    setting = value if isinstance(value, Setting) else Setting(name=str(value)) if isinstance(value, str) else None
    if setting is None or setting.name.lower() not in known:
        word = setting.name if setting else show(value)
        message = f"`{name}` (={word}) must be one of {', '.join(known)}"
        raise Problem("E0405", message, span, did_you_mean(word, known))
    title = setting.name.lower()
    names = known[title]
    if len(setting.args) > len(names):
        raise Problem("E0403", f"`{title}` takes at most {len(names)} settings", span, ", ".join(names) or None)
    given: dict[str, Any] = dict(zip(names, setting.args, strict=False))
    for key, item in setting.kwargs.items():
        if key not in names:
            raise Problem("E0401", f"`{title}` has no setting `{key}`", span, called(key, names, "its settings"))
        if key in given:
            raise Problem("E0402", f"`{key}` of `{title}` is given twice", span)
        given[key] = item
    for key, item in given.items():
        for each in item if isinstance(item, tuple) else (item,):
            if isinstance(each, (str, Setting)) or each is None:
                raise Problem("E0405", f"`{key}` of `{title}` (={show(each)}) must be a number", span)
    return Setting(name=title, kwargs={key: plain(item) for key, item in given.items()})
