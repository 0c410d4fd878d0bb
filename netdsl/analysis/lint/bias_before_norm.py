"""W0104: a bias right before a batch norm is subtracted again with the mean."""

from __future__ import annotations

from collections.abc import Collection
from math import prod

from netdsl import ops
from netdsl.analysis.lint._rule import Rule, Subject, Warnings, plural
from netdsl.analysis.lookup import argument, more_arguments
from netdsl.ir import Node
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Source, Span

_CENTERING = ("bn", "instancenorm")
"""The norms that subtract the mean of each single channel; norms over several channels do not undo a bias."""


class BiasBeforeNorm(Rule):
    code = "W0104"
    why = (
        "The norm subtracts each channel's mean, and with it whatever bias was added before; its own offset does what "
        "the bias was for."
    )
    literature = ("Ioffe and Szegedy, Batch Normalization, ICML 2015, section 3.2",)
    fixes = True

    def find(self, subject: Subject) -> Warnings:
        again = {node.shares for node in subject.nodes if node.shares is not None}
        wasted = {node.id: node for node in subject.nodes if node.id not in again and self._is_wasted(subject, node)}
        groups: dict[tuple[Span, tree.Default | None], list[Node]] = {}
        for node in wasted.values():
            default = self._default(subject, node)
            groups.setdefault((default.span if default else node.span, default), []).append(node)
        for (span, default), nodes in groups.items():
            count = sum(prod(subject.network.weights(node)["bias"].shape) for node in nodes)
            norm = subject.only_reader(nodes[0])
            layers, them = ("this layer has", "it") if len(nodes) == 1 else (f"{len(nodes)} layers have", "them")
            yield self.warning(
                f"{layers} a bias that the `{norm.op.name if norm else ''}` behind {them} takes away: "
                f"{plural(count, 'weight')} without effect",
                span if default else subject.place(nodes[0]),
                label="" if default else "its bias is subtracted with the mean",
                help="write `bias=false`",
                edits=self._edits(subject, default, nodes, wasted.keys()),
            )

    def _is_wasted(self, subject: Subject, node: Node) -> bool:
        """Whether a layer has a bias of its own that the norm behind it subtracts."""
        bias = subject.network.weights(node).get("bias")
        if bias is None or not bias.trainable or not node.op.weight_layer or node.shares is not None:
            return False
        norm = subject.only_reader(node)
        return norm is not None and norm.op.name in _CENTERING and not getattr(norm.op, "frozen", False)

    def _default(self, subject: Subject, node: Node) -> tree.Default | None:
        """The default that gives a node its norm, where the statement does not and there is only one that can."""
        norm = subject.only_reader(node)
        if norm is None or not norm.implicit or argument(subject.trees.items.get(node.span), "norm"):
            return None
        giving = [each for each in subject.trees.defaults.get(node.op.name, ()) if argument(each, "norm")]
        return giving[0] if len(giving) == 1 and giving[0].span.file == node.span.file else None

    def _edits(
        self, subject: Subject, default: tree.Default | None, nodes: list[Node], wasted: Collection[int]
    ) -> list[Edit]:
        """`bias=false`, where it certainly reaches only layers whose bias has no effect."""
        op, items = nodes[0].op.name, subject.trees.items
        item = default or items.get(nodes[0].span)
        if subject.file is None or not isinstance(item, (tree.Operation, tree.BracketRow, tree.Default)):
            return []
        if not subject.is_own(item.span) or any(getattr(node.op, "bias_init", None) is not None for node in nodes):
            return []
        source = subject.file.source
        if default is None:
            made = [node for node in subject.by_span[item.span] if node.op.name == op]
            return [_without_bias(source, item)] if all(node.id in wasted for node in made) else []
        if len(subject.trees.defaults[op]) != 1:
            return []
        for item in items.values():
            if isinstance(item, tree.Operation) and (ops.resolve(item.head.text) or ("",))[0] != op:
                continue
            if isinstance(item, (tree.Operation, tree.BracketRow)) and not argument(item, "bias"):
                made = [node for node in subject.by_span.get(item.span, ()) if node.op.name == op]
                if not made or any(node.id not in wasted for node in made):
                    return []
        others = [n for n in subject.nodes if n.op.name == op and getattr(n.op, "bias", False) and n.id not in wasted]
        if any(not argument(items.get(node.span), "bias") for node in others):
            return []  # a projection shortcut without a norm
        saying = [items[node.span] for node in nodes if argument(items.get(node.span), "bias")]
        return [_without_bias(source, each) for each in (default, *saying)]


def _without_bias(source: Source, item: tree.Operation | tree.BracketRow | tree.Default) -> Edit:
    """The edit that makes an item say `bias=false`, in place of the bias it says or behind its arguments."""
    written = argument(item, "bias")
    return Edit(written.value.span, "false") if written else more_arguments(source, item, "bias=false")
