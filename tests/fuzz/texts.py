"""Hostile texts, made by the grammar, from the zoo by mutation, or of bytes: every command answers each of them in
bounded time and memory, with a status that a user may see, and never with a traceback."""

from __future__ import annotations

import gc
import os
from collections import Counter
from functools import cache, partial
from pathlib import Path
from random import Random

from fuzz import _answers
from fuzz._run import Finding, Run, Tell
from netdsl import ops, zoo
from netdsl.syntax.lex import KEYWORDS
from netdsl.tools.cli import SELDOM

SHARE = 0.68
KINDS = ("made by the grammar",) * 5 + ("mutated",) * 2 + ("bytes",) * 3
"""Of ten texts so many are of each kind."""
WHOLE = 0.1
"""So many of the mutated ones are whole networks of the zoo, which take most of the time."""
BATCH = 200
"""So many texts are given to the commands by one process."""
TWICE = 5
"""One text of so many is given to `check` twice, to see that nothing is remembered of it that is not so."""
IF_RIGHT = 3
"""To so many commands beside `check` a right text is given."""

NUMBERS = (
    *["0", "1", "2", "3", "4", "5", "7", "8", "16", "32", "64", "224", "1000", "-1", "0.5", "-0.0", "20%", "1M", "4k", "1e9", "1e400", "1000000000", "2**64", "2**2**2**2**2", "0x10", "00", "1_000"],
    "9" * 30,
    "9" * 5000,
)  # fmt: skip
SIGNS = (*tuple("{}()[]|;:,.@/*+-=<>!~\"'#\\%&?$`^ \t\n"), "->", "**", "//", "==", "<=", "x2", "..", "\r", "\r\n")
ODD = (
    "\0",
    "\x1b[2J",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\u00ad",
    "²",
    "é",
    "\U0001d11e",
    "\x85",
    "\x0c",
    "×",
    "\u2013",
    "\u201c",
)
WORDS = ("channels", "height", "width", "params", "macs", "in", "as", "of", "like", "act", "norm", "stride", "pad", "a", "b", "n",
         "relu", "true", "false", "none", "min", "max", "floor", "ceil", "len", "round_to", "output", "image", "table")  # fmt: skip


@cache
def words() -> tuple[str, ...]:
    """What has a meaning somewhere in the language."""
    return (*sorted({*ops.names(), *KEYWORDS}), *WORDS, "basic", "bottleneck", "se", "inception", "residual")


@cache
def _zoo() -> tuple[str, ...]:
    return tuple(path.read_text("utf-8") for path in sorted(zoo.directory().glob("*.net")))


def number(random: Random) -> str:
    """Mostly a small one."""
    return random.choice(NUMBERS[:10]) if random.random() < 0.8 else random.choice(NUMBERS)


def expression(random: Random, depth: int = 0) -> str:
    """An expression, of any type."""
    kind = random.randrange(9 if depth < 3 else 3)
    if kind < 2:
        return number(random)
    if kind == 2:
        return random.choice((*WORDS, '"text"', "i", "p0", "p1"))
    one, other = expression(random, depth + 1), expression(random, depth + 1)
    if kind == 3:
        return f"[{one}, {other}]"
    if kind == 4:
        return f"{random.choice(words())}({one}, {random.choice(WORDS)}={other})"
    if kind == 5:
        return f"({one} if {other} > 1 else {expression(random, depth + 1)})"
    if kind == 6:
        return f"({one})"
    return f"{one} {random.choice(['+', '-', '*', '/', '//', '%', '**', '<', '==', 'and', 'or'])} {other}"


