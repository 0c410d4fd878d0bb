"""What a section is given, the time and where to begin, and what it tells: how often it tried what, and what it found;
and how it does work in a process of its own, which may end without harm.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic
from typing import NamedTuple

ALIKE = ("branches reached",)
"""What several processes reach alike: the most of it counts, and not the sum."""


class Finding(NamedTuple):
    """A promise that was not kept: what happened, all there is to know of it, and the text that does it again."""

    section: str
    what: str
    detail: str = ""
    data: bytes | None = None


Tell = Callable[[Counter[str], list[Finding]], None]
"""What is called with what was counted and found."""


@dataclass
class Run:
    """The run of one section: until its time is over, or it has tried so much as is asked for. `spent` is the processor
    time that it took, in seconds.
    """

    section: str
    folder: Path
    seconds: float
    most: int | None = None
    seed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    spent: float = 0

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
        self._keep(Finding(self.section, what, detail, data))

    def _keep(self, new: Finding) -> None:
        for place, old in enumerate(self.findings):
            if old.what == new.what:
                if new.data is not None and (old.data is None or len(new.data) < len(old.data)):
                    self.findings[place] = new
                return
        self.findings.append(new)

    def add(self, other: Run) -> None:
        """Count in what another process did of the same section."""
        for kind, count in other.counts.items():
            self.counts[kind] = max(self.counts[kind], count) if kind in ALIKE else self.counts[kind] + count
        for each in other.findings:
            self._keep(each)
        self.spent += other.spent

    def apart(self, work: Callable[[Tell], None]) -> str:
        """Do some work in another process, which tells after each piece what it counted and found. How the process
        ended, if it did not end well."""
        gc.freeze()  # what is there by now is shared by all of them, and looked through by none
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reading)
                with os.fdopen(writing, "wb") as stream:

                    def tell(counts: Counter[str], findings: list[Finding]) -> None:
                        pickle.dump((counts, findings), stream)
                        stream.flush()

                    work(tell)
                status = 0
            except BaseException:
                traceback.print_exc()  # a mistake of the fuzzer's own, or the end of all memory
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading, "rb") as stream, suppress(EOFError, pickle.UnpicklingError):
            while True:
                counts, findings = pickle.load(stream)
                self.counts.update(counts)
                for each in findings:
                    self.find(each.what, each.detail, each.data)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return "" if ended == 0 else signal.Signals(-ended).name if ended < 0 else f"status {ended}"
