"""Tables as papers print them, and back: the law that holds both directions, the papers' cells, and the tables of a
lecture as a text extractor gives them (`tables/*.txt`)."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

import netdsl
from netdsl import zoo
from netdsl.analysis import tables
from netdsl.analysis.tables.model import placed
from netdsl.analysis.tables.spelling import alike, layers, stack
from netdsl.backends import table
from netdsl.ir import Network
from netdsl.passes.hash import digest
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source
from netdsl.tools.cli import main

GIVEN = Path(__file__).parent / "tables"
BOTH_WAYS = ("markdown", "html", "latex")  # CSV is for spreadsheets, and has no notes


@cache
def variants(name: str) -> list[Network]:
    """All variants of a spec of the zoo, or the one that is named."""
    spec, _, one = name.partition(":")
    return [
        netdsl.load(each.spec, variant=each.variant)
        for each in zoo.entries()
        if each.spec == spec and (not one or each.variant == one)
    ]


def read(text: str, name: str = "table.md") -> tuple[tables.Spec | None, Report]:
    report = Report()
    return tables.read(Source(name, text), report), report


def comes_back(networks: list[Network], printed: tables.Printed, format_: str) -> None:
    spec, report = read(tables.formats.find(format_).write(printed.tables))
    assert not list(report) and spec is not None
    assert not any(each.startswith("input") for each in spec.assumed)
    text = spec.text()
    for number, (network, hidden) in enumerate(zip(networks, printed.hidden, strict=True)):
        back = netdsl.loads(text, variant=spec.columns[number] if len(spec.columns) > 1 else None)
        assert digest(back) == digest(tables.less(network, hidden)), f"{network.name} {network.variant} as {format_}"


# The law -------------------------------------------------------------------------------------------------------------

PRINTED = [
    *(
        ("vgg", name)
        for name in ("vgg", "alexnet", "lenet5", "nin", "c3d", "vgg_bn:16", "dcgan", "perceptron", "nin_bn")
    ),
    *(
        ("resnet", name)
        for name in ("resnet", "resnet_abc:34-A", "resnet_abc:18-C", "resnet_cifar:56", "resnext:50-32x4d")
    ),
    *(
        ("googlenet", "googlenet"),
        ("mobilenet", "mobilenet_v2:1.0"),
        ("mobilenet", "mobilenet_v2:1.4"),
        ("vit", "vit"),
        ("vit", "deit"),
    ),
]


@pytest.mark.parametrize(("style", "name"), PRINTED, ids=lambda each: each)
def test_what_is_read_from_a_table_is_the_network_less_what_the_table_leaves_out(style: str, name: str) -> None:
    networks = variants(name)
    printed = tables.write(networks, style)
    for format_ in BOTH_WAYS:
        comes_back(networks, printed, format_)


@pytest.mark.slow
@pytest.mark.parametrize("style", tables.styles.names())
def test_the_law_holds_for_every_network_that_a_style_prints(style: str) -> None:
    found = 0
    for spec in dict.fromkeys(entry.spec for entry in zoo.entries()):
        family = variants(spec)
        for networks in [family, *([each] for each in family)]:
            try:
                printed = tables.write(networks, style)
            except tables.NotPrintable:
                continue
            found += 1
            for format_ in BOTH_WAYS:
                comes_back(networks, printed, format_)
            if len(networks) > 1:
                break
    assert found


def test_what_a_style_leaves_out_is_said() -> None:
    (table, _) = tables.write(variants("vgg"), "vgg").tables
    assert "Left out: dropout (2 times)." in table.notes
    (table,) = tables.write(variants("googlenet"), "googlenet").tables
    assert "Left out: lrn(k=1) (2 times), the aux head aux1, the aux head aux2." in table.notes


@pytest.mark.parametrize(
    ("style", "name", "words"),
    [
        ("vgg", "googlenet", "branches"),
        ("googlenet", "googlenet_bn", "`conv3-32.*would be read as `conv5-32"),
        ("googlenet", "vgg:D", "no Inception modules"),
        ("resnet", "vgg:D", "residual blocks"),
        ("resnet", "resnet_v2:50", "residual blocks"),
        ("mobilenet", "mnasnet", "in line 31, which would be read as"),
        ("vit", "mixer", "attention"),
    ],
)
def test_a_style_says_what_it_has_no_place_for(style: str, name: str, words: str) -> None:
    with pytest.raises(tables.NotPrintable, match=words):
        tables.write(variants(name)[:1], style)


# The papers' cells ---------------------------------------------------------------------------------------------------


def cells(table: object) -> list[list[str]]:
    """The texts of the body, merged cells once."""
    return [[place.cell.text for place in row if not place.below] for row in placed(table)[len(table.head) :]]  # type: ignore[arg-type, attr-defined]


def test_tables_1_and_2_of_vgg() -> None:
    first, second = tables.write(variants("vgg"), "vgg").tables
    assert [each.text for each in first.head[1]] == ["A", "A-LRN", "B", "C", "D", "E"]
    assert [each.text for each in first.head[2]] == [f"{depth} weight layers" for depth in (11, 11, 13, 16, 16, 19)]
    rows = cells(first)
    assert rows[0] == ["input (224 × 224 RGB image)"]
    stages, wide = [], []
    for row in rows[1:]:
        if len(row) == 1:
            stages.append(wide)
            wide = []
        else:
            wide.append(row)
    assert [row[0] for row in rows if len(row) == 1][1:] == ["maxpool"] * 5 + [
        "FC-4096",
        "FC-4096",
        "FC-1000",
        "soft-max",
    ]
    # Table 1 by its stages: how many 3x3, and the 1x1 of C
    for width, counts, stage in zip(
        (64, 128, 256, 512, 512), ("111222", "111222", "222234", "222234", "222234"), stages, strict=False
    ):
        counts = "112222" if width < 256 else "222234"
        for column, count in enumerate(counts):
            filled = [row[column] for row in stage if row[column] and "LRN" not in row[column]]
            ones = [f"conv1-{width}"] if column == 3 and width >= 256 else []
            assert filled == [f"conv3-{width}"] * int(count) + ones, f"stage {width}, column {column}"
    assert [row[1] for row in stages[0]] == ["conv3-64", "LRN"]
    assert [each.text for each in second.head[0]] == ["Network", "A,A-LRN", "B", "C", "D", "E"]
    assert cells(second) == [["Number of parameters", "133", "133", "134", "138", "144"]]


GOOGLENET = """
convolution | 7×7/2 | 112×112×64 | 1 | | | | | | | 2.7K | 34M
max pool | 3×3/2 | 56×56×64 | 0 | | | | | | | |
convolution | 3×3/1 | 56×56×192 | 2 | | 64 | 192 | | | | 112K | 360M
max pool | 3×3/2 | 28×28×192 | 0 | | | | | | | |
inception (3a) | | 28×28×256 | 2 | 64 | 96 | 128 | 16 | 32 | 32 | 159K | 128M
inception (3b) | | 28×28×480 | 2 | 128 | 128 | 192 | 32 | 96 | 64 | 380K | 304M
max pool | 3×3/2 | 14×14×480 | 0 | | | | | | | |
inception (4a) | | 14×14×512 | 2 | 192 | 96 | 208 | 16 | 48 | 64 | 364K | 73M
inception (4b) | | 14×14×512 | 2 | 160 | 112 | 224 | 24 | 64 | 64 | 437K | 88M
inception (4c) | | 14×14×512 | 2 | 128 | 128 | 256 | 24 | 64 | 64 | 463K | 100M
inception (4d) | | 14×14×528 | 2 | 112 | 144 | 288 | 32 | 64 | 64 | 580K | 119M
inception (4e) | | 14×14×832 | 2 | 256 | 160 | 320 | 32 | 128 | 128 | 840K | 170M
max pool | 3×3/2 | 7×7×832 | 0 | | | | | | | |
inception (5a) | | 7×7×832 | 2 | 256 | 160 | 320 | 32 | 128 | 128 | 1072K | 54M
inception (5b) | | 7×7×1024 | 2 | 384 | 192 | 384 | 48 | 128 | 128 | 1388K | 71M
avg pool | 7×7/1 | 1×1×1024 | 0 | | | | | | | |
dropout (40%) | | 1×1×1024 | 0 | | | | | | | |
linear | | 1×1×1000 | 1 | | | | | | | 1000K | 1M
softmax | | 1×1×1000 | 0 | | | | | | | |
"""
APART = {
    ("convolution", 10): "9.2K",  # the paper's fit a separable first layer; this one is dense
    ("convolution", 11): "118M",
    ("inception (3a)", 10): "160K",  # truncated: 159.5
    ("inception (3b)", 10): "379K",  # fits only with biases
    ("inception (4a)", 10): "367K",  # from here the printed parameters do not follow from the printed filters
    ("inception (4a)", 11): "74M",  # truncated: 73.6
    ("inception (4b)", 10): "438K",
    ("inception (4c)", 10): "498K",
    ("inception (4d)", 10): "590K",
    ("inception (4e)", 10): "847K",
    ("inception (5a)", 10): "1018K",
    ("inception (5a)", 11): "51M",
    ("inception (5b)", 10): "1409K",
}
"""The cells in which the paper errs, or is another network: what is computed. All others are the paper's."""


