"""Public mistakes of the field, and what is told of each: the cause, and a way out that is the network that was meant.

`told/*.txt` hold wrong specs. Behind `---` stands what `netdsl check` (for a spec without errors, `netdsl lint`) must
print: how many errors and warnings there are, then one stretch of its text a line; what begins with `not:` must not
stand there. Specs without a message have `0 errors` alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from cases import folder

import netdsl
from netdsl.backends import artefacts
from netdsl.backends.table.write import to_text
from netdsl.tools.cli import main

CASES = folder("told")


def said(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """All that is printed of a spec, its lines joined: where a line breaks is the terminal's."""
    path = folder / "case.net"
    path.write_text(text)
    for command in ("check", "lint"):
        if main([command, str(path)]):
            break
    printed = capsys.readouterr()
    return re.sub(r"\s+", " ", printed.out + printed.err)


@pytest.mark.parametrize("title", CASES)
def test_what_is_told(title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, _, expected = CASES[title].partition("---\n")
    first, *words = expected.strip().splitlines()
    printed = said(text, tmp_path, capsys)
    for kind in ("error", "warning"):
        number = re.search(rf"(\d+) {kind}", first)
        assert len(set(re.findall(rf"{kind}\[.*? --> \S+", printed))) == int(number[1] if number else 0), printed
    for each in words:
        unwanted = each.removeprefix("not: ")
        assert (unwanted not in printed) if each.startswith("not: ") else each in printed, (each, printed)


def test_lecun_looks_at_the_inputs_of_a_transposed_convolution() -> None:
    """2.4 / 576, with the 64 * 3 * 3 inputs of a unit as its fan."""
    weight = netdsl.build(netdsl.loads("input 64x8x8\nup: upconv3-8(init=lecun)")).up.weight
    assert 0.9 * 2.4 / 576 < float(weight.detach().abs().max()) <= 2.4 / 576


def test_an_output_behind_the_softmax_is_the_one_that_is_returned() -> None:
    answer = netdsl.build(netdsl.loads("input 3x8x8\ngap; fc-3; softmax; output p")).eval()(torch.zeros(2, 3, 8, 8))
    assert isinstance(answer, torch.Tensor) and torch.allclose(answer.sum(1), torch.ones(2))


def test_an_argument_is_named_where_its_value_alone_says_nothing() -> None:
    network = netdsl.loads("input 3x8x8\nprelu(per_channel=true)")
    assert "prelu(per_channel=true)" in to_text(netdsl.summary(network))
    assert b"per_channel" in artefacts.find("dot").render(network)


def test_a_shape_that_differs_stands_at_its_edge() -> None:
    text = "input 3x8x8\na: conv3-16; conv3-32/2; upconv2-8/2; concat { @a | identity }"
    drawn = artefacts.find("dot").render(netdsl.loads(text)).decode()
    assert all(shape in drawn for shape in ("16x8x8", "32x4x4", "8x8x8", "24x8x8"))


def test_a_variant_that_is_not_chosen_or_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "family.net"
    path.write_text("input 3x8x8\ntable\n| 18-layer | 50-layer |\n|---|---|\n| conv3-4 | conv3-8 |\n")
    assert main(["summary", str(path)]) != 0
    told = capsys.readouterr().err
    assert f"as in `netdsl summary {path}:18-layer`" in told and "-->" not in told
    assert main(["summary", f"{path}:50"]) != 0
    assert "family.net:50-layer`?" in capsys.readouterr().err


def test_the_page_of_batch_norm_says_how_it_averages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "bn"]) == 0
    assert "divided by n - 1" in " ".join(capsys.readouterr().out.split())


ELSEWHERE = {
    "cause 2": ["test_cli::test_an_input_that_does_not_fit_the_file_is_the_commands_fault"],
    "help 6": ["test_cli::test_the_standard_library_can_be_read", "test_cli::test_words_have_a_page"],
    "help 11": ["test_told::test_a_variant_that_is_not_chosen_or_not_there"],
    "help 12": ["test_cli::test_draw_names_the_endings_it_takes"],
    "figure 1": ["test_told::test_lecun_looks_at_the_inputs_of_a_transposed_convolution"],
    "figure 2": ["test_told::test_an_output_behind_the_softmax_is_the_one_that_is_returned"],
    "figure 3": ["test_told::test_an_argument_is_named_where_its_value_alone_says_nothing"],
    "figure 4": ["test_told::test_a_shape_that_differs_stands_at_its_edge"],
    "figure 5": ["test_weights::test_a_common_prefix_is_named_and_taken_off_on_request"],
    "figure 6": [
        "test_weights::test_a_checkpoint_is_unwrapped",
        "test_weights::test_a_new_head_is_left_as_it_is",
        "test_weights::test_names_that_pair_up_by_shape_are_offered",
        "test_weights::test_what_is_wrong_is_told_in_one_sentence_and_nothing_is_loaded",
    ],
    "figure 7": ["test_cli::test_summary_json", "test_receptive::test_receptive_fields"],
    "figure 8": ["test_told::test_the_page_of_batch_norm_says_how_it_averages"],
}
"""Rows that are no text of a spec, and the tests that hold them."""
ROWS = {"cause": 8, "offer": 12, "help": 12, "figure": 8}
"""How many rows each part of the list has."""


def test_every_row_is_held() -> None:
    rows = {f"{kind} {number}" for kind, count in ROWS.items() for number in range(1, count + 1)}
    cases = {match[0] for title in CASES if (match := re.search(r"(?:cause|offer|help) \d+", title.partition(": ")[2]))}
    assert cases | set(ELSEWHERE) == rows
    for tests in ELSEWHERE.values():
        for file, _, name in (each.partition("::") for each in tests):
            assert f"def {name}(" in (Path(__file__).parent / f"{file}.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("ops con", "did you mean `conv`?"),
        ("ops Conv2d", "netdsl writes `conv3-64/2`"),
        ("ops grid_sample", "outside of the language"),
        ("explain residul", "did you mean `residual`?"),
        ("explain E9999", "there is no code 'E9999'"),
        ("fmt vgg19", "`netdsl new vgg19 vgg19.net`"),
    ],
)
def test_what_a_command_is_asked_for_in_vain(command: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command.split()) == 2
    assert words in " ".join(capsys.readouterr().err.split())
