"""The pytest plugin: specs as test files, each law of each variant an item.

It is off unless the configuration says where specs are (`[pytest] netdsl = specs/`) or `netdsl test` asks; then files
that end in `.net` below those places are collected. Without that nothing of netdsl is imported but this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from netdsl.testing.laws import Law, Subject

ASKED = pytest.StashKey[bool]()
"""Set by `netdsl test`: every `.net` file that pytest is given is collected."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The place of specs in the configuration, and `--netdsl-slow`."""
    parser.addini("netdsl", "Folders and files with specs of netdsl to test, relative to this file.", type="paths")
    group = parser.getgroup("netdsl")
    group.addoption("--netdsl-slow", action="store_true", help="Hold specs to the slow laws too.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A spec, where it lies in a place that was asked for."""
    if file_path.suffix != ".net":
        return None
    config = parent.config
    places = [Path(each).resolve() for each in config.getini("netdsl")]
    own = file_path.resolve()
    if not config.stash.get(ASKED, False) and not any(own == each or each in own.parents for each in places):
        return None
    return SpecFile.from_parent(parent, path=file_path)


class SpecFile(pytest.File):
    """A spec: for each variant each law."""

    def collect(self) -> Iterator[pytest.Item]:
        from netdsl.testing.laws import laws, subjects

        slow = self.config.getoption("--netdsl-slow")
        for subject in subjects(self.path):
            for law in laws():
                if slow or not law.slow:
                    name = f"{subject.variant}::{law.name}" if subject.variant else law.name
                    yield LawItem.from_parent(self, name=name, law=law, subject=subject)


class LawItem(pytest.Item):
    """One law of one variant."""

    def __init__(self, law: Law, subject: Subject, **kwargs: Any):
        super().__init__(**kwargs)
        self.law, self.subject = law, subject
        self.funcargs: dict[str, object] = {}  # which other plugins look for in every item

    def runtest(self) -> None:
        """Hold the law. What subjects share (a module) is kept while their laws run."""
        if self.law.torch:
            reason = "this law needs torch: pip install 'netdsl[torch]'"
            pytest.importorskip("torch", reason=reason, exc_type=ImportError)
            from netdsl.testing.laws import Broken

            if not self.subject.compilation.valid and self.subject.compilation.network is None:
                raise Broken("the spec is wrong, see the law `claims`")
        self.law.hold(self.subject)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A broken law in a sentence; anything else with its traceback."""
        from netdsl.testing.laws import Broken

        if isinstance(excinfo.value, Broken):
            return f"{self.law.name}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, None, f"{self.path.name}::{self.name}"


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Let go of what the laws of a variant share, its module among it, with the last of them."""
    if isinstance(item, LawItem) and getattr(nextitem, "subject", None) is not item.subject:
        item.subject.forget()
