"""Gradients reach every parameter."""

from __future__ import annotations

from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject, flat


class Gradients(Law):
    """In training each parameter has a gradient; one that has none is dead, and named."""

    def hold(self, subject: Subject) -> None:
        module = subject.module.train()
        module.zero_grad(set_to_none=True)
        outputs = [each for each in flat(module(*subject.tensors())) if each.requires_grad]
        if outputs:
            sum(each.square().mean() for each in outputs).backward()  # type: ignore[union-attr]
        dead = [name for name, each in module.named_parameters() if each.requires_grad and each.grad is None]
        module.zero_grad(set_to_none=True)
        if dead:
            more = f" and {len(dead) - 5} more" if len(dead) > 5 else ""
            raise Broken(f"no gradient reaches {', '.join(f'`{name}`' for name in dead[:5])}{more}")
