"""The proof of the zoo: every figure has a verdict, a wrong one has none, and the page is what the specs give."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import netdsl
from netdsl import zoo
from netdsl.analysis.conformance import Comparison, Conformance, Verdict, prove, references
from netdsl.analysis.conformance.figures import figure
from netdsl.analysis.conformance.lessons import LessonError, fill
from netdsl.analysis.conformance.markdown import page
from netdsl.analysis.conformance.sections import sections
from netdsl.tools.cli import main

PAGE = Path(__file__).parent.parent / "docs" / "conformance.md"


@pytest.fixture(scope="module")
def whole() -> tuple[Conformance, ...]:
    found: list[Conformance] = []
    for name in zoo.names():
        networks, report = prove(name)
        assert not report.errors, name
        found += networks
    return tuple(found)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs the command: its status, and what it prints."""
    return lambda *arguments: (main(["conformance", *arguments]), capsys.readouterr().out)


def test_every_figure_has_a_verdict_that_explains_it(whole: tuple[Conformance, ...]) -> None:
    assert [(each.name, bad) for each in whole for bad in each.comparisons if bad.verdict is Verdict.UNEXPLAINED] == []
    explained = (Verdict.ERRATUM, Verdict.DESIGN, Verdict.UNSETTLED)
    assert all(item.reason for each in whole for item in each.comparisons if item.verdict in explained)


