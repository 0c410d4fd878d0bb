"""What the literature says of a network: warnings with the figures of the network at hand, each with a way out.

`check` says what is wrong; `lint` what is legal, and yet costs or loses something, or is used nowhere. Every rule is a
file of this folder, and the folder is the list of them. All is read from the text; nothing runs.

`lint` judges one compilation; `lint_variants` the variants of a table together, so that what all of them share is told
once. `# netdsl: allow W0101` in the text silences a warning, see `netdsl.analysis.lint._allow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from netdsl.analysis.lint._allow import silence
from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._variants import together
from netdsl.compiler import Compilation
from netdsl.text.diagnostics import Diagnostic, Report

__all__ = ["Rule", "chosen", "lint", "lint_variants", "rules"]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order of their codes."""
    found = []
    for entry in sorted(Path(__file__).parent.glob("*.py")):
        if not entry.stem.startswith("_"):
            module = import_module(f"{__name__}.{entry.stem}")
            found += [
                value()
                for value in vars(module).values()
                if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
            ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def chosen(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> frozenset[str]:
    """The codes that are asked for: all, or those that begin as one of `select` does, without those of `ignore`; the
    longer beginning wins. Raises `ValueError` for one that no warning has."""
    from netdsl.text.codes import CODES

    known = [code for code in CODES if code.startswith("W")]
    select, ignore = tuple(select), tuple(ignore)
    for each in (*select, *ignore):
        if not each or not any(code.startswith(each) for code in known):
            raise ValueError(f"no warning has a code that begins with '{each}'")

    def length(code: str, asked: tuple[str, ...]) -> int:
        return max((len(each) for each in asked if code.startswith(each)), default=0)

    return frozenset(
        code
        for code in known
        if (not select or length(code, select))
        and (length(code, select) > length(code, ignore) or not length(code, ignore))
    )


def lint(compilation: Compilation, *, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Report:
    """The warnings about one compilation, whose errors are not repeated; what errors leave unknown is passed over.

    `select` and `ignore` are codes or beginnings of codes (`W0103`, `W02`). A warning carries edits where a change of
    the text certainly leaves the function of the network what it is.
    """
    return lint_variants({"": compilation}, select=select, ignore=ignore)


def lint_variants(
    compilations: Mapping[str, Compilation], *, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Report:
    """The warnings about the variants of one file, by name; what only some of them have names these."""
    codes = chosen(select, ignore)
    subjects = {name: Subject(compilation) for name, compilation in compilations.items()}
    asked = [rule for rule in rules() if rule.code in codes]
    found: dict[str, list[Diagnostic]] = {
        name: [warning for rule in asked for warning in rule.find(subject)] for name, subject in subjects.items()
    }
    report = Report()
    for compilation in compilations.values():
        report.sources.update(compilation.report.sources)
    once = frozenset(rule.code for rule in asked if rule.once)
    complete = all(not compilation.report.errors for compilation in compilations.values())
    for warning in silence(together(subjects, found, once), subjects, codes, complete):
        report.add(warning)
    return report
