"""W0104: a bias right before a batch norm is subtracted again with the mean."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from netdsl import ops
from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._text import has_argument, set_argument
from netdsl.analysis.lint._words import plural
from netdsl.ir import Node
from netdsl.syntax import tree
from netdsl.text.diagnostics import Diagnostic, Edit
from netdsl.text.source import Span

_CENTERING = ("bn", "instancenorm")
"""The norms that subtract a mean of each channel's own; those over several channels do not undo a bias."""


class BiasBeforeNorm(Rule):
    code = "W0104"
    why = (
        "The norm subtracts each channel's mean, and with it whatever bias was added before; its own offset does what "
        "the bias was for."
    )
    literature = ("Ioffe and Szegedy, Batch Normalization, ICML 2015, section 3.2",)
    fixes = True

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        if subject.network is None:
            return
        again = {node.shares for node in subject.nodes if node.shares is not None}
        found = [node for node in subject.nodes if node.id not in again and self._wasted(subject, node)]
        ids = {node.id for node in found}
        groups: dict[Span, list[Node]] = {}
        for node in found:
            default = self._default(subject, node)
            groups.setdefault(default.span if default else node.span, []).append(node)
        for span, nodes in groups.items():
            first = nodes[0]
            default = next((each for each in self._defaults(subject, first.op.name) if each.span == span), None)
            count = sum(prod(subject.network.weights(node)["bias"].shape) for node in nodes)
            reader = subject.only_reader(first)
            norm = reader.op.name if reader is not None else ""
            layers = f"{len(nodes)} layers have a bias" if len(nodes) > 1 else "this layer has a bias"
            yield self.warning(
                f"{layers} that the `{norm}` behind {'them' if len(nodes) > 1 else 'it'} takes away: "
                f"{plural(count, 'weight')} without effect",
                span if default else subject.place(first),
                label="" if default else f"its bias is subtracted with the mean{subject.within(first)}",
                help="write `bias=false`",
                edits=self._edits(subject, default, nodes, ids),
            )

    def _wasted(self, subject: Subject, node: Node) -> bool:
        assert subject.network is not None
        bias = subject.network.weights(node).get("bias")
        if bias is None or not bias.trainable or not node.op.weight_layer or node.shares is not None:
            return False
        norm = subject.only_reader(node)
        return norm is not None and norm.op.name in _CENTERING and not getattr(norm.op, "frozen", False)

    def _defaults(self, subject: Subject, op: str) -> list[tree.Default]:
        return subject.defaults.get(op, [])

    def _default(self, subject: Subject, node: Node) -> tree.Default | None:
        """The default that gives a node its norm, where the statement does not and there is only one that can."""
        norm = subject.only_reader(node)
        if norm is None or not norm.implicit or has_argument(subject.written.get(node.span), "norm"):
            return None
        giving = [each for each in self._defaults(subject, node.op.name) if has_argument(each, "norm")]
        return giving[0] if len(giving) == 1 and giving[0].span.file == node.span.file else None

    def _edits(self, subject: Subject, default: tree.Default | None, nodes: list[Node], found: set[int]) -> list[Edit]:
        """`bias=false` where it is certain that it only reaches layers whose bias is without effect."""
        if any(getattr(node.op, "bias_init", None) is not None for node in nodes):
            return []
        file = subject.file
        if default is None:
            item = subject.written.get(nodes[0].span)
            if not isinstance(item, (tree.Operation, tree.Row)) or file is None or item.span.file != file.source.name:
                return []
            made = [node for node in subject.by_span[item.span] if node.op.name == nodes[0].op.name]
            return [set_argument(file.source, item, "bias", "false")] if all(n.id in found for n in made) else []
        op = nodes[0].op.name
        if file is None or default.span.file != file.source.name or len(self._defaults(subject, op)) != 1:
            return []
        for item in subject.written.values():
            if isinstance(item, tree.Operation) and (ops.resolve(item.head.text) or ("",))[0] != op:
                continue
            if isinstance(item, (tree.Operation, tree.Row)) and not has_argument(item, "bias"):
                made = [node for node in subject.by_span.get(item.span, ()) if node.op.name == op]
                if not made or any(node.id not in found for node in made):
                    return []
        others = [n for n in subject.nodes if n.op.name == op and getattr(n.op, "bias", False) and n.id not in found]
        if any(not has_argument(subject.written.get(node.span), "bias") for node in others):
            return []  # a projection shortcut without a norm
        edits = [set_argument(file.source, default, "bias", "false")]
        for node in nodes:
            if has_argument(subject.written.get(node.span), "bias"):
                edits.append(set_argument(file.source, subject.written[node.span], "bias", "false"))
        return edits
