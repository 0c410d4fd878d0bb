"""`netdsl compile`: a spec to a PyTorch source file, a diagram, or the network as JSON."""

from __future__ import annotations

from typing import Any

import click

from netdsl.backends.artefacts import names
from netdsl.backends.torch import PURPOSES, TARGETS
from netdsl.tools.cli._output import make
from netdsl.tools.cli._pictures import chosen, picture_options
from netdsl.tools.cli._spec import Request, SizeParameter, SpecParameter, spec_options

SECTION = "Run it"


@click.command(
    epilog="""\b
Examples:
  netdsl compile vgg19.net                    write vgg19.py
  netdsl compile vgg.net:D                    write vgg_D.py
  netdsl compile vgg:D -o -                   source of a zoo network, to stdout
  netdsl compile vgg19.net -o vgg19.svg       draw it
  netdsl compile googlenet --for inference    faster source with the same outputs: googlenet_inference.py
  netdsl compile resnet:152-layer --for training --budget 8GB --batch 64
  netdsl compile resnet.net --variant 50-layer --set classes=10 -o net.py
"""
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option("-o", "--out", metavar="OUT", help="The file to write, or - for stdout.  [default: FILE's name, here]")
@click.option("--to", type=click.Choice(names()), help="What to write.  [default: by OUT's ending, else torch]")
@click.option("--for", "purpose", type=click.Choice(PURPOSES), help="Source that is compiled for a purpose.")
@click.option(
    "--target", type=click.Choice(TARGETS), help="With --for: the device, any or cpu (oneDNN, packed weights)."
)
@click.option("--budget", type=SizeParameter(), help="With --for training: the memory of a step, 8GB or 512MiB.")
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="With --for training: samples at a time.")
@click.option("--probabilities", is_flag=True, help="Let the module apply a final softmax, not return logits.")
@picture_options
@click.option("--force", is_flag=True, help="Replace a file that netdsl did not write.")
@spec_options
def command(
    spec: str,
    out: str | None,
    to: str | None,
    purpose: str | None,
    target: str | None,
    budget: int | None,
    batch: int | None,
    probabilities: bool,
    force: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
    **given: Any,
) -> int:
    """Compile a spec: to PyTorch source, a diagram, or JSON.

    The source stands alone: it needs torch, not netdsl. A file that netdsl did not write is never replaced without
    --force.

    --for inference gives another class with the same outputs, which answers faster and does not train. It is made of
    the plain module's state_dict: `GoogLeNet(torch.load("googlenet.pt"))`. `netdsl explain folded_norms` and the like
    tell what was done; `netdsl bench` measures it.

    --for training gives a class that derives from the plain one, with the same weights and gradients, and takes less
    memory: what costs next to nothing is computed again in the backward pass, or, with --budget, as little as fits it,
    groups of layers too. The plan is printed; `netdsl summary --memory --budget` shows it layer by layer.
    """
    if target is not None and purpose != "inference":
        raise click.UsageError("--target goes with --for inference")
    if (budget or batch) and purpose != "training":
        raise click.UsageError("--budget and --batch go with --for training")
    request = Request(spec, variant, settings, input_)
    options = {**chosen(given), "probabilities": probabilities or None, "for": purpose, "target": target}
    options |= {"budget": budget, "batch": batch}
    return make(request, out, names(), "torch", to=to, force=force, color=color, suffix=purpose, **options)
