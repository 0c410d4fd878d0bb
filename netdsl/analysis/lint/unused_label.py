"""W0302: a label that names a value which nothing goes back to."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl import ops
from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Diagnostic, Edit


class UnusedLabel(Rule):
    code = "W0302"
    why = (
        "A label names weights in the `state_dict`, or a module, or a value that `@` returns to. One on an `identity` "
        "or a `@NAME` can only be for the last of these; where nothing asks for it, the line that should is missing or "
        "spelt otherwise."
    )
    fixes = True

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        if not subject.readable:
            return
        used: set[str] = set()
        for file in subject.files.values():
            for each in walk(file):
                if isinstance(each, (tree.Goto, tree.Reuse)):
                    used.add(each.name.text)
                elif isinstance(each, (tree.Expect, tree.Reported)) and each.label is not None:
                    used.update((each.label.text, *each.label.text.split(".")))
        for file in subject.files.values():
            for layer in walk(file):
                if not isinstance(layer, tree.Layer) or layer.label is None or layer.label.index is not None:
                    continue
                if layer.label.text in used or not _value_only(layer.item):
                    continue
                own = subject.file is not None and file.source is subject.file.source
                edit = Edit(file.source.span(layer.label.span.start, layer.item.span.start), "")
                yield self.warning(
                    f"nothing uses the label `{layer.label.text}`",
                    layer.label.span,
                    label="it names a value, and no weights",
                    help=f"go back to it with `@{layer.label.text}`, or take the label away",
                    edits=[edit] if own else [],
                )


def _value_only(item: tree.Item) -> bool:
    """Whether a statement makes no module, so that its label can name a value only."""
    if isinstance(item, tree.Goto):
        return True
    return isinstance(item, tree.Operation) and ops.resolve(item.head.text) == ("identity", None)
