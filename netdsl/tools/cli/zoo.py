"""`netdsl zoo`: the networks that come with netdsl, in a table that filters and sorts."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from netdsl.tools.cli._columns import aligned

if TYPE_CHECKING:
    from netdsl.zoo import Entry

SECTION = "Write a spec"
FIELDS = ("name", "family", "variant", "params", "macs", "year", "task", "reference")
"""What the JSON list says of every network."""
_NUMBERS = (3, 4, 7)
"""The columns that are aligned at the right."""
_ORDERS = ("name", "params", "macs", "year", "top5")
_WORDS = ("family", "task")
"""What is compared with a word, where the others are compared with a number."""
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_CONDITION = re.compile(r"\s*(\w+)\s*(<=|>=|!=|<|>|==?)\s*(\S.*?)\s*")


@click.command(
    epilog="""\b
Examples:
  netdsl zoo                                  all of them, by year
  netdsl zoo vgg 'resnet*'                    those whose name, or whose spec's name, fits
  netdsl zoo --where 'params<10M' --sort top5
  netdsl zoo --where year=2015 --sort macs --reverse
  netdsl zoo --where task=segmentation
  netdsl zoo --json
  netdsl summary vgg16_bn                     every name is one that all commands take
"""
)
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1)
@click.option(
    "--where",
    "conditions",
    metavar="CONDITION",
    multiple=True,
    help="Only those of which this holds: params, macs, year or top5 and a number, family or task and a word.",
)
@click.option("--sort", type=click.Choice(_ORDERS), help="Order by this; what is not known comes last.")
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
def command(
    patterns: tuple[str, ...], conditions: tuple[str, ...], sort: str | None, reverse: bool, as_json: bool
) -> None:
    """List the networks of the literature that come with netdsl.

    A PATTERN is a part of a name, or has * and ? in it. A family is a spec with its variants. Parameters are the
    trained ones and multiply-adds those of one input, both without the auxiliary heads; top-5 is the error on ImageNet
    that the network's paper reports.
    """
    from netdsl.tools.catalogue import entries

    wanted = [_condition(each) for each in conditions]
    found = [
        entry
        for entry in entries()
        if (not patterns or any(_fits(entry, each) for each in patterns)) and all(holds(entry) for holds in wanted)
    ]
    if sort:
        known = [entry for entry in found if getattr(entry, sort) is not None]
        unknown = [entry for entry in found if getattr(entry, sort) is None]
        found = sorted(known, key=lambda entry: getattr(entry, sort), reverse=reverse) + unknown
    elif reverse:
        found.reverse()
    if as_json:
        click.echo(json.dumps([{field: getattr(entry, field) for field in FIELDS} for entry in found], indent=2))
    elif found:
        click.echo(_table(found), nl=False)
    else:
        click.echo("no network of the zoo fits; `netdsl zoo` lists all", err=True)


def _fits(entry: Entry, pattern: str) -> bool:
    pattern = pattern.lower()
    if not any(char in pattern for char in "*?["):
        pattern = f"*{pattern}*"
    return any(fnmatchcase(name.lower(), pattern) for name in (entry.name, entry.spec))


def _condition(written: str) -> Callable[[Entry], bool]:
    """`params<10M` or `task=segmentation` as a test of an entry. Raises `BadParameter` for what is none."""
    from netdsl.syntax import parse_value, tree
    from netdsl.text.diagnostics import Report, did_you_mean

    match = _CONDITION.fullmatch(written)
    if match is None:
        raise click.BadParameter(f"'{written}' is no condition such as params<10M", param_hint="'--where'")
    field, sign, text = match.groups()
    sign = "=" if sign == "==" else sign
    numbers = _ORDERS[1:]
    if field in _WORDS:
        if sign not in ("=", "!="):
            raise click.BadParameter(f"'{written}': a {field} is compared by = or !=", param_hint="'--where'")
        return lambda entry: _COMPARISONS[sign]((getattr(entry, field) or "").lower(), text.lower())
    if field not in numbers:
        hint = did_you_mean(field, (*numbers, *_WORDS), "there are")
        raise click.BadParameter(f"nothing is known as '{field}'; {hint}", param_hint="'--where'")
    value = parse_value(text, Report(), "--where")
    if not isinstance(value, tree.Literal) or isinstance(value.value, (str, bool)) or value.value is None:
        raise click.BadParameter(f"'{text}' is no number such as 10M, 7% or 2015", param_hint="'--where'")
    bound, compare = value.value, _COMPARISONS[sign]

    def holds(entry: Entry) -> bool:
        known = getattr(entry, field)
        return known is not None and compare(known, bound)

    return holds


def _table(entries: Iterable[Entry]) -> str:
    rows = [("name", "family", "variant", "params", "multiply-adds", "year", "task", "top-5", "equals")]
    rows += [
        (
            entry.name,
            entry.family,
            entry.variant or "",
            f"{entry.params:,}",
            f"{entry.macs:,}",
            str(entry.year or ""),
            entry.task or "",
            "" if entry.top5 is None else f"{100 * entry.top5:.4g}%",
            entry.reference or "",
        )
        for entry in entries
    ]
    return "".join(f"{line}\n" for line in aligned(rows, right=_NUMBERS))
