"""Read a spec, ask for its figures, and find where its parameters are.

python examples/figures.py [SPEC] [VARIANT]
"""

import sys

import netdsl
from netdsl.ops.shared.notation import notation
from netdsl.passes.costs import costs
from netdsl.passes.receptive import receptive_fields


def main(spec: str = "alexnet", variant: str | None = None) -> None:
    net = netdsl.load(spec, variant=variant)
    print(f"{net.name}: {net.params:,} parameters, {net.macs:,} multiply-adds, depth {net.depth}, output {net.output}")
    fields = receptive_fields(net)
    for node, cost in sorted(zip(net.nodes, costs(net), strict=True), key=lambda each: -each[1].params)[:3]:
        field = fields[node.id]
        reach = "all of the input" if field is None or field.whole else "x".join(map(str, field.pixels))
        print(f"  {node.path:8} {notation(node.op):24} {cost.params / net.params:6.1%} of the parameters, sees {reach}")


if __name__ == "__main__":
    main(*sys.argv[1:])
