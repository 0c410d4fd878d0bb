"""W0304: a param on which nothing depends."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Diagnostic, Edit
from netdsl.text.edits import without


class UnusedParam(Rule):
    code = "W0304"
    why = "Who sets it with `--set` or `extends` expects another network, and gets the same one."
    fixes = True

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        if not subject.readable:
            return
        for file in subject.files.values():
            used = {each.name for each in walk(file) if isinstance(each, tree.Reference)}
            params: dict[str, list[tree.Param]] = {}
            for each in walk(file):
                if isinstance(each, tree.Param):
                    params.setdefault(each.name.text, []).append(each)
            own = subject.file is not None and file.source is subject.file.source
            for name, found in params.items():
                if name not in used:  # in a table it has one in each column, told once
                    yield self.warning(
                        f"nothing depends on the param `{name}`",
                        found[0].name.span,
                        help="use it, or take it away",
                        edits=[Edit(without(file.source, each.span), "") for each in found] if own else [],
                    )
