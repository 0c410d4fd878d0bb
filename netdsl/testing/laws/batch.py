"""What comes out for one sample does not depend on the others in its batch."""

from __future__ import annotations

from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject, flat


class Batch(Law):
    """In evaluation a sample alone gives what it gives among others, to rounding."""

    def hold(self, subject: Subject) -> None:
        import torch

        module, given = subject.module.eval(), subject.tensors()
        with torch.no_grad():
            together = flat(module(*given))
            alone = flat(module(*(each[:1] for each in given)))
        names = subject.smallest.returns
        for name, one, many in zip(names, alone, together, strict=True):
            if not torch.allclose(one[0], many[0], rtol=1e-3, atol=1e-4 * float(many.abs().max())):
                raise Broken(f"`{name}` of a sample alone differs by {float((one[0] - many[0]).abs().max()):.2g}")
