"""Texts drawn at random: inputs, specs with noise in their layout, specs with one mistake, edits; and what is drawn how
often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from netdsl.ir import Network
from netdsl.ops import Operator
from netdsl.shapes import text as written
from netdsl.testing.cases import Case
from netdsl.testing.drawing import sided
from netdsl.testing.nets import networks

_ONCE = settings(database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
_NOISE = ("", "", "\n", "# a comment\n", "   ", "\t", "\n\n")
_MISTAKES = (
    ("cnov3-4", "E0203"),
    ("conv99-4(pad=0)", "E0301"),
    ("concat { conv1-4 | maxpool; conv1-4 }", "E0302"),
    ("@nowhere", "E0204"),
    ("conv3-4(gruops=2)", "E0401"),
)
"""Lines that a person could write, each with the code of the message that it gets."""


class Mistake(NamedTuple):
    """A spec with one mistake: its text, where the wrong line begins and ends, and the code of its message."""

    text: str
    start: int
    end: int
    code: str


class Change(NamedTuple):
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


@st.composite
def inputs(draw: st.DrawFn) -> str:
    """The shape of an input as text: features, a signal, an image or a clip."""
    rank = draw(st.integers(0, 3))
    sizes = [draw(st.sampled_from([3, 1, 4, 8])), *(draw(st.sampled_from([8, 5, 7, 16])) for _ in range(rank))]
    return written(tuple(sizes))


@st.composite
def specs(draw: st.DrawFn, of: SearchStrategy[Network] | None = None) -> str:
    """A spec as text that compiles, with noise in its layout: comments, blank lines, tabs and blanks."""
    network = draw(of if of is not None else networks(dims=(0, 1, 2, 3)) | sided())
    lines = network.sources[0].text.splitlines()
    return "".join(f"{draw(st.sampled_from(_NOISE))}{line}\n" for line in lines)


@st.composite
def mistakes(draw: st.DrawFn) -> Mistake:
    """A spec that is right but for one line, with the place of it."""
    lines = draw(networks(max_layers=3)).sources[0].text.splitlines()
    head = sum(line.startswith(("net ", "input", "default", "block")) for line in lines)
    wrong, code = draw(st.sampled_from(_MISTAKES))
    before = "".join(f"{line}\n" for line in lines[:head])
    after = "".join(f"{line}\n" for line in lines[head:])
    return Mistake(f"{before}{wrong}\n{after}", len(before), len(before) + len(wrong), code)


@st.composite
def edits(draw: st.DrawFn, text: str) -> list[Change]:
    """Changes to a text as somebody types: a few, each small; later ones are to what earlier ones made."""
    found = []
    length = len(text)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, length))
        end = min(length, start + draw(st.sampled_from([0, 0, 1, 3, 12])))
        new = draw(st.sampled_from(["", "x", "3", "\n", "conv3-8\n", "{", "}", "relu; ", "@"]))
        found.append(Change(start, end, new))
        length += len(new) - (end - start)
    return found


def random_spec(number: int) -> str:
    """The spec that belongs to a number: always the same for the same number."""
    drawn: list[str] = []

    @seed(number)
    @settings(_ONCE, max_examples=12)
    @given(networks(dims=(1, 2, 3)))
    def draw(network: Network) -> None:
        drawn.append(network.sources[0].text)

    draw()
    return drawn[-1]


def statistics(of: SearchStrategy[Network] | SearchStrategy[Case] | None = None, examples: int = 100) -> Counter[str]:
    """What is in so many drawn networks, or operators, and how often: each operator (`conv`) and each of its arguments
    that is not its default (`conv.stride`); of networks also how many have so many inputs, outputs and dimensions, and
    the kinds of their parts, in brackets (`(residual)`). The same for the same strategy."""
    counted: Counter[str] = Counter()

    @settings(_ONCE, max_examples=examples, derandomize=True)
    @given(of if of is not None else networks(dims=(0, 1, 2, 3), tables=True) | sided())
    def count(drawn: Network | Case) -> None:
        if isinstance(drawn, Case):
            counted.update(_said(drawn.op))
            return
        counted.update(word for node in drawn.nodes for word in _said(node.op))
        counted.update(f"({scope.kind})" for scope in drawn.body.scopes())
        first, results = drawn.inputs[0].shape, len(drawn.outputs) + 1
        counted.update([f"{len(drawn.inputs)} inputs", f"{results} outputs", f"{len(first) - 1} dimensions"])

    count()
    return counted


def _said(op: Operator) -> Iterator[str]:
    """An operator, and its arguments that are not the defaults, geometry among them."""
    yield op.name
    for key, info in type(op).model_fields.items():
        if info.repr and (info.is_required() or not op.is_default(key)):
            yield f"{op.name}.{info.alias or key}"
