"""The styles of tables, one file each, named after the paper whose table it is: the folder is the list.

A style has two directions. `write` makes tables of the variants of a network, or raises `NotPrintable`; `fits` knows
such a table again, by what `KNOWN` says, and `read` makes a spec of it. `TITLE` says whose table it is.
"""

from netdsl.analysis.tables.registry import Registry

_STYLES = Registry(__name__, __file__, ("googlenet", "mobilenet", "vit", "resnet", "vgg"))
names, find, TRIED = _STYLES.names, _STYLES.find, _STYLES.tried

__all__ = ["TRIED", "find", "names"]
