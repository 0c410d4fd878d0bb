"""From what the user typed to a compiled spec: the options that commands share, and the request that they make."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netdsl.text.amounts import memory
from netdsl.tools.cli._tell import show
from netdsl.tools.settings import NotASetting, setting, shape

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from netdsl.compiler import Compilation
    from netdsl.elaborate.files import Texts
    from netdsl.text.source import Source

Function = TypeVar("Function", bound=Callable[..., Any])

STDIN = "-"


class Stop(click.exceptions.Exit):
    """Ends the command with a status; what there is to say has been said."""


class SpecParameter(click.ParamType[str]):
    """`FILE[:VARIANT]` or a name of the zoo; shells complete both."""

    name = "FILE[:VARIANT]"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from netdsl import zoo

        files = CompletionItem(incomplete, type="file")  # first, since bash's script drops what came before it
        return [files, *(CompletionItem(name) for name in zoo.known() if name.startswith(incomplete))]


class SizeParameter(click.ParamType[int]):
    """An amount of memory, `8GB` or `512MiB`, in bytes."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return memory(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


def options(*each: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Several arguments and options as one decorator, in this order."""
    return lambda function: reduce(lambda made, option: option(made), reversed(each), function)


def format_option(function: Function) -> Function:
    """`--format`: how a command that tells messages writes them. All but text goes to stdout, as one document."""
    from netdsl.tools.render import formats

    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats()),
        default="text",
        help="How messages are written: for people, as JSON or SARIF, or as annotations on GitHub.",
        show_default=True,
    )(function)


color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour the messages.",
    show_default=True,
)
spec_options = options(
    click.option("--variant", metavar="NAME", help="The column of the spec's table."),
    click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Set a param of the spec."),
    click.option("--input", "input_", metavar="CxHxW", help="Another shape for the first input."),
    color_option,
)
"""The options by which every command that reads specs chooses what to read."""


class Request:
    """One spec as the user asked for it. `symbols`: its parameters without a value, where it is a block."""

    symbols: tuple[str, ...] = ()

    def __init__(self, spec: str, variant: str | None, settings: tuple[str, ...] = (), input_: str | None = None):
        from netdsl import zoo

        self.spec = spec
        self.path, self.variant = (spec, variant) if spec == STDIN else zoo.locate(spec, variant)
        if variant is not None and self.variant != variant:
            raise click.UsageError(f"'{spec}' and --variant {variant} ask for different variants")
        self.settings = given(settings)
        self.input = _input(input_)

    @property
    def name(self) -> str:
        """What the user's messages call the spec."""
        return "<stdin>" if self.path == STDIN else self.path

    @property
    def stem(self) -> str:
        """The name for a file that is made from this spec, without its ending: `vgg_D`; fit for an `import`."""
        stem = "network" if self.path == STDIN else Path(self.path).stem
        if self.variant:
            stem += f"_{self.variant}"
        return re.sub(r"\W", "_", stem, flags=re.ASCII)

    @property
    def place(self) -> Path | None:
        """The file that the spec is in; None for standard input."""
        return None if self.path == STDIN else Path(self.path)

    @property
    def of_zoo(self) -> bool:
        """Whether it was asked for by its name in the zoo, rather than as a file."""
        return self.path not in (self.spec, self.spec.rpartition(":")[0])

    @cached_property
    def _typed(self) -> Source:
        """The text on standard input, which can be read only once."""
        from netdsl.text.source import Source

        return Source(self.name, read_stdin())

    def compile(
        self,
        variant: str | None = None,
        source: Source | None = None,
        texts: Texts | None = None,
        explained: bool = True,
    ) -> Compilation:
        """Compile it, or another text (`source`) in its place; for an unreadable file too there is a compilation, with
        its message. `texts` are those that need not be parsed again."""
        from netdsl import compiler

        if source is None and self.path == STDIN:
            source = self._typed
        if source is None and not Path(self.path).exists():
            return _missing(self.path)
        found = compiler.compile(
            source or self.path,
            variant=variant or self.variant,
            params=self.settings,
            input=self.input,
            directory=Path.cwd() if self.path == STDIN else Path(self.path).parent,
            texts=texts,
            explained=explained,
        )
        if found.variants and not (variant or self.variant):
            self._ask(found)
        return found

    def _ask(self, found: Compilation) -> None:
        """Say which command chooses a variant, where none is chosen: the table of the file is not what is wrong."""
        context = click.get_current_context(silent=True)
        command = context.command_path.partition(" ")[2] if context is not None else "summary"
        for told in found.report.errors:
            if told.code == "E0701":
                listed = ", ".join(found.variants)
                help = f"choose one of {listed}, as in `netdsl {command} {self.spec}:{found.variants[0]}`"
                message = f"'{self.spec}' has {len(found.variants)} variants, and none is chosen"
                found.report.revise(told, replace(told, message=message, span=None, help=help))

    def compile_all(self, source: Source | None = None, explained: bool = True) -> dict[str, Compilation]:
        """Compile it, or another text in its place: in the variant that was asked for, or in each that there is, by
        name."""
        from netdsl.elaborate.files import Texts
        from netdsl.tools.reports import in_every_variant

        texts = Texts()

        def one(variant: str | None) -> Compilation:
            nonlocal source
            found = self.compile(variant, source, texts, explained)
            source = found.file.source if found.file else source  # what a pipe had to give is gone
            return found

        return in_every_variant(one, self.variant)


class BlockRequest(Request):
    """A block of the standard library as a network of its own: `block:NAME`, its parameters by `--set`."""

    def __init__(self, name: str, settings: tuple[str, ...], input_: str | None):
        from netdsl.tools.cli import _block

        self.spec, self.path, self.variant = f"block:{name}", STDIN, None
        self.settings, self.input = given(settings), _input(input_)
        self.source, self.symbols = _block.network(_block.find(name), self.settings, self.input)

    @property
    def name(self) -> str:
        return self.spec

    @property
    def stem(self) -> str:
        return self.spec.removeprefix("block:")

    def compile(
        self,
        variant: str | None = None,
        source: Source | None = None,
        texts: Texts | None = None,
        explained: bool = True,
    ) -> Compilation:
        from netdsl import compiler

        return compiler.compile(source or self.source, directory=Path.cwd(), texts=texts, explained=explained)


def requests(
    specs: tuple[str, ...], variant: str | None, settings: tuple[str, ...], input_: str | None
) -> list[Request]:
    """What is asked for by several specs; the options are for each of them."""
    found: list[Request] = []
    for spec in specs:
        if spec.startswith("block:"):
            found.append(BlockRequest(spec.removeprefix("block:"), settings, input_))
        else:
            found.append(Request(spec, variant, settings, input_))
    return found


def _missing(name: str) -> Compilation:
    """What there is to say of a file that does not exist."""
    from netdsl import compiler, zoo
    from netdsl.text.diagnostics import Report, did_you_mean

    report = Report()
    if name.startswith("block:"):
        block = name.removeprefix("block:")
        way_out = f"a block of the standard library is drawn, `netdsl draw {name}`, or printed, `netdsl show {block}`"
        report.error("E0001", f"there is no file '{name}'", help=way_out)
    elif name.endswith(".net") or "/" in name:
        folder = Path(name).parent
        beside = [each.name for each in folder.glob("*.net")] if folder.is_dir() else []
        hint = did_you_mean(Path(name).name, beside, f"the specs in '{folder}' are")
        report.error("E0001", f"there is no file '{name}'", help=hint)
    else:
        hint = did_you_mean(name, zoo.known()) or "`netdsl zoo` lists the networks that come with netdsl"
        report.error("E0001", f"there is no file '{name}', and no such network in the zoo", help=hint)
    return compiler.Compilation(None, report)


def read_stdin() -> str:
    """The text on standard input. Raises `UsageError` where that is no text, or more than a spec may have."""
    from netdsl.elaborate.files import decoded

    if sys.stdin is None:
        raise click.UsageError("standard input is closed")
    try:
        return decoded(sys.stdin.buffer)
    except ValueError as problem:
        raise click.UsageError(f"standard input cannot be read: {problem}") from None


def _input(written: str | None) -> tuple[int, ...] | None:
    try:
        return None if written is None else shape(written)
    except NotASetting as problem:
        raise click.BadParameter(str(problem), param_hint="'--input'") from None


def given(pairs: tuple[str, ...], form: str = "NAME=VALUE") -> dict[str, Any]:
    """What `--set` gives, by name; `form` is what the user was told to type. Raises `BadParameter`."""
    values: dict[str, Any] = {}
    for pair in pairs:
        try:
            name, value = setting(pair, form)
        except NotASetting as problem:
            if problem.report is not None:
                show(problem.report, "auto")
            raise click.BadParameter(str(problem), param_hint="'--set'") from None
        if name in values:
            raise click.BadParameter(f"'{name}' is given twice", param_hint="'--set'")
        values[name] = value
    return values
