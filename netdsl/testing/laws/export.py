"""The module can be exported."""

from __future__ import annotations

from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject, flat


class Export(Law):
    """`torch.export` takes the module, and what it makes of it does the same."""

    slow = True

    def hold(self, subject: Subject) -> None:
        import torch

        module, given = subject.module.eval(), tuple(subject.tensors())
        with torch.no_grad():
            exported = torch.export.export(module, given).module()
            for one, other in zip(flat(module(*given)), flat(exported(*given)), strict=True):
                if not torch.allclose(one, other, rtol=1e-3, atol=1e-4 * float(one.abs().max())):
                    raise Broken("exported it gives other values")
