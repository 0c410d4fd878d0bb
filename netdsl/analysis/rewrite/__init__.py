"""The papers' own transformations of a spec, made in its text: large kernels factorized, channels reduced before them.

Only the statements that change are written anew; layout and comments stay. The result is compiled first: every variant
must be right and have the output shape it had, or nothing is changed. As it is another network, claims about figures
may fail; these are taken out and named.

    found = factorize(source, compile, labels=("conv2",))
    found.text, found.changes, found.dropped
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from netdsl.analysis.rewrite._apply import Rewriting, Rewritten, rewritten
from netdsl.analysis.rewrite._change import Change
from netdsl.analysis.rewrite._factorize import CHANNELS, INTO, factorized, factorized_rows
from netdsl.analysis.rewrite._find import Asked
from netdsl.analysis.rewrite._reduce import RATIO, bottlenecked, reduced
from netdsl.analysis.rewrite._spec import CannotRewrite, Compile
from netdsl.text.source import Source

__all__ = ["CHANNELS", "INTO", "RATIO", "CannotRewrite", "Change", "Rewriting", "Rewritten", "factorize", "reduce"]


def factorize(
    source: Source,
    compile: Compile,
    *,
    labels: Sequence[str] = (),
    kernel: tuple[int, int] | None = None,
    into: str = "3x3",
    channels: str = "out",
    keep_claims: bool = False,
) -> Rewritten:
    """Large kernels as stacks of small ones (`into` 3x3), or as 1xn and nx1 (`into` 1xn).

    `labels` are the statements to change, with all inside them; without labels all convolutions with this `kernel` are
    changed, and without either all large ones that cost less afterwards. `channels` are those of the inner layers: as
    many as come `out`, as come `in`, or growing in equal steps (`grow`). Raises `CannotRewrite`.

    Sources: Simonyan and Zisserman 2015, section 2.3; Szegedy et al. 2016, sections 3.1 and 3.2.
    """
    asked = Asked(tuple(labels), kernel, lambda size: size[0] == size[1] >= 5 and size[0] % 2 == 1)
    conv = partial(factorized, into=into, channels=channels)
    rows = partial(factorized_rows, asked=asked, into=into, channels=channels)
    return rewritten(source, compile, asked, conv, rows, keep_claims)


def reduce(
    source: Source,
    compile: Compile,
    *,
    labels: Sequence[str] = (),
    kernel: tuple[int, int] | None = None,
    ratio: int = RATIO,
    to: int | None = None,
    bottleneck: bool = False,
    keep_claims: bool = False,
) -> Rewritten:
    """A 1x1 convolution before large ones, to a `ratio`-th of the channels or `to` so many; with `bottleneck` the large
    ones keep to these channels, and another 1x1 convolution restores them. A bracket of two rows becomes a bottleneck.

    `labels` and `kernel` are as for `factorize`. Raises `CannotRewrite`.

    Sources: Lin, Chen and Yan 2014; Szegedy et al. 2015, section 4; He et al. 2016, section 4.1.
    """
    asked = Asked(tuple(labels), kernel, lambda size: min(size) >= 3)
    conv = partial(reduced, ratio=ratio, to=to, bottleneck=bottleneck)
    rows = partial(bottlenecked, ratio=ratio, to=to)
    return rewritten(source, compile, asked, conv, rows, keep_claims)
