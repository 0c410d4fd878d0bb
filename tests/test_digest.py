"""The digest of a network's function, by its laws: what a rewriting of the flat dataflow leaves alone, and what it changes.

What the language's ways to say a thing do to it is in `test_language.py`.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import netdsl
from netdsl import ops
from netdsl.compiler import compile
from netdsl.ir import Network, Node
from netdsl.passes.hash import VERSION, digest
from netdsl.testing.drawing import LAW, sided
from netdsl.text.source import Source

FLAT = settings(LAW, max_examples=60)


def flat(network: Network, nodes: list[Node], **changes: Any) -> Network:
    """The network with these nodes, in no groups."""
    fields = {name: getattr(network, name) for name in Network.model_fields}
    return Network.made(**{**fields, "body": network.body.model_copy(update={"children": tuple(nodes)}), **changes})


def through(network: Network, value: int) -> int:
    """The value behind identities."""
    while (node := network.node(value)) is not None and node.op.name == "identity":
        (value,) = node.inputs
    return value


def ends(network: Network) -> list[int]:
    return [network.result, *(each.value for each in (*network.outputs, *network.aux))]


def reached(network: Network) -> list[Node]:
    """The nodes that the network's results are made of, without identities."""
    wanted = set(ends(network))
    for node in reversed(network.nodes):
        wanted.update(node.inputs if node.id in wanted else ())
    return [node for node in network.nodes if node.id in wanted and node.op.name != "identity"]


@FLAT
@given(sided(), st.randoms(use_true_random=False))
def test_neither_groups_nor_order_nor_names_nor_what_nobody_uses_count(network: Network, random: Any) -> None:
    """The nodes in another order that respects the wiring, among others that nobody uses, without names and labels."""
    numbers = {value: value for value in range(len(network.inputs))}
    waiting, moved = list(network.nodes), []
    while waiting:
        node = random.choice([each for each in waiting if set(each.inputs) <= set(numbers)])
        waiting.remove(node)
        for copies in range(random.choice([1, 1, 2])):  # the first one is used by nobody when there are two
            numbers[node.id] = len(network.inputs) + len(moved)
            inputs = tuple(numbers[value] for value in node.inputs)
            more = {"id": numbers[node.id], "inputs": inputs, "label": None, "name": f"x{len(moved)}{copies}"}
            moved.append(node.model_copy(update=more))
    moved = [node.model_copy(update={"shares": numbers.get(node.shares)}) for node in moved]  # type: ignore[arg-type]
    again = flat(
        network,
        moved,
        result=numbers[network.result],
        outputs=[each.model_copy(update={"value": numbers[each.value]}) for each in network.outputs],
        aux=[each.model_copy(update={"value": numbers[each.value]}) for each in network.aux],
    )
    assert digest(again) == digest(network), network.sources[0].text


@FLAT
@given(sided())
def test_arguments_spelled_out_do_not_count(network: Network) -> None:
    spelled = []
    for node in network.nodes:
        shapes = network.input_shapes(node)
        assert shapes is not None
        spelled.append(node.model_copy(update={"op": node.op.canonical(shapes)}))
    assert digest(flat(network, spelled)) == digest(network)


@FLAT
@given(sided(), st.data())
def test_every_operator_counts(network: Network, data: st.DataObject) -> None:
    """Another operator, or another argument of the same, wherever the results are made of it."""
    nodes = reached(network)
    assume(nodes)
    node = data.draw(st.sampled_from(nodes))
    others = [ops.find(name)() for name in ("tanh", "relu", "elu")] + [ops.find("elu").model_validate({"alpha": 0.5})]
    other = data.draw(st.sampled_from([op for op in others if op != node.op]))
    changed = [each.model_copy(update={"op": other}) if each is node else each for each in network.nodes]
    assert digest(flat(network, changed)) != digest(network)


@FLAT
@given(sided(), st.data())
def test_every_wire_counts(network: Network, data: st.DataObject) -> None:
    """An input of a node that the results are made of is the network's input instead."""
    wires = [
        (node, place)
        for node in reached(network)
        for place, value in enumerate(node.inputs)
        if through(network, value) >= len(network.inputs)
    ]
    assume(wires)
    node, place = data.draw(st.sampled_from(wires))
    inputs = (*node.inputs[:place], 0, *node.inputs[place + 1 :])
    changed = [each.model_copy(update={"inputs": inputs}) if each is node else each for each in network.nodes]
    assert digest(flat(network, changed)) != digest(network)


@FLAT
@given(sided())
def test_weights_used_again_count(network: Network) -> None:
    """They are not those of a layer of its own, where the results are made of both."""
    used = {node.id if node.shares is None else node.shares for node in reached(network) if node.shares is None}
    again = [node for node in reached(network) if node.shares in used]
    apart = [node.model_copy(update={"shares": None}) for node in network.nodes]
    assert (digest(flat(network, apart)) == digest(network)) == (not again)


