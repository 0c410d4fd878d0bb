"""The warnings about several variants merged: a shared one is given once, one that only some have names these.

The text at one place can be right in one variant and wrong in another, so a merged warning keeps an edit only where
every variant that has the place asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from netdsl.analysis.lint._subject import Subject
from netdsl.text.diagnostics import Diagnostic


def together(
    subjects: Mapping[str, Subject], found: Mapping[str, list[Diagnostic]], once: frozenset[str]
) -> Iterator[Diagnostic]:
    """The warnings of all variants (by name), each with the figures of the first variant that has it.

    Merged are warnings whose code is in `once`, those at one place, and those at equal texts in the cells of one row.
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
    """Whether every variant that has the place asks for the same edits. A place that made no node in any variant (a
    default, a param) belongs to all of them."""
    if not warning.edits or warning.span is None:
        return False
    layers = any(warning.span in subject.by_span for subject in subjects.values())
    asked = (warning.code, warning.span, warning.edits)
    return all(
        asked in [(each.code, each.span, each.edits) for each in found[name]]
        or (layers and warning.span not in subject.by_span)
        for name, subject in subjects.items()
    )
