"""A digest of the function a network computes: operators, arguments, wiring.

Values are numbered in the order in which a walk from the outputs meets them, inputs first, so labels, blocks, repeats,
tables and the order of statements do not count; identities are seen through, paddings are spelled out, and a `dwconv`
is the `conv` that it is. Two networks with the same digest have the same weights' shapes and, with the same weights,
the same outputs.
"""

from __future__ import annotations

import hashlib
import json

from netdsl.ir import Network

VERSION = 2


def digest(network: Network) -> str:
    """A hexadecimal SHA-256 of the flattened dataflow."""
    numbers: dict[int, int] = {}
    owners: dict[int, int] = {}
    state = hashlib.sha256(f"netdsl {VERSION}".encode())
    written: dict[object, bytes] = {}

    def through(value: int) -> int:
        """The value behind identities."""
        node = network.node(value)
        while node is not None and node.op.transparent:
            value = node.inputs[0]
            node = network.node(value)
        return value

    def visit(root: int) -> int:
        stack = [through(root)]
        while stack:
            value = stack[-1]
            if value in numbers:
                stack.pop()
                continue
            node = network.node(value)
            inputs = [through(each) for each in node.inputs] if node is not None else []
            waiting = [each for each in inputs if each not in numbers]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            numbers[value] = len(numbers)
            if node is None:
                item = network.inputs[value]
                entry: list[object] = ["input", value, item.shape]
                entry += [item.vocabulary] if item.vocabulary is not None else []
                state.update(json.dumps(entry).encode())
                continue
            shapes = network.input_shapes(node)
            key = (id(node.op), shapes)
            if key not in written:
                op = node.op.canonical(shapes) if shapes is not None and node.shape is not None else node.op
                written[key] = json.dumps([op.name, op.model_dump(mode="json")], sort_keys=True).encode()
            weighted = shapes is None or node.op.weights(shapes)  # without weights, a layer again is just another
            owner = node.shares if node.shares is not None and weighted else node.id
            owners.setdefault(owner, len(owners))
            state.update(written[key])
            state.update(json.dumps([[numbers[each] for each in inputs], owners[owner]]).encode())
        return numbers[through(root)]

    ends: list[object] = [visit(network.result)]
    ends += [["output", item.name, visit(item.value)] for item in network.outputs]
    ends += [["aux", item.name, item.weight, visit(item.value)] for item in network.aux]
    state.update(json.dumps(ends).encode())
    return state.hexdigest()
