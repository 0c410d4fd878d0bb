"""The grammar as tables that a short loop can run.

Lark reads `grammar.lark` and works out the LALR(1) tables; they are kept in `tables.json` beside it, as plain data. So
a run that only checks a spec imports no Lark, builds nothing, and reads nothing that another user could have written. A
digest ties the file to the grammar: where they differ (someone is at work on the grammar) the tables are built on the
spot.

`python -m netdsl.syntax.tables` writes the file.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

_GRAMMAR = Path(__file__).with_name("grammar.lark")
_TABLES = Path(__file__).with_name("tables.json")
_FORMAT = 1

STARTS = ("file", "expression")


class Rule(NamedTuple):
    """A rule: the symbol it makes, how many symbols it takes, the method of the reducer that gets them, and which of
    them it gets (an index, or None for an optional part that is absent). Without a method the value is the single one
    it gets.
    """

    origin: str
    size: int
    action: str
    parts: tuple[int | None, ...]


class Tables(NamedTuple):
    """What to do in a state with a symbol: go to state n, or reduce by the rule numbered -n - 1."""

    states: tuple[dict[str, int], ...]
    rules: tuple[Rule, ...]
    starts: dict[str, int]
    ends: dict[str, int]


@cache
def load() -> Tables:
    """The tables of the grammar."""
    grammar = _GRAMMAR.read_bytes()
    try:
        data = json.loads(_TABLES.read_bytes())
    except (OSError, ValueError):
        data = None
    if data is None or data["digest"] != _digest(grammar):
        data = build(grammar)
    lookaheads = [names.split() for names in data["lookaheads"]]
    states = []
    for moves, reductions in data["states"]:
        state: dict[str, int] = moves
        for rule, group in reductions:
            state.update(dict.fromkeys(lookaheads[group], -rule - 1))
        states.append(state)
    rules = tuple(Rule(origin, size, action, tuple(parts)) for origin, size, action, parts in data["rules"])
    return Tables(tuple(states), rules, data["starts"], data["ends"])


def _digest(grammar: bytes) -> str:
    plain = grammar.replace(b"\r", b"")
    return f"{_FORMAT}-{crc32(plain):08x}"


def build(grammar: bytes) -> dict[str, Any]:
    """The tables of a grammar, as JSON can hold them: by Lark."""
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    parser = Lark(grammar.decode("utf-8"), parser="lalr", start=list(STARTS), maybe_placeholders=True)
    table = parser.parser.parser._parse_table
    number = _number(table)
    rules = sorted(
        parser.rules, key=lambda rule: (rule.origin.name, [each.name for each in rule.expansion], rule.alias)
    )
    order = {rule: index for index, rule in enumerate(rules)}
    lookaheads: dict[str, int] = {}
    states = []
    for state in number:
        actions = table.states[state]
        moves: dict[str, int] = {}
        reductions: dict[int, list[str]] = {}
        for symbol, (kind, argument) in actions.items():
            if kind is Shift:
                moves[symbol] = number[argument]
            else:
                reductions.setdefault(order[argument], []).append(symbol)
        groups = {rule: " ".join(sorted(symbols)) for rule, symbols in reductions.items()}
        states.append(
            [
                dict(sorted(moves.items())),
                [[r, lookaheads.setdefault(g, len(lookaheads))] for r, g in sorted(groups.items())],
            ]
        )
    return {
        "digest": _digest(grammar),
        "starts": {name: number[table.start_states[name]] for name in STARTS},
        "ends": {name: number[table.end_states[name]] for name in STARTS},
        "rules": [_rule(rule) for rule in rules],
        "lookaheads": list(lookaheads),
        "states": states,
    }


def _number(table: Any) -> dict[Any, int]:
    """The states in the order in which they are met, so that the same grammar always gives the same file."""
    number = {table.start_states[start]: index for index, start in enumerate(STARTS)}
    waiting = list(number)
    for state in waiting:
        for _, (_, argument) in sorted(table.states[state].items()):
            if argument in table.states and argument not in number:
                number[argument] = len(number)
                waiting.append(argument)
    return number


def _rule(rule: Any) -> list[Any]:
    """A rule of Lark's as a `Rule`: tokens with a leading underscore are left out, an absent `[part]` is None."""
    parts: list[int | None] = []
    index = 0
    for absent in rule.options.empty_indices or (False,) * len(rule.expansion):
        if absent:
            parts.append(None)
            continue
        symbol = rule.expansion[index]
        if not (symbol.is_term and symbol.name.startswith("_")):
            parts.append(index)
        index += 1
    alone = rule.options.expand1 and rule.alias is None and len(parts) == 1
    return [rule.origin.name, len(rule.expansion), "" if alone else rule.alias or rule.origin.name, parts]


def main() -> None:
    data = build(_GRAMMAR.read_bytes())
    states = data.pop("states")
    rows = ",\n".join(json.dumps(state, separators=(",", ":")) for state in states)
    head = json.dumps(data, separators=(",", ":"))
    _TABLES.write_text(f'{head[:-1]},"states":[\n{rows}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
