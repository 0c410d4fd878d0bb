"""What a law is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from netdsl.testing.laws._subject import Subject


@dataclass(frozen=True)
class Law:
    """A law; its name is that of its file, its docstring says what it promises.

    - `torch`: it needs torch, and is skipped without.
    - `slow`: it is held only where asked (`--slow`).
    """

    name: str
    torch: ClassVar[bool] = True
    slow: ClassVar[bool] = False

    def hold(self, subject: Subject) -> None:
        """Raises `Broken` where the law is not kept."""
        raise NotImplementedError
