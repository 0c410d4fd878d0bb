"""The warnings about several variants as one list: what they share is told once, what only some have names these.

A place that several variants share may be right in one of them and not in another, so an edit stays only where every
variant that has the place asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from netdsl.analysis.lint._subject import Subject
from netdsl.text.diagnostics import Diagnostic


def together(
    subjects: Mapping[str, Subject], found: Mapping[str, list[Diagnostic]], once: frozenset[str]
) -> Iterator[Diagnostic]:
    """The warnings of all variants (by name), with the figures of the first variant that has each.

    Told once are warnings under a code of `once`, those at one place, and those at one text in several cells of a row.
    """
    if len(subjects) == 1:
        yield from next(iter(found.values()))
        return
    said: dict[object, dict[str, Diagnostic]] = {}
    for name, warnings in found.items():
        for warning in warnings:
            key = (warning.code,) if warning.code in once else (warning.code, *_spot(warning, subjects[name]))
            said.setdefault(key, {}).setdefault(name, warning)
    for by_variant in said.values():
        first, warning = next(iter(by_variant.items()))
        where = []
        if len(by_variant) < len(subjects):
            where.append(f"variant{'s' * (len(by_variant) > 1)} {', '.join(by_variant)}")
        if any(each.message != warning.message for each in by_variant.values()):
            where.append(f"figures of {first}")
        if where:
            warning = replace(warning, message=f"{warning.message} ({'; '.join(where)})")
        edits = [edit for each in by_variant.values() if _agreed(each, found, subjects) for edit in each.edits]
        yield replace(warning, edits=tuple(dict.fromkeys(edits)))


def _spot(warning: Diagnostic, subject: Subject) -> tuple[object, ...]:
    span = warning.span
    if span is None or span.file not in subject.sources:
        return (span, warning.message)
    return span.file, subject.sources[span.file].position(span.start).line, subject.text(span)


def _agreed(warning: Diagnostic, found: Mapping[str, list[Diagnostic]], subjects: Mapping[str, Subject]) -> bool:
    """Whether every variant that has the place asks for the same edits.

    A place that made no layer in any of them (a default, a param) is one that all of them have.
    """
    if not warning.edits or warning.span is None:
        return False
    layers = any(warning.span in subject.by_span for subject in subjects.values())
    return all(
        _asks(warning, found[name]) or (layers and warning.span not in subject.by_span)
        for name, subject in subjects.items()
    )


def _asks(warning: Diagnostic, among: list[Diagnostic]) -> bool:
    return any(
        each.code == warning.code and each.span == warning.span and each.edits == warning.edits for each in among
    )