def statement(random: Random, depth: int = 0) -> str:
    """A statement as the grammar has it; whether it means something is left to chance."""
    word, size = random.choice(words()), number(random)
    label = random.choice(("a", "b", "l0", "l1"))
    inner = (lambda: "; ".join(statement(random, depth + 1) for _ in range(random.randrange(3)))) if depth < 4 else str
    times = random.choice(("2", "2", "3", "3", "7", "100" if random.random() < 0.2 else size))
    forms = (
        lambda: word,
        lambda: f"{random.choice(('conv', 'dwconv', 'maxpool', 'upconv', word))}{size}-{number(random)}/{number(random)}",
        lambda: f"{word}({expression(random)})",
        lambda: f"{word}({random.choice(WORDS)}={expression(random)}, {expression(random)})",
        lambda: f"{word}-{{{expression(random)}}}",
        lambda: f"{statement(random, depth + 1) if depth < 4 else word} x{times}",
        lambda: f"{{ {inner()} }} x{times} as i",
        lambda: f"{random.choice(('add', 'concat', 'mul', 'max', 'mean', 'matmul'))} {{ {inner()} | {inner()} }}",
        lambda: f"concat x{times} {{ {inner()} }}",
        lambda: f"residual({random.choice(WORDS)}={expression(random)}) {{ {inner()} }}",
        lambda: f"if {expression(random)} {{ {inner()} }} else {{ {inner()} }}",
        lambda: f"{label}: {statement(random, depth + 1) if depth < 4 else word}",
        lambda: f"@{label}.{random.choice(WORDS)}",
        lambda: f"reuse({label})",
        lambda: f"output {label}",
        lambda: f"aux {label}({number(random)}) {{ {inner()} }}",
        lambda: f"[{size}x{size}, {number(random)}; 1x1, {number(random)}] x{times}",
        lambda: f"{word} -> {size}x{size}x{number(random)}",
    )  # fmt: skip
    return random.choice(forms)()


def made(random: Random) -> str:
    """A spec by the grammar: what stands at the head, then statements."""
    shape = "x".join(number(random) for _ in range(random.randrange(1, 5)))
    heads = (
        lambda: f"param p{random.randrange(3)} = {expression(random)}",
        lambda: f"default {random.choice(words())}({random.choice(WORDS)}={expression(random)})",
        lambda: (
            f"block {random.choice(WORDS)}(n, k={expression(random)}) {{ {statement(random)}; {statement(random)} }}"
        ),
        lambda: f"expect {random.choice(WORDS)} = {expression(random)}",
        lambda: f"property {expression(random)} == {expression(random)}",
        lambda: f'reported {random.choice(WORDS)} = {number(random)} "note"',
        lambda: f'use "{random.choice(("a.net", "../b.net", "text.net", "/dev/zero", "."))}"',
        lambda: f"table\n| A | B |\n|---|---|\n| {statement(random)} | {statement(random)} |\n",
        lambda: f"recipe {random.choice(WORDS)} {{ {random.choice(words())}({expression(random)}) }}",
    )
    head = [random.choice(heads)() for _ in range(random.randrange(3))]
    return "\n".join([f"input {shape}", *head, *(statement(random) for _ in range(random.randrange(1, 8)))]) + "\n"


def excerpt(random: Random) -> str:
    """A network of the zoo, most often only its head and a few lines in a row: they break in as many ways as all of it,
    and are answered faster."""
    text = random.choice(_zoo())
    if random.random() < WHOLE:
        return text
    lines = text.splitlines(keepends=True)
    head = [line for line in lines if line.startswith(("input", "param"))]
    start = random.randrange(len(lines))
    return "".join([*head, *lines[start : start + random.randrange(1, 16)]])


