"""W0301: layers, or inputs, whose value reaches no output of the network."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, plural, short
from netdsl.ir import Node


class DeadValue(Rule):
    code = "W0301"
    why = "What reaches no output is computed and stored for nothing, and its weights are never trained."

    def find(self, subject: Subject) -> Warnings:
        network = subject.network
        if not network.complete:
            return  # a statement with an error might have used it
        live = set(subject.ends)
        for node in reversed(network.nodes):
            if node.id in live:
                live.update(node.inputs)
        for number, item in enumerate(network.inputs):
            if number not in live and item.span is not None and not subject.readers[number]:
                yield self.warning(f"the input `{item.name}` is never used", item.span)
        seen = set(live)
        for node in network.nodes:
            if node.id in live or subject.readers[node.id] or subject.origin(node.id) in live:
                continue
            dead = self._dead(subject, node, seen)
            weights = sum(subject.cost(each).params for each in dead)
            macs = sum(subject.cost(each).macs for each in dead)
            cost = f": {short(weights)} weights and {short(macs)} multiply-adds for nothing" if weights or macs else ""
            what = "its value" if len(dead) == 1 else f"the value of these {plural(len(dead), 'layer')}"
            yield self.warning(
                f"{what} reaches no output{cost}",
                subject.place(node),
                label="the last of them" if len(dead) > 1 else "never used",
                help="return it with `output NAME`, join it again, or take the layers away",
            )

    def _dead(self, subject: Subject, node: Node, seen: set[int]) -> list[Node]:
        """A dead node and the dead ones before it, directly or not, that are not in `seen`, to which they are added."""
        found: list[Node] = []
        waiting: list[Node | None] = [node]
        while waiting:
            each = waiting.pop()
            if each is not None and each.id not in seen:
                seen.add(each.id)
                found.append(each)
                waiting += [subject.network.node(value) for value in each.inputs]
        return found
