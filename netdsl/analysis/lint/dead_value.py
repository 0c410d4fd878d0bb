"""W0301: layers, or inputs, whose value reaches nothing that the network gives."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._words import plural, short
from netdsl.ir import Node
from netdsl.text.diagnostics import Diagnostic


class DeadValue(Rule):
    code = "W0301"
    why = "What reaches no output is computed and stored for nothing, and its weights are never trained."

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        if network is None or not network.complete:
            return  # a statement with an error might have used it
        live = bytearray(len(network.shapes))
        for value in subject.ends:
            live[value] = 1
        for node in reversed(network.nodes):
            if live[node.id]:
                for value in node.inputs:
                    live[value] = 1
        for number, item in enumerate(network.inputs):
            if not live[number] and item.span is not None and not any(True for _ in subject.readers[number]):
                yield self.warning(f"the input `{item.name}` is never used", item.span)
        told = bytearray(len(network.shapes))
        for node in network.nodes:
            if live[node.id] or subject.readers[node.id] or live[subject.origin(node.id)]:
                continue
            dead = list(self._above(subject, node, live, told))
            weights = sum(subject.cost(each).params for each in dead)
            macs = sum(subject.cost(each).macs for each in dead)
            cost = f": {short(weights)} weights and {short(macs)} multiply-adds for nothing" if weights or macs else ""
            what = "its value" if len(dead) == 1 else f"the value of these {plural(len(dead), 'layer')}"
            yield self.warning(
                f"{what} reaches no output{cost}",
                subject.place(node),
                label=f"{'the last of them' if len(dead) > 1 else 'never used'}{subject.within(node)}",
                help="return it with `output NAME`, join it again, or take the layers away",
            )

    def _above(self, subject: Subject, node: Node, live: bytearray, told: bytearray) -> Iterator[Node]:
        """A dead node and the dead ones that it is made of, each only once among all."""
        waiting: list[Node | None] = [node]
        while waiting:
            each = waiting.pop()
            if each is not None and not live[each.id] and not told[each.id]:
                told[each.id] = 1
                yield each
                waiting += [subject.node(value) for value in each.inputs]
