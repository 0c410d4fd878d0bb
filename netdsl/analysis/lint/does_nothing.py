"""W0303: an identity that holds no place, or a flattening of what is flat."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._bodies import Numbered, bodies, removal
from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.syntax import tree
from netdsl.text.diagnostics import Diagnostic


class DoesNothing(Rule):
    code = "W0303"
    why = (
        "An `identity` is a branch that passes on, a name for a value, or the place of a module that a checkpoint "
        "counts; a `flatten` makes features of a map. Where they are none of these, they are left over."
    )
    fixes = True

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        if network is None or not subject.readable:
            return
        idle = {
            span: nodes
            for span, nodes in subject.by_span.items()
            if all(
                not node.implicit
                and (
                    node.op.transparent
                    or (node.op.name == "flatten" and len((network.input_shapes(node) or ((0, 0),))[0]) == 1)
                )
                for node in nodes
            )
        }
        if not idle:
            return
        numbered = Numbered(subject)
        for file in subject.files.values():
            for body in bodies(file):
                layers = [each for each in body if isinstance(each, tree.Layer)]
                found = [each for each in layers if each.item.span in idle and each.label is None]
                # Where one identity holds a place, another beside it stands for a module of the same kind.
                if len(layers) < 2 or any(numbered.holds(node) for each in found for node in idle[each.item.span]):
                    continue
                for each in found[: len(layers) - 1]:
                    nodes = idle[each.item.span]
                    what = "the input is flat already" if nodes[0].op.name == "flatten" else "its output is its input"
                    yield self.warning(
                        f"this `{nodes[0].op.name}` does nothing",
                        each.item.span,
                        label=what,
                        help="take it away",
                        edits=removal(subject, each, nodes, numbered),
                    )
