"""What the commands that train share: a clear word where the extra is missing, overrides of the recipe, refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from netdsl.ir import Network
    from netdsl.recipe import Recipe

OWN = "train."
"""`--set train.lr=0.1` is about the recipe, any other `--set` about the spec."""


@contextmanager
def trains() -> Iterator[None]:
    """Tell what goes wrong in training as wrong use, and a missing extra by its name."""
    try:
        import lightning  # noqa: F401
    except ModuleNotFoundError as missing:
        raise click.UsageError(f"training needs {missing.name}: pip install 'netdsl[train]'") from None
    from netdsl.backends.torch import WeightsError
    from netdsl.training.errors import TrainingError

    try:
        yield
    except TrainingError as problem:
        # what a worker raises comes with its traceback in front
        raise click.ClickException(str(problem).rpartition("TrainingError: ")[2].strip()) from None
    except WeightsError as problem:
        raise click.ClickException(str(problem)) from None
    except OSError as problem:
        raise click.ClickException(f"'{problem.filename or 'a file'}': {problem.strerror or problem}") from None


def pictured(out: Path, force: bool) -> None:
    """Refuse, before any work is done, a picture in a format that curves are not drawn in, or at a place that is not
    netdsl's."""
    from netdsl.backends.artefacts import by_ending
    from netdsl.tools.cli._output import check_place

    kind = by_ending(out.suffix, ("svg", "png", "pdf"))
    if kind is None:
        raise click.UsageError(f"'{out}' must end in .svg, .png or .pdf")
    check_place(out, kind, force)


def alone(run: str, *options: str) -> None:
    """Refuse what is given on the command line beside these options: a run is what it was begun as."""
    context = click.get_current_context()
    for each in context.command.params:
        given = context.get_parameter_source(each.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and isinstance(each, click.Option) and each.name not in options:
            raise click.UsageError(f"'{run}' is a run, which has its own spec and recipe; leave {each.opts[0]} out")


def parted(settings: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What `--set` says of the spec, and what of the recipe, without its `train.`."""
    own = tuple(each.strip().removeprefix(OWN) for each in settings if each.strip().startswith(OWN))
    return tuple(each for each in settings if not each.strip().startswith(OWN)), own


def with_recipe(network: Network, overrides: tuple[str, ...]) -> tuple[Network, Recipe]:
    """The network with its recipe as `--set train.KEY=VALUE` changes it, and that recipe."""
    from netdsl.elaborate.values import plain
    from netdsl.recipe import Recipe, RecipeError, overridden
    from netdsl.text.diagnostics import did_you_mean
    from netdsl.tools.cli._spec import given

    changes = {name: plain(value) for name, value in given(overrides, "train.KEY=VALUE").items()}
    try:
        train = overridden(network.train, changes) if changes else network.train
        return network.model_copy(update={"train": train}), Recipe.of(train)
    except RecipeError as problem:
        hint = did_you_mean(problem.word, problem.known, "there are") if problem.known else None
        hint = problem.help or hint or "`netdsl train --help-recipe` explains them all"
        raise click.BadParameter(f"{problem.message}; {hint}", param_hint="'--set'") from None


def recipe_help() -> str:
    """Every word of recipes with its settings, read from their files."""
    from netdsl.ir import written
    from netdsl.ops.shared.words import words_of
    from netdsl.recipe.recipe import COUNTS, KINDS, NUMBERS, OTHERS, find

    parts = ["The settings of `train(...)`, in a spec or by --set train.KEY=VALUE."]
    for kind in KINDS:
        lines = [f"{kind}="]
        for name, cls in find(kind).items():
            words = " ".join((cls.__doc__ or "").split())
            lines += ["", *_wrapped(f"  {name}", words)]
            told = _descriptions(cls)
            for key in cls.names():
                info = cls.model_fields[key]
                default = "" if info.is_required() else f"={written(info.default)}"
                lines += _wrapped(f"      {key}{default}", f"{told[key]} {words_of(info).capitalize()}.")
        parts.append("\n".join(lines))
    rest = [line for name, words in {**COUNTS, **NUMBERS, **OTHERS}.items() for line in _wrapped(f"{name}=", words)]
    return "\n\n".join([*parts, "\n".join(rest)])


def _descriptions(cls: type[Any]) -> Mapping[str, str]:
    """What each setting is for, those of the bases too."""
    from netdsl.ops.shared.reference import descriptions

    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.startswith("netdsl.recipe") and each.__annotations__:
            found |= {key: words for key, words in descriptions(each).items() if words}
    return {key: found.get(key, "") for key in cls.model_fields}


def _wrapped(head: str, words: str) -> list[str]:
    import textwrap

    return textwrap.wrap(f"{head}  {words}", 100, subsequent_indent=" " * (len(head) - len(head.lstrip()) + 4))
