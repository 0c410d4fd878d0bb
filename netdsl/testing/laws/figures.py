"""Parameters and multiply-adds of the spec are those that PyTorch counts."""

from __future__ import annotations

from netdsl.ir import Network
from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject


class Figures(Law):
    """Trainable parameters are those of the `nn.Module`, multiply-adds half of what `FlopCounterMode` counts."""

    def hold(self, subject: Subject) -> None:
        from torch.utils.flop_counter import FlopCounterMode

        network, module = subject.network, subject.outline.eval()
        counted = sum(each.numel() for each in module.parameters() if each.requires_grad)
        params = network.params + network.aux_params
        if counted != params:
            raise Broken(f"the spec has {params:,} parameters, aux heads included, the module {counted:,}")
        with FlopCounterMode(display=False) as counter:
            module(*subject.tensors(network, batch=1, device="meta"))
        flops = counter.get_total_flops()
        if flops != 2 * (network.macs + _unlinked(network)):
            raise Broken(f"the spec has {network.macs:,} multiply-adds, PyTorch counts {flops / 2:,.1f}")


def _unlinked(network: Network) -> int:
    """What convolutions with a table of links (`connect`) compute beyond them: the kernels there are multiplied by
    zero, and the figures of a spec are those of the links."""
    found = 0
    for node in network.nodes:
        shapes = network.input_shapes(node)
        if getattr(node.op, "connect", None) is not None and shapes is not None and node.id not in network.aux_nodes:
            dense = node.op.model_copy(update={"connect": None})
            found += dense.macs(shapes) - node.op.macs(shapes)
    return found
