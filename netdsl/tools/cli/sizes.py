"""`netdsl sizes`: the inputs that a spec is defined for."""

from __future__ import annotations

import json

import click

from netdsl.tools.cli._known import network
from netdsl.tools.cli._spec import Request, SpecParameter, Stop, spec_options
from netdsl.tools.cli._tell import say, show

SECTION = "Prove it"


@click.command(
    short_help="Tell for which inputs a network is defined.",
    epilog="""\b
Examples:
  netdsl sizes vgg19.net
  netdsl sizes unet.net --json | jq .height
  netdsl sizes resnet:50-layer --input 3x64x64     whether this input is one of them
""",
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option("--json", "as_json", is_flag=True, help="As JSON: each dimension's set.")
@spec_options
def command(
    spec: str,
    as_json: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Tell for which inputs a network is defined: which heights, widths and channels.

    It follows from the arithmetic of the layers alone. Told too: the statement that causes each condition, the
    smallest input, and whether output and weights are the same for all. Fully connected layers count as built anew for
    each size.

    With --json: {"height": {"least": 32, "modulus": 32, "residues": [0], "exceptions": []}, ...}. A size is valid if it
    is at least `least` and leaves one of the `residues`, or is one of the `exceptions`; "joint" is true where the
    dimensions depend on each other.
    """
    request = Request(spec, variant, settings, input_)
    asked, request.input = request.input, None
    made = network(request, color)

    from netdsl.analysis.sizes import told, valid
    from netdsl.elaborate.files import Texts
    from netdsl.shapes import text

    texts = Texts()

    def compiles(shape: tuple[int, ...]) -> bool:
        request.input = shape
        return request.compile(texts=texts).valid

    found = valid(made, compiles)
    if found is None:
        say(f"{request.name}: its sizes fall into too many classes to tell", err=True)
        raise Stop(1)
    if as_json:
        click.echo(json.dumps(found.inputs.document(), indent=2))
    else:
        for line in told(found):
            say(line)
    if asked is None:
        return 0
    request.input = asked
    tried = request.compile()
    show(tried.report, color)
    fits = tried.valid
    say(f"{text(asked)} is {'valid' if fits else 'not valid'}", err=as_json)
    return 0 if fits else 1
