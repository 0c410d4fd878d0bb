"""What is said twice is worked out once: the same network as if it were written out, for a fraction of the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given

from netdsl import zoo
from netdsl.compiler import Compilation, compile
from netdsl.elaborate import blocks, files, statements
from netdsl.elaborate.build import Builder
from netdsl.ops import Operator
from netdsl.ops.conv import Conv
from netdsl.ops.shared.answers import MOST, remembered
from netdsl.passes.hash import digest
from netdsl.syntax import parse, tree
from netdsl.testing.drawing import HEAD as ONES
from netdsl.testing.drawing import LAW
from netdsl.testing.drawing import statements as drawn
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source
from netdsl.tools.cli._checked import check
from netdsl.tools.cli._spec import Request
from netdsl.zoo import locate

HEAD = "input 8x16x16\ndefault conv(pad=same, norm=bn, act=relu)\n"
BLOCK = "block bottleneck(w) { residual { conv1-{w}; conv3-{w}; conv1-8(act=none) } }\n"


@contextmanager
def _written_out() -> Iterator[None]:
    """Nothing is copied: every body is placed as it is written."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (blocks, statements):
            patch.setattr(module, "again", lambda *_: False)
        yield


def _alike(source: Source | str, **choices: object) -> Compilation:
    """See that copies give the network, to its last number, and the messages that placing gives."""
    found = compile(source, **choices)  # type: ignore[arg-type]
    with _written_out():
        placed = compile(source, **choices)  # type: ignore[arg-type]
    assert found.network == placed.network
    assert list(found.report) == list(placed.report)
    return found


@pytest.mark.parametrize("name", zoo.names())
def test_the_zoo_is_the_same(name: str) -> None:
    path, variant = locate(name, None)
    found = compile(path, variant=variant)
    _alike(path, variant=variant or (found.variants[-1] if found.variants else None))


@LAW
@given(drawn(prefix="a", most=3), drawn(prefix="b", most=3))
def test_what_is_drawn_is_the_same(inside: list[str], around: list[str]) -> None:
    """In a block that is called again and in a repetition, whose rounds end with the shape that they began with."""
    ending = "avgpool(to=8); conv1-6"
    block = f"block drawn() {{ {'; '.join([*inside, ending])} }}"
    lines = [block, ending, "drawn()", *around, ending, "drawn() x2", f"{{ {'; '.join([*inside, ending])} }} x4"]
    _alike(Source("<drawn>", ONES + "\n".join(lines) + "\n"))


