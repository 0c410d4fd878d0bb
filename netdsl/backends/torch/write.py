"""Classes to text: constructors, assignments, named tuples, and what of the user's text may stand in them."""

from __future__ import annotations

import textwrap
from typing import Any

from netdsl.backends.torch.classes import UNSET, Class
from netdsl.backends.torch.layout import WIDTH, literal, render


def output_class(name: str, doc: str, fields: list[tuple[str, int, bool]]) -> str:
    lines = [f"class {name}(NamedTuple):", f'    """{doc}"""', "", "    logits: Tensor"]
    lines += [f"    {field}: Tensor | None" if training else f"    {field}: Tensor" for field, _, training in fields]
    return "\n".join(lines) + "\n"


def constructor(made: Class) -> list[str]:
    parts = ["self"]
    for name, kind, default in made.parameters:
        parts.append(f"{name}: {kind}" + ("" if default is UNSET else f" = {literal(default)}"))
    head = f"    def __init__({', '.join(parts)}) -> None:"
    if len(head) > WIDTH:
        joined = ", ".join(parts)
        if 8 + len(joined) <= WIDTH:
            head = f"    def __init__(\n        {joined}\n    ) -> None:"
        else:
            head = "    def __init__(\n" + "".join(f"        {part},\n" for part in parts) + "    ) -> None:"
    lines = head.split("\n")
    if made.base == "nn.Sequential":
        chain = made.attributes[0][1]
        text = render(chain, 8, after=len("super().__init__") - len("nn.Sequential")).replace(
            "nn.Sequential", "super().__init__", 1
        )
        lines += ["        " + text]
    else:
        lines.append("        super().__init__()")
        for name, item in made.attributes:
            lines.append(_assignment(made, name, item))
    lines += [f"        {line}" for statement in made.init for line in statement.split("\n")]
    return lines


def _assignment(made: Class, name: str, item: Any) -> str:
    identifier = name.isidentifier()
    head = f"self.{name} = " if identifier else f'self.add_module("{name}", '
    tail = "" if identifier else ")"
    if item is None:
        return f"        {head}nn.Identity(){tail}"
    if made.optional and made.optional[0] == name:
        text = render(item, 8, len(head), len(f" if {made.optional[1]} else nn.Identity()"))
        if "\n" not in text:
            return f"        {head}{text} if {made.optional[1]} else nn.Identity()"
        return "\n".join(
            [
                f"        self.{name}: nn.Module = nn.Identity()",
                f"        if {made.optional[1]}:",
                f"            self.{name} = {render(item, 12, len(head))}",
            ]
        )
    text = render(item, 8, len(head), len(tail))
    if not identifier and "\n" in text:
        inner = render(item, 12, 0, 1)
        return f'        self.add_module(\n            "{name}",\n            {inner},\n        )'
    return f"        {head}{text}{tail}"


def safe(text: str) -> str:
    """Text that can stand in a docstring: no backslash, no quotes that end it, no control characters."""
    text = "".join(" " if not char.isprintable() else char for char in text)
    return text.replace("\\", "/").replace('"', "'").strip().rstrip(".")


def comment(text: str) -> str:
    """Text that can stand in a comment."""
    return "".join(char if char.isprintable() else " " for char in text)[:100]


def wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width) or [""]
