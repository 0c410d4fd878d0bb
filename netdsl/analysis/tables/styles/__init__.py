"""The styles of tables, one file each, named after the paper whose table it is: the folder is the list.

A style has two directions. `write` makes tables of the variants of a network, or raises `NotPrintable`; `fits` knows
such a table again, by what `KNOWN` says, and `read` makes a spec of it. `TITLE` says whose table it is.
"""

from functools import partial

from netdsl import registry

names, find = partial(registry.names, __name__), partial(registry.module, __name__)
TRIED = ("googlenet", "mobilenet", "vit", "resnet", "vgg")
"""The styles that a network or a text is tried with, the surest first."""

__all__ = ["TRIED", "find", "names"]