def test_each_wiring_counts() -> None:
    """Of values that differ, used once or more often."""
    head = "input x: 3x8x8\na: conv3-3\nc: add { @a | @a }\n"
    texts = [f"{head}concat {{ @{one} | @{other} | @{third} }}" for one, other, third in product("xac", repeat=3)]
    assert len({digest(netdsl.loads(text)) for text in texts}) == len(texts)


def test_whose_weights_are_used_again_counts() -> None:
    """Of layers that are alike, in each choice."""
    head = "input 3x8x8\na: conv3-3\nb: conv3-3\n"
    texts = [f"{head}reuse({one})\nreuse({other})" for one, other in product("ab", repeat=2)]
    texts += [f"{head}conv3-3\nreuse({one})" for one in "ab"]
    assert len({digest(netdsl.loads(text)) for text in texts}) == len(texts)


@FLAT
@given(sided())
def test_every_end_counts(network: Network) -> None:
    """Its being there, its name, and the weight of a head."""
    seen = [digest(network)]
    for field in ("outputs", "aux"):
        given = getattr(network, field)
        for place, each in enumerate(given):
            changes = [[], [each.model_copy(update={"name": each.name + "x"})]]
            if field == "aux":
                changes.append([each.model_copy(update={"weight": 0.125})])
            for change in changes:
                ends = (*given[:place], *change, *given[place + 1 :])
                seen.append(digest(flat(network, list(network.nodes), **{field: ends})))
    if network.result >= len(network.inputs) and through(network, network.result) >= len(network.inputs):
        seen.append(digest(flat(network, list(network.nodes), result=0)))
    assert len(set(seen)) == len(seen)


def test_which_input_and_its_shape_count() -> None:
    texts = [
        "input a: 3x8x8\ninput b: 3x8x8\nconcat { @a | @b }",
        "input a: 3x8x8\ninput b: 3x8x8\nconcat { @b | @a }",
        "input a: 3x8x8\ninput b: 3x8x8\nconcat { @a | @a }",
        "input a: 3x8x8\ninput b: 3x8x8\nconcat { @b | @b }",
        "input a: 3x9x8\ninput b: 3x9x8\nconcat { @a | @b }",
    ]
    assert len({digest(netdsl.loads(text)) for text in texts}) == len(texts)
    assert digest(netdsl.loads(texts[0].replace("a:", "c:").replace("@a", "@c"))) == digest(netdsl.loads(texts[0]))


@FLAT
@given(sided(mistakes=True))
def test_a_network_with_mistakes_has_one_too(network: Network) -> None:
    """And in it an operator counts that fits nothing."""
    assert digest(flat(network, list(network.nodes))) == digest(network)
    wrong = [node for node in reached(network) if node.op.name == "conv" and node.shape is None]
    for node in wrong:
        other = node.model_copy(update={"op": node.op.model_copy(update={"channels": 97})})
        changed = [other if each is node else each for each in network.nodes]
        assert digest(flat(network, changed)) != digest(network)


def of_a_wrong_spec(text: str) -> str:
    found = compile(Source("wrong.net", text))
    assert found.network is not None and not found.network.complete
    return digest(found.network)


@pytest.mark.parametrize(
    "wrong",
    [
        "input 5\ngap",
        "input 5\navgpool(to=3x3)",
        "input 5\nupsample(2)",
        "input 5\nconv3-4(ceil=true)",
        "input 3x8x8\nconv3-4(groups=2, ceil=true)",
        "input 3x2x2\nconv5-4(pad=valid, ceil=true)",
    ],
)
def test_a_layer_that_cannot_take_its_input_has_one_as_it_is_written(wrong: str) -> None:
    """And the layer behind it counts."""
    assert len({of_a_wrong_spec(f"{wrong}\n{behind}") for behind in ("relu", "tanh")}) == 2


def test_how_many_words_an_input_is_of_counts() -> None:
    """Even where no layer takes them."""
    texts = [f"input words: 6{of}\nrelu(inplace=1)" for of in ("", " of 50", " of 60")]
    assert len({of_a_wrong_spec(text) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "input 3x8x8\nconv3-4/2(groups=1, bias=false)\nmaxpool\nfc-10",
            "05bae22d48a3c74df8a8339dd2e15341d10a1c273a13492a8f21904e835938b0",
        ),
        (
            "input words: 6 of 50\nembedding-8\ngap\nfc-2",
            "7f1095e33f10617b938490f2d79df397fdbff786c541a2f6e71b3cb1a07fbd86",
        ),
    ],
)
def test_a_digest_that_was_kept_is_found_again(text: str, kept: str) -> None:
    """As long as its version is the same."""
    assert (VERSION, digest(netdsl.loads(text))) == (2, kept)
