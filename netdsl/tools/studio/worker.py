"""One process of the studio that answers questions, a line of JSON each, from standard input to standard output.

It is apart from the server so that a text which takes too long, or too much memory, ends this process and nothing else.
What is imported at the start stays out of the garbage collector's sight, as in the language server.
"""

from __future__ import annotations

import gc
import json
import os
import sys

from netdsl.tools.studio.answers import answer

MEMORY = 2 * 2**30
"""Bytes of address space that a worker may have; a network of 10,000 layers takes a tenth of it."""
WARM = {"ask": "show", "text": "input 3x8x8\nconv3-4(norm=bn, act=relu)\n", "pane": "diagram"}


def main() -> None:
    """Answer until standard input ends."""
    _limit()
    # Nothing that prints by mistake may write into the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    answer(WARM)
    gc.collect()
    gc.freeze()
    print("{}", file=answers, flush=True)  # ready
    for line in sys.stdin.buffer:
        print(json.dumps(_answer(line)), file=answers, flush=True)


def _answer(line: bytes) -> dict[str, object]:
    """The answer to a line. A mistake of netdsl's own ends one question and not the worker; it is told as such."""
    try:
        return answer(json.loads(line))
    except MemoryError:
        return {"wrong": "This text takes more memory than the studio gives it."}
    except Exception as problem:
        return {"wrong": f"internal error of netdsl: {type(problem).__name__}: {problem}"}


def _limit() -> None:
    """Bound the memory, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


if __name__ == "__main__":
    main()
