"""What the literature says of a network: warnings with the figures of the network at hand, each with a way out.

`check` reports what is wrong; `lint` what is legal but costs or loses something, or is used nowhere. Every rule is one
file of this folder without an underscore. Rules read the compiled spec; no network is run.

`lint` judges one compilation, `lint_variants` the variants of a table together, so that a warning they share is given
once. `# netdsl: allow W0101` in the text silences a warning (see `_allow`). `mend` makes the edits that warnings carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from netdsl import registry
from netdsl.analysis.lint._allow import silence
from netdsl.analysis.lint._mend import Mended, differs, mend
from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._variants import together
from netdsl.analysis.lookup import Trees
from netdsl.compiler import Compilation
from netdsl.text.codes import CODES
from netdsl.text.diagnostics import Diagnostic, Report

__all__ = ["Mended", "Rule", "chosen", "differs", "lint", "lint_variants", "mend", "rules"]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order of their codes."""
    found = (registry.member(__name__, name, Rule)() for name in registry.names(__name__))
    return tuple(sorted(found, key=lambda rule: rule.code))


def chosen(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> frozenset[str]:
    """The codes that begin as one of `select` does (all without any), except those that begin as one of `ignore`; where
    both apply, the longer beginning decides. Raises `ValueError` for a beginning that no warning has."""
    known = [code for code in CODES if code.startswith("W")]
    select, ignore = tuple(select), tuple(ignore)
    for each in (*select, *ignore):
        if not each or not any(code.startswith(each) for code in known):
            raise ValueError(f"no warning has a code that begins with '{each}'")

    def length(code: str, asked: tuple[str, ...]) -> int:
        return max((len(each) for each in asked if code.startswith(each)), default=0)

    def wanted(code: str) -> bool:
        for_it, against = length(code, select), length(code, ignore)
        return bool(for_it or not select) and (for_it > against or not against)

    return frozenset(filter(wanted, known))


def lint(compilation: Compilation, *, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Report:
    """The warnings about one compilation, without its errors; what these leave unknown is skipped.

    `select` and `ignore` are codes or beginnings of codes (`W0103`, `W02`). A warning carries edits where these
    certainly leave the function of the network as it is.
    """
    return lint_variants({"": compilation}, select=select, ignore=ignore)


def lint_variants(
    compilations: Mapping[str, Compilation], *, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Report:
    """The warnings about the variants of one file, by name; a warning that only some have names these."""
    codes = chosen(select, ignore)
    subjects = {name: Subject(compilation) for name, compilation in compilations.items()}
    for each in subjects.values():
        each.share(next(iter(subjects.values())))
    asked = [rule for rule in rules() if rule.code in codes]
    of_text: dict[tuple[str, Trees], list[Diagnostic]] = {}  # which is the same for all variants

    def judged(rule: Rule, subject: Subject) -> list[Diagnostic]:
        key = rule.code, subject.trees
        if not rule.of_text or key not in of_text:
            of_text[key] = list(rule.judge(subject))
        return of_text[key]

    found = {name: [each for rule in asked for each in judged(rule, it)] for name, it in subjects.items()}
    report = Report()
    for compilation in compilations.values():
        report.sources.update(compilation.report.sources)
    once = frozenset(rule.code for rule in asked if rule.once)
    complete = all(not compilation.report.errors for compilation in compilations.values())
    for warning in silence(together(subjects, found, once), subjects, codes, complete):
        report.add(warning)
    return report
