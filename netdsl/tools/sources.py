"""The zoo to docs/source.md: eight networks, each as its spec and as the source that it compiles to, beside the size of
torchvision's own file.

    python -m netdsl.tools.sources           writes the page anew
    python -m netdsl.tools.sources counts    counts torchvision's files, where it is installed, as `THEIRS` has them

What is counted are the lines of code of classes and functions: no docstrings, comments, blank lines or imports.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import netdsl
from netdsl.ir import Network
from netdsl.text.source import Source

PAGE = Path(__file__).parents[2] / "docs" / "source.md"

CONVOLUTION = ("ops/misc.py ConvNormActivation Conv2dNormActivation", "models/_utils.py _make_divisible")
SQUEEZE = ("ops/misc.py SqueezeExcitation", "ops/stochastic_depth.py StochasticDepth stochastic_depth")


class Shown(NamedTuple):
    """A network of the page: what is said of it, and what makes it up in torchvision.

    That is `FILE NAME...`, the definitions of the network's own file, and of those that this imports.
    """

    words: str
    own: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()


NETWORKS = {
    "mobilenet_v2:1.0": Shown(
        "Thin layers are widened, filtered depthwise and made thin again; the shortcuts join the thin ends.",
        ("models/mobilenetv2.py InvertedResidual MobileNetV2",),
        CONVOLUTION,
    ),
    "googlenet": Shown(
        """Nine modules of four branches each, and two auxiliary classifiers, which are there in training only.
torchvision's `googlenet` is the later port with batch normalization (`googlenet_bn` here).""",
        ("models/googlenet.py GoogLeNet Inception InceptionAux BasicConv2d",),
    ),
    "resnet50": Shown(
        """A residual of convolutions is written as the paper's table prints it, in brackets, and needs no block. The
stride of a stack is on its first 1x1, as in the paper; torchvision has it on the 3x3 (`resnet_v1_5` here).""",
        ("models/resnet.py conv3x3 conv1x1 Bottleneck ResNet",),
    ),
    "densenet121": Shown(
        "Each layer puts its maps beside those that it was given, so each has more inputs than the one before.",
        ("models/densenet.py _DenseLayer _DenseBlock _Transition DenseNet",),
    ),
    "efficientnet_b0": Shown(
        "All eight variants follow from one table and two coefficients, for width and for depth; this is B0.",
        ("models/efficientnet.py _MBConvConfig MBConvConfig MBConv EfficientNet _efficientnet_conf",),
        (*CONVOLUTION, *SQUEEZE),
    ),
    "inception_v3": Shown(
        "Five kinds of modules and an auxiliary classifier, under the names that torchvision gives their layers.",
        (
            "models/inception.py Inception3 InceptionA InceptionB InceptionC InceptionD InceptionE",
            "models/inception.py InceptionAux BasicConv2d",
        ),
    ),
    "shufflenet_v2_x1_0": Shown(
        "Half of the channels pass a block by; a shuffle of the channels mixes the halves.",
        ("models/shufflenetv2.py channel_shuffle InvertedResidual ShuffleNetV2",),
    ),
    "unet": Shown("A path down and a path up, whose values are joined by name; torchvision has no such network."),
}
"""The networks of the page, by their names in the zoo."""


class Size(NamedTuple):
    """Of some definitions: how many are classes, and the lines of code of all of them."""

    classes: int
    lines: int


VERSION = "0.29.1"
THEIRS = {
    "mobilenet_v2:1.0": (Size(2, 111), Size(4, 196)),
    "googlenet": (Size(4, 184), Size(4, 184)),
    "resnet50": (Size(2, 156), Size(2, 156)),
    "densenet121": (Size(4, 137), Size(4, 137)),
    "efficientnet_b0": (Size(4, 215), Size(8, 351)),
    "inception_v3": (Size(8, 287), Size(8, 287)),
    "shufflenet_v2_x1_0": (Size(2, 110), Size(2, 110)),
}
"""Their sizes in torchvision `VERSION`, without and with what is imported: the result of `counts`."""

