"""Notebooks: a network shows itself as its diagram and its table, and `%%net` names one that a cell writes.

Networks show themselves after `import netdsl`; the magic needs `%load_ext netdsl`. A cell that is right shows its
network. A wrong one raises an error, so that "run all" stops there as at a wrong cell of Python, and shows the messages
of the compiler in place of a traceback.
"""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.getipython import get_ipython
from IPython.core.magic_arguments import MagicArgumentParser
from IPython.display import display

from netdsl.backends.html import html
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.text.diagnostics import SpecError
from netdsl.text.source import Source
from netdsl.tools.render import render
from netdsl.tools.settings import NotASetting, setting, shape

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

CELL = "<cell>"
"""What messages call the text of a cell."""


class CellError(SpecError):
    """The cell is wrong; a notebook shows its messages, in colours, and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return render(self.report, color=True).rstrip("\n").split("\n")


def show_networks(shell: InteractiveShell | None = None) -> None:
    """Let a shell (by default the one that runs, if any) show networks as HTML."""
    shell = shell or get_ipython()
    if shell is not None and shell.display_formatter is not None:
        shell.display_formatter.formatters["text/html"].for_type(Network, html)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give the shell the cell magic `%%net`."""
    show_networks(shell)
    parser = _parser()

    def net(line: str, cell: str) -> None:
        asked = parser.parse_argstring(line)
        if not asked.name.isidentifier() or keyword.iskeyword(asked.name):
            raise UsageError(f"'{asked.name}' is no name for a variable")
        compilation = compile(
            Source(CELL, cell),
            **_read(asked),
            directory=Path.cwd(),  # below it, a cell may use and extend files
        )
        report, network = compilation.report, compilation.network
        if compilation.valid and network is None:
            report.error("E0703", "there is no network in this cell, only definitions")
        if report.errors or network is None:
            raise CellError(report)
        if len(report):
            print(render(report, color=True), end="")
        shell.push({asked.name: network})
        display(network)

    net.__doc__ = parser.format_help()
    shell.register_magic_function(net, "cell", "net")  # type: ignore[arg-type]


def _parser() -> MagicArgumentParser:
    parser = MagicArgumentParser(
        prog="%net", description="Compile the cell, show its network, and give it a name.", add_help=False
    )
    parser.add_argument("name", nargs="?", default="net", help="the variable for the network; `net` if not given")
    parser.add_argument("--variant", metavar="V", help="the column of the cell's table")
    parser.add_argument("--set", dest="settings", metavar="K=V", action="append", default=[], help="set a param")
    parser.add_argument("--input", metavar="CxHxW", help="another shape for the first input")
    return parser


def _read(line: Any) -> dict[str, Any]:
    """What the line of the magic says of the spec, as `compile` takes it."""
    try:
        return {
            "variant": line.variant,
            "params": dict(setting(pair, "K=V") for pair in line.settings),
            "input": None if line.input is None else shape(line.input),
        }
    except NotASetting as problem:
        if problem.report is not None:
            raise CellError(problem.report) from None
        raise UsageError(str(problem)) from None
