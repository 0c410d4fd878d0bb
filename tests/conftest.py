"""What tests share. All of them: a cache folder of their own, so that nothing of the user's is read or written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ABSENT = re.compile(r"is not installed|has not been run|could not import|no GPU")
"""The reasons of tests that are left out because of the machine, and not because they do not apply."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what was left out for want of a program: nobody looks for what is not there."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in sorted(reasons.items()):
        if ABSENT.search(reason):
            terminalreporter.write_line(
                f"left out: {count} {'test' if count == 1 else 'tests'}, since {reason}", yellow=True
            )


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Small planes gain nothing from threads, which wait for each other at length where others use the processor."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def three_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the command line to work in: `nets/a.net` is right, `b.net` and `c.net` are wrong."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "a.net").write_text("input 3x8x8\nconv3-4(act=relu)\n")
    (tmp_path / "b.net").write_text("input 64x56x56\nadd { conv1-256/2 | identity }\n")
    (tmp_path / "c.net").write_text("input 3x8x8\nmaxpol\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path
