"""W0303: an identity without a purpose, or a `flatten` of what is flat."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.ir import Node
from netdsl.syntax import tree


class DoesNothing(Rule):
    code = "W0303"
    why = (
        "An `identity` is a branch that passes on, a name for a value, or the place of a module that a checkpoint "
        "counts; a `flatten` makes features of a map. Where they are none of these, they are left over."
    )
    fixes = True

    def find(self, subject: Subject) -> Warnings:
        if not subject.readable:
            return
        idle = {
            span: nodes
            for span, nodes in subject.by_span.items()
            if all(not node.implicit and self._does_nothing(subject, node) for node in nodes)
        }
        bodies: list[tree.File | tree.Body] = [*subject.files.values(), *subject.trees.of(tree.Body)] if idle else []
        for body in bodies:
            layers = [each for each in body.statements if isinstance(each, tree.Layer)]
            found = [each for each in layers if each.item.span in idle and each.label is None]
            # If one identity is there to number the modules as a checkpoint does, those beside it are too.
            if len(layers) < 2 or any(subject.renumbers(node) for each in found for node in idle[each.item.span]):
                continue
            for each in found[: len(layers) - 1]:
                nodes = idle[each.item.span]
                yield self.warning(
                    f"this `{nodes[0].op.name}` does nothing",
                    each.item.span,
                    label="its output is its input" if nodes[0].op.transparent else "the input is flat already",
                    help="take it away",
                    edits=subject.removal(each, nodes),
                )

    def _does_nothing(self, subject: Subject, node: Node) -> bool:
        shapes = subject.network.input_shapes(node) or ((0, 0),)
        return node.op.transparent or (node.op.name == "flatten" and len(shapes[0]) == 1)
