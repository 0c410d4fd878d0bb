"""From what the user typed to a compiled spec, and its messages to the terminal: what the commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from netdsl.compiler import Compilation
    from netdsl.ir import Network
    from netdsl.text.diagnostics import Report
    from netdsl.text.source import Source

Function = TypeVar("Function", bound=Callable[..., Any])

STDIN = "-"
_ASKED = ("E0001", "E0205", "E0701")
"""Messages without a place under these codes are about the command line: an unknown file, param or variant."""


class Stop(click.exceptions.Exit):
    """Ends the command with a status; what there is to say has been said."""


class SpecParameter(click.ParamType[str]):
    """`FILE[:VARIANT]` or a name of the zoo; shells complete both."""

    name = "FILE[:VARIANT]"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from netdsl import zoo

        known = [CompletionItem(name) for name in zoo.known() if name.startswith(incomplete)]
        return [*known, CompletionItem(incomplete, type="file")]


def spec_options(function: Function) -> Function:
    """The options by which every command that reads specs chooses what to read."""
    for option in reversed(
        (
            click.option("--variant", metavar="NAME", help="The column of the spec's table."),
            click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Set a param of the spec."),
            click.option("--input", "input_", metavar="CxHxW", help="Another shape for the first input."),
            color_option,
        )
    ):
        function = option(function)
    return function


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


class Request:
    """One spec as the user asked for it."""

    def __init__(self, spec: str, variant: str | None, settings: tuple[str, ...] = (), input_: str | None = None):
        from netdsl import zoo

        self.path, self.variant = (spec, variant) if spec == STDIN else zoo.locate(spec, variant)
        self.path = str(self.path)
        if variant is not None and self.variant != variant:
            raise click.UsageError(f"'{spec}' and --variant {variant} ask for different variants")
        self.settings = _settings(settings)
        self.input = _input(input_)
        self._stdin: str | None = None

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

    def compile(self, variant: str | None = None, source: Source | None = None) -> Compilation:
        """Compile it, or another text (`source`) in its place; for an unreadable file too there is a compilation, with
        its message."""
        from netdsl import compiler

        chosen = variant or self.variant
        if source is not None:
            directory = Path.cwd() if self.path == STDIN else Path(self.path).parent
            return compiler.compile(source, variant=chosen, params=self.settings, input=self.input, directory=directory)
        if self.path == STDIN:
            from netdsl.text.source import Source

            if self._stdin is None:
                self._stdin = read_stdin()
            source = Source("<stdin>", self._stdin)
            return compiler.compile(
                source, variant=chosen, params=self.settings, input=self.input, directory=Path.cwd()
            )
        if not Path(self.path).exists():
            return self._missing()
        return compiler.compile(self.path, variant=chosen, params=self.settings, input=self.input)

    def _missing(self) -> Compilation:
        from netdsl import compiler, zoo
        from netdsl.text.diagnostics import Report, did_you_mean

        report = Report()
        name = self.path
        if name.endswith(".net") or "/" in name:
            folder = Path(name).parent
            beside = [each.name for each in folder.glob("*.net")] if folder.is_dir() else []
            hint = did_you_mean(Path(name).name, beside, f"the specs in '{folder}' are")
            report.error("E0001", f"there is no file '{name}'", help=hint)
        else:
            hint = did_you_mean(name, zoo.known()) or "`netdsl zoo` lists the networks that come with netdsl"
            report.error("E0001", f"there is no file '{name}', and no such network in the zoo", help=hint)
        return compiler.Compilation(None, report)


def network(request: Request, color: str) -> Network:
    """The network of a spec that is fine. Its messages go to stderr, and errors end the command."""
    compilation = request.compile()
    report = compilation.report
    if compilation.valid and compilation.network is None:
        report.error("E0703", f"'{request.name}' defines no network, only blocks")
    show(report, color)
    if report.errors or compilation.network is None:
        raise Stop(status(report, asked_no_variant=bool(compilation.variants) and request.variant is None))
    return compilation.network


def show(report: Report, color: str) -> None:
    """The messages of a report, to stderr."""
    if len(report):
        from netdsl.tools.render import render
        from netdsl.tools.render.paint import wants_color

        colored = wants_color(sys.stderr, color)
        click.echo(render(report, color=colored), err=True, color=colored, nl=False)
        _see(report)


def _see(report: Report) -> None:
    """Say, once at the end of the run and behind all else, where the codes of its messages are explained."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    root = context.find_root()
    seen: list[str] = root.meta.setdefault("netdsl.codes", [])
    if not seen:

        def tell() -> None:
            few = " ".join(sorted(seen)[:5])
            click.echo(f"see: netdsl explain {few}", err=True)

        root.call_on_close(tell)
    seen.extend(code for code in dict.fromkeys(each.code for each in report) if code not in seen)


def status(report: Report, *, asked_no_variant: bool = False) -> int:
    """The exit status for a report: 2 where what was asked for is not there, 1 where the spec is wrong, 0 otherwise."""
    from netdsl.tools.cli import WRONG_SPEC, WRONG_USE

    errors = report.errors
    if any(
        each.code in _ASKED and (each.span is None or (asked_no_variant and each.code == "E0701")) for each in errors
    ):
        return WRONG_USE
    return WRONG_SPEC if errors else 0


def read_stdin() -> str:
    from netdsl.elaborate.files import LARGEST

    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise click.UsageError("standard input is larger than 1 MiB, the most a spec may have")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise click.UsageError(f"standard input is not UTF-8 text (byte {problem.start})") from None


def _input(written: str | None) -> tuple[int, ...] | None:
    if written is None:
        return None
    from netdsl.syntax import parse_dims

    shape = parse_dims(written)
    if shape is None:
        raise click.BadParameter(f"'{written}' is not a shape such as 3x224x224 or 784", param_hint="'--input'")
    return shape


def _settings(pairs: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or not name or not text:
            raise click.BadParameter(f"'{pair}' is not NAME=VALUE", param_hint="'--set'")
        if name in values:
            raise click.BadParameter(f"'{name}' is given twice", param_hint="'--set'")
        values[name] = _value(name, text)
    return values


def _value(name: str, text: str) -> Any:
    from netdsl.elaborate.problems import Problem
    from netdsl.elaborate.values import Evaluator
    from netdsl.syntax import parse_value
    from netdsl.text.diagnostics import Report

    report = Report()
    expression = parse_value(text, report, f"--set {name}")
    if expression is not None:
        try:
            return Evaluator({}).value(expression)
        except Problem as problem:
            problem.tell(report)
    show(report, "auto")
    raise click.BadParameter(f"the value of '{name}' is wrong", param_hint="'--set'")
