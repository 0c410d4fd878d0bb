"""The emitted module computes what the network says: node by node, the values of an interpreter of our own.

The interpreter builds each operator alone, from its own description, gives it the module's weights by path, and follows
the numbers of the values. Wiring, names, weights used again, skips into groups, heads inside groups: whatever the
source does with them must come out the same.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import netdsl
from netdsl.ir import Network


def values(network: Network, state: dict[str, Tensor], inputs: list[Tensor]) -> list[Tensor]:
    """The value of every node, computed one by one in evaluation."""
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "Tensor": Tensor}
    found = list(inputs)
    modules: dict[int, Any] = {}
    for node in network.nodes:
        shapes = network.input_shapes(node)
        assert shapes is not None
        description = node.op.torch(shapes)
        for definition in description.definitions:
            exec(definition, names)
        given = [found[value] for value in node.inputs]
        origin = node.id if node.shares is None else node.shares
        made = modules.get(origin)
        if made is None and description.module is not None:
            call = description.module
            made = eval(call.function, names)(*call.args, **call.kwargs)
            weights = {name: state[f"{node.path}.{name}".rstrip(".")] for name in node.op.weights(shapes)}
            if isinstance(made, nn.Module):
                made.load_state_dict(weights, strict=True)
                made.eval()
            else:
                (made,) = weights.values()
            modules[origin] = made
        if description.expression is None:
            found.append(made(*given))
            continue
        variables = {f"v{place}": value for place, value in enumerate(given)}
        text = description.expression.replace("{all}", ", ".join(variables)).replace("{m}", "made")
        for place, name in enumerate(variables):
            text = text.replace(f"{{{place}}}", name)
        found.append(eval(text, {"torch": torch, "made": made, **variables}))
    return found


CASES = {
    "labels that are Python's or ours": """
        input 4x8x8
        x: conv1-4; self: conv1-4; torch: conv1-4; nn: conv1-4; out: conv1-4; relu: conv1-4; relu; branch1: conv1-4
        concat { @x | @self; conv1-2 | @torch }; conv1-12; add { @nn; conv1-12 | identity | @out; conv1-12 }
        downsample: conv1-4; add { @relu | identity | @branch1 }; shortcut: [3x3, 4; 3x3, 4]; forward: fc-3
    """,
    "skips into groups": """
        net U
        input 3x16x16
        default conv(act=relu)
        enc1: { conv3-4 x2 }; maxpool
        enc2: { conv3-8 x2 }; maxpool
        middle: { conv3-16 }
        dec2: { up: upconv2-8/2; concat { @enc2 | identity }; conv3-8 x2 }
        dec1: { up: upconv2-4/2; concat { @enc1 | identity }; conv3-4 x2 }
        out: conv1-2(act=none); softmax
    """,
    "two skips into one join": """
        input 4x8x8
        a: conv1-4; b: conv1-4; c: conv1-4
        concat { @a; conv1-4 | @b | conv3-4; relu | identity }
        add { @a | conv1-4; bn }
    """,
    "an output and a head inside groups": """
        input 4x8x8
        stage1: { conv3-8; output middle; relu; inner: { conv1-4; aux side(weight=0.5) { gap; fc-3 }; relu } }
        stage2: { conv3-8; @stage1; conv1-6; output last }
        gap; fc-3; softmax
    """,
    "weights used again from inside another group": """
        input 4x8x8
        shared: { conv3-4; bn; relu }
        left: { conv1-4; reuse(shared); pool: maxpool3/1(pad=1); reuse(pool) }
        again: { reuse(left) }
        reuse(again)
        bare: { scale: scale(bare=true); reuse(shared) }
        twice: { f: conv1-4; reuse(f) }
        reuse(twice); aux head(weight=1) { reuse(twice); fc-2 }
        fc-2
    """,
    "a value is returned as it is, and its softmax": "input 4\nfc-3\nsoftmax\noutput p\nsoftmax",
    "labelled softmax": "input 4\na: fc-3\nb: softmax",
    "blocks that differ in part": """
        input 8x8x8
        default conv(norm=bn, act=relu)
        block b(n, more=false, super=1, i=3) { conv3-n; if more { conv{i}-{2 * n}; conv1-{n + super} } }
        block d(n) { layer{k + 1}: b(n) x{n} as k }
        b(4); b(6); b(4, true); b(4, true, 2); b(6, true, 2, 1); d(3); d(5); d(2)
        basic(8); basic(8); basic(12, 2); bottleneck(3); bottleneck(3); se(0.5); se(0.25)
    """,
    "loops": """
        input 4x8x8
        default conv(act=relu)
        conv3-4 x12
        dropout(0.1); droppath(0.1); droppath(0.2); droppath(0.4); droppath(0.5)
        g: dense_layer(2) x5
        h: { c{i + 3}: conv1-4 x6 as i; conv1-8(norm=bn) x7 }
        k{i}: droppath((i + 1) / 7.0) x6 as i
    """,
    "many terms": "input 4x6x6\nadd { " + " | ".join(["conv1-4"] * 30 + ["identity"] * 3) + " }\n"
    "mul { " + " | ".join(["conv1-4"] * 14) + " }\nconcat { " + " | ".join(["conv1-1"] * 40) + " }",
    "several inputs": """
        input image: 3x8x8
        input mask: 1x8x8
        input self: 2x8x8
        concat { @image | @mask; conv3-2 | @self | m: { @mask; conv1-2; add { identity | @self } } }
        conv1-4
    """,
    "values nobody takes": "input 4x8x8\na: conv1-4\nb: { conv1-3; bn }\nc: { conv1-2; @a }\n@a\nd: { @b; relu; @a; relu }",
    "deep": "input 4x8x8\n" + "".join(f"g{i}: {{ conv1-4; " for i in range(30)) + "relu" + " }" * 30,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
@pytest.mark.parametrize("probabilities", [False, True], ids=["logits", "probabilities"])
def test_values(text: str, probabilities: bool) -> None:
    network = netdsl.loads("\n".join(line.strip() for line in text.strip().split("\n")))
    torch.manual_seed(0)
    model = netdsl.build(network, probabilities).eval()
    keys = {
        f"{node.path}.{name}".rstrip("."): tuple(weight.shape)
        for node in network.nodes
        for name, weight in network.weights(node).items()
    }
    state = model.state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == keys, netdsl.emit(network)
    given = [torch.randn(2, *item.shape) for item in network.inputs]
    before = [value.clone() for value in given]
    with torch.no_grad():
        found = model(*given)
        expected = values(network, state, given)
    assert all(torch.equal(a, b) for a, b in zip(given, before, strict=True)), "an input was changed in place"
    result = network.result
    node = network.node(result)
    while not probabilities and node is not None and node.op.name == "softmax":
        result = node.inputs[0]
        node = network.node(result)
    wanted = [expected[result], *(expected[item.value] for item in network.outputs)]
    outputs = list(found) if isinstance(found, tuple) else [found]
    assert len(outputs) == len(wanted)
    for a, b in zip(outputs, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    if network.aux:
        trained = model.train()(*given)
        for head in network.aux:
            assert tuple(getattr(trained, head.name).shape[1:]) == network.shapes[head.value]
        assert set(model.aux_weights) == {head.name for head in network.aux}
    elif not network.outputs:
        torch.jit.script(model)