def test_every_network_is_held_against_another_count(whole: tuple[Conformance, ...]) -> None:
    """Parameters that only the spec itself claims prove nothing."""
    extended = {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"}
    for each in whole:
        sources = {item.source for item in each.comparisons if item.figure == "params" and item.source != "spec"}
        if each.name.startswith("plain_cifar"):  # what it is: the residual network less its shortcuts, which have none
            counts = {netdsl.load(f"{family}:{each.variant}").params for family in ("plain_cifar", "resnet_cifar")}
            assert len(counts) == 1, each.name
        else:
            assert sources - {"paper"} or each.name in extended, each.name


def test_the_data_speaks_of_networks_that_there_are(whole: tuple[Conformance, ...]) -> None:
    names = {each.name for each in whole}
    assert set(references.networks()) <= names
    used = {item.source for each in whole for item in each.comparisons}
    assert set(references.names()) <= used, "references that nothing is held against"
    assert {name.partition(":")[0] for name in references.names()} == set(references.counted())


def test_the_page_is_what_the_specs_give(whole: tuple[Conformance, ...]) -> None:
    assert PAGE.read_text("utf-8") == page(sections(whole)), "run netdsl conformance --format markdown"


KNOWN = [
    # the network, the figure, its source, the verdict, the beginning of the reason
    ("resnet:50-layer", "macs", "paper", Verdict.ERRATUM, "truncated"),
    ("resnet:50-layer", "macs", "torchvision:resnet50", Verdict.DESIGN, "torchvision strides"),
    ("resnet:101-layer", "macs", "paper", Verdict.MATCH, ""),
    ("resnet:34-layer", "macs", "paper", Verdict.DESIGN, "option A's"),
    ("resnet_abc:34-A", "macs", "paper", Verdict.MATCH, ""),
    ("vgg:E", "params", "paper", Verdict.MATCH, ""),
    ("vgg:E", "params", "torchvision:vgg19", Verdict.MATCH, ""),
    ("googlenet", "conv2_reduce+conv2.weights", "paper", Verdict.MATCH, "K is 1024"),
    ("googlenet", "inception4c.weights", "paper", Verdict.ERRATUM, "the printed filters give 497.5"),
    ("googlenet", "conv1.weights", "paper", Verdict.DESIGN, "fits a separable"),
    ("bn_inception:576", "params", "paper", Verdict.DESIGN, "with the auxiliary head, 13,611,600"),
    ("shufflenet_v2:x1_0", "macs", "paper", Verdict.MATCH, ""),
    ("shufflenet_v2:x0_5", "macs", "paper", Verdict.DESIGN, "the sums of the global pooling count there"),
    ("shufflenet_v2:x2_0", "params", "count:shufflenet_v2_x2_0", Verdict.MATCH, ""),
    ("efficientnet:B2", "macs", "paper", Verdict.MATCH, ""),
    ("efficientnet:B2", "macs", "torchvision:efficientnet_b2", Verdict.MATCH, ""),
    ("inception_v3", "macs", "paper", Verdict.UNSETTLED, "the abstract's 5 billion"),
    ("lenet5", "C3.connections", "paper", Verdict.MATCH, ""),
    ("inception_v3", "params", "tf-slim:inception_v3", Verdict.DESIGN, "its norms"),
    ("bn_inception:608", "inception4e.output", "spec", Verdict.MATCH, ""),
    ("bn_inception:608", "inception4e.output", "paper", Verdict.ERRATUM, "sums to 1056"),
    ("alexnet", "input", "paper", Verdict.ERRATUM, "55x55 maps"),
]


@pytest.mark.parametrize(("name", "what", "source", "verdict", "reason"), KNOWN)
def test_verdicts(
    whole: tuple[Conformance, ...], name: str, what: str, source: str, verdict: Verdict, reason: str
) -> None:
    (network,) = [each for each in whole if each.name == name]
    found = [item for item in network.comparisons if (item.figure, item.source) == (what, source)]
    assert found and all(item.verdict is verdict for item in found)
    assert all(item.reason.startswith(reason) for item in found)


def test_what_was_read_in_the_source_is_told_from_what_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "net.net"
    path.write_text(
        'net Small\ninput 8\nfc-2\nreported top1 = 7%\nreported top5 = 1% "remembered: ten crops"\n'
        'reported error = 2% "read: footnote 3"\nreported year = 2026\n'
        'reported read = "top1, top5, recipe, dropout" "Table 2"\ntrain(batch=1)\n'
    )
    ((network,), _) = prove(str(path))
    assert [(each.text, each.read, each.where) for each in network.recorded] == [
        ("top1 7%", True, "Table 2"),
        ("top5 1% (ten crops)", False, ""),
        ("error 2% (footnote 3)", True, ""),
        ("year 2026", False, ""),
        ("recipe", True, "Table 2"),
        ("dropout", True, "Table 2"),
    ]
    written = page(sections([network]))
    assert "Read in the source (Table 2): top1 7%, recipe, dropout." in written
    assert "Remembered, not read again: top5 1% (ten crops), year 2026." in written


def test_figures_that_differ_stand_first_and_own_counts_apart(whole: tuple[Conformance, ...]) -> None:
    lines = page(sections(whole)).split("\n")
    first, second = lines.index("## Figures that differ"), lines.index("## Overview")
    rows = [line for line in lines[first:second] if line.startswith("| [")]
    differing = sum(
        len({(e.figure, e.reason) for e in each.comparisons if e.verdict is not Verdict.MATCH}) for each in whole
    )
    assert 0 < len(rows) <= differing
    assert not [line for line in lines[second:] if "**paper erratum**" in line or "**unsettled**" in line]
    assert any(line.startswith("| `params` | 31,030,658 |  |  | count:unet |") for line in lines)


NOTES = [
    # the note of a reference, and what is said of it; nothing where it is right
    ("apart from: dropout 50%; bn eps 1e-5", ""),
    ("apart from: input 3x64x64", ""),
    ("apart from: input 3x2x2", "the network has errors on the input of its note"),
    ("apart from: something", "'something' is not understood"),
    ("apart from: dropuot 50%", "unknown operator or block `dropuot`"),
    ("apart from: bn epsilon 1e-5", "`bn` has no argument `epsilon`"),
]


@pytest.mark.parametrize(("note", "said"), NOTES)
def test_a_reference_may_differ_in_what_its_note_lists(tmp_path: Path, note: str, said: str) -> None:
    old = 'reported reference = "torchvision:squeezenet1_1"'
    networks = copied(tmp_path, "squeezenet", old, f'{old} "{note}"')
    reasons = [item.reason for item in failed(networks)]
    if said:
        assert len(reasons) == 1 and said in reasons[0]
    else:
        assert all(item.figure == "macs" for item in failed(networks))  # of another input


def copied(tmp_path: Path, spec: str, old: str, new: str) -> tuple[Conformance, ...]:
    text = (zoo.directory() / f"{spec}.net").read_text("utf-8")
    assert old in text
    path = tmp_path / f"{spec}.net"
    path.write_text(text.replace(old, new), "utf-8")
    return prove(str(path))[0]


def failed(networks: tuple[Conformance, ...]) -> list[Comparison]:
    return [item for each in networks for item in each.comparisons if item.verdict is Verdict.UNEXPLAINED]


WRONG = [
    # in a copy of a spec: what is replaced, by what, and the figure that then fails
    ("vgg19", "expect params = 144M", "expect params = 143M", "params"),
    ("vgg19", "reported macs = 19.6G", "reported macs = 19.7G", "macs"),
    ("vgg19", "expect depth = 19", "expect depth = 18", "depth"),
    ("vgg19", "-> 256x28x28", "-> 256x27x27", "size"),
    ("alexnet", 'reported params = 60M "erratum: truncated, it rounds to 61M"', "reported params = 60M", "params"),
    ("alexnet", "erratum: truncated", "truncated", "params"),
    ("alexnet", "reported params = 60M", "reported params = 61M", "params"),  # a reason for nothing
    ("alexnet", "reported params = 60M", "reported conv9.params = 60M", "conv9.params"),
    ("alexnet_owt", '"torchvision:alexnet"', '"torchvision:vgg11"', "params"),
    ("alexnet_owt", '"torchvision:alexnet"', '"torchvision:alexnut"', "reference"),
    ("lenet5", "C1: conv5-6 ", "C1: conv5-6(bias=false) ", "C1.params"),
]


@pytest.mark.parametrize(("spec", "old", "new", "what"), WRONG)
def test_a_wrong_figure_has_no_explanation(tmp_path: Path, spec: str, old: str, new: str, what: str) -> None:
    assert failed(prove(spec)[0]) == []
    assert what in [item.figure for item in failed(copied(tmp_path, spec, old, new))]


def test_the_command_fails_on_what_nothing_explains(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    path = tmp_path / "net.net"
    path.write_text("net Small\ninput 8\nfc-2\nreported params = 19\nreported year = 2026\n")
    status, printed = run(str(path), "--failed")
    assert status == 1 and "unexplained" in printed
    assert "UNEXPLAINED" in run(str(path), "--summary")[1]
    path.write_text('net Small\ninput 8\nfc-2\nreported params = 19 "erratum: a bias too many"\n')
    status, printed = run(str(path))
    assert status == 0 and "paper erratum: a bias too many" in printed


def test_the_command_tells_a_wrong_spec_from_a_wrong_use(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    path = tmp_path / "net.net"
    path.write_text("net Small\ninput 8\nfcc-2\n")
    assert run(str(path))[0] == 1
    for wrong in (["nosuch"], ["vgg:Z"], ["-"], ["--failed", "--summary"]):
        assert run(*wrong)[0] == 2, wrong


def test_json_has_exact_figures(run: Callable[..., tuple[int, str]]) -> None:
    (network,) = json.loads(run("vgg:D", "--format", "json")[1])["networks"]
    (params,) = [
        each for each in network["figures"] if each["figure"] == "params" and each["source"] == "torchvision:vgg16"
    ]
    assert params["computed"] == params["given"] == 138_357_544
    assert params["verdict"] == "match" and params["reason"] is None
    assert network["counts"]["match"] == len(network["figures"])


def test_no_torch_is_needed() -> None:
    code = (
        "import sys; from netdsl.tools.cli import main; print(main(['conformance', 'vgg:D']), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "0 False", done.stderr


def test_figures_of_parts() -> None:
    import netdsl

    net = netdsl.load("googlenet")
    assert figure(net, "conv2_reduce+conv2.weights") == 64 * 64 + 9 * 64 * 192
    assert figure(net, "conv1+inception5b.output") == (1024, 7, 7)
    assert figure(net, "input") == (3, 224, 224)
    # `fc` is the path of the classifier, and also the label of a layer in the auxiliary head before it.
    assert figure(netdsl.load("inception_v3"), "fc.params") == 2048 * 1000 + 1000
    for unknown in ("conv9.params", "conv1.buffers", "top1", "conv1+conv2.depth"):
        with pytest.raises(KeyError):
            figure(net, unknown)


def test_the_lessons_are_what_the_specs_give() -> None:
    template = (PAGE.parent / "zoo.in.md").read_text("utf-8")
    assert (PAGE.parent / "zoo.md").read_text("utf-8") == fill(template), (
        "run python -m netdsl.analysis.conformance.lessons"
    )


FENCE = "```net\nnet small\ninput 8\nlast: fc-2\nreported year = 2026\n```\n"


@pytest.mark.parametrize(
    ("blank", "filled"),
    [
        ("{{params small}}", "18"),
        ("{{macs small#last}}", "16"),
        ("{{params small - macs small}}", "2"),
        ("{{params small - macs small / macs small as .1%}}", "12.5%"),
        ("{{params small / macs small as .2x}}", "1.12"),
        ("{{params vgg:E as .0M}}", "144M"),
        ("{{macs resnet:50-layer as .2G}}", "3.86G"),
        ("{{output vgg:E}} {{year small}}", "1000 2026"),
    ],
)
def test_a_blank_is_filled_in(blank: str, filled: str) -> None:
    assert fill(FENCE + blank) == FENCE + filled


@pytest.mark.parametrize(
    ("blank", "said"),
    [
        ("{{params smal}}", "'smal' cannot be read"),
        ("{{parms small}}", "neither computes nor reports parms"),
        ("{{params small#first}}", "first"),
        ("{{params small / macs small}}", "say how to show it"),
        ("{{params small + year small}}", "year is no number"),
        ("{{params small * macs small}}", "a blank is QUANTITY NETWORK"),
        ("{{params small / frozen small as .1x}}", "division by zero"),
        ("{{__import__('os')}}", "a blank is QUANTITY NETWORK"),
    ],
)
def test_a_blank_that_cannot_be_filled_in_is_told_with_its_line(blank: str, said: str) -> None:
    with pytest.raises(LessonError, match=re.escape(said)) as caught:
        fill(FENCE + blank)
    assert str(caught.value).startswith("line 7: ")


def test_a_fence_is_proved() -> None:
    with pytest.raises(LessonError, match="line 2: the fence is wrong: `params` is 18, not 19"):
        fill("\n" + FENCE.replace("reported year = 2026", "expect params = 19"))