def test_table_1_of_googlenet() -> None:
    (table,) = tables.write(variants("googlenet"), "googlenet").tables
    found = cells(table)
    paper = [[cell.strip() for cell in line.split("|")] for line in GOOGLENET.strip().splitlines()]
    assert len(found) == len(paper)
    differ = {
        (row[0], column): found[number][column]
        for number, row in enumerate(paper)
        for column, text in enumerate(row)
        if found[number][column] != text
    }
    assert differ == APART
    assert [row for row in paper if row[0] == "convolution"][1] == found[2], "only the first convolution differs"


def test_table_1_of_resnet() -> None:
    (table,) = tables.write(variants("resnet"), "resnet").tables
    basic, deep = (2, 2, 2, 2), (3, 4, 6, 3)
    blocks = {"18": basic, "34": deep, "50": deep, "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
    rows = cells(table)
    assert rows[0] == ["conv1", "112×112", "7×7, 64, stride 2"]
    assert rows[1] == ["conv2_x", "56×56", "3×3 max pool, stride 2"]
    for stage, width in enumerate((64, 128, 256, 512)):
        for column, (depth, counts) in enumerate(blocks.items()):
            rows_of_block = f"3×3, {width}; 3×3, {width}"
            if int(depth) >= 50:
                rows_of_block = f"1×1, {width}; 3×3, {width}; 1×1, {4 * width}"
            assert rows[stage + 2][(0 if stage == 0 else 2) + column] == f"[{rows_of_block}]×{counts[stage]}"
    assert [row[1] for row in rows[3:6]] == ["28×28", "14×14", "7×7"]
    assert rows[6] == ["", "1×1", "average pool, 1000-d fc, softmax"]
    # The paper prints 3.6 for option A at 34 layers (these have B), and truncates 3.858 to 3.8 at 50.
    assert rows[7] == ["FLOPs", *(f"{each}×10⁹" for each in ("1.8", "3.7", "3.9", "7.6", "11.3"))]
    shallow = [tables.write(variants(f"resnet_abc:{depth}-A"), "resnet").tables[0] for depth in (18, 34)]
    assert [cells(each)[-1][1] for each in shallow] == ["1.8×10⁹", "3.6×10⁹"], "option A's are the paper's"


def test_table_2_of_mobilenet_v2() -> None:
    (table,) = tables.write(variants("mobilenet_v2:1.0"), "mobilenet").tables
    rows = cells(table)
    tcns = [tuple(map(int, row[2:])) for row in rows if row[1] == "bottleneck"]
    assert tcns == [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    assert rows[0] == ["224²×3", "conv2d", "-", "32", "1", "2"]
    assert ["7²×320", "conv2d 1×1", "-", "1280", "1", "1"] in rows and rows[-3][1] == "avgpool 7×7"


def test_table_1_of_vit() -> None:
    (table,) = tables.write(variants("vit"), "vit").tables
    assert cells(table) == [
        ["ViT-B/16", "12", "768", "3072", "12", "86M"],
        ["ViT-B/32", "12", "768", "3072", "12", "87M"],
        ["ViT-L/16", "24", "1024", "4096", "16", "303M"],  # the paper prints 307M, which no reading gives
    ]


# The tables of the lecture -------------------------------------------------------------------------------------------


def lecture(name: str, prelude: str = "") -> tuple[str, Report]:
    spec, report = read((GIVEN / f"{name}.txt").read_text("utf-8"), f"{name}.txt")
    assert spec is not None
    return spec.text(prelude), report


def test_the_lectures_vgg_is_the_zoos_without_dropout() -> None:
    prelude = "input 3x224x224\ndefault conv(act=relu)\ndefault fc(act=relu)\ndefault lrn(alpha=5e-4)\n"
    text, report = lecture("vgg", prelude)
    (mended,) = report
    assert (mended.severity, mended.code) == ("warning", "E0801") and "`con`" in mended.message
    for network in variants("vgg"):
        hidden = {node.id for node in network.nodes if node.op.name == "dropout"}
        assert digest(netdsl.loads(text, variant=network.variant)) == digest(tables.less(network, hidden)), (
            network.variant
        )
    assert "expect params = 144M" in text and "expect depth = 19" in text


def test_the_lectures_googlenet_is_the_zoos_without_norms_and_heads() -> None:
    text, report = lecture("googlenet")
    assert not list(report)
    (network,) = variants("googlenet")
    hidden = {node.id for node in network.nodes if node.op.name == "lrn"}
    assert digest(netdsl.loads(text)) == digest(tables.less(network, hidden))


def test_the_lectures_resnet_is_the_zoos() -> None:
    text, report = lecture("resnet")
    assert not list(report)
    for network in variants("resnet"):
        assert digest(netdsl.loads(text, variant=network.variant)) == digest(network), network.variant


def test_the_lectures_results_are_no_layers() -> None:
    spec, report = read((GIVEN / "ilsvrc.txt").read_text("utf-8"))
    assert spec is None
    (message,) = report
    assert message.code == "E0802" and "results" in str(message.help)


# Spellings, and what cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "statements"),
    [
        ("3×3, 64", "conv3-64"),
        ("7 x 7, 64, stride 2", "conv7-64/2"),
        (r"$7 \times 7$, 64, /2", "conv7-64/2"),
        ("3×3 conv, 256", "conv3-256"),
        ("1x7, 192", "conv1x7-192"),
        ("3×3 max pool, stride 2", "maxpool3/2"),
        ("max pool", "maxpool"),
        ("max-pooling 2x2", "maxpool2"),
        ("global average pool", "gap"),
        ("average pool, 1000-d fc, softmax", "gap; fc-1000; softmax"),
        ("FC\u20114096†", "fc-4096"),
        ("\uff26\uff23-4096", "fc-4096"),
        ("fully connected (10)", "fc-10"),
        ("soft-max", "softmax"),
        ("dropout (40%)", "dropout(40%)"),
        ("LRN", "lrn"),
        ("conv3-64", "conv3-64"),
        ("\u0441onv3-64", "conv3-64"),  # a Cyrillic letter
        ("conv3-64/2(pad=1)", "conv3-64/2(pad=1)"),
        ("3×3, 128, C=32", "conv3-128(groups=32)"),
    ],
)
def test_papers_spellings(cell: str, statements: str) -> None:
    found = layers(alike(cell))
    assert found is not None and "; ".join(found) == statements


@pytest.mark.parametrize(
    "cell",
    [
        "[3×3, 64; 3×3, 64]×2",
        r"$\left[\begin{array}{c} 3\times3, 64\\ 3\times3, 64 \end{array}\right]\times2$",
        r"$\begin{bmatrix} 3 \times 3, 64 \\ 3 \times 3, 64 \end{bmatrix} \times 2$",
    ],
)
def test_stacks_in_brackets(cell: str) -> None:
    assert stack(alike(cell)) == (["3x3, 64", "3x3, 64"], 2)


def test_every_cell_that_cannot_be_read_is_told_with_its_place() -> None:
    text = "| A | B |\n|---|---|\n| conv3-64 | convv3~64 |\n| ??? | conv3-64 |\n| FC-10 ||\n"
    spec, report = read(text)
    assert [each.message for each in report] == [
        "row 2, column 2: `convv3~64` is no layer",
        "row 3, column 1: `???` is no layer",
    ]
    assert [report.sources["table.md"].slice(each.span).strip() for each in report] == ["convv3~64", "???"]
    assert spec is not None and "conv3-64" in spec.text(), "the others are read all the same"


def test_the_cells_of_other_styles_are_told_too() -> None:
    given = (GIVEN / "googlenet.txt").read_text("utf-8").replace("\t208\t", "\t2O8\t").replace("7×7/2", "7by7")
    _, report = read(given)
    assert [each.message for each in report] == [
        "row 3, column 2 (patch size/stride): `7by7` is not a patch size and stride such as 7×7/2",
        "row 10, column 7 (#3×3): `2O8` is not the number of filters of #3×3",
    ]
    given = (GIVEN / "resnet.txt").read_text("utf-8").replace("3×3 max pool", "3×3 mux pool")
    (message,) = read(given)[1]
    assert message.message.startswith("row 3, column 3: `3×3 mux pool, stride 2` is no layer")


def test_latex_and_html_from_elsewhere() -> None:
    latex = r"""
    \begin{tabular}{c|cc} % a comment with & and \\
    \hline
    \multicolumn{2}{c}{\textbf{A}} & B \\ \cline{1-2}
    \multicolumn{3}{c}{input ($224\times224$ RGB image)} \\ \hline
    \multicolumn{2}{c}{conv3-64} & \makecell{conv3-\\128} \\
    \multicolumn{3}{c}{FC-1000\footnotemark[1]} \\
    \end{tabular}"""
    spec, report = read(latex)
    assert not list(report) and spec is not None and "conv3-128" in spec.text()
    html = (
        "<table><tr><th>A<th>B<tr><td>conv3-64<sup>a</sup><td>conv3-<br>128"
        "<tr><td colspan=2>max pool<tr><td colspan='2'>FC&#8209;10</table>"
    )
    spec, report = read(html)
    assert not list(report) and spec is not None
    assert [netdsl.loads(spec.text(), variant=each).params > 0 for each in ("A", "B")] == [True, True]


@pytest.mark.parametrize("name", ["vgg", "nin", "cnn_fms", "mobilenet_v1", "googlenet", "mobilenet_v2:1.0", "vit"])
def test_a_table_on_a_terminal_is_read_back(name: str) -> None:
    networks = variants(name)
    comes_back(networks, tables.write(networks), "text")


LAYOUT = """\
                              Table 1: Nets
                 A             A-LRN         B          C
                 11 weight     11 weight     13 weight 16 weight
                 layers        layers        layers     layers
                           input (224 × 224 RGB image)
                 conv3-64      conv3-64       conv3-64      conv3-64
                               LRN            conv3-64      conv3-64
                                    maxpool
                 conv3-128     conv3-128      conv3-128     conv3-128
                                              conv3-128     conv3-128
                                                            conv1-128
                                    maxpool
                 conv3-256     conv3-256      conv3-256     conv3-256
                 conv3-256     conv3-256      conv3-256     conv3-256
                                    maxpool
                 conv3-512     conv3-512      conv3-512     conv3-512
                 conv3-512     conv3-512      conv3-512     conv3-512
                                    maxpool
                 conv3-512     conv3-512      conv3-512     conv3-512
                 conv3-512     conv3-512      conv3-512     conv3-512
                                    FC-10
"""
"""As `pdftotext -layout` gives it: heads stand apart from their columns, cells over all of them in the middle."""


def test_the_columns_of_a_pdf_are_where_no_line_has_a_character() -> None:
    spec, report = read(LAYOUT)
    assert not list(report) and spec is not None and spec.columns == ("A", "A-LRN", "B", "C")
    names = [[n.op.name for n in netdsl.loads(re.sub(".*expect.*", "", spec.text()), variant=v).nodes] for v in "AC"]
    assert [each.count("conv") for each in names] == [8, 11] and names[0].count("maxpool") == 4


def test_latex_rows_end_at_a_rule() -> None:
    """Writers give `\\multirow` as many rows as make it look centred, which may be more than there are."""
    latex = r"""
    \begin{tabular}{c|c|c}
    stage & output & \textbf{Net ($\bullet$)} \\ \hline
    conv1 & 112$\times$112 & 7$\times$7, 64, stride 2 \\ \hline
    \multirow{4}{*}{conv2} & \multirow{4}{*}{56$\times$56} & 3$\times$3 max pool, stride 2 \\ \cline{3-3}
    & & \(\left[\begin{array}{l} \text{3$\times$3, 64} \\ \text{3$\times$3, 64}\end{array}\right]\)$\times$2 \\ \hline
    \multirow{3}{*}{conv3} & \multirow{3}{*}{28$\times$28} & [3$\times$3, 128; 3$\times$3, 128]$\times$2 \\
    & & \\
    \hline
    & 1$\times$1 & \makecell{global average pool\\1000-d fc, softmax} \\ \hline
    \multicolumn{2}{c|}{FLOPs} & 1.0$\times$$10^9$ \\ \multicolumn{2}{c|}{\# params.} & 0.7M
    \end{tabular}"""
    spec, report = read(latex)
    assert not list(report) and spec is not None
    assert [row[0] for row in spec.rows] == [
        "conv7-64/2",
        "maxpool3/2",
        "[3x3, 64; 3x3, 64] x2",
        "[3x3, 128; 3x3, 128] x2 /2",
        "gap; fc-1000; softmax",
        "reported macs = 1.0G",
        "reported params = 0.7M",
    ]


def test_columns_that_tell_what_a_row_is_are_no_networks() -> None:
    spec, report = read(
        "| Stage | Output Stride | *Net A* | _Net B_ |\n|---|---|---|---|\n"
        "| Stem | 2 | 3×3 conv, 64, stride=2 | conv, 7×7, 64, stride 2 |\n| Head | | FC-10 | 10-d fc |\n"
    )
    assert not list(report) and spec is not None and spec.columns == ("Net-A", "Net-B")
    assert spec.rows == (("conv3-64/2", "conv7-64/2"), ("fc-10(act=none)",))


@pytest.mark.parametrize(
    "cell", ["[d7×7, 96; 1×1, 384; 1×1, 96]×3", "[3×3, 16×k; 3×3, 16×k]×N", "[1×1 conv; 3×3 conv]×6", "output size"]
)
def test_what_only_looks_like_a_layer_is_told(cell: str) -> None:
    _, report = read(
        "| stage | size | Net |\n|---|---|---|\n" + "| a | 8×8 | conv3-64 |\n" * 9 + f"| b | 4×4 | {cell} |\n"
    )
    assert [each.message for each in report] == [f"row 11, column 3: `{cell}` is no layer"]


@pytest.mark.parametrize("style", tables.styles.names())
def test_a_style_that_is_not_the_tables_tells_what_it_misses(style: str) -> None:
    for text in ("| Model | c |\n|---|---|\n| A | 1 |\n| B | 2 |\n", (GIVEN / "ilsvrc.txt").read_text("utf-8")):
        report = Report()
        tables.read(Source("t.md", text), report, style)
        assert report.errors and all(each.code in ("E0801", "E0802") for each in report.errors)


def test_a_table_of_an_unknown_kind_is_told_with_its_head() -> None:
    _, (message,) = read(
        "| Input | Operator | exp size | #out | SE | NL | s |\n|---|---|---|---|---|---|---|\n|1|2|3|4|5|6|7|"
    )
    assert "first row is `Input`, `Operator`, `exp size`" in str(message.help)
    assert "mobilenet (columns Operator, t, c, n, s)" in str(message.help)


def test_a_text_that_is_no_papers_table_is_refused_soon() -> None:
    for text in (
        "| A | B |\n|---|---|\n" + "| conv3-64 | ? |\n" * 20_000,
        r"\begin{tabular}{c}" + r"\multicolumn{2}{c}{" * 3_000,
    ):
        spec, report = read(text)
        assert spec is None and [each.code for each in report] == ["E0802"]


# Formats ---------------------------------------------------------------------------------------------------------------

HOSTILE = 'net {}\nsource "x"\ninput 3x8x8\nconv3-4\nfc-2\n'


@pytest.mark.parametrize("format_", tables.formats.names())
def test_titles_and_cells_are_escaped(format_: str) -> None:
    bad = r"<script>alert(1)</script> | & % $x_1$ \end{tabular} #~^{}" + "\x1b[31m 中"
    network = netdsl.loads("input 3x8x8\nconv3-4\nfc-2\n").model_copy(update={"name": bad})
    text = tables.formats.find(format_).write(tables.write([network], "vgg").tables)
    assert "\x1b" not in text
    if format_ in ("html", "markdown"):
        assert "<script>" not in text
    if format_ == "latex":
        assert text.count(r"\end{tabular}") == text.count(r"\begin{tabular}"), "none of them is the name's"
    if format_ in BOTH_WAYS:
        comes_back([network], tables.write([network], "vgg"), format_)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_the_latex_compiles(tmp_path: Path) -> None:
    bad = r"% $x_1$ \end{tabular} #~^{} é 中 «"
    hostile = netdsl.loads("input 3x8x8\nconv3-4\nfc-2\n").model_copy(update={"name": bad})
    each = [
        (style, variants(name))
        for style, name in (
            ("vgg", "vgg"),
            ("resnet", "resnet"),
            ("googlenet", "googlenet"),
            ("mobilenet", "mobilenet_v2:1.0"),
            ("vit", "vit"),
        )
    ]
    body = "".join(
        tables.formats.find("latex").write(tables.write(networks, style).tables)
        for style, networks in [*each, ("vgg", [hostile])]
    )
    document = f"\\documentclass{{article}}\\usepackage[T1]{{fontenc}}\\usepackage{{textcomp,booktabs,graphicx}}\\begin{{document}}\n{body}\\end{{document}}\n"
    (tmp_path / "t.tex").write_text(document, "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-800:]
    assert "Overfull" not in said, "no table is wider than the text"


def test_csv_has_every_column_whole() -> None:
    lines = tables.formats.find("csv").write(tables.write(variants("vgg"), "vgg").tables).splitlines()
    assert "maxpool,maxpool,maxpool,maxpool,maxpool,maxpool" in lines


def text(name: str, room: int | None = None) -> str:
    return str(tables.formats.find("text").write(tables.write(variants(name)).tables, room))


@pytest.mark.parametrize("name", ["googlenet", "resnet", "vgg", "lenet5", "vit", "mobilenet_v2:1.0"])
def test_a_table_is_as_wide_as_the_terminal_at_most(name: str) -> None:
    assert max(map(len, text(name).splitlines())) <= 120
    narrow = text(name, 80).splitlines()
    assert max(map(len, narrow)) <= 80
    said = [word for line in text(name).splitlines() for word in line.split()]
    assert set(said) <= {word for line in narrow for word in line.split()} | {max(said, key=len)}, "but for the rule"
    if name == "resnet":
        assert [line.split()[2:] for line in narrow if line.startswith("layer name")] == [
            ["output", "size", "18-layer", "34-layer", "50-layer"],
            ["output", "size", "101-layer", "152-layer"],
        ]


def test_what_holds_throughout_is_what_nearly_all_layers_have() -> None:
    printed = text("alexnet")
    assert "conv5-256(groups=2)" in printed and "conv3-384\n" in printed and "groups=1" not in printed


def test_a_note_is_of_a_figure_that_differs() -> None:
    assert "The paper prints 50-layer.macs" in text("resnet")
    assert "The paper prints" not in text("resnext"), "4.2G is what 4,230,479,872 rounds to"


def test_variants_without_columns_have_a_table_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "mobilenet_v2"]) == 0
    assert re.findall("(?m)^MobileNetV2 .*$", capsys.readouterr().out) == ["MobileNetV2 1.0", "MobileNetV2 1.4"]


