"""`train(...)`: how the paper trains the network, validated and kept.

The vocabulary is closed: every loss, optimizer, schedule and augmentation is named here with its settings, so that a
misspelt one is an error before anything trains. What they mean to a training loop is the trainer's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from netdsl.elaborate.values import Evaluator, Unknown, ValueProblem, show
from netdsl.ir import Setting
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related, Report, did_you_mean
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
    """The recipe of a `train(...)` statement. Each wrong setting is reported; the right ones are kept."""
    kept: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    for argument in statement.arguments:
        if argument.name is None:
            report.error(
                "E0401", "settings of `train` are given by name", argument.span, help=f"one of {', '.join(NAMES)}"
            )
            continue
        name = argument.name.text
        if name not in NAMES:
            report.error("E0401", f"`train` has no setting `{name}`", argument.name.span, help=_known_as(name, NAMES))
            continue
        if name in spans:
            first = Related(spans[name], "first given here")
            report.error("E0402", f"`{name}` is given twice", argument.span, related=[first])
            continue
        spans[name] = argument.span
        try:
            kept[name] = _check(name, evaluator.value(argument.value), argument.value.span)
        except ValueProblem as problem:
            report.error(problem.code, problem.message, problem.span, help=problem.help)
        except Unknown:
            continue
    return Setting(name="train", kwargs=kept)


def _check(name: str, value: Any, span: Span) -> Any:
    if name in _VOCABULARY:
        if name == "augment":
            items = value if isinstance(value, tuple) else (value,)
            return tuple(_named(name, item, span) for item in items)
        return _named(name, value, span)
    if name == "init":
        from netdsl.ops.shared.init import parse

        try:
            parse(value)
        except ValueError as problem:
            raise ValueProblem("E0405", f"`init`: {problem}", span) from None
        return _plain(value)
    if isinstance(value, bool) or not isinstance(value, int if name in _COUNTS else (int, float)) or value < 0:
        wanted = "a whole number" if name in _COUNTS else "a number, at least 0"
        raise ValueProblem("E0405", f"`{name}` (={show(value)}) must be {wanted}", span)
    return value


def _named(name: str, value: Any, span: Span) -> Setting:
    """A member of the vocabulary as a setting, its arguments by name."""
    known = _VOCABULARY[name]
    setting = value if isinstance(value, Setting) else Setting(name=str(value)) if isinstance(value, str) else None
    if setting is None or setting.name.lower() not in known:
        word = setting.name if setting else show(value)
        raise ValueProblem(
            "E0405", f"`{name}` (={word}) must be one of {', '.join(known)}", span, did_you_mean(word, known)
        )
    title = setting.name.lower()
    names = known[title]
    if len(setting.args) > len(names):
        raise ValueProblem("E0403", f"`{title}` takes at most {len(names)} settings", span, ", ".join(names) or None)
    given: dict[str, Any] = dict(zip(names, setting.args, strict=False))
    for key, item in setting.kwargs.items():
        if key not in names:
            raise ValueProblem(
                "E0401", f"`{title}` has no setting `{key}`", span, _known_as(key, names, "its settings")
            )
        if key in given:
            raise ValueProblem("E0402", f"`{key}` of `{title}` is given twice", span)
        given[key] = item
    for key, item in given.items():
        for each in item if isinstance(item, tuple) else (item,):
            if isinstance(each, (str, Setting)) or each is None:
                raise ValueProblem("E0405", f"`{key}` of `{title}` (={show(each)}) must be a number", span)
    return Setting(name=title, kwargs={key: _plain(item) for key, item in given.items()})


def _known_as(name: str, known: Iterable[str], what: str = "") -> str | None:
    """The help for an unknown setting: what netdsl calls it, or the nearest name."""
    from netdsl import foreign

    same = next((each for each in foreign.ARGUMENTS.get(name.lower(), ()) if each in known), None)
    if same is None and known is NAMES and any(name in settings for settings in OPTIMIZERS.values()):
        return f"it is a setting of the optimizer: `optimizer=sgd({name}=...)`"
    return f"netdsl calls it `{same}`" if same else did_you_mean(name, known, what)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
