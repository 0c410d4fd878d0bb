"""W0302: a label for a value that is never used."""

from __future__ import annotations

import re

from netdsl import ops
from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit


class UnusedLabel(Rule):
    code = "W0302"
    why = (
        "A label names weights in the `state_dict`, or a module, or a value that `@` returns to. One on an `identity` "
        "or a `@NAME` can only be for the last of these; where nothing asks for it, the line that should is missing or "
        "spelt otherwise."
    )
    of_text = True
    fixes = True

    def find(self, subject: Subject) -> Warnings:
        parts = [part for each in subject.trees.of(tree.Seen) for part in each.parts]
        used = {part.text for part in parts if part.index is None}
        counted = [re.compile(f"{part.text}[0-9]+{part.after}") for part in parts if part.index is not None]
        for claim in subject.trees.all:
            if isinstance(claim, (tree.Expect, tree.Reported)) and claim.label is not None:
                used.update((claim.label.text, *claim.label.text.split(".")))
            elif isinstance(claim, tree.Quantity):
                used.update(each.text for each in claim.names[:-1])
        for layer in subject.trees.of(tree.Layer):
            label = layer.label
            if label is None or label.index is not None or label.text in used or not _makes_no_module(layer.item):
                continue
            if any(each.fullmatch(label.text) for each in counted):  # `@s{i}` may mean the label `s0`
                continue
            span = label.span
            edit = Edit(span._replace(end=layer.item.span.start), "")
            yield self.warning(
                f"nothing uses the label `{label.text}`",
                span,
                label="it names a value, and no weights",
                help=f"go back to it with `@{label.text}`, or take the label away",
                edits=[edit] if subject.is_own(span) else [],
            )


def _makes_no_module(item: tree.Item) -> bool:
    """Whether an item only passes a value on, so that a label can name nothing but that value."""
    passes = isinstance(item, tree.Operation) and ops.resolve(item.head.text) == ("identity", None)
    return passes or isinstance(item, tree.Goto)