# The commands ----------------------------------------------------------------------------------------------------------


def test_the_commands_are_each_others_inverse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, back = tmp_path / "t.md", tmp_path / "back.net"
    assert main(["table", "googlenet", "-o", str(out)]) == 0
    assert main(["table", "googlenet", "-o", str(out)]) == 0, "its own file is replaced"
    assert main(["read-table", str(out), "-o", str(back)]) == 0
    assert main(["check", str(back)]) == 0
    assert main(["read-table", str(out), "-o", str(back)]) == 2, "a spec may be somebody's work"
    assert main(["read-table", str(out), "-o", str(back), "--force"]) == 0
    out.write_text("mine", "utf-8")
    assert main(["table", "googlenet", "-o", str(out)]) == 2 and out.read_text("utf-8") == "mine"
    capsys.readouterr()


def test_the_commands_say_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "densenet:121"]) == 2
    assert re.search(r"no style has a place for it.*\n  googlenet: .*\n", capsys.readouterr().err)
    bad = tmp_path / "bad.md"
    bad.write_text("| A | B |\n|---|---|\n| conv3-64 | ? |\n| FC-10 ||\n", "utf-8")
    assert main(["read-table", str(bad)]) == 1
    told = capsys.readouterr()
    assert "row 2, column 2: `?` is no layer" in told.err and "conv3-64" in told.out
    assert "assumed, since the table does not say it: input 3x224x224" in told.err
    bad.write_text("| A |\n|---|\n| 12 weight layers |\n| conv3-64 |\n| FC-10 |\n", "utf-8")
    assert main(["read-table", str(bad)]) == 1, "what the table counts must follow"
    assert "`depth` is 2, not 12" in capsys.readouterr().err
    assert main(["read-table", str(tmp_path / "none.md")]) == 2
    capsys.readouterr()