_NO_CODE = {
    *(tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}

OPENING = """# From the spec to the source

What `netdsl compile` writes for eight networks of the literature, each below the spec that it was made from. A block of
the spec is a class, and the comment above it is the docstring. The emitted file needs torch and nothing else.

| | classes | lines | torchvision's classes | lines | with what they import | lines |
|---|---:|---:|---:|---:|---:|---:|
{rows}

These are the lines of code of classes and functions: no docstrings, comments, blank lines or imports. Of torchvision
({version}) they are those of the definitions that the network is made of, without builders, lists of weights and log
calls. Its classes do what these do not: several depths and widths in one class, a choice of norms, dilation, an
initialization of their own. So fewer lines are no merit by themselves; they are what is left when a file has to be one
network."""


def page() -> str:
    """The page, as Markdown."""
    networks = {name: netdsl.load(name) for name in NETWORKS}
    sources = {name: netdsl.emit(network, sizes=True) for name, network in networks.items()}
    rows = "\n".join(_row(name, networks[name], sources[name]) for name in NETWORKS)
    sections = [_section(name, networks[name], sources[name]) for name in NETWORKS]
    closing = "Made by `python -m netdsl.tools.sources`."
    return "\n\n".join([OPENING.format(rows=rows, version=VERSION), *sections, closing]) + "\n"


def size(source: str, names: Collection[str] | None = None) -> Size:
    """The size of a file's definitions: of all of them, or of those with these names.

    Raises `KeyError` where one of the names is missing.
    """
    tree = ast.parse(source)
    found = {each.name: each for each in tree.body if isinstance(each, (ast.ClassDef, ast.FunctionDef))}
    chosen = [found[name] for name in (found if names is None else names)]
    code = _code(source, tree)
    lines = sum(len(code & _lines(part)) for each in chosen for part in (each, *each.decorator_list))
    return Size(sum(isinstance(each, ast.ClassDef) for each in chosen), lines)


def counts() -> dict[str, tuple[Size, Size]]:
    """`THEIRS`, counted in the installed torchvision. Raises `ModuleNotFoundError` where there is none."""
    package = find_spec("torchvision")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("torchvision is not installed")
    folder = Path(package.origin).parent

    def together(parts: Collection[str]) -> Size:
        sizes = []
        for part in parts:
            file, *names = part.split()
            sizes.append(size((folder / file).read_text("utf-8"), names))
        return Size(sum(each.classes for each in sizes), sum(each.lines for each in sizes))

    return {
        name: (together(shown.own), together((*shown.own, *shown.imported)))
        for name, shown in NETWORKS.items()
        if shown.own
    }


def _code(source: str, tree: ast.Module) -> set[int]:
    """The numbers of the lines that hold code: a token that is no comment, and no docstring or log call."""
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            code -= _lines(node.body[0])
        elif isinstance(node, ast.Expr) and ast.unparse(node).startswith("_log_api_usage_once("):
            code -= _lines(node)
    return code


def _lines(node: ast.stmt | ast.expr) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _row(name: str, network: Network, source: str) -> str:
    own, together = THEIRS.get(name, (("", ""), ("", "")))
    return "| " + " | ".join(map(str, (_linked(network), *size(source), *own, *together))) + " |"


def _title(network: Network) -> str:
    return network.name if network.variant is None else f"{network.name} {network.variant}"


def _linked(network: Network) -> str:
    """The title with a link to its section, by GitHub's rule for headings."""
    title = _title(network)
    anchor = "".join(each for each in title.lower().replace(" ", "-") if each.isalnum() or each in "-_")
    return f"[{title}](#{anchor})"


def _section(name: str, network: Network, source: str) -> str:
    specs = [f"`{_path(each)}`:\n\n{_fenced('net', each.text)}" for each in network.sources]
    written = f"`netdsl compile {name}` writes:\n\n{_fenced('python', source)}"
    return "\n\n".join([f"## {_title(network)}", NETWORKS[name].words, *specs, written])


def _path(source: Source) -> str:
    """Where a spec lies in the repository."""
    return source.name.replace("<std>", "netdsl/std") if source.name[0] == "<" else f"specs/{Path(source.name).name}"


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def main(arguments: list[str]) -> int:
    if arguments == ["counts"]:
        for name, (own, together) in counts().items():
            print(f'    "{name}": ({own}, {together}),')
        return 0
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