SAME = {
    "equal values that are not the same": "block b(n, deep) { if deep { conv1-{n} }; identity }\nb(4, false)\nb(4, true)\n"
    "b(4.0, false)\n",
    "a block that calls itself only from another": "block a(n) { if n > 0 { b(n - 1) }; relu }\n"
    "block b(n) { if n > 0 { a(n - 1) }; tanh }\n"
    "block c() { if true { b(1) } }\nc()\na(2)\n",
    "another default": "block b() { conv3-8 }\nb()\ndefault conv(act=tanh)\nb()\ndefault conv(pad=same)\nb()\n",
    "a default with an expression": "param w = 4\ndefault conv(act=tanh, groups=w / 2)\nblock b() { c() }\nblock c() {\n"
    "conv3-8 }\nb()\nb()\nc()\n",
    "a param that a word named before": "block b() { conv3-8(act=elu) }\nb()\nparam elu = gelu\nb()\n",
    "a label that is what a round stands on": "x: relu\n{ conv3-8; add { identity | @x } } x5\n",
    "a round that goes back": "x: relu\n{ if height > 8 { conv3-8/2; @x } else { add { identity | @x } } } x4\n",
    "what is given out": "block b() { output side: conv3-8; relu }\np: b()\nq: b()\nconcat { @p.side | @q.side | @q }\n",
    "several inputs": "block two() takes a, b { output a: add { @a | @b }; output b: relu }\n"
    "x: relu\ny: tanh\nr: two() { @x | @y } x4\nconcat { @r.a | @r.b }\n",
    "one value for two inputs": "block two() takes a, b { add { @a | @b } }\nx: relu\ny: tanh\ntwo() { @x | @x }\n"
    "two() { @x | @y }\n",
    "layers that are used again": "block b() { m: conv3-8; reuse(m) }\nb()\nb()\nk: b()\nreuse(k)\n{ n: conv3-8; reuse(n) } x4\n",
    "claims that fail": "block b() { conv3-8 -> 9x16x16 }\nb()\nb()\nconv3-8 -> 7x16x16 x3\n{ conv3-8 -> 7x16x16 } x4\n",
    "what is wrong": "block b(n) { conv3-{n}(groups=3) }\nb(8)\nb(8)\nb(9)\nconv3-8(groups=3) x5\n",
    "an output that is given again": "{ output y: relu } x4\n",
    "labels of a round": "c{i}: conv3-8 x4 as i\nd: { e: conv3-8; @e } x4\n",
    "an if around": "if channels > 4 { { if height > 4 { conv3-8 } } x4; b(2) } else { relu }\nblock b(n) { if n > 1 { relu } }\n"
    "b(2)\n",
    "a stride for the first": "[3x3, 8; 3x3, 8] x4 /2\nconv3-8/2 x3\n",
    "branches that are repeated": "concat { conv1-4 x3 | x3 { conv1-4; conv3-4 } }\n",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_what_depends_on_more_than_it_seems(text: str) -> None:
    _alike(Source("<text>", HEAD + text))


ITEMS = {
    "a layer": "conv3-8",
    "a block": "bottleneck(4)",
    "a group": "{ conv3-16; concat { conv1-4 | conv3-4 } }",
    "a residual": "residual { conv3-8; conv3-8(act=none) }",
    "a bracket": "[3x3, 8; 3x3, 8]",
    "a join": "concat { conv1-4 | conv3-4 }",
}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_a_repetition_is_the_network_of_as_many_written_items(item: str) -> None:
    folded, written = (
        compile(Source("<text>", HEAD + BLOCK + text)).network for text in (f"{item} x9\n", f"{item}\n" * 9)
    )
    assert folded is not None and written is not None and folded.complete
    assert digest(folded) == digest(written)
    assert [(node.op, node.inputs, node.shape) for node in folded.nodes] == [
        (node.op, node.inputs, node.shape) for node in written.nodes
    ]


def _placed(text: str) -> int:
    """How many layers were placed, not copied."""
    with pytest.MonkeyPatch.context() as patch:
        count, node = [0], Builder.node

        def counted(*args: object, **more: object) -> object:
            count[0] += 1
            return node(*args, **more)  # type: ignore[arg-type]

        patch.setattr(Builder, "node", counted)
        assert compile(Source("<text>", HEAD + BLOCK + text)).valid
        return count[0]


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_a_repetition_is_placed_at_most_three_times(item: str) -> None:
    """The first round may find another shape, the second stands on what the first has made: all others are copies."""
    assert _placed(f"{item} x50\n") <= 3 * _placed(f"{item}\n")


def test_equal_calls_are_placed_once() -> None:
    assert _placed("conv1-8\nbottleneck(4)\nrelu\nbottleneck(4)\n" + "bottleneck(4)\n" * 30) == (
        _placed("conv1-8\nbottleneck(4)\nrelu\n")
    )


# What is asked and read twice ------------------------------------------------------------------------------------------


def test_the_variants_of_a_table_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(source: Source, report: Report) -> tree.File:
        read.append(source.name)
        return parse(source, report)

    monkeypatch.setattr(files, "parse", counted)
    found = check(Request("vgg", None))
    assert len(found.variants) > 3 and not found.report.errors
    assert [Path(name).name for name in read] == ["vgg.net"]


def test_a_mistake_is_told_for_all_variants_that_share_its_text(tmp_path: Path) -> None:
    path = tmp_path / "wrong.net"
    path.write_text("input 3x8x8\ntable\n| a | b |\n|---|---|\n| conv3-8(pad=) | conv3-4 |\n")
    report = check(Request(str(path), None)).report
    assert [each.code for each in report.errors] == ["E0101"] and "variant" not in report.errors[0].message


def test_an_operator_is_asked_once() -> None:
    asked: list[tuple[Operator, int]] = []

    @remembered
    def twice(op: Operator, number: int) -> int:
        asked.append((op, number))
        if number < 0:
            raise ValueError
        return 2 * number

    first, alike = Conv(kernel=3, channels=8), Conv(kernel=3, channels=8)
    assert [twice(first, 1), twice(first, 1), twice(first, 2), twice(alike, 1)] == [2, 2, 4, 2]
    assert len(asked) == 3  # the same object is asked once
    for _ in range(2):
        with pytest.raises(ValueError):
            twice(first, -1)
    assert len(asked) == 5  # a refusal is not kept
    for number in range(MOST + 1):
        twice(first, number)
    assert twice(first, 1) == 2
