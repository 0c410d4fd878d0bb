"""The user's words as Python: class names, variables, text that is safe in comments and docstrings.

Nothing of a spec enters the source but through here or as a quoted literal.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Container

MODULES = frozenset({"self", "torch", "nn", "F"})
RESERVED = frozenset(
    {*keyword.kwlist, *dir(builtins), *MODULES, "Tensor", "NamedTuple", "cls", "math", "make_divisible", *"IOl"}
)
"""Names that the emitted text uses itself: no class and no variable may take them. Nor those that look like digits."""

LOOPS = frozenset({"i", "m", "layer", "_"})
"""The variables of loops in constructors."""


def camel(title: str) -> str:
    """Words as a class name: `dense_layer` is `DenseLayer`, `VGG-19` is `VGG19`; nothing usable is an empty string."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", title))


def titled(name: str, variant: str | None) -> str:
    """The class of a net and its variant: `VGG_D`, `MobileNetV2_1_4`, `EfficientNetB0`, `MobileNetV3Large`.

    An underscore stands where their ends would run together.
    """
    found = camel(name)
    for word in re.findall(r"[A-Za-z0-9]+", variant or ""):
        runs = (found[-1:].isdigit() and (word[0].isdigit() or found == camel(name))) or (
            found == camel(name) and found[-1:].isupper()
        )
        runs = runs and not (word.isalpha() and word.islower() and len(word) > 1)
        found += f"_{word}" if runs else word[0].upper() + word[1:]
    return found


def snake(label: str) -> str:
    """A label as the name of a variable: `Mixed_6e` is `mixed_6e`, `AuxLogits` is `aux_logits`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label).lower()


def class_name(title: str, taken: Container[str], other: str) -> str:
    """A class name that is free; `other` stands before a name that begins with a digit and behind one that is taken."""
    name = title if title.isidentifier() else camel(title) or other
    if name[0].isdigit():
        name = f"{other}{name}"
    while name in taken:
        name += other
    return name


def variable(name: str, *taken: Container[str]) -> str:
    """A label as a variable: what Python or the text itself calls otherwise gets an underscore behind."""
    if not name.isidentifier():
        name = "".join(char if f"_{char}".isidentifier() else "_" for char in name)
        name = name if name.isidentifier() else f"_{name}"
    while name in RESERVED or any(name in each for each in taken):
        name += "_"
    return name


def reached(owner: str, name: str, by_key: bool = True) -> str:
    """The expression for a part of a module: one some of whose modules go by other names than Python's has these by
    their keys."""
    if name.isidentifier():
        return f"{owner}.{name}"
    return f'{owner}["{name}"]' if by_key else f'getattr({owner}, "{name}")'


def stem(label: str) -> str:
    """A label without the number behind: `dec4` is one of several `dec`."""
    return label.rstrip("0123456789").rstrip("_") or label


class Numbered:
    """Names that are given once each: the first `conv`, then `conv2`, `conv3`, ..."""

    def __init__(self, taken: set[str]):
        self.taken = taken
        self.next: dict[str, int] = {}

    def __call__(self, base: str) -> str:
        name, number = base, self.next.get(base, 2)
        while name in self.taken:
            name, number = f"{base}{number}", number + 1
        self.next[base] = number
        self.taken.add(name)
        return name


def prose(text: str) -> str:
    """Text that can stand in a docstring: one line, no backslash, no quotes that end it."""
    return printable(text).replace("\\", "/").replace('"', "'").strip().rstrip(".")


def printable(text: str) -> str:
    """Text that can stand in a comment: one line, nothing that does not print."""
    return "".join(char if char.isprintable() else " " for char in text)
