"""Classes to the text of a file: header, docstring, imports, definitions, classes, the network."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

from netdsl.backends.artefact import MARK
from netdsl.backends.torch.classes import Class
from netdsl.backends.torch.constructor import Constructor
from netdsl.backends.torch.layout import WIDTH, Bracket, lay, parameters
from netdsl.backends.torch.names import printable, prose
from netdsl.backends.torch.statements import indented
from netdsl.backends.torch.terms import MAKE_DIVISIBLE, literal
from netdsl.ir import Network
from netdsl.passes.sizes import plane_as_built
from netdsl.shapes import text as shape_text

LARGEST = 4000
"""Of networks with more layers the docstring does not say for which sizes they are valid: to solve that takes long."""


def header(network: Network, sizes: bool = False) -> str:
    """The comment and the docstring at the top: what was compiled, where it comes from, its figures; with `sizes` for
    which sizes of the input the module is valid, where not for all."""
    place = network.body.span.file.replace("\\", "/").rpartition("/")[2] or network.name
    variant = f", variant {network.variant}" if network.variant else ""
    totals = network.totals
    assert totals is not None
    inputs = ", ".join(shape_text(item.shape) for item in network.inputs)
    figures = f"{inputs} -> {shape_text(network.output)}; {totals.params:,} parameters, {totals.macs:,} multiply-adds."
    lines = [f"{title(network)}."]
    if network.source:
        lines += ["", *textwrap.wrap(prose(network.source) + ".", WIDTH)]
    takes = plane_as_built(network) if sizes and len(network.nodes) <= LARGEST else None
    valid = f" Valid for {takes.text()}." if takes is not None and takes.text() else ""
    lines += ["", *textwrap.wrap(figures + valid, WIDTH)]
    return f"# {MARK} from {printable(place + variant)[:90]}.\n" + '"""' + "\n".join(lines) + '\n"""'


def title(network: Network) -> str:
    """The name of a network and of its variant, for docstrings."""
    return prose(network.name + (f", {network.variant}" if network.variant else ""))[:100]


def imports(code: str) -> list[str]:
    """The imports that some code needs, in two groups."""

    def used(module: str) -> bool:
        """Whether something of a module is named. Most texts have not even its letters, which is found sooner."""
        return f"{module}." in code and re.search(rf"(?<![\w.-]){module}\.\w", code) is not None

    standard = ["import math"] if used("math") else []
    typing = [name for name, text in (("Final", ": Final["), ("NamedTuple", "(NamedTuple)")) if text in code]
    if typing:
        standard.append(f"from typing import {', '.join(typing)}")
    torch = [line for line, word in (("import torch", "torch"), ("import torch.nn.functional as F", "F")) if used(word)]
    tensor = re.search(r"Tensor\b(?<![\w.\"`]Tensor)(?![\"`])", code)
    torch.append("from torch import Tensor, nn" if tensor else "from torch import nn")
    return [*standard, "", *torch] if standard else torch


def joined(parts: Iterable[str]) -> str:
    """The functions and classes of a file, with the function that channels are rounded by, where one calls it."""
    parts = list(parts)
    if any("make_divisible(" in part for part in parts):
        parts.insert(0, MAKE_DIVISIBLE)
    return "\n\n".join(part.strip("\n") + "\n" for part in parts)


def file(network: Network, parts: Iterable[str], sizes: bool = False) -> str:
    """The whole text; for `sizes` see `header`."""
    code = joined(parts)
    return "\n".join([header(network, sizes), "", *imports(code), "", "", code])


def output_class(name: str, doc: str, fields: list[tuple[str, bool]]) -> str:
    """The tuple that a network returns; a field is a name and whether it is None in evaluation."""
    lines = [f"class {name}(NamedTuple):", f'    """{doc}"""', ""]
    lines += [f"    {field}: Tensor | None" if training else f"    {field}: Tensor" for field, training in fields]
    return "\n".join(lines)


def class_text(made: Class, constants: Iterable[tuple[str, Any]] = ()) -> str:
    """One class. `constants` are set in its body."""
    lines = [f"class {made.name}({made.base}):"]
    lines += [*_docstring(made), ""] if made.doc else []
    for key, value in constants:
        inside = tuple((f"{literal(each)}: ", literal(item)) for each, item in value.items())
        lines += [f"    {key} = " + lay(Bracket("{", inside, "}"), 4, len(key) + 3), ""]
    if made.flags:
        lines += [*(f"    {flag}: Final[{made.kinds.get(flag, 'bool')}]" for flag in made.flags), ""]
    lines += Constructor(made).lines()
    if made.inputs:
        names = ["self", *(f"{each}: Tensor" for each in made.inputs)]
        lines += ["", *parameters(4, "def forward", names, f" -> {made.gives}:")]
        lines += indented(made.forward, 8)
    return "\n".join(lines)


def _docstring(made: Class) -> list[str]:
    doc = f"{prose(made.doc)}."
    more = textwrap.wrap(made.fixed, WIDTH - 4) if made.fixed else []
    if 4 + len(doc) + len('"""') * 2 <= WIDTH and not more:
        return [f'    """{doc}"""']
    lines = textwrap.wrap(f'"""{doc}', WIDTH - 4 - len('"""'))  # one line that is broken off has no room for quotes
    lines += [*([""] if more else []), *more, '"""']
    return [f"    {line}" if line else "" for line in lines]