def test_a_prelude_says_what_the_table_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.net").write_text("input 1x28x28\ndefault conv(act=tanh)\n", "utf-8")
    (tmp_path / "t.tsv").write_text("A\tB\nconv3-8\tconv5-8\nmax\tpool\nFC-10\t\n", "utf-8")
    assert main(["read-table", str(tmp_path / "t.tsv"), "--with", str(tmp_path / "p.net")]) == 0
    told = capsys.readouterr()
    network = netdsl.loads(told.out, variant="B")
    assert network.input == (1, 28, 28) and [node.op.name for node in network.nodes] == [
        "conv",
        "tanh",
        "maxpool",
        "flatten",
        "fc",
    ]


@pytest.mark.parametrize(
    ("operator", "width", "shown"),
    [
        ("conv3-32/2(bias=false), bn, relu", 40, "conv3-32/2(bias=false), bn, relu"),
        ("conv3-32/2(bias=false), bn, relu", 24, "conv3-32/2(…), bn, relu"),
        ("conv3-512, relu  x4", 18, "conv3-512, …  x4"),
        ("dual_path(r=96, wide=3, inc=16)", 20, "dual_path(r=96, …)"),
        ("[1x1, 64; 3x3, 64; 1x1, 256]", 22, "[1x1, 64; 3x3, 64; …]"),
        ("conv5(connect=[[0], [0, 1]]), tanh", 30, "conv5(connect=[…]), tanh"),
        ("separable_convolution", 9, "separabl…"),
    ],
)
def test_operators_that_are_too_long(operator: str, width: int, shown: str) -> None:
    """On a narrow terminal no word is broken, and a stack keeps its count."""
    assert table.shortened(operator, width) == shown


