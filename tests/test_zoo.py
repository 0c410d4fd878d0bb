"""The zoo: its index is that of its specs, and every name in it is one that all doors take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import netdsl
from netdsl import zoo
from netdsl.tools import catalogue, sources
from netdsl.tools.cli._group import program


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(program, arguments)


def listed(result: Result) -> list[str]:
    return [line.split()[0] for line in result.output.splitlines()[1:]]


def test_the_index_is_that_of_the_specs() -> None:
    assert zoo.index().read_text("utf-8") == catalogue.document(), "run python -m netdsl.tools.catalogue"


def test_the_page_of_sources_is_up_to_date() -> None:
    assert sources.PAGE.read_text("utf-8") == sources.page(), "run python -m netdsl.tools.sources"


def test_the_sizes_of_torchvision_are_counted() -> None:
    if version("torchvision").partition("+")[0] != sources.VERSION:
        pytest.skip("the page is about another torchvision")
    assert sources.counts() == sources.THEIRS


def test_what_is_counted() -> None:
    text = '''"""A module."""
import torch  # not counted


@torch.jit.script
def double(x):
    """Twice."""
    return (
        x  # a comment

        * 2
    )


class Net(torch.nn.Module):
    # a comment
    text = """of
    two lines"""

    def __init__(self):
        """Make
        it."""
        super().__init__()
        _log_api_usage_once(self)
'''
    assert sources.size(text) == (1, 11)
    assert sources.size(text, ["double"]) == (0, 6)
    with pytest.raises(KeyError):
        sources.size(text, ["triple"])


def test_an_index_of_other_specs_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny.net").write_text("net Tiny\ninput 3x8x8\nfc-10\nreported year = 2026\n")
    stale = {"format_version": 1, "digest": "0", "networks": []}
    (tmp_path / "index.json").write_text(json.dumps(stale))
    monkeypatch.setattr(zoo, "directory", lambda: tmp_path)
    (tiny,) = catalogue.entries()
    assert (tiny.name, tiny.params, tiny.macs, tiny.year) == ("tiny", 1930, 1920, 2026)


def test_every_name_loads_as_the_network_it_stands_for() -> None:
    entries = zoo.entries()
    assert len({entry.name.lower() for entry in entries}) == len(entries)
    for entry in entries:
        network = netdsl.load(entry.name)
        assert (network.params, network.macs) == (entry.params, entry.macs), entry.name
        assert zoo.spec_of(entry.name) is not None, entry.name


@pytest.mark.parametrize(
    ("name", "spec", "variant"),
    [
        ("vgg16_bn", "vgg_bn", "16"),
        ("VGG16_BN", "vgg_bn", "16"),
        ("vgg:A-LRN", "vgg", "A-LRN"),
        ("resnet50", "resnet50", None),
        ("densenet121", "densenet", "121"),
        ("vgg19", "vgg19", None),
    ],
)
def test_names(name: str, spec: str, variant: str | None) -> None:
    assert zoo.locate(name) == (str(zoo.directory() / f"{spec}.net"), variant)


def test_a_file_comes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("vgg16_bn").write_text("net Mine\ninput 3x8x8\nfc-10\n")
    assert netdsl.load("vgg16_bn").name == "Mine"


def test_two_variants_cannot_be_asked_for(run: Callable[..., Result]) -> None:
    result = run("check", "vgg16_bn", "--variant", "11")
    assert result.exit_code == 2 and "different variants" in result.output


def test_the_list_for_programs(run: Callable[..., Result]) -> None:
    found: list[dict[str, Any]] = json.loads(run("zoo", "--json").output)
    assert all(
        set(each) == {"name", "family", "variant", "params", "macs", "year", "task", "reference"} for each in found
    )
    by_name = {each["name"]: each for each in found}
    assert by_name["vgg16_bn"] == {
        "name": "vgg16_bn",
        "family": "vgg_bn",
        "variant": "16",
        "params": 138_365_992,
        "macs": 15_470_264_320,
        "year": by_name["vgg16_bn"]["year"],
        "task": "classification",
        "reference": "torchvision:vgg16_bn",
    }
    assert {"resnet50", "vgg:A-LRN", "lenet5"} <= set(by_name)


def test_the_table_filters(run: Callable[..., Result]) -> None:
    assert set(listed(run("zoo", "vgg:?"))) == {f"vgg:{letter}" for letter in "ABCDE"}
    assert {"vgg19", "vgg16_bn", "vgg:A-LRN"} <= set(listed(run("zoo", "VGG")))
    small = json.loads(run("zoo", "--where", "params < 1M", "--where", "year>=1998", "--json").output)
    assert small and all(each["params"] < 1_000_000 and each["year"] >= 1998 for each in small)
    assert "alexnet" in listed(run("zoo", "--where", "top5=18.2%"))
    segmenting = listed(run("zoo", "--where", "task=segmentation", "--where", "year<2016"))
    assert {"unet", "fcn8s"} <= set(segmenting) and "enet" not in segmenting
    assert all(name.startswith("vgg:") or name == "vgg19" for name in listed(run("zoo", "--where", "family=VGG")))
    assert "vgg:A" not in listed(run("zoo", "--where", "family!=vgg"))


def test_every_network_has_a_task() -> None:
    assert [entry.name for entry in zoo.entries() if not entry.task] == []


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_says_where_it_is_from_what_it_claims_and_how_it_is_trained(name: str) -> None:
    """A source, a year, a count of weights, and the paper's recipe; or that there is none, and why."""
    path = zoo.find(name)
    assert path is not None
    networks = [netdsl.load(name, variant=variant) for variant in netdsl.compile(path).variants or (None,)]
    for network in networks:
        assert network.source and "params" in {each.quantity for each in network.expected}
        assert {"task", "year"} <= {each.quantity for each in network.reported}
    trained = [network for network in networks if network.train is not None and "optimizer" in network.train.kwargs]
    assert trained or re.search(r"^# There is no (recipe|optimizer): \w", path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("order", ["params", "macs", "year", "top5", "name"])
@pytest.mark.parametrize("reverse", [False, True])
def test_the_table_sorts(run: Callable[..., Result], order: str, reverse: bool) -> None:
    names = listed(run("zoo", "--sort", order, *["--reverse"] * reverse))
    by_name = {entry.name: getattr(entry, order) for entry in zoo.entries()}
    values = [by_name[name] for name in names]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=reverse)
    assert values[: len(known)] == known, "what is not known comes last"
    assert len(names) == len(by_name)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("params", "no condition such as"),
        ("weights<3", "nothing is known as 'weights'"),
        ("parms<3", "did you mean `params`"),
        ("params<big", "no number such as"),
        ("task<segmentation", "compared by = or !="),
        ("params<", "no condition such as"),
        ('params<"3"', "no number such as"),
    ],
)
def test_wrong_conditions(run: Callable[..., Result], condition: str, words: str) -> None:
    result = run("zoo", "--where", condition)
    assert result.exit_code == 2 and words in result.output


def test_nothing_fits(run: Callable[..., Result]) -> None:
    result = run("zoo", "transformer")
    assert result.exit_code == 0 and "no network of the zoo fits" in result.output
    assert json.loads(run("zoo", "transformer", "--json").output) == []


def test_a_variant_may_have_a_slash() -> None:
    assert zoo.locate("vit:B/16") == (str(zoo.find("vit")), "B/16")
    assert zoo.locate("nets/vit:B/16") == ("nets/vit:B/16", None)
