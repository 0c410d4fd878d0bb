"""Public mistakes of the field, and what is told of each: the cause, and a way out that is the network that was meant.

`told/*.txt` hold wrong specs. Behind `---` stands what `netdsl check` (for a spec without errors, `netdsl lint`) must
print: how many errors and warnings there are, then one stretch of its text a line; what begins with `not:` must not
stand there. Specs without a message have `0 errors` alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cases import folder

from netdsl.tools.cli import main

CASES = folder("told")


def said(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """All that is printed of a spec, its lines joined: where a line breaks is the terminal's."""
    path = folder / "case.net"
    path.write_text(text)
    for command in ("check", "lint"):
        if main([command, str(path)]):
            break
    printed = capsys.readouterr()
    return re.sub(r"\s+", " ", printed.out + printed.err)


@pytest.mark.parametrize("title", CASES)
def test_what_is_told(title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, _, expected = CASES[title].partition("---\n")
    first, *words = expected.strip().splitlines()
    printed = said(text, tmp_path, capsys)
    for kind in ("error", "warning"):
        number = re.search(rf"(\d+) {kind}", first)
        assert len(set(re.findall(rf"{kind}\[.*? --> \S+", printed))) == int(number[1] if number else 0), printed
    for each in words:
        unwanted = each.removeprefix("not: ")
        assert (unwanted not in printed) if each.startswith("not: ") else each in printed, (each, printed)
