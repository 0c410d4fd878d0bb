"""`netdsl studio`: a page in the browser on which a network is seen while it is written."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._spec import SpecParameter

if TYPE_CHECKING:
    from netdsl.tools.studio.file import File

SECTION = "Write a spec"
MISSING = "the studio needs starlette, uvicorn and pygments; install them with `pip install 'netdsl[studio]'`"


@click.command(
    short_help="Open a page that shows a network while it is written.",
    epilog="""\b
Examples:
  netdsl studio                     a first look: VGG, a mistake to mend, numbers to drag
  netdsl studio mynet.net           write it; it is saved when you say so
  netdsl studio resnet50            look at a network of the zoo
  netdsl studio --no-open           print the address and open no browser
\b
The page is for this machine and this user alone: its address has a secret in
it. Ctrl-C ends it.
""",
)
@click.argument("spec", type=SpecParameter(), metavar="[FILE[:VARIANT]]", required=False)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Where to listen.  [default: 7741; each file has its own]",
)
@click.option("--open/--no-open", "open_", default=True, help="Open the page in the browser.  [default: open]")
def command(spec: str | None, port: int | None, open_: bool) -> None:
    """Open a page that shows a network while it is written.

    On the left the text, on the right what becomes of it: diagram, layers, messages, PyTorch, costs. FILE is written
    when you save it and never before.
    """
    if any(find_spec(name) is None for name in ("starlette", "uvicorn", "pygments")):
        raise click.ClickException(MISSING)
    from netdsl.tools.studio.routes import Server

    file, fragment = _opened(spec)
    try:
        server = Server(file, port)
    except OSError as problem:
        raise click.ClickException(f"port {port} cannot be used: {problem.strerror}") from None
    address = server.address + fragment
    click.echo(f"The studio is at {address}\nCtrl-C ends it.", err=True)
    if open_:
        click.launch(address)
    server.serve_until_stopped()


def _opened(spec: str | None) -> tuple[File | None, str]:
    """The file to work on, and what the address says of a network of the zoo."""
    from urllib.parse import quote

    from netdsl import zoo
    from netdsl.tools.studio.file import File

    if spec is None:
        return None, ""
    path, variant = zoo.locate(spec)
    if zoo.spec_of(spec) is not None and not Path(spec).exists() and Path(path).parent == zoo.directory():
        return None, f"#zoo={quote(spec)}"
    if not Path(path).parent.is_dir():
        raise click.UsageError(f"there is no directory '{Path(path).parent}'")
    file = File(Path(path).absolute(), variant)
    state = file.state()
    if "wrong" in state:
        raise click.ClickException(state["wrong"])
    if state["text"] is None and file.path.suffix != ".net":
        raise click.UsageError(f"there is no file '{spec}', and no such network in the zoo; a new file ends in .net")
    return file, ""