def mutated(random: Random, text: str) -> str:
    """A text with one to six changes, of which some are large."""
    for _ in range(random.randrange(1, 7)):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice((0, 1, 2, 5, 20, 200)))
        stretch = text[start:end]
        lines = text.splitlines(keepends=True) or [""]
        line = random.randrange(len(lines))
        kind = random.randrange(10)
        if kind == 0:
            text = text[:start] + text[end:]
        elif kind == 1:
            text = text[:end] + stretch * random.choice((1, 2, 50)) + text[end:]
        elif kind in (2, 3):
            given = random.choice((words(), NUMBERS, SIGNS, ODD))
            text = text[:start] + random.choice(given) + text[end if random.random() < 0.5 else start :]
        elif kind == 4:
            text = text[:start] + statement(random) + "\n" + text[start:]
        elif kind == 5:
            lines[line] = lines[line] * random.choice((2, 3, 300))
            text = "".join(lines)
        elif kind == 6:
            other = random.randrange(len(lines))
            lines[line], lines[other] = lines[other], lines[line]
            text = "".join(lines)
        elif kind == 7:
            text = random.choice((text[:start], text[start:]))
        elif kind == 8:
            deep = random.choice((2, 30, 1000))
            opening, closing = random.choice(("{}", "()", "[]", ("residual {", "}"), ("add { relu | ", "}"), ("-", "")))
            text = text[:start] + opening * deep + stretch + closing * deep + text[end:]
        else:
            digits = [place for place, sign in enumerate(text) if sign.isdigit()]
            if digits:
                place = random.choice(digits)
                text = text[:place] + number(random) + text[place + 1 :]
        text = text[:200_000]
    return text


def noise(random: Random) -> bytes:
    """Bytes that nobody wrote, or a spec in another encoding, or with bytes that are no UTF-8."""
    kind = random.randrange(4)
    if kind == 0:
        return random.randbytes(random.choice((1, 10, 100, 1000)))
    if kind == 1:
        signs = (*SIGNS, *words(), *NUMBERS[:12], *ODD)
        return " ".join(
            random.choices(signs, k=random.choice((2, 5, 20, 50, 200) if random.random() < 0.99 else (2000,)))
        ).encode()
    text = excerpt(random)
    if kind == 2:
        return text.encode(random.choice(("utf-16", "utf-32", "utf-8-sig", "cp037")), "replace")
    data = bytearray(text.encode())
    for _ in range(random.randrange(1, 9)):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def drawn(random: Random) -> tuple[str, bytes]:
    """A text, and what kind of text it is."""
    kind = random.choice(KINDS)
    if kind == "bytes":
        return kind, noise(random)
    text = made(random) if kind == "made by the grammar" else mutated(random, excerpt(random))
    return kind, text.encode("utf-8", "surrogatepass")


def run(run: Run) -> None:
    """Draw texts and give each to the commands, in processes of their own, so that one that is ended from within is found
    too."""
    os.chdir(run.folder)
    file = Path("text.net")
    _answers.warm(file)
    while run.going("texts"):
        count = BATCH if run.most is None else min(BATCH, run.most - run.counts["texts"])
        random = Random(run.random.random())
        ended = run.apart(partial(_many, run, file, random, count))
        if ended:  # for a network as large as it is, perhaps no wonder
            ended = run.apart(lambda tell: tell(*_given(file, large=True)))
        if ended:
            run.find(f"the process ended: {ended}", "", file.read_bytes())


def _many(run: Run, file: Path, random: Random, count: int, tell: Tell) -> None:
    gc.set_threshold(SELDOM)  # as the program does for itself
    for _ in range(count):
        if not run.going("texts"):
            return
        kind, data = drawn(random)
        file.write_bytes(data)
        counts, findings = _given(file, random)
        tell(Counter({"texts": 1, f"texts {kind}": 1}) + counts, findings)


def _given(file: Path, random: Random | None = None, large: bool = False) -> tuple[Counter[str], list[Finding]]:
    """Give the file to the commands: all of them; or, where `random` is given, to `check`, one in `TWICE` a second time,
    and to some of the others, to more where it is right, since to all of them it is wrong alike."""
    checks: tuple[str, ...] = _answers.COMMANDS[:2]
    others = _answers.COMMANDS[2:]
    if random is not None and random.randrange(TWICE):
        checks = checks[:1]
    statuses: list[int | None] = []
    share = _answers.proportion(file.name) if large else 0
    found = list(_answers.wrong(file.name, checks, statuses, share))
    right = statuses[0] == 0
    more = others if random is None else tuple(random.sample(others, k=IF_RIGHT if right else 1))
    found += _answers.wrong(file.name, more, share=share)
    counts = Counter({"commands": len(checks) + len(more), "texts that are right": int(right)})
    return counts, [Finding("texts", each.what, each.detail, file.read_bytes()) for each in found]
