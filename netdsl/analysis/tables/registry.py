"""A folder of modules as a registry: each file without an underscore is one, known by its name."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType


class Registry:
    """The modules of a package's folder; `tried` are those that a text or a network is tried with, the surest first."""

    def __init__(self, package: str, file: str, tried: tuple[str, ...]):
        self.package, self.folder, self.tried = package, Path(file).parent, tried

    @cached_property
    def known(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in self.folder.glob("[!_]*.py")))

    def names(self) -> tuple[str, ...]:
        """Their names, in alphabetical order."""
        return self.known

    def find(self, name: str) -> ModuleType:
        """The module of this name. Raises `KeyError` for an unknown one."""
        if name not in self.known:
            raise KeyError(name)
        return import_module(f"{self.package}.{name}")
