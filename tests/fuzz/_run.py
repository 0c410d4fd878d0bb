"""What a section is given, the time and where to begin, and what it tells: how often it tried what, and what it found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic
from typing import NamedTuple


class Finding(NamedTuple):
    """A promise that was not kept: what happened, all there is to know of it, and the text that does it again."""

    section: str
    what: str
    detail: str = ""
    data: bytes | None = None


@dataclass
class Run:
    """The run of one section: until its time is over, or it has tried so much as is asked for."""

    section: str
    folder: Path
    seconds: float
    most: int | None = None
    seed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.begun = monotonic()

    def going(self, kind: str) -> bool:
        """Whether there is time for one more of a kind."""
        over = self.most is not None and self.counts[kind] >= self.most
        return not over and monotonic() - self.begun < self.seconds

    def find(self, what: str, detail: str = "", data: bytes | None = None) -> None:
        """Tell of something once: of several that say the same, the shortest text is kept."""
        self.counts["findings, alike ones included"] += 1
        new = Finding(self.section, what, detail, data)
        for place, old in enumerate(self.findings):
            if old.what == what:
                if data is not None and (old.data is None or len(data) < len(old.data)):
                    self.findings[place] = new
                return
        self.findings.append(new)
