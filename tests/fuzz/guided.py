"""The parser, fuzzed by coverage: atheris changes texts so that they reach code that none has reached before. What the
parser must do with each: end in bounded time, with places of messages that lie within the text.

atheris is optional (`pip install netdsl[fuzz]`, on Linux); without it the section says so. It never returns to its
caller, so it runs in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from fuzz._run import Run

SHARE = 0.04
LONGEST = 400
"""Characters of a text: short ones reach what long ones do, and faster."""
SECONDS = 5
"""So long one text may take, on a machine that does more."""


def hold(data: bytes) -> None:
    """Parse a text, and hold the tree and the messages to their laws."""
    from netdsl.syntax import parse
    from netdsl.text.diagnostics import Report
    from netdsl.text.source import Source

    text = data.decode("utf-8", "replace")
    report = Report()
    file = parse(Source("guided.net", text), report)
    assert 0 <= file.span.start <= file.span.end <= len(text)
    spans = [each.span for each in report] + [each.span for each in file.statements]
    assert all(span is None or 0 <= span.start <= span.end <= len(text) for span in spans)


def run(run: Run) -> None:
    """Let atheris change the zoo's short specs, for the time there is."""
    if find_spec("atheris") is None:
        run.counts["no texts: atheris is not installed"] += 1
        return
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for path in sorted((Path(__file__).parents[2] / "specs").glob("*.net")):
            (corpus / path.stem).write_bytes(path.read_bytes()[:LONGEST])
        most = [f"-runs={run.most}"] if run.most is not None else [f"-max_total_time={max(1, int(run.seconds))}"]
        options = [*most, f"-max_len={LONGEST}", f"-timeout={SECONDS}", f"-seed={run.seed % 2**31 or 1}"]
        command = [sys.executable, __file__, *options, f"-artifact_prefix={folder}{os.sep}", str(corpus)]
        paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, env=paths, capture_output=True, text=True, errors="replace")
        reached = [line for line in done.stderr.splitlines() if "cov: " in line]
        run.counts["guided texts"] += _number(done.stderr)
        if reached:
            run.counts["branches reached"] += int(reached[-1].partition("cov: ")[2].split()[0])
        for path in sorted(each for each in Path(folder).iterdir() if each.is_file()):
            last = next((line for line in done.stderr.splitlines() if "Error" in line or "timeout" in line), path.name)
            run.find(f"parser: {last.strip()[:100]}", done.stderr[-3000:], path.read_bytes())


def _number(told: str) -> int:
    """How many texts were tried: `#1234` begins each line about them."""
    found = [line[1:].split()[0] for line in told.splitlines() if line.startswith("#")]
    return max((int(each) for each in found if each.isdigit()), default=0)


if __name__ == "__main__":
    import atheris

    with atheris.instrument_imports(include=["netdsl.syntax", "netdsl.text"]):
        import netdsl.syntax  # noqa: F401
    atheris.Setup(sys.argv, hold)
    atheris.Fuzz()