def test_a_list_makes_no_table_wide() -> None:
    """LeNet-5's C3 lists the maps that each of its maps sees: in a file as on a terminal that is told in short."""
    text = table.to_text(table.summary(netdsl.load("lenet5")))
    assert "conv5-16(connect=[…]), scaled_tanh(slope=0.666667)" in text
    assert max(map(len, text.splitlines())) < 120


def test_only_what_a_paper_prints_is_told_as_its_own() -> None:
    notes = list(table.notes(table.summary(netdsl.load("vit:B/16"))))
    assert "reference: torchvision:vit_b_16" in notes
    assert [each.split()[1] for each in notes if each.startswith("paper:")] == ["params"]


def test_rows_that_say_nothing_are_left_out() -> None:
    """A group that stands alone in its group, with its parts below the shown levels, repeats the row above it."""
    text = "input 3x8x8\nblock b(n) { inner: { conv3-n; relu; conv3-n } }\nb(8); b(16)\n"
    network = netdsl.loads(text)
    names = [[part.name for part in row.rows] for row in table.summary(network, depth=2).rows]
    assert names == [[], []]
    assert table.summary(network).rows[0].rows


def test_what_all_layers_need_stays_in_their_rows_alone() -> None:
    text = "input 12x8\nattention(4, layout=qkv); attention(4, layout=qkv); attention(4, layout=qkv)\n"
    made = table.summary(netdsl.loads(text))
    assert made.throughout == ("attention(layout=qkv)",)
    assert {row.op for row in made.rows} == {"attention(4)"}
