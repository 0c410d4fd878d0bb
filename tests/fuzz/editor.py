"""A text that is edited at random, as in an editor: after each change every feature of the language server is asked for,
and every answer held to its laws, those of tests/test_lsp_laws.py."""

from __future__ import annotations

import traceback

from test_lsp_laws import SPECS, everything

from fuzz import _answers, texts
from fuzz._run import Run

SHARE = 0.09
TYPED = (
    "",
    "x",
    "3",
    "\n",
    "conv3-8\n",
    "{",
    "}",
    "relu; ",
    "@",
    "(",
    ")",
    "|",
    ": ",
    '"',
    "\r\n",
    "\U0001d11e",
    "x2 ",
    "->",
)


def run(run: Run) -> None:
    """Draw a text, half of them of the zoo, change it some times, and ask after each change."""
    random = run.random
    zoo = [path.read_text("utf-8") for path in sorted(SPECS.glob("*.net"))]
    short = [text for text in zoo if len(text) < 1500]
    while run.going("scripts"):
        text = random.choice(short) if random.random() < 0.5 else texts.made(random)
        run.counts["scripts"] += 1
        for _ in range(random.randrange(1, 8)):
            if not run.going("scripts"):
                break
            start = random.randrange(len(text) + 1)
            end = min(len(text), start + random.choice((0, 0, 1, 3, 12)))
            new = random.choice(TYPED) if random.random() < 0.8 else texts.statement(random)
            text = text[:start] + new + text[end:]
            run.counts["edits"] += 1
            _asked(run, text, start + len(new))


def _asked(run: Run, text: str, offset: int) -> None:
    try:
        with _answers.limits(60):
            everything(text, offset)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        trace = traceback.format_exc()
        places = [line.strip() for line in trace.splitlines() if line.strip().startswith("File")]
        place = places[-1].rpartition("/")[2].replace('"', "") if places else ""
        run.find(
            f"{type(problem).__name__} in {place}",
            f"{trace[-3000:]}\nat {offset} in\n{text}",
            text.encode("utf-8", "replace"),
        )
