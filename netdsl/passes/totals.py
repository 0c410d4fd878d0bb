"""The figures of the whole network, from those of its layers."""

from __future__ import annotations

from netdsl.ir import Network, Totals
from netdsl.passes.costs import costs
from netdsl.passes.depth import depths
from netdsl.passes.memory import memory


def totals(network: Network) -> Network:
    """The network with its `totals` filled in."""
    aux = network.aux_nodes
    each = list(zip(network.nodes, costs(network), strict=True))
    main = [cost for node, cost in each if node.id not in aux]
    side = [cost for node, cost in each if node.id in aux]
    use = memory(network)
    return network.model_copy(
        update={
            "totals": Totals.made(
                params=sum(cost.params for cost in main),
                aux_params=sum(cost.params for cost in side),
                frozen_params=sum(cost.frozen for cost in main),
                buffers=sum(cost.buffers for cost in main),
                macs=sum(cost.macs for cost in main),
                aux_macs=sum(cost.macs for cost in side),
                depth=depths(network)[network.result],
                activations=use.total,
                peak=use.peak,
            )
        }
    )
