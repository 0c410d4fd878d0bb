"""Parameters and multiply-adds of every network of the zoo by a counter that others wrote: torchinfo.

test_torch.py holds the multiply-adds of all of them against torch's own FlopCounterMode, which counts as netdsl does.
torchinfo counts otherwise, by the parameters of the modules that run; the relation is exact, and stated in `counted`.
"""

from __future__ import annotations

import warnings
from math import prod

import pytest
import torch
import torchinfo

import netdsl
from netdsl import zoo
from netdsl.compiler import compile
from netdsl.ir import Network, Node
from netdsl.shapes import numel

BATCH = 2


def counted(network: Network, node: Node) -> int:
    """The multiply-adds that torchinfo has for a node, for one sample, by those that netdsl has.

    - It counts a bias as one multiply-add wherever it is added: for a convolution, at each place of the plane.
    - What is no convolution it takes for a matrix that is applied once a sample. That holds for `fc`; of `pointwise`,
      which is a Linear at each place, it counts a single place; norms, trained pooling, prototypes and the like count
      each parameter once.
    - A transposed convolution it takes for one that goes over the output: each weight at each place that comes out,
      and not, as it is, at each that goes in.
    - Parameters that belong to no leaf (`scale(bare=true)`) it leaves out.
    """
    inputs = network.input_shapes(node)
    assert inputs is not None and node.shape is not None
    sizes = {name: numel(weight.shape) for name, weight in network.weights(node).items() if not weight.buffer}
    weight, bias = sizes.get("weight", 0), sizes.get("bias", 0)
    macs, places = node.op.macs(inputs), prod(node.shape[1:])
    match node.op.name:
        case "conv" | "dwconv":
            return macs + bias * places
        case "upconv":
            return macs * places // prod(inputs[0][1:]) + bias * places
        case "fc":
            return macs + bias
        case "pointwise":
            return macs // places + bias
        case _:
            assert macs == 0, node.op.name
            return weight + bias


def cases() -> list[object]:
    """Every variant of every spec; by default the first of each."""
    found: list[object] = []
    for spec in zoo.names():
        for number, variant in enumerate(compile(zoo.directory() / f"{spec}.net").variants or (None,)):
            name = f"{spec}:{variant}" if variant else spec
            found.append(pytest.param(spec, variant, id=name, marks=[pytest.mark.slow] if number else []))
    return found


@pytest.mark.parametrize(("spec", "variant"), cases())
def test_torchinfo_counts_the_same(spec: str, variant: str | None) -> None:
    network = netdsl.load(spec, variant=variant)
    with torch.device("meta"):
        model = netdsl.build(network)
    inputs = [torch.empty(BATCH, *item.shape, device="meta") for item in network.inputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it reads the storage of tensors in a way that is going out of use
        seen = torchinfo.summary(model, input_data=inputs, mode="eval", device="meta", depth=99, verbose=0)
    assert network.totals is not None
    trained = network.params + network.aux_params
    assert (seen.trainable_params, seen.total_params) == (trained, trained + network.totals.frozen_params)
    if any(node.op.name == "attention" for node in network.nodes):
        return  # torchinfo has no rule for its products, which are no layers; PyTorch's counter has (conformance)
    # Evaluation leaves out the auxiliary heads, as the figures of the network do.
    main = [node for node in network.nodes if node.id not in network.aux_nodes]
    assert seen.total_mult_adds == BATCH * sum(counted(network, node) for node in main)


def test_the_relation_leaves_nothing_of_the_figure_out() -> None:
    """What torchinfo has beyond the multiply-adds of VGG-19 are its biases, each at each place."""
    network = netdsl.load("vgg19")
    biases = sum(
        node.shape[0] * prod(node.shape[1:])
        for node in network.nodes
        if node.op.weight_layer and node.shape is not None
    )
    assert sum(counted(network, node) for node in network.nodes) - biases == network.macs == 19_632_062_464
