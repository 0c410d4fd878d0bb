"""W0304: a param that is never used."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Edit
from netdsl.text.edits import without


class UnusedParam(Rule):
    code = "W0304"
    why = "Who sets it with `--set` or `extends` expects another network, and gets the same one."
    of_text = True
    fixes = True

    def find(self, subject: Subject) -> Warnings:
        for file in subject.files.values():
            used = {each.name for each in walk(file) if isinstance(each, tree.Reference)}
            used |= {each.head.text for each in walk(file) if isinstance(each, tree.Operation)}  # it stands for one
            used |= {each.name.text for each in walk(file) if isinstance(each, tree.Domain)}
            params: dict[str, list[tree.Param]] = {}
            for each in walk(file):
                if isinstance(each, tree.Param) and each.name.text not in used:
                    params.setdefault(each.name.text, []).append(each)
            for name, found in params.items():  # in a table a param has one place in each column
                cuts = [Edit(without(file.source, each.span), "") for each in found]
                yield self.warning(
                    f"nothing depends on the param `{name}`",
                    found[0].name.span,
                    help="use it, or take it away",
                    edits=cuts if subject.is_own(file.span) else [],
                )
