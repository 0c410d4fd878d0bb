"""Charts: their data are the specs' and what was published, and each is drawn in every format, the same twice."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

import netdsl
from netdsl.analysis.charts import Chart, accuracy, compare, cost, depth, operations, scale
from netdsl.analysis.charts.published import ILSVRC
from netdsl.tools.cli import main


def rows(chart: Chart) -> list[dict[str, object]]:
    return [dict(zip(chart.columns, row, strict=True)) for row in chart.rows]


def test_accuracy_is_computed_from_the_specs_beside_what_was_published() -> None:
    found = {row["network"]: row for row in rows(accuracy.chart())}
    assert len(found) == 14
    vgg = netdsl.load("vgg:D")
    assert (found["VGG-16"]["gops"], found["VGG-16"]["params_m"]) == (2 * vgg.macs / 1e9, vgg.params / 1e6)
    for name, row in found.items():
        if not row["remark"]:  # where no erratum is told, the specs' figures are the published ones
            assert row["gops"] == pytest.approx(row["published_gops"], rel=0.01), name
            assert row["params_m"] == pytest.approx(row["published_params_m"], rel=0.005), name
    notes = accuracy.chart().notes
    assert any("almost certainly Inception-ResNet-v2" in note for note in notes)
    assert found["Inception-v4"]["params_m"] == pytest.approx(31.57, rel=0.001), "it is Inception-ResNet-v2's circle"


def test_depth_is_the_specs_and_the_errors_are_the_lectures() -> None:
    found = rows(depth.chart())
    assert [(row["year"], row["depth"]) for row in found] == [
        *((2010, None), (2011, None), (2012, 8), (2013, 8), (2014, 19), (2014, 22), (2015, 152)),
    ]
    assert [row["top5_error"] for row in found[:2]] == [28.2, 25.8]
    table = Path(__file__).parent / "tables" / "ilsvrc.txt"
    given = [line.split("\t") for line in table.read_text("utf-8").splitlines()[1:] if line.strip()]
    errors = [float(row[3].rstrip("%")) for row in given]
    assert errors[:-1] == [float(entry.printed) for entry in ILSVRC] and errors[-1] == 5.1
    assert [int(row[1]) for row in given[:-1]] == [entry.year for entry in ILSVRC]
    for entry in ILSVRC:
        assert "networks" in entry.remark, "every entry is an ensemble"
        assert entry.exact is None or abs(entry.exact - float(entry.printed)) < 0.05


@pytest.mark.parametrize("page", ["README.md", "docs/zoo.md"])
def test_the_pictures_of_a_page_are_there(page: str) -> None:
    path = Path(__file__).parent.parent / page
    text = path.read_text("utf-8")
    named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text) + re.findall(r'<img src="([^"]+)"[^>]*alt="[^"]+"', text)
    assert named
    for each in named:
        assert (path.parent / each).read_text("utf-8").startswith("<?xml"), each


@pytest.mark.parametrize(
    ("arguments", "before", "after"),
    [
        (["factorize", "--kernel", "7x7"], "seven", "threes"),
        (["factorize", "--into", "1xn", "--kernel", "7x7"], "square", "apart"),
        (["reduce", "--kernel", "5x5", "--to", "32"], "direct", "reduced"),
        (["reduce", "--bottleneck", "--kernel", "3x3"], "wide", "bottleneck"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_principles_are_the_rewrites_that_the_page_of_the_zoo_names(
    arguments: list[str], before: str, after: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parent.parent / "docs" / "zoo.md").read_text("utf-8")
    assert f"`netdsl rewrite {' '.join(arguments)}`" in page
    fences = {text.split()[1]: text for text in re.findall(r"(?ms)^```net\n(.*?)^```$", page)}
    (tmp_path / "a.net").write_text(re.sub("(?m)^expect.*$", "", fences[before]), "utf-8")
    assert main(["rewrite", *arguments, str(tmp_path / "a.net")]) == 0
    made, wanted = netdsl.loads(capsys.readouterr().out), netdsl.loads(fences[after])
    assert (made.params, made.macs) == (wanted.params, wanted.macs)


def test_operations_are_what_they_are_called() -> None:
    plane = [[0.0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]
    made = operations.convolved(plane, operations.KERNELS["vertical edges"])
    assert made == [[4, 4], [4, 4]]
    assert operations.convolved(plane, operations.KERNELS["horizontal edges"]) == [[0, 0], [0, 0]]
    assert operations.rectified([[-1.0, 2.0]]) == [[0.0, 2.0]] and operations.pooled(plane) == [[0, 1], [0, 1]]


@pytest.mark.parametrize("name", ["resnet:50-layer", "vit:B/16", "lenet5", "mlp"])
def test_the_parts_of_cost_are_the_whole(name: str) -> None:
    network = netdsl.load(name)
    found = rows(cost.chart(network))
    assert network.totals is not None
    assert sum(int(str(row["params"])) for row in found) == network.params
    assert sum(int(str(row["macs"])) for row in found) == network.macs
    assert sum(int(str(row["activation_bytes"])) for row in found) == 4 * network.totals.activations


def test_compare_has_a_row_for_each() -> None:
    networks = [netdsl.load(name) for name in ("vgg:D", "googlenet")]
    found = rows(compare.chart(networks))
    assert [(row["params"], row["macs"], row["depth"]) for row in found] == [
        (n.params, n.macs, n.depth) for n in networks
    ]


def test_a_bar_stands_for_each_layer_on_the_way_through() -> None:
    networks = [netdsl.load(name) for name in ("alexnet", "vgg19", "resnet152")]
    found = rows(scale.chart(networks))
    for network in networks:
        own = [row for row in found if row["network"] == network.name]
        assert len(own) == network.depth and own[-1]["width"] == 1000
    assert found[0] | {"path": ""} == {
        "network": "AlexNet", "layer": 1, "path": "", "operator": "conv", "width": 96, "output": "96x55x55",
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["accuracy"],
        ["depth"],
        ["operations"],
        ["cost", "lenet5"],
        ["compare", "lenet5", "mlp"],
        ["scale", "lenet5", "mlp"],
    ],
    ids=lambda each: each[0],
)
def test_a_chart_is_drawn_and_its_file_is_known(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    for ending in (".svg", ".png", ".pdf"):
        out = tmp_path / f"chart{ending}"
        assert main(["chart", *arguments, "-o", str(out)]) == 0
        first = out.read_bytes()
        assert main(["chart", *arguments, "-o", str(out)]) == 0, "its own file is replaced"
        assert out.read_bytes() == first, "it is the same twice"
        out.write_bytes(b"mine")
        assert main(["chart", *arguments, "-o", str(out)]) == 2 and out.read_bytes() == b"mine"
    capsys.readouterr()


def test_data_go_through_a_pipe_without_matplotlib(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    assert main(["chart", "depth"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0].split() == ["entry", "year", "top5_error", "depth", "spec"]
    assert "every entry from 2012 on is an ensemble" in told.err and "note" not in told.out
    out = tmp_path / "a.csv"
    assert main(["chart", "accuracy", "-o", str(out)]) == 0
    assert len(list(csv.DictReader(out.open(encoding="utf-8")))) == 14
    assert main(["chart", "accuracy", "-o", str(out)]) == 2, "a CSV carries no mark"
    assert "carries no mark" in capsys.readouterr().err
    assert main(["chart", "depth", "-o", str(tmp_path / "a.svg")]) == 2
    assert "pip install 'netdsl[charts]'" in capsys.readouterr().err
    assert main(["chart", "depth", "-o", str(tmp_path / "a.gif")]) == 2


def test_bars_stay_below_the_top_and_networks_apart(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    figure = Figure()
    cost.chart(netdsl.load("resnet50")).draw(figure)
    for axes in figure.axes[:3]:
        assert axes.get_ylim()[1] > max(bar.get_y() + bar.get_height() for bar in axes.patches)
    assert figure.get_suptitle() == "Cost of ResNet-50"
    figure = Figure()
    plain = netdsl.loads("net plain\ninput 3x8x8\nrelu\n")
    scale.chart([plain, netdsl.load("lenet5"), netdsl.load("lenet5")]).draw(figure)
    (axes,) = figure.axes
    assert sorted(round(bar.get_x() + bar.get_width() / 2) for bar in axes.patches) == [1, 1, 1, 1, 2, 2, 2, 2]


def test_the_layers_of_tokens_are_fully_connected() -> None:
    kinds = {row["kind"]: row["params"] for row in rows(cost.chart(netdsl.load("vit:B/16"))) if row["stage"] == "197"}
    assert kinds["fully connected"] == 12 * (2 * 768 * 3072 + 768 + 3072) and "convolution" not in kinds


def test_the_way_out_names_the_whole_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chart", "cost", "resnet"]) == 2
    assert "as in `netdsl chart cost resnet:18-layer`" in capsys.readouterr().err


def test_names_in_a_picture_are_text_and_escaped() -> None:
    pytest.importorskip("matplotlib")
    network = netdsl.load("lenet5").model_copy(update={"name": "<script>$x^2$</script>&"})
    text = compare.chart([network]).picture("svg").decode()
    assert "<script" not in text and re.search(r">&lt;script&gt;\$x\^2\$&lt;/script&gt;&amp;<", text)
