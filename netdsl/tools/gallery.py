"""The gallery: every network of the zoo in its best style, as a page of Markdown and one SVG for each.

    python -m netdsl.tools.gallery docs/gallery.md        writes the page, and docs/gallery/*.svg beside it

The best style is that of the network's paper where it has figures of a kind that there is a style for; else `blocks`.
A picture that is there already with the same bytes is left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from netdsl import compiler, zoo
from netdsl.backends.pictures import diagram
from netdsl.ir import Network
from netdsl.text.amounts import amount

VOLUMES = (
    "lenet1", "lenet5", "lenet5_modern", "lenet_caffe", "alexnet", "alexnet_owt", "caffenet", "zfnet", "overfeat",
    "vgg", "vgg19", "cnn_fms", "dcgan", "dqn", "nin", "unet", "alexnet_bn", "zfnet_wide",
)  # fmt: skip
GRAPH = ("perceptron", "two_layer", "mlp")
PAPER = ("googlenet", "plain", "resnet18", "resnet34", "resnet_abc")
SIDE_BY_SIDE = (
    ("figure3", "Figure 3 of the ResNet paper", "netdsl draw vgg19 plain:34 resnet34 --style paper",
     ("vgg19", "plain:34", "resnet34")),
    ("depths", "Three depths, what repeats drawn once", "netdsl draw alexnet vgg19 resnet152 --style paper",
     ("alexnet", "vgg19", "resnet152")),
)  # fmt: skip
"""Networks beside one another: the name of the file, the heading, the command, the networks."""


def style(name: str) -> str:
    """The best style of a network of the zoo, by the name of its spec."""
    for known, names in (("volumes", VOLUMES), ("graph", GRAPH), ("paper", PAPER)):
        if name in names:
            return known
    return "blocks"


def specs() -> list[Path]:
    """The specs of the zoo."""
    return sorted(zoo.directory().glob("*.net"))


def page() -> str:
    """The page."""
    rows = [
        "# The zoo, drawn",
        "",
        "Every network of `specs/`, the first variant of each, in the style that suits it; `make gallery` draws it.",
        "Hover over a box of an opened picture for its path, shapes and figures; it links to the line of the spec.",
        "",
        "Each was looked at as it is here and in `blocks`, at the width of a paper's column and of its page:",
        "whether words overlap or a line runs through them, whether lines can be told apart, whether sizes and",
        "numbers are those of the paper, and whether its authors would have used it. Tests hold what an eye found",
        "once: type of at least 6 points on a page, no label crossed, no line on another, at most 45 boxes, the",
        "skip of a stack inside its frame.",
        "",
    ]
    for name, title, command, _networks in SIDE_BY_SIDE:
        rows += [f"## {title}", "", f"    {command}", "", f"![{title}](gallery/{name}.svg)", ""]
    for path in specs():
        network = _network(path)
        figures = ""
        if network.totals is not None:
            figures = f": {amount(network.totals.params)} parameters, {amount(network.totals.macs)} multiply-adds"
        chosen = style(path.stem)
        option = "" if chosen == "blocks" else f" --style {chosen}"
        spec = path.stem if network.variant is None else f"{path.stem}:{network.variant}"
        rows += [f"## {network.name}", "", f"`netdsl draw {spec}{option}`{figures}", ""]
        rows += [f"![{network.name}](gallery/{path.stem}.svg)", ""]
    return "\n".join(rows)


def _network(path: Path, variant: str | None = None) -> Network:
    found = compiler.compile(path, variant=variant)
    if found.network is None and found.variants:
        found = compiler.compile(path, variant=found.variants[0])
    assert found.network is not None, path
    return found.network


def pictures(folder: Path) -> None:
    """Write every picture into a folder."""
    folder.mkdir(exist_ok=True)
    for name, _title, _command, specs_ in SIDE_BY_SIDE:
        networks = []
        for spec in specs_:
            stem, _, variant = spec.partition(":")
            networks.append(_network(zoo.directory() / f"{stem}.net", variant or None))
        _write(folder / f"{name}.svg", diagram(networks[0], beside=tuple(networks[1:]), style="paper"))
    for path in specs():
        _write(folder / f"{path.stem}.svg", diagram(_network(path), style=style(path.stem)))


def _write(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def main() -> None:
    target = Path(sys.argv[1])
    target.write_text(page(), encoding="utf-8")
    pictures(target.parent / target.stem)


if __name__ == "__main__":
    main()
