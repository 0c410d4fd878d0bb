"""Classes to the text of a file: header, docstring, imports, definitions, classes, the network."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

from netdsl.backends.artefact import MARK
from netdsl.backends.torch.classes import UNSET, Class
from netdsl.backends.torch.construct import Construct
from netdsl.backends.torch.layout import WIDTH, Bracket, lay, literal, parameters, render, sequence
from netdsl.backends.torch.names import printable, prose
from netdsl.ir import Network
from netdsl.shapes import text as shape_text


def header(network: Network) -> str:
    """The comment and the docstring at the top: what was compiled, where it comes from, its figures."""
    place = network.body.span.file.replace("\\", "/").rpartition("/")[2] or network.name
    variant = f", variant {network.variant}" if network.variant else ""
    totals = network.totals
    assert totals is not None
    inputs = ", ".join(shape_text(item.shape) for item in network.inputs)
    figures = f"{inputs} -> {shape_text(network.output)}; {totals.params:,} parameters, {totals.macs:,} multiply-adds."
    lines = [f"{title(network)}."]
    if network.source:
        lines += ["", *textwrap.wrap(prose(network.source) + ".", WIDTH)]
    lines += ["", figures]
    return f"# {MARK} from {printable(place + variant)[:90]}.\n" + '"""' + "\n".join(lines) + '\n"""'


def title(network: Network) -> str:
    """The name of a network and of its variant, for docstrings."""
    return prose(network.name + (f", {network.variant}" if network.variant else ""))[:100]


def imports(code: str) -> list[str]:
    """The imports that some code needs, in two groups."""
    standard = []
    if "OrderedDict(" in code:
        standard.append("from collections import OrderedDict")
    if "(NamedTuple)" in code:
        standard.append("from typing import NamedTuple")
    torch = [
        line
        for line, word in (("import torch", "torch."), ("import torch.nn.functional as F", "F."))
        if re.search(rf"(?<![\w.]){re.escape(word)}", code)
    ]
    tensor = re.search(r"(?<![\w.\"`])Tensor\b(?![\"`])", code)
    torch.append("from torch import Tensor, nn" if tensor else "from torch import nn")
    return [*standard, "", *torch] if standard else torch


def file(network: Network, parts: Iterable[str]) -> str:
    """The whole text."""
    code = "\n\n".join(part.strip("\n") + "\n" for part in parts)
    return "\n".join([header(network), "", *imports(code), "", "", code])


def output_class(name: str, doc: str, fields: list[tuple[str, bool]]) -> str:
    """The tuple that a network returns; a field is a name and whether it is None in evaluation."""
    lines = [f"class {name}(NamedTuple):", f'    """{doc}"""', "", "    logits: Tensor"]
    lines += [f"    {field}: Tensor | None" if training else f"    {field}: Tensor" for field, training in fields]
    return "\n".join(lines)


def class_text(made: Class, constants: Iterable[tuple[str, Any]] = ()) -> str:
    """One class. `constants` are set in its body."""
    lines = [f"class {made.name}({'nn.Module' if made.inputs else 'nn.Sequential'}):"]
    doc = made.doc if len(made.doc) <= WIDTH - 10 else made.doc[: WIDTH - 14].rstrip() + " ..."
    lines += [f'    """{doc}"""', ""]
    for name, value in constants:
        inside = tuple((f"{literal(key)}: ", literal(item)) for key, item in value.items())
        lines += [f"    {name} = " + lay(Bracket("{", inside, "}"), 4, len(name) + 3), ""]
    lines += _constructor(made)
    if made.inputs:
        names = ["self", *(f"{name}: Tensor" for name in made.inputs)]
        lines += ["", *parameters(4, "def forward", names, f" -> {made.gives}:")]
        lines += [_indented(line) for statement in made.forward for line in statement.split("\n")]
    return "\n".join(lines)


def _indented(line: str) -> str:
    return f"        {line}" if line else ""


def _constructor(made: Class) -> list[str]:
    names = ["self"]
    for each in made.parameters:
        names.append(f"{each.name}: {each.kind}" + ("" if each.default is UNSET else f" = {literal(each.default)}"))
    lines = parameters(4, "def __init__", names, " -> None:")
    if made.inputs:
        lines.append("        super().__init__()")
        for name, item in made.attributes:
            lines.append(_attribute(made, name, item))
    else:
        lines.append("        " + lay(Bracket("super().__init__(", *sequence(made.attributes[0][1])), 8))
    return lines + [_indented(line) for statement in made.init for line in statement.split("\n")]


def _attribute(made: Class, name: str, item: Any) -> str:
    """The statement that sets an attribute; numbers are added by name."""
    parameter = isinstance(item, Construct) and item.parameter
    if not name.isidentifier() and parameter:
        head = f'self.register_parameter("{name}", '
        return f"        {head}{render(item, 8, len(head), 1)})"
    if not name.isidentifier():
        text = render(item, 8, len(f'self.add_module("{name}", '), 1)
        if "\n" not in text:
            return f'        self.add_module("{name}", {text})'
        return f'        self.add_module(\n            "{name}",\n            {render(item, 12, 0, 1)},\n        )'
    head = f"self.{name} = "
    if item is None:
        return f"        {head}nn.Identity()"
    if made.optional is None or made.optional[0] != name:
        return f"        {head}{render(item, 8, len(head))}"
    choice = f" if {made.optional[1]} else nn.Identity()"
    text = render(item, 8, len(head), len(choice))
    if "\n" not in text:
        return f"        {head}{text}{choice}"
    return "\n".join(
        [
            f"        self.{name}: nn.Module = nn.Identity()",
            f"        if {made.optional[1]}:",
            f"            {head}{render(item, 12, len(head))}",
        ]
    )
