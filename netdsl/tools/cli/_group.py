"""The group of all commands. The folder is the list of them; a command's file is imported when it is called for.

A command's file holds the click command, called `command`, and says by its `SECTION` under which heading of
`netdsl --help` it stands.
"""

from __future__ import annotations

from types import ModuleType

import click

from netdsl import __version__, registry

EPILOG = """\b
Exit status: 0 fine, 1 the spec is wrong, 2 wrong use, 3 internal error.
FILE is a .net file, `-` for standard input, or the name of a network of the
zoo (`netdsl zoo` lists them); `:VARIANT` chooses a column of its table.
"""


SECTIONS = ("Write a spec", "See it", "Prove it", "Run it", "Train it", "Set it up")
"""The headings of `netdsl --help`, in order: what a person wants to do."""


def _module(name: str) -> ModuleType:
    """The file of a command; a dash in its name is an underscore there."""
    return registry.module(__package__, name.replace("-", "_"))


class _Folder(click.Group):
    """The commands are the files of this folder that do not begin with an underscore."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self.names()

    def names(self) -> list[str]:
        """The commands, in alphabetical order."""
        return [name.replace("_", "-") for name in registry.names(__package__)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = _module(name).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        names = self.list_commands(ctx)
        wide = max(map(len, names))
        found: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
        for name in names:
            module = _module(name)
            found[module.SECTION].append((name.ljust(wide), module.command.get_short_help_str(formatter.width - wide)))
        for section, rows in found.items():
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from netdsl.text.diagnostics import did_you_mean

            hint = did_you_mean(args[0], self.list_commands(ctx)) or "`netdsl --help` lists them"
            raise click.UsageError(f"there is no command '{args[0]}'; {hint}", ctx)
        return super().resolve_command(ctx, args)


def _show_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"netdsl {__version__}")
        ctx.exit()


@click.group(cls=_Folder, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def program() -> None:
    """Write a neural network as its paper's table; check it, compile it to PyTorch, draw it.

    \b
    netdsl check vgg19.net          prove that it fits and keeps its promises
    netdsl compile vgg19.net        write vgg19.py, plain PyTorch
    netdsl summary vgg:D            the table of a network of the zoo
    """
